package campaign_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/internal/bonus"
	"kabinet/internal/campaign"
	"kabinet/internal/event"
	"kabinet/internal/fault"
	"kabinet/internal/ledger"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/viewer"
)

// world is a database with a programme of points, campaigns over it, and some
// people; staff is one of them.
type world struct {
	*storetest.DB
	s      *campaign.Campaigns
	points *bonus.Points
	people []uuid.UUID
	keys   int
}

func newWorld(t *testing.T, db *storetest.DB, people int) *world {
	t.Helper()
	w := &world{DB: db, points: &bonus.Points{Store: db.Store}}
	sealer, err := store.NewSealer([]byte("a secret of thirty-two bytes or more"))
	check(t, err)
	w.s = &campaign.Campaigns{Store: db.Store, Sealer: sealer, Give: func(ctx context.Context, tx *store.Tx, g campaign.Gift) (bool, error) {
		e, err := w.points.GiveFor(ctx, tx, bonus.Gift{Owner: g.Owner, Program: g.Program, Amount: g.Amount, Cause: g.Cause, Explain: g.Explain})
		return e != nil, err
	}}
	check(t, w.points.EnsureDefaultProgram(storetest.System()))
	w.write(t, func(ctx context.Context, tx *store.Tx) error {
		for i := range people {
			u, err := tx.User.Create().SetDisplayName(fmt.Sprintf("Person %d", i)).Save(ctx)
			if err != nil {
				return err
			}
			w.people = append(w.people, u.ID)
		}
		return nil
	})
	return w
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (w *world) write(t *testing.T, f func(ctx context.Context, tx *store.Tx) error) {
	t.Helper()
	check(t, w.InTx(storetest.System(), f))
}

// staff is somebody with the permissions of marketing.
func staff() context.Context {
	return viewer.With(context.Background(), viewer.Viewer{UserID: uuid.MustParse("00000000-0000-7000-8000-0000000000aa"), Staff: true, OwnerID: viewer.House,
		Grants: map[viewer.Permission]viewer.Reach{{Resource: "marketing", Operation: "read"}: viewer.ReachAll, {Resource: "marketing", Operation: "write"}: viewer.ReachAll}})
}

func (w *world) as(i int) context.Context { return storetest.As(w.people[i]) }

func (w *world) key() string { w.keys++; return fmt.Sprintf("key-%d", w.keys) }

func texts(name string) []*scalar.Translation {
	return []*scalar.Translation{{Locale: "en", Name: name}, {Locale: "ru", Name: name + " (ru)"}}
}

func ptr[T any](v T) *T { return &v }

// raffle is a campaign input of a kind that ends in an hour.
func (w *world) input(kind campaign.CampaignKind, handle string) campaign.SaveCampaignInput {
	return campaign.SaveCampaignInput{Kind: &kind, Handle: &handle, Texts: texts(handle), EndsAt: graphql.OmittableOf(ptr(w.Clock.Now().Add(time.Hour))),
		EntryRules: &campaign.CampaignEntryRulesInput{AutoApprove: ptr(true)}}
}

func prizes(counts ...int) (out []*campaign.CampaignPrizeInput) {
	for i, n := range counts {
		out = append(out, &campaign.CampaignPrizeInput{Texts: texts(fmt.Sprintf("Prize %d", i+1)), Count: n})
	}
	return out
}

// open saves and opens a campaign.
func (w *world) open(t *testing.T, in campaign.SaveCampaignInput) *ent.Campaign {
	t.Helper()
	c, err := w.s.Save(staff(), in)
	check(t, err)
	c, err = w.s.SetStatus(staff(), campaign.SetCampaignStatusInput{CampaignID: c.GlobalID(), Status: campaign.StatusOpen})
	check(t, err)
	return c
}

func (w *world) enter(i int, c *ent.Campaign, change ...func(*campaign.EnterCampaignInput)) (campaign.Entered, error) {
	in := campaign.EnterCampaignInput{CampaignID: c.GlobalID(), IdempotencyKey: uuid.NewString()}
	for _, f := range change {
		f(&in)
	}
	return w.s.Enter(w.as(i), in)
}

// hear lets all hearers of campaigns hear all that nobody heard, till nothing is left.
func (w *world) hear(t *testing.T) {
	t.Helper()
	for range 100 {
		n, err := w.Hear(storetest.System(), 100, w.s.Hearers(), func(_ context.Context, _ *store.Tx, hearer string, _ event.Stored, err error) error {
			return fmt.Errorf("%s: %w", hearer, err)
		})
		check(t, err)
		if n == 0 {
			return
		}
	}
	t.Fatal("it never ends")
}

func (w *world) balance(t *testing.T, i int) int64 {
	t.Helper()
	a, err := w.points.AccountOf(w.as(i), w.people[i], nil)
	check(t, err)
	return a.Balance()
}

func wantCode(t *testing.T, err error, want *fault.Fault) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("got %v, want %s", err, want.Code)
	}
}

// checked runs the checker of the ledger.
func (w *world) checked(t *testing.T) {
	t.Helper()
	_, err := w.points.Books().Check(storetest.System(), func(f ledger.Finding) { t.Errorf("ledger: %+v", f) })
	check(t, err)
}
