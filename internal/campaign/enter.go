package campaign

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entcampaign "kabinet/ent/generated/campaign"
	"kabinet/ent/generated/campaignentry"
	"kabinet/ent/generated/campaignphoto"
	"kabinet/ent/schema"
	"kabinet/internal/event"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// Entered is what a verb about one entry gives; nil where it was refused.
type Entered struct {
	Entry    *ent.CampaignEntry
	Replayed *bool
}

// wrongCodes bounds guessing at codes of packs.
var wrongCodes = store.Limit{Name: "campaign.code", Free: 10, First: time.Second, Most: time.Hour, Forget: 24 * time.Hour}

// Enter lets the caller take part in a campaign. Faults: UNAUTHENTICATED,
// INVALID_ID, NOT_FOUND, CAMPAIGN_CLOSED, CAMPAIGN_NOT_FOR_YOU, ENTRY_LIMIT,
// ENTRY_DUPLICATE, REQUIRED, INVALID_VALUE, INVALID_CODE, TOO_MANY_ATTEMPTS,
// OUT_OF_RANGE, TOO_LONG, CURRENCY_MISMATCH, those of answers and of store.Tx.Once.
func (s *Campaigns) Enter(ctx context.Context, in EnterCampaignInput) (Entered, error) {
	me := viewer.From(ctx).UserID
	if me == uuid.Nil {
		return Entered{}, fault.ErrUnauthenticated
	}
	key, err := keyOf(in.CampaignID, "cmp", "input", "campaignId")
	if err != nil {
		return Entered{}, err
	}
	guess := store.Use{Limit: wrongCodes, Of: me.String()}
	if in.Code != nil {
		wait, err := s.Store.Blocked(ctx, guess)
		if err != nil {
			return Entered{}, err
		}
		if wait > 0 {
			return Entered{}, ErrTooManyAttempts.At("input", "code").With("retryAfter", int(wait.Seconds())+1)
		}
	}
	input := in
	input.IdempotencyKey, input.DryRun = "", nil
	made := struct{ Entry uuid.UUID }{uuid.Must(uuid.NewV7())}
	done, err := s.once(ctx, "enterCampaign", in.IdempotencyKey, in.DryRun, input, &made, &made.Entry, func(ctx context.Context, tx *store.Tx) error {
		return s.enter(ctx, tx, me, key, made.Entry, in)
	})
	if errors.Is(err, ErrInvalidCode) {
		if err := s.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error { return tx.Strike(ctx, guess) }); err != nil {
			return Entered{}, err
		}
	}
	return done, err
}

// once runs a verb about one entry once for an idempotency key, and gives the
// entry as it is after it.
func (s *Campaigns) once(ctx context.Context, operation, key string, dry *bool, input, result any, entry *uuid.UUID, fn func(ctx context.Context, tx *store.Tx) error) (Entered, error) {
	var replayed bool
	var held *ent.CampaignEntry
	isDry := dry != nil && *dry
	err := s.Store.InDryTx(ctx, isDry, func(ctx context.Context, tx *store.Tx) (err error) {
		replayed, err = tx.Once(ctx, operation, key, input, result, func() error { return fn(ctx, tx) })
		if err == nil && isDry && !replayed {
			held, err = tx.CampaignEntry.Get(ctx, *entry)
		}
		return err
	})
	switch {
	case err != nil:
		return Entered{}, err
	case held != nil:
		return Entered{held.Unwrap(), &replayed}, nil
	}
	e, err := s.entry(ctx, *entry)
	return Entered{e, &replayed}, err
}

func (s *Campaigns) entry(ctx context.Context, id uuid.UUID) (*ent.CampaignEntry, error) {
	e, err := s.Store.Client.CampaignEntry.Get(ctx, id)
	return e, store.Translate(err)
}

