package promotion

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/promocode"
	entpromotion "kabinet/ent/generated/promotion"
	"kabinet/ent/generated/task"
	"kabinet/ent/generated/user"
	"kabinet/internal/fault"
	"kabinet/internal/job"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// taskKind is what tasks call the making of codes.
const taskKind = "promo_codes"

// The bounds of a batch; the SDL says the same.
const (
	maxGiven    = 1_000
	maxCount    = 1_000_000
	maxAssigned = 100
	maxPrefix   = 20
	inline      = 1_000 // so many are made at once, more in the background
)

// MakeCodes is the job that makes a batch.
type MakeCodes struct {
	Task uuid.UUID `json:"task"`
}

// Kind implements river.JobArgs.
func (MakeCodes) Kind() string { return "make_promo_codes" }

// batch is the task's input: all that is needed to carry it on.
type batch struct {
	Promotion uuid.UUID
	Recipe    recipe
	Count     int
	MaxUses   *int
	Owner     uuid.UUID
	User      *uuid.UUID
	EndsAt    *time.Time
}

// Saved is what SaveCodes gives.
type Saved struct {
	Batch    *PromoCodeBatch
	Replayed *bool
}

// SaveCodes adds codes to a promotion: those given at once, random ones at once
// up to a thousand, else in the background. Faults: ALREADY_TAKEN for a code
// that exists, OUT_OF_RANGE at length where there are too few different ones,
// NOT_FOUND, ILLEGAL_TRANSITION of a promotion that has ended, those of texts,
// numbers and idempotency keys.
func (p *Promotions) SaveCodes(ctx context.Context, input SavePromoCodesInput) (Saved, error) {
	if err := staff(ctx, "write"); err != nil {
		return Saved{}, err
	}
	b, err := input.read()
	if err != nil {
		return Saved{}, err
	}
	bare := input
	bare.IdempotencyKey, bare.DryRun = "", nil
	var kept struct{ Task uuid.UUID }
	var replayed bool
	var made *ent.Task
	dry := input.DryRun != nil && *input.DryRun
	err = p.Store.InDryTx(ctx, dry, func(ctx context.Context, tx *store.Tx) (err error) {
		replayed, err = tx.Once(ctx, "savePromoCodes", input.IdempotencyKey, bare, &kept, func() (err error) {
			kept.Task, err = b.begin(ctx, tx, input)
			return err
		})
		if err == nil && dry {
			made, err = tx.Task.Query().Where(task.ID(kept.Task)).Only(viewer.AsSystem(ctx, "promotion.batch"))
		}
		return err
	})
	if err != nil {
		return Saved{}, err
	}
	if dry {
		v, err := showBatch(made.Unwrap())
		return Saved{v, &replayed}, err
	}
	v, err := p.batch(ctx, kept.Task)
	return Saved{v, &replayed}, err
}

// begin makes the task of a batch, and its codes where they are few.
func (b batch) begin(ctx context.Context, tx *store.Tx, input SavePromoCodesInput) (uuid.UUID, error) {
	if err := b.check(ctx, tx, input); err != nil {
		return uuid.Nil, err
	}
	made, err := tx.BeginTask(ctx, taskKind, taskKind+":"+uuid.NewString(), b)
	if err != nil {
		return uuid.Nil, err
	}
	if err := tx.Audit(ctx, "promotion.codes", viewer.House, promotionID(b.Promotion), map[string]any{"count": b.Count}); err != nil {
		return uuid.Nil, err
	}
	b.tellAssigned(tx)
	switch {
	case input.Codes != nil:
		err = b.given(ctx, tx, made.ID, input.Codes)
	case b.Count <= inline:
		_, err = b.step(ctx, tx, made.ID, 0, inline)
	default:
		err = job.Enqueue(ctx, tx, MakeCodes{made.ID}, nil)
	}
	return made.ID, err
}

// check judges the input by what is stored.
func (b batch) check(ctx context.Context, tx *store.Tx, in SavePromoCodesInput) error {
	row, err := tx.Promotion.Query().Where(entpromotion.ID(b.Promotion)).Only(ctx)
	switch {
	case ent.IsNotFound(err) || err == nil && row.Kind != entpromotion.KindCODE:
		return fault.ErrNotFound.At("input", "promotionId")
	case err != nil:
		return err
	case row.Status == entpromotion.StatusENDED:
		return ErrTransition.With("fromState", string(row.Status)).At("input", "promotionId")
	}
	if b.User != nil {
		there, err := tx.User.Query().Where(user.ID(*b.User)).Exist(viewer.AsSystem(ctx, "promotion.batch"))
		if err != nil {
			return err
		}
		if !there {
			return fault.ErrNotFound.At("input", "userId")
		}
	}
	return taken(ctx, tx, in.Codes)
}

