package account

import (
	"context"
	"errors"
	"strings"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/contactpoint"
	"kabinet/ent/generated/identity"
	"kabinet/ent/generated/user"
	"kabinet/internal/credential"
	"kabinet/internal/event"
	"kabinet/internal/fault"
	"kabinet/internal/store"
)

// ConfirmContact takes the code of a registration: the address is the
// person's, the account is in use, and a session begins. Wrong, used, expired,
// tried too often, of another purpose, or of an address that somebody else has
// proven meanwhile: the same answer.
//
// Faults: INVALID_ID, INVALID_CODE.
func (p *People) ConfirmContact(ctx context.Context, in ConfirmContactInput) (*Welcome, error) {
	id, err := in.ChallengeID.As("chl")
	if err != nil {
		return nil, fault.ErrInvalidID.At("input", "challengeId")
	}
	code := strings.TrimSpace(in.Code)
	right, err := p.Store.TryChallenge(ctx, p.o.Sealer, id, forRegistration, code)
	if err != nil {
		return nil, err
	}
	if !right {
		return nil, errCode()
	}
	var token string
	var s *ent.Session
	var who uuid.UUID
	err = p.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		c, err := tx.UseChallenge(ctx, p.o.Sealer, id, forRegistration, code)
		if errors.Is(err, fault.ErrNotFound) {
			return errCode()
		}
		if err != nil {
			return err
		}
		var r registration
		if err := c.Read(&r); err != nil {
			return err
		}
		if r.Known { // nobody was told this code: it was guessed
			return errCode()
		}
		who = *c.UserID
		if token, s, err = p.enter(ctx, tx, who, r, in.Mode); err != nil {
			return err
		}
		return tx.Audit(As(ctx, who, s.ID), "account.register", who, s.GlobalID(), nil)
	})
	if store.IsUnique(err) { // a twin proved the same address in this moment
		return nil, errCode()
	}
	if err != nil {
		return nil, err
	}
	w := &Welcome{Session: issued(ctx, token, s)}
	w.User, err = p.Person(As(ctx, who, s.ID), who)
	return w, err
}

func errCode() error { return ErrInvalidCode.At("input", "code") }

// enter makes a provisional person a real one: his address, his password, his
// first session.
func (p *People) enter(ctx context.Context, tx *store.Tx, id uuid.UUID, r registration, mode *SessionMode) (string, *ent.Session, error) {
	n, err := tx.User.Update().Where(user.ID(id), user.StatusEQ(user.StatusPENDING)).SetStatus(user.StatusACTIVE).Save(asSystem(ctx))
	if err != nil {
		return "", nil, err
	}
	if n == 0 {
		return "", nil, errCode()
	}
	point, err := p.claim(ctx, tx, id, r.Email)
	if err != nil {
		return "", nil, err
	}
	_, err = tx.Identity.Create().SetUserID(id).SetKind(identity.KindPASSWORD).SetSubject(id.String()).
		SetSecret([]byte(r.Password)).SetLastUsedAt(tx.Now).Save(asSystem(ctx))
	if err != nil {
		return "", nil, err
	}
	tx.Tell(event.ContactConfirmed{UserID: id, ContactPointID: point, Registered: true}, store.ToUser(id))
	return p.begin(ctx, tx, id, mode, true)
}

// claim gives a proven address to its prover. A row that nobody proved moves
// to him, and whoever held it loses what he signed in with: he may have
// written somebody else's address to lie in wait (security E2).
func (p *People) claim(ctx context.Context, tx *store.Tx, id uuid.UUID, text string) (uuid.UUID, error) {
	address, ok := credential.ParseEmail(text)
	if !ok {
		return uuid.Nil, errCode()
	}
	sys := asSystem(ctx)
	row, err := tx.ContactPoint.Query().Where(contactpoint.KindEQ(contactpoint.KindEMAIL), contactpoint.ValueKey(address.Key)).Only(sys)
	if ent.IsNotFound(err) {
		c, err := tx.ContactPoint.Create().SetUserID(id).SetKind(contactpoint.KindEMAIL).SetValue(address.Value).
			SetValueKey(address.Key).SetVerifiedAt(tx.Now).SetIsPrimary(true).Save(sys)
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
		id, address.Value, tx.Now, true, tx.Now, row.ID)
	if err != nil {
		return uuid.Nil, err
	}
	if n == 0 {
		return uuid.Nil, errCode()
	}
	return row.ID, p.disarm(ctx, tx, former)
}

// disarm takes from a person all that he could sign in with.
func (p *People) disarm(ctx context.Context, tx *store.Tx, id uuid.UUID) error {
	if _, err := tx.Identity.Delete().Where(identity.UserID(id)).Exec(asSystem(ctx)); err != nil {
		return err
	}
	if err := tx.DropChallenges(ctx, id); err != nil {
		return err
	}
	_, err := p.end(ctx, tx, id)
	return err
}
