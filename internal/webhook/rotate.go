package webhook

import (
	"context"
	"time"

	"kabinet/internal/fault"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// Rotate gives an endpoint a new secret; the former one signs as well for some
// hours.
//
// Faults: INVALID_ID, NOT_FOUND, OUT_OF_RANGE; UNAUTHENTICATED, FORBIDDEN.
func (w *Webhooks) Rotate(ctx context.Context, in RotateWebhookSecretInput) (Saved, error) {
	if err := needStaff(ctx, "write"); err != nil {
		return Saved{}, err
	}
	id, err := in.ID.As(endpointPrefix)
	if err != nil {
		return Saved{}, fault.ErrInvalidID.At("input", "id")
	}
	overlap := 24
	if in.OverlapHours != nil {
		overlap = *in.OverlapHours
	}
	if overlap < 0 || overlap > longestOverlap {
		return Saved{}, outOfRange("overlapHours", 0, longestOverlap)
	}
	secret := newSecret()
	err = w.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		e, err := hold(ctx, tx, id)
		if err != nil {
			return err
		}
		s, err := w.open(e.Secrets, id)
		if err != nil {
			return err
		}
		s = s.rotated(secret, tx.Now, tx.Now.Add(time.Duration(overlap)*time.Hour))
		sealed, err := w.seal(s, id)
		if err != nil {
			return err
		}
		u := e.Update().AddRevision(1).SetSecrets(sealed)
		if s.Until.IsZero() {
			u.ClearFormerSecretEndsAt()
		} else {
			u.SetFormerSecretEndsAt(s.Until)
		}
		if err := u.Exec(ctx); err != nil {
			return err
		}
		return tx.Audit(ctx, "webhook.rotate_secret", viewer.House, e.GlobalID(), map[string]any{"overlapHours": overlap})
	})
	if err != nil {
		return Saved{}, err
	}
	e, err := w.Store.Client.WebhookEndpoint.Get(ctx, id)
	text := shown(secret)
	return Saved{Endpoint: e, Secret: &text}, store.Translate(err)
}

// Reseal seals the secrets of endpoints with the first key and says how many an
// older one had sealed, and how many no key opens.
func (w *Webhooks) Reseal(ctx context.Context) (anew, lost int, err error) {
	return w.Store.Reseal(ctx, w.Sealer, store.Sealed{Table: "webhook_endpoints", Column: "secrets", PlaceColumn: "id", Place: place})
}
