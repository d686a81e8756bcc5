package account

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/contactpoint"
	"kabinet/ent/generated/identity"
	"kabinet/ent/generated/session"
	"kabinet/ent/generated/user"
	"kabinet/internal/credential"
	"kabinet/internal/event"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// ForContact is the purpose of the challenge of an address that is added; its
// data are an AddedContact.
const ForContact = "contact"

// AddedContact is what waits until an address that is added is proven.
type AddedContact struct {
	Known bool `json:"known"` // somebody has it: its owner is told, the code is nowhere
}

// Confirmed is what ConfirmContact gives: the session where a registration
// was confirmed, and what is proven now.
type Confirmed struct {
	Session  *IssuedSession
	User     *ent.User
	Contact  *ent.ContactPoint
	ReturnTo *string
}

// ConfirmContact takes the code of a registration, whose person is in use from
// then on, or that of an address which its caller adds. Wrong, used, expired,
// tried too often, of another purpose, or of an address that somebody else has
// proven meanwhile: the same answer.
//
// Faults: INVALID_ID, INVALID_CODE, TOO_MANY_ITEMS.
func (p *People) ConfirmContact(ctx context.Context, in ConfirmContactInput) (*Confirmed, error) {
	out := &Confirmed{}
	purpose, err := p.Store.ChallengePurpose(ctx, in.ChallengeID.UUID)
	if err != nil {
		return out, err
	}
	if purpose != ForContact {
		purpose = forRegistration // what is neither is refused there
	}
	id, err := p.TryCode(ctx, in.ChallengeID, purpose, in.Code)
	if err != nil {
		return out, err
	}
	var made *Entrance
	var who, point uuid.UUID
	err = p.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		if purpose == ForContact {
			who, point, err = p.confirmAdded(ctx, tx, id, in.Code)
			return err
		}
		made, point, out.ReturnTo, err = p.confirmRegistration(ctx, tx, id, in)
		return err
	})
	if store.IsUnique(err) { // a twin proved the same address in this moment
		return out, errCode()
	}
	if err != nil {
		return out, err
	}
	if made == nil {
		if out.User, err = p.Person(ctx, who); err != nil {
			return out, err
		}
	} else {
		w, err := p.Welcome(ctx, made)
		if err != nil {
			return out, err
		}
		out.Session, out.User = w.Session, w.User
		ctx = As(ctx, made.UserID, made.Session.ID)
	}
	out.Contact, err = p.ContactPoint(ctx, scalar.ID{Prefix: "cpt", UUID: point})
	return out, err
}

// ContactPoint loads one within the caller's fence, with what a payload's
// field contactPoint shows of it.
//
// Faults: NOT_FOUND.
func (p *People) ContactPoint(ctx context.Context, id scalar.ID) (*ent.ContactPoint, error) {
	q, err := p.Store.Client.ContactPoint.Query().Where(contactpoint.ID(id.UUID)).CollectUnder(ctx, "contactPoint")
	if err != nil {
		return nil, err
	}
	c, err := q.Only(ctx)
	return c, store.Translate(err)
}

// confirmAdded makes an address that the caller adds his own.
func (p *People) confirmAdded(ctx context.Context, tx *store.Tx, id uuid.UUID, code string) (who, point uuid.UUID, err error) {
	var a AddedContact
	c, to, err := p.UseCode(ctx, tx, id, ForContact, code, &a)
	if err != nil {
		return who, point, err
	}
	v := viewer.From(ctx)
	if a.Known || c.UserID == nil || v.UserID != *c.UserID || v.SessionID == uuid.Nil {
		return who, point, errCode()
	}
	if err := tx.Lock(ctx, "users", "id", v.UserID); err != nil { // many may be under way
		return who, point, err
	}
	if err := p.RoomForContact(ctx, tx, v.UserID); err != nil {
		return who, point, err
	}
	if point, err = p.Claim(ctx, tx, v.UserID, to.Kind, to.To); err != nil {
		return who, point, err
	}
	tx.Tell(event.ContactConfirmed{UserID: v.UserID, ContactPointID: point}, store.ToUser(v.UserID))
	return v.UserID, point, p.News(ctx, tx, v.UserID, ChangeContactAdded, scalar.ID{Prefix: "cpt", UUID: point}, map[string]any{"kind": to.Kind})
}

