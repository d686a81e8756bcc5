package card

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/cardsource"
	"kabinet/ent/generated/outsidecard"
	"kabinet/ent/schema"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
)

// Outside cards are asked for in the request that looks at them, side by side
// and outside of any transaction: the operator waits for the slowest source,
// 3.5 seconds at most, and for nothing while the cards are young. A job would
// show him an empty card first and make him ask again. Who asks claims the card
// by one conditional UPDATE; who comes beside him sees the older content, with
// isFetching. A claim ends by itself, should its holder die.
const (
	claimMargin = 5 * time.Second  // beyond the source's time
	askAgain    = 30 * time.Second // a source that failed is left alone so long
	storeTime   = 3 * time.Second  // for keeping what came, also when the caller has left
)

// Refresh asks sources about a customer however young the cards are. Faults:
// INVALID_ID, NOT_FOUND, NOT_ON_ONESELF, TOO_LONG; UNAUTHENTICATED, FORBIDDEN.
func (c *Cards) Refresh(ctx context.Context, in RefreshOutsideCardsInput) ([]*CustomerOutsideCard, error) {
	if err := need(ctx, "ticket", "read"); err != nil {
		return nil, err
	}
	if len(in.SourceIds) > mostSources {
		return nil, fault.ErrTooLong.At("input", "sourceIds").With("limit", mostSources)
	}
	u, err := c.customer(ctx, c.Store.Client, in.UserID, "input", "userId")
	if err != nil {
		return nil, store.Translate(err)
	}
	var only []uuid.UUID
	for _, id := range in.SourceIds {
		key, err := id.As(sourcePrefix)
		if err != nil {
			return nil, fault.ErrInvalidID.At("input", "sourceIds")
		}
		only = append(only, key)
	}
	return c.outside(ctx, u, only, true)
}

// outside are the cards of all sources in use; force asks those of only (none:
// all) whatever their age, and others where they are too old.
func (c *Cards) outside(ctx context.Context, u *ent.User, only []uuid.UUID, force bool) ([]*CustomerOutsideCard, error) {
	sources, err := c.Store.Client.CardSource.Query().Where(cardsource.Enabled(true)).Order(cardsource.ByPosition(), cardsource.ByID()).Limit(mostSources).Select(unsealed...).All(asSystem(ctx))
	if err != nil {
		return nil, store.Translate(err)
	}
	if len(sources) == 0 {
		return []*CustomerOutsideCard{}, nil
	}
	for _, id := range only {
		if !slices.ContainsFunc(sources, func(s *ent.CardSource) bool { return s.ID == id }) {
			return nil, fault.ErrNotFound.At("input", "sourceIds")
		}
	}
	cards, err := c.cardsOf(ctx, u.ID)
	if err != nil {
		return nil, err
	}
	now := c.Store.Now()
	var due []*ent.CardSource
	for _, s := range sources {
		forced := force && (only == nil || slices.Contains(only, s.ID))
		if !beingFetched(cards[s.ID], now) && (forced || tooOld(cards[s.ID], now)) {
			due = append(due, s)
		}
	}
	if len(due) > 0 && c.Ask != nil {
		if err := c.fetch(ctx, u, due); err != nil {
			return nil, err
		}
		if cards, err = c.cardsOf(ctx, u.ID); err != nil {
			return nil, err
		}
	}
	all := make([]*CustomerOutsideCard, len(sources))
	for i, s := range sources {
		all[i] = shownCard(s, cards[s.ID], c.Store.Now())
	}
	return all, nil
}

func (c *Cards) cardsOf(ctx context.Context, user uuid.UUID) (map[uuid.UUID]*ent.OutsideCard, error) {
	rows, err := c.Store.Client.OutsideCard.Query().Where(outsidecard.UserID(user)).All(ctx)
	if err != nil {
		return nil, store.Translate(err)
	}
	cards := make(map[uuid.UUID]*ent.OutsideCard, len(rows))
	for _, r := range rows {
		cards[r.SourceID] = r
	}
	return cards, nil
}

func beingFetched(o *ent.OutsideCard, now time.Time) bool {
	return o != nil && o.FetchingUntil != nil && o.FetchingUntil.After(now)
}

// tooOld says whether a card is asked for anew when somebody looks.
func tooOld(o *ent.OutsideCard, now time.Time) bool {
	switch {
	case o == nil:
		return true
	case o.FailedAt != nil && o.FailedAt.Add(askAgain).After(now):
		return false
	}
	return o.ExpiresAt == nil || !o.ExpiresAt.After(now)
}

// fetch claims cards, asks their sources side by side and keeps what came. The
// failure of one changes nothing of the others.
func (c *Cards) fetch(ctx context.Context, u *ent.User, due []*ent.CardSource) error {
	claimed, err := c.claim(ctx, u.ID, due)
	if err != nil {
		return err
	}
	if len(claimed) == 0 {
		return nil
	}
	asked, err := c.withSecrets(ctx, claimed)
	if err != nil {
		return err
	}
	// Who leaves meanwhile has not made a source fail: it is asked to the end.
	lasting := context.WithoutCancel(ctx)
	answers := make([]Answer, len(asked))
	var all sync.WaitGroup
	for i, s := range asked {
		all.Go(func() { answers[i] = c.ask(lasting, u, s) })
	}
	all.Wait()
	lasting, cancel := context.WithTimeout(lasting, storeTime)
	defer cancel()
	return c.keep(lasting, u.ID, claimed, asked, answers)
}

