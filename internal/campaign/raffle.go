package campaign

import (
	"context"
	"encoding/hex"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entcampaign "kabinet/ent/generated/campaign"
	"kabinet/ent/schema"
	"kabinet/internal/event"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
)

// Drawn is what drawRaffle gives.
type Drawn struct {
	Campaign *ent.Campaign
	Entries  *int
	Prizes   *int
	Replayed *bool
}

// drawKept is what an idempotency key keeps of a draw.
type drawKept struct{ Entries, Prizes int }

// Draw draws a raffle that is closed, once for ever: the second of two at once
// waits for the first and is refused. A dry run counts and draws nothing, so
// that nobody can try until he likes who wins. Faults: FORBIDDEN, INVALID_ID,
// NOT_FOUND, INVALID_VALUE where nothing is drawn in such a campaign,
// ILLEGAL_TRANSITION, REQUIRED of publicEntropy, those of store.Tx.Once.
func (s *Campaigns) Draw(ctx context.Context, in DrawRaffleInput) (Drawn, error) {
	if err := staffWrites(ctx); err != nil {
		return Drawn{}, err
	}
	key, err := keyOf(in.CampaignID, "cmp", "input", "campaignId")
	if err != nil {
		return Drawn{}, err
	}
	entropy := ""
	if in.PublicEntropy != nil {
		if entropy, err = cleanText(*in.PublicEntropy, 1000, "input", "publicEntropy"); err != nil {
			return Drawn{}, err
		}
	}
	dry := in.DryRun != nil && *in.DryRun
	var kept drawKept
	var replayed bool
	err = s.Store.InDryTx(ctx, dry, func(ctx context.Context, tx *store.Tx) (err error) {
		replayed, err = tx.Once(ctx, "drawRaffle", in.IdempotencyKey, struct {
			Campaign uuid.UUID
			Entropy  string
		}{key, entropy}, &kept, func() error {
			kept, err = s.draw(ctx, tx, key, entropy, dry)
			return err
		})
		return err
	})
	s.cache.forget()
	if err != nil {
		return Drawn{}, err
	}
	c, err := s.Find(ctx, in.CampaignID)
	return Drawn{c, &kept.Entries, &kept.Prizes, &replayed}, err
}

func (s *Campaigns) draw(ctx context.Context, tx *store.Tx, id uuid.UUID, entropy string, dry bool) (drawKept, error) {
	c, err := s.lock(ctx, tx, id, "input", "campaignId")
	if err != nil {
		return drawKept{}, err
	}
	switch {
	case !draws(c.Kind, c.Rules):
		return drawKept{}, fault.ErrInvalidValue.At("input", "campaignId")
	case c.Status != entcampaign.StatusCLOSED || c.DrawnAt != nil || c.EndsAt == nil || c.EndsAt.After(tx.Now):
		return drawKept{}, ErrIllegalTransition.At("input", "campaignId").With("fromState", string(c.Status)).With("toState", string(entcampaign.StatusFINISHED))
	case c.Rules.Entropy != "" && entropy == "" && !dry:
		return drawKept{}, fault.ErrRequired.At("input", "publicEntropy")
	case c.Rules.Entropy == "" && entropy != "": // a value that was not announced could be chosen
		return drawKept{}, fault.ErrInvalidValue.At("input", "publicEntropy")
	}
	secret, err := s.secrets(c)
	if err != nil {
		return drawKept{}, err
	}
	tickets, err := ticketsIn(ctx, tx, c.ID, secret.salt, uuid.Nil, 0)
	if err != nil {
		return drawKept{}, err
	}
	kept := drawKept{Entries: len(tickets)}
	for _, p := range c.Rules.Prizes {
		kept.Prizes += p.Count
	}
	if dry {
		return kept, nil
	}
	return kept, s.publish(ctx, tx, c, secret, tickets, entropy)
}

