package after_test

import (
	"context"
	"reflect"
	"testing"

	ent "kabinet/ent/generated"
	entorder "kabinet/ent/generated/order"
	"kabinet/internal/order"
	"kabinet/internal/order/after"
	"kabinet/internal/store/storetest"
	"kabinet/internal/viewer"
)

func TestPaymentLink(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		alice := storetest.As(w.alice)
		o := w.bought(false, false, "CUP", 1)
		in := after.CreatePaymentLinkInput{OrderID: ptr(o.GlobalID()), ReturnURL: ptr("https://shop.example.com/back"), IdempotencyKey: w.key()}
		_, err := w.CreatePaymentLink(storetest.As(w.bob), in) // security F1
		refused(t, err, "NOT_FOUND")
		w.down = true
		_, err = w.CreatePaymentLink(alice, in)
		refused(t, err, "UNAVAILABLE")
		w.down = false
		first, err := w.CreatePaymentLink(alice, in)
		check(t, err)
		if first.Payment.URL == nil || len(w.asked) != 2 || w.asked[0].Reference != w.asked[1].Reference || w.asked[1].Amount.Minor != 1200 {
			t.Fatalf("%+v %+v", first.Payment, w.asked)
		}
		in.IdempotencyKey = w.key()
		second, err := w.CreatePaymentLink(alice, in)
		check(t, err)
		for _, c := range []struct {
			typ    string
			p      *ent.Payment
			amount string
			want   after.Outcome
		}{
			{"payment.succeeded", first.Payment, "1.00", after.Mismatch},
			{"payment.new", first.Payment, "12.00", after.Ignored},
			{"payment.failed", first.Payment, "12.00", after.Applied},
			{"payment.failed", first.Payment, "12.00", after.Stale},
			{"payment.succeeded", first.Payment, "12.00", after.Applied},
			{"payment.succeeded", first.Payment, "12.00", after.Stale},
			{"payment.expired", first.Payment, "12.00", after.Stale},
			{"payment.succeeded", second.Payment, "12.00", after.Applied}, // twice: given back
		} {
			if got := w.hear(c.typ, c.p, c.amount); got != c.want {
				t.Errorf("%s of %s is %s, want %s", c.typ, c.amount, got, c.want)
			}
		}
		now := w.now(o.ID)
		if now.PaymentStatus != entorder.PaymentStatusPAID || now.PaidMinor != 2400 || now.RefundedMinor != 1200 {
			t.Errorf("%+v", now)
		}
		in.IdempotencyKey = w.key()
		_, err = w.CreatePaymentLink(alice, in)
		refused(t, err, "ORDER_ALREADY_PAID")
		in.ReturnURL = ptr("https://evil.example.com/")
		_, err = w.CreatePaymentLink(alice, in)
		refused(t, err, "RETURN_NOT_ALLOWED")
	})
}

// Money for an order that was cancelled meanwhile is owed back.
func TestPaymentAfterCancel(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		o := w.bought(false, false, "CUP", 1)
		begun, err := w.CreatePaymentLink(storetest.As(w.alice), after.CreatePaymentLinkInput{OrderID: ptr(o.GlobalID()), IdempotencyKey: w.key()})
		check(t, err)
		_, err = w.Orders.Cancel(storetest.As(w.alice), order.CancelOrderInput{OrderID: o.GlobalID(), Reason: entorder.CancelReasonCHANGED_MIND, IdempotencyKey: w.key()})
		check(t, err)
		if got := w.hear("payment.succeeded", begun.Payment, "12.00"); got != after.Applied {
			t.Error(got)
		}
		if _, pending := w.refunds(o); pending != 1200 {
			t.Errorf("%d on the way back", pending)
		}
	})
}

