package referral_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/google/uuid"

	entreferral "kabinet/ent/generated/referral"
	"kabinet/internal/bonus"
	"kabinet/internal/event"
	"kabinet/internal/referral"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
)

func TestBothSidesGetTheirPointsOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		c := open(t, db)
		c.terms(func(in *referral.SaveReferralProgramInput) {
			in.MinimumOrder = &scalar.MoneyInput{Amount: "20.00", Currency: "GBP"}
		})
		alice, bob := c.customer("Alice Smith", "alice@example.com"), c.customer("Bob", "bob@example.com")
		code := c.link(alice)
		if again := c.link(alice); again != code {
			t.Errorf("a second link %s, the first was %s", again, code)
		}
		c.must(c.claim(bob, code))
		c.must(c.claim(bob, code)) // the same answer again
		c.must(c.hear(c.referrals, bob, c.buy(bob, 1999)))
		if s := c.stands(bob).Status; s != entreferral.StatusREGISTERED {
			t.Errorf("%s after an order that was too small", s)
		}
		order := c.buy(bob, 2000)
		second, err := store.Open(context.Background(), store.Options{URL: db.URL, Clock: db.Clock.Now}) // another process
		c.must(err)
		defer second.Close()
		apps := []*referral.Referrals{c.referrals, over(second, &bonus.Points{Store: second})}
		ends := tally(10, func(i int) error { return c.hear(apps[i%2], bob, order) })
		if ends["ok"] != 10 || c.available(alice) != 100 || c.available(bob) != 50 {
			t.Errorf("%v; alice %d, bob %d", ends, c.available(alice), c.available(bob))
		}
		c.must(c.hear(c.referrals, bob, c.buy(bob, 5000))) // the first order only
		s, err := c.referrals.Statistics(storetest.As(alice), c.referrals.Standing(storetest.As(alice), alice))
		c.must(err)
		if *s != (referral.ReferralStatistics{Invited: 1, Registered: 1, Ordered: 1, Rewarded: 1, PointsEarned: 100}) {
			t.Errorf("statistics %+v", s)
		}
		if row := c.stands(bob); row.FriendName != "B***" || row.Status != entreferral.StatusREWARDED {
			t.Errorf("%+v", row)
		}
		if c.referrals.Standing(storetest.As(bob), alice) != nil {
			t.Error("bob sees alice's friends")
		}
		c.cancel(order)
		c.must(c.hear(c.referrals, bob, order))
		if row := c.stands(bob); row.Status != entreferral.StatusREJECTED || c.available(alice) != 0 || c.available(bob) != 0 {
			t.Errorf("%s; alice %d, bob %d after the order was cancelled", row.Status, c.available(alice), c.available(bob))
		}
	})
}

// Points that were spent meanwhile do not keep a referral from being undone, on
// either side.
func TestTakenBackWhenSpent(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		c := open(t, db)
		c.terms(nil)
		alice, bob := c.customer("Alice", ""), c.customer("Bob", "")
		c.must(c.claim(bob, c.link(alice)))
		order := c.buy(bob, 1000)
		c.must(c.hear(c.referrals, bob, order))
		for i, of := range []struct {
			owner uuid.UUID
			n     int64
		}{{alice, 70}, {bob, 50}} {
			c.must(c.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
				_, err := c.points.SpendFor(ctx, tx, bonus.Price{Owner: of.owner, Amount: of.n, Cause: fmt.Sprint("spent:", i)})
				return err
			}))
		}
		c.cancel(order)
		for range 2 {
			c.must(c.hear(c.referrals, bob, order))
		}
		if row := c.stands(bob); row.Status != entreferral.StatusREJECTED || c.available(alice) != 0 || c.available(bob) != 0 {
			t.Errorf("%s; alice %d, bob %d", row.Status, c.available(alice), c.available(bob))
		}
	})
}

// Staff may have taken the points of one side back already.
func TestTakenBackByStaffBefore(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		c := open(t, db)
		c.terms(nil)
		alice, bob := c.customer("Alice", ""), c.customer("Bob", "")
		c.must(c.claim(bob, c.link(alice)))
		order := c.buy(bob, 1000)
		c.must(c.hear(c.referrals, bob, order))
		c.must(c.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
			return c.points.TakeBack(ctx, tx, *c.stands(bob).AdvocateEntryID, "by hand")
		}))
		c.cancel(order)
		c.must(c.hear(c.referrals, bob, order))
		if row := c.stands(bob); row.Status != entreferral.StatusREJECTED || c.available(alice) != 0 || c.available(bob) != 0 {
			t.Errorf("%s; alice %d, bob %d", row.Status, c.available(alice), c.available(bob))
		}
	})
}

