package post

import (
	"cmp"
	"context"
	"io"
	"slices"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/ticketattachment"
	"kabinet/ent/generated/ticketmessage"
	"kabinet/internal/fault"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// FileLife is how long somebody without an account can fetch a file that was too
// large for a letter.
const FileLife = 30 * 24 * time.Hour

// carried are the files of an answer: those that go with the letter, those that
// their reader finds in his account, and those that he has no account for.
type carried struct {
	files     []Attached
	inAccount []string
	links     []link
}

// carry takes the files of a message into a letter, as many as there is room
// for in their order. What its owner has deleted since is not spoken of.
func (p *Post) carry(ctx context.Context, m *ent.TicketMessage, r recipient) (c carried, err error) {
	all := slices.Clone(m.Edges.Attachments)
	slices.SortFunc(all, func(a, b *ent.TicketAttachment) int { return cmp.Compare(a.Position, b.Position) })
	room := p.MostAttached
	for _, a := range all {
		switch {
		case p.Open != nil && a.Size <= room:
			b, err := p.read(ctx, a)
			if fault.KindOf(err) == fault.NotFound {
				continue
			}
			if err != nil {
				return c, err
			}
			c.files, room = append(c.files, Attached{a.Title, a.Mime, b}), room-a.Size
		case r.user == nil && p.FileURL != nil:
			c.links = append(c.links, link{a.Title, p.FileURL(a.ID, p.reader(r.of))})
		default:
			c.inAccount = append(c.inAccount, a.Title)
		}
	}
	return c, nil
}

func (p *Post) read(ctx context.Context, a *ent.TicketAttachment) ([]byte, error) {
	f, err := p.Open(ctx, a.DocumentID)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, a.Size))
}

// reader is a person as the links to his files name him: by nothing that says
// who he is.
func (p *Post) reader(of person) uuid.UUID {
	return uuid.UUID(p.Sealer.MAC(string(of), "letter/reader")[:16])
}

// Mailed is the document behind an attachment for somebody without an account
// who was sent a link to it: while everybody may read its message, and the
// ticket is not yet of an account. Whatever else is NOT_FOUND.
func (p *Post) Mailed(ctx context.Context, attachment, reader uuid.UUID) (uuid.UUID, error) {
	ctx = viewer.AsSystem(ctx, "support.post")
	a, err := p.Store.Client.TicketAttachment.Query().Where(ticketattachment.ID(attachment)).WithMessage(func(q *ent.TicketMessageQuery) { q.WithTicket() }).Only(ctx)
	if err != nil {
		return uuid.Nil, store.Translate(err)
	}
	m := a.Edges.Message
	if m == nil || m.RemovedAt != nil || m.Visibility != ticketmessage.VisibilityALL {
		return uuid.Nil, fault.ErrNotFound
	}
	t := m.Edges.Ticket
	if t == nil || !unclaimed(t) || t.ContactEmail == nil || p.reader(ofMail(*t.ContactEmail)) != reader {
		return uuid.Nil, fault.ErrNotFound
	}
	return a.DocumentID, nil
}
