package referral_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/contactpoint"
	entorder "kabinet/ent/generated/order"
	entreferral "kabinet/ent/generated/referral"
	"kabinet/ent/generated/user"
	"kabinet/internal/bonus"
	"kabinet/internal/event"
	"kabinet/internal/fault"
	"kabinet/internal/referral"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/viewer"
)

const day = 24 * time.Hour

// club is the referrals of one test over a real ledger, which storetest proves
// when it ends.
type club struct {
	*storetest.DB
	t         testing.TB
	referrals *referral.Referrals
	points    *bonus.Points
	clerk     uuid.UUID
	numbers   atomic.Int64
}

func open(t testing.TB, db *storetest.DB) *club {
	t.Helper()
	c := &club{DB: db, t: t, points: &bonus.Points{Store: db.Store}}
	c.must(c.points.EnsureDefaultProgram(storetest.System()))
	c.referrals = over(db.Store, c.points)
	c.clerk = c.customer("Clerk", "")
	return c
}

// over wires referrals as the server does.
func over(db *store.Store, p *bonus.Points) *referral.Referrals {
	return &referral.Referrals{
		Store: db, Public: &url.URL{Scheme: "https", Host: "shop.example.com"},
		Give: func(ctx context.Context, tx *store.Tx, g referral.Gift) (*ent.LedgerEntry, error) {
			return p.GiveFor(ctx, tx, bonus.Gift{Owner: g.Owner, Program: g.Program, Amount: g.Amount, Cause: g.Cause, Explain: g.Explain, Order: g.Order})
		},
		TakeBack: p.TakeBack,
	}
}

func (c *club) must(err error) {
	c.t.Helper()
	if err != nil {
		c.t.Fatal(err)
	}
}

// customer is somebody who proved an address, if there is one.
func (c *club) customer(name, email string) uuid.UUID {
	c.t.Helper()
	var id uuid.UUID
	c.must(c.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
		u, err := tx.User.Create().SetDisplayName(name).SetStatus(user.StatusACTIVE).Save(ctx)
		if err != nil {
			return err
		}
		if id = u.ID; email == "" {
			return nil
		}
		return tx.ContactPoint.Create().SetUserID(id).SetKind(contactpoint.KindEMAIL).SetValue(email).SetValueKey(email).
			SetVerifiedAt(tx.Now).SetIsPrimary(true).Exec(ctx)
	}))
	return id
}

func (c *club) staff() context.Context {
	grants := map[viewer.Permission]viewer.Reach{
		{Resource: "marketing", Operation: "read"}: viewer.ReachAll, {Resource: "marketing", Operation: "write"}: viewer.ReachAll,
	}
	return viewer.With(context.Background(), viewer.Viewer{UserID: c.clerk, OwnerID: c.clerk, Staff: true, Locale: "en", Grants: grants})
}

// terms puts terms in force: 100 for the advocate, 50 for the friend.
func (c *club) terms(change func(*referral.SaveReferralProgramInput)) {
	c.t.Helper()
	in := referral.SaveReferralProgramInput{IsActive: true, AdvocatePoints: 100, FriendPoints: 50, Texts: []*scalar.Translation{{Locale: "en", Name: "Bring a friend"}}}
	if p, err := c.referrals.Program(storetest.System()); err != nil {
		c.t.Fatal(err)
	} else if p != nil {
		in.Revision = p.Revision
	}
	if change != nil {
		change(&in)
	}
	_, err := c.referrals.SaveProgram(c.staff(), in)
	c.must(err)
}

func (c *club) link(user uuid.UUID) string {
	c.t.Helper()
	l, err := c.referrals.CreateLink(storetest.As(user))
	c.must(err)
	return l.Code
}

func (c *club) claim(user uuid.UUID, code string) error {
	_, err := c.referrals.Claim(storetest.As(user), referral.ClaimReferralInput{Code: code})
	return err
}

// buy makes a paid order.
func (c *club) buy(owner uuid.UUID, minor int64) uuid.UUID {
	c.t.Helper()
	var id uuid.UUID
	c.must(c.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
		o, err := tx.Order.Create().SetOwnerID(owner).SetUserID(owner).SetNumber(fmt.Sprintf("T-%d", c.numbers.Add(1))).SetCurrency("GBP").
			SetSubtotalMinor(minor).SetTotalMinor(minor).SetPaidMinor(minor).SetPaymentStatus(entorder.PaymentStatusPAID).SetPlacedAt(tx.Now).Save(ctx)
		if err == nil {
			id = o.ID
		}
		return err
	}))
	return id
}

// hear plays a fact about an order, as the relay would.
func (c *club) hear(r *referral.Referrals, owner, order uuid.UUID) error {
	payload, err := json.Marshal(event.OrderStatusChanged{OrderID: order, OwnerID: owner})
	if err != nil {
		return err
	}
	return r.Store.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
		return r.OnOrder(ctx, tx, event.Stored{StreamID: owner, Kind: event.OrderStatusChanged{}.Kind(), Payload: payload})
	})
}

func (c *club) cancel(order uuid.UUID) {
	c.t.Helper()
	c.must(c.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
		return tx.Order.UpdateOneID(order).SetStatus(entorder.StatusCANCELLED).Exec(ctx)
	}))
}

func (c *club) available(user uuid.UUID) int64 {
	c.t.Helper()
	a, err := c.points.AccountOf(storetest.As(user), user, nil)
	c.must(err)
	return a.Available()
}

// stands is where the referral of a friend stands.
func (c *club) stands(friend uuid.UUID) *ent.Referral {
	c.t.Helper()
	row, err := c.Client.Referral.Query().Where(entreferral.FriendID(friend)).Only(storetest.System())
	c.must(err)
	return row
}

func ptr[T any](v T) *T { return &v }

func wantCode(t testing.TB, err error, code string) {
	t.Helper()
	if f, ok := fault.As(err); !ok || f.Code != code {
		t.Fatalf("got %v, want %s", err, code)
	}
}

// tally counts how calls at once ended, by code.
func tally(n int, call func(i int) error) map[string]int {
	var mu sync.Mutex
	var wg sync.WaitGroup
	ends := map[string]int{}
	for i := range n {
		wg.Go(func() {
			code := "ok"
			if err := call(i); err != nil {
				code = err.Error()
				if f, is := fault.As(err); is {
					code = f.Code
				}
			}
			mu.Lock()
			ends[code]++
			mu.Unlock()
		})
	}
	wg.Wait()
	return ends
}
