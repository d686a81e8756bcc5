package post

import (
	"cmp"
	"context"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/letter"
	"kabinet/ent/generated/ticket"
	"kabinet/ent/generated/ticketmessage"
	"kabinet/internal/credential"
	"kabinet/internal/fault"
	"kabinet/internal/locale"
	"kabinet/internal/store"
	"kabinet/internal/support"
	"kabinet/internal/viewer"
)

// write puts a letter into the ticket that it belongs to, or into a new one.
func (p *Post) write(ctx context.Context, tx *store.Tx, in Incoming, from credential.Email, files keptFiles) (end, error) {
	w, err := p.whoWrote(ctx, tx, in, from)
	if err != nil {
		return end{}, err
	}
	s, err := p.signedFor(ctx, tx, in.To, w)
	if err != nil {
		return end{}, err
	}
	if s.ticket == nil {
		return p.open(ctx, tx, in, w, files)
	}
	t, err := p.whereItWent(ctx, tx, s.ticket)
	if err != nil {
		return end{}, err
	}
	if s.his && in.Verdict != Failed {
		if t, err = p.claimByReply(ctx, tx, t, w); err != nil {
			return end{}, err
		}
		acting, locked, err := p.lockAs(ctx, tx, t, w)
		if err != nil {
			return end{}, err
		}
		if locked != nil {
			return p.join(acting, tx, in, w, locked, files)
		}
	}
	return p.note(ctx, tx, in, w, t, files)
}

// whereItWent follows a ticket that was merged.
func (p *Post) whereItWent(ctx context.Context, tx *store.Tx, t *ent.Ticket) (*ent.Ticket, error) {
	for range mostMerges {
		if t.MergedIntoID == nil {
			return t, nil
		}
		next, err := tx.Ticket.Get(ctx, *t.MergedIntoID)
		if err != nil {
			return nil, err
		}
		t = next
	}
	return t, nil
}

// lockAs locks a ticket as its writer may: by his own right, or by his role in
// the company it is of. Nil where he may not write there any more.
func (p *Post) lockAs(ctx context.Context, tx *store.Tx, t *ent.Ticket, w writer) (context.Context, *ent.Ticket, error) {
	if w.user == nil {
		if t.ContactEmail == nil || *t.ContactEmail != w.key || t.UserID != nil {
			return ctx, nil, nil
		}
		locked, err := p.Tickets.LockIn(ctx, tx, t.ID)
		return ctx, locked, err
	}
	views := []viewer.Viewer{{UserID: *w.user, OwnerID: *w.user}}
	if company := t.OwnerID; company != viewer.House && company != *w.user {
		v, err := p.member(ctx, *w.user, company)
		switch {
		case err != nil:
			return ctx, nil, err
		case !v.SignedIn(): // whoever left the company writes in none of its tickets
			return ctx, nil, nil
		}
		views = append(views, v)
	}
	for _, v := range views {
		acting := as(ctx, v, w)
		locked, err := p.Tickets.LockIn(acting, tx, t.ID)
		switch fault.KindOf(err) {
		case fault.NotFound, fault.Forbidden:
			continue
		}
		return acting, locked, err
	}
	return ctx, nil, nil
}

func (p *Post) member(ctx context.Context, user, company uuid.UUID) (viewer.Viewer, error) {
	if p.Member == nil {
		return viewer.Viewer{}, nil
	}
	return p.Member(ctx, user, company)
}

// join writes a proven letter as its writer's message.
func (p *Post) join(ctx context.Context, tx *store.Tx, in Incoming, w writer, t *ent.Ticket, files keptFiles) (end, error) {
	said, err := p.said(ctx, tx, in, w, files, t.Locale)
	if err != nil {
		return end{}, err
	}
	m, err := p.Tickets.SayIn(ctx, tx, t, said)
	if err != nil {
		return end{}, err
	}
	if w.point != nil && w.point.BouncedAt != nil { // letters of his come: the address works
		if err := tx.ContactPoint.UpdateOneID(w.point.ID).ClearBouncedAt().Exec(viewer.AsSystem(ctx, "support.post")); err != nil {
			return end{}, err
		}
	}
	return end{outcome: letter.OutcomeJOINED, ticket: &t.ID, message: &m.ID}, nil
}