// taken is ALREADY_TAKEN at the first code that exists.
func taken(ctx context.Context, tx *store.Tx, codes []string) error {
	if len(codes) == 0 {
		return nil
	}
	keys := make([]string, len(codes))
	for i, c := range codes {
		keys[i] = key(c)
	}
	there, err := tx.PromoCode.Query().Where(promocode.CodeKeyIn(keys...)).All(viewer.AsSystem(ctx, "promotion.batch"))
	if err != nil || len(there) == 0 {
		return err
	}
	i := slices.IndexFunc(keys, func(k string) bool {
		return slices.ContainsFunc(there, func(c *ent.PromoCode) bool { return *c.CodeKey == k })
	})
	return ErrCodeTaken.With("value", codes[i]).At("input", "codes", strconv.Itoa(i))
}

// given stores the codes that were given, all or none.
func (b batch) given(ctx context.Context, tx *store.Tx, id uuid.UUID, codes []string) error {
	n, err := b.insert(ctx, tx, &id, codes)
	if err != nil {
		return err
	}
	if n != int64(len(codes)) { // somebody else was first
		return fault.ErrConflict
	}
	if err := issued(ctx, tx, b.Promotion, n); err != nil {
		return err
	}
	if err := tx.AdvanceTask(ctx, id, n, nil); err != nil {
		return err
	}
	return tx.FinishTask(ctx, id, n, nil)
}

func issued(ctx context.Context, tx *store.Tx, promotion uuid.UUID, n int64) error {
	_, err := tx.Exec(ctx, `UPDATE promotions SET issued = issued + ?, updated_at = ? WHERE id = ?`, n, tx.Now, promotion)
	return err
}

// The insert reads the codes out of one JSON text: a statement of five thousand
// rows has eleven parameters. One that exists already is left out.
var inserts = map[string]string{
	dialect.Postgres: `INSERT INTO promo_codes (id, code, code_key, created_at, updated_at, owner_id, user_id, promotion_id, status, uses, max_uses, batch_id, ends_at)
		SELECT r.id, r.code, r.key, CAST(? AS timestamptz), CAST(? AS timestamptz), CAST(? AS uuid), CAST(? AS uuid), CAST(? AS uuid), 'ISSUED', 0, CAST(? AS bigint), CAST(? AS uuid), CAST(? AS timestamptz)
		FROM json_to_recordset(CAST(? AS json)) AS r(id uuid, code text, key text) ON CONFLICT (code_key) DO NOTHING`,
	dialect.SQLite: `INSERT INTO promo_codes (id, code, code_key, created_at, updated_at, owner_id, user_id, promotion_id, status, uses, max_uses, batch_id, ends_at)
		SELECT value ->> 'id', value ->> 'code', value ->> 'key', ?, ?, ?, ?, ?, 'ISSUED', 0, ?, ?, ? FROM json_each(?) WHERE true ON CONFLICT (code_key) DO NOTHING`,
}

type row struct {
	ID   uuid.UUID `json:"id"`
	Code string    `json:"code"`
	Key  string    `json:"key"`
}

// insert stores codes that do not exist yet and says how many those were.
func (b batch) insert(ctx context.Context, tx *store.Tx, id *uuid.UUID, codes []string) (int64, error) {
	rows := make([]row, len(codes))
	for i, c := range codes {
		rows[i] = row{uuid.Must(uuid.NewV7()), c, key(c)}
	}
	text, err := json.Marshal(rows)
	if err != nil {
		return 0, fmt.Errorf("promotion: codes: %w", err)
	}
	return tx.Exec(ctx, inserts[tx.Store().Dialect()], tx.Now, tx.Now, b.Owner, b.User, b.Promotion, b.MaxUses, id, b.EndsAt, string(text))
}

// step makes the next codes of a batch, at most so many, in the transaction
// that notes how far it is: nothing is made twice, nothing is left out, however
// often it is killed. It says how far the batch is.
func (b batch) step(ctx context.Context, tx *store.Tx, id uuid.UUID, at int64, most int) (int64, error) {
	if err := tx.LockTask(ctx, id, at); err != nil {
		return at, err
	}
	want := min(int64(most), int64(b.Count)-at)
	codes, seen := make([]string, 0, want), make(map[string]bool, want)
	for int64(len(codes)) < want {
		if c := b.Recipe.random(); !seen[key(c)] {
			seen[key(c)], codes = true, append(codes, c)
		}
	}
	n, err := b.insert(ctx, tx, &id, codes)
	if err != nil {
		return at, err
	}
	if n == 0 && want > 0 {
		return at, errFull
	}
	if err := issued(ctx, tx, b.Promotion, n); err != nil {
		return at, err
	}
	if at += n; at == int64(b.Count) {
		if err := tx.AdvanceTask(ctx, id, at, nil); err != nil {
			return at, err
		}
		return at, tx.FinishTask(ctx, id, at, nil)
	}
	return at, tx.AdvanceTask(ctx, id, at, nil)
}

