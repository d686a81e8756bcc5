package card

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"net/url"
	"strings"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/cardsource"
	"kabinet/ent/generated/outsidecard"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

const (
	sourcePrefix = "csr"
	secretBytes  = 32
)

// SavedSource is what SaveSource gives: all nil when it was refused.
type SavedSource struct {
	Source *ent.CardSource
	Secret *string
}

// Sources are the addresses that tell more about customers. Faults:
// UNAUTHENTICATED, FORBIDDEN.
func (c *Cards) Sources(ctx context.Context) ([]*ent.CardSource, error) {
	if err := need(ctx, "support", "read"); err != nil {
		return nil, err
	}
	q, err := c.Store.Client.CardSource.Query().Order(cardsource.ByPosition(), cardsource.ByID()).Limit(mostSources).CollectFields(ctx)
	if err != nil {
		return nil, err
	}
	return listed(q.All(ctx))
}

// SaveSource makes a source or changes one. What an address told of before
// stays until it is told anew.
//
// Faults: INVALID_ID, NOT_FOUND, STALE_OBJECT, REQUIRED, TOO_LONG,
// INVALID_VALUE, OUT_OF_RANGE, WEBHOOK_ADDRESS_REFUSED, ALREADY_TAKEN,
// TOO_MANY_ITEMS; UNAUTHENTICATED, FORBIDDEN.
func (c *Cards) SaveSource(ctx context.Context, in SaveCardSourceInput) (SavedSource, error) {
	if err := need(ctx, "support", "write"); err != nil {
		return SavedSource{}, err
	}
	if err := in.check(); err != nil {
		return SavedSource{}, err
	}
	if in.URL != nil { // it may look a name up: not in a transaction
		if reason := c.Guard(ctx, *in.URL); reason != "" {
			return SavedSource{}, ErrAddressRefused.At("input", "url").With("reason", reason)
		}
	}
	var saved SavedSource
	var id uuid.UUID
	err := c.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		if in.ID == nil {
			id, saved.Secret, err = c.makeSource(ctx, tx, in)
		} else {
			id, saved.Secret, err = c.changeSource(ctx, tx, in)
		}
		return err
	})
	switch {
	case store.IsUnique(err) && in.Name != nil:
		return SavedSource{}, ErrNameTaken.At("input", "name").With("value", *in.Name)
	case err != nil:
		return SavedSource{}, err
	}
	saved.Source, err = c.Store.Client.CardSource.Query().Where(cardsource.ID(id)).Select(unsealed...).Only(ctx)
	return saved, store.Translate(err)
}

// check brings texts into form and numbers into bounds.
func (in *SaveCardSourceInput) check() error {
	switch {
	case in.ID != nil && in.Revision == nil:
		return fault.ErrRequired.At("input", "revision")
	case in.ID == nil && in.Name == nil:
		return fault.ErrRequired.At("input", "name")
	case in.ID == nil && in.URL == nil:
		return fault.ErrRequired.At("input", "url")
	}
	if in.Name != nil {
		name, err := text(*in.Name, longestName, "", "input", "name")
		if err != nil {
			return err
		}
		in.Name = &name
	}
	for _, n := range []struct {
		value       *int
		least, most int
		field       string
	}{{in.TTLSeconds, 0, longestTTL, "ttlSeconds"}, {in.TimeoutMillis, leastPatient, mostPatient, "timeoutMillis"}, {in.Position, 0, 1000, "position"}} {
		if n.value == nil {
			continue
		}
		if err := within(*n.value, n.least, n.most, n.field); err != nil {
			return err
		}
	}
	return nil
}

func (c *Cards) makeSource(ctx context.Context, tx *store.Tx, in SaveCardSourceInput) (uuid.UUID, *string, error) {
	if err := tx.Lock(ctx, "companies", "id", viewer.House); err != nil { // or two could both be the last
		return uuid.Nil, nil, err
	}
	n, err := tx.CardSource.Query().Count(ctx)
	if err != nil {
		return uuid.Nil, nil, err
	}
	if n >= mostSources {
		return uuid.Nil, nil, ErrTooManyItems.With("limit", mostSources)
	}
	id := uuid.Must(uuid.NewV7())
	sealed, shown := c.newSecret(id)
	made, err := tx.CardSource.Create().SetID(id).SetName(*in.Name).SetAddress(*in.URL).SetSealed(sealed).
		SetNillableTTLSeconds(in.TTLSeconds).SetNillableTimeoutMillis(in.TimeoutMillis).SetNillablePosition(in.Position).SetNillableEnabled(in.Enabled).Save(ctx)
	if err != nil {
		return uuid.Nil, nil, err
	}
	return id, &shown, auditSource(ctx, tx, "card_source.save", made, true)
}

