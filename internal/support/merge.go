package support

import (
	"bytes"
	"context"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/ticket"
	"kabinet/ent/generated/ticketlink"
	"kabinet/ent/generated/ticketmessage"
	"kabinet/ent/generated/ticketparticipant"
	"kabinet/internal/event"
	"kabinet/internal/fault"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// Merge merges a ticket into another of the same owner: the talk is copied to
// the end of the other, who takes part joins there, and the first is closed as
// a duplicate that says where to go. Gives both. Faults: INVALID_ID, NOT_FOUND,
// STALE_OBJECT, INVALID_VALUE for a ticket into itself, TICKET_OWNERS_DIFFER,
// TICKET_MERGED for one that is merged; FORBIDDEN.
func (s *Tickets) Merge(ctx context.Context, in MergeTicketsInput) (from, into *ent.Ticket, err error) {
	var keys [2]uuid.UUID
	if keys[0], err = keyOf(in.TicketID, "tkt", "input", "ticketId"); err != nil {
		return nil, nil, err
	}
	if keys[1], err = keyOf(in.IntoID, "tkt", "input", "intoId"); err != nil {
		return nil, nil, err
	}
	err = s.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		a, b, err := s.lockTwo(ctx, tx, keys, "intoId")
		if err != nil {
			return err
		}
		if err := checkRevision(a, in.Revision); err != nil {
			return err
		}
		if !sameOwner(a, b) {
			return ErrOwnersDiffer.At("input", "intoId")
		}
		return s.merge(ctx, tx, a, b)
	})
	if err != nil {
		return nil, nil, err
	}
	if from, err = s.byKey(ctx, keys[0]); err != nil {
		return nil, nil, err
	}
	into, err = s.byKeyUnder(ctx, keys[1], "into")
	return from, into, err
}

// lockTwo locks two tickets for staff, the one of the smaller id first, so
// that two who name them the other way round do not wait for each other. What
// is wrong with the second is said of its field.
func (s *Tickets) lockTwo(ctx context.Context, tx *store.Tx, keys [2]uuid.UUID, second string) (a, b *ent.Ticket, err error) {
	if err := staffWrites(ctx); err != nil {
		return nil, nil, err
	}
	if keys[0] == keys[1] {
		return nil, nil, fault.ErrInvalidValue.At("input", second)
	}
	order := []int{0, 1}
	if bytes.Compare(keys[0][:], keys[1][:]) > 0 {
		order = []int{1, 0}
	}
	var locked [2]*ent.Ticket
	for _, i := range order {
		if locked[i], err = s.LockIn(ctx, tx, keys[i], "input", [2]string{"ticketId", second}[i]); err != nil {
			return nil, nil, err
		}
	}
	return locked[0], locked[1], nil
}

// sameOwner says whether two tickets are of one owner; of the House's, which
// are letters of people without an account, whether of one address.
func sameOwner(a, b *ent.Ticket) bool {
	if a.OwnerID != b.OwnerID {
		return false
	}
	if a.OwnerID != viewer.House {
		return true
	}
	return a.ContactEmail != nil && b.ContactEmail != nil && *a.ContactEmail == *b.ContactEmail
}

func (s *Tickets) merge(ctx context.Context, tx *store.Tx, a, b *ent.Ticket) error {
	by, err := signed(ctx, tx, true)
	if err != nil {
		return err
	}
	was, next, open := standOf(b), afterMerge(standOf(a), standOf(b)), a.Status == ticket.StatusOPEN
	if err := mention(ctx, tx, b, by, "merged_from", a); err != nil {
		return err
	}
	done, err := copyTalk(ctx, tx, a, b, nil)
	if err != nil {
		return err
	}
	read, err := readBoth(ctx, tx, a, b, done)
	if err != nil {
		return err
	}
	if err := join(ctx, tx, a, b); err != nil {
		return err
	}
	if !next.equal(was) {
		if err := s.stood(ctx, tx, b, by, next); err != nil {
			return err
		}
	}
	if err := arrived(ctx, tx, a, b, next, done, read); err != nil {
		return err
	}
	if err := s.link(ctx, tx, a, b, ticketlink.KindMERGED_INTO, ticketlink.KindMERGED_FROM); err != nil {
		return err
	}
	switch {
	case open && done.turn: // nobody has answered what came with it
		err = s.moment(ctx, tx, b, was, ActCustomerWrote)
	case !next.equal(was):
		err = s.moment(ctx, tx, b, was, ActMoved)
	}
	if err != nil {
		return err
	}
	return s.duplicate(ctx, tx, a, b, by)
}

