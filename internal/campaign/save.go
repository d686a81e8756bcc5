package campaign

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/bonusprogram"
	entcampaign "kabinet/ent/generated/campaign"
	"kabinet/ent/schema"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
)

// secrets are what a campaign keeps sealed: the seed and salt of its draw, and
// the key of its codes.
type secrets struct{ seed, salt, codes []byte }

func place(id uuid.UUID) string { return "campaign:" + id.String() }

// newSecrets draws them, sealed for a campaign.
func (s *Campaigns) newSecrets(id uuid.UUID) []byte {
	all := make([]byte, seedSize+saltSize+32)
	_, _ = rand.Read(all) // never fails, see crypto/rand
	return s.Sealer.Seal(all, place(id))
}

func (s *Campaigns) secrets(c *ent.Campaign) (secrets, error) {
	all, err := s.Sealer.Open(c.Seed, place(c.ID))
	if err != nil {
		return secrets{}, err
	}
	if len(all) != seedSize+saltSize+32 {
		return secrets{}, errors.New("campaign: secrets of another size")
	}
	return secrets{all[:seedSize], all[seedSize : seedSize+saltSize], all[seedSize+saltSize:]}, nil
}

// Save creates a campaign as a draft or changes one. Faults: FORBIDDEN,
// INVALID_ID, NOT_FOUND, STALE_OBJECT, CAMPAIGN_FROZEN, HANDLE_TAKEN, REQUIRED,
// TOO_LONG, OUT_OF_RANGE, INVALID_VALUE, DUPLICATE_KEY, RULE_INVALID,
// PROGRAM_NOT_FOUND.
func (s *Campaigns) Save(ctx context.Context, in SaveCampaignInput) (*ent.Campaign, error) {
	if err := staffWrites(ctx); err != nil {
		return nil, err
	}
	var saved *ent.Campaign
	err := s.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		if in.ID == nil {
			saved, err = s.create(ctx, tx, in)
		} else {
			saved, err = s.change(ctx, tx, in)
		}
		if err != nil {
			return err
		}
		return tx.Audit(ctx, "campaign.save", uuid.Nil, saved.GlobalID(), map[string]any{"handle": saved.Handle, "kind": string(saved.Kind), "revision": saved.Revision})
	})
	s.cache.forget()
	switch {
	case store.IsUnique(err):
		return nil, ErrHandleTaken.At("input", "handle").Because(err)
	case err != nil:
		return nil, err
	}
	return s.Find(ctx, saved.GlobalID())
}

func (s *Campaigns) create(ctx context.Context, tx *store.Tx, in SaveCampaignInput) (*ent.Campaign, error) {
	switch {
	case in.Kind == nil:
		return nil, fault.ErrRequired.At("input", "kind")
	case in.Handle == nil:
		return nil, fault.ErrRequired.At("input", "handle")
	case in.Texts == nil:
		return nil, fault.ErrRequired.At("input", "texts")
	}
	c := &ent.Campaign{ID: uuid.Must(uuid.NewV7()), Kind: entcampaign.Kind(*in.Kind)}
	if in.EntryRules == nil {
		in.EntryRules = &CampaignEntryRulesInput{}
	}
	if err := s.apply(ctx, tx, c, in); err != nil {
		return nil, err
	}
	return tx.Campaign.Create().SetID(c.ID).SetKind(c.Kind).SetHandle(c.Handle).SetTexts(c.Texts).SetNillableImageURL(c.ImageURL).
		SetAudience(c.Audience).SetRules(c.Rules).SetNillableStartsAt(c.StartsAt).SetNillableEndsAt(c.EndsAt).
		SetSeed(s.newSecrets(c.ID)).Save(ctx)
}

func (s *Campaigns) change(ctx context.Context, tx *store.Tx, in SaveCampaignInput) (*ent.Campaign, error) {
	key, err := keyOf(*in.ID, "cmp", "input", "id")
	if err != nil {
		return nil, err
	}
	c, err := s.lock(ctx, tx, key, "input", "id")
	if err != nil {
		return nil, err
	}
	if in.Revision != nil && int64(*in.Revision) != c.Revision {
		return nil, fault.ErrStaleObject.At("input", "revision").With("revision", c.Revision)
	}
	if in.Kind != nil && string(*in.Kind) != string(c.Kind) {
		return nil, ErrCampaignFrozen.At("input", "kind")
	}
	if c.Status != entcampaign.StatusDRAFT {
		if err := frozen(c, in); err != nil {
			return nil, err
		}
	}
	if err := s.apply(ctx, tx, c, in); err != nil {
		return nil, err
	}
	u := tx.Campaign.UpdateOneID(c.ID).SetHandle(c.Handle).SetTexts(c.Texts).SetAudience(c.Audience).SetRules(c.Rules).SetRevision(c.Revision + 1)
	setOrClear(c.ImageURL, func(v string) { u.SetImageURL(v) }, func() { u.ClearImageURL() })
	setOrClear(c.StartsAt, func(v time.Time) { u.SetStartsAt(v) }, func() { u.ClearStartsAt() })
	setOrClear(c.EndsAt, func(v time.Time) { u.SetEndsAt(v) }, func() { u.ClearEndsAt() })
	return u.Save(ctx)
}

func setOrClear[T any](v *T, set func(T), clear func()) {
	if v == nil {
		clear()
	} else {
		set(*v)
	}
}

