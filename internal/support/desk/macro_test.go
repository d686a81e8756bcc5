package desk_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/ticket"
	"kabinet/ent/generated/ticketmessage"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/support"
	"kabinet/internal/support/desk"
)

func texts(pairs ...string) (list []*desk.LocalizedTextInput) {
	for i := 0; i < len(pairs); i += 2 {
		list = append(list, &desk.LocalizedTextInput{Locale: pairs[i], Text: pairs[i+1]})
	}
	return list
}

func TestCannedReplies(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		boss, sam := head(w.boss), agent(w.sam)
		in := desk.SaveCannedReplyInput{Handle: "greeting", Texts: texts("en", "Hello {{customer.name}}, {{ticket.number}}.\r\n{{operator.name}}", "de", "Hallo {{order.number}}")}
		made, err := w.queue.SaveCannedReply(boss, in)
		if err != nil || made.Version != 1 || len(made.Texts) != 2 {
			t.Fatal(made, err)
		}
		_, err = w.queue.SaveCannedReply(boss, in)
		wantFault(t, err, desk.ErrHandleTaken)
		for name, c := range map[string]struct {
			in   desk.SaveCannedReplyInput
			want *fault.Fault
			path []string
		}{
			"handle":       {desk.SaveCannedReplyInput{Handle: "a b", Texts: texts("en", "x")}, fault.ErrInvalidValue, []string{"input", "handle"}},
			"no text":      {desk.SaveCannedReplyInput{Handle: "a"}, fault.ErrRequired, []string{"input", "texts"}},
			"empty text":   {desk.SaveCannedReplyInput{Handle: "a", Texts: texts("en", " ")}, fault.ErrRequired, []string{"input", "texts", "0", "text"}},
			"twice":        {desk.SaveCannedReplyInput{Handle: "a", Texts: texts("en", "x", "en", "y")}, desk.ErrDuplicateKey, []string{"input", "texts", "1", "locale"}},
			"long":         {desk.SaveCannedReplyInput{Handle: "a", Texts: texts("en", strings.Repeat("ж", 10_001))}, fault.ErrTooLong, []string{"input", "texts", "0", "text"}},
			"control":      {desk.SaveCannedReplyInput{Handle: "a", Texts: texts("en", "a\x00")}, fault.ErrInvalidValue, []string{"input", "texts", "0", "text"}},
			"variable":     {desk.SaveCannedReplyInput{Handle: "a", Texts: texts("en", "ok", "de", "{{customer.password}}")}, desk.ErrUnknownVariable, []string{"input", "texts", "1", "text"}},
			"no version":   {desk.SaveCannedReplyInput{Handle: "a", ID: ptr(made.GlobalID()), Texts: texts("en", "x")}, fault.ErrRequired, []string{"input", "version"}},
			"stale":        {desk.SaveCannedReplyInput{Handle: "a", ID: ptr(made.GlobalID()), Version: ptr(3), Texts: texts("en", "x")}, fault.ErrStaleObject, []string{"input", "version"}},
			"another kind": {desk.SaveCannedReplyInput{Handle: "a", ID: ptr(usr(w.sam)), Version: ptr(1), Texts: texts("en", "x")}, fault.ErrInvalidID, []string{"input", "id"}},
			"no team":      {desk.SaveCannedReplyInput{Handle: "a", TeamID: &scalar.ID{Prefix: "team", UUID: uuid.New()}, Texts: texts("en", "x")}, fault.ErrNotFound, []string{"input", "teamId"}},
		} {
			_, err := w.queue.SaveCannedReply(boss, c.in)
			if f, ok := fault.As(err); !ok || !errors.Is(err, c.want) || !slices.Equal(f.Path, c.path) {
				t.Errorf("%s: %v", name, err)
			}
		}
		_, err = w.queue.SaveCannedReply(sam, desk.SaveCannedReplyInput{Handle: "b", Texts: texts("en", "x")})
		wantFault(t, err, fault.ErrForbidden)
		tkt := w.open(t, customer(w.alice, "ru"), support.OpenTicketInput{})
		got, err := w.queue.Render(sam, made.GlobalID(), tkt.GlobalID())
		if err != nil || got.Text != "Hello Alice, "+tkt.Number+".\nSam" || got.Locale != "en" || !got.IsFallback || len(got.Missing) != 0 {
			t.Errorf("%+v, %v", got, err)
		}
		german := w.open(t, customer(w.alice, "de"), support.OpenTicketInput{})
		got, err = w.queue.Render(sam, made.GlobalID(), german.GlobalID())
		if err != nil || got.Text != "Hallo {{order.number}}" || got.IsFallback || !slices.Equal(got.Missing, []string{"order.number"}) {
			t.Errorf("%+v, %v", got, err)
		}
		in.ID, in.Version, in.Texts = ptr(made.GlobalID()), ptr(1), texts("en", "Hi")
		if made, err = w.queue.SaveCannedReply(boss, in); err != nil || made.Version != 2 {
			t.Fatal(made, err)
		}
		if _, err = w.queue.DeleteCannedReply(boss, desk.DeleteCannedReplyInput{ID: made.GlobalID()}); err != nil {
			t.Fatal(err)
		}
		_, err = w.queue.Render(sam, made.GlobalID(), tkt.GlobalID())
		wantFault(t, err, fault.ErrNotFound)
		_, err = w.queue.DeleteCannedReply(boss, desk.DeleteCannedReplyInput{ID: made.GlobalID()})
		wantFault(t, err, fault.ErrNotFound)
		if all, err := w.queue.CannedReplies(sam, nil); err != nil || len(all) != 0 {
			t.Error(all, err)
		}
	})
}