// afterMerge is the stand of a ticket that takes over the talk of another: what
// the other waited for is now waited for here.
func afterMerge(from, into stand) stand {
	switch {
	case from.status == ticket.StatusCLOSED:
		return into
	case into.status == ticket.StatusCLOSED:
		return stand{status: ticket.StatusOPEN, reason: ticket.StatusReasonREOPENED}
	case from.status == ticket.StatusOPEN && into.status == ticket.StatusSNOOZED:
		return stand{status: ticket.StatusOPEN, reason: ticket.StatusReasonNEW_REPLY}
	case from.status == ticket.StatusSNOOZED && into.status == ticket.StatusSNOOZED && from.until != nil && (into.until == nil || from.until.Before(*into.until)):
		return from // the sooner date
	}
	return into
}

// arrived writes what the copied talk moves of the ticket that got it, and
// tells; read: somebody of the customer's side had read all of it.
func arrived(ctx context.Context, tx *store.Tx, a, b *ent.Ticket, next stand, done copied, read bool) error {
	u := move(tx, keep(tx, b), b, next).AddRevision(1).SetLastActivityAt(tx.Now).AddPublicSeq(done.public).AddStaffSeq(done.staff)
	if b.StaffReadSeq == b.StaffSeq && a.StaffReadSeq == a.StaffSeq && done.staff > 0 {
		u.AddStaffReadSeq(done.staff).SetReadByStaffUpTo(done.staffUpTo)
	}
	if read {
		u.SetReadByCustomerUpTo(done.publicUpTo)
	}
	if done.last != nil && a.LastActivityAt.After(b.LastActivityAt) {
		u.SetLastMessageID(*done.last)
	}
	changed := []string{"messages", "links", "participants"}
	if !next.equal(standOf(b)) {
		changed = append(changed, "status", "statusReason")
	}
	if err := u.Exec(ctx); err != nil {
		return err
	}
	stands(b, next, tx.Now)
	b.Revision++
	b.PublicSeq, b.StaffSeq = b.PublicSeq+done.public, b.StaffSeq+done.staff
	tellChange(ctx, tx, b, changed, toCustomers(b)...)
	return nil
}

// duplicate closes the ticket that was merged. Those that were merged into it
// before lead to the end of the chain at once; what is unread is unread there.
func (s *Tickets) duplicate(ctx context.Context, tx *store.Tx, a, b *ent.Ticket, by item) error {
	was := standOf(a)
	next := stand{status: ticket.StatusCLOSED, reason: ticket.StatusReasonDUPLICATE}
	if err := mention(ctx, tx, a, by, "merged_into", b); err != nil {
		return err
	}
	err := move(tx, keep(tx, a), a, next).SetMergedIntoID(b.ID).SetLastActivityAt(tx.Now).SetStaffReadSeq(a.StaffSeq).AddRevision(1).Exec(ctx)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `UPDATE ticket_participants SET read_seq = ?, updated_at = ? WHERE ticket_id = ? AND read_seq < ?`, a.PublicSeq, tx.Now, a.ID, a.PublicSeq)
	if err != nil {
		return err
	}
	if err := tx.Ticket.Update().Where(ticket.MergedIntoID(a.ID)).SetMergedIntoID(b.ID).Exec(ctx); err != nil {
		return err
	}
	stands(a, next, tx.Now)
	a.MergedIntoID, a.LastActivityAt = &b.ID, tx.Now
	a.Revision++
	tellChange(ctx, tx, a, []string{"status", "statusReason", "mergedInto", "links"}, toCustomers(a)...)
	tx.Tell(event.TicketMerged{TicketID: a.ID, IntoID: b.ID, OwnerID: a.OwnerID, UserID: a.UserID, Number: a.Number, IntoNumber: b.Number}, toCustomers(a)...)
	if err := s.moment(ctx, tx, a, was, ActMerged); err != nil {
		return err
	}
	return tx.Audit(ctx, "ticket.merge", a.OwnerID, a.GlobalID(), map[string]any{"into": b.GlobalID().String()})
}

