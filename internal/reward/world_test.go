package reward_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/internal/bonus"
	"kabinet/internal/fault"
	"kabinet/internal/reward"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/viewer"
)

const day = 24 * time.Hour

// shop is the rewards of one test over a real ledger, which storetest proves
// when it ends.
type shop struct {
	*storetest.DB
	t       testing.TB
	rewards *reward.Rewards
	points  *bonus.Points
	keys    atomic.Int64
	clerk   uuid.UUID
}

func open(t testing.TB, db *storetest.DB) *shop {
	t.Helper()
	s := &shop{DB: db, t: t, points: &bonus.Points{Store: db.Store}}
	s.must(s.points.EnsureDefaultProgram(storetest.System()))
	s.rewards = over(db.Store, s.points)
	s.clerk = s.customer("clerk")
	return s
}

// over wires rewards as the server does.
func over(db *store.Store, p *bonus.Points) *reward.Rewards {
	return &reward.Rewards{
		Store: db, GiveBack: p.GiveBack,
		Spend: func(ctx context.Context, tx *store.Tx, s reward.Spending) (*ent.LedgerEntry, error) {
			return p.SpendFor(ctx, tx, bonus.Price{Owner: s.Owner, Program: s.Program, Amount: s.Amount, Cause: s.Cause, Explain: s.Explain})
		},
		Settled: func(ctx context.Context, a *ent.LedgerAccount) (*ent.LedgerAccount, error) {
			v, err := p.Settled(ctx, a)
			if err != nil {
				return nil, err
			}
			return v.LedgerAccount, nil
		},
	}
}

func (s *shop) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *shop) customer(name string) uuid.UUID {
	s.t.Helper()
	var id uuid.UUID
	s.must(s.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
		u, err := tx.User.Create().SetDisplayName(name).Save(ctx)
		if err == nil {
			id = u.ID
		}
		return err
	}))
	return id
}

// staff is a context of somebody who may do everything with rewards and points.
func (s *shop) staff() context.Context {
	grants := map[viewer.Permission]viewer.Reach{}
	for _, resource := range []string{"bonus", "marketing"} {
		for _, operation := range []string{"read", "write"} {
			grants[viewer.Permission{Resource: resource, Operation: operation}] = viewer.ReachAll
		}
	}
	return viewer.With(context.Background(), viewer.Viewer{UserID: s.clerk, OwnerID: s.clerk, Staff: true, Locale: "en", Grants: grants})
}

func (s *shop) key() string { return fmt.Sprintf("key-%d", s.keys.Add(1)) }

func (s *shop) give(user uuid.UUID, n int64, lives time.Duration) {
	s.t.Helper()
	in := bonus.AccruePointsInput{UserID: scalar.ID{Prefix: "usr", UUID: user}, Amount: n, Reason: "a gift", IdempotencyKey: s.key()}
	if lives > 0 {
		at := s.Clock.Now().Add(lives)
		in.ExpiresAt = &at
	}
	_, err := s.points.Accrue(s.staff(), in)
	s.must(err)
}

// available are the points that somebody can spend.
func (s *shop) available(user uuid.UUID) int64 {
	s.t.Helper()
	a, err := s.points.AccountOf(storetest.As(user), user, nil)
	s.must(err)
	return a.Available()
}

// offer makes a reward and offers it.
func (s *shop) offer(change func(*reward.SaveRewardInput)) *ent.Reward {
	s.t.Helper()
	in := reward.SaveRewardInput{Kind: reward.RewardKindDelivery, Cost: 100, Texts: []*scalar.Translation{{Locale: "en", Name: "Free delivery"}}, IdempotencyKey: s.key()}
	if change != nil {
		change(&in)
	}
	saved, err := s.rewards.Save(s.staff(), in)
	s.must(err)
	rw, err := s.rewards.SetStatus(s.staff(), reward.SetRewardStatusInput{ID: saved.Reward.GlobalID(), Status: reward.RewardStatusActive})
	s.must(err)
	return rw
}

func (s *shop) exchange(user uuid.UUID, rw *ent.Reward) (reward.Done, error) {
	return s.rewards.Exchange(storetest.As(user), reward.ExchangeRewardInput{RewardID: rw.GlobalID(), IdempotencyKey: s.key()})
}

func (s *shop) stock(rw *ent.Reward) (stock, taken int64) {
	s.t.Helper()
	now, err := s.Client.Reward.Get(storetest.System(), rw.ID)
	s.must(err)
	if now.Stock != nil {
		stock = *now.Stock
	}
	return stock, now.Taken
}

func ptr[T any](v T) *T { return &v }

func wantCode(t testing.TB, err error, code string) *fault.Fault {
	t.Helper()
	f, ok := fault.As(err)
	if !ok || f.Code != code {
		t.Fatalf("got %v, want %s", err, code)
	}
	return f
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
