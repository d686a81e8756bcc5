package card_test

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/support/card"
)

func (w *world) source(name string, position int) card.SavedSource {
	w.t.Helper()
	s, err := w.SaveSource(lead(w.sue), card.SaveCardSourceInput{Name: &name, URL: ptr("https://" + name + ".example/card"), Position: &position})
	w.must(err)
	return s
}

func TestSources(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		sue := lead(w.sue)
		saved := w.source("erp", 2)
		if s := saved.Source; s.TTLSeconds != 300 || s.TimeoutMillis != 3000 || !s.Enabled || saved.Secret == nil || !strings.HasPrefix(*saved.Secret, "whsec_") {
			t.Fatalf("%+v", saved)
		}
		id := ptr(saved.Source.GlobalID())
		changed, err := w.SaveSource(sue, card.SaveCardSourceInput{ID: id, Revision: ptr(1), Name: ptr("ERP"), TTLSeconds: ptr(0), Enabled: ptr(false)})
		w.must(err)
		if s := changed.Source; changed.Secret != nil || s.Name != "ERP" || s.TTLSeconds != 0 || s.Enabled || s.Position != 2 || s.Revision != 2 {
			t.Errorf("%+v", changed)
		}
		rotated, err := w.SaveSource(sue, card.SaveCardSourceInput{ID: id, Revision: ptr(2), NewSecret: ptr(true)})
		w.must(err)
		if rotated.Secret == nil || *rotated.Secret == *saved.Secret {
			t.Error("the secret is the former one")
		}
		w.source("crm", 1)
		all, err := w.Sources(as(w.victor, may("support", "read")))
		if w.must(err); len(all) != 2 || all[0].Name != "crm" {
			t.Errorf("%v", all)
		}
		for name, c := range map[string]struct {
			in   card.SaveCardSourceInput
			want *fault.Fault
			path string
		}{
			"no name":   {card.SaveCardSourceInput{URL: ptr("https://a.example/")}, fault.ErrRequired, "name"},
			"no url":    {card.SaveCardSourceInput{Name: ptr("a")}, fault.ErrRequired, "url"},
			"inside":    {card.SaveCardSourceInput{Name: ptr("a"), URL: ptr("https://10.0.0.1/")}, card.ErrAddressRefused, "url"},
			"taken":     {card.SaveCardSourceInput{Name: ptr("crm"), URL: ptr("https://a.example/")}, card.ErrNameTaken, "name"},
			"taken too": {card.SaveCardSourceInput{ID: id, Revision: ptr(3), Name: ptr("crm")}, card.ErrNameTaken, "name"},
			"ttl":       {card.SaveCardSourceInput{ID: id, Revision: ptr(3), TTLSeconds: ptr(-1)}, fault.ErrOutOfRange, "ttlSeconds"},
			"patience":  {card.SaveCardSourceInput{ID: id, Revision: ptr(3), TimeoutMillis: ptr(60_000)}, fault.ErrOutOfRange, "timeoutMillis"},
			"stale":     {card.SaveCardSourceInput{ID: id, Revision: ptr(1)}, fault.ErrStaleObject, "revision"},
			"unread":    {card.SaveCardSourceInput{ID: id}, fault.ErrRequired, "revision"},
			"unknown":   {card.SaveCardSourceInput{ID: ptr(idLike(*id)), Revision: ptr(1)}, fault.ErrNotFound, "id"},
			"kind":      {card.SaveCardSourceInput{ID: ptr(usr(w.alice)), Revision: ptr(1)}, fault.ErrInvalidID, "id"},
		} {
			_, err := w.SaveSource(sue, c.in)
			if f, _ := fault.As(err); f == nil || !errors.Is(err, c.want) || strings.Join(f.Path, ".") != "input."+c.path {
				t.Errorf("%s: %v", name, err)
			}
		}
		for name, ctx := range map[string]context.Context{"a customer": storetest.As(w.bob), "an agent": agent(w.sue), "who reads": as(w.sue, may("support", "read"))} {
			if _, err := w.SaveSource(ctx, card.SaveCardSourceInput{Name: ptr("x"), URL: ptr("https://x.example/")}); !errors.Is(err, fault.ErrForbidden) {
				t.Errorf("%s: %v", name, err)
			}
		}
		// What is on record shows the host alone, and nothing that prints a source
		// shows what it signs with (security I8).
		if n := w.count(`SELECT count(*) FROM audit_entries WHERE action = 'card_source.save' AND (CAST(changes AS text) LIKE '%/card%' OR CAST(changes AS text) LIKE '%whsec%')`); n != 0 {
			t.Error("the address or a secret is on record")
		}
		row, err := w.Store.Client.CardSource.Get(storetest.System(), saved.Source.ID)
		w.must(err)
		printed, _ := json.Marshal(row)
		if text := row.String() + string(printed); len(row.Sealed) == 0 || strings.Contains(text, string(row.Sealed)) || strings.Contains(strings.ToLower(string(printed)), "sealed") {
			t.Errorf("a source prints its secret: %s", text)
		}
		for i := range 18 {
			w.source("s"+strconv.Itoa(i), 0)
		}
		_, err = w.SaveSource(sue, card.SaveCardSourceInput{Name: ptr("one more"), URL: ptr("https://x.example/")})
		w.wants(err, card.ErrTooManyItems)
		_, err = w.DeleteSource(sue, card.DeleteCardSourceInput{ID: *id})
		w.must(err)
		_, err = w.DeleteSource(sue, card.DeleteCardSourceInput{ID: *id})
		w.wants(err, fault.ErrNotFound, "input", "id")
	})
}

