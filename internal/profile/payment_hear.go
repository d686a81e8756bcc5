package profile

import (
	"context"
	"strings"

	"github.com/riverqueue/river"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/paymentmethod"
	"kabinet/internal/event"
	"kabinet/internal/job"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// What the provider tells of a page or a method.
const (
	toldSaved   = "payment_method.saved"
	toldFailed  = "payment_method.failed"
	toldUpdated = "payment_method.updated" // a new card in place of an expired one, say
	toldRemoved = "payment_method.removed" // forgotten by the provider or its bank
)

// Hears says whether a message of the provider is for here.
func Hears(typ string) bool { return strings.HasPrefix(typ, "payment_method.") }

// Outcome is what became of a message.
type Outcome string

// The outcomes.
const (
	Applied  Outcome = "APPLIED"
	Stale    Outcome = "STALE"    // came before, or later than what says more
	Mismatch Outcome = "MISMATCH" // another page's or method's id
	Unknown  Outcome = "UNKNOWN"  // nothing here has this reference
	Ignored  Outcome = "IGNORED"  // means nothing here
)

// Hear takes what the provider says, whose signature was proven: whatever order
// and however often it comes, a method is saved once, is never brought back
// once it is deleted, and does not fall behind what is newer (security I6). A
// card that was saved for a method that is gone is deleted with the provider.
func (s *PaymentMethods) Hear(ctx context.Context, n Saved) (Outcome, error) {
	const attempts = 5
	for attempt := 1; ; attempt++ {
		var outcome Outcome
		err := s.Store.InTx(viewer.AsSystem(ctx, "profile.payment"), func(ctx context.Context, tx *store.Tx) (err error) {
			outcome, err = s.hear(ctx, tx, n)
			return err
		})
		if store.IsUnique(err) && attempt < attempts { // its twin was faster: hear again
			continue
		}
		return outcome, err
	}
}

func (s *PaymentMethods) hear(ctx context.Context, tx *store.Tx, n Saved) (Outcome, error) {
	m, err := named(ctx, tx, n)
	if err != nil {
		return "", err
	}
	switch outcome := judge(m, n); {
	case outcome == Unknown && n.Type == toldSaved && n.Token != "":
		return outcome, s.forgetStray(ctx, tx, n)
	case outcome != Applied:
		return outcome, nil
	}
	switch n.Type {
	case toldFailed:
		return Applied, tx.PaymentMethod.UpdateOneID(m.ID).SetStatus(paymentmethod.StatusFAILED).SetFailure(clip(n.Reason, 200)).ClearURL().SetToldAt(n.SentAt).Exec(ctx)
	case toldUpdated:
		return Applied, describe(tx.PaymentMethod.UpdateOneID(m.ID), n).Exec(ctx)
	case toldRemoved:
		return Applied, s.remove(ctx, tx, m, false)
	}
	return s.save(ctx, tx, m, n)
}

// named holds the method that a message is about; nil where there is none. The
// person is held first, as everywhere: for the one default.
func named(ctx context.Context, tx *store.Tx, n Saved) (*ent.PaymentMethod, error) {
	id, err := scalar.ParseID(n.Reference)
	if err != nil || id.Prefix != "pm" {
		return nil, nil
	}
	q := tx.PaymentMethod.Query().Where(paymentmethod.ID(id.UUID), paymentmethod.Provider(n.Provider))
	m, err := q.Clone().Only(ctx)
	if err == nil {
		if err := tx.Lock(ctx, "users", "id", m.OwnerID); err != nil {
			return nil, err
		}
		m, err = q.Where(tx.Locking()).Only(ctx)
	}
	if ent.IsNotFound(err) {
		return nil, nil
	}
	return m, err
}

// judge is the rule: what a message means to its method.
func judge(m *ent.PaymentMethod, n Saved) Outcome {
	switch n.Type {
	case toldSaved, toldFailed, toldUpdated, toldRemoved:
	default:
		return Ignored
	}
	if m == nil {
		return Unknown
	}
	active := m.Status == paymentmethod.StatusACTIVE
	switch {
	case m.SetupRef != nil && n.Ref != "" && *m.SetupRef != n.Ref, active && n.Token != "" && *m.Token != n.Token:
		return Mismatch
	case n.Type == toldSaved && (n.Token == "" || LooksLikeCard(n.Token)): // a number is no token
		return Mismatch
	case n.Type == toldSaved && active, n.Type == toldFailed && m.Status != paymentmethod.StatusPENDING:
		return Stale
	case (n.Type == toldUpdated || n.Type == toldRemoved) && !active:
		return Stale
	case n.Type == toldUpdated && m.ToldAt != nil && !n.SentAt.After(*m.ToldAt):
		return Stale
	}
	return Applied
}

// save makes a method usable. A card that the person has saved already stays
// one method: the new page only brings it up to date.
func (s *PaymentMethods) save(ctx context.Context, tx *store.Tx, m *ent.PaymentMethod, n Saved) (Outcome, error) {
	same, err := tx.PaymentMethod.Query().Where(paymentmethod.Provider(n.Provider), paymentmethod.Token(n.Token)).Only(ctx)
	switch {
	case err == nil && same.OwnerID != m.OwnerID:
		return Mismatch, nil
	case err == nil:
		if err := tx.PaymentMethod.DeleteOneID(same.ID).Exec(ctx); err != nil {
			return "", err
		}
	case !ent.IsNotFound(err):
		return "", err
	}
	isDefault, err := s.becomesDefault(ctx, tx, m, same)
	if err != nil {
		return "", err
	}
	u := describe(tx.PaymentMethod.UpdateOneID(m.ID), n).SetStatus(paymentmethod.StatusACTIVE).SetToken(n.Token).SetIsDefault(isDefault).ClearURL().ClearFailure().ClearExpiresAt()
	if same != nil && m.Label == nil && same.Label != nil {
		u.SetLabel(*same.Label)
	}
	if err := u.Exec(ctx); err != nil {
		return "", err
	}
	tx.Tell(event.ProfileUpdated{UserID: m.OwnerID, Changed: []string{"paymentMethods"}}, store.ToUser(m.OwnerID))
	return Applied, s.news(ctx, tx, m, "payment_method_added", n.Brand, n.Last4)
}

// becomesDefault says whether a method about to be saved is the default one,
// and puts the former back.
func (s *PaymentMethods) becomesDefault(ctx context.Context, tx *store.Tx, m, same *ent.PaymentMethod) (bool, error) {
	former, err := tx.PaymentMethod.Query().Where(paymentmethod.OwnerID(m.OwnerID), paymentmethod.IsDefault(true)).Exist(ctx)
	if err != nil {
		return false, err
	}
	if former && !m.WantsDefault {
		return false, nil
	}
	if !former && !m.WantsDefault && same != nil && !same.IsDefault {
		return false, nil
	}
	_, err = tx.PaymentMethod.Update().Where(paymentmethod.OwnerID(m.OwnerID), paymentmethod.IsDefault(true)).SetIsDefault(false).Save(ctx)
	return true, err
}

// describe sets what the provider says of a card.
func describe(u *ent.PaymentMethodUpdateOne, n Saved) *ent.PaymentMethodUpdateOne {
	u.SetToldAt(n.SentAt)
	if n.Ref != "" {
		u.SetSetupRef(n.Ref)
	}
	if n.Brand != "" {
		u.SetBrand(strings.ToLower(clip(n.Brand, 32)))
	}
	if n.Last4 != "" {
		u.SetLast4(n.Last4)
	}
	if day := lastDay(n.ExpMonth, n.ExpYear); day != nil {
		u.SetExpiresOn(*day)
	}
	return u
}

// forgetStray has a card deleted with the provider that no method here is for,
// unless another method has it.
func (s *PaymentMethods) forgetStray(ctx context.Context, tx *store.Tx, n Saved) error {
	kept, err := tx.PaymentMethod.Query().Where(paymentmethod.Provider(n.Provider), paymentmethod.Token(n.Token)).Exist(ctx)
	if err != nil || kept {
		return err
	}
	return s.forget(ctx, tx, n.Provider, n.Token)
}

// ForgetToken is the job that has the provider forget a token. It is sealed,
// for jobs are kept a while and who pays by it is gone.
type ForgetToken struct {
	Provider string `json:"provider"`
	Token    []byte `json:"token"`
}

// place is what the token is sealed for.
func (f ForgetToken) place() string { return f.Kind() + ":" + f.Provider }

// Kind implements river.JobArgs.
func (ForgetToken) Kind() string { return "forget-payment-token" }

func (s *PaymentMethods) forget(ctx context.Context, tx *store.Tx, provider, token string) error {
	f := ForgetToken{Provider: provider}
	f.Token = s.Sealer.Seal([]byte(token), f.place())
	return job.Enqueue(ctx, tx, f, nil)
}

// Forget does the job. What was saved again meanwhile is kept.
func (s *PaymentMethods) Forget(ctx context.Context, j *river.Job[ForgetToken]) error {
	if s.Provider == nil || s.Provider.Name != j.Args.Provider {
		return river.JobSnooze(forgetAgain) // until that provider is configured
	}
	token, err := s.Sealer.Open(j.Args.Token, j.Args.place())
	if err != nil { // its key is gone: it never opens again
		return job.Discard(err)
	}
	kept, err := s.Store.Client.PaymentMethod.Query().Where(paymentmethod.Provider(j.Args.Provider), paymentmethod.Token(string(token))).Exist(viewer.AsSystem(ctx, "profile.payment"))
	if err != nil || kept {
		return err
	}
	return s.Provider.Delete(ctx, string(token))
}

// news tells the person of a method added or gone.
func (s *PaymentMethods) news(ctx context.Context, tx *store.Tx, m *ent.PaymentMethod, change, brand, last4 string) error {
	if s.News == nil {
		return nil
	}
	details := map[string]any{}
	if brand != "" {
		details["brand"] = strings.ToLower(clip(brand, 32))
	}
	if last4 != "" {
		details["last4"] = last4
	}
	return s.News(ctx, tx, m.OwnerID, change, scalar.ID{Prefix: "pm", UUID: m.ID}, details)
}
