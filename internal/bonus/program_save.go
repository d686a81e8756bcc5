package bonus

import (
	"context"
	"regexp"
	"slices"
	"strconv"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/bonusprogram"
	"kabinet/ent/schema"
	"kabinet/internal/fault"
	"kabinet/internal/ledger"
	"kabinet/internal/locale"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// What programmes are refused with.
var (
	// ErrHandleTaken: another programme in force has the handle.
	ErrHandleTaken = fault.New(fault.Refused, "HANDLE_TAKEN")
	// ErrDefaultProgramNeeded: some programme must be the default one.
	ErrDefaultProgramNeeded = fault.New(fault.Refused, "DEFAULT_PROGRAM_NEEDED")
)

// SaveProgram makes a programme, or a new version of one. Staff only.
// Faults: those of the inputs, HANDLE_TAKEN, PROGRAM_NOT_FOUND, STALE_OBJECT,
// DEFAULT_PROGRAM_NEEDED; UNAUTHENTICATED, FORBIDDEN.
func (p *Points) SaveProgram(ctx context.Context, in SaveBonusProgramInput) (saved *ent.BonusProgram, err error) {
	if err := Staff(ctx, "write"); err != nil {
		return nil, err
	}
	err = p.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		old, draft, err := p.draft(ctx, tx, in)
		if err != nil {
			return err
		}
		if err := p.fillDraft(ctx, tx, draft, in); err != nil {
			return err
		}
		if err := p.yieldDefault(ctx, tx, old, draft); err != nil {
			return err
		}
		if saved, err = replaceProgram(ctx, tx, old, draft); err != nil {
			return err
		}
		return tx.Audit(ctx, "bonus.save_program", viewer.House, saved.GlobalID(), map[string]any{"handle": saved.Name, "version": saved.Version})
	})
	if store.IsUnique(err) { // another one of the handle, or another edit at once
		err = fault.ErrConflict.Because(err)
		if in.ID == nil {
			err = ErrHandleTaken.At("input", "handle")
		}
	}
	if err != nil {
		return nil, err
	}
	p.programs.held.Store(nil)
	return saved.Unwrap(), nil
}

// RetireProgram ends a programme. Staff only. Faults: INVALID_ID,
// PROGRAM_NOT_FOUND, DEFAULT_PROGRAM_NEEDED; UNAUTHENTICATED, FORBIDDEN.
func (p *Points) RetireProgram(ctx context.Context, in RetireBonusProgramInput) (*ent.BonusProgram, error) {
	if err := Staff(ctx, "write"); err != nil {
		return nil, err
	}
	var ended *ent.BonusProgram
	err := p.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		old, err := inForce(ctx, tx, in.ID, "input", "id")
		if err != nil {
			return err
		}
		if old.IsDefault {
			return ErrDefaultProgramNeeded.At("input", "id")
		}
		if ended, err = tx.BonusProgram.UpdateOneID(old.ID).SetRetiredAt(tx.Now).Save(ctx); err != nil {
			return err
		}
		return tx.Audit(ctx, "bonus.retire_program", viewer.House, old.GlobalID(), map[string]any{"handle": old.Name})
	})
	if err != nil {
		return nil, err
	}
	p.programs.held.Store(nil)
	return ended.Unwrap(), nil
}

// inForce reads a programme's version in force, and holds it.
func inForce(ctx context.Context, tx *store.Tx, id scalar.ID, path ...string) (*ent.BonusProgram, error) {
	if id.Prefix != "prog" {
		return nil, fault.ErrInvalidID.At(path...)
	}
	prog, err := tx.BonusProgram.Query().Where(bonusprogram.KeyID(id.UUID), bonusprogram.RetiredAtIsNil(), tx.Locking()).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, ErrProgramNotFound.At(path...)
	}
	return prog, err
}

