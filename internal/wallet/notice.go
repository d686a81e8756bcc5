package wallet

import (
	"context"
	"encoding/json"
	"strings"
	"time"
	"unicode/utf8"

	"entgo.io/contrib/entgql"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/ledgeraccount"
	"kabinet/ent/generated/ledgerentry"
	"kabinet/ent/generated/paymentnotice"
	"kabinet/ent/generated/topup"
	"kabinet/internal/fault"
	"kabinet/internal/ledger"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// Notice is a message of the provider whose signature was proven.
type Notice struct {
	Provider  string
	ID        string // of the message, the same when it is sent again
	SentAt    time.Time
	Type      string // payment.succeeded, payment.failed, payment.expired; of refunds refund.succeeded, refund.failed
	Ref       string // the provider's id of the payment
	Reference string // the top-up, topup_…, or the payment of an order, pay_…, or a refund of it, rfd_…
	Amount    string // in major units
	Currency  string
	Reason    string // of a failure
	Body      json.RawMessage
}

// The types of messages that mean something.
const (
	noticeSucceeded = "payment.succeeded"
	noticeFailed    = "payment.failed"
	noticeExpired   = "payment.expired"
)

// Hear takes a message of the provider: once, whatever order they come in, and
// keeps it with what became of it. Money that came is booked also after a
// failure or the end of its time; nothing takes it back. What does not agree in
// amount, currency or the provider's id is kept and books nothing.
func (s *Wallets) Hear(ctx context.Context, n Notice) (paymentnotice.Outcome, error) {
	const attempts = 5
	for attempt := 1; ; attempt++ {
		var outcome paymentnotice.Outcome
		err := s.Store.InTx(viewer.AsSystem(ctx, "wallet.payment"), func(ctx context.Context, tx *store.Tx) (err error) {
			heard, err := tx.PaymentNotice.Query().Where(paymentnotice.Provider(n.Provider), paymentnotice.WebhookID(n.ID)).Only(ctx)
			if err == nil {
				outcome = heard.Outcome
				return nil
			}
			if !ent.IsNotFound(err) {
				return err
			}
			outcome, err = s.hear(ctx, tx, n)
			return err
		})
		if store.IsUnique(err) && attempt < attempts { // its twin was faster: hear what became of that
			continue
		}
		return outcome, err
	}
}

func (s *Wallets) hear(ctx context.Context, tx *store.Tx, n Notice) (paymentnotice.Outcome, error) {
	if s.Order != nil && (strings.HasPrefix(n.Reference, "pay_") || strings.HasPrefix(n.Reference, "rfd_")) {
		return s.hearOrder(ctx, tx, n)
	}
	t, err := named(ctx, tx, n)
	if err != nil {
		return "", err
	}
	outcome := judge(t, n)
	if outcome == paymentnotice.OutcomeAPPLIED && t.ProviderRef == nil {
		// The answer that says the provider's id was lost: it must be nobody else's.
		other, err := tx.TopUp.Query().Where(topup.Provider(n.Provider), topup.ProviderRef(n.Ref)).Exist(ctx)
		if err != nil {
			return "", err
		}
		if other {
			outcome = paymentnotice.OutcomeMISMATCH
		}
	}
	c := keep(tx, n, outcome)
	if t != nil {
		c.SetTopUpID(t.ID)
	}
	notice, err := c.Save(ctx)
	if err != nil {
		return "", err
	}
	switch {
	case outcome == paymentnotice.OutcomeMISMATCH:
		err = tx.Audit(ctx, "wallet.payment_mismatch", t.OwnerID, notice.GlobalID(), map[string]any{
			"topUpId": t.GlobalID().String(), "amount": n.Amount, "currency": n.Currency, "ref": n.Ref, "wanted": t.Amount().Amount(), "wantedCurrency": t.Currency})
	case outcome == paymentnotice.OutcomeAPPLIED && n.Type == noticeSucceeded:
		err = s.settle(ctx, tx, t, n)
	case outcome == paymentnotice.OutcomeAPPLIED:
		err = fail(ctx, tx, t, n)
	}
	return outcome, err
}

// hearOrder takes a message about the payment of an order: the notice is kept
// as those of top-ups are.
func (s *Wallets) hearOrder(ctx context.Context, tx *store.Tx, n Notice) (paymentnotice.Outcome, error) {
	outcome, payment, err := s.Order(ctx, tx, n)
	if err != nil {
		return "", err
	}
	return outcome, keep(tx, n, outcome).SetNillablePaymentID(payment).Exec(ctx)
}

// keep is the row of a message with what became of it.
func keep(tx *store.Tx, n Notice, outcome paymentnotice.Outcome) *ent.PaymentNoticeCreate {
	c := tx.PaymentNotice.Create().SetProvider(n.Provider).SetWebhookID(n.ID).SetType(n.Type).SetOutcome(outcome).SetSentAt(cut(n.SentAt)).SetPayload(n.Body)
	for _, said := range []struct {
		value string
		set   func(string) *ent.PaymentNoticeCreate
	}{{n.Reference, c.SetReference}, {n.Amount, c.SetAmount}, {n.Currency, c.SetCurrency}} {
		if said.value != "" {
			said.set(said.value)
		}
	}
	return c
}

// named holds the top-up that a message is about; nil where there is none.
func named(ctx context.Context, tx *store.Tx, n Notice) (*ent.TopUp, error) {
	id, err := scalar.ParseID(n.Reference)
	if err != nil || id.Prefix != "topup" {
		return nil, nil
	}
	t, err := tx.TopUp.Query().Where(topup.ID(id.UUID), topup.Provider(n.Provider), tx.Locking()).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, nil
	}
	return t, err
}

