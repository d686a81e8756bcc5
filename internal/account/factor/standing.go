package factor

import (
	"context"
	"slices"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/contactpoint"
	"kabinet/ent/generated/identity"
	"kabinet/internal/account"
	"kabinet/internal/credential"
	"kabinet/internal/fault"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// ours are the kinds of identities that this domain writes.
var ours = []identity.Kind{identity.KindTOTP, identity.KindCODE, identity.KindPASSKEY, identity.KindRECOVERY_CODE}

// bare are the columns of an identity without its secret, which is read where
// something is compared with it.
var bare = []string{identity.FieldID, identity.FieldCreatedAt, identity.FieldUserID, identity.FieldKind, identity.FieldSubject,
	identity.FieldLabel, identity.FieldCounter, identity.FieldLastUsedAt, identity.FieldUsedAt, identity.FieldParams}

// asSystem steps past the fence: who gives a second factor is nobody yet, and
// people do not write their own credentials.
func asSystem(ctx context.Context) context.Context { return viewer.AsSystem(ctx, "factor") }

// standing is all that a person has of this domain.
type standing struct {
	user     uuid.UUID
	totp     *ent.Identity
	codes    []*ent.Identity // by e-mail or SMS
	passkeys []*ent.Identity
	recovery int // codes not used yet
}

// stand reads how a person stands, by the store's client or in a transaction.
func stand(ctx context.Context, q *ent.IdentityQuery, user uuid.UUID) (standing, error) {
	rows, err := q.Where(identity.UserID(user), identity.KindIn(ours...)).Order(identity.ByID()).Select(bare...).All(ctx)
	if err != nil {
		return standing{}, store.Translate(err)
	}
	s := standing{user: user}
	for _, r := range rows {
		switch r.Kind {
		case identity.KindTOTP:
			s.totp = r
		case identity.KindCODE:
			s.codes = append(s.codes, r)
		case identity.KindPASSKEY:
			s.passkeys = append(s.passkeys, r)
		case identity.KindRECOVERY_CODE:
			if r.UsedAt == nil {
				s.recovery++
			}
		}
	}
	return s, nil
}

// due says whether a sign-in with one factor asks for a second one. A passkey
// alone does not, unless its owner wished it: who has lost it would be out.
func (s standing) due() bool {
	return s.totp != nil || len(s.codes) > 0 || slices.ContainsFunc(s.passkeys, isSecond)
}

func isSecond(i *ent.Identity) bool { on, _ := i.Params[paramSecond].(bool); return on }

// codeBy says whether codes by e-mail or SMS are a second factor.
func (s standing) codeBy(kind contactpoint.Kind) *ent.Identity {
	for _, c := range s.codes {
		if c.Subject == codeSubject(s.user, kind) {
			return c
		}
	}
	return nil
}

// codeSubject is of the person and not of one address: a changed address does
// not turn the factor off.
func codeSubject(user uuid.UUID, kind contactpoint.Kind) string {
	return user.String() + "/" + string(kind)
}

func kindOfCode(kind contactpoint.Kind) account.ChallengeKind {
	if kind == contactpoint.KindPHONE {
		return account.ChallengeKindSmsCode
	}
	return account.ChallengeKindEmailCode
}

// methods are what a second factor may be given by, the best first; none where
// none is due.
func (s standing) methods() []account.ChallengeKind {
	list := []account.ChallengeKind{}
	if !s.due() {
		return list
	}
	if s.totp != nil {
		list = append(list, account.ChallengeKindTotp)
	}
	if len(s.passkeys) > 0 {
		list = append(list, account.ChallengeKindPasskey)
	}
	for _, kind := range []contactpoint.Kind{contactpoint.KindPHONE, contactpoint.KindEMAIL} {
		if s.codeBy(kind) != nil {
			list = append(list, kindOfCode(kind))
		}
	}
	if s.recovery > 0 {
		list = append(list, account.ChallengeKindRecoveryCode)
	}
	return list
}

func (s standing) view() *TwoFactor {
	return &TwoFactor{Enabled: s.due(), Methods: s.methods(), RecoveryCodesLeft: s.recovery}
}

// Of are the second factors that a person has, for the gate; none where none
// is due.
func (f *Factors) Of(ctx context.Context, tx *store.Tx, user uuid.UUID) ([]account.Factor, error) {
	s, err := stand(asSystem(ctx), tx.Identity.Query(), user)
	if err != nil || !s.due() {
		return nil, err
	}
	var list []account.Factor
	add := func(i *ent.Identity, kind account.ChallengeKind) {
		one := account.Factor{ID: i.ID, Kind: kind}
		if i.Label != nil {
			one.Label = *i.Label
		}
		list = append(list, one)
	}
	if s.totp != nil {
		add(s.totp, account.ChallengeKindTotp)
	}
	for _, i := range s.passkeys {
		add(i, account.ChallengeKindPasskey)
	}
	for _, kind := range []contactpoint.Kind{contactpoint.KindPHONE, contactpoint.KindEMAIL} {
		if i := s.codeBy(kind); i != nil {
			add(i, kindOfCode(kind))
		}
	}
	return list, nil
}

// TwoFactor is how the second factor of a person stands: for himself, and for
// staff who reads people, for it says no secret.
func (f *Factors) TwoFactor(ctx context.Context, of uuid.UUID) (*TwoFactor, error) {
	v := viewer.From(ctx)
	if v.UserID != of && v.Reach("user", "read") != viewer.ReachAll {
		return &TwoFactor{Methods: []account.ChallengeKind{}}, nil
	}
	s, err := stand(asSystem(ctx), f.Store.Client.Identity.Query(), of)
	return s.view(), err
}

// Passkeys are a person's, oldest first, as far as the caller may see them.
func (f *Factors) Passkeys(ctx context.Context, of uuid.UUID) ([]*Passkey, error) {
	list := []*Passkey{}
	if !mayRead(ctx, of) {
		return list, nil
	}
	rows, err := f.Store.Client.Identity.Query().Where(identity.UserID(of), identity.KindEQ(identity.KindPASSKEY)).
		Order(identity.ByID()).Limit(mostPasskeys).Select(bare...).All(ctx)
	if err != nil {
		return nil, store.Translate(err)
	}
	for _, i := range rows {
		list = append(list, passkeyView(i))
	}
	return list, nil
}

func mayRead(ctx context.Context, of uuid.UUID) bool {
	v := viewer.From(ctx)
	return v.UserID == of || v.Reach("identity", "read") == viewer.ReachAll
}

// fresh is the caller, who has just proven who he is: with both factors where
// he has two (security C5). The directive asks for it too; this holds whoever
// calls.
//
// Faults: UNAUTHENTICATED, STEP_UP_REQUIRED.
func (f *Factors) fresh(ctx context.Context, tx *store.Tx) (viewer.Viewer, standing, error) {
	v := viewer.From(ctx)
	if err := f.People.NeedStepUp(ctx); err != nil {
		return v, standing{}, err
	}
	return f.level(ctx, tx)
}

// level is the caller in a session of level 2 where he has two factors.
func (f *Factors) level(ctx context.Context, tx *store.Tx) (viewer.Viewer, standing, error) {
	v := viewer.From(ctx)
	if !v.SignedIn() {
		return v, standing{}, fault.ErrUnauthenticated
	}
	// Twins of one person go one after the other, so that the bounds hold.
	if err := tx.Lock(ctx, "users", "id", v.UserID); err != nil {
		return v, standing{}, err
	}
	s, err := stand(asSystem(ctx), tx.Identity.Query(), v.UserID)
	if err == nil && s.due() && v.AAL < 2 {
		err = errStepUp
	}
	return v, s, err
}

// firstCodes makes recovery codes where the person has just got the first
// second factor and none of them; was is how it stood before.
func (f *Factors) firstCodes(ctx context.Context, tx *store.Tx, was standing) ([]string, error) {
	if was.due() || was.recovery > 0 {
		return []string{}, nil
	}
	return f.newCodes(ctx, tx, was.user)
}

// newCodes puts ten new recovery codes in the place of all old ones.
func (f *Factors) newCodes(ctx context.Context, tx *store.Tx, user uuid.UUID) ([]string, error) {
	if err := f.dropCodes(ctx, tx, user); err != nil {
		return nil, err
	}
	codes := make([]string, credential.RecoveryCodes)
	rows := make([]*ent.IdentityCreate, len(codes))
	for i := range codes {
		codes[i] = credential.NewRecoveryCode()
		rows[i] = tx.Identity.Create().SetUserID(user).SetKind(identity.KindRECOVERY_CODE).
			SetSubject(uuid.Must(uuid.NewV7()).String()).SetSecret(credential.RecoveryHash(codes[i], user.String()))
	}
	return codes, tx.Identity.CreateBulk(rows...).Exec(asSystem(ctx))
}

func (f *Factors) dropCodes(ctx context.Context, tx *store.Tx, user uuid.UUID) error {
	_, err := tx.Identity.Delete().Where(identity.UserID(user), identity.KindEQ(identity.KindRECOVERY_CODE)).Exec(asSystem(ctx))
	return err
}

// lastGone drops the recovery codes of who has no second factor any more.
func (f *Factors) lastGone(ctx context.Context, tx *store.Tx, user uuid.UUID) (*TwoFactor, error) {
	s, err := stand(asSystem(ctx), tx.Identity.Query(), user)
	if err != nil {
		return nil, err
	}
	if !s.due() && s.recovery > 0 {
		s.recovery = 0
		err = f.dropCodes(ctx, tx, user)
	}
	return s.view(), err
}