// draft is what the input changes: a copy of the version in force, or a new
// programme.
func (p *Points) draft(ctx context.Context, tx *store.Tx, in SaveBonusProgramInput) (old, draft *ent.BonusProgram, err error) {
	if in.ID != nil {
		if old, err = inForce(ctx, tx, *in.ID, "input", "id"); err != nil {
			return nil, nil, err
		}
		if in.Version != nil && int64(*in.Version) != old.Version {
			return nil, nil, fault.ErrStaleObject.At("input", "version").With("version", old.Version)
		}
		if in.Handle != nil && *in.Handle != old.Name {
			return nil, nil, fault.ErrInvalidValue.At("input", "handle")
		}
		next := *old
		next.Version++
		return old, &next, nil
	}
	switch {
	case in.Handle == nil:
		return nil, nil, fault.ErrRequired.At("input", "handle")
	case !handles.MatchString(*in.Handle):
		return nil, nil, fault.ErrInvalidValue.At("input", "handle")
	case in.Texts == nil:
		return nil, nil, fault.ErrRequired.At("input", "texts")
	}
	// A handle that a retired programme had names its accounts: it stays theirs.
	taken, err := tx.BonusProgram.Query().Where(bonusprogram.Name(*in.Handle)).Exist(ctx)
	if err == nil && taken {
		err = ErrHandleTaken.At("input", "handle")
	}
	return nil, &ent.BonusProgram{
		KeyID: uuid.Must(uuid.NewV7()), Version: 1, Name: *in.Handle, Unit: "PTS:" + *in.Handle,
		LotPolicy: bonusprogram.LotPolicyROLLING, EarnOn: bonusprogram.EarnOnDELIVERED, EarnPerMinor: 100, EarnCurrency: "GBP",
		ReturnPolicy: bonusprogram.ReturnPolicyUP_TO_BALANCE, Rounding: bonusprogram.RoundingDOWN, TransferMin: 1, HoldMinutes: 60,
	}, err
}

var handles = regexp.MustCompile(`^[a-z][a-z0-9_-]{1,31}$`)

// fillDraft takes over what the input says. Faults: those of the inputs.
func (p *Points) fillDraft(ctx context.Context, tx *store.Tx, d *ent.BonusProgram, in SaveBonusProgramInput) (err error) {
	if in.Texts != nil {
		if d.Texts, err = programTexts(in.Texts); err != nil {
			return err
		}
	}
	set(&d.LotPolicy, in.LotPolicy)
	set(&d.EarnOn, in.EarnOn)
	set(&d.ReturnPolicy, in.ReturnPolicy)
	set(&d.IsDefault, in.IsDefault)
	set(&d.EarnPoints, in.EarnPoints)
	set(&d.PendingDays, in.PendingDays)
	set(&d.HoldMinutes, in.HoldMinutes)
	set(&d.RefundGraceDays, in.RefundGraceDays)
	if in.Rounding != nil {
		d.Rounding = bonusprogram.Rounding(*in.Rounding)
	}
	if in.LotDays != nil {
		d.LotDays = in.LotDays
	}
	if d.LotPolicy == bonusprogram.LotPolicyNEVER {
		d.LotDays = nil
	}
	if in.EarnPer != nil {
		m, err := in.EarnPer.Money()
		if err != nil || m.Minor <= 0 {
			return fault.ErrInvalidValue.At("input", "earnPer")
		}
		d.EarnPerMinor, d.EarnCurrency = m.Minor, m.Currency
	}
	if limit, said := in.AdjustmentLimit.ValueOK(); said {
		d.AdjustmentLimit = limit
	}
	if in.RemindDays != nil {
		d.RemindDays = slices.Clone(in.RemindDays)
	}
	fillLimits(d, in)
	if err := p.fillRates(ctx, tx, d, in.ExchangeRates); err != nil {
		return err
	}
	return checkProgram(d)
}

func set[T any](to *T, from *T) {
	if from != nil {
		*to = *from
	}
}

func fillLimits(d *ent.BonusProgram, in SaveBonusProgramInput) {
	limits, said := in.TransferLimits.ValueOK()
	if !said {
		return
	}
	d.Transfers, d.TransferMin, d.TransferMax, d.TransferDaily = limits != nil, 1, nil, nil
	if limits != nil {
		set(&d.TransferMin, limits.Min)
		d.TransferMax, d.TransferDaily = limits.Max, limits.Daily
	}
}

// maxRates bounds the programmes that points can be exchanged into.
const maxRates = 20