// judge is the rule: what a message means to its top-up.
func judge(t *ent.TopUp, n Notice) paymentnotice.Outcome {
	known := n.Type == noticeSucceeded || n.Type == noticeFailed || n.Type == noticeExpired
	switch {
	case t == nil:
		return paymentnotice.OutcomeUNKNOWN
	case !known:
		return paymentnotice.OutcomeIGNORED
	case t.ProviderRef != nil && *t.ProviderRef != n.Ref || n.Ref == "":
		return paymentnotice.OutcomeMISMATCH
	case n.Type == noticeSucceeded:
		m, err := scalar.ParseMoney(n.Amount, n.Currency)
		switch {
		case err != nil || m != t.Amount():
			return paymentnotice.OutcomeMISMATCH
		case t.Status == topup.StatusSUCCEEDED:
			return paymentnotice.OutcomeSTALE
		}
	case t.Status != topup.StatusPENDING:
		return paymentnotice.OutcomeSTALE
	}
	return paymentnotice.OutcomeAPPLIED
}

// settle books money that came.
func (s *Wallets) settle(ctx context.Context, tx *store.Tx, t *ent.TopUp, n Notice) error {
	a, err := tx.LedgerAccount.Query().Where(ledgeraccount.ID(t.AccountID)).Only(ctx)
	if err != nil {
		return err
	}
	b, e, err := s.give(ctx, tx, a, t.AmountMinor, ledger.Posting{Kind: ledgerentry.KindTOPUP, Contra: ledger.TopUp, Cause: "topup:" + t.ID.String(), Clock: true})
	if err != nil {
		return err
	}
	if err := b.Close(ctx); err != nil {
		return err
	}
	return tx.TopUp.UpdateOneID(t.ID).SetStatus(topup.StatusSUCCEEDED).SetProviderRef(n.Ref).SetEntryID(e.ID).SetSettledAt(tx.Now).ClearURL().ClearFailure().Exec(ctx)
}

// fail ends a payment that did not come.
func fail(ctx context.Context, tx *store.Tx, t *ent.TopUp, n Notice) error {
	status, reason := topup.StatusFAILED, n.Reason
	if n.Type == noticeExpired {
		status = topup.StatusEXPIRED
	}
	for utf8.RuneCountInString(reason) > 500 {
		_, size := utf8.DecodeLastRuneInString(reason)
		reason = reason[:len(reason)-size]
	}
	u := tx.TopUp.UpdateOneID(t.ID).SetStatus(status).SetProviderRef(n.Ref).SetSettledAt(tx.Now).ClearURL()
	if reason != "" {
		u.SetFailure(reason)
	}
	return u.Exec(ctx)
}

// Notices is a page of the provider's messages, newest first. Staff only.
// Faults: INVALID_ID; UNAUTHENTICATED, FORBIDDEN.
func (s *Wallets) Notices(ctx context.Context, f *PaymentNoticeFilter, page Page) (*ent.PaymentNoticeConnection, error) {
	if err := staff(ctx, "read"); err != nil {
		return nil, err
	}
	q := s.Store.Client.PaymentNotice.Query()
	if f != nil && f.TopUpID != nil {
		if f.TopUpID.Prefix != "topup" {
			return nil, fault.ErrInvalidID.At("filter", "topUpId")
		}
		q.Where(paymentnotice.TopUpID(f.TopUpID.UUID))
	}
	if f != nil && len(f.Outcome) > 0 {
		outcomes := make([]paymentnotice.Outcome, len(f.Outcome))
		for i, o := range f.Outcome {
			outcomes[i] = paymentnotice.Outcome(o)
		}
		q.Where(paymentnotice.OutcomeIn(outcomes...))
	}
	c, err := q.Paginate(ctx, page.After, page.First, page.Before, page.Last,
		ent.WithPaymentNoticeOrder(&ent.PaymentNoticeOrder{Direction: entgql.OrderDirectionDesc, Field: ent.DefaultPaymentNoticeOrder.Field}))
	return c, store.Translate(err)
}

// TopUpByID is a top-up that the fence shows to the caller; nil for none.
func (s *Wallets) TopUpByID(ctx context.Context, id *uuid.UUID) (*ent.TopUp, error) {
	if id == nil {
		return nil, nil
	}
	t, err := s.Store.Client.TopUp.Query().Where(topup.ID(*id)).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, nil
	}
	return t, store.Translate(err)
}