func (w *world) macro(t *testing.T, name string, acts ...*desk.MacroActInput) *ent.Macro {
	t.Helper()
	m, err := w.queue.SaveMacro(head(w.boss), desk.SaveMacroInput{Name: name, Acts: acts})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestMacros(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		sam := agent(w.sam)
		tkt := w.open(t, customer(w.alice, "en"), support.OpenTicketInput{})
		apply := func(ctx context.Context, tkt *ent.Ticket, m *ent.Macro) (*ent.Ticket, error) {
			return w.queue.Apply(ctx, desk.ApplyMacroInput{TicketID: tkt.GlobalID(), MacroID: m.GlobalID(), Revision: int(w.read(t, tkt.ID).Revision)})
		}
		said := func() int {
			return w.Client.TicketMessage.Query().Where(ticketmessage.TicketID(tkt.ID)).CountX(storetest.System())
		}
		take := w.macro(t, "take", &desk.MacroActInput{Kind: desk.ActAssign, Target: ptr(desk.TargetMe)},
			&desk.MacroActInput{Kind: desk.ActSetPriority, Priority: ptr(ticket.PriorityHIGH)},
			&desk.MacroActInput{Kind: desk.ActNote, Texts: texts("en", "{{order.number}} of {{customer.name}}")},
			&desk.MacroActInput{Kind: desk.ActReply, Texts: texts("en", "Hello {{customer.name}}, I am {{operator.name}}.")},
			&desk.MacroActInput{Kind: desk.ActSetStatus, Status: ptr(ticket.StatusSNOOZED), Hours: ptr(24)})
		got, err := apply(sam, tkt, take)
		if err != nil {
			t.Fatal(err)
		}
		if got = w.read(t, got.ID); !has(got, w.sam) || got.Priority != ticket.PriorityHIGH || got.Urgency != 2 || got.Status != ticket.StatusSNOOZED ||
			got.StatusReason != ticket.StatusReasonWAITING_FOR_CUSTOMER || !got.SnoozedUntilAt.Equal(db.Clock.Now().Add(24*time.Hour)) {
			t.Fatalf("%v", got)
		}
		bodies := w.Client.TicketMessage.Query().Where(ticketmessage.TicketID(tkt.ID), ticketmessage.KindNEQ(ticketmessage.KindEVENT)).
			Order(ticketmessage.BySeq()).Select(ticketmessage.FieldBody).StringsX(storetest.System())
		if !slices.Equal(bodies[1:], []string{"{{order.number}} of Alice", "Hello Alice, I am Sam."}) {
			t.Fatalf("%q", bodies)
		}
		_, err = w.queue.Apply(sam, desk.ApplyMacroInput{TicketID: tkt.GlobalID(), MacroID: take.GlobalID(), Revision: 1})
		wantFault(t, err, fault.ErrStaleObject)

		// The second act is refused, so the first is not done either.
		before, n := w.read(t, tkt.ID), said()
		bad := w.macro(t, "bad", &desk.MacroActInput{Kind: desk.ActSetPriority, Priority: ptr(ticket.PriorityURGENT)},
			&desk.MacroActInput{Kind: desk.ActReply, Texts: texts("en", "About {{order.number}}")})
		_, err = apply(sam, tkt, bad)
		if f := theFault(t, err, desk.ErrVariableEmpty); f.Params["variable"] != "order.number" || !slices.Equal(f.Path, []string{"acts", "1", "texts"}) {
			t.Errorf("%v at %v", f.Params, f.Path)
		}
		if after := w.read(t, tkt.ID); after.Revision != before.Revision || after.Priority != before.Priority || said() != n {
			t.Errorf("half of it was done: %v", after)
		}
		if _, err := w.tickets.Close(sam, support.CloseTicketInput{TicketID: tkt.GlobalID()}); err != nil {
			t.Fatal(err)
		}
		answer := w.macro(t, "answer", &desk.MacroActInput{Kind: desk.ActReply, Texts: texts("en", "Hi")})
		_, err = apply(sam, tkt, answer)
		wantFault(t, err, support.ErrTicketClosed)

		own := w.open(t, customer(w.sam, "en"), support.OpenTicketInput{})
		_, err = apply(sam, own, take) // security H
		wantFault(t, err, fault.ErrForbidden)
		_, err = apply(reader(w.sam), tkt, answer)
		wantFault(t, err, fault.ErrForbidden)
		_, err = w.queue.DeleteMacro(head(w.boss), desk.DeleteMacroInput{ID: answer.GlobalID()})
		if err != nil {
			t.Fatal(err)
		}
		_, err = apply(sam, tkt, answer)
		wantFault(t, err, fault.ErrNotFound)
	})
}

