package profile

import (
	"errors"

	entuser "kabinet/ent/generated/user"
	"kabinet/ent/schema"
	"kabinet/internal/fault"
)

// ErrCheckDigitsWrong says that a number has the right shape and a wrong figure.
var ErrCheckDigitsWrong = fault.New(fault.Invalid, "CHECK_DIGITS_WRONG")

// ErrNotForThisKind says that only other kinds of people or businesses have it; params.kind.
var ErrNotForThisKind = fault.New(fault.Refused, "NOT_FOR_THIS_KIND")

// checkRequisites says of every detail of a business that is wrong why, all at
// once.
//
// Faults: NOT_FOR_THIS_KIND, INVALID_VALUE, CHECK_DIGITS_WRONG, REQUIRED, joined.
func checkRequisites(kind entuser.Kind, r *schema.Requisites) error {
	if kind == entuser.KindPERSON {
		if *r != (schema.Requisites{}) {
			return ErrNotForThisKind.At("input").With("kind", string(kind))
		}
		return nil
	}
	var faults []error
	sole := kind == entuser.KindSOLE_TRADER
	check := func(field, value string, v func(string) verdict) {
		if value == "" {
			return
		}
		switch v(value) {
		case misshapen:
			faults = append(faults, fault.ErrInvalidValue.At("input", field))
		case misfigured:
			faults = append(faults, ErrCheckDigitsWrong.At("input", field))
		}
	}
	only := func(field, value string, allowed bool, v func(string) verdict) {
		if value != "" && !allowed {
			faults = append(faults, ErrNotForThisKind.At("input", field).With("kind", string(kind)))
			return
		}
		check(field, value, v)
	}
	check("inn", r.INN, func(s string) verdict { return checkINN(s, sole) })
	only("kpp", r.KPP, !sole, checkKPP)
	only("ogrn", r.OGRN, !sole, checkOGRN)
	only("ogrnip", r.OGRNIP, sole, checkOGRNIP)
	check("iban", r.IBAN, checkIBAN)
	check("bic", r.BIC, checkBIC)
	for _, a := range []struct {
		field, value  string
		correspondent bool
	}{{"account", r.Account, false}, {"correspondentAccount", r.CorrespondentAccount, true}} {
		switch {
		case a.value == "":
		case r.BIC == "":
			faults = append(faults, fault.ErrRequired.At("input", "bic"))
		case checkBIC(r.BIC) == fits:
			check(a.field, a.value, func(s string) verdict { return checkAccount(s, r.BIC, a.correspondent) })
		}
	}
	return errors.Join(faults...)
}
