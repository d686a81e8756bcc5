package campaign

import (
	"context"
	"errors"
	"slices"
	"strconv"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entcampaign "kabinet/ent/generated/campaign"
	"kabinet/ent/generated/campaignentry"
	"kabinet/internal/event"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
)

// maxBulk bounds a bulk of decisions.
const maxBulk = 100

// decision is what staff decides about an entry.
type decision struct {
	what   CampaignDecision
	reason string
	prize  *int // from 1
}

// becomes is the status that a decision leads to.
var becomes = map[CampaignDecision]campaignentry.Status{
	DecideApprove: campaignentry.StatusAPPROVED, DecideReject: campaignentry.StatusREJECTED,
	DecideAward: campaignentry.StatusWINNER, DecideSendPrize: campaignentry.StatusPRIZE_SENT,
}

// mayDecide is the rule of decisions by where campaign and entry stand. What
// was not approved when a raffle was drawn comes too late.
func mayDecide(c *ent.Campaign, e *ent.CampaignEntry, d CampaignDecision) bool {
	running := c.Status == entcampaign.StatusOPEN || c.Status == entcampaign.StatusCLOSED
	switch d {
	case DecideApprove:
		return running && e.Status == campaignentry.StatusSUBMITTED
	case DecideReject:
		return running && (e.Status == campaignentry.StatusSUBMITTED || e.Status == campaignentry.StatusAPPROVED && e.Points == 0)
	case DecideAward:
		return running && e.Status == campaignentry.StatusAPPROVED && len(c.Rules.Prizes) > 0 && !draws(c.Kind, c.Rules)
	case DecideSendPrize:
		return e.Status == campaignentry.StatusWINNER
	}
	return false
}

func readDecision(what CampaignDecision, reason *string, prize *int) (decision, error) {
	d := decision{what: what, prize: prize}
	if reason != nil {
		var err error
		if d.reason, err = cleanText(*reason, 500, "input", "reason"); err != nil {
			return d, err
		}
	}
	if d.reason == "" && what == DecideReject {
		return d, fault.ErrRequired.At("input", "reason")
	}
	return d, nil
}

// Moderate decides about one entry. Faults: FORBIDDEN, INVALID_ID, NOT_FOUND,
// STALE_OBJECT, ILLEGAL_TRANSITION, REQUIRED, TOO_LONG, OUT_OF_RANGE of the
// prize, TOO_MANY_ITEMS where all of its kind are given, those of store.Tx.Once.
func (s *Campaigns) Moderate(ctx context.Context, in ModerateCampaignEntryInput) (Entered, error) {
	if err := staffWrites(ctx); err != nil {
		return Entered{}, err
	}
	key, err := keyOf(in.EntryID, "cme", "input", "entryId")
	if err != nil {
		return Entered{}, err
	}
	d, err := readDecision(in.Decision, in.Reason, in.Prize)
	if err != nil {
		return Entered{}, err
	}
	input := in
	input.IdempotencyKey, input.DryRun = "", nil
	return s.once(ctx, "moderateCampaignEntry", in.IdempotencyKey, in.DryRun, input, &struct{}{}, &key, func(ctx context.Context, tx *store.Tx) error {
		c, e, err := s.lockEntry(ctx, tx, key, "input", "entryId")
		if err != nil {
			return err
		}
		if in.Revision != nil && int64(*in.Revision) != e.Revision {
			return fault.ErrStaleObject.At("input", "revision").With("revision", e.Revision)
		}
		return s.decide(ctx, tx, c, e, d)
	})
}