func (p *Points) fillRates(ctx context.Context, tx *store.Tx, d *ent.BonusProgram, rates []*ExchangeRateInput) error {
	if rates == nil {
		return nil
	}
	if len(rates) > maxRates {
		return fault.ErrTooLong.At("input", "exchangeRates").With("limit", maxRates)
	}
	d.ExchangeRates = make([]schema.ExchangeRate, 0, len(rates))
	for i, r := range rates {
		at := func(field string) []string { return []string{"input", "exchangeRates", strconv.Itoa(i), field} }
		other, err := inForce(ctx, tx, r.ProgramID, at("programId")...)
		if err != nil {
			return err
		}
		same := slices.ContainsFunc(d.ExchangeRates, func(e schema.ExchangeRate) bool { return e.ProgramID == other.KeyID })
		switch {
		case other.KeyID == d.KeyID, same:
			return fault.ErrInvalidValue.At(at("programId")...)
		case r.Give <= 0 || r.Give > scalar.MaxPoints:
			return fault.ErrOutOfRange.At(at("give")...).With("min", 1).With("max", int64(scalar.MaxPoints))
		case r.Get <= 0 || r.Get > scalar.MaxPoints:
			return fault.ErrOutOfRange.At(at("get")...).With("min", 1).With("max", int64(scalar.MaxPoints))
		}
		d.ExchangeRates = append(d.ExchangeRates, schema.ExchangeRate{ProgramID: other.KeyID, Give: r.Give, Get: r.Get})
	}
	return nil
}

// programTexts are texts as they are stored, in English at least.
func programTexts(in []*BonusProgramTextInput) (map[string]map[string]string, error) {
	plain := make([]scalar.Translation, len(in))
	for i, t := range in {
		plain[i] = scalar.Translation{Locale: t.Locale, Name: t.Name, Terms: t.Terms}
	}
	texts, bad := scalar.Texts(plain, locale.Supported(), "input", "texts")
	if bad != nil {
		return nil, BadText(bad)
	}
	for i, t := range in {
		unit, bad := scalar.CleanText(t.UnitName, scalar.MaxTextName)
		if bad == nil && unit == "" {
			bad = &scalar.BadText{Code: fault.ErrRequired.Code}
		}
		if bad != nil {
			bad.Path = []string{"input", "texts", strconv.Itoa(i), "unitName"}
			return nil, BadText(bad)
		}
		texts[locale.Match(t.Locale)]["unit"] = unit
	}
	return texts, nil
}

// BadText is the refusal of a text that staff wrote.
func BadText(b *scalar.BadText) error {
	f := fault.New(fault.Invalid, b.Code).At(b.Path...)
	if b.Limit > 0 {
		f = f.With("limit", b.Limit)
	}
	return f
}

// yieldDefault ends that another programme is the default one where this one
// becomes it.
func (p *Points) yieldDefault(ctx context.Context, tx *store.Tx, old, draft *ent.BonusProgram) error {
	switch {
	case old != nil && old.IsDefault && !draft.IsDefault:
		return ErrDefaultProgramNeeded.At("input", "isDefault")
	case !draft.IsDefault || old != nil && old.IsDefault:
		return nil
	}
	former, err := tx.BonusProgram.Query().Where(bonusprogram.IsDefault(true), bonusprogram.RetiredAtIsNil(), tx.Locking()).Only(ctx)
	if ent.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	next := *former
	next.Version, next.IsDefault = former.Version+1, false
	_, err = replaceProgram(ctx, tx, former, &next)
	return err
}

// replaceProgram stores a version and retires the one before it.
func replaceProgram(ctx context.Context, tx *store.Tx, old, d *ent.BonusProgram) (*ent.BonusProgram, error) {
	if old != nil {
		if err := tx.BonusProgram.UpdateOneID(old.ID).SetRetiredAt(tx.Now).Exec(ctx); err != nil {
			return nil, err
		}
	}
	saved, err := tx.BonusProgram.Create().SetKeyID(d.KeyID).SetVersion(d.Version).SetName(d.Name).SetUnit(d.Unit).SetTexts(d.Texts).
		SetLotPolicy(d.LotPolicy).SetNillableLotDays(d.LotDays).SetPendingDays(d.PendingDays).SetEarnOn(d.EarnOn).
		SetEarnPoints(d.EarnPoints).SetEarnPerMinor(d.EarnPerMinor).SetEarnCurrency(d.EarnCurrency).SetReturnPolicy(d.ReturnPolicy).
		SetIsDefault(d.IsDefault).SetRounding(d.Rounding).SetTransfers(d.Transfers).SetTransferMin(d.TransferMin).
		SetNillableTransferMax(d.TransferMax).SetNillableTransferDaily(d.TransferDaily).SetNillableAdjustmentLimit(d.AdjustmentLimit).
		SetHoldMinutes(d.HoldMinutes).SetRefundGraceDays(d.RefundGraceDays).SetExchangeRates(d.ExchangeRates).SetRemindDays(d.RemindDays).Save(ctx)
	if err != nil {
		return nil, err
	}
	return saved, ledger.MakeSystemAccounts(ctx, tx, saved.Unit, &saved.KeyID)
}