func TestTheReturnWindow(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		c := open(t, db)
		c.terms(func(in *referral.SaveReferralProgramInput) { in.ReturnDays = ptr(14) })
		alice, bob := c.customer("Alice", ""), c.customer("Bob", "")
		c.must(c.claim(bob, c.link(alice)))
		first := c.buy(bob, 1000)
		c.must(c.hear(c.referrals, bob, first))
		if row := c.stands(bob); row.Status != entreferral.StatusORDERED || c.available(alice) != 0 {
			t.Errorf("%s, alice %d", row.Status, c.available(alice))
		}
		c.cancel(first)
		c.must(c.hear(c.referrals, bob, first))
		if row := c.stands(bob); row.Status != entreferral.StatusREGISTERED || row.OrderID != nil {
			t.Errorf("%s after the order was cancelled in time", row.Status)
		}
		second := c.buy(bob, 1000) // nobody tells of it: the clock finds it
		due := func() {
			t.Helper()
			_, err := c.referrals.Due(storetest.System(), 100)
			c.must(err)
		}
		due()
		if row := c.stands(bob); row.OrderID == nil || *row.OrderID != second {
			t.Errorf("the clock did not find the order: %+v", row)
		}
		c.Clock.Add(13 * day)
		due()
		if c.available(alice) != 0 {
			t.Error("points before the window passed")
		}
		c.Clock.Add(day)
		ends := tally(4, func(int) error { _, err := c.referrals.Due(storetest.System(), 100); return err })
		if ends["ok"] != 4 || c.available(alice) != 100 || c.available(bob) != 50 {
			t.Errorf("%v; alice %d, bob %d", ends, c.available(alice), c.available(bob))
		}
	})
}

func TestClaimRefusals(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		c := open(t, db)
		alice := c.customer("Alice", "alice.smith@gmail.com")
		code := c.link(alice)
		bob := c.customer("Bob", "bob@example.com")
		wantCode(t, c.claim(bob, code), "REFERRAL_CODE_UNKNOWN") // no terms in force
		c.terms(nil)
		wantCode(t, c.claim(bob, "00000000"), "REFERRAL_CODE_UNKNOWN")
		wantCode(t, c.claim(alice, code), "REFERRAL_SELF")
		wantCode(t, c.claim(c.customer("Alice again", "alicesmith+new@googlemail.com"), code), "REFERRAL_SELF")
		c.must(c.claim(bob, code))
		carol := c.customer("Carol", "carol@example.com")
		c.must(c.claim(carol, c.link(bob)))
		wantCode(t, c.claim(alice, c.link(bob)), "REFERRAL_CIRCULAR")
		wantCode(t, c.claim(alice, c.link(carol)), "REFERRAL_CIRCULAR")
		wantCode(t, c.claim(bob, c.link(carol)), "REFERRAL_ALREADY_CLAIMED")
		buyer := c.customer("Buyer", "")
		c.buy(buyer, 100)
		wantCode(t, c.claim(buyer, code), "REFERRAL_NOT_NEW")
		late := c.customer("Late", "")
		c.Clock.Add(15 * day)
		wantCode(t, c.claim(late, code), "REFERRAL_NOT_NEW")
		_, err := c.referrals.Claim(context.Background(), referral.ClaimReferralInput{Code: code})
		wantCode(t, err, "UNAUTHENTICATED")
		guesser := c.customer("Guesser", "")
		for range 10 {
			wantCode(t, c.claim(guesser, "11111111"), "REFERRAL_CODE_UNKNOWN")
		}
		wantCode(t, c.claim(guesser, code), "RATE_LIMITED")
	})
}

// Two who claim each other at the same moment: one of them brought the other.
func TestClaimEachOtherAtOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		c := open(t, db)
		c.terms(nil)
		for range 5 {
			pair := []uuid.UUID{c.customer("A", ""), c.customer("B", "")}
			codes := []string{c.link(pair[0]), c.link(pair[1])}
			ends := tally(8, func(i int) error { return c.claim(pair[i%2], codes[(i+1)%2]) })
			if ends["ok"] != 4 || ends["REFERRAL_CIRCULAR"] != 4 {
				t.Errorf("%v", ends)
			}
		}
	})
}