// mostContacts is how many addresses and numbers a person may keep.
const mostContacts = 10

// RoomForContact refuses another address or number to who has as many as may be.
//
// Faults: TOO_MANY_ITEMS.
func (p *People) RoomForContact(ctx context.Context, tx *store.Tx, user uuid.UUID) error {
	n, err := tx.ContactPoint.Query().Where(contactpoint.UserID(user)).Count(asSystem(ctx))
	if err == nil && n >= mostContacts {
		err = ErrTooManyItems.With("limit", mostContacts)
	}
	return err
}

func errCode() error { return ErrInvalidCode.At("input", "code") }

// confirmRegistration makes a provisional person a real one. The session of
// the call gets a new token where it is his, else there is a new one; the
// others of the registration end, whoever opened them.
func (p *People) confirmRegistration(ctx context.Context, tx *store.Tx, id uuid.UUID, in ConfirmContactInput) (made *Entrance, point uuid.UUID, returnTo *string, err error) {
	var r registration
	c, to, err := p.UseCode(ctx, tx, id, forRegistration, in.Code, &r)
	if err != nil {
		return nil, point, nil, err
	}
	if r.Known || c.UserID == nil { // nobody was told this code: it was guessed
		return nil, point, nil, errCode()
	}
	who := *c.UserID
	n, err := tx.User.Update().Where(user.ID(who), user.StatusEQ(user.StatusPENDING)).SetStatus(user.StatusACTIVE).Save(asSystem(ctx))
	if err != nil {
		return nil, point, nil, err
	}
	if n == 0 {
		return nil, point, nil, errCode()
	}
	if point, err = p.Claim(ctx, tx, who, to.Kind, to.To); err != nil {
		return nil, point, nil, err
	}
	tx.Tell(event.ContactConfirmed{UserID: who, ContactPointID: point, Registered: true}, store.ToUser(who))
	if viewer.From(ctx).UserID == who {
		made, err = p.Rotate(ctx, tx, true)
	} else {
		made, err = p.Admit(ctx, tx, Proof{UserID: who, Method: MethodRegistration, AAL: 1, Mode: in.Mode})
	}
	if err != nil {
		return nil, point, nil, err
	}
	if _, err = p.End(ctx, tx, who, session.IDNEQ(made.Session.ID)); err != nil {
		return nil, point, nil, err
	}
	return made, point, r.ReturnTo, tx.Audit(As(ctx, who, made.Session.ID), "account.register", who, idOfUser(who), nil)
}

// Claim gives a proven address or number to its prover. A row that nobody
// proved moves to him, and whoever held it loses what he signed in with: he
// may have written somebody else's address to lie in wait (security E2). The
// first of its kind is what messages go to first.
//
// Faults: INVALID_CODE where somebody else has proven it.
func (p *People) Claim(ctx context.Context, tx *store.Tx, id uuid.UUID, kind contactpoint.Kind, text string) (uuid.UUID, error) {
	value, key, ok := p.contactKey(kind, text)
	if !ok {
		return uuid.Nil, errCode()
	}
	sys := asSystem(ctx)
	second, err := tx.ContactPoint.Query().Where(contactpoint.UserID(id), contactpoint.KindEQ(kind), contactpoint.IsPrimary(true), contactpoint.ValueKeyNEQ(key)).Exist(sys)
	if err != nil {
		return uuid.Nil, err
	}
	row, err := tx.ContactPoint.Query().Where(contactpoint.KindEQ(kind), contactpoint.ValueKey(key)).Only(sys)
	if ent.IsNotFound(err) {
		c, err := tx.ContactPoint.Create().SetUserID(id).SetKind(kind).SetValue(value).
			SetValueKey(key).SetVerifiedAt(tx.Now).SetIsPrimary(!second).Save(sys)
		if err != nil {
			return uuid.Nil, err
		}
		return c.ID, nil
	}
	if err != nil {
		return uuid.Nil, err
	}
	former := row.UserID
	// The column binds an edge and is immutable to ent; the condition is the
	// lock: of two provers one finds the row unproven.
	n, err := tx.Exec(ctx, `UPDATE contact_points SET user_id = ?, value = ?, verified_at = ?, is_primary = ?, updated_at = ? WHERE id = ? AND verified_at IS NULL`,
		id, value, tx.Now, !second, tx.Now, row.ID)
	if err != nil {
		return uuid.Nil, err
	}
	if n == 0 {
		return uuid.Nil, errCode()
	}
	if former == id {
		return row.ID, nil
	}
	return row.ID, p.disarm(ctx, tx, former)
}