func TestMacroActs(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		act := func(f func(a *desk.MacroActInput)) []*desk.MacroActInput {
			a := &desk.MacroActInput{}
			f(a)
			return []*desk.MacroActInput{a}
		}
		for name, c := range map[string]struct {
			acts []*desk.MacroActInput
			want *fault.Fault
			at   string
		}{
			"none":          {nil, fault.ErrRequired, "input acts"},
			"eleven":        {make([]*desk.MacroActInput, 11), desk.ErrTooManyItems, "input acts"},
			"no text":       {act(func(a *desk.MacroActInput) { a.Kind = desk.ActReply }), fault.ErrRequired, "input acts 0 texts"},
			"note of reply": {act(func(a *desk.MacroActInput) { a.Kind, a.CannedReplyID = desk.ActNote, ptr(usr(w.sam)) }), fault.ErrInvalidValue, "input acts 0 cannedReplyId"},
			"both": {act(func(a *desk.MacroActInput) {
				a.Kind, a.CannedReplyID, a.Texts = desk.ActReply, ptr(usr(w.sam)), texts("en", "x")
			}), fault.ErrInvalidValue, "input acts 0 texts"},
			"no such reply": {act(func(a *desk.MacroActInput) {
				a.Kind, a.CannedReplyID = desk.ActReply, &scalar.ID{Prefix: "can", UUID: uuid.New()}
			}), fault.ErrNotFound, "input acts 0 cannedReplyId"},
			"no status": {act(func(a *desk.MacroActInput) { a.Kind = desk.ActSetStatus }), fault.ErrRequired, "input acts 0 status"},
			"reason": {act(func(a *desk.MacroActInput) {
				a.Kind, a.Status, a.Reason = desk.ActSetStatus, ptr(ticket.StatusOPEN), ptr(ticket.StatusReasonSPAM)
			}), fault.ErrInvalidValue, "input acts 0 reason"},
			"date": {act(func(a *desk.MacroActInput) {
				a.Kind, a.Status, a.Reason = desk.ActSetStatus, ptr(ticket.StatusSNOOZED), ptr(ticket.StatusReasonWAITING_FOR_DATE)
			}), fault.ErrRequired, "input acts 0 hours"},
			"hours": {act(func(a *desk.MacroActInput) {
				a.Kind, a.Status, a.Hours = desk.ActSetStatus, ptr(ticket.StatusSNOOZED), ptr(0)
			}), fault.ErrOutOfRange, "input acts 0 hours"},
			"hours of open": {act(func(a *desk.MacroActInput) {
				a.Kind, a.Status, a.Hours = desk.ActSetStatus, ptr(ticket.StatusOPEN), ptr(1)
			}), fault.ErrInvalidValue, "input acts 0 hours"},
			"no priority": {act(func(a *desk.MacroActInput) { a.Kind = desk.ActSetPriority }), fault.ErrRequired, "input acts 0 priority"},
			"to no one":   {act(func(a *desk.MacroActInput) { a.Kind = desk.ActAssign }), fault.ErrRequired, "input acts 0 userId"},
			"to two": {act(func(a *desk.MacroActInput) {
				a.Kind, a.UserID, a.Target = desk.ActAssign, ptr(usr(w.sam)), ptr(desk.TargetMe)
			}), fault.ErrInvalidValue, "input acts 0 target"},
			"to a customer": {act(func(a *desk.MacroActInput) { a.Kind, a.UserID = desk.ActAssign, ptr(usr(w.alice)) }), fault.ErrInvalidValue, "input acts 0 userId"},
			"team of me":    {act(func(a *desk.MacroActInput) { a.Kind, a.Target = desk.ActSetTeam, ptr(desk.TargetMe) }), fault.ErrInvalidValue, "input acts 0 target"},
			"no such team": {act(func(a *desk.MacroActInput) {
				a.Kind, a.TeamID = desk.ActSetTeam, &scalar.ID{Prefix: "team", UUID: uuid.New()}
			}), fault.ErrNotFound, "input acts 0 teamId"},
		} {
			_, err := w.queue.SaveMacro(head(w.boss), desk.SaveMacroInput{Name: name, Acts: c.acts})
			if f, ok := fault.As(err); !ok || !errors.Is(err, c.want) || strings.Join(f.Path, " ") != c.at {
				t.Errorf("%s: %v", name, err)
			}
		}
		team := w.team(t, desk.SaveSupportTeamInput{Name: "T"})
		m := w.macro(t, "all", &desk.MacroActInput{Kind: desk.ActSetTeam, TeamID: ptr(team.GlobalID())}, &desk.MacroActInput{Kind: desk.ActSetTeam, Target: ptr(desk.TargetNobody)},
			&desk.MacroActInput{Kind: desk.ActAssign, UserID: ptr(usr(w.sue))}, &desk.MacroActInput{Kind: desk.ActSetStatus, Status: ptr(ticket.StatusSNOOZED), Hours: ptr(2)})
		shown := desk.Acts(m)
		if *shown[0].TeamID != team.GlobalID() || *shown[1].Target != desk.TargetNobody || *shown[2].UserID != usr(w.sue) || *shown[3].Hours != 2 || shown[3].Reason != nil {
			t.Errorf("%+v", shown)
		}
		_, err := w.queue.SaveMacro(head(w.boss), desk.SaveMacroInput{Name: "all", Acts: act(func(a *desk.MacroActInput) { a.Kind, a.Target = desk.ActAssign, ptr(desk.TargetMe) })})
		wantFault(t, err, desk.ErrAlreadyTaken)
	})
}