// ModerateMany decides about many entries, each for itself. Faults as of
// Moderate, and TOO_LONG of the list.
func (s *Campaigns) ModerateMany(ctx context.Context, in ModerateCampaignEntriesInput) ([]Moderated, *bool, error) {
	if err := staffWrites(ctx); err != nil {
		return nil, nil, err
	}
	if len(in.EntryIDs) == 0 {
		return nil, nil, fault.ErrRequired.At("input", "entryIds")
	}
	if len(in.EntryIDs) > maxBulk {
		return nil, nil, fault.ErrTooLong.At("input", "entryIds").With("limit", maxBulk)
	}
	d, err := readDecision(in.Decision, in.Reason, in.Prize)
	if err != nil {
		return nil, nil, err
	}
	input := in
	input.IdempotencyKey, input.DryRun = "", nil
	type kept struct {
		Code string
		Path []string
	}
	outcomes := make([]kept, len(in.EntryIDs))
	var replayed bool
	err = s.Store.InDryTx(ctx, in.DryRun != nil && *in.DryRun, func(ctx context.Context, tx *store.Tx) (err error) {
		replayed, err = tx.Once(ctx, "moderateCampaignEntries", in.IdempotencyKey, input, &outcomes, func() error {
			errs, err := s.decideAll(ctx, tx, in.EntryIDs, d)
			for i, err := range errs {
				if f, ok := fault.As(err); ok {
					outcomes[i] = kept{f.Code, f.Path}
				}
			}
			return err
		})
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	out := make([]Moderated, len(in.EntryIDs))
	for i, o := range outcomes {
		out[i] = Moderated{EntryID: *in.EntryIDs[i], Changed: o.Code == ""}
		if o.Code != "" {
			out[i].Err = fault.New(fault.Refused, o.Code).At(o.Path...)
		}
	}
	return out, &replayed, nil
}

// decideAll decides about entries in the order of their campaigns and ids, as
// every transaction locks them; it gives a refusal for each, nil where there
// was none, and stops at what is no refusal.
func (s *Campaigns) decideAll(ctx context.Context, tx *store.Tx, ids []*scalar.ID, d decision) ([]error, error) {
	errs := make([]error, len(ids))
	var keys []uuid.UUID
	at := map[uuid.UUID]int{}
	for i, id := range ids {
		key, err := keyOf(*id, "cme", "input", "entryIds", strconv.Itoa(i))
		if _, twice := at[key]; twice && err == nil {
			err = ErrDuplicateKey.At("input", "entryIds", strconv.Itoa(i))
		}
		if errs[i] = err; err == nil {
			at[key] = i
			keys = append(keys, key)
		}
	}
	rows, err := tx.CampaignEntry.Query().Where(campaignentry.IDIn(keys...)).Select(campaignentry.FieldID, campaignentry.FieldCampaignID).All(ctx)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(rows, func(a, b *ent.CampaignEntry) int {
		return slices.Compare(append(a.CampaignID[:], a.ID[:]...), append(b.CampaignID[:], b.ID[:]...))
	})
	found := map[uuid.UUID]bool{}
	for _, row := range rows {
		found[row.ID] = true
		c, e, err := s.lockEntry(ctx, tx, row.ID)
		if err == nil {
			err = s.decide(ctx, tx, c, e, d)
		}
		if _, refused := fault.As(err); err != nil && (!refused || fault.KindOf(err) == fault.Internal) {
			return nil, err
		}
		errs[at[row.ID]] = err
	}
	for key, i := range at {
		if !found[key] {
			errs[i] = fault.ErrNotFound.At("input", "entryIds", strconv.Itoa(i))
		}
	}
	return errs, nil
}

// decide changes an entry, which is held with its campaign.
func (s *Campaigns) decide(ctx context.Context, tx *store.Tx, c *ent.Campaign, e *ent.CampaignEntry, d decision) error {
	to := becomes[d.what]
	if !mayDecide(c, e, d.what) {
		return ErrIllegalTransition.At("input", "decision").With("fromState", string(e.Status)).With("toState", string(to))
	}
	u := tx.CampaignEntry.UpdateOneID(e.ID).SetStatus(to).SetRevision(e.Revision + 1).SetDecidedAt(tx.Now)
	if actor := actorOf(ctx); actor != nil {
		u.SetDecidedByID(*actor)
	}
	if d.reason != "" {
		u.SetReason(d.reason)
	}
	told := event.CampaignEntryChanged{EntryID: e.ID, CampaignID: c.ID, OwnerID: e.OwnerID, Status: string(to), Reason: d.reason}
	switch d.what {
	case DecideApprove:
		u.SetApprovedAt(tx.Now)
	case DecideReject:
		u.ClearUniqueKey()
	case DecideAward:
		prize, place, err := s.award(ctx, tx, c, d)
		if err != nil {
			return err
		}
		u.SetPrizeIndex(prize).SetPlace(place)
		told.Place = place
	}
	if err := u.Exec(ctx); err != nil {
		return err
	}
	tx.Tell(told, store.ToUser(e.OwnerID))
	return tx.Audit(ctx, "campaign_entry.moderate", e.OwnerID, e.GlobalID(), map[string]any{"from": string(e.Status), "to": string(to), "reason": d.reason})
}

// award says which prize, from 0, and which place an entry gets that staff
// chose; its campaign is held.
func (s *Campaigns) award(ctx context.Context, tx *store.Tx, c *ent.Campaign, d decision) (prize, place int, err error) {
	switch {
	case d.prize != nil && (*d.prize < 1 || *d.prize > len(c.Rules.Prizes)):
		return 0, 0, fault.ErrOutOfRange.At("input", "prize").With("min", 1).With("max", len(c.Rules.Prizes))
	case d.prize != nil:
		prize = *d.prize - 1
	case len(c.Rules.Prizes) > 1:
		return 0, 0, fault.ErrRequired.At("input", "prize")
	}
	var given int
	err = tx.QueryRow(ctx, `SELECT count(*), coalesce(max(place), 0) FROM campaign_entries WHERE campaign_id = ? AND prize_index = ?`, c.ID, prize).Scan(&given, &place)
	if err != nil {
		return 0, 0, err
	}
	if given >= c.Rules.Prizes[prize].Count {
		return 0, 0, ErrTooManyItems.At("input", "prize").With("limit", c.Rules.Prizes[prize].Count)
	}
	err = tx.QueryRow(ctx, `SELECT coalesce(max(place), 0) FROM campaign_entries WHERE campaign_id = ?`, c.ID).Scan(&place)
	return prize, place + 1, err
}

// reward gives what an entry has earned: points for being approved, points of a
// prize. It is once for ever by its causes, so that a fact heard twice, or by
// two, gives nothing twice. A prize that is nothing but points or a code counts
// as sent.
func (s *Campaigns) reward(ctx context.Context, tx *store.Tx, id uuid.UUID) error {
	ctx = sys(ctx)
	e, err := tx.CampaignEntry.Query().Where(campaignentry.ID(id), tx.Locking()).Only(ctx)
	if ent.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	c, err := tx.Campaign.Get(ctx, e.CampaignID)
	if err != nil {
		return err
	}
	points, sent := int64(0), false
	give := func(n int64, cause string) error {
		if n <= 0 || s.Give == nil {
			return nil
		}
		given, err := s.Give(ctx, tx, Gift{Owner: e.OwnerID, Program: c.Rules.ProgramID, Amount: n, Cause: "campaign_entry:" + e.ID.String() + ":" + cause,
			Explain: map[string]any{"campaignId": c.GlobalID().String(), "entryId": e.GlobalID().String(), "for": cause}})
		if given {
			points += n
		}
		return err
	}
	switch e.Status {
	case campaignentry.StatusAPPROVED:
		err = give(c.Rules.Points, "approved")
	case campaignentry.StatusWINNER:
		prize := c.Rules.Prizes[*e.PrizeIndex]
		err = errors.Join(give(c.Rules.Points, "approved"), give(prize.Points, "prize"))
		sent = prize.Points > 0 || prize.Code != ""
	}
	if err != nil || points == 0 && !sent {
		return err
	}
	u := tx.CampaignEntry.UpdateOneID(e.ID).SetPoints(e.Points + points).SetRevision(e.Revision + 1)
	if sent {
		u.SetStatus(campaignentry.StatusPRIZE_SENT)
		tx.Tell(event.CampaignEntryChanged{EntryID: e.ID, CampaignID: c.ID, OwnerID: e.OwnerID, Status: string(EntryPrizeSent)}, store.ToUser(e.OwnerID))
	}
	return u.Exec(ctx)
}