// errFull: no code of the recipe is free; cannot be, by what space asks for.
var errFull = errors.New("promotion: no code of this kind is free")

// stepSize is how many codes one transaction makes: long enough to be worth
// one, short enough that nobody waits for SQLite's only writer.
func stepSize(d string) int {
	if d == dialect.Postgres {
		return 5_000
	}
	return 2_000
}

// MakeCodes carries a batch on until it is done or ctx, or a time, is over; more
// says whether there is something left. What somebody else carries on at the
// same time is left to him.
func (p *Promotions) MakeCodes(ctx context.Context, id uuid.UUID, within time.Duration) (more bool, err error) {
	began := time.Now()
	system := viewer.AsSystem(ctx, "promotion.batch")
	for {
		t, err := p.Store.Client.Task.Query().Where(task.ID(id), task.Kind(taskKind)).Only(system)
		if ent.IsNotFound(err) || err == nil && t.Status == task.StatusDONE {
			return false, nil
		}
		if err != nil {
			return true, store.Translate(err)
		}
		if time.Since(began) > within {
			return true, nil
		}
		var b batch
		if err := json.Unmarshal(t.Input, &b); err != nil {
			return false, fmt.Errorf("promotion: batch: %w", err)
		}
		at, err := store.TaskPosition(t)
		if err != nil {
			return false, err
		}
		err = p.Store.InTx(system, func(ctx context.Context, tx *store.Tx) error {
			_, err := b.step(ctx, tx, id, at, stepSize(p.Store.Dialect()))
			return err
		})
		if errors.Is(err, store.ErrTaskMoved) {
			return false, nil
		}
		if err != nil {
			return true, err
		}
	}
}

// CodesDue carries on batches that nobody has carried on for a minute: their
// process died. Safe beside others that do the same.
func (p *Promotions) CodesDue(ctx context.Context, limit int) (int, error) {
	due, err := p.Store.Client.Task.Query().Where(task.Kind(taskKind), task.StatusIn(task.StatusRUNNING, task.StatusFAILED), task.UpdatedAtLT(p.Store.Now().Add(-time.Minute))).
		Order(task.ByID()).Limit(limit).All(viewer.AsSystem(ctx, "promotion.batch"))
	if err != nil {
		return 0, store.Translate(err)
	}
	for _, t := range due {
		if _, err := p.MakeCodes(ctx, t.ID, 10*time.Second); err != nil {
			return 0, err
		}
	}
	return len(due), nil
}

// Batch says how far the making of codes has come. Faults: INVALID_ID,
// NOT_FOUND.
func (p *Promotions) Batch(ctx context.Context, id scalar.ID) (*PromoCodeBatch, error) {
	if err := staff(ctx, "read"); err != nil {
		return nil, err
	}
	u, err := id.As("task")
	if err != nil {
		return nil, err
	}
	return p.batch(ctx, u)
}

func (p *Promotions) batch(ctx context.Context, u uuid.UUID) (*PromoCodeBatch, error) {
	t, err := p.Store.Client.Task.Query().Where(task.ID(u), task.Kind(taskKind)).Only(viewer.AsSystem(ctx, "promotion.batch"))
	if err != nil {
		return nil, store.Translate(err)
	}
	return showBatch(t)
}

func showBatch(t *ent.Task) (*PromoCodeBatch, error) {
	var b batch
	if err := json.Unmarshal(t.Input, &b); err != nil {
		return nil, fmt.Errorf("promotion: batch: %w", err)
	}
	at, err := store.TaskPosition(t)
	v := &PromoCodeBatch{ID: t.GlobalID(), PromotionID: scalar.ID{Prefix: "prm", UUID: b.Promotion}, Status: BatchRunning, Made: int(at), Total: b.Count,
		CreatedAt: t.CreatedAt, FinishedAt: t.FinishedAt}
	switch t.Status {
	case task.StatusDONE:
		v.Status = BatchDone
	case task.StatusFAILED:
		v.Status = BatchFailed
	}
	return v, err
}
