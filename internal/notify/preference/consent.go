package preference

import (
	"context"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/consent"
	"kabinet/ent/generated/consentdocument"
	"kabinet/ent/schema"
	"kabinet/internal/store"
)

// agreement is what a person agreed to of advertising, by purpose. A word on an
// older version of a document counts until it is taken back.
type agreement struct {
	documents map[string]uuid.UUID // in force
	given     map[string]bool
}

// to says whether he agreed to it on a channel.
func (a agreement) to(channel string) bool { return a.given[ConsentPurpose(channel)] }

// agreedTo reads it, in two statements. ctx must see rows of the person.
func agreedTo(ctx context.Context, client *ent.Client, user uuid.UUID) (agreement, error) {
	a := agreement{documents: map[string]uuid.UUID{}, given: map[string]bool{}}
	documents, err := client.ConsentDocument.Query().Where(consentdocument.RetiredAtIsNil(),
		consentdocument.PurposeIn(consentdocument.PurposeEMAIL_MARKETING, consentdocument.PurposeSMS_MARKETING)).
		Order(consentdocument.ByHandle()).All(ctx)
	if err != nil {
		return a, store.Translate(err)
	}
	purposes, keys := map[uuid.UUID]string{}, make([]uuid.UUID, 0, len(documents))
	for _, d := range documents {
		purpose := string(d.Purpose)
		purposes[d.KeyID], keys = purpose, append(keys, d.KeyID)
		if _, there := a.documents[purpose]; !there {
			a.documents[purpose] = d.KeyID
		}
	}
	words, err := client.Consent.Query().Where(consent.UserID(user), consent.DocumentIDIn(keys...)).Order(ent.Asc(consent.FieldID)).All(ctx)
	if err != nil {
		return a, store.Translate(err)
	}
	newest := map[uuid.UUID]bool{}
	for _, w := range words {
		newest[w.DocumentID] = w.Decision == consent.DecisionGIVEN
	}
	for key, given := range newest {
		purpose := purposes[key]
		a.given[purpose] = a.given[purpose] || given
	}
	return a, nil
}

// Agreed says on which channels a person agreed to advertising. Of those that
// have no document to agree to it says nothing: see Decide.
func (p *Preferences) Agreed(ctx context.Context, tx *store.Tx, user uuid.UUID) (map[string]bool, error) {
	a, err := agreedTo(asSystem(ctx), tx.Client, user)
	if err != nil {
		return nil, err
	}
	agreed := map[string]bool{}
	for _, channel := range Channels() {
		if a.to(channel) {
			agreed[channel] = true
		}
	}
	return agreed, nil
}

// InFeed says whether a person wants a type in his feed. Of a type that nobody
// knows he does.
func (p *Preferences) InFeed(ctx context.Context, tx *store.Tx, typ string, chosen *schema.NotifyPreferences) (bool, error) {
	s, found, err := p.Settings.Of(ctx, tx.Client, typ)
	if err != nil || !found {
		return err == nil, err
	}
	return Decide(chosen, s, InApp, false).Wanted, nil
}