func (s *Campaigns) enter(ctx context.Context, tx *store.Tx, me, key, id uuid.UUID, in EnterCampaignInput) error {
	c, err := s.share(ctx, tx, key)
	if err != nil {
		return err
	}
	if c.Status == entcampaign.StatusDRAFT {
		return fault.ErrNotFound.At("input", "campaignId")
	}
	if err := openFor(c, tx.Now); err != nil {
		return under(err, "input", "campaignId")
	}
	ok, err := (&crowd{who: me}).admits(ctx, s, tx, c)
	if err != nil {
		return err
	}
	if !ok {
		return ErrCampaignNotForYou.At("input", "campaignId")
	}
	data, unique, err := s.read(ctx, tx, c, me, in)
	if err != nil {
		return err
	}
	if err := s.insert(ctx, tx, c, me, id, data, unique); err != nil {
		return err
	}
	if err := attach(ctx, tx, id, me, c, data.Photos); err != nil {
		return err
	}
	status := campaignentry.StatusSUBMITTED
	if c.Rules.AutoApprove {
		status = campaignentry.StatusAPPROVED
	}
	tx.Tell(event.CampaignEntered{EntryID: id, CampaignID: c.ID, OwnerID: me, Status: string(status)}, store.ToUser(me))
	return nil
}

// share reads a campaign so that it is not closed or drawn before this
// transaction ends; others may share it. Faults: NOT_FOUND.
func (s *Campaigns) share(ctx context.Context, tx *store.Tx, id uuid.UUID) (*ent.Campaign, error) {
	if s.Store.Dialect() == dialect.Postgres {
		rows, err := tx.Query(ctx, `SELECT id FROM campaigns WHERE id = ? FOR SHARE`, id)
		if err != nil {
			return nil, err
		}
		defer rows.Close()
		for rows.Next() { // the lock is taken as the row is read
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return nil, err
		}
	}
	c, err := tx.Campaign.Get(sys(ctx), id)
	if ent.IsNotFound(err) {
		return nil, fault.ErrNotFound.At("input", "campaignId")
	}
	return c, err
}

// read holds what was entered against the rules, and gives it as it is kept,
// with the key of what counts once.
func (s *Campaigns) read(ctx context.Context, tx *store.Tx, c *ent.Campaign, me uuid.UUID, in EnterCampaignInput) (data schema.CampaignEntryData, unique *string, err error) {
	for field, is := range map[string]bool{
		"receipt": in.Receipt != nil && c.Kind != entcampaign.KindRECEIPT, "code": in.Code != nil && c.Kind != entcampaign.KindCODE,
		"answers": len(in.Answers) > 0 && len(c.Rules.Questions) == 0, "photoIds": len(in.PhotoIDs) > c.Rules.MaxPhotos,
	} {
		if is {
			return data, nil, fault.ErrInvalidValue.At("input", field)
		}
	}
	switch c.Kind {
	case entcampaign.KindRECEIPT:
		data.Receipt, unique, err = readReceipt(c, in.Receipt, tx.Now)
	case entcampaign.KindCODE:
		data.Code, unique, err = s.readCode(c, in.Code)
	}
	if err != nil {
		return data, nil, err
	}
	if len(c.Rules.Questions) > 0 {
		if data.Answers, err = checkAnswers(c.Rules.Questions, in.Answers); err != nil {
			return data, nil, err
		}
	}
	if in.Text != nil {
		if data.Text, err = cleanText(*in.Text, 1000, "input", "text"); err != nil {
			return data, nil, err
		}
	}
	data.Photos, err = photosOf(ctx, tx, c, me, in.PhotoIDs)
	return data, unique, err
}

func readReceipt(c *ent.Campaign, in *CampaignReceiptInput, now time.Time) (*schema.CampaignReceipt, *string, error) {
	if in == nil {
		return nil, nil, fault.ErrRequired.At("input", "receipt")
	}
	number, err := cleanText(in.Number, 64, "input", "receipt", "number")
	if err != nil {
		return nil, nil, err
	}
	sum, err := in.Sum.Money()
	tomorrow := now.Add(14 * time.Hour).Format(time.DateOnly) // somewhere on earth it is so late already
	switch {
	case upperCode(number) == "":
		return nil, nil, fault.ErrRequired.At("input", "receipt", "number")
	case err != nil:
		return nil, nil, under(err, "input", "receipt", "sum")
	case c.Rules.Currency != "" && sum.Currency != c.Rules.Currency:
		return nil, nil, ErrCurrencyMismatch.At("input", "receipt", "sum", "currency").With("currency", c.Rules.Currency)
	case sum.Minor <= 0 || sum.Minor < c.Rules.MinMinor:
		return nil, nil, fault.ErrOutOfRange.At("input", "receipt", "sum").With("min", scalar.Money{Minor: max(c.Rules.MinMinor, 1), Currency: sum.Currency}.Amount())
	case in.Date > tomorrow:
		return nil, nil, fault.ErrOutOfRange.At("input", "receipt", "date").With("max", tomorrow)
	case c.Rules.ReceiptFrom != nil && in.Date < *c.Rules.ReceiptFrom:
		return nil, nil, fault.ErrOutOfRange.At("input", "receipt", "date").With("min", *c.Rules.ReceiptFrom)
	}
	key := hashed("receipt", upperCode(number), in.Date)
	return &schema.CampaignReceipt{Number: number, Date: in.Date, Minor: sum.Minor, Currency: sum.Currency}, &key, nil
}

