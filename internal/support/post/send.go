package post

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/ticket"
	"kabinet/ent/generated/ticketmessage"
	"kabinet/ent/generated/ticketparticipant"
	"kabinet/internal/event"
	"kabinet/internal/fault"
	"kabinet/internal/job"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// ownIDs begins the Message-ID of each letter of a ticket: what comes in with
// one is ours.
const ownIDs = "kabinet.ticket."

// mostRecipients is to how many people an answer goes by mail.
const mostRecipients = 50

// AnswerLetter is a job: one message of staff goes to one person by mail. Without a
// user it is who wrote by mail without an account. It holds ids alone.
type AnswerLetter struct {
	MessageID uuid.UUID  `json:"messageId"`
	UserID    *uuid.UUID `json:"userId,omitempty"`
}

// Kind implements river.JobArgs.
func (AnswerLetter) Kind() string { return "ticket-answer" }

// ReceiptLetter is a job: who opened a ticket by mail hears that it came.
type ReceiptLetter struct {
	TicketID  uuid.UUID `json:"ticketId"`
	MessageID uuid.UUID `json:"messageId"`
}

// Kind implements river.JobArgs.
func (ReceiptLetter) Kind() string { return "ticket-receipt" }

// Hearers are none where no mail is taken in: what cannot be answered is not sent.
func (p *Post) Hearers() []store.Hearer {
	if p.Address == "" {
		return nil
	}
	return []store.Hearer{
		on("post.TicketReplied", p.OnTicketReplied), on("post.TicketOpened", p.OnTicketOpened), on("post.ContactConfirmed", p.OnContactConfirmed),
	}
}

func on[F event.Fact](name string, hear func(context.Context, *store.Tx, event.Stored, F) error) store.Hearer {
	var zero F
	return store.Hearer{Name: name, Kinds: []string{zero.Kind()}, On: func(ctx context.Context, tx *store.Tx, e event.Stored) error {
		var f F
		if err := json.Unmarshal(e.Payload, &f); err != nil {
			return fmt.Errorf("%s: read %s: %w", name, e.Kind, err)
		}
		return hear(ctx, tx, e, f)
	}}
}

// OnTicketReplied sends what staff answered to those who take part; what the
// bot said only to who has no account to read it in.
func (p *Post) OnTicketReplied(ctx context.Context, tx *store.Tx, _ event.Stored, f event.TicketReplied) error {
	staff, bot := f.AuthorKind == string(ticketmessage.AuthorKindSTAFF), f.AuthorKind == string(ticketmessage.AuthorKindBOT)
	if f.Note || !staff && !bot {
		return nil
	}
	ctx = viewer.AsSystem(ctx, "support.post")
	t, err := tx.Ticket.Query().Where(ticket.ID(f.TicketID)).Only(ctx)
	if ent.IsNotFound(err) {
		return nil // gone since
	}
	if err != nil {
		return err
	}
	if unclaimed(t) && t.ContactEmail != nil {
		return job.Enqueue(ctx, tx, AnswerLetter{MessageID: f.MessageID}, nil)
	}
	if bot {
		return nil
	}
	part, err := tx.TicketParticipant.Query().Where(ticketparticipant.TicketID(t.ID), ticketparticipant.LeftAtIsNil()).
		Order(ticketparticipant.ByID()).Limit(mostRecipients).All(ctx)
	if err != nil {
		return err
	}
	for _, x := range part {
		if err := job.Enqueue(ctx, tx, AnswerLetter{MessageID: f.MessageID, UserID: &x.UserID}, nil); err != nil {
			return err
		}
	}
	return nil
}

// OnTicketOpened tells who wrote by mail that his letter came.
func (p *Post) OnTicketOpened(ctx context.Context, tx *store.Tx, _ event.Stored, f event.TicketOpened) error {
	ctx = viewer.AsSystem(ctx, "support.post")
	byMail, err := tx.TicketMessage.Query().Where(ticketmessage.ID(f.MessageID), ticketmessage.ChannelEQ(ticketmessage.ChannelEMAIL),
		ticketmessage.CopiedFromIDIsNil()).Exist(ctx) // what staff splits off came long ago
	if err != nil || !byMail {
		return err
	}
	return job.Enqueue(ctx, tx, ReceiptLetter{TicketID: f.TicketID, MessageID: f.MessageID}, nil)
}

// Work says how the jobs of this room are done.
func (p *Post) Work(w *river.Workers) {
	job.Handle(w, func(ctx context.Context, j *river.Job[AnswerLetter]) error {
		return p.sending(ctx, func(ctx context.Context) error { return p.SendAnswer(ctx, j.Args) })
	})
	job.Handle(w, func(ctx context.Context, j *river.Job[ReceiptLetter]) error {
		return p.sending(ctx, func(ctx context.Context) error { return p.SendReceipt(ctx, j.Args, j.Attempt == 1) })
	})
}

// sending waits until letters can leave, and gives up what nobody can mend.
func (p *Post) sending(ctx context.Context, do func(context.Context) error) error {
	if p.Send == nil {
		return river.JobSnooze(time.Minute)
	}
	err := do(viewer.AsSystem(ctx, "support.post"))
	if err != nil && p.Permanent != nil && p.Permanent(err) {
		return job.Discard(fmt.Errorf("post: the letter was refused: %w", err))
	}
	return err
}