// publish draws, keeps the result with the seed, and tells the winners.
func (s *Campaigns) publish(ctx context.Context, tx *store.Tx, c *ent.Campaign, secret secrets, tickets []ticket, entropy string) error {
	hash := hashEntries(tickets)
	winners := drawWinners(newLots(secret.seed, c.GlobalID(), hash, entropy), tickets, c.Rules.Prizes, c.Rules.ManyPrizes)
	result := &schema.CampaignResult{Algorithm: Algorithm, Seed: hex.EncodeToString(secret.seed), Entropy: entropy, Hash: hash, Count: len(tickets), Winners: winners}
	if winners == nil {
		result.Winners = []schema.CampaignWinner{}
	}
	for _, w := range winners {
		var owner uuid.UUID
		err := tx.QueryRow(ctx, `UPDATE campaign_entries SET status = 'WINNER', place = ?, prize_index = ?, decided_at = ?, updated_at = ?, revision = revision + 1
			WHERE id = ? AND status = 'APPROVED' RETURNING owner_id`, w.Place, w.Prize, tx.Now, tx.Now, w.Entry).Scan(&owner)
		if err != nil {
			return err
		}
		tx.Tell(event.CampaignEntryChanged{EntryID: w.Entry, CampaignID: c.ID, OwnerID: owner, Status: string(EntryWinner), Place: w.Place}, store.ToUser(owner))
	}
	if err := tx.Campaign.UpdateOneID(c.ID).SetResult(result).SetDrawnAt(tx.Now).SetStatus(entcampaign.StatusFINISHED).SetRevision(c.Revision + 1).Exec(ctx); err != nil {
		return err
	}
	tx.Tell(event.RaffleDrawn{CampaignID: c.ID, Entries: len(tickets), Winners: len(winners)}, store.ToHouse())
	return tx.Audit(ctx, "campaign.draw", uuid.Nil, c.GlobalID(), map[string]any{"entries": len(tickets), "entriesHash": hash, "winners": len(winners), "seedHash": hashSeed(secret.seed)})
}

// ticketsIn are the entries that take part, or took part, by ascending id.
func ticketsIn(ctx context.Context, r reader, campaign uuid.UUID, salt []byte, after uuid.UUID, limit int) (tickets []ticket, err error) {
	query, args := `SELECT id, owner_id FROM campaign_entries WHERE campaign_id = ? AND status IN ('APPROVED', 'WINNER', 'PRIZE_SENT') AND id > ? ORDER BY id`, []any{campaign, after}
	if limit > 0 {
		query, args = query+` LIMIT ?`, append(args, limit)
	}
	err = each(ctx, r, func(rows *sqlRows) error {
		var t ticket
		var owner uuid.UUID
		err := rows.Scan(&t.id, &owner)
		t.person = personSign(salt, owner)
		tickets = append(tickets, t)
		return err
	}, query, args...)
	return tickets, err
}

// Entries lists those of a draw, by id; whoever may see the raffle may read it,
// for it names nobody. Faults: INVALID_ID, OUT_OF_RANGE.
func (s *Campaigns) Entries(ctx context.Context, r *RaffleResult, after *scalar.ID, count *int) ([]*RaffleEntry, error) {
	const most = 1000
	limit, from := most, uuid.Nil
	if count != nil {
		if limit = *count; limit < 1 || limit > most {
			return nil, fault.ErrOutOfRange.At("count").With("min", 1).With("max", most)
		}
	}
	if after != nil {
		var err error
		if from, err = keyOf(*after, "cme", "after"); err != nil {
			return nil, err
		}
	}
	c, err := s.of(ctx, r.campaign)
	if err != nil {
		return nil, err
	}
	secret, err := s.secrets(c)
	if err != nil {
		return nil, err
	}
	tickets, err := ticketsIn(ctx, s.Store, c.ID, secret.salt, from, limit)
	if err != nil {
		return nil, store.Translate(err)
	}
	out := []*RaffleEntry{}
	for _, t := range tickets {
		out = append(out, &RaffleEntry{scalar.ID{Prefix: "cme", UUID: t.id}, t.person})
	}
	return out, nil
}