func (s *Campaigns) readCode(c *ent.Campaign, code *string) (string, *string, error) {
	if code == nil || *code == "" {
		return "", nil, fault.ErrRequired.At("input", "code")
	}
	secret, err := s.secrets(c)
	if err != nil {
		return "", nil, err
	}
	number := packNumber(secret.codes, *code)
	if number == 0 || int64(number) > c.Rules.Codes {
		return "", nil, ErrInvalidCode.At("input", "code")
	}
	printed := packCode(secret.codes, number)
	key := hashed("code", strconv.Itoa(int(number)))
	return printed[len(printed)-4:], &key, nil
}

func hashed(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(h, "%d:%s\n", len(p), p)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// insert makes the entry. The number of a person's entry is unique, so that of
// two at once the second waits for the first and then counts anew: limits hold.
func (s *Campaigns) insert(ctx context.Context, tx *store.Tx, c *ent.Campaign, me, id uuid.UUID, data schema.CampaignEntryData, unique *string) error {
	text, err := json.Marshal(data)
	if err != nil {
		return fmt.Errorf("campaign: keep entry: %w", err)
	}
	status, approved := "SUBMITTED", (*time.Time)(nil)
	if c.Rules.AutoApprove {
		status, approved = "APPROVED", &tx.Now
	}
	for range 100 {
		var number, total, today int
		err := tx.QueryRow(ctx, `SELECT coalesce(max(number), 0), coalesce(sum(CASE WHEN status <> 'WITHDRAWN' THEN 1 ELSE 0 END), 0),
			coalesce(sum(CASE WHEN status <> 'WITHDRAWN' AND created_at >= ? THEN 1 ELSE 0 END), 0) FROM campaign_entries WHERE campaign_id = ? AND owner_id = ?`,
			*dayOf(tx.Now), c.ID, me).Scan(&number, &total, &today)
		if err != nil {
			return err
		}
		if st := standing(c, total, today, tx.Now); st.Err != nil {
			return under(st.Err, "input", "campaignId")
		}
		made, err := tx.Exec(ctx, `INSERT INTO campaign_entries (id, created_at, updated_at, revision, owner_id, user_id, campaign_id, number, status, unique_key, data, approved_at, points)
			VALUES (?, ?, ?, 1, ?, ?, ?, ?, ?, ?, ?, ?, 0) ON CONFLICT DO NOTHING`, id, tx.Now, tx.Now, me, me, c.ID, number+1, status, unique, string(text), approved)
		if err != nil || made > 0 {
			return err
		}
		if unique != nil {
			there, err := tx.CampaignEntry.Query().Where(campaignentry.CampaignID(c.ID), campaignentry.UniqueKey(*unique)).Exist(sys(ctx))
			if err != nil {
				return err
			}
			if there {
				field := "receipt"
				if c.Kind == entcampaign.KindCODE {
					field = "code"
				}
				return ErrEntryDuplicate.At("input", field)
			}
		}
	}
	return fault.ErrConflict.At("input", "campaignId")
}

// photosOf finds the photos of an entry, which must be the person's, for this
// campaign, whole and not yet used. Faults: REQUIRED, NOT_FOUND, DUPLICATE_KEY.
func photosOf(ctx context.Context, tx *store.Tx, c *ent.Campaign, me uuid.UUID, ids []*scalar.ID) ([]schema.CampaignShot, error) {
	if len(ids) < c.Rules.MinPhotos {
		return nil, fault.ErrRequired.At("input", "photoIds").With("min", c.Rules.MinPhotos)
	}
	var shots []schema.CampaignShot
	seen := map[uuid.UUID]bool{}
	for i, id := range ids {
		at := []string{"input", "photoIds", strconv.Itoa(i)}
		key, err := keyOf(*id, "cph", at...)
		switch {
		case err != nil:
			return nil, err
		case seen[key]:
			return nil, ErrDuplicateKey.At(at...)
		}
		seen[key] = true
		p, err := tx.CampaignPhoto.Query().Where(campaignphoto.ID(key), campaignphoto.OwnerID(me), campaignphoto.CampaignID(c.ID), campaignphoto.IsReady(true), campaignphoto.EntryIDIsNil()).
			Select(photoColumns...).Only(ctx)
		if ent.IsNotFound(err) {
			return nil, fault.ErrNotFound.At(at...)
		}
		if err != nil {
			return nil, err
		}
		shots = append(shots, schema.CampaignShot{ID: p.ID, ContentType: p.ContentType, Size: p.Size, Width: p.Width, Height: p.Height, CreatedAt: p.CreatedAt})
	}
	return shots, nil
}

// attach gives photos to an entry; of two entries at once only one gets them.
func attach(ctx context.Context, tx *store.Tx, entry, me uuid.UUID, c *ent.Campaign, shots []schema.CampaignShot) error {
	for i, p := range shots {
		n, err := tx.CampaignPhoto.Update().Where(campaignphoto.ID(p.ID), campaignphoto.EntryIDIsNil()).SetEntryID(entry).Save(ctx)
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.ErrNotFound.At("input", "photoIds", strconv.Itoa(i))
		}
	}
	return nil
}