// frozen is the rule of campaigns that were opened or announced: how one wins
// does not change any more, and the end does not come earlier. A later end of a
// raffle would let more people in: allowed, for entries decide nothing before
// the draw.
func frozen(c *ent.Campaign, in SaveCampaignInput) error {
	for field, given := range map[string]bool{
		"handle": in.Handle != nil && *in.Handle != c.Handle, "entryRules": in.EntryRules != nil, "prizes": in.Prizes != nil,
		"questions": in.Questions != nil, "achievement": in.Achievement != nil, "startsAt": in.StartsAt.IsSet(),
	} {
		if given {
			return ErrCampaignFrozen.At("input", field)
		}
	}
	if !in.EndsAt.IsSet() {
		return nil
	}
	to := in.EndsAt.Value()
	if c.Status != entcampaign.StatusOPEN && c.Status != entcampaign.StatusSCHEDULED || to == nil || c.EndsAt == nil || to.Before(*c.EndsAt) {
		return ErrCampaignFrozen.At("input", "endsAt")
	}
	return nil
}

// apply puts an input into a campaign and judges the whole.
func (s *Campaigns) apply(ctx context.Context, tx *store.Tx, c *ent.Campaign, in SaveCampaignInput) (err error) {
	if in.Handle != nil {
		if err = checkHandle(*in.Handle, "input", "handle"); err != nil {
			return err
		}
		c.Handle = *in.Handle
	}
	if in.Texts != nil {
		if c.Texts, err = checkTexts(in.Texts, "input", "texts"); err != nil {
			return err
		}
	}
	if in.ImageURL.IsSet() {
		c.ImageURL = in.ImageURL.Value()
	}
	if in.Audience.IsSet() {
		if c.Audience, err = in.Audience.Value().Read("input", "audience"); err != nil {
			return err
		}
	}
	if in.StartsAt.IsSet() {
		c.StartsAt = moment(in.StartsAt.Value())
	}
	if in.EndsAt.IsSet() {
		c.EndsAt = moment(in.EndsAt.Value())
	}
	if err := readRules(&c.Rules, c.Kind, in); err != nil {
		return err
	}
	if err := programThere(ctx, tx, c.Rules.ProgramID); err != nil {
		return err
	}
	return checkWhole(c.Kind, c.Rules, c.StartsAt, c.EndsAt)
}

func readRules(r *schema.CampaignRules, kind entcampaign.Kind, in SaveCampaignInput) (err error) {
	if in.EntryRules != nil {
		if err = readEntryRules(r, kind, in.EntryRules); err != nil {
			return err
		}
	}
	if in.Prizes != nil {
		if r.Prizes, err = readPrizes(in.Prizes); err != nil {
			return err
		}
	}
	if in.Questions != nil {
		if r.Questions, err = readQuestions(in.Questions); err != nil {
			return err
		}
	}
	if in.Achievement != nil {
		return readAchievement(r, kind, in.Achievement)
	}
	return nil
}

func moment(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	cut := t.UTC().Truncate(time.Microsecond)
	return &cut
}

func programThere(ctx context.Context, tx *store.Tx, id *uuid.UUID) error {
	if id == nil {
		return nil
	}
	there, err := tx.BonusProgram.Query().Where(bonusprogram.KeyID(*id), bonusprogram.RetiredAtIsNil()).Exist(sys(ctx))
	if err == nil && !there {
		return ErrProgramNotFound.At("input", "programId")
	}
	return err
}

// lock holds a campaign against other changes, entries and draws. Faults: NOT_FOUND.
func (s *Campaigns) lock(ctx context.Context, tx *store.Tx, id uuid.UUID, path ...string) (*ent.Campaign, error) {
	c, err := tx.Campaign.Query().Where(entcampaign.ID(id), tx.Locking()).Only(sys(ctx))
	if ent.IsNotFound(err) {
		return nil, fault.ErrNotFound.At(path...)
	}
	return c, err
}

// Codes prints codes of a pack by their numbers, from 1. Faults: FORBIDDEN,
// INVALID_ID, NOT_FOUND, INVALID_VALUE of another kind, OUT_OF_RANGE.
func (s *Campaigns) Codes(ctx context.Context, id scalar.ID, from, count int) ([]string, error) {
	if err := staffWrites(ctx); err != nil {
		return nil, err
	}
	key, err := keyOf(id, "cmp", "campaignId")
	if err != nil {
		return nil, err
	}
	c, err := s.Store.Client.Campaign.Get(sys(ctx), key)
	if err != nil {
		return nil, store.Translate(err)
	}
	const most = 1000
	last := int(c.Rules.Codes)
	switch {
	case c.Kind != entcampaign.KindCODE:
		return nil, fault.ErrInvalidValue.At("campaignId")
	case count < 1 || count > most:
		return nil, fault.ErrOutOfRange.At("count").With("min", 1).With("max", most)
	case from < 1 || from > last:
		return nil, fault.ErrOutOfRange.At("from").With("min", 1).With("max", last)
	}
	secret, err := s.secrets(c)
	if err != nil {
		return nil, err
	}
	var out []string
	for n := from; n < from+count && n <= last; n++ {
		out = append(out, packCode(secret.codes, uint32(n)))
	}
	err = s.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		return tx.Audit(ctx, "campaign.codes", uuid.Nil, c.GlobalID(), map[string]any{"from": from, "count": len(out)})
	})
	return out, err
}

// upperCode is a code or number of a receipt as it is compared.
func upperCode(s string) string {
	return strings.ToUpper(strings.Join(strings.Fields(s), ""))
}