func TestGuestOrderAndClaim(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		nobody := viewer.With(context.Background(), viewer.Viewer{Locale: "en", IP: "192.0.2.1"})
		in := after.PlaceGuestOrderInput{Lines: basket("CUP", 2), Contact: after.GuestContactInput{Email: ptr("Guest@example.com")}, IdempotencyKey: w.key()}
		bad := in
		bad.Contact = after.GuestContactInput{}
		_, err := w.PlaceGuest(nobody, bad)
		refused(t, err, "REQUIRED")
		bad.Contact = after.GuestContactInput{Email: ptr("no address")}
		_, err = w.PlaceGuest(nobody, bad)
		refused(t, err, "INVALID_EMAIL")
		bad = in
		bad.IdempotencyKey = "short"
		_, err = w.PlaceGuest(nobody, bad)
		refused(t, err, "INVALID_VALUE")
		done, err := w.PlaceGuest(nobody, in)
		check(t, err)
		again, err := w.PlaceGuest(nobody, in)
		check(t, err)
		if again.Order.Number != done.Order.Number || *again.Token != *done.Token || w.stock("CUP") != 3 {
			t.Errorf("%+v", again)
		}
		seen, err := w.GuestOrder(nobody, *done.Token)
		check(t, err)
		if seen.Total.Minor != 2400 || len(seen.Lines) != 1 {
			t.Errorf("%+v", seen)
		}
		link, err := w.CreatePaymentLink(nobody, after.CreatePaymentLinkInput{GuestToken: done.Token, IdempotencyKey: w.key()})
		check(t, err)
		if link.Payment.URL == nil {
			t.Errorf("%+v", link.Payment)
		}
		alice := storetest.As(w.alice)
		asked, err := w.RequestClaim(alice, after.RequestOrderClaimInput{OrderNumber: done.Order.Number})
		check(t, err)
		if w.sentTo == nil || *w.sentTo.Email != "Guest@example.com" {
			t.Errorf("sent to %+v", w.sentTo)
		}
		_, err = w.Claim(alice, after.ClaimOrderInput{ChallengeID: asked.ID, Code: "000000"})
		refused(t, err, "INVALID_CODE")
		mine, err := w.Claim(alice, after.ClaimOrderInput{ChallengeID: asked.ID, Code: "123456"})
		check(t, err)
		if mine.OwnerID != w.alice || *mine.UserID != w.alice {
			t.Errorf("%+v", mine)
		}
		_, err = w.GuestOrder(nobody, *done.Token) // security F1
		refused(t, err, "NOT_FOUND")
		_, err = w.Claim(storetest.As(w.bob), after.ClaimOrderInput{ChallengeID: asked.ID, Code: "123456"})
		refused(t, err, "INVALID_CODE")
		none, err := w.RequestClaim(alice, after.RequestOrderClaimInput{OrderNumber: "no such order"})
		check(t, err)
		if w.sentTo != nil || none.Kind != asked.Kind {
			t.Errorf("%+v %+v", w.sentTo, none)
		}
		_, err = w.SavePolicy(w.asClerk(), after.SaveOrderPolicyInput{GuestOrders: ptr(false)})
		check(t, err)
		in.IdempotencyKey = w.key()
		_, err = w.PlaceGuest(nobody, in)
		refused(t, err, "GUEST_ORDERS_OFF")
	})
}

func TestRepeat(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		alice := storetest.As(w.alice)
		o := w.bought(true, true, "TEA", 2, "CUP", 3)
		in := after.RepeatOrderInput{OrderID: o.GlobalID(), IdempotencyKey: w.key()}
		_, err := w.Repeat(storetest.As(w.bob), in) // security F1
		refused(t, err, "NOT_FOUND")
		out, err := w.Repeat(alice, in)
		refused(t, err, "ORDER_HAS_GAPS")
		if len(out.Gaps) != 1 || out.Gaps[0].Kind != after.RepeatGapKindFewerInStock || out.Gaps[0].Available != 2 || out.Gaps[0].Message == "" {
			t.Errorf("%+v", out.Gaps)
		}
		in.AcceptGaps = ptr(true)
		out, err = w.Repeat(alice, in)
		check(t, err)
		if now := w.now(out.Order.ID); now.TotalMinor != 3100 || now.RepeatOfID == nil || *now.RepeatOfID != o.ID {
			t.Errorf("%+v", now)
		}
		again, err := w.Repeat(alice, in) // security K4
		check(t, err)
		if again.Order.ID != out.Order.ID || !*again.Replayed || !reflect.DeepEqual(again.Gaps, out.Gaps) || len(out.Gaps) != 1 {
			t.Errorf("%+v, gaps %+v", again, again.Gaps)
		}
		in.IdempotencyKey = w.key()
		_, err = w.Repeat(w.asClerk(), in) // security F1: staff reads all orders, and repeats none that is not his
		refused(t, err, "NOT_FOUND")
	})
}

func TestOneClickAsksForWhatIsMissing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		_, err := w.PlaceOneClick(storetest.As(w.alice), after.PlaceOneClickOrderInput{Sku: "TEA", IdempotencyKey: w.key()})
		refused(t, err, "ONE_CLICK_NOT_READY")
		w.Payments = nil
		_, err = w.PlaceOneClick(storetest.As(w.alice), after.PlaceOneClickOrderInput{Sku: "TEA", IdempotencyKey: w.key()})
		refused(t, err, "PAYMENTS_NOT_CONFIGURED")
	})
}
