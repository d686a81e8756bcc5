package post

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/contactpoint"
	"kabinet/ent/generated/letter"
	"kabinet/ent/generated/user"
	"kabinet/internal/credential"
	"kabinet/internal/fault"
	"kabinet/internal/locale"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// The words for why a letter ended as it did.
const (
	whyNotProven = "NOT_PROVEN" // nobody knows that its sender wrote it
	whyLoop      = "LOOP"       // it is one of ours
	whyBounce    = "BOUNCE"     // a server wrote it
	whyNoSender  = "NO_SENDER"
	whyDelayed   = "DELAYED" // the other server goes on trying
	whyUnknown   = "UNKNOWN" // a report about nobody we wrote to
)

// writer is who a letter says that it is from.
type writer struct {
	key    string     // the address, folded; empty for nobody
	to     string     // as it is sent to
	user   *uuid.UUID // who has proven that address, in an account that is in use
	name   string
	locale string
	point  *ent.ContactPoint
}

// kind is the end of a letter, as it is kept.
type end struct {
	outcome letter.Outcome
	reason  string
	ticket  *uuid.UUID
	message *uuid.UUID
}

// Take takes a letter: once, however often and however many at once it is
// sent. When it gives no error the letter is kept, or needs not be. ErrNoSender
// says that it never will be. Faults: RATE_LIMITED and those of the database: the
// letter may come again.
func (p *Post) Take(ctx context.Context, in Incoming) error {
	ctx = viewer.AsSystem(ctx, "support.post")
	if there, err := p.taken(ctx, in.Key); err != nil || there {
		return err
	}
	err := p.take(ctx, in)
	if err == nil || errors.Is(err, ErrNoSender) {
		return err
	}
	// Its twin was first.
	if there, look := p.taken(ctx, in.Key); there {
		return look
	}
	return err
}

func (p *Post) take(ctx context.Context, in Incoming) error {
	from, _ := credential.ParseEmail(in.From)
	outcome, reason := p.judge(in, from.Key)
	if err := p.count(ctx, in, from.Key, outcome); err != nil {
		return err
	}
	var files keptFiles
	if outcome == "" {
		var err error
		if files, err = p.keepFiles(ctx, &in); err != nil {
			return err
		}
	}
	err := p.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		e := end{outcome: outcome, reason: reason}
		var err error
		switch outcome {
		case letter.OutcomeBOUNCE:
			e, err = p.bounced(ctx, tx, in)
		case "":
			e, err = p.write(ctx, tx, in, from, files)
		}
		if err != nil {
			return err
		}
		c := tx.Letter.Create().SetMessageKey(in.Key).SetOutcome(e.outcome).SetReason(e.reason).
			SetNillableTicketID(e.ticket).SetNillableMessageID(e.message).SetSize(in.Size)
		if from.Key != "" {
			c.SetSender(from.Key)
		}
		return c.Exec(ctx)
	})
	if err == nil && outcome == letter.OutcomeREFUSED {
		err = ErrNoSender
	}
	return err
}

// taken says that a letter is on record, and ErrNoSender of one that was refused.
func (p *Post) taken(ctx context.Context, key string) (bool, error) {
	l, err := p.Store.Client.Letter.Query().Where(letter.MessageKey(key)).Only(ctx)
	switch {
	case ent.IsNotFound(err):
		return false, nil
	case err != nil:
		return false, store.Translate(err)
	case l.Outcome == letter.OutcomeREFUSED:
		return true, ErrNoSender
	}
	return true, nil
}

// judge says which letters nobody reads; "" is one that somebody wrote.
func (p *Post) judge(in Incoming, from string) (letter.Outcome, string) {
	switch {
	case in.Report != nil:
		return letter.OutcomeBOUNCE, ""
	case strings.HasPrefix(in.MessageID, ownIDs), from != "" && p.own(from), slices.Contains(in.Loops, p.Address):
		return letter.OutcomeIGNORED, whyLoop
	case in.Why != "":
		return letter.OutcomeIGNORED, in.Why
	case in.NullPath:
		return letter.OutcomeIGNORED, whyBounce
	case from == "":
		return letter.OutcomeREFUSED, whyNoSender
	}
	return "", ""
}

// own says that an address is one that we send from, or take letters at.
func (p *Post) own(key string) bool {
	return p.Ours(key) || slices.ContainsFunc(p.Own, func(own string) bool {
		e, ok := credential.ParseEmail(own)
		return ok && e.Key == key
	})
}

// count holds the letters of one address, those of machines, and those with
// files that nobody answers for, to a number.
func (p *Post) count(ctx context.Context, in Incoming, from string, outcome letter.Outcome) error {
	if outcome != "" || from == "" {
		return p.reserve(ctx, store.Use{Limit: ofStrangers, Of: "machines"})
	}
	if in.Verdict == Passed {
		return p.reserve(ctx, store.Use{Limit: ofAddress, Of: "proven " + from})
	}
	uses := []store.Use{{Limit: ofAddress, Of: from}}
	if len(in.Files) > 0 {
		uses = append(uses, store.Use{Limit: ofFiles, Of: "all"})
	}
	return p.reserve(ctx, uses...)
}

func (p *Post) reserve(ctx context.Context, uses ...store.Use) error {
	return p.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		wait, err := tx.Reserve(ctx, uses...)
		if err == nil && wait > 0 {
			err = fault.ErrRateLimited.After(wait)
		}
		return err
	})
}

// whoWrote finds whose address it is. That it was he is not proven by that.
func (p *Post) whoWrote(ctx context.Context, tx *store.Tx, in Incoming, from credential.Email) (writer, error) {
	w := writer{key: from.Key, to: from.To, name: from.To, locale: p.languageOf(in.Subject + " " + in.Text)}
	c, err := tx.ContactPoint.Query().Where(contactpoint.KindEQ(contactpoint.KindEMAIL), contactpoint.ValueKey(from.Key),
		contactpoint.VerifiedAtNotNil(), contactpoint.HasUserWith(user.StatusEQ(user.StatusACTIVE))).WithUser().Only(ctx)
	switch {
	case ent.IsNotFound(err):
		return w, nil
	case err != nil:
		return w, err
	}
	w.user, w.name, w.locale, w.point = &c.UserID, c.Edges.User.DisplayName, c.Edges.User.Locale, c
	return w, nil
}

// languageOf guesses the language of somebody without an account.
func (p *Post) languageOf(text string) string {
	cyrillic, latin := 0, 0
	for _, r := range text {
		switch {
		case r >= 'а' && r <= 'я' || r >= 'А' && r <= 'Я':
			cyrillic++
		case r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z':
			latin++
		}
	}
	switch {
	case cyrillic > 0 && cyrillic*2 >= latin: // Latin words stand in Russian letters, not the other way round
		return locale.Russian
	case latin > 0:
		return locale.English
	}
	return locale.Match(p.Locale)
}

// as is the context in which somebody acts for himself.
func as(ctx context.Context, v viewer.Viewer, w writer) context.Context {
	v.Locale = w.locale
	return viewer.With(ctx, v)
}
