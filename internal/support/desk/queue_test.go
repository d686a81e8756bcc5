package desk_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/ticket"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/support"
	"kabinet/internal/support/desk"
)

func subjects(c *ent.TicketConnection) (n []string) {
	for _, e := range c.Edges {
		n = append(n, e.Node.Subject)
	}
	return n
}

func TestQueue(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		sam := agent(w.sam)
		var order scalar.ID
		w.write(t, func(ctx context.Context, tx *store.Tx) error {
			o, err := tx.Order.Create().SetNumber("N1").SetCurrency("EUR").SetSubtotalMinor(100).SetTotalMinor(100).
				SetOwnerID(w.alice).SetUserID(w.alice).SetPlacedAt(tx.Now).Save(ctx)
			order = o.GlobalID()
			return err
		})
		team := w.team(t, desk.SaveSupportTeamInput{Name: "T"})
		made := map[string]*ent.Ticket{}
		for _, c := range []struct {
			name string
			ctx  context.Context
			in   support.OpenTicketInput
		}{
			{"a1", customer(w.alice, "en"), support.OpenTicketInput{OrderID: &order}}, {"b1", customer(w.bob, "ru"), support.OpenTicketInput{Kind: ptr(ticket.KindCOMPLAINT)}}, {"a2", customer(w.alice, "en"), support.OpenTicketInput{}},
		} {
			db.Clock.Add(time.Minute)
			c.in.Subject = c.name
			made[c.name] = w.open(t, c.ctx, c.in)
		}
		start := made["b1"].CreatedAt
		db.Clock.Add(time.Minute)
		if _, _, err := w.tickets.Reply(customer(w.alice, "en"), support.ReplyToTicketInput{TicketID: made["a1"].GlobalID(), Body: "more"}); err != nil {
			t.Fatal(err)
		}
		db.Clock.Add(time.Minute)
		if _, err := w.tickets.Close(sam, support.CloseTicketInput{TicketID: made["b1"].GlobalID()}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.queue.Assign(sam, desk.AssignTicketInput{TicketID: made["a2"].GlobalID(), AssigneeID: given(w.sue)}); err != nil {
			t.Fatal(err)
		}
		w.write(t, func(ctx context.Context, tx *store.Tx) error {
			if err := tx.Ticket.UpdateOneID(made["a2"].ID).SetTeamID(team.ID).SetDueAt(tx.Now).SetLevelStatus(ticket.LevelStatusBREACHED).Exec(ctx); err != nil {
				return err
			}
			if err := tx.Ticket.UpdateOneID(made["b1"].ID).SetBotState(ticket.BotStateDONE).Exec(ctx); err != nil {
				return err
			}
			return tx.Ticket.UpdateOneID(made["a1"].ID).SetPriority(ticket.PriorityURGENT).SetUrgency(3).SetStaffReadSeq(9).SetBotState(ticket.BotStateANSWERING).Exec(ctx)
		})
		yes := true
		for name, c := range map[string]struct {
			filter *desk.TicketQueueFilter
			sort   desk.TicketSort
			want   []string
		}{
			"all":               {nil, "", []string{"b1", "a1", "a2"}},
			"oldest":            {nil, desk.SortOldestActive, []string{"a2", "a1", "b1"}},
			"due":               {&desk.TicketQueueFilter{Status: []ticket.Status{ticket.StatusOPEN}}, desk.SortDue, []string{"a2", "a1"}},
			"urgency":           {&desk.TicketQueueFilter{Status: []ticket.Status{ticket.StatusOPEN}}, desk.SortUrgency, []string{"a1", "a2"}},
			"newest":            {nil, desk.SortNewest, []string{"a2", "b1", "a1"}},
			"open":              {&desk.TicketQueueFilter{Status: []ticket.Status{ticket.StatusOPEN}}, "", []string{"a1", "a2"}},
			"two states":        {&desk.TicketQueueFilter{Status: []ticket.Status{ticket.StatusCLOSED, ticket.StatusSNOOZED, ticket.StatusCLOSED}}, "", []string{"b1"}},
			"reason":            {&desk.TicketQueueFilter{Reason: []ticket.StatusReason{ticket.StatusReasonRESOLVED}}, "", []string{"b1"}},
			"kind":              {&desk.TicketQueueFilter{Kind: []ticket.Kind{ticket.KindCOMPLAINT}}, "", []string{"b1"}},
			"priority":          {&desk.TicketQueueFilter{Priority: []ticket.Priority{ticket.PriorityURGENT, ticket.PriorityHIGH}}, "", []string{"a1"}},
			"channel":           {&desk.TicketQueueFilter{Channel: []ticket.Channel{ticket.ChannelEMAIL}}, "", nil},
			"locale":            {&desk.TicketQueueFilter{Locale: []string{"ru"}}, "", []string{"b1"}},
			"level":             {&desk.TicketQueueFilter{LevelStatus: []ticket.LevelStatus{ticket.LevelStatusBREACHED}}, "", []string{"a2"}},
			"team":              {&desk.TicketQueueFilter{TeamID: ptr(team.GlobalID())}, "", []string{"a2"}},
			"no team":           {&desk.TicketQueueFilter{WithoutTeam: &yes}, "", []string{"b1", "a1"}},
			"unassigned":        {&desk.TicketQueueFilter{Unassigned: &yes}, "", []string{"b1", "a1"}},
			"sue's":             {&desk.TicketQueueFilter{AssigneeID: ptr(usr(w.sue))}, "", []string{"a2"}},
			"sam's":             {&desk.TicketQueueFilter{Mine: &yes}, "", nil},
			"of bob":            {&desk.TicketQueueFilter{CustomerID: ptr(usr(w.bob))}, "", []string{"b1"}},
			"of a company":      {&desk.TicketQueueFilter{CompanyID: &scalar.ID{Prefix: "com", UUID: w.bob}}, "", []string{"b1"}},
			"about an order":    {&desk.TicketQueueFilter{OrderID: &order}, "", []string{"a1"}},
			"number":            {&desk.TicketQueueFilter{Number: ptr(" " + string(lower(made["a2"].Number)))}, "", []string{"a2"}},
			"text":              {&desk.TicketQueueFilter{Text: ptr(" A")}, "", []string{"a1", "a2"}}, // b1 is closed
			"text of any state": {&desk.TicketQueueFilter{Text: ptr("1"), CreatedFrom: ptr(time.Unix(0, 0))}, "", []string{"b1", "a1"}},
			"text of closed":    {&desk.TicketQueueFilter{Text: ptr("b"), Status: []ticket.Status{ticket.StatusCLOSED}}, "", []string{"b1"}},
			"begun number":      {&desk.TicketQueueFilter{Text: ptr(string(lower(made["a2"].Number[:len(made["a2"].Number)-1])))}, "", []string{"a2"}},
			"no text":           {&desk.TicketQueueFilter{Text: ptr(" ")}, "", []string{"b1", "a1", "a2"}},
			"text is text":      {&desk.TicketQueueFilter{Text: ptr("%")}, "", nil},
			"from":              {&desk.TicketQueueFilter{CreatedFrom: &start}, "", []string{"b1", "a2"}},
			"before":            {&desk.TicketQueueFilter{CreatedBefore: &start}, "", []string{"a1"}},
			"unread":            {&desk.TicketQueueFilter{Unread: &yes}, "", []string{"b1", "a2"}},
			"with the bot":      {&desk.TicketQueueFilter{WithBot: &yes}, "", []string{"a1"}},
			"without the bot":   {&desk.TicketQueueFilter{WithBot: new(bool)}, "", []string{"b1", "a2"}},
			"people's to take":  {&desk.TicketQueueFilter{WithBot: new(bool), Unassigned: &yes, Status: []ticket.Status{ticket.StatusOPEN}}, "", nil},
			"several at once":   {&desk.TicketQueueFilter{Status: []ticket.Status{ticket.StatusOPEN}, Unassigned: &yes, Locale: []string{"en"}}, "", []string{"a1"}},
			"what cannot be":    {&desk.TicketQueueFilter{Unassigned: &yes, Mine: &yes}, "", nil},
			"flags that are no": {&desk.TicketQueueFilter{Unassigned: new(bool), Mine: new(bool), Unread: new(bool), WithoutTeam: new(bool)}, "", []string{"b1", "a1", "a2"}},
		} {
			var sort *desk.TicketSort
			if c.sort != "" {
				sort = &c.sort
			}
			var page *ent.TicketConnection
			var err error
			n, list := db.Statements(func() { page, err = w.queue.List(sam, c.filter, sort, desk.Page{}) })
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			if got := subjects(page); !slices.Equal(got, c.want) {
				t.Errorf("%s: %v, want %v", name, got, c.want)
			}
			if n != 2 { // without a selection the rows are counted too
				t.Errorf("%s: %d statements: %.300s", name, n, list)
			}
		}
		_, err := w.queue.List(sam, &desk.TicketQueueFilter{TeamID: ptr(usr(w.bob))}, nil, desk.Page{})
		wantFault(t, err, fault.ErrInvalidID)
		for path, f := range map[string]desk.TicketQueueFilter{"number": {Number: ptr("T\x00")}, "text": {Text: ptr("a\x00")}} {
			_, err = w.queue.List(sam, &f, nil, desk.Page{})
			if f := theFault(t, err, fault.ErrInvalidValue); !slices.Equal(f.Path, []string{"filter", path}) {
				t.Errorf("at %v", f.Path)
			}
		}
		_, err = w.queue.List(sam, &desk.TicketQueueFilter{Text: ptr(strings.Repeat("я", 201))}, nil, desk.Page{})
		wantFault(t, err, fault.ErrTooLong)
		_, err = w.queue.List(sam, &desk.TicketQueueFilter{Locale: make([]string, 51)}, nil, desk.Page{})
		wantFault(t, err, fault.ErrTooLong)
		_, err = w.queue.List(customer(w.alice, "en"), nil, nil, desk.Page{}) // security F2
		wantFault(t, err, fault.ErrForbidden)
		_, err = w.queue.List(context.Background(), nil, nil, desk.Page{})
		wantFault(t, err, fault.ErrUnauthenticated)
	})
}