func (c *Cards) changeSource(ctx context.Context, tx *store.Tx, in SaveCardSourceInput) (uuid.UUID, *string, error) {
	s, err := holdSource(ctx, tx, *in.ID)
	if err != nil {
		return uuid.Nil, nil, err
	}
	if int64(*in.Revision) != s.Revision {
		return uuid.Nil, nil, fault.ErrStaleObject.At("input", "revision").With("revision", s.Revision)
	}
	u := s.Update().AddRevision(1).SetNillableName(in.Name).SetNillableAddress(in.URL).SetNillableTTLSeconds(in.TTLSeconds).
		SetNillableTimeoutMillis(in.TimeoutMillis).SetNillablePosition(in.Position).SetNillableEnabled(in.Enabled)
	var secret *string
	if in.NewSecret != nil && *in.NewSecret {
		sealed, shown := c.newSecret(s.ID)
		u.SetSealed(sealed)
		secret = &shown
	}
	after, err := u.Save(ctx)
	if err != nil {
		return uuid.Nil, nil, err
	}
	return s.ID, secret, auditSource(ctx, tx, "card_source.save", after, secret != nil)
}

// DeleteSource deletes a source with what it told. Faults: INVALID_ID,
// NOT_FOUND; UNAUTHENTICATED, FORBIDDEN.
func (c *Cards) DeleteSource(ctx context.Context, in DeleteCardSourceInput) (*scalar.ID, error) {
	if err := need(ctx, "support", "write"); err != nil {
		return nil, err
	}
	err := c.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		s, err := holdSource(ctx, tx, in.ID)
		if err != nil {
			return err
		}
		if _, err := tx.OutsideCard.Delete().Where(outsidecard.SourceID(s.ID)).Exec(asSystem(ctx)); err != nil {
			return err
		}
		if err := tx.CardSource.DeleteOne(s).Exec(ctx); err != nil {
			return err
		}
		return auditSource(ctx, tx, "card_source.delete", s, false)
	})
	if err != nil {
		return nil, err
	}
	return &in.ID, nil
}

func holdSource(ctx context.Context, tx *store.Tx, id scalar.ID) (*ent.CardSource, error) {
	key, err := id.As(sourcePrefix)
	if err != nil {
		return nil, fault.ErrInvalidID.At("input", "id")
	}
	s, err := tx.CardSource.Query().Where(cardsource.ID(key), tx.Locking()).Select(unsealed...).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, fault.ErrNotFound.At("input", "id")
	}
	return s, err
}

// auditSource shows of the address its host alone, for the rest may hold a
// secret (security I8).
func auditSource(ctx context.Context, tx *store.Tx, action string, s *ent.CardSource, newSecret bool) error {
	host := ""
	if u, err := url.Parse(s.Address); err == nil {
		host = u.Host
	}
	return tx.Audit(ctx, action, viewer.House, s.GlobalID(), map[string]any{"host": host, "enabled": s.Enabled, "newSecret": newSecret})
}

// place is what the secret of a source is sealed for.
func place(id uuid.UUID) string { return "card_source.secret:" + id.String() }

// newSecret makes one at random: sealed, and as Standard Webhooks writes it.
func (c *Cards) newSecret(id uuid.UUID) (sealed []byte, shown string) {
	b := make([]byte, secretBytes)
	_, _ = rand.Read(b) // never fails
	return c.Sealer.Seal(b, place(id)), "whsec_" + base64.StdEncoding.EncodeToString(b)
}

// Reseal seals the secrets of sources with the first key and says how many an
// older one had sealed, and how many no key opens.
func (c *Cards) Reseal(ctx context.Context) (anew, lost int, err error) {
	return c.Store.Reseal(ctx, c.Sealer, store.Sealed{Table: "card_sources", Column: "sealed", PlaceColumn: "id", Place: place})
}

// webLink is a link that may be shown: http or https, else nothing.
func webLink(s string) *string {
	if len(s) > 2000 || strings.ContainsAny(s, " \t\r\n\\\"<>`") {
		return nil
	}
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil {
		return nil
	}
	return &s
}