// contactKey is an address or number as it is kept and as it is found.
func (p *People) contactKey(kind contactpoint.Kind, text string) (value, key string, ok bool) {
	if kind == contactpoint.KindPHONE {
		value, ok = credential.ParsePhone(text, p.o.Country)
		return value, value, ok
	}
	address, ok := credential.ParseEmail(text)
	return address.Value, address.Key, ok
}

// disarm takes from a person all that he could sign in with.
func (p *People) disarm(ctx context.Context, tx *store.Tx, id uuid.UUID) error {
	if _, err := tx.Identity.Delete().Where(identity.UserID(id)).Exec(asSystem(ctx)); err != nil {
		return err
	}
	if err := tx.DropChallenges(ctx, id); err != nil {
		return err
	}
	_, err := p.EndAll(ctx, tx, id, uuid.Nil)
	return err
}

// CodeLetter is a code to be sent, by which something is proven.
type CodeLetter struct {
	Purpose           string // of the challenge; never shared
	UserID, SessionID *uuid.UUID
	Kind              contactpoint.Kind
	To                string          // the address or number; empty: nobody is behind it, and all the same is done but that no letter leaves
	Key               string          // what the limits of letters count by; To's own when empty
	Template          string          // LetterCode …
	Locale            string          // the caller's when empty
	Link              string          // of a letter by e-mail, besides the code
	LinkEnds          time.Time       // until when the link is good; no code is sent again after that
	Hidden            bool            // the answer does not say where it went
	Methods           []ChallengeKind // what the answer says instead of how it went
	Proven            bool            // the person has proven who he is, and To is his own: counted by him
	Data              any             // a struct, sealed; UseCode gives it back
}

// SendCode counts a letter, makes the challenge with a fresh code, and sends
// it. ResendCode works for it from then on, whatever the purpose.
//
// Faults: CODE_SENT_RECENTLY.
func (p *People) SendCode(ctx context.Context, tx *store.Tx, l CodeLetter) (*Challenge, error) {
	s := sent{SentTo: SentTo{Kind: l.Kind, To: l.To}, Key: l.Key, Template: l.Template, Locale: l.Locale, Link: l.Link, LinkEnds: l.LinkEnds, Again: true, Hidden: l.Hidden, Methods: l.Methods, Proven: l.Proven}
	if l.Proven && l.UserID != nil {
		s.Key = idOfUser(*l.UserID).String()
	}
	if s.Key == "" {
		_, s.Key, _ = p.contactKey(l.Kind, l.To)
	}
	if s.Locale == "" {
		s.Locale = p.language(ctx, nil)
	}
	if err := reserveLetter(ctx, tx, letterUses(l.Purpose, s, viewer.From(ctx))); err != nil {
		return nil, err
	}
	return p.sendCode(ctx, tx, store.NewChallenge{Purpose: l.Purpose, UserID: l.UserID, SessionID: l.SessionID}, l.Data, s)
}

func (p *People) sendCode(ctx context.Context, tx *store.Tx, n store.NewChallenge, data any, s sent) (*Challenge, error) {
	s.Code = credential.NewCode()
	n.Secret, n.Tries, n.Life = s.Code, p.o.CodeTries, p.o.CodeTTL
	c, err := p.post(ctx, tx, n, data, []sent{s})
	if err != nil {
		return nil, err
	}
	kind := ChallengeKindEmailCode
	if s.Kind == contactpoint.KindPHONE {
		kind = ChallengeKindSmsCode
	}
	made := &Challenge{ID: scalar.ID{Prefix: "chl", UUID: c.ID}, Kind: kind, Methods: []ChallengeKind{kind}, ExpiresAt: c.ExpiresAt}
	if len(s.Methods) > 0 {
		made.Kind, made.Methods = s.Methods[0], s.Methods
	}
	if s.To != "" && !s.Hidden {
		hidden := masked(s.SentTo)
		made.SentTo = &hidden
	}
	return made, nil
}