func lower(s string) []byte {
	b := []byte(s)
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			b[i] = c + 32
		}
	}
	return b
}

// Pages of every sort, forwards and backwards, give each ticket once, in the
// order of the whole list, with many that are equal in what is sorted by.
func TestQueuePages(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		for i := range 23 {
			if i%5 == 0 {
				db.Clock.Add(time.Minute)
			}
			tkt := w.open(t, customer(w.alice, "en"), support.OpenTicketInput{Subject: fmt.Sprint(i)})
			w.write(t, func(ctx context.Context, tx *store.Tx) error {
				return tx.Ticket.UpdateOneID(tkt.ID).SetUrgency(i % 4).SetDueAt(tx.Now.Add(time.Duration(i%3) * time.Hour)).Exec(ctx)
			})
		}
		for _, sort := range []desk.TicketSort{desk.SortLastActive, desk.SortOldestActive, desk.SortDue, desk.SortUrgency, desk.SortNewest} {
			list := func(p desk.Page) *ent.TicketConnection {
				c, err := w.queue.List(agent(w.sam), &desk.TicketQueueFilter{Status: []ticket.Status{ticket.StatusOPEN}}, &sort, p)
				if err != nil {
					t.Fatal(err)
				}
				return c
			}
			whole := subjects(list(desk.Page{First: ptr(100)}))
			var on, back []string
			for p := (desk.Page{First: ptr(4)}); ; {
				c := list(p)
				on = append(on, subjects(c)...)
				if !c.PageInfo.HasNextPage {
					break
				}
				p.After = sent(t, c.PageInfo.EndCursor)
			}
			for p := (desk.Page{Last: ptr(4)}); ; {
				c := list(p)
				back = append(subjects(c), back...)
				if !c.PageInfo.HasPreviousPage {
					break
				}
				p.Before = sent(t, c.PageInfo.StartCursor)
			}
			if len(whole) != 23 || !slices.Equal(on, whole) || !slices.Equal(back, whole) {
				t.Errorf("%s: %v\n%v\n%v", sort, whole, on, back)
			}
		}
	})
}

