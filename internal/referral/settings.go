package referral

import (
	"context"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/bonusprogram"
	"kabinet/internal/fault"
	"kabinet/internal/locale"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
)

// The setting that holds the terms.
const settingKind, settingHandle = "referral", "program"

// Program are the terms on which friends are brought; nil where there are none.
func (r *Referrals) Program(ctx context.Context) (*ReferralProgram, error) {
	p := &ReferralProgram{}
	there, err := r.Store.Setting(ctx, settingKind, settingHandle, p)
	if err != nil || !there {
		return nil, err
	}
	return p, nil
}

// inForce are the terms where friends can be brought now; nil where not.
func inForce(ctx context.Context, tx *store.Tx) (*ReferralProgram, error) {
	p := &ReferralProgram{}
	there, err := tx.ReadSetting(ctx, settingKind, settingHandle, p)
	if err != nil || !there || !p.IsActive {
		return nil, err
	}
	return p, nil
}

// SaveProgram sets the terms; those of friends that were brought before and
// have not ordered yet change with them.
//
// Faults: OUT_OF_RANGE, INVALID_ID, REQUIRED, TOO_LONG, INVALID_VALUE,
// DUPLICATE_KEY, PROGRAM_NOT_FOUND, STALE_OBJECT; UNAUTHENTICATED, FORBIDDEN.
func (r *Referrals) SaveProgram(ctx context.Context, in SaveReferralProgramInput) (*ReferralProgram, error) {
	if err := needStaff(ctx, "write"); err != nil {
		return nil, err
	}
	p, err := readProgram(in)
	if err != nil {
		return nil, err
	}
	err = r.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		if p.Program, err = program(ctx, tx, p.Program); err != nil {
			return err
		}
		var old ReferralProgram
		if _, err := tx.ReadSetting(ctx, settingKind, settingHandle, &old); err != nil {
			return err
		}
		if old.Revision != in.Revision {
			return fault.ErrStaleObject.At("input", "revision").With("revision", old.Revision)
		}
		p.Revision = old.Revision + 1
		if err := tx.SaveSetting(ctx, settingKind, settingHandle, p); err != nil {
			return err
		}
		return tx.Audit(ctx, "referral.save_program", uuid.Nil, scalar.ID{}, map[string]any{
			"isActive": p.IsActive, "advocatePoints": []int64{old.AdvocatePoints, p.AdvocatePoints}, "friendPoints": []int64{old.FriendPoints, p.FriendPoints},
		})
	})
	if store.IsUnique(err) { // somebody saved at the same moment
		return nil, fault.ErrStaleObject.At("input", "revision").With("revision", in.Revision+1)
	}
	if err != nil {
		return nil, err
	}
	return p, nil
}

// maxPoints bounds a reward: a slip of the hand is not worth a fortune.
const maxPoints = 10_000_000

// readProgram is the rule of terms.
func readProgram(in SaveReferralProgramInput) (*ReferralProgram, error) {
	p := &ReferralProgram{IsActive: in.IsActive, AdvocatePoints: in.AdvocatePoints, FriendPoints: in.FriendPoints, CapCount: in.CapCount}
	for _, n := range []struct {
		field string
		value int64
	}{{"advocatePoints", in.AdvocatePoints}, {"friendPoints", in.FriendPoints}} {
		if n.value < 0 || n.value > maxPoints {
			return nil, outOfRange(n.field, 0, maxPoints)
		}
	}
	for _, n := range []struct {
		field              string
		value              *int
		unsaid, least, end int
		to                 *int
	}{
		{"capDays", in.CapDays, 30, 1, 366, &p.CapDays}, {"windowDays", in.WindowDays, 90, 1, 366, &p.WindowDays},
		{"claimDays", in.ClaimDays, 14, 0, 366, &p.ClaimDays}, {"returnDays", in.ReturnDays, 0, 0, 366, &p.ReturnDays},
	} {
		if *n.to = n.unsaid; n.value != nil {
			*n.to = *n.value
		}
		if *n.to < n.least || *n.to > n.end {
			return nil, outOfRange(n.field, n.least, n.end)
		}
	}
	if in.CapCount != nil && (*in.CapCount < 1 || *in.CapCount > maxCap) {
		return nil, outOfRange("capCount", 1, maxCap)
	}
	return p, p.readMore(in)
}

// maxCap is the highest cap.
const maxCap = 1_000_000

func (p *ReferralProgram) readMore(in SaveReferralProgramInput) error {
	if in.ProgramID != nil {
		id, err := in.ProgramID.As("prog")
		if err != nil {
			return fault.ErrInvalidID.At("input", "programId")
		}
		p.Program = &id
	}
	if in.MinimumOrder != nil {
		minor, currency, err := minimum(in.MinimumOrder)
		if err != nil {
			return err
		}
		p.MinimumMinor, p.Currency = minor, currency
	}
	texts := make([]scalar.Translation, len(in.Texts))
	for i, t := range in.Texts {
		texts[i] = *t
	}
	var bad *scalar.BadText
	if p.Texts, bad = scalar.Texts(texts, locale.Supported(), "input", "texts"); bad != nil {
		f := fault.New(fault.Invalid, bad.Code).At(bad.Path...)
		if bad.Limit > 0 {
			f = f.With("limit", bad.Limit)
		}
		return f
	}
	return nil
}

func outOfRange(field string, least, most int) error {
	return fault.ErrOutOfRange.At("input", field).With("min", least).With("max", most)
}

// program is the bonus programme in force of a key; nil stays nil, the default
// one of the day, which there must be.
func program(ctx context.Context, tx *store.Tx, key *uuid.UUID) (*uuid.UUID, error) {
	q := tx.BonusProgram.Query().Where(bonusprogram.RetiredAtIsNil())
	if key != nil {
		q.Where(bonusprogram.KeyID(*key))
	} else {
		q.Where(bonusprogram.IsDefault(true))
	}
	if _, err := q.Only(ctx); ent.IsNotFound(err) {
		return nil, ErrProgramNotFound.At("input", "programId")
	} else if err != nil {
		return nil, err
	}
	return key, nil
}

// minimum reads what the first order must come to.
func minimum(in *scalar.MoneyInput) (minor int64, currency string, err error) {
	m, err := in.Money()
	if err != nil {
		return 0, "", fault.ErrInvalidValue.At("input", "minimumOrder", "amount").Because(err)
	}
	if m.Minor < 0 {
		return 0, "", fault.ErrInvalidValue.At("input", "minimumOrder", "amount")
	}
	return m.Minor, m.Currency, nil
}