func TestCapOfAPeriod(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		c := open(t, db)
		c.terms(func(in *referral.SaveReferralProgramInput) { in.CapCount, in.CapDays = ptr(2), ptr(30) })
		alice := c.customer("Alice", "")
		code := c.link(alice)
		friends := make([]uuid.UUID, 6)
		bought := make([]uuid.UUID, len(friends))
		for i := range friends {
			friends[i] = c.customer("Friend", "")
			c.must(c.claim(friends[i], code))
			bought[i] = c.buy(friends[i], 1000)
		}
		ends := tally(len(friends), func(i int) error { return c.hear(c.referrals, friends[i], bought[i]) })
		if ends["ok"] != len(friends) || c.available(alice) != 200 {
			t.Errorf("%v, alice %d", ends, c.available(alice))
		}
		n, err := c.Client.Referral.Query().Where(entreferral.RejectReasonEQ(entreferral.RejectReasonLIMIT_REACHED)).Count(storetest.System())
		c.must(err)
		if n != 4 {
			t.Errorf("%d over the cap, want 4", n)
		}
	})
}

func TestRegistrationWithACode(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		c := open(t, db)
		c.terms(nil)
		alice := c.customer("Alice", "alice@example.com")
		code := c.link(alice)
		register := func(user uuid.UUID, code string) (known bool) {
			t.Helper()
			c.must(c.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) (err error) {
				known, err = c.referrals.Referred(ctx, tx, user, code)
				return err
			}))
			return known
		}
		confirm := func(user uuid.UUID) {
			t.Helper()
			payload, err := json.Marshal(event.ContactConfirmed{UserID: user, Registered: true})
			c.must(err)
			c.must(c.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
				return c.referrals.OnContactConfirmed(ctx, tx, event.Stored{StreamID: user, Payload: payload})
			}))
		}
		bob, self, never := c.customer("Bob", "bob@example.com"), c.customer("Al", "alice+1@example.com"), c.customer("Never", "")
		if register(bob, "none") || !register(bob, code) || !register(self, code) || !register(never, code) {
			t.Error("codes were taken for others")
		}
		confirm(bob)
		confirm(self)
		if row := c.stands(bob); row.Status != entreferral.StatusREGISTERED || row.RegisteredAt == nil {
			t.Errorf("bob %+v", row)
		}
		if row := c.stands(self); row.Status != entreferral.StatusREJECTED || *row.RejectReason != entreferral.RejectReasonSELF_REFERRAL {
			t.Errorf("alice herself %+v", row)
		}
		c.Clock.Add(90 * day)
		_, err := c.referrals.Due(storetest.System(), 10)
		c.must(err)
		if a, b := c.stands(bob).Status, c.stands(never).Status; a != entreferral.StatusEXPIRED || b != entreferral.StatusEXPIRED {
			t.Errorf("%s and %s after the window", a, b)
		}
	})
}

func TestRejectByStaff(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		c := open(t, db)
		c.terms(nil)
		alice, bob := c.customer("Alice", ""), c.customer("Bob", "")
		c.must(c.claim(bob, c.link(alice)))
		c.must(c.hear(c.referrals, bob, c.buy(bob, 1000)))
		if c.available(alice) != 100 {
			t.Fatalf("alice %d", c.available(alice))
		}
		id := c.stands(bob).GlobalID()
		_, err := c.referrals.Reject(storetest.As(alice), referral.RejectReferralInput{ID: id, Reason: "no"})
		wantCode(t, err, "FORBIDDEN")
		_, err = c.referrals.Reject(c.staff(), referral.RejectReferralInput{ID: id, Reason: " "})
		wantCode(t, err, "REQUIRED") // security K14
		_, err = c.referrals.Reject(c.staff(), referral.RejectReferralInput{ID: scalar.ID{Prefix: "ref"}, Reason: "no"})
		wantCode(t, err, "NOT_FOUND")
		row, err := c.referrals.Reject(c.staff(), referral.RejectReferralInput{ID: id, Reason: "one family"})
		c.must(err)
		if row.Status != entreferral.StatusREJECTED || c.available(alice) != 0 || c.available(bob) != 0 {
			t.Errorf("%s; alice %d, bob %d", row.Status, c.available(alice), c.available(bob))
		}
		_, err = c.referrals.Reject(c.staff(), referral.RejectReferralInput{ID: id, Reason: "again"})
		wantCode(t, err, "ILLEGAL_TRANSITION")
		_, err = c.referrals.SaveProgram(c.staff(), referral.SaveReferralProgramInput{Revision: 7, Texts: []*scalar.Translation{{Locale: "en", Name: "x"}}})
		wantCode(t, err, "STALE_OBJECT")
		_, err = c.referrals.SaveProgram(c.staff(), referral.SaveReferralProgramInput{Revision: 1, AdvocatePoints: -1, Texts: []*scalar.Translation{{Locale: "en", Name: "x"}}})
		wantCode(t, err, "OUT_OF_RANGE") // security K7
	})
}
