package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"kabinet/internal/event"
	"kabinet/internal/store/storetest"
)

// followed is what one message of ticketUpdated says.
type followed struct {
	Cursor, Kind string
	Change       *string
	MessageID    *string
	Message      *struct {
		ID, Body, Kind string
		IsRemoved      bool
	}
	Signal *struct{ Name, Kind string }
}

// follower is a person who follows a ticket, with what he knows of its talk by
// the stream alone.
type follower struct {
	*listener
	who    step
	knows  map[string]string
	seen   map[string]bool // cursors
	events int             // that came, signals apart
	typing []string
	taken  int
}

const followTicket = `subscription { ticketUpdated(ticketId: %q%s) { cursor kind change messageId message { id body kind isRemoved } signal { name kind } } }`

// talkOf is the messages and notes of a ticket as somebody sees them.
func (w *world) talkOf(t *testing.T, who step, ticket string) map[string]string {
	t.Helper()
	answer := w.send(t, who, fmt.Sprintf(`{ ticket(id: %q) { messages(first: 100) { nodes { id kind body } } } }`, ticket))
	nodes, ok := dig(answer, "data.ticket.messages.nodes")
	if !ok {
		t.Fatal(answer)
	}
	said := map[string]string{}
	for _, n := range nodes.([]any) {
		if m := n.(map[string]any); m["kind"] != "EVENT" {
			said[m["id"].(string)] = m["body"].(string)
		}
	}
	return said
}

func (w *world) follows(t *testing.T, who step, ticket string) *follower {
	f := &follower{who: who, knows: w.talkOf(t, who, ticket), seen: map[string]bool{}}
	f.listener = w.subscribe(t, who, fmt.Sprintf(followTicket, ticket, ""))
	return f
}

// take applies what came to what he knows, and gives the last cursor.
func (f *follower) take(t *testing.T) (cursor string) {
	t.Helper()
	f.mu.Lock()
	got := f.got[f.taken:]
	f.taken = len(f.got)
	f.mu.Unlock()
	for _, v := range got {
		b, err := json.Marshal(v)
		check(t, err)
		var m struct {
			Data struct{ TicketUpdated followed }
		}
		check(t, json.Unmarshal(b, &m))
		u := m.Data.TicketUpdated
		if cursor = u.Cursor; cursor == "" {
			t.Fatalf("%s got %s", f.who.name, b)
		}
		if u.Signal != nil {
			f.typing = append(f.typing, u.Signal.Name)
			continue
		}
		if f.seen[u.Cursor] {
			t.Errorf("%s got %s twice", f.who.name, b)
		}
		f.seen[u.Cursor] = true
		f.events++
		switch {
		case u.Change == nil:
		case *u.Change == "REMOVED" && u.Message == nil:
			delete(f.knows, *u.MessageID)
		default:
			f.knows[*u.MessageID] = u.Message.Body
		}
	}
	return cursor
}

// until waits for so many events in all.
func (f *follower) until(t *testing.T, events int) (cursor string) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); f.events < events; time.Sleep(5 * time.Millisecond) {
		if c := f.take(t); c != "" {
			cursor = c
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s got %d events, not %d", f.who.name, f.events, events)
		}
	}
	return cursor
}

// toldOf counts the events of a ticket that customers are told, and all of them.
func (w *world) toldOf(t *testing.T, ticket string) (customers, all int) {
	t.Helper()
	w.vars["followed"] = ticket
	rows, err := w.db.ReadStream(context.Background(), w.uuid(t, "followed"), 0, 1000)
	check(t, err)
	for _, e := range rows {
		if e.Visibility == event.ToAll {
			customers++
		}
	}
	return customers, len(rows)
}

