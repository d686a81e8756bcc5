package bonus

import (
	"context"
	"database/sql"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/ledgerentry"
	"kabinet/internal/ledger"
	"kabinet/internal/store"
)

// about is what lies in other rows than those of a page of entries: how holds
// stand, who is at the other side of transfers. It is read for all of them at
// once, when the first one asks.
type about struct {
	holds, transfers []uuid.UUID

	holdsOnce, transfersOnce sync.Once
	standings                map[uuid.UUID]standing
	names                    map[uuid.UUID]string
	holdsErr, transfersErr   error
}

func newAbout(entries ...*ent.LedgerEntry) *about {
	a := &about{}
	for _, e := range entries {
		a.add(e)
	}
	return a
}

func (a *about) add(e *ent.LedgerEntry) {
	switch e.Kind {
	case ledgerentry.KindHOLD:
		a.holds = append(a.holds, e.ID)
	case ledgerentry.KindCAPTURE, ledgerentry.KindRELEASE:
		if e.ParentID != nil {
			a.holds = append(a.holds, *e.ParentID)
		}
	case ledgerentry.KindTRANSFER, ledgerentry.KindFEE:
		a.transfers = append(a.transfers, e.ID)
	}
}

// stand is how the hold stands that an entry is about.
func (p *Points) stand(ctx context.Context, h *Hold) (standing, error) {
	a := h.about
	a.holdsOnce.Do(func() { a.standings, a.holdsErr = standings(ctx, p.Store, a.holds) })
	return a.standings[h.HoldID().UUID], a.holdsErr
}

// Remaining is how many points of a hold are still reserved.
func (p *Points) Remaining(ctx context.Context, h *Hold) (int64, error) {
	s, err := p.stand(ctx, h)
	return s.remaining, err
}

// State is how a hold stands.
func (p *Points) State(ctx context.Context, h *Hold) (BonusHoldState, error) {
	s, err := p.stand(ctx, h)
	return s.state(), err
}

// Until is when a hold ends by itself; nil where nothing is reserved any more.
func (p *Points) Until(ctx context.Context, h *Hold) (*time.Time, error) {
	s, err := p.stand(ctx, h)
	return s.until, err
}

// Counterpart is the other member of a transfer; nil where there is none.
func (p *Points) Counterpart(ctx context.Context, t *Transfer) (*string, error) {
	a := t.about
	a.transfersOnce.Do(func() { a.names, a.transfersErr = counterparts(ctx, p.Store, a.transfers) })
	if name, ok := a.names[t.ID]; ok {
		return &name, nil
	}
	return nil, a.transfersErr
}

// known keeps in the view of an entry what only its transaction can see, as of
// a dry run.
func (a *about) known(ctx context.Context, q querier) error {
	var err error
	a.holdsOnce.Do(func() { a.standings, err = standings(ctx, q, a.holds) })
	if err == nil {
		a.transfersOnce.Do(func() { a.names, err = counterparts(ctx, q, a.transfers) })
	}
	return err
}

// standing is how a hold stands.
type standing struct {
	amount, captured, remaining int64
	until                       *time.Time
}

func (s standing) state() BonusHoldState {
	switch {
	case s.remaining > 0:
		return BonusHoldStateOpen
	case s.captured >= s.amount:
		return BonusHoldStateCaptured
	case s.captured > 0:
		return BonusHoldStatePartlyCaptured
	}
	return BonusHoldStateReleased
}

// standings reads how holds stand, by their ids.
func standings(ctx context.Context, q querier, ids []uuid.UUID) (map[uuid.UUID]standing, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	args := make([]any, 0, len(ids))
	for _, id := range ids {
		args = append(args, id)
	}
	rows, err := q.Query(ctx, `SELECT h.id, -h.amount,
		(SELECT CAST(coalesce(-sum(c.amount), 0) AS bigint) FROM ledger_entries c WHERE c.parent_id = h.id AND c.kind = 'CAPTURE'),
		(SELECT CAST(coalesce(sum(r.amount), 0) AS bigint) FROM ledger_entries r WHERE r.parent_id = h.id AND r.kind = 'RELEASE'),
		(SELECT l.due_at FROM ledger_lot_moves m JOIN ledger_lots l ON l.id = m.lot_id WHERE m.entry_id = h.id AND l.bucket = 'HELD' ORDER BY l.due_at LIMIT 1)
		FROM ledger_entries h WHERE h.id IN (?`+strings.Repeat(", ?", len(ids)-1)+`)`, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	found := make(map[uuid.UUID]standing, len(ids))
	for rows.Next() {
		var id uuid.UUID
		var s standing
		var released int64
		if err := rows.Scan(&id, &s.amount, &s.captured, &released, ledger.TimeOrNull(&s.until)); err != nil {
			return nil, err
		}
		if s.remaining = s.amount - s.captured - released; s.remaining == 0 {
			s.until = nil
		}
		found[id] = s
	}
	return found, store.Translate(rows.Err())
}

// querier is the store, or a transaction.
type querier interface {
	Query(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// counterparts names the other side of transfers, by entry.
func counterparts(ctx context.Context, q querier, ids []uuid.UUID) (map[uuid.UUID]string, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	args := make([]any, 0, len(ids))
	for _, id := range ids {
		args = append(args, id)
	}
	rows, err := q.Query(ctx, `SELECT e.id, u.display_name FROM ledger_entries e JOIN ledger_entries o ON o.transfer_id = e.transfer_id AND o.owner_id <> e.owner_id
		JOIN users u ON u.id = o.owner_id WHERE u.status <> 'ERASED' AND e.id IN (?`+strings.Repeat(", ?", len(ids)-1)+`)`, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	names := map[uuid.UUID]string{}
	for rows.Next() {
		var id uuid.UUID
		var name string
		if err := rows.Scan(&id, &name); err != nil {
			return nil, err
		}
		names[id] = masked(name)
	}
	return names, store.Translate(rows.Err())
}