// Withdraw takes an entry back. Faults: UNAUTHENTICATED, INVALID_ID, NOT_FOUND,
// STALE_OBJECT, ILLEGAL_TRANSITION.
func (s *Campaigns) Withdraw(ctx context.Context, in WithdrawCampaignEntryInput) (*ent.CampaignEntry, error) {
	me := viewer.From(ctx).UserID
	if me == uuid.Nil {
		return nil, fault.ErrUnauthenticated
	}
	key, err := keyOf(in.EntryID, "cme", "input", "entryId")
	if err != nil {
		return nil, err
	}
	err = s.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		c, e, err := s.lockEntry(ctx, tx, key, "input", "entryId")
		if err != nil {
			return err
		}
		switch {
		case e.OwnerID != me:
			return fault.ErrNotFound.At("input", "entryId")
		case in.Revision != nil && int64(*in.Revision) != e.Revision:
			return fault.ErrStaleObject.At("input", "revision").With("revision", e.Revision)
		case !mayWithdraw(c, e):
			return ErrIllegalTransition.At("input", "entryId").With("fromState", string(e.Status)).With("toState", string(EntryWithdrawn))
		}
		tx.Tell(event.CampaignEntryChanged{EntryID: e.ID, CampaignID: c.ID, OwnerID: me, Status: string(EntryWithdrawn)}, store.ToUser(me))
		return tx.CampaignEntry.UpdateOneID(e.ID).SetStatus(campaignentry.StatusWITHDRAWN).ClearUniqueKey().SetRevision(e.Revision + 1).Exec(sys(ctx))
	})
	if err != nil {
		return nil, err
	}
	return s.entry(ctx, key)
}

// lockEntry holds an entry's campaign, and then the entry, that the caller may
// see. Faults: NOT_FOUND.
func (s *Campaigns) lockEntry(ctx context.Context, tx *store.Tx, id uuid.UUID, path ...string) (*ent.Campaign, *ent.CampaignEntry, error) {
	e, err := tx.CampaignEntry.Get(ctx, id)
	if ent.IsNotFound(err) {
		return nil, nil, fault.ErrNotFound.At(path...)
	}
	if err != nil {
		return nil, nil, err
	}
	c, err := s.lock(ctx, tx, e.CampaignID, path...)
	if err != nil {
		return nil, nil, err
	}
	e, err = tx.CampaignEntry.Query().Where(campaignentry.ID(id), tx.Locking()).Only(ctx)
	return c, e, err
}
