package privacy

import (
	"context"
	"slices"
	"strconv"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/consent"
	"kabinet/ent/generated/consentdocument"
	"kabinet/internal/fault"
	"kabinet/internal/locale"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// mostConsents are taken in one call.
const mostConsents = 50

// Documents are those in force, required ones first, in the caller's language.
func (p *Privacy) Documents(ctx context.Context, purpose *ConsentPurpose) ([]*ConsentDocument, error) {
	q := p.Store.Client.ConsentDocument.Query().Where(consentdocument.RetiredAtIsNil())
	if purpose != nil {
		q.Where(consentdocument.PurposeEQ(consentdocument.Purpose(*purpose)))
	}
	rows, err := q.Order(consentdocument.ByRequired(sql.OrderDesc()), consentdocument.ByHandle()).All(ctx)
	if err != nil {
		return nil, err
	}
	all := make([]*ConsentDocument, 0, len(rows))
	for _, d := range rows {
		all = append(all, view(ctx, d))
	}
	return all, nil
}

func view(ctx context.Context, d *ent.ConsentDocument) *ConsentDocument {
	v := &ConsentDocument{ID: d.GlobalID(), Handle: d.Handle, Purpose: ConsentPurpose(d.Purpose), Version: int(d.Version), Required: d.Required,
		URL: d.URL, Translations: scalar.Translations(d.Texts), InForceSince: d.CreatedAt}
	texts := d.Texts[locale.Match(viewer.From(ctx).Locale)]
	if texts == nil {
		texts = d.Texts[locale.English]
	}
	if v.Name = texts[scalar.TextName]; v.Name == "" {
		v.Name = d.Handle
	}
	v.Description, v.Terms = some(texts[scalar.TextDescription]), some(texts[scalar.TextTerms])
	return v
}

func some(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// Record puts the caller's words on documents on record, all or none.
//
// Faults: UNAUTHENTICATED, REQUIRED, TOO_MANY_ITEMS as TOO_LONG, INVALID_ID,
// NOT_FOUND, CONSENT_OUTDATED, CONSENT_REQUIRED, DUPLICATE_KEY.
func (p *Privacy) Record(ctx context.Context, in RecordConsentInput) error {
	me, err := caller(ctx)
	if err != nil {
		return err
	}
	switch {
	case len(in.Consents) == 0:
		return fault.ErrRequired.At("input", "consents")
	case len(in.Consents) > mostConsents:
		return fault.ErrTooLong.At("input", "consents").With("limit", mostConsents)
	}
	said := make([]word, 0, len(in.Consents))
	for i, c := range in.Consents {
		at := []string{"input", "consents", strconv.Itoa(i)}
		if _, err := c.DocumentID.As("cdo"); err != nil {
			return fault.ErrInvalidID.At(append(at, "documentId")...)
		}
		if slices.ContainsFunc(said, func(w word) bool { return w.document == c.DocumentID.UUID }) {
			return ErrDuplicateKey.At(append(at, "documentId")...)
		}
		said = append(said, word{document: c.DocumentID.UUID, version: int64(c.Version), given: c.Given, at: at})
	}
	return p.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error { return p.record(ctx, tx, me, said) })
}

// ErrDuplicateKey says that one document stands twice in a call.
var ErrDuplicateKey = fault.New(fault.Invalid, "DUPLICATE_KEY")

// word is what somebody says about one document.
type word struct {
	document uuid.UUID
	version  int64
	given    bool
	at       []string // where it stands in the input
}

func (p *Privacy) record(ctx context.Context, tx *store.Tx, me uuid.UUID, said []word) error {
	if err := tx.Lock(ctx, "users", "id", me); err != nil { // one after the other: the newest word counts
		return err
	}
	for _, w := range said {
		d, err := tx.ConsentDocument.Query().Where(consentdocument.KeyID(w.document), consentdocument.RetiredAtIsNil()).Only(asSystem(ctx))
		if ent.IsNotFound(err) {
			return fault.ErrNotFound.At(append(slices.Clone(w.at), "documentId")...)
		}
		if err != nil {
			return err
		}
		if err := w.check(d); err != nil {
			return err
		}
		last, err := tx.Consent.Query().Where(consent.UserID(me), consent.DocumentID(d.KeyID)).Order(ent.Desc(consent.FieldID)).First(asSystem(ctx))
		if err != nil && !ent.IsNotFound(err) {
			return err
		}
		if w.again(last) {
			continue
		}
		if err := write(ctx, tx, me, d, w.given); err != nil {
			return err
		}
	}
	return nil
}

// check is the rule of what can be said about a document.
func (w word) check(d *ent.ConsentDocument) error {
	if w.given && w.version != d.Version {
		return ErrConsentOutdated.At(append(slices.Clone(w.at), "version")...).With("handle", d.Handle).With("version", d.Version)
	}
	if !w.given && d.Required {
		return ErrConsentRequired.At(append(slices.Clone(w.at), "given")...).With("handle", d.Handle)
	}
	return nil
}

// again says that nothing new was said: the same as the last word, or a
// withdrawal of what was never given.
func (w word) again(last *ent.Consent) bool {
	if last == nil {
		return !w.given
	}
	if w.given {
		return last.Decision == consent.DecisionGIVEN && last.Version == w.version
	}
	return last.Decision == consent.DecisionWITHDRAWN
}

func write(ctx context.Context, tx *store.Tx, me uuid.UUID, d *ent.ConsentDocument, given bool) error {
	v, decision := viewer.From(ctx), consent.DecisionWITHDRAWN
	if given {
		decision = consent.DecisionGIVEN
	}
	c := tx.Consent.Create().SetUserID(me).SetDocumentID(d.KeyID).SetVersion(d.Version).SetDecision(decision).SetLocale(locale.Match(v.Locale)).
		SetNillableIP(some(v.IP)).SetNillableUserAgent(some(v.UserAgent))
	if v.SessionID != uuid.Nil {
		c.SetSessionID(v.SessionID)
	}
	if err := c.Exec(asSystem(ctx)); err != nil {
		return err
	}
	return tx.Audit(ctx, "privacy.consent", me, d.GlobalID(), map[string]any{"handle": d.Handle, "version": d.Version, "given": given})
}

// Accept is for the registration, in its transaction: it records what was
// ticked and refuses where a required document was not. Faults: NOT_FOUND,
// CONSENT_OUTDATED, CONSENT_REQUIRED.
func (p *Privacy) Accept(ctx context.Context, tx *store.Tx, user uuid.UUID, ticked []Accepted) error {
	inForce, err := tx.ConsentDocument.Query().Where(consentdocument.RetiredAtIsNil()).All(asSystem(ctx))
	if err != nil {
		return err
	}
	for i, t := range ticked {
		at := []string{"input", "consents", strconv.Itoa(i)}
		n := slices.IndexFunc(inForce, func(d *ent.ConsentDocument) bool { return d.Handle == t.Handle })
		if n < 0 {
			return fault.ErrNotFound.At(append(at, "handle")...)
		}
		if int64(t.Version) != inForce[n].Version {
			return ErrConsentOutdated.At(append(at, "version")...).With("handle", t.Handle).With("version", inForce[n].Version)
		}
	}
	for _, d := range inForce {
		given := slices.ContainsFunc(ticked, func(t Accepted) bool { return t.Handle == d.Handle })
		if !given && d.Required {
			return ErrConsentRequired.At("input", "consents").With("handle", d.Handle)
		}
		if !given {
			continue
		}
		if err := write(ctx, tx, user, d, true); err != nil {
			return err
		}
	}
	return nil
}

// Consents are a person's newest words on the documents in force, for himself
// and staff that reads people.
func (p *Privacy) Consents(ctx context.Context, of uuid.UUID) ([]*Consent, error) {
	rows, documents, err := p.words(ctx, of)
	if err != nil {
		return nil, err
	}
	all := []*Consent{}
	for _, d := range documents {
		c := rows[d.KeyID]
		if c == nil {
			continue
		}
		given := c.Decision == consent.DecisionGIVEN
		all = append(all, &Consent{Document: view(ctx, d), Version: int(c.Version), Given: given, IsCurrent: given && c.Version == d.Version,
			DecidedAt: c.CreatedAt, Locale: c.Locale})
	}
	return all, nil
}

// Due are the required documents whose version in force a person has not
// agreed to. Empty for those who may not read his consents.
func (p *Privacy) Due(ctx context.Context, of uuid.UUID) ([]*ConsentDocument, error) {
	rows, documents, err := p.words(ctx, of)
	if err != nil {
		return nil, err
	}
	all := []*ConsentDocument{}
	for _, d := range documents {
		if c := rows[d.KeyID]; d.Required && (c == nil || c.Decision != consent.DecisionGIVEN || c.Version != d.Version) {
			all = append(all, view(ctx, d))
		}
	}
	return all, nil
}

// words are the newest consents of a person by document, and the documents in force.
func (p *Privacy) words(ctx context.Context, of uuid.UUID) (map[uuid.UUID]*ent.Consent, []*ent.ConsentDocument, error) {
	documents, err := p.Store.Client.ConsentDocument.Query().Where(consentdocument.RetiredAtIsNil()).
		Order(consentdocument.ByRequired(sql.OrderDesc()), consentdocument.ByHandle()).All(ctx)
	if err != nil {
		return nil, nil, err
	}
	rows, err := p.Store.Client.Consent.Query().Where(consent.UserID(of)).Order(ent.Asc(consent.FieldID)).All(ctx)
	if err != nil {
		return nil, nil, err
	}
	newest := map[uuid.UUID]*ent.Consent{}
	for _, c := range rows {
		newest[c.DocumentID] = c
	}
	return newest, documents, nil
}
