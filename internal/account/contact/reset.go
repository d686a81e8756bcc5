package contact

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"

	"github.com/google/uuid"

	"kabinet/ent/generated/contactpoint"
	"kabinet/ent/generated/identity"
	"kabinet/internal/account"
	"kabinet/internal/credential"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
)

// behind is who is behind a login and where he is reached; the zero one is nobody.
type behind struct {
	user   uuid.UUID
	to     account.SentTo
	key    string // of to, as it is found
	locale string
}

// What somebody types is counted as he typed it, or the count would tell whose
// login it is. His mailbox is counted besides, and says nothing: where it has
// had its letters, by whatever login, none leaves (security D4).
var (
	boxPause = store.Limit{Name: "reset.mailbox.pause", Free: 1, Forget: time.Minute, Window: true}
	boxHour  = store.Limit{Name: "reset.mailbox.hour", Free: 6, Forget: time.Hour, Window: true}
)

// asked is a login as somebody typed it.
type asked struct {
	to    account.SentTo // an address or number
	login string         // a login name, folded
	key   string         // what letters are counted by
}

// read tells what somebody typed. What is none of them is a login name that
// nobody has.
func (c *Contacts) read(text string) asked {
	text = strings.TrimSpace(text)
	if address, ok := credential.ParseEmail(text); ok {
		return asked{to: account.SentTo{Kind: contactpoint.KindEMAIL, To: address.Value}, key: address.Key}
	}
	if number, ok := credential.ParsePhone(text, c.Country); ok {
		return asked{to: account.SentTo{Kind: contactpoint.KindPHONE, To: number}, key: number}
	}
	a := asked{to: account.SentTo{Kind: contactpoint.KindEMAIL}, key: "login " + strings.ToLower(text)}
	if name, ok := credential.ParseLogin(text); ok {
		a.login = name.Key
	}
	return a
}

// RequestPasswordReset sends a code and a link to who is behind a login: to
// the address or number that was typed, or to the first one of who has a login
// name. Whether anybody is: the same answer after the same work, and a letter
// to its owner alone (security A6, A7). The link leads to an address of the
// settings or of an allowed origin, whatever the request's own says (security D3).
//
// Faults: RETURN_NOT_ALLOWED, CODE_SENT_RECENTLY.
func (c *Contacts) RequestPasswordReset(ctx context.Context, in RequestPasswordResetInput) (made *account.Challenge, err error) {
	page := c.Page
	if in.ReturnTo != nil {
		if page, err = c.Returns.Allowed(*in.ReturnTo); err != nil {
			return nil, credential.ErrReturnNotAllowed.At("input", "returnTo")
		}
	}
	a := c.read(in.Login)
	err = c.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		b, err := c.behind(ctx, tx, a)
		if err != nil {
			return err
		}
		var who *uuid.UUID
		if b.user != uuid.Nil {
			who = &b.user
		}
		full, err := isFull(ctx, tx, cmp.Or(b.key, a.key))
		if err != nil {
			return err
		}
		if full {
			b.to.To = ""
		}
		id, token, err := c.People.SendLink(ctx, tx, account.LinkLetter{Purpose: forResetLink, UserID: who, Life: c.LinkTTL})
		if err != nil {
			return err
		}
		letter := account.CodeLetter{Purpose: forReset, UserID: who, Kind: a.to.Kind, To: b.to.To, Key: a.key, Template: account.LetterReset,
			Locale: b.locale, Link: account.Link(page, id, token), LinkEnds: c.Store.Now().Add(c.LinkTTL), Hidden: true}
		if b.to.Kind != "" {
			letter.Kind = b.to.Kind
		}
		switch {
		case a.login != "" || a.to.To == "":
			letter.Methods = []account.ChallengeKind{account.ChallengeKindEmailCode, account.ChallengeKindSmsCode}
		case a.to.Kind == contactpoint.KindPHONE:
			letter.Methods = []account.ChallengeKind{account.ChallengeKindSmsCode}
		default:
			letter.Methods = []account.ChallengeKind{account.ChallengeKindEmailCode}
		}
		made, err = c.People.SendCode(ctx, tx, letter)
		return err
	})
	return made, err
}

// isFull counts a letter to a mailbox, and says whether it has had enough.
func isFull(ctx context.Context, tx *store.Tx, key string) (bool, error) {
	wait, err := tx.Reserve(ctx, store.Use{Limit: boxPause, Of: key})
	if err == nil && wait == 0 { // one that does not leave does not count for the hour
		wait, err = tx.Reserve(ctx, store.Use{Limit: boxHour, Of: key})
	}
	return wait > 0, err
}

// behind finds the person of a proven address or number, or of a login name.
// One who is not in use is nobody.
func (c *Contacts) behind(ctx context.Context, tx *store.Tx, a asked) (b behind, err error) {
	query, args := `SELECT u.id, c.kind, c.value, c.value_key, u.locale FROM contact_points c JOIN users u ON u.id = c.user_id
		WHERE c.kind = ? AND c.value_key = ? AND c.verified_at IS NOT NULL AND u.status = 'ACTIVE'`, []any{string(a.to.Kind), a.key}
	if a.to.To == "" {
		query, args = `SELECT u.id, c.kind, c.value, c.value_key, u.locale FROM identities i JOIN users u ON u.id = i.user_id JOIN contact_points c ON c.user_id = u.id
			WHERE i.login_key = ? AND c.verified_at IS NOT NULL AND u.status = 'ACTIVE'
			ORDER BY CASE WHEN c.kind = 'EMAIL' THEN 0 ELSE 1 END, c.is_primary DESC, c.id LIMIT 1`, []any{a.login}
	}
	var kind string
	err = tx.QueryRow(ctx, query, args...).Scan(&b.user, &kind, &b.to.To, &b.key, &b.locale)
	if errors.Is(err, sql.ErrNoRows) {
		return behind{}, nil
	}
	b.to.Kind = contactpoint.Kind(kind)
	return b, err
}