// masked is an address or number for somebody who need not learn it.
func masked(to SentTo) string {
	if to.Kind == contactpoint.KindPHONE {
		return to.To[:min(2, len(to.To))] + "…" + to.To[max(0, len(to.To)-2):]
	}
	local, domain, _ := strings.Cut(to.To, "@")
	return local[:min(1, len(local))] + "…@" + domain
}

// TryCode takes one of the tries of a challenge, in a transaction of its own,
// before the one of the verb: a wrong try stays counted (security S7, D5).
//
// Faults: INVALID_ID at challengeId, INVALID_CODE at code.
func (p *People) TryCode(ctx context.Context, id scalar.ID, purpose, code string) (uuid.UUID, error) {
	key, err := id.As("chl")
	if err != nil {
		return uuid.Nil, fault.ErrInvalidID.At("input", "challengeId")
	}
	right, err := p.Store.TryChallenge(ctx, p.o.Sealer, key, purpose, strings.TrimSpace(code))
	if err == nil && !right {
		err = errCode()
	}
	return key, err
}

// UseCode consumes a challenge whose code was tried and is right; of any
// number at once one succeeds. data is filled with what SendCode was given.
//
// Faults: INVALID_CODE at code.
func (p *People) UseCode(ctx context.Context, tx *store.Tx, id uuid.UUID, purpose, code string, data any) (store.Challenge, SentTo, error) {
	c, err := tx.UseChallenge(ctx, p.o.Sealer, id, purpose, strings.TrimSpace(code))
	if errors.Is(err, fault.ErrNotFound) {
		return c, SentTo{}, errCode()
	}
	if err != nil {
		return c, SentTo{}, err
	}
	var e envelope
	if err := c.Read(&e); err != nil {
		return c, SentTo{}, err
	}
	if data != nil {
		if err := c.Read(data); err != nil {
			return c, SentTo{}, err
		}
	}
	if len(e.Sent) == 0 {
		return c, SentTo{}, nil
	}
	return c, e.Sent[0].SentTo, nil
}

// ResendCode puts a new challenge with a new code in the place of one,
// whatever it is for; the old code is dead from then on.
//
// Faults: INVALID_ID, NOT_FOUND, CODE_SENT_RECENTLY.
func (p *People) ResendCode(ctx context.Context, in ResendCodeInput) (*Challenge, error) {
	id, err := in.ChallengeID.As("chl")
	if err != nil {
		return nil, fault.ErrInvalidID.At("input", "challengeId")
	}
	var made *Challenge
	err = p.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		old, err := tx.TakeAnyChallenge(ctx, p.o.Sealer, id)
		if err != nil {
			return at(err, "input", "challengeId")
		}
		var e envelope
		var data map[string]json.RawMessage
		if err := errors.Join(old.Read(&e), old.Read(&data)); err != nil {
			return err
		}
		if len(e.Sent) == 0 || !e.Sent[0].Again || e.Sent[0].linkIsDead(tx.Now) {
			return fault.ErrNotFound.At("input", "challengeId")
		}
		if err := reserveLetter(ctx, tx, letterUses(old.Purpose, e.Sent[0], viewer.From(ctx))); err != nil {
			return err
		}
		made, err = p.sendCode(ctx, tx, store.NewChallenge{Purpose: old.Purpose, UserID: old.UserID, SessionID: old.SessionID}, data, e.Sent[0])
		return err
	})
	return made, err
}

// CodeWays are where a code can go to now, first ones first.
func (p *People) CodeWays(ctx context.Context, tx *store.Tx, user uuid.UUID) ([]SentTo, error) {
	return p.provenContacts(ctx, tx, user)
}