// unsealed are the columns of a source without its secret.
var unsealed = slices.DeleteFunc(slices.Clone(cardsource.Columns), func(c string) bool { return c == cardsource.FieldSealed })

// withSecrets reads sources that are asked now, with what they are signed by.
func (c *Cards) withSecrets(ctx context.Context, claimed []*ent.CardSource) ([]*ent.CardSource, error) {
	ids := make([]uuid.UUID, len(claimed))
	for i, s := range claimed {
		ids[i] = s.ID
	}
	all, err := c.Store.Client.CardSource.Query().Where(cardsource.IDIn(ids...)).Order(cardsource.ByPosition(), cardsource.ByID()).All(asSystem(ctx))
	return all, store.Translate(err)
}

// claim gives those of the sources that nobody else asks about the customer.
func (c *Cards) claim(ctx context.Context, user uuid.UUID, due []*ent.CardSource) (claimed []*ent.CardSource, err error) {
	var longest time.Duration
	ids := make([]any, len(due))
	for i, s := range due {
		longest, ids[i] = max(longest, time.Duration(s.TimeoutMillis)*time.Millisecond), s.ID
	}
	err = c.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		claimed = nil
		var args []any
		for _, s := range due {
			args = append(args, uuid.Must(uuid.NewV7()), tx.Now, tx.Now, user, s.ID, "")
		}
		if _, err := tx.Exec(ctx, `INSERT INTO outside_cards (id, created_at, updated_at, user_id, source_id, title) VALUES `+
			strings.TrimSuffix(strings.Repeat(`(?, ?, ?, ?, ?, ?), `, len(due)), `, `)+` ON CONFLICT (source_id, user_id) DO NOTHING`, args...); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, `UPDATE outside_cards SET fetching_until = ? WHERE user_id = ? AND (fetching_until IS NULL OR fetching_until <= ?)
			AND source_id IN (`+strings.TrimSuffix(strings.Repeat(`?, `, len(ids)), `, `)+`) RETURNING source_id`,
			append([]any{tx.Now.Add(longest + claimMargin), user, tx.Now}, ids...)...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var id uuid.UUID
			if err := rows.Scan(&id); err != nil {
				return err
			}
			i := slices.IndexFunc(due, func(s *ent.CardSource) bool { return s.ID == id })
			claimed = append(claimed, due[i])
		}
		return rows.Err()
	})
	return claimed, err
}

// ask asks one source about a customer.
func (c *Cards) ask(ctx context.Context, u *ent.User, s *ent.CardSource) Answer {
	secret, err := c.Sealer.Open(s.Sealed, place(s.ID))
	if err != nil {
		return Answer{Failure: "CONNECTION"} // the key of the server was changed without rotate-key
	}
	ids := []scalar.ExternalKey{}
	if u.Source != nil && u.ExternalID != nil {
		ids = append(ids, scalar.ExternalKey{Source: *u.Source, ID: *u.ExternalID})
	}
	type key struct {
		Source string `json:"source"`
		ID     string `json:"id"`
	}
	type data struct {
		User        string `json:"user"`
		ExternalIDs []key  `json:"externalIds"`
		Locale      string `json:"locale"`
	}
	d := data{User: u.GlobalID().String(), ExternalIDs: []key{}, Locale: u.Locale}
	for _, id := range ids {
		d.ExternalIDs = append(d.ExternalIDs, key(id))
	}
	body, err := json.Marshal(struct {
		Type string `json:"type"`
		Data data   `json:"data"`
	}{"customer.card", d})
	if err != nil {
		return Answer{Failure: errorInvalid}
	}
	ctx, cancel := context.WithTimeout(ctx, time.Duration(s.TimeoutMillis)*time.Millisecond)
	defer cancel()
	return c.Ask(ctx, Question{URL: s.Address, ID: "card_" + uuid.NewString(), Secret: secret, Body: body, Most: mostAnswer})
}

// shownCard is a card as the edge shows it.
func shownCard(s *ent.CardSource, o *ent.OutsideCard, now time.Time) *CustomerOutsideCard {
	v := &CustomerOutsideCard{SourceID: s.GlobalID(), SourceName: s.Name, Rows: []*CustomerOutsideRow{}}
	if o == nil {
		return v
	}
	v.FetchedAt, v.ExpiresAt, v.Error, v.FailedAt, v.Link, v.IsFetching = o.FetchedAt, o.ExpiresAt, o.Error, o.FailedAt, o.Link, beingFetched(o, now)
	if o.FetchedAt != nil && o.Title != "" {
		v.Title = &o.Title
	}
	for _, r := range o.Rows {
		v.Rows = append(v.Rows, shownRow(r))
	}
	return v
}

func shownRow(r schema.CardRow) *CustomerOutsideRow {
	v := &CustomerOutsideRow{Label: r.Label, Value: r.Value}
	if r.Link != "" {
		v.Link = &r.Link
	}
	return v
}
