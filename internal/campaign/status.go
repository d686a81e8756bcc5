package campaign

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entcampaign "kabinet/ent/generated/campaign"
	"kabinet/internal/event"
	"kabinet/internal/fault"
	"kabinet/internal/store"
)

// steps are the moves that staff may make.
var steps = map[entcampaign.Status][]entcampaign.Status{
	entcampaign.StatusDRAFT:     {entcampaign.StatusSCHEDULED, entcampaign.StatusOPEN, entcampaign.StatusCANCELLED},
	entcampaign.StatusSCHEDULED: {entcampaign.StatusOPEN, entcampaign.StatusCANCELLED},
	entcampaign.StatusOPEN:      {entcampaign.StatusCLOSED, entcampaign.StatusCANCELLED},
	entcampaign.StatusCLOSED:    {entcampaign.StatusFINISHED, entcampaign.StatusCANCELLED},
}

// SetStatus moves a campaign. Faults: FORBIDDEN, INVALID_ID, NOT_FOUND,
// STALE_OBJECT, ILLEGAL_TRANSITION, REQUIRED of startsAt, TOO_MANY_ITEMS.
func (s *Campaigns) SetStatus(ctx context.Context, in SetCampaignStatusInput) (*ent.Campaign, error) {
	if err := staffWrites(ctx); err != nil {
		return nil, err
	}
	key, err := keyOf(in.CampaignID, "cmp", "input", "campaignId")
	if err != nil {
		return nil, err
	}
	err = s.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		c, err := s.lock(ctx, tx, key, "input", "campaignId")
		if err != nil {
			return err
		}
		if in.Revision != nil && int64(*in.Revision) != c.Revision {
			return fault.ErrStaleObject.At("input", "revision").With("revision", c.Revision)
		}
		to := entcampaign.Status(in.Status)
		if !slices.Contains(steps[c.Status], to) || to == entcampaign.StatusFINISHED && draws(c.Kind, c.Rules) {
			return ErrIllegalTransition.At("input", "status").With("fromState", string(c.Status)).With("toState", string(to))
		}
		if err := s.move(ctx, tx, c, to); err != nil {
			return err
		}
		return tx.Audit(ctx, "campaign.set_status", uuid.Nil, c.GlobalID(), map[string]any{"from": string(c.Status), "to": string(in.Status)})
	})
	s.cache.forget()
	if err != nil {
		return nil, err
	}
	return s.Find(ctx, in.CampaignID)
}

// move puts a campaign, which is held, into a status. What is announced or
// opened publishes the hash of its seed.
func (s *Campaigns) move(ctx context.Context, tx *store.Tx, c *ent.Campaign, to entcampaign.Status) error {
	u := tx.Campaign.UpdateOneID(c.ID).SetRevision(c.Revision + 1)
	switch to {
	case entcampaign.StatusSCHEDULED:
		if c.StartsAt == nil {
			return fault.ErrRequired.At("input", "startsAt")
		}
	case entcampaign.StatusOPEN:
		switch {
		case c.EndsAt != nil && !c.EndsAt.After(tx.Now):
			return fault.ErrOutOfRange.At("input", "endsAt")
		case c.StartsAt != nil && c.StartsAt.After(tx.Now) && c.Status == entcampaign.StatusDRAFT:
			to = entcampaign.StatusSCHEDULED
		case c.StartsAt == nil || c.StartsAt.After(tx.Now):
			u.SetStartsAt(tx.Now)
		}
		open, err := tx.Campaign.Query().Where(entcampaign.StatusEQ(entcampaign.StatusOPEN)).Count(sys(ctx))
		if err != nil {
			return err
		}
		if open >= maxOpen {
			return ErrTooManyItems.At("input", "status").With("limit", maxOpen)
		}
	case entcampaign.StatusCLOSED:
		if c.EndsAt == nil || c.EndsAt.After(tx.Now) {
			end := tx.Now
			if c.StartsAt != nil && !end.After(*c.StartsAt) {
				end = c.StartsAt.Add(time.Microsecond)
			}
			u.SetEndsAt(end)
		}
		if !enterable(c.Kind) {
			to = entcampaign.StatusFINISHED
		}
	}
	if draws(c.Kind, c.Rules) && c.SeedHash == nil && (to == entcampaign.StatusSCHEDULED || to == entcampaign.StatusOPEN) {
		secret, err := s.secrets(c)
		if err != nil {
			return err
		}
		u.SetSeedHash(hashSeed(secret.seed))
	}
	tx.Tell(event.CampaignStatusChanged{CampaignID: c.ID, What: string(c.Kind), Status: string(to)}, store.ToHouse())
	return u.SetStatus(to).Exec(sys(ctx))
}

// MoveDue opens and closes campaigns whose time came, and tells staff of draws
// that are due; up to limit. Each is a transaction of its own that asks again
// under the lock: two instances do nothing twice. It is called by the clock.
func (s *Campaigns) MoveDue(ctx context.Context, limit int) (int, error) {
	now := s.Store.Now()
	var due []uuid.UUID
	err := each(ctx, s.Store, func(rows *sqlRows) error {
		var id uuid.UUID
		err := rows.Scan(&id)
		due = append(due, id)
		return err
	}, `SELECT id FROM campaigns WHERE status = 'SCHEDULED' AND starts_at <= ? OR status = 'OPEN' AND ends_at <= ?
		OR status = 'CLOSED' AND drawn_at IS NULL AND reminded_at IS NULL AND seed_hash IS NOT NULL ORDER BY id LIMIT ?`, now, now, limit)
	if err != nil {
		return 0, store.Translate(err)
	}
	var failed []error
	done := 0
	for _, id := range due {
		err := s.Store.InTx(sys(ctx), func(ctx context.Context, tx *store.Tx) error {
			c, err := s.lock(ctx, tx, id)
			if err != nil {
				return err
			}
			return s.moveDue(ctx, tx, c)
		})
		if err != nil {
			failed = append(failed, err)
			continue
		}
		done++
	}
	if done > 0 {
		s.cache.forget()
	}
	return done, errors.Join(failed...)
}

func (s *Campaigns) moveDue(ctx context.Context, tx *store.Tx, c *ent.Campaign) error {
	past := func(t *time.Time) bool { return t != nil && !t.After(tx.Now) }
	switch {
	case c.Status == entcampaign.StatusSCHEDULED && past(c.EndsAt):
		return s.move(ctx, tx, c, entcampaign.StatusCANCELLED)
	case c.Status == entcampaign.StatusSCHEDULED && past(c.StartsAt):
		return s.move(ctx, tx, c, entcampaign.StatusOPEN)
	case c.Status == entcampaign.StatusOPEN && past(c.EndsAt):
		return s.move(ctx, tx, c, entcampaign.StatusCLOSED)
	case c.Status == entcampaign.StatusCLOSED && c.DrawnAt == nil && c.RemindedAt == nil && c.SeedHash != nil:
		tx.Tell(event.RaffleDrawDue{CampaignID: c.ID, Handle: c.Handle}, store.ToHouse())
		return tx.Campaign.UpdateOneID(c.ID).SetRemindedAt(tx.Now).Exec(ctx)
	}
	return nil
}