// Two operators answer at once what both have read: one does, the other is told
// that it changed.
func TestTwoDoNotAnswerAtOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		answer := w.macro(t, "answer", &desk.MacroActInput{Kind: desk.ActReply, Texts: texts("en", "Hi")})
		for round := range 8 {
			tkt := w.open(t, customer(w.alice, "en"), support.OpenTicketInput{Subject: fmt.Sprint(round)})
			errs := make([]error, 4)
			var wg sync.WaitGroup
			for i := range errs {
				who := agent([]uuid.UUID{w.sam, w.sue}[i%2])
				wg.Go(func() {
					if i < 2 {
						_, _, errs[i] = w.tickets.Reply(who, support.ReplyToTicketInput{TicketID: tkt.GlobalID(), Body: "Hi", Revision: ptr(int(tkt.Revision))})
						return
					}
					_, errs[i] = w.queue.Apply(who, desk.ApplyMacroInput{TicketID: tkt.GlobalID(), MacroID: answer.GlobalID(), Revision: int(tkt.Revision)})
				})
			}
			wg.Wait()
			won := 0
			for _, err := range errs {
				if err == nil {
					won++
				} else if !errors.Is(err, fault.ErrStaleObject) {
					t.Fatal(err)
				}
			}
			if n := w.Client.TicketMessage.Query().Where(ticketmessage.TicketID(tkt.ID), ticketmessage.AuthorKindEQ(ticketmessage.AuthorKindSTAFF), ticketmessage.KindEQ(ticketmessage.KindMESSAGE)).CountX(storetest.System()); won != 1 || n != 1 {
				t.Fatalf("%d won, %d answers", won, n)
			}
		}
	})
}

