package limit

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"
	"go.jetify.com/typeid"
)

// redeem is five statements: balance, entry, lot, move, event.
func (s *server) redeem(w http.ResponseWriter, r *http.Request) {
	var input struct {
		Amount         int64
		IdempotencyKey string
	}
	if err := json.NewDecoder(r.Body).Decode(&input); err != nil {
		refuse(w, err)
		return
	}
	s.in(w, r, func(ctx context.Context, tx *sql.Tx) (string, error) {
		var account, owner, lot uuid.UUID
		var seq, balance int64
		var head []byte
		err := one(ctx, tx, s.write.spend, input.Amount, token(r)).Scan(&account, &owner, &seq, &balance, &head)
		if err != nil {
			return "", err
		}
		now, id := time.Now().UTC().Truncate(time.Microsecond), newID()
		hash := sha256.Sum256(append(head, id[:]...))
		err = exec(ctx, tx, s.write.entry, id, now, owner, account, seq, "REDEMPTION", -input.Amount, uuid.Max, balance, nil, input.IdempotencyKey, hash[:])
		if err != nil {
			return "", err
		}
		if err := one(ctx, tx, s.write.lot, input.Amount, account).Scan(&lot); err != nil {
			return "", err
		}
		if err := exec(ctx, tx, s.write.move, id, lot, -input.Amount); err != nil {
			return "", err
		}
		payload := fmt.Sprintf(`{"entryId":%q,"balance":%d}`, id, balance)
		if err := exec(ctx, tx, s.write.event, 0, owner, newID(), "points.redeemed", "ent", id, payload, now); err != nil {
			return "", err
		}
		return fmt.Sprintf(`{"id":%q,"amount":%d,"balance":%d}`, id, -input.Amount, balance), nil
	})
}

// batch is an upsert's orders and lines as columns.
type batch struct {
	ids, owners, keys, events                             []string
	totals                                                []int64
	lineIDs, lineOwners, lineOrders, lineSKUs, lineTitles []string
	linePositions, lineQuantities, linePrices             []int64
}

type upsertInput struct {
	Variables struct {
		Input struct {
			Orders []struct {
				External struct{ ID string }
				Customer struct{ ID string }
				Lines    []struct {
					SKU, Title string
					Quantity   int64
					UnitPrice  string
				}
			}
		}
	}
}

func (in upsertInput) batch() (b batch, err error) {
	for _, o := range in.Variables.Input.Orders {
		owner, err := typeid.FromString(o.Customer.ID)
		if err != nil {
			return b, err
		}
		id, total := newID().String(), int64(0)
		for i, l := range o.Lines {
			price, err := strconv.ParseInt(strings.Replace(l.UnitPrice, ".", "", 1), 10, 64)
			if err != nil {
				return b, err
			}
			total += price * l.Quantity
			b.lineIDs, b.lineOwners, b.lineOrders = append(b.lineIDs, newID().String()), append(b.lineOwners, owner.UUID()), append(b.lineOrders, id)
			b.lineSKUs, b.lineTitles, b.linePositions = append(b.lineSKUs, l.SKU), append(b.lineTitles, l.Title), append(b.linePositions, int64(i+1))
			b.lineQuantities, b.linePrices = append(b.lineQuantities, l.Quantity), append(b.linePrices, price)
		}
		b.ids, b.owners, b.keys = append(b.ids, id), append(b.owners, owner.UUID()), append(b.keys, o.External.ID)
		b.totals, b.events = append(b.totals, total), append(b.events, newID().String())
	}
	return b, nil
}

// upsert is five statements over arrays: buyers, in an order in which two
// batches never wait for each other, then orders, lines, books and events.
func (s *server) upsert(w http.ResponseWriter, r *http.Request) {
	var input upsertInput
	err := json.NewDecoder(r.Body).Decode(&input)
	if err == nil {
		var staff uuid.UUID
		err = s.write.spender.QueryRowContext(r.Context(), token(r)).Scan(&staff)
	}
	b, batchErr := input.batch()
	if err == nil {
		err = batchErr
	}
	if err != nil {
		refuse(w, err)
		return
	}
	s.in(w, r, func(ctx context.Context, tx *sql.Tx) (string, error) {
		ids, owners, totals, events := pq.Array(b.ids), pq.Array(b.owners), pq.Array(b.totals), pq.Array(b.events)
		if err := exec(ctx, tx, s.write.buyers, owners); err != nil {
			return "", err
		}
		if err := exec(ctx, tx, s.write.orders, time.Now(), ids, owners, pq.Array(b.keys), totals); err != nil {
			return "", err
		}
		err := exec(ctx, tx, s.write.ordersLines, pq.Array(b.lineIDs), pq.Array(b.lineOwners), pq.Array(b.lineOrders), pq.Array(b.linePositions),
			pq.Array(b.lineSKUs), pq.Array(b.lineTitles), pq.Array(b.lineQuantities), pq.Array(b.linePrices))
		if err != nil {
			return "", err
		}
		if err := exec(ctx, tx, s.write.ordersEvents, events, owners, ids, totals); err != nil {
			return "", err
		}
		if err := exec(ctx, tx, s.write.ordersTold, events, owners, ids); err != nil {
			return "", err
		}
		outcomes, err := json.Marshal(map[string]any{"outcomes": b.ids})
		return string(outcomes), err
	})
}