// note shows staff a letter that came to a ticket and whose writer is not
// proven; nothing of the ticket moves, and its customer sees nothing.
func (p *Post) note(ctx context.Context, tx *store.Tx, in Incoming, w writer, t *ent.Ticket, files keptFiles) (end, error) {
	t, err := p.Tickets.LockIn(ctx, tx, t.ID)
	if err != nil {
		return end{}, err
	}
	stranger := writer{key: w.key, to: w.to, name: w.to, locale: t.Locale}
	said, err := p.said(ctx, tx, in, stranger, files, t.Locale)
	if err != nil {
		return end{}, err
	}
	said.Kind, said.Author, said.AuthorName = ticketmessage.KindNOTE, ticketmessage.AuthorKindSYSTEM, ""
	said.Body = shortened(locale.Text(t.Locale, "support.post.note", map[string]any{"address": w.to})+"\n\n"+said.Body, longestBody)
	m, err := p.Tickets.SayIn(ctx, tx, t, said)
	if err != nil {
		return end{}, err
	}
	return end{outcome: letter.OutcomeJOINED, reason: whyNotProven, ticket: &t.ID, message: &m.ID}, nil
}

// open opens a ticket: of the customer where the relay has proven that it is
// he, else of nobody's account, answered by mail.
func (p *Post) open(ctx context.Context, tx *store.Tx, in Incoming, w writer, files keptFiles) (end, error) {
	o := support.Opening{Channel: ticket.ChannelEMAIL, Locale: w.locale, Subject: subject(in.Subject, w.locale)}
	e := end{outcome: letter.OutcomeOPENED}
	if w.user != nil && in.Verdict == Passed {
		o.OwnerID, o.UserID = *w.user, w.user
		ctx = as(ctx, viewer.Viewer{UserID: *w.user, OwnerID: *w.user}, w)
	} else {
		w.user, w.name, w.locale = nil, w.to, p.languageOf(in.Subject+" "+in.Text)
		o.Locale, o.Subject = w.locale, subject(in.Subject, w.locale)
		o.OwnerID, o.ContactEmail = viewer.House, &w.key
		if in.Verdict != Passed {
			e.reason = whyNotProven
		}
		if wait, err := tx.Reserve(ctx, store.Use{Limit: ofStrangers, Of: "tickets"}); err != nil || wait > 0 {
			if err == nil {
				err = fault.ErrRateLimited.After(wait)
			}
			return e, err
		}
	}
	var err error
	if o.First, err = p.said(ctx, tx, in, w, files, w.locale); err != nil {
		return e, err
	}
	t, m, err := p.Tickets.OpenIn(ctx, tx, o)
	if err != nil {
		return e, err
	}
	e.ticket, e.message = &t.ID, &m.ID
	return e, nil
}

// roomForNote is what stands above a letter in a note, and files below it.
const roomForNote = 5_000

// said is a letter as a message. What the message's Data holds is for us: the
// letter's own id, which the next answer refers to, and all that it says where the
// message shows less: what was cut as a quote may hold words of his.
func (p *Post) said(ctx context.Context, tx *store.Tx, in Incoming, w writer, files keptFiles, lang string) (support.Said, error) {
	s := support.Said{Author: ticketmessage.AuthorKindCUSTOMER, AuthorID: w.user, AuthorName: w.name, Channel: ticketmessage.ChannelEMAIL}
	s.Data = map[string]any{}
	if in.MessageID != "" {
		s.Data["messageId"] = in.MessageID
	}
	if in.Silent || in.Verdict == Failed {
		s.Data["silent"] = true
	}
	documents, left, err := files.put(ctx, tx, w)
	if err != nil {
		return s, err
	}
	s.DocumentIDs = documents
	s.Body = body(in.Text, left, lang)
	if in.Whole != "" && in.Whole != in.Text || utf8.RuneCountInString(s.Body) > longestBody-roomForNote {
		s.Data["whole"] = shortened(cmp.Or(in.Whole, in.Text), mostWhole)
	}
	return s, nil
}

// subject is what a ticket is about, in one line of up to 200 characters.
func subject(s, lang string) string {
	if s = strings.TrimSpace(s); s == "" {
		return locale.Text(lang, "support.post.noSubject", nil)
	}
	return shortened(s, 200)
}

// body is the text with what is said of files that were not kept.
func body(text string, left []refusal, lang string) string {
	if text == "" {
		text = locale.Text(lang, "support.post.noText", nil)
	}
	if len(left) == 0 {
		return shortened(text, longestBody)
	}
	var lines strings.Builder
	for i, l := range left {
		if i == mostLeft {
			lines.WriteString("\n- " + locale.Text(lang, "support.post.left.more", map[string]any{"n": len(left) - i}))
			break
		}
		name := l.name
		if name == "" {
			name = locale.Text(lang, "support.post.noName", nil)
		}
		lines.WriteString("\n- " + shortened(name, 100) + ": " + l.say(lang))
	}
	tail := "\n\n" + locale.Text(lang, "support.post.notKept", nil) + lines.String()
	return shortened(text, longestBody-utf8.RuneCountInString(tail)) + tail
}

// shortened is a text of at most so many characters.
func shortened(s string, most int) string {
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return strings.TrimSpace(string([]rune(s)[:most-1])) + "…"
}