func TestUpdateMany(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		sam := agent(w.sam)
		a, b, own := w.open(t, customer(w.alice, "en"), support.OpenTicketInput{}), w.open(t, customer(w.bob, "en"), support.OpenTicketInput{}), w.open(t, customer(w.sam, "en"), support.OpenTicketInput{})
		gone := scalar.ID{Prefix: "tkt", UUID: uuid.New()}
		team := w.team(t, desk.SaveSupportTeamInput{Name: "T"})
		who, of := usr(w.sue), team.GlobalID()
		in := desk.UpdateTicketsInput{TicketIds: []scalar.ID{a.GlobalID(), own.GlobalID(), gone, b.GlobalID(), a.GlobalID()}, Priority: ptr(ticket.PriorityLOW),
			AssigneeID: graphql.OmittableOf(&who), TeamID: graphql.OmittableOf(&of)}
		done, err := w.queue.Update(sam, in)
		if err != nil || len(done) != 4 {
			t.Fatal(done, err)
		}
		wantFault(t, done[1].Err, desk.ErrOwnTicket)
		wantFault(t, done[2].Err, fault.ErrNotFound)
		for _, i := range []int{0, 3} {
			if got := w.read(t, done[i].TicketID.UUID); !done[i].Changed || done[i].Err != nil || !has(got, w.sue) || got.Priority != ticket.PriorityLOW || *got.TeamID != team.ID {
				t.Errorf("%+v: %v", done[i], got)
			}
		}
		again, err := w.queue.Update(sam, in)
		if err != nil || again[0].Changed || again[3].Changed {
			t.Errorf("%+v, %v", again, err)
		}
		nobody, err := w.queue.Update(sam, desk.UpdateTicketsInput{TicketIds: []scalar.ID{a.GlobalID()}, AssigneeID: graphql.OmittableOf[*scalar.ID](nil), Status: ptr(ticket.StatusCLOSED), Reason: ptr(ticket.StatusReasonSPAM)})
		if got := w.read(t, a.ID); err != nil || !nobody[0].Changed || got.AssigneeID != nil || got.Status != ticket.StatusCLOSED || got.TeamID == nil {
			t.Errorf("%+v, %v, %v", nobody, got, err)
		}
		half, err := w.queue.Update(sam, desk.UpdateTicketsInput{TicketIds: []scalar.ID{b.GlobalID()}, Priority: ptr(ticket.PriorityHIGH), AssigneeID: graphql.OmittableOf(ptr(usr(w.alice)))})
		if got := w.read(t, b.ID); err != nil || got.Priority != ticket.PriorityLOW {
			t.Errorf("half of it was done: %+v, %v, %v", half, got, err)
		}
		wantFault(t, half[0].Err, fault.ErrInvalidValue)
		_, err = w.queue.Update(sam, desk.UpdateTicketsInput{})
		wantFault(t, err, fault.ErrRequired)
		_, err = w.queue.Update(sam, desk.UpdateTicketsInput{TicketIds: make([]scalar.ID, 101)})
		wantFault(t, err, desk.ErrTooManyItems)
		_, err = w.queue.Update(sam, desk.UpdateTicketsInput{TicketIds: []scalar.ID{usr(w.sam)}})
		wantFault(t, err, fault.ErrInvalidID)
		_, err = w.queue.Update(customer(w.alice, "en"), in)
		wantFault(t, err, fault.ErrForbidden)
	})
}

