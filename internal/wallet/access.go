package wallet

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/ledgeraccount"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// The fence knows ledger_accounts as a matter of points, so wallets are read
// past it, each by its owner or after mayRead or mayUse.
func system(ctx context.Context) context.Context { return viewer.AsSystem(ctx, "wallet") }

// mayRead says whether the caller may see an owner's wallets.
func mayRead(ctx context.Context, owner uuid.UUID) bool {
	v := viewer.From(ctx)
	return v.IsSystem() || v.Staff && v.Reach("wallet", "read") == viewer.ReachAll || isOwn(v, owner, "read")
}

// mayUse says whether the caller may spend from an owner's wallets. No staff
// may: they correct.
func mayUse(ctx context.Context, owner uuid.UUID) bool {
	return isOwn(viewer.From(ctx), owner, "write")
}

// isOwn is never so for staff who act for a customer: what they are let do at
// a counter is not his money (security F14).
func isOwn(v viewer.Viewer, owner uuid.UUID, operation string) bool {
	return v.SignedIn() && v.ActingStaff == uuid.Nil && (owner == v.UserID || owner == v.OwnerID && v.Reach("wallet", operation) >= viewer.ReachOwner)
}

// actingOwner is whose wallets the caller opens: his own, or those of the
// company or family that he acts for, when his role lets him.
func actingOwner(ctx context.Context) (uuid.UUID, error) {
	v := viewer.From(ctx)
	switch {
	case !v.SignedIn():
		return uuid.Nil, fault.ErrUnauthenticated
	case v.OwnerID == uuid.Nil || v.OwnerID == v.UserID || v.OwnerID == viewer.House:
		return v.UserID, nil
	case !mayUse(ctx, v.OwnerID):
		return uuid.Nil, fault.ErrForbidden
	}
	return v.OwnerID, nil
}

// staff lets through who may do the operation on everybody's wallets.
func staff(ctx context.Context, operation string) error {
	v := viewer.From(ctx)
	switch {
	case v.IsSystem(), v.Staff && v.Reach("wallet", operation) == viewer.ReachAll:
		return nil
	case !v.SignedIn():
		return fault.ErrUnauthenticated
	}
	return fault.ErrForbidden
}

// byID reads any wallet. Faults: INVALID_ID, NOT_FOUND.
func byID(ctx context.Context, c *ent.Client, id scalar.ID, path ...string) (*ent.LedgerAccount, error) {
	if id.Prefix != "acc" {
		return nil, fault.ErrInvalidID.At(path...)
	}
	a, err := c.LedgerAccount.Query().Where(ledgeraccount.ID(id.UUID), ledgeraccount.KindEQ(ledgeraccount.KindWALLET)).Only(system(ctx))
	if ent.IsNotFound(err) {
		return nil, fault.ErrNotFound.At(path...)
	}
	return a, err
}

// usable reads a wallet that the caller may spend from. Faults: INVALID_ID,
// NOT_FOUND; FORBIDDEN of one that he may only see.
func usable(ctx context.Context, c *ent.Client, id scalar.ID, path ...string) (*ent.LedgerAccount, error) {
	a, err := byID(ctx, c, id, path...)
	switch {
	case err != nil:
		return nil, err
	case mayUse(ctx, a.OwnerID):
		return a, nil
	case isOwn(viewer.From(ctx), a.OwnerID, "read"):
		return nil, fault.ErrForbidden
	}
	return nil, fault.ErrNotFound.At(path...)
}

// person is an active user that staff name. Faults: INVALID_ID, NOT_FOUND.
func person(ctx context.Context, tx *store.Tx, id scalar.ID, path ...string) (uuid.UUID, error) {
	if id.Prefix != "usr" {
		return uuid.Nil, fault.ErrInvalidID.At(path...)
	}
	var found uuid.UUID
	err := tx.QueryRow(ctx, `SELECT id FROM users WHERE id = ? AND status = 'ACTIVE'`, id.UUID).Scan(&found)
	if errors.Is(err, sql.ErrNoRows) {
		return uuid.Nil, fault.ErrNotFound.At(path...)
	}
	return found, err
}

// positive reads an amount of a currency that is to move. Faults: INVALID_VALUE
// of what is no amount of its currency, WRONG_CURRENCY, OUT_OF_RANGE.
func positive(in scalar.MoneyInput, currency string, path ...string) (int64, error) {
	minor, err := amount(in, currency, path...)
	if err == nil && minor <= 0 {
		err = fault.ErrOutOfRange.At(path...).With("min", scalar.Money{Minor: 1, Currency: in.Currency}.Amount())
	}
	return minor, err
}

// amount reads any amount of a currency; of its own where none is wanted.
func amount(in scalar.MoneyInput, currency string, path ...string) (int64, error) {
	if currency != "" && in.Currency != currency {
		return 0, ErrWrongCurrency.At(append(path, "currency")...).With("currency", currency)
	}
	m, err := in.Money()
	if err != nil {
		return 0, fault.ErrInvalidValue.At(path...).Because(err)
	}
	return m.Minor, nil
}

// text checks what people write: trimmed, 1 to limit characters, no controls.
func text(s string, limit int, path ...string) (string, error) {
	s = strings.TrimSpace(s)
	switch {
	case s == "":
		return "", fault.ErrRequired.At(path...)
	case utf8.RuneCountInString(s) > limit:
		return "", fault.ErrTooLong.At(path...).With("limit", limit)
	case !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return r < ' ' && r != '\n' && r != '\t' || r == 0x7f }):
		return "", fault.ErrInvalidValue.At(path...)
	}
	return s, nil
}

func isDry(b *bool) bool { return b != nil && *b }
