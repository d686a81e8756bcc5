package reward

import (
	"context"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entreward "kabinet/ent/generated/reward"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
)

// Limits of the codes of gifts.
const (
	maxCodes    = 1_000 // in one call
	maxCodeSize = 200   // characters
)

// Added is what addRewardCodes gives.
type Added struct {
	Reward   *ent.Reward
	Added    *int
	Replayed *bool
}

// AddCodes puts codes into the stock of a gift; those that are there already
// are left out.
//
// Faults: INVALID_ID, NOT_FOUND, REQUIRED, TOO_LONG and INVALID_VALUE below
// input.codes, those of store.Tx.Once; UNAUTHENTICATED, FORBIDDEN.
func (r *Rewards) AddCodes(ctx context.Context, in AddRewardCodesInput) (Added, error) {
	if err := needStaff(ctx, "write"); err != nil {
		return Added{}, err
	}
	id, err := in.RewardID.As("rwd")
	if err != nil {
		return Added{}, fault.ErrInvalidID.At("input", "rewardId")
	}
	codes, err := checkCodes(in.Codes)
	if err != nil {
		return Added{}, err
	}
	var k struct{ Added int }
	var replayed bool
	var held *ent.Reward
	err = r.Store.InDryTx(ctx, isDry(in.DryRun), func(ctx context.Context, tx *store.Tx) (err error) {
		replayed, err = tx.Once(ctx, "addRewardCodes", in.IdempotencyKey, struct {
			ID    uuid.UUID
			Codes []string
		}{id, codes}, &k, func() (err error) {
			held, k.Added, err = r.addCodes(ctx, tx, id, codes)
			return err
		})
		return err
	})
	if err != nil {
		return Added{}, err
	}
	r.changed(ctx)
	a := Added{Added: &k.Added, Replayed: &replayed}
	if isDry(in.DryRun) && !replayed {
		a.Reward = held.Unwrap()
		return a, nil
	}
	a.Reward, err = r.Store.Client.Reward.Get(asSystem(ctx), id)
	return a, store.Translate(err)
}

// checkCodes is the rule of a gift's codes: without spaces around them, each once.
func checkCodes(in []string) ([]string, error) {
	switch {
	case len(in) == 0:
		return nil, fault.ErrRequired.At("input", "codes")
	case len(in) > maxCodes:
		return nil, fault.ErrTooLong.At("input", "codes").With("limit", maxCodes)
	}
	codes := make([]string, 0, len(in))
	seen := map[string]bool{}
	for i, code := range in {
		code = strings.TrimSpace(code)
		at := []string{"input", "codes", strconv.Itoa(i)}
		switch {
		case code == "":
			return nil, fault.ErrRequired.At(at...)
		case utf8.RuneCountInString(code) > maxCodeSize:
			return nil, fault.ErrTooLong.At(at...).With("limit", maxCodeSize)
		case !plain(code):
			return nil, fault.ErrInvalidValue.At(at...)
		}
		if !seen[code] {
			seen[code] = true
			codes = append(codes, code)
		}
	}
	return codes, nil
}

// codesAtOnce is how many codes a statement inserts.
const codesAtOnce = 100

func (r *Rewards) addCodes(ctx context.Context, tx *store.Tx, id uuid.UUID, codes []string) (*ent.Reward, int, error) {
	if err := tx.Lock(ctx, "rewards", "id", id); err != nil {
		return nil, 0, err
	}
	rw, err := tx.Reward.Get(asSystem(ctx), id)
	if ent.IsNotFound(err) {
		return nil, 0, errGone
	}
	if err != nil {
		return nil, 0, err
	}
	if rw.Kind != entreward.KindGIFT {
		return nil, 0, fault.ErrInvalidValue.At("input", "rewardId")
	}
	added := int64(0)
	for len(codes) > 0 {
		some := codes[:min(codesAtOnce, len(codes))]
		codes = codes[len(some):]
		args := make([]any, 0, len(some)*5)
		for _, code := range some {
			args = append(args, uuid.Must(uuid.NewV7()), tx.Now, tx.Now, id, code)
		}
		n, err := tx.Exec(ctx, `INSERT INTO reward_codes (id, created_at, updated_at, reward_id, code) VALUES (?, ?, ?, ?, ?)`+
			strings.Repeat(`, (?, ?, ?, ?, ?)`, len(some)-1)+` ON CONFLICT DO NOTHING`, args...)
		if err != nil {
			return nil, 0, err
		}
		added += n
	}
	rw, err = tx.Reward.UpdateOneID(id).SetStock(*rw.Stock + added).AddRevision(1).Save(asSystem(ctx))
	if err != nil {
		return nil, 0, err
	}
	// The codes themselves are worth money and stay out of the log.
	return rw, int(added), tx.Audit(ctx, "reward.add_codes", uuid.Nil, scalar.ID{Prefix: "rwd", UUID: id}, map[string]any{"added": added})
}

// giveCodes takes up to n codes out of a gift's stock, the oldest first. The
// reward's row is held.
func giveCodes(ctx context.Context, tx *store.Tx, reward, redemption uuid.UUID, n int64) (codes []string, err error) {
	rows, err := tx.Query(ctx, `UPDATE reward_codes SET redemption_id = ?, updated_at = ? WHERE redemption_id IS NULL AND id IN
		(SELECT id FROM reward_codes WHERE reward_id = ? AND redemption_id IS NULL ORDER BY id LIMIT ?) RETURNING code`, redemption, tx.Now, reward, n)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var code string
		if err := rows.Scan(&code); err != nil {
			return nil, err
		}
		codes = append(codes, code)
	}
	return codes, rows.Err()
}