// sent is a cursor as a client gives it back.
func sent(t *testing.T, c *scalar.Cursor) *scalar.Cursor {
	t.Helper()
	_, _, back, err := scalar.DecodeCursor(scalar.EncodeCursor("l", "s", *c))
	if err != nil {
		t.Fatal(err)
	}
	return &back
}

func TestViews(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		sam, sue := agent(w.sam), agent(w.sue)
		yes := true
		in := desk.SaveTicketViewInput{Name: " Mine ", Filter: desk.TicketQueueFilter{Mine: &yes, Status: []ticket.Status{ticket.StatusOPEN}}, Sort: ptr(desk.SortDue)}
		mine, err := w.queue.SaveView(sam, in)
		if err != nil || mine.Name != "Mine" || mine.Sort != "DUE" || mine.Filter["mine"] != true || mine.Filter["status"].([]any)[0] != "OPEN" {
			t.Fatalf("%+v, %v", mine, err)
		}
		for _, said := range []*bool{nil, &yes, new(bool)} {
			v, err := w.queue.SaveView(agent(w.sid), desk.SaveTicketViewInput{Name: fmt.Sprint(said != nil && *said, said != nil), Filter: desk.TicketQueueFilter{WithBot: said}})
			if err != nil {
				t.Fatal(err)
			}
			if kept, is := v.Filter["withBot"]; is != (said != nil) || is && kept != *said {
				t.Errorf("%v is kept as %v", said, v.Filter)
			}
		}
		names := func(ctx context.Context) (n []string) {
			all, err := w.queue.Views(ctx)
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range all {
				n = append(n, v.Name)
			}
			return n
		}
		if got := names(sue); len(got) != 0 {
			t.Fatalf("sue sees %v", got)
		}
		_, err = w.queue.SaveView(sam, in)
		wantFault(t, err, desk.ErrAlreadyTaken)
		change := in
		change.ID, change.Revision, change.Shared = ptr(mine.GlobalID()), ptr(1), &yes
		if mine, err = w.queue.SaveView(sam, change); err != nil || !mine.Shared || mine.Revision != 2 {
			t.Fatalf("%+v, %v", mine, err)
		}
		_, err = w.queue.SaveView(sam, change)
		wantFault(t, err, fault.ErrStaleObject)
		if got := names(sue); !slices.Equal(got, []string{"Mine"}) {
			t.Fatalf("sue sees %v", got)
		}
		change.Revision = ptr(2)
		_, err = w.queue.SaveView(sue, change) // shared is not hers
		wantFault(t, err, fault.ErrNotFound)
		_, err = w.queue.DeleteView(sue, desk.DeleteTicketViewInput{ID: mine.GlobalID()})
		wantFault(t, err, fault.ErrNotFound)
		if _, err := w.queue.SaveView(sue, in); err != nil { // of the same name, her own
			t.Fatal(err)
		}
		in.Name, in.Filter = "X", desk.TicketQueueFilter{TeamID: ptr(usr(uuid.New()))}
		_, err = w.queue.SaveView(sam, in)
		if f := theFault(t, err, fault.ErrInvalidID); !slices.Equal(f.Path, []string{"input", "filter", "teamId"}) {
			t.Errorf("at %v", f.Path)
		}
		for i := range 49 {
			if _, err := w.queue.SaveView(sam, desk.SaveTicketViewInput{Name: fmt.Sprint(i)}); err != nil {
				t.Fatal(err)
			}
		}
		_, err = w.queue.SaveView(sam, desk.SaveTicketViewInput{Name: "one too many"})
		wantFault(t, err, desk.ErrTooManyItems)
		if _, err := w.queue.DeleteView(sam, desk.DeleteTicketViewInput{ID: mine.GlobalID()}); err != nil {
			t.Fatal(err)
		}
		_, err = w.queue.DeleteView(sam, desk.DeleteTicketViewInput{ID: mine.GlobalID()})
		wantFault(t, err, fault.ErrNotFound)
	})
}
