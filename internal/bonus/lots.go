package bonus

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/bonusprogram"
	"kabinet/ent/generated/ledgeraccount"
	"kabinet/internal/ledger"
	"kabinet/internal/store"
)

// AccountOf names an owner's account in a programme.
func AccountOf(owner uuid.UUID, prog *ent.BonusProgram) ledger.Key {
	return ledger.Key{Owner: owner, Unit: prog.Unit, Kind: ledgeraccount.KindBONUS, Program: &prog.KeyID}
}

// lotTerms says how lots live that an entry made: by the version of the
// account's programme that it names in its explain; the newest where it names
// none.
func (p *Points) lotTerms(ctx context.Context, tx *store.Tx, a *ent.LedgerAccount, explain []byte) (ledger.Terms, error) {
	if a.ProgramID == nil {
		return ledger.Terms{}, nil
	}
	prog, err := p.decidedBy(ctx, tx, a, explain)
	if err != nil {
		return ledger.Terms{}, err
	}
	return ledger.Terms{
		Expires: func(active time.Time) *time.Time { return Expires(prog, active) },
		Sliding: prog.LotPolicy == bonusprogram.LotPolicySLIDING,
		Grace:   time.Duration(prog.RefundGraceDays) * day,
	}, nil
}

// decidedBy is the version of an account's programme by which an entry was made.
func (p *Points) decidedBy(ctx context.Context, tx *store.Tx, a *ent.LedgerAccount, explain []byte) (*ent.BonusProgram, error) {
	var said struct {
		Version int64 `json:"version"`
	}
	if len(explain) > 0 {
		if err := json.Unmarshal(explain, &said); err != nil {
			return nil, fmt.Errorf("bonus: read explain: %w", err)
		}
	}
	if a.ProgramID == nil {
		return nil, fmt.Errorf("bonus: account %s has no programme", a.ID)
	}
	return p.ProgramVersion(ctx, tx.Client, *a.ProgramID, said.Version)
}

// SettleDue settles up to limit accounts whose lots fell due and says how many
// it did. It is called by the clock.
func (p *Points) SettleDue(ctx context.Context, limit int) (int, error) {
	return p.Books().SettleDue(ctx, limit)
}