// SendAnswer sends one message to one person, if both may still have it.
func (p *Post) SendAnswer(ctx context.Context, a AnswerLetter) error {
	m, err := p.Store.Client.TicketMessage.Query().Where(ticketmessage.ID(a.MessageID)).WithTicket().WithAttachments().Only(ctx)
	if ent.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return store.Translate(err)
	}
	if m.Visibility != ticketmessage.VisibilityALL || m.Kind != ticketmessage.KindMESSAGE || m.RemovedAt != nil {
		return nil
	}
	t := m.Edges.Ticket
	r, err := p.recipient(ctx, t, a.UserID)
	if err != nil || r == nil {
		return err
	}
	f, err := p.carry(ctx, m, *r)
	if err != nil {
		return err
	}
	o, err := p.answer(t, m, *r, f)
	if err != nil {
		return job.Discard(err)
	}
	return p.refer(ctx, t, *r, o)
}

// SendReceipt says that a letter came and opened a ticket. It repeats nothing of
// what was written, so that nobody can have us send his words to others. What
// is tried again, first false, was counted.
func (p *Post) SendReceipt(ctx context.Context, a ReceiptLetter, first bool) error {
	m, err := p.Store.Client.TicketMessage.Query().Where(ticketmessage.ID(a.MessageID)).WithTicket().Only(ctx)
	if ent.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return store.Translate(err)
	}
	t := m.Edges.Ticket
	if silent, _ := m.Data["silent"].(bool); silent {
		return nil
	}
	r, err := p.recipient(ctx, t, t.UserID)
	if err != nil || r == nil {
		return err
	}
	if first {
		err = p.reserve(ctx, store.Use{Limit: receipts, Of: r.to})
	}
	if fault.KindOf(err) == fault.TooMany {
		return nil
	}
	if err != nil {
		return err
	}
	o, err := p.receipt(t, *r)
	if err != nil {
		return job.Discard(err)
	}
	return p.refer(ctx, t, *r, o)
}

// recipient is who gets a letter of a ticket.
type recipient struct {
	of     person
	user   *uuid.UUID
	to     string
	locale string
}

// recipient finds where a letter goes, now; nil where it may not go any more.
func (p *Post) recipient(ctx context.Context, t *ent.Ticket, user *uuid.UUID) (*recipient, error) {
	if user == nil && t.UserID == nil {
		if !unclaimed(t) || t.ContactEmail == nil {
			return nil, nil
		}
		return &recipient{of: ofMail(*t.ContactEmail), to: *t.ContactEmail, locale: t.Locale}, nil
	}
	if user == nil {
		user = t.UserID // he has proven the address since
	}
	part, err := p.Store.Client.TicketParticipant.Query().Where(ticketparticipant.TicketID(t.ID), ticketparticipant.UserID(*user), ticketparticipant.LeftAtIsNil()).Exist(ctx)
	if err != nil || !part {
		return nil, store.Translate(err)
	}
	if t.OwnerID != *user && t.OwnerID != viewer.House {
		if v, err := p.member(ctx, *user, t.OwnerID); err != nil || !v.SignedIn() {
			return nil, err
		}
	}
	u, err := p.Store.Client.User.Get(ctx, *user)
	if ent.IsNotFound(err) {
		return nil, nil
	}
	if err != nil || u.Status != "ACTIVE" {
		return nil, store.Translate(err)
	}
	c, err := p.mailbox(ctx, p.Store.Client.ContactPoint, *user)
	if err != nil || c == nil || c.BouncedAt != nil {
		return nil, store.Translate(err)
	}
	return &recipient{of: ofUser(*user), user: user, to: c.ValueKey, locale: u.Locale}, nil
}

// refer adds what a letter answers and where it is answered, and sends it.
func (p *Post) refer(ctx context.Context, t *ent.Ticket, r recipient, o Outgoing) error {
	q := p.Store.Client.TicketMessage.Query().Where(ticketmessage.TicketID(t.ID), ticketmessage.ChannelEQ(ticketmessage.ChannelEMAIL),
		ticketmessage.AuthorKindEQ(ticketmessage.AuthorKindCUSTOMER), ticketmessage.RemovedAtIsNil())
	if r.user != nil {
		q.Where(ticketmessage.Or(ticketmessage.AuthorID(*r.user), ticketmessage.AuthorIDIsNil()))
	}
	last, err := q.Order(ticketmessage.BySeq(descending)).Limit(1).All(ctx)
	if err != nil {
		return store.Translate(err)
	}
	o.References = []string{ownIDs + t.ID.String()}
	if len(last) > 0 {
		if id, _ := last[0].Data["messageId"].(string); id != "" {
			o.InReplyTo, o.References = id, append(o.References, id)
		}
	}
	o.To, o.ReplyTo, o.Loop = r.to, p.address(t, r.of), p.Address
	o.ReturnTo = o.ReplyTo
	return p.Send(ctx, o)
}

// letterID is the id of a letter about something to somebody.
func (p *Post) letterID(about uuid.UUID, r recipient) string {
	return ownIDs + about.String() + "." + hex.EncodeToString(p.Sealer.MAC(string(r.of), "letter/id")[:4])
}
