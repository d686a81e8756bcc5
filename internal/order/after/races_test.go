package after_test

import (
	"context"
	"sync"
	"testing"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/returnrequest"
	"kabinet/internal/fault"
	"kabinet/internal/order/after"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/viewer"
)

// atOnce runs acts together and says how many were done; the others were refused
// with one of the codes.
func atOnce(t *testing.T, acts []func() error, codes ...string) (done []int) {
	t.Helper()
	errs := make([]error, len(acts))
	var wg sync.WaitGroup
	for i, act := range acts {
		wg.Go(func() { errs[i] = act() })
	}
	wg.Wait()
	for i, err := range errs {
		f, ok := fault.As(err)
		known := false
		for _, code := range codes {
			known = known || ok && f.Code == code
		}
		switch {
		case err == nil:
			done = append(done, i)
		case !known:
			t.Errorf("act %d: %v", i, err)
		}
	}
	return done
}

// The customer takes a return back while staff notes that the goods came:
// exactly one of them wins, and the others are told where it stands.
func TestReceiveAndCancelAtOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) { // security K3
		w := newWorld(t, db)
		for range 3 {
			o := w.bought(true, true, "TEA", 2)
			asked, err := w.RequestReturn(storetest.As(w.alice), w.back(o, 1, 2))
			check(t, err)
			w.approve(asked.Return)
			id := asked.Return.GlobalID()
			var acts []func() error
			for range 6 {
				acts = append(acts, func() error {
					_, err := w.CancelReturn(storetest.As(w.alice), after.CancelReturnInput{ReturnID: id, IdempotencyKey: w.key()})
					return err
				}, func() error {
					_, err := w.ReceiveReturn(w.asClerk(), after.ReceiveReturnInput{ReturnID: id, IdempotencyKey: w.key()})
					return err
				})
			}
			done := atOnce(t, acts, "ILLEGAL_TRANSITION")
			if len(done) != 1 {
				t.Fatalf("%d won", len(done))
			}
			now, err := db.Client.ReturnRequest.Get(storetest.System(), asked.Return.ID)
			check(t, err)
			n, pending := w.refunds(o)
			if cancelled := done[0]%2 == 0; cancelled && (now.Status != returnrequest.StatusCANCELLED || n != 0) || !cancelled && (now.Status != returnrequest.StatusRECEIVED || pending != 700) {
				t.Errorf("%d won: %s, %d refunds of %d", done[0], now.Status, n, pending)
			}
		}
	})
}

// Of many who have the code of a guest's order one gets it, and a code is good
// once.
func TestClaimsAtOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) { // security K3
		w := newWorld(t, db)
		nobody := viewer.With(context.Background(), viewer.Viewer{Locale: "en", IP: "192.0.2.1"})
		placed, err := w.PlaceGuest(nobody, after.PlaceGuestOrderInput{Lines: basket("TEA", 1), Contact: after.GuestContactInput{Email: ptr("g@example.com")}, IdempotencyKey: w.key()})
		check(t, err)
		people := []uuid.UUID{w.alice, w.bob}
		check(t, db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
			for range 8 {
				u, err := tx.User.Create().SetDisplayName("somebody").Save(ctx)
				if err != nil {
					return err
				}
				people = append(people, u.ID)
			}
			return nil
		}))
		var acts []func() error
		for _, who := range people {
			asked, err := w.RequestClaim(storetest.As(who), after.RequestOrderClaimInput{OrderNumber: placed.Order.Number})
			check(t, err)
			for range 2 {
				acts = append(acts, func() error {
					_, err := w.Claim(storetest.As(who), after.ClaimOrderInput{ChallengeID: asked.ID, Code: "123456"})
					return err
				})
			}
		}
		done := atOnce(t, acts, "INVALID_CODE")
		if len(done) != 1 {
			t.Fatalf("%d got it", len(done))
		}
		o, err := db.Client.Order.Query().Only(storetest.System())
		check(t, err)
		if o.OwnerID != people[done[0]/2] {
			t.Errorf("it is %s's, %s got it", o.OwnerID, people[done[0]/2])
		}
	})
}

