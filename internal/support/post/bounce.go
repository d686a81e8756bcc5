package post

import (
	"context"
	"slices"
	"strings"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/contactpoint"
	"kabinet/ent/generated/letter"
	"kabinet/ent/generated/predicate"
	"kabinet/ent/generated/ticketmessage"
	"kabinet/internal/credential"
	"kabinet/internal/locale"
	"kabinet/internal/store"
	"kabinet/internal/support"
)

// bounced reads that a letter of ours did not arrive. The signed address it came
// back to says whose it was: nobody can speak for another's mailbox. Staff are
// told in the ticket. An address with no mailbox behind it is marked, and gets
// no more letters until it is proven anew or writes itself; one that is full,
// or does not like this letter, is written to again.
func (p *Post) bounced(ctx context.Context, tx *store.Tx, in Incoming) (end, error) {
	e := end{outcome: letter.OutcomeBOUNCE, reason: whyUnknown}
	if done, err := p.returned(ctx, tx, in); done || err != nil {
		if e.reason = ""; !in.Report.final() {
			e.reason = whyDelayed
		}
		return e, err
	}
	s, err := p.signedFor(ctx, tx, in.To, writer{})
	if err != nil || s.ticket == nil {
		return e, err
	}
	e.ticket = &s.ticket.ID
	of, err := p.named(ctx, tx, s.ticket, s.mac)
	if err != nil {
		return e, err
	}
	if !in.Report.final() {
		e.reason = whyDelayed
		return e, nil
	}
	e.reason = ""
	words := "support.post.returned"
	if id, ok := strings.CutPrefix(string(of), "usr:"); ok && in.Report.gone() {
		words = "support.post.bounced"
		if err := p.markBounced(ctx, tx, uuid.MustParse(id), in.Report); err != nil {
			return e, err
		}
	}
	t, err := p.whereItWent(ctx, tx, s.ticket)
	if err != nil {
		return e, err
	}
	if t, err = p.Tickets.LockIn(ctx, tx, t.ID); err != nil {
		return e, err
	}
	m, err := p.Tickets.SayIn(ctx, tx, t, support.Said{
		Kind: ticketmessage.KindNOTE, Author: ticketmessage.AuthorKindSYSTEM, Channel: ticketmessage.ChannelEMAIL,
		Body: locale.Text(t.Locale, words, nil),
	})
	if err != nil {
		return e, err
	}
	e.message = &m.ID
	return e, nil
}

// final says whether the other server has given up.
func (r *Report) final() bool {
	return slices.ContainsFunc(r.Recipients, func(f Failure) bool { return f.Final })
}

// gone says whether it says that there is no such mailbox.
func (r *Report) gone() bool {
	return slices.ContainsFunc(r.Recipients, func(f Failure) bool { return f.Gone })
}

// returned says whether it was a letter of no ticket that did not arrive, and
// tells whoever sent it.
func (p *Post) returned(ctx context.Context, tx *store.Tx, in Incoming) (bool, error) {
	for _, address := range in.To {
		behind, ours := p.behind(address)
		if !ours || p.Returned == nil {
			continue
		}
		if found, err := p.Returned(ctx, tx, behind, in.Report.final(), in.Report.gone()); found || err != nil {
			return found, err
		}
	}
	return false, nil
}

// markBounced marks the address of a person that a report names, or the one
// that letters of tickets go to.
func (p *Post) markBounced(ctx context.Context, tx *store.Tx, user uuid.UUID, r *Report) error {
	his := []predicate.ContactPoint{contactpoint.UserID(user), contactpoint.KindEQ(contactpoint.KindEMAIL)}
	for _, f := range r.Recipients {
		to, ok := credential.ParseEmail(f.Address)
		if !ok || !f.Gone {
			continue
		}
		n, err := tx.ContactPoint.Update().Where(his...).Where(contactpoint.ValueKey(to.Key)).SetBouncedAt(tx.Now).Save(ctx)
		if err != nil || n > 0 {
			return err
		}
	}
	c, err := p.mailbox(ctx, tx.ContactPoint, user)
	if c == nil || err != nil {
		return err
	}
	return tx.ContactPoint.UpdateOneID(c.ID).SetBouncedAt(tx.Now).Exec(ctx)
}

// mailbox is the proven address that a person's letters go to; nil for none.
func (p *Post) mailbox(ctx context.Context, points *ent.ContactPointClient, user uuid.UUID) (*ent.ContactPoint, error) {
	all, err := points.Query().Where(contactpoint.UserID(user), contactpoint.KindEQ(contactpoint.KindEMAIL), contactpoint.VerifiedAtNotNil()).
		Order(contactpoint.ByIsPrimary(descending), contactpoint.ByID()).Limit(1).All(ctx)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	return all[0], nil
}
