package clock_test

import (
	"context"
	"testing"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/company"
	entticket "kabinet/ent/generated/ticket"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/support"
	"kabinet/internal/support/clock"
)

// customers are a company, a family and a person who has reached a tier.
type customers struct{ acme, other, family, gold uuid.UUID }

func (w *world) customers(t *testing.T) (c customers) {
	t.Helper()
	w.write(t, func(ctx context.Context, tx *store.Tx) error {
		for id, kind := range map[*uuid.UUID]company.Kind{&c.acme: company.KindCOMPANY, &c.other: company.KindCOMPANY, &c.family: company.KindFAMILY} {
			made, err := tx.Company.Create().SetName("Of " + string(kind)).SetKind(kind).Save(ctx)
			if err != nil {
				return err
			}
			*id = made.ID
		}
		rich, err := tx.User.Create().SetDisplayName("Gold").Save(ctx)
		if err != nil {
			return err
		}
		c.gold = rich.ID
		program := uuid.New()
		for rank, handle := range []string{"silver", "gold"} {
			tier, err := tx.Tier.Create().SetProgramID(program).SetRank(rank + 1).SetHandle(handle).SetTexts(map[string]map[string]string{"en": {"name": handle}}).SetPerks(nil).Save(ctx)
			if err != nil {
				return err
			}
			err = tx.LedgerAccount.Create().SetOwnerID(rich.ID).SetUnit("PTS:" + handle).SetKind("BONUS").SetTierID(tier.KeyID).Exec(ctx)
			if err != nil {
				return err
			}
		}
		return nil
	})
	return c
}

// opened opens a ticket of an owner past the verbs of customers.
func (w *world) opened(t *testing.T, o support.Opening) (made *ent.Ticket) {
	t.Helper()
	o.Subject, o.First.Body = "Where is it?", "I am waiting."
	if o.UserID == nil {
		o.UserID = &w.alice
	}
	o.First.Author, o.First.AuthorID, o.First.AuthorName = "CUSTOMER", o.UserID, "Alice"
	w.write(t, func(ctx context.Context, tx *store.Tx) (err error) {
		made, _, err = w.tickets.OpenIn(ctx, tx, o)
		return err
	})
	return w.now(t, made)
}

// The first level in force whose condition fits is a ticket's, by everything
// that a condition may name; one that cannot be worked out fits nothing, and
// keeps nobody from opening a ticket.
func TestConditions(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		c := w.customers(t)
		acme := "com_" // as an id at the edge
		if row, err := w.Client.Company.Get(storetest.System(), c.acme); err == nil {
			acme = row.GlobalID().String()
		}
		levels := map[string]uuid.UUID{}
		for i, l := range []struct{ name, condition string }{
			{"broken", `1 / (size(kind) - size(kind)) > 0`},
			{"gold", `tier == "gold"`},
			{"acme", `companyId == "` + acme + `"`},
			{"partners", `isPartner`},
			{"russian letters", `locale == "ru" && channel == "EMAIL"`},
			{"complaints", `kind == "COMPLAINT" || priority in ["HIGH", "URGENT"]`},
		} {
			made, err := w.clocks.SaveLevel(w.staff(), clock.SaveServiceLevelInput{Name: l.name, Condition: &l.condition, Position: &i, FirstReplySeconds: ptr(600 + i)})
			if err != nil {
				t.Fatal(err)
			}
			levels[l.name] = made.ID
		}
		for name, a := range map[string]struct {
			o    support.Opening
			want string // empty: the one built in
		}{
			"of gold":                  {support.Opening{OwnerID: c.gold, UserID: &c.gold}, "gold"},
			"gold's for a company":     {support.Opening{OwnerID: c.other, UserID: &c.gold}, "partners"},
			"of acme":                  {support.Opening{OwnerID: c.acme}, "acme"},
			"of another company":       {support.Opening{OwnerID: c.other}, "partners"},
			"of a family":              {support.Opening{OwnerID: c.family}, ""},
			"of a person":              {support.Opening{OwnerID: w.alice}, ""},
			"in Russian by mail":       {support.Opening{OwnerID: w.alice, Locale: "ru", Channel: entticket.ChannelEMAIL}, "russian letters"},
			"in Russian":               {support.Opening{OwnerID: w.alice, Locale: "ru"}, ""},
			"a complaint":              {support.Opening{OwnerID: w.alice, Kind: entticket.KindCOMPLAINT}, "complaints"},
			"urgent":                   {support.Opening{OwnerID: w.alice, Priority: entticket.PriorityURGENT}, "complaints"},
			"of nobody with a company": {support.Opening{OwnerID: uuid.New()}, ""},
		} {
			tkt := w.opened(t, a.o)
			switch {
			case a.want == "" && tkt.LevelID != nil, a.want != "" && (tkt.LevelID == nil || *tkt.LevelID != levels[a.want]):
				t.Errorf("%s: got %v, want %q", name, tkt.LevelID, a.want)
			case tkt.FirstReplyDueAt == nil:
				t.Errorf("%s: nothing is promised", name)
			}
		}
	})
}
