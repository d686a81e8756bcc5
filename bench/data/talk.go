package data

import (
	"fmt"
	"time"

	"github.com/google/uuid"
)

// Ticket is a request and the talk about it.
type Ticket struct {
	ID, Participant uuid.UUID
	Number, Subject string
	Status, Reason  string
	Opened          time.Time
	Order           *uuid.UUID
	Messages        []Message
}

// Said is how many messages a side wrote.
func (t Ticket) Said(staff bool) (n int) {
	for _, m := range t.Messages {
		if m.Staff == staff {
			n++
		}
	}
	return n
}

// Last is the last message.
func (t Ticket) Last() Message { return t.Messages[len(t.Messages)-1] }

// Message is one text of a ticket.
type Message struct {
	ID    uuid.UUID
	Staff bool
	At    time.Time
	Body  string
}

// longTalk is how many messages the second ticket of a bench user has: more
// than a page.
const longTalk = 25

// tickets gives two, five messages each; the talk of bench users is long.
func tickets(r random, u *Person, long bool) []Ticket {
	var list []Ticket
	for i, opened := range spread(r, 2) {
		t := Ticket{
			ID: r.id(opened), Participant: r.id(opened), Number: fmt.Sprintf("T-%06d-%d", u.Index, i), Opened: opened,
			Subject: r.sentence(5), Status: "OPEN", Reason: "NEW_REPLY",
		}
		if len(u.Orders) > 0 {
			t.Order = &u.Orders[r.IntN(len(u.Orders))].ID
		}
		n := 5
		if long && i == 1 {
			n = longTalk
		}
		for k := range n {
			at := opened.Add(time.Duration(k) * 40 * time.Minute)
			t.Messages = append(t.Messages, Message{ID: r.id(at), Staff: k%2 == 1, At: at, Body: r.sentence(r.between(8, 24))})
		}
		list = append(list, t)
	}
	return list
}

// Notification is one item of a feed.
type Notification struct {
	ID, Event   uuid.UUID
	At          time.Time
	Topic, Type string
	Title, Body string
	SubjectKind string
	Subject     uuid.UUID
	Data        string
	Read        time.Time // zero: not yet
}

// notifications are about orders; the newest few are unread.
func notifications(r random, u *Person, n int) []Notification {
	list := make([]Notification, n)
	unread := r.between(0, 9)
	for i, at := range spread(r, n) {
		o := u.Orders[i*len(u.Orders)/n]
		step := pick(r, []string{"placed", "paid", "shipped", "received"})
		list[i] = Notification{
			ID: r.id(at), Event: r.id(at), At: at, Topic: "ORDER", Type: "order." + step, SubjectKind: "order", Subject: o.ID,
			Title: fmt.Sprintf("Order %s was %s", o.Number, step),
			Body:  fmt.Sprintf("Your order %s over £%d.%02d was %s. %s", o.Number, o.Total()/100, o.Total()%100, step, r.sentence(6)),
			Data:  fmt.Sprintf(`{"orderId":%q,"number":%q}`, TypeID("order", o.ID), o.Number),
		}
		if i < n-unread {
			list[i].Read = at.Add(time.Hour)
		}
	}
	return list
}