// mention writes an event that names another ticket of the same owner.
func mention(ctx context.Context, tx *store.Tx, t *ent.Ticket, by item, text string, other *ent.Ticket) error {
	by.data = map[string]any{"ticketId": other.GlobalID().String(), "number": other.Number}
	return happened(ctx, tx, t, by, text, map[string]any{"number": other.Number})
}

// readBoth moves the read marks of those who had read all in both tickets over
// what was copied; to everybody else it is unread. It says whether there was
// one.
func readBoth(ctx context.Context, tx *store.Tx, a, b *ent.Ticket, done copied) (bool, error) {
	if done.public == 0 {
		return false, nil
	}
	n, err := tx.Exec(ctx, `UPDATE ticket_participants SET updated_at = ?, read_seq = read_seq + ?, read_up_to = ? WHERE ticket_id = ? AND read_seq = ?
		AND EXISTS (SELECT 1 FROM ticket_participants AS r WHERE r.ticket_id = ? AND r.user_id = ticket_participants.user_id AND r.read_seq >= ?)`,
		tx.Now, done.public, done.publicUpTo, b.ID, b.PublicSeq, a.ID, a.PublicSeq)
	return n > 0, err
}

// join makes who takes part in one ticket take part in another of the same
// owner. Their role was asked for when they joined; the fence asks whether it
// holds.
func join(ctx context.Context, tx *store.Tx, a, b *ent.Ticket) error {
	system := viewer.AsSystem(ctx, "support.participants")
	here, err := tx.TicketParticipant.Query().Where(ticketparticipant.TicketID(a.ID)).Order(ticketparticipant.ByID()).All(system)
	if err != nil || len(here) == 0 {
		return err
	}
	var users, open []uuid.UUID
	for _, p := range here {
		users = append(users, p.UserID)
		if p.LeftAt == nil {
			open = append(open, p.UserID)
		}
	}
	there, err := tx.TicketParticipant.Query().Where(ticketparticipant.TicketID(b.ID), ticketparticipant.UserIDIn(users...)).All(system)
	if err != nil {
		return err
	}
	known := map[uuid.UUID]bool{}
	for _, p := range there {
		known[p.UserID] = true
	}
	var rows []*ent.TicketParticipantCreate
	for _, p := range here { // who had left has left there too, but what he wrote is his
		if !known[p.UserID] {
			rows = append(rows, tx.TicketParticipant.Create().SetUserID(p.UserID).SetOwnerID(b.OwnerID).SetTicketID(b.ID).
				SetRole(ticketparticipant.RoleFOLLOWER).SetNillableLeftAt(p.LeftAt))
		}
	}
	if err := tx.TicketParticipant.CreateBulk(rows...).Exec(system); err != nil {
		return err
	}
	return tx.TicketParticipant.Update().Where(ticketparticipant.TicketID(b.ID), ticketparticipant.UserIDIn(open...), ticketparticipant.LeftAtNotNil()).
		ClearLeftAt().Exec(system)
}

// copied is what copyTalk has copied.
type copied struct {
	public, staff         int64      // messages of staff that customers see, and of customers
	publicUpTo, staffUpTo int64      // the numbers of the last of them
	last                  *uuid.UUID // the last that everybody sees
	turn                  bool       // staff have not answered the last of customers
}

// copiedAtOnce bounds one statement.
const copiedAtOnce = 500

// copyTalk copies messages and notes of one ticket to the end of another of
// the same owner, all or those named, with their files, authors and times;
// what was removed is left out. What a client has named keeps its name in the
// other ticket, so that a retry there does not double it.
func copyTalk(ctx context.Context, tx *store.Tx, a, b *ent.Ticket, only []uuid.UUID) (copied, error) {
	var done copied
	for after := int64(0); ; {
		q := tx.TicketMessage.Query().Where(ticketmessage.TicketID(a.ID), ticketmessage.SeqGT(after), ticketmessage.RemovedAtIsNil(),
			ticketmessage.KindIn(ticketmessage.KindMESSAGE, ticketmessage.KindNOTE))
		if only != nil {
			q.Where(ticketmessage.IDIn(only...))
		}
		talk, err := q.Order(ticketmessage.BySeq()).Limit(copiedAtOnce).All(ctx)
		if err != nil || len(talk) == 0 {
			return done, err
		}
		if err := copyMessages(ctx, tx, b, talk, only == nil, &done); err != nil {
			return done, err
		}
		after = talk[len(talk)-1].Seq
	}
}