func (w *world) outside(force bool) []*card.CustomerOutsideCard {
	w.t.Helper()
	ctx := agent(w.sue) // who does not read the settings of support sees cards all the same
	if force {
		all, err := w.Refresh(ctx, card.RefreshOutsideCardsInput{UserID: usr(w.alice)})
		w.must(err)
		return all
	}
	c, err := w.Of(ctx, usr(w.alice))
	w.must(err)
	all, err := c.OutsideCards(ctx)
	w.must(err)
	return all
}

func said(title string) card.Answer {
	return card.Answer{Status: 200, Body: []byte(`{"title":"` + title + `","rows":[{"label":"<b>Debt</b>","value":"0","link":"javascript:alert(1)"}],"link":"https://erp.example/1"}`)}
}

func TestOutsideCards(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		if got := w.outside(false); len(got) != 0 {
			t.Fatal(got)
		}
		w.source("erp", 1)
		w.source("crm", 2)
		w.tells = func(q card.Question) card.Answer {
			if strings.Contains(q.URL, "crm") {
				return card.Answer{Failure: "TIMEOUT"}
			}
			return said("one")
		}
		got := w.outside(false)
		erp, crm := got[0], got[1]
		if len(w.asked) != 2 || *erp.Title != "one" || erp.Error != nil || erp.Rows[0].Label != "<b>Debt</b>" || erp.Rows[0].Link != nil || *erp.Link != "https://erp.example/1" || erp.FetchedAt == nil || erp.IsFetching {
			t.Errorf("%d: %+v", len(w.asked), erp)
		}
		if crm.Error == nil || *crm.Error != "TIMEOUT" || crm.Title != nil || crm.FetchedAt != nil || len(crm.Rows) != 0 {
			t.Errorf("%+v", crm)
		}
		var body struct {
			Type string
			Data struct {
				User, Locale string
				ExternalIds  []struct{ Source, ID string }
			}
		}
		w.must(json.Unmarshal(w.asked[0].Body, &body))
		if body.Type != "customer.card" || body.Data.User != usr(w.alice).String() || body.Data.Locale != "en" || body.Data.ExternalIds[0].ID != "Alice" || len(w.asked[0].Secret) != 32 {
			t.Errorf("%s", w.asked[0].Body)
		}
		// Young cards are not asked for, and one that failed is left alone.
		if w.outside(false); len(w.asked) != 2 {
			t.Error("asked again:", len(w.asked))
		}
		db.Clock.Add(31 * time.Second)
		if w.outside(false); len(w.asked) != 3 {
			t.Error("the one that failed is asked again:", len(w.asked))
		}
		// The older content stays beside the reason.
		db.Clock.Add(5 * time.Minute)
		first := *erp.FetchedAt
		w.tells = func(card.Question) card.Answer { return card.Answer{Failure: "STATUS", Status: 500} }
		got = w.outside(false)
		if e := got[0]; len(w.asked) != 5 || *e.Title != "one" || *e.Error != "STATUS" || !e.FetchedAt.Equal(first) || e.FailedAt == nil || len(e.Rows) != 1 {
			t.Errorf("%d: %+v", len(w.asked), e)
		}
		// Asked for by hand, however young.
		w.tells = func(card.Question) card.Answer { return said("two") }
		if got = w.outside(true); *got[0].Title != "two" || got[0].Error != nil || *got[1].Title != "two" || len(w.asked) != 7 {
			t.Errorf("%+v", got[0])
		}
		_, err := w.Refresh(agent(w.sue), card.RefreshOutsideCardsInput{UserID: usr(w.sue)})
		w.wants(err, card.ErrNotOnOneself)
		_, err = w.Refresh(storetest.As(w.alice), card.RefreshOutsideCardsInput{UserID: usr(w.bob)})
		w.wants(err, fault.ErrForbidden)
	})
}

