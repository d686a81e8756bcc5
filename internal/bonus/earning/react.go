package earning

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"kabinet/ent/generated/earningrule"
	"kabinet/internal/event"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
)

// Hearers are the facts that are acts of customers. They lock accounts of the
// ledger, so they come before those that lock people alone.
func (p *Earnings) Hearers() []store.Hearer {
	return []store.Hearer{
		on("bonus.ContactConfirmed", p.OnContactConfirmed),
		on("bonus.ProfileUpdated", p.OnProfileUpdated),
	}
}

// on reads the fact for a hearer.
func on[F event.Fact](name string, hear func(context.Context, *store.Tx, F) error) store.Hearer {
	var zero F
	return store.Hearer{Name: name, Kinds: []string{zero.Kind()}, On: func(ctx context.Context, tx *store.Tx, e event.Stored) error {
		var f F
		if err := json.Unmarshal(e.Payload, &f); err != nil {
			return fmt.Errorf("%s: read %s: %w", name, e.Kind, err)
		}
		return hear(ctx, tx, f)
	}}
}

// OnContactConfirmed gives for the registration that it completes, and for a
// profile that it makes complete.
func (p *Earnings) OnContactConfirmed(ctx context.Context, tx *store.Tx, f event.ContactConfirmed) error {
	if f.Registered {
		if _, err := p.EarnForAct(ctx, tx, Act{Handle: ActRegistration, Owner: f.UserID, Key: "once"}); err != nil {
			return err
		}
	}
	return p.earnForProfile(ctx, tx, f.UserID)
}

// OnProfileUpdated gives for a profile that is complete now.
func (p *Earnings) OnProfileUpdated(ctx context.Context, tx *store.Tx, f event.ProfileUpdated) error {
	return p.earnForProfile(ctx, tx, f.UserID)
}

// fullProfile is what a complete profile has where a rule does not say.
var fullProfile = []string{string(ProfilePartGivenName), string(ProfilePartFamilyName), string(ProfilePartBirthOn), string(ProfilePartVerifiedContact)}

// earnForProfile gives what the rules of a complete profile say, each once for
// ever: one asks for more than another.
func (p *Earnings) earnForProfile(ctx context.Context, tx *store.Tx, user uuid.UUID) error {
	h, err := p.rules.rows(ctx, tx.Client, p.Store.Now())
	if err != nil {
		return err
	}
	var rules []*earnRule
	for program := range h.inForce {
		rules = append(rules, h.rulesOf(program, earningrule.TriggerACT, ActProfileCompleted)...)
	}
	if len(rules) == 0 {
		return nil
	}
	has, err := profileOf(ctx, tx, user)
	if err != nil {
		return err
	}
	slices.SortFunc(rules, func(a, b *earnRule) int { return slices.Compare(a.KeyID[:], b.KeyID[:]) })
	for _, r := range rules {
		if !r.complete(has) {
			continue
		}
		if p.Acted != nil {
			if err := p.Acted(ctx, tx, Act{Handle: ActProfileCompleted, Owner: user, Key: "once"}); err != nil {
				return err
			}
		}
		id := scalar.ID{Prefix: "rule", UUID: r.KeyID}
		_, err := p.earnByRules(ctx, tx, Act{Handle: ActProfileCompleted, Owner: user, Key: id.String()}, func(_ *earningRows, program uuid.UUID) []*earnRule {
			if program != r.ProgramID {
				return nil
			}
			return []*earnRule{r}
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// complete says whether a profile has all that the rule asks for.
func (r *earnRule) complete(has map[string]bool) bool {
	parts := r.Profile
	if len(parts) == 0 {
		parts = fullProfile
	}
	return !slices.ContainsFunc(parts, func(part string) bool { return !has[part] })
}

// profileOf says by one statement what a person's profile has.
func profileOf(ctx context.Context, tx *store.Tx, user uuid.UUID) (map[string]bool, error) {
	var given, family, born, mail, phone, address bool
	err := tx.QueryRow(ctx, `SELECT coalesce(given_name, '') <> '', coalesce(family_name, '') <> '', coalesce(birth_on, '') <> '',
		EXISTS (SELECT 1 FROM contact_points c WHERE c.user_id = u.id AND c.kind = 'EMAIL' AND c.verified_at IS NOT NULL),
		EXISTS (SELECT 1 FROM contact_points c WHERE c.user_id = u.id AND c.kind = 'PHONE' AND c.verified_at IS NOT NULL),
		EXISTS (SELECT 1 FROM addresses a WHERE a.owner_id = u.id AND a.kind = 'ADDRESS') FROM users u WHERE u.id = ?`, user).
		Scan(&given, &family, &born, &mail, &phone, &address)
	return map[string]bool{
		string(ProfilePartGivenName): given, string(ProfilePartFamilyName): family, string(ProfilePartBirthOn): born,
		string(ProfilePartVerifiedContact): mail || phone, string(ProfilePartVerifiedEmail): mail, string(ProfilePartVerifiedPhone): phone,
		string(ProfilePartAddress): address,
	}, err
}
