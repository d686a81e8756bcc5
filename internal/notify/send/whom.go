package send

import (
	"context"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/membership"
	"kabinet/ent/generated/ticketparticipant"
	entuser "kabinet/ent/generated/user"
	"kabinet/internal/event"
	"kabinet/internal/notify"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// toWhom are the people whom a fact concerns: those who take part in a ticket;
// of others who acted for the owner while he may, else the owner, else whose
// stream it stands on. What is not for customers is nobody's.
func (s *Sending) toWhom(ctx context.Context, tx *store.Tx, r *ready, e event.Stored) ([]*ent.User, *fact, error) {
	if r.kind == nil || e.Visibility != event.ToAll {
		return nil, nil, nil
	}
	f, err := r.kind.read(e.Payload, e.CreatedAt)
	if err != nil {
		return nil, nil, s.failed(ctx, tx, r, e, err)
	}
	if f.silent || f.owner == viewer.House { // a guest's
		return nil, nil, nil
	}
	var who []uuid.UUID
	if r.kind.shared {
		who, err = participants(ctx, tx, e.SubjectID)
	} else {
		who, err = one(ctx, tx, f, e)
	}
	if err != nil || len(who) == 0 {
		return nil, nil, err
	}
	people, err := tx.User.Query().Where(entuser.IDIn(who...), entuser.StatusEQ(entuser.StatusACTIVE)). // not of a company, or gone
														Select(entuser.FieldID, entuser.FieldDisplayName, entuser.FieldLocale, entuser.FieldTimeZone).All(ctx)
	return people, f, err
}

// one is whom a fact concerns that is of one person.
func one(ctx context.Context, tx *store.Tx, f *fact, e event.Stored) ([]uuid.UUID, error) {
	switch {
	case f.user == uuid.Nil && f.owner == uuid.Nil:
		return []uuid.UUID{e.StreamID}, nil
	case f.user == uuid.Nil:
		return []uuid.UUID{f.owner}, nil
	case f.owner != uuid.Nil && f.owner != f.user:
		member, err := tx.Membership.Query().Where(membership.UserID(f.user), membership.OwnerID(f.owner), membership.StatusEQ(membership.StatusACTIVE),
			membership.Or(membership.ValidUntilAtIsNil(), membership.ValidUntilAtGT(tx.Now))).Exist(ctx)
		if err != nil || !member {
			return nil, err
		}
	}
	return []uuid.UUID{f.user}, nil
}

// participants are those who take part in a ticket, he too who did what is told:
// a rule may answer him. Who left the company that the ticket is of, where he
// was of it, is none.
func participants(ctx context.Context, tx *store.Tx, ticket uuid.UUID) (who []uuid.UUID, err error) {
	err = tx.TicketParticipant.Query().Where(ticketparticipant.TicketID(ticket), ticketparticipant.LeftAtIsNil(), func(s *sql.Selector) {
		s.Where(sql.P(func(b *sql.Builder) {
			b.WriteString("NOT EXISTS (SELECT 1 FROM memberships AS m WHERE m.user_id = ").Ident(s.C(ticketparticipant.FieldUserID)).
				WriteString(" AND m.owner_id = ").Ident(s.C(ticketparticipant.FieldOwnerID)).WriteString(" AND m.status <> 'ACTIVE')")
		}))
	}).Limit(notify.MostAtOnce).Select(ticketparticipant.FieldUserID).Scan(ctx, &who)
	return who, err
}