func TestAssign(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		sam := agent(w.sam)
		tkt := w.open(t, customer(w.alice, "en"), support.OpenTicketInput{})
		assign := func(ctx context.Context, to *uuid.UUID, revision *int) error {
			in := desk.AssignTicketInput{TicketID: tkt.GlobalID(), Revision: revision}
			if to != nil {
				in.AssigneeID = given(*to)
			}
			_, err := w.queue.Assign(ctx, in)
			return err
		}
		wantFault(t, assign(sam, &w.alice, nil), fault.ErrInvalidValue)
		if err := assign(sam, &w.sue, ptr(1)); err != nil || !has(w.read(t, tkt.ID), w.sue) {
			t.Fatal(err)
		}
		wantFault(t, assign(sam, &w.sam, ptr(1)), fault.ErrStaleObject)
		if err := assign(sam, &w.sue, nil); err != nil || w.read(t, tkt.ID).Revision != 2 {
			t.Fatal("the same again changes nothing:", err)
		}
		if err := assign(sam, nil, nil); err != nil || w.read(t, tkt.ID).AssigneeID != nil {
			t.Fatal(err)
		}
		wantFault(t, assign(customer(w.alice, "en"), nil, nil), fault.ErrForbidden)
		wantFault(t, assign(reader(w.sue), &w.sue, nil), fault.ErrForbidden)
		own := w.open(t, customer(w.sue, "en"), support.OpenTicketInput{})
		_, err := w.queue.Assign(agent(w.sue), desk.AssignTicketInput{TicketID: own.GlobalID(), AssigneeID: given(w.sue)})
		wantFault(t, err, fault.ErrForbidden)
		_, err = w.queue.Assign(sam, desk.AssignTicketInput{TicketID: own.GlobalID(), AssigneeID: given(w.sue)})
		wantFault(t, err, fault.ErrInvalidValue)
		_, err = w.queue.Assign(sam, desk.AssignTicketInput{TicketID: tkt.GlobalID(), Skill: graphql.OmittableOf(ptr(" "))})
		wantFault(t, err, fault.ErrRequired)
		_, err = w.queue.Assign(sam, desk.AssignTicketInput{TicketID: scalar.ID{Prefix: "tkt", UUID: uuid.New()}})
		wantFault(t, err, fault.ErrNotFound)
		var events int
		w.write(t, func(ctx context.Context, tx *store.Tx) (err error) {
			events, err = tx.TicketMessage.Query().Where(ticketmessage.TicketID(tkt.ID), ticketmessage.KindEQ(ticketmessage.KindEVENT), ticketmessage.VisibilityEQ(ticketmessage.VisibilityALL)).Count(ctx)
			return err
		})
		if events != 0 {
			t.Error("customers see who has it")
		}
	})
}