// At most one fetch at a time a card: who comes beside sees the older content.
func TestOutsideCardsOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		s := w.source("erp", 1)
		begun, goOn := make(chan struct{}, 10), make(chan struct{})
		w.tells = func(card.Question) card.Answer {
			begun <- struct{}{}
			<-goOn
			return said("one")
		}
		var wait sync.WaitGroup
		wait.Go(func() { w.outside(true) })
		<-begun
		for range 5 {
			if c := w.outside(true)[0]; !c.IsFetching || c.Title != nil {
				t.Errorf("%+v", c)
			}
		}
		// A claim whose holder died ends by itself.
		db.Clock.Add(time.Minute)
		wait.Go(func() { w.outside(false) })
		<-begun
		// A source that is deleted in between leaves nothing behind.
		_, err := w.DeleteSource(lead(w.sue), card.DeleteCardSourceInput{ID: s.Source.GlobalID()})
		w.must(err)
		close(goOn)
		wait.Wait()
		if n := w.count(`SELECT count(*) FROM outside_cards`); len(w.asked) != 2 || n != 0 {
			t.Errorf("asked %d times, %d cards", len(w.asked), n)
		}
	})
}

func idLike(id scalar.ID) scalar.ID {
	id.UUID[15]++
	return id
}

// Who leaves has not made a source fail, and where nothing is known there is no
// heading.
func TestOutsideCardsLeft(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		w.source("erp", 1)
		ctx, leave := context.WithCancel(agent(w.sue))
		w.tells = func(card.Question) card.Answer { leave(); return card.Answer{Status: 204} }
		c, err := w.Of(ctx, usr(w.alice))
		w.must(err)
		_, _ = c.OutsideCards(ctx)
		got := w.outside(false)[0]
		if len(w.asked) != 1 || got.Error != nil || got.FetchedAt == nil || got.Title != nil || got.IsFetching || len(got.Rows) != 0 {
			t.Errorf("asked %d times: %+v", len(w.asked), got)
		}
	})
}

// A person who is erased while he is asked about leaves nothing behind.
func TestOutsideCardsOfTheErased(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		w.source("erp", 1)
		w.tells = func(card.Question) card.Answer {
			w.write(func(ctx context.Context, tx *store.Tx) error {
				_, err := tx.OutsideCard.Delete().Exec(ctx)
				return err
			})
			return said("one")
		}
		if got := w.outside(false)[0]; got.Title != nil || w.count(`SELECT count(*) FROM outside_cards`) != 0 {
			t.Errorf("%+v", got)
		}
	})
}
