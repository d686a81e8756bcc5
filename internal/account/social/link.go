package social

import (
	"context"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/identity"
	"kabinet/ent/generated/session"
	"kabinet/internal/account"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// mostLinks is how many providers' accounts one person links.
const mostLinks = 20

// LinkIdentity begins to link a provider to the caller's account. The way is
// the session's: what another browser brings back links nothing (security E6).
//
// Faults: UNAUTHENTICATED, STEP_UP_REQUIRED, NOT_FOUND, RETURN_NOT_ALLOWED,
// PROVIDER_UNAVAILABLE, RATE_LIMITED.
func (s *Social) LinkIdentity(ctx context.Context, in LinkIdentityInput) (*Begun, error) {
	if err := s.People.NeedStepUp(ctx); err != nil {
		return nil, err
	}
	v := viewer.From(ctx)
	return s.begin(ctx, store.NewChallenge{Purpose: forLink, UserID: &v.UserID, SessionID: &v.SessionID}, in.Provider, in.ReturnTo, nil)
}

// FinishLinkIdentity links the account at the provider to the caller's, if it
// signs in nobody else. What the provider says of addresses changes nothing.
//
// Faults: UNAUTHENTICATED, INVALID_ID, PROVIDER_SIGN_IN_FAILED,
// PROVIDER_UNAVAILABLE, IDENTITY_TAKEN, TOO_MANY_ITEMS.
func (s *Social) FinishLinkIdentity(ctx context.Context, in FinishLinkIdentityInput) (*ent.Identity, error) {
	v := viewer.From(ctx)
	if !v.SignedIn() {
		return nil, fault.ErrUnauthenticated
	}
	_, p, c, err := s.walk(ctx, forLink, answer{in.ChallengeID, in.Binding, in.Code, in.State, in.Issuer}, func(c store.Challenge) bool {
		return c.UserID != nil && *c.UserID == v.UserID && c.SessionID != nil && *c.SessionID == v.SessionID
	})
	if err != nil {
		return nil, err
	}
	var id uuid.UUID
	err = s.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		id, err = s.link(ctx, tx, v.UserID, who{Claims: c, Provider: p.Name})
		return err
	})
	if err != nil {
		return nil, s.taken(err)
	}
	q, err := s.Store.Client.Identity.Query().Where(identity.ID(id)).CollectUnder(ctx, "identity")
	if err != nil {
		return nil, err
	}
	found, err := q.Only(ctx)
	return found, store.Translate(err)
}

// link gives an account at a provider to a person; where he has it, it stays
// as it is.
func (s *Social) link(ctx context.Context, tx *store.Tx, person uuid.UUID, w who) (uuid.UUID, error) {
	if err := tx.Lock(ctx, "users", "id", person); err != nil {
		return uuid.Nil, err
	}
	known, err := tx.Identity.Query().Where(identity.KindEQ(identity.KindOIDC), identity.Issuer(w.Issuer), identity.Subject(w.Subject)).
		Select(identity.FieldID, identity.FieldUserID).Only(asSystem(ctx))
	switch {
	case err == nil && known.UserID == person:
		return known.ID, nil
	case err == nil:
		return uuid.Nil, ErrIdentityTaken
	case !ent.IsNotFound(err):
		return uuid.Nil, err
	}
	n, err := tx.Identity.Query().Where(identity.UserID(person), identity.KindEQ(identity.KindOIDC)).Count(asSystem(ctx))
	if err != nil {
		return uuid.Nil, err
	}
	if n >= mostLinks {
		return uuid.Nil, account.ErrTooManyItems.With("limit", mostLinks)
	}
	id, err := s.keep(ctx, tx, person, w)
	if err != nil {
		return uuid.Nil, err
	}
	return id, s.People.News(asPerson(ctx, person), tx, person, account.ChangeIdentityLinked, scalar.ID{Prefix: "idn", UUID: id}, map[string]any{"provider": w.Provider})
}

// asPerson is the context of the person who acts: his session, or himself where
// he is about to get one.
func asPerson(ctx context.Context, person uuid.UUID) context.Context {
	if viewer.From(ctx).UserID == person {
		return ctx
	}
	return account.As(ctx, person, uuid.Nil)
}

// taken tells of a twin that linked the same account at the provider first.
func (s *Social) taken(err error) error {
	if store.IsUnique(err) {
		return ErrIdentityTaken
	}
	return err
}

// UnlinkIdentity takes a provider off the caller's account and ends what was
// signed in by it, but for the session of the call.
//
// Faults: UNAUTHENTICATED, STEP_UP_REQUIRED, INVALID_ID, NOT_FOUND (somebody
// else's too), LAST_SIGN_IN_METHOD.
func (s *Social) UnlinkIdentity(ctx context.Context, in UnlinkIdentityInput) (*scalar.ID, error) {
	if err := s.People.NeedStepUp(ctx); err != nil {
		return nil, err
	}
	id, err := in.IdentityID.As("idn")
	if err != nil {
		return nil, fault.ErrInvalidID.At("input", "identityId")
	}
	v := viewer.From(ctx)
	err = s.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		// Of two that unlink at once the second sees what is left.
		if err := tx.Lock(ctx, "users", "id", v.UserID); err != nil {
			return err
		}
		gone, err := tx.Identity.Query().Where(identity.ID(id), identity.UserID(v.UserID), identity.KindEQ(identity.KindOIDC)).
			Select(identity.FieldID, identity.FieldKind, identity.FieldIssuer).Only(asSystem(ctx))
		if ent.IsNotFound(err) {
			return fault.ErrNotFound.At("input", "identityId")
		}
		if err != nil {
			return err
		}
		return s.unlink(ctx, tx, v, gone)
	})
	if err != nil {
		return nil, err
	}
	return &in.IdentityID, nil
}

func (s *Social) unlink(ctx context.Context, tx *store.Tx, v viewer.Viewer, gone *ent.Identity) error {
	if err := tx.Identity.DeleteOneID(gone.ID).Exec(asSystem(ctx)); err != nil {
		return err
	}
	if err := s.People.KeepsAWay(ctx, tx, v.UserID); err != nil {
		return err
	}
	details := map[string]any{}
	if p := s.offered(gone); p != nil {
		details["provider"] = p.Name
		if _, err := s.People.End(ctx, tx, v.UserID, session.Method(account.MethodOIDC+p.Name), session.IDNEQ(v.SessionID)); err != nil {
			return err
		}
	}
	return s.People.News(ctx, tx, v.UserID, account.ChangeIdentityUnlinked, scalar.ID{Prefix: "idn", UUID: gone.ID}, details)
}

// offered is the provider of an identity, if it is offered still.
func (s *Social) offered(i *ent.Identity) *Provider {
	for n := range s.providers {
		if i.Kind == identity.KindOIDC && s.providers[n].Issuer == i.Issuer {
			return &s.providers[n]
		}
	}
	return nil
}

// ProviderOf is the provider of an identity as everybody sees it; nil of other
// kinds and of one that is no longer offered.
func (s *Social) ProviderOf(i *ent.Identity) *SignInProvider {
	p := s.offered(i)
	if p == nil {
		return nil
	}
	return view(*p)
}

// SubjectHint is the end of the provider's name for the person; nil of other kinds.
func (s *Social) SubjectHint(i *ent.Identity) *string {
	if i.Kind != identity.KindOIDC {
		return nil
	}
	const shown = 4
	runes := []rune(i.Subject)
	hint := "…" + string(runes[max(0, len(runes)-shown):])
	return &hint
}