// The same key from many at once is one return, one link and one order.
func TestTwinsAreOne(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) { // security K4
		w := newWorld(t, db)
		alice := storetest.As(w.alice)
		o := w.bought(true, true, "TEA", 3)
		open := w.bought(false, false, "TEA", 1)
		back, link := w.back(o, 1, 2), after.CreatePaymentLinkInput{OrderID: ptr(open.GlobalID()), IdempotencyKey: w.key()}
		again := after.RepeatOrderInput{OrderID: o.GlobalID(), IdempotencyKey: w.key()}
		var acts []func() error
		for range 8 {
			acts = append(acts,
				func() error { _, err := w.RequestReturn(alice, back); return err },
				func() error { _, err := w.CreatePaymentLink(alice, link); return err },
				func() error { _, err := w.Repeat(alice, again); return err })
		}
		if done := atOnce(t, acts); len(done) != len(acts) {
			t.Errorf("%d of %d had an answer", len(done), len(acts))
		}
		for what, c := range map[string]struct {
			count func() (int, error)
			want  int
		}{
			"returns":  {func() (int, error) { return db.Client.ReturnRequest.Query().Count(storetest.System()) }, 1},
			"payments": {func() (int, error) { return db.Client.Payment.Query().Count(storetest.System()) }, 2},
			"orders":   {func() (int, error) { return db.Client.Order.Query().Count(storetest.System()) }, 3},
		} {
			if n, err := c.count(); err != nil || n != c.want {
				t.Errorf("%d %s, want %d (%v)", n, what, c.want, err)
			}
		}
	})
}

// The same key with another input, of each act.
func TestKeysAreForOneInput(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) { // security K5
		w := newWorld(t, db)
		alice, key := storetest.As(w.alice), w.key()
		o, open := w.bought(true, true, "TEA", 3), w.bought(false, false, "TEA", 1)
		back := w.back(o, 1, 1)
		back.IdempotencyKey = key
		asked, err := w.RequestReturn(alice, back)
		check(t, err)
		back.Note = ptr("another")
		_, err = w.RequestReturn(alice, back)
		refused(t, err, "IDEMPOTENCY_KEY_REUSED")
		id := asked.Return.GlobalID()
		for name, act := range map[string]func() error{
			"repeat": func() error {
				_, err := w.Repeat(alice, after.RepeatOrderInput{OrderID: o.GlobalID(), IdempotencyKey: key})
				return err
			},
			"link": func() error {
				_, err := w.CreatePaymentLink(alice, after.CreatePaymentLinkInput{OrderID: ptr(open.GlobalID()), IdempotencyKey: key})
				return err
			},
			"address": func() error {
				_, err := w.ChangeAddress(alice, after.ChangeOrderAddressInput{OrderID: open.GlobalID(), AddressID: scalar.ID{Prefix: "adr", UUID: uuid.New()}, IdempotencyKey: key})
				return err
			},
			"cancel": func() error {
				_, err := w.CancelReturn(alice, after.CancelReturnInput{ReturnID: id, IdempotencyKey: key})
				return err
			},
			"send": func() error {
				_, err := w.SendReturn(alice, after.SendReturnInput{ReturnID: id, IdempotencyKey: key})
				return err
			},
			"one click": func() error {
				_, err := w.PlaceOneClick(alice, after.PlaceOneClickOrderInput{Sku: "TEA", IdempotencyKey: key})
				return err
			},
		} {
			t.Log(name)
			refused(t, act(), "IDEMPOTENCY_KEY_REUSED")
		}
		decide := after.DecideReturnInput{ReturnID: id, Decision: after.ReturnDecisionApprove, IdempotencyKey: key}
		_, err = w.DecideReturn(w.asClerk(), decide) // the keys of each are his own
		check(t, err)
		decide.Note = ptr("another")
		_, err = w.DecideReturn(w.asClerk(), decide)
		refused(t, err, "IDEMPOTENCY_KEY_REUSED")
		_, err = w.ReceiveReturn(w.asClerk(), after.ReceiveReturnInput{ReturnID: id, IdempotencyKey: key})
		refused(t, err, "IDEMPOTENCY_KEY_REUSED")
		got, err := w.ReceiveReturn(w.asClerk(), after.ReceiveReturnInput{ReturnID: id, IdempotencyKey: w.key()})
		check(t, err)
		_, err = w.RecordRefund(w.asClerk(), after.RecordRefundInput{RefundID: w.refundOf(got.Order).GlobalID(), Outcome: after.RefundOutcomeSucceeded, IdempotencyKey: key})
		refused(t, err, "IDEMPOTENCY_KEY_REUSED")
		nobody := viewer.With(context.Background(), viewer.Viewer{Locale: "en", IP: "192.0.2.1"})
		guest := after.PlaceGuestOrderInput{Lines: basket("TEA", 1), Contact: after.GuestContactInput{Email: ptr("g@example.com")}, IdempotencyKey: w.key()}
		_, err = w.PlaceGuest(nobody, guest)
		check(t, err)
		guest.Note = ptr("another")
		_, err = w.PlaceGuest(nobody, guest)
		refused(t, err, "IDEMPOTENCY_KEY_REUSED")
	})
}

func (w *world) refundOf(o *ent.Order) *ent.Payment {
	w.t.Helper()
	for _, p := range w.now(o.ID).Edges.Payments {
		if p.ParentID != nil {
			return p
		}
	}
	w.t.Fatal("there is no refund")
	return nil
}