// A ticket of a partner company, followed by two colleagues and an operator at
// once over three sockets. One of the sockets is cut and goes on after its
// cursor. There are notes, an edit, a message that is hidden and shown again and
// one that is taken back: each knows by his stream exactly what he may see,
// nothing comes twice and nothing is missing. What is typed meanwhile reaches
// whoever is there, and not its author.
func TestTicketFollowedByThree(t *testing.T) { // security F3, F5
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		check(t, w.app.people.AddMember(storetest.System(), w.uuid(t, "acme"), w.uuid(t, "bob"), "Owner"))
		carol, bob, agent := step{name: "carol", as: "carol", company: "acme"}, step{name: "bob", as: "bob", company: "acme"}, step{name: "agent", as: "support"}
		say := func(who step, path, mutation string, args ...any) string {
			t.Helper()
			answer := w.send(t, who, fmt.Sprintf("mutation { "+mutation+" }", args...))
			v, ok := dig(answer, "data."+path)
			id, is := v.(string)
			if !ok || !is {
				t.Fatalf("%s: %v", mutation, answer)
			}
			return id
		}
		ticket := say(carol, "openTicket.ticket.id", `openTicket(input: {subject: "Ours", body: "Hello"}) { ticket { id } userErrors { code } }`)
		reply := func(who step, body string) string {
			return say(who, "replyToTicket.message.id", `replyToTicket(input: {ticketId: %q, body: %q}) { message { id } userErrors { code } }`, ticket, body)
		}
		note := func(body string) string {
			return say(agent, "addInternalNote.message.id", `addInternalNote(input: {ticketId: %q, body: %q}) { message { id } userErrors { code } }`, ticket, body)
		}
		edit := func(who step, id, body string) {
			say(who, "editTicketMessage.message.id", `editTicketMessage(input: {messageId: %q, body: %q}) { message { id } userErrors { code } }`, id, body)
		}
		see := func(id, to string) {
			say(agent, "setTicketMessageVisibility.message.id", `setTicketMessageVisibility(input: {messageId: %q, visibility: %s}) { message { id } userErrors { code } }`, id, to)
		}
		began, beganAll := w.toldOf(t, ticket)
		all := []*follower{w.follows(t, carol, ticket), w.follows(t, bob, ticket), w.follows(t, agent, ticket)}

		one := reply(agent, "one")
		note("a note about Acme")
		two := reply(carol, "two")
		edit(agent, one, "one, better")
		customers, _ := w.toldOf(t, ticket)
		cursor := all[1].until(t, customers-began)
		_ = all[1].conn.Close() // cut, without a word
		<-all[1].end

		say(carol, "startTyping.until", `startTyping(input: {ticketId: %q, editing: true}) { until userErrors { code } }`, ticket)
		see(one, "STAFF")
		hidden := reply(agent, "to be hidden")
		see(hidden, "STAFF")
		three := reply(carol, "three")
		note("another note")
		edit(carol, three, "3")
		see(one, "ALL")
		say(carol, "removeTicketMessage.message.id", `removeTicketMessage(input: {messageId: %q}) { message { id } userErrors { code } }`, two)
		say(agent, "markTicketRead.ticket.id", `markTicketRead(input: {ticketId: %q}) { ticket { id } userErrors { code } }`, ticket)

		cut := all[1]
		all[1].listener, all[1].taken = w.subscribe(t, bob, fmt.Sprintf(followTicket, ticket, fmt.Sprintf(", after: %q", cursor))), 0
		reply(bob, "I am back")
		customers, everything := w.toldOf(t, ticket)
		for i, f := range all {
			want := customers - began
			if i == 2 {
				want = everything - beganAll
			}
			f.until(t, want)
			time.Sleep(100 * time.Millisecond) // nothing more may come
			if f.take(t); f.events != want {
				t.Errorf("%s got %d events, %d were for him", f.who.name, f.events, want)
			}
			if is := w.talkOf(t, f.who, ticket); !maps.Equal(f.knows, is) {
				t.Errorf("%s knows %v, and it is %v", f.who.name, f.knows, is)
			}
			_, knows := f.knows[hidden]
			if text := fmt.Sprint(f.got); i < 2 && (knows || strings.Contains(text, "note")) {
				t.Errorf("%s knows of what is for staff: %s", f.who.name, text)
			}
		}
		if len(cut.typing)+len(all[0].typing) != 0 || len(all[2].typing) != 1 || all[2].typing[0] != "Carol" {
			t.Errorf("typing was heard by carol %v, bob %v, the agent %v", all[0].typing, cut.typing, all[2].typing)
		}
	})
}