// ResetPassword sets a new password by a code or link. All sessions end, all
// other codes are worthless, all addresses are told, and who has a second
// factor is asked for it: nothing goes around it (security C6, D1, D4).
//
// Faults: INVALID_ID, INVALID_CODE, those of a new password at newPassword,
// ACCOUNT_BLOCKED, RATE_LIMITED.
func (c *Contacts) ResetPassword(ctx context.Context, in ResetPasswordInput) (*Reset, error) {
	out := &Reset{}
	if err := credential.CheckPassword(in.NewPassword, credential.Email{}); err != nil { // before a try is spent
		return out, atPassword(err)
	}
	purpose, err := c.Store.ChallengePurpose(ctx, in.ChallengeID.UUID)
	if err != nil {
		return out, err
	}
	if purpose != forResetLink {
		purpose = forReset // what is neither is refused there
	}
	id, err := c.People.TryCode(ctx, in.ChallengeID, purpose, in.Code)
	if err != nil {
		return out, err
	}
	of, err := c.addressOf(ctx, id)
	if err != nil {
		return out, err
	}
	hash, err := c.People.HashPassword(ctx, in.NewPassword, of)
	if err != nil {
		return out, atPassword(err)
	}
	var made *account.Entrance
	err = c.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		made, err = c.setAnew(ctx, tx, id, purpose, hash, in)
		return err
	})
	if err != nil {
		return out, err
	}
	out.Warnings = credential.Warnings(in.NewPassword, of)
	w, err := c.People.Welcome(ctx, made)
	if err != nil {
		return out, err
	}
	out.Session, out.Challenge, out.User = w.Session, w.Challenge, w.User
	return out, nil
}

// setAnew uses the code or link up and lets its owner in with the new password.
func (c *Contacts) setAnew(ctx context.Context, tx *store.Tx, id uuid.UUID, purpose, hash string, in ResetPasswordInput) (*account.Entrance, error) {
	ch, to, err := c.People.UseCode(ctx, tx, id, purpose, in.Code, nil)
	if err != nil {
		return nil, err
	}
	if ch.UserID == nil { // nobody was told this code: it was guessed
		return nil, errCode()
	}
	if err := c.setPassword(account.As(ctx, *ch.UserID, uuid.Nil), tx, *ch.UserID, hash); err != nil {
		return nil, err
	}
	if purpose == forResetLink {
		to.Kind = contactpoint.KindEMAIL // a link stands in no SMS
	}
	return c.People.Admit(ctx, tx, account.Proof{UserID: *ch.UserID, Method: account.MethodReset, AAL: 1, Mode: in.Mode, Via: string(to.Kind)})
}

// atPassword names the field of a refusal of the new password.
func atPassword(err error) error { return account.At(err, "input", "newPassword") }

// addressOf is the first e-mail address of the person of a challenge whose
// code was right, which must not be his password; none for who has none.
func (c *Contacts) addressOf(ctx context.Context, challenge uuid.UUID) (of credential.Email, err error) {
	rows, err := c.Store.Query(ctx, `SELECT c.value FROM challenges h JOIN contact_points c ON c.user_id = h.user_id
		WHERE h.id = ? AND c.kind = 'EMAIL' ORDER BY c.is_primary DESC LIMIT 1`, challenge)
	if err != nil {
		return of, err
	}
	defer rows.Close()
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return of, store.Translate(err)
		}
		of, _ = credential.ParseEmail(text)
	}
	return of, store.Translate(rows.Err())
}

// setPassword gives a person another password, or one, and ends what hung on
// the old one. Of a code and a link at the same moment one waits here for the
// other, and finds itself gone.
func (c *Contacts) setPassword(ctx context.Context, tx *store.Tx, id uuid.UUID, hash string) error {
	if err := tx.DropChallenges(ctx, id); err != nil {
		return err
	}
	n, err := tx.Identity.Update().Where(identity.UserID(id), identity.KindEQ(identity.KindPASSWORD)).SetSecret([]byte(hash)).ClearMustChangeByAt().Save(asSystem(ctx))
	if err != nil {
		return err
	}
	if n == 0 {
		if err := tx.Identity.Create().SetUserID(id).SetKind(identity.KindPASSWORD).SetSubject(id.String()).SetSecret([]byte(hash)).Exec(asSystem(ctx)); err != nil {
			return err
		}
	}
	ended, err := c.People.EndAll(ctx, tx, id, uuid.Nil)
	if err != nil {
		return err
	}
	return c.People.News(ctx, tx, id, account.ChangeResetPassword, scalar.ID{Prefix: "usr", UUID: id}, map[string]any{"sessionsEnded": len(ended)})
}
