package card_test

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"testing"

	"github.com/google/uuid"

	"kabinet/ent/generated/membership"
	"kabinet/ent/generated/role"
	"kabinet/ent/generated/ticket"
	entuser "kabinet/ent/generated/user"
	"kabinet/ent/schema"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/support/card"
	"kabinet/internal/viewer"
)

// world is a shop with a customer, colleagues, and addresses that tell.
type world struct {
	*card.Cards
	t                       *testing.T
	db                      *storetest.DB
	alice, bob, sue, victor uuid.UUID // sue and victor are of the staff

	mu    sync.Mutex
	asked []card.Question
	tells func(q card.Question) card.Answer
	moved []uuid.UUID
}

func newWorld(t *testing.T, db *storetest.DB) *world {
	t.Helper()
	sealer, err := store.NewSealer([]byte("0123456789abcdef0123456789abcdef"))
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, db: db}
	w.Cards = &card.Cards{
		Store: db.Store, Sealer: sealer,
		Guard: func(_ context.Context, address string) string {
			if address == "https://10.0.0.1/" {
				return "NOT_PUBLIC"
			}
			return ""
		},
		Ask: func(_ context.Context, q card.Question) card.Answer {
			w.mu.Lock()
			w.asked = append(w.asked, q)
			tells := w.tells
			w.mu.Unlock()
			if tells == nil {
				return card.Answer{Failure: "CONNECTION"}
			}
			return tells(q)
		},
		Reassign: func(ctx context.Context, tx *store.Tx, tickets []uuid.UUID, to *uuid.UUID) (int, error) {
			w.moved = append(w.moved, tickets...)
			u := tx.Ticket.Update().Where(ticket.IDIn(tickets...))
			if to == nil {
				return len(tickets), u.ClearAssigneeID().Exec(ctx)
			}
			return len(tickets), u.SetAssigneeID(*to).Exec(ctx)
		},
	}
	w.alice, w.bob, w.sue, w.victor = w.person("Alice"), w.person("Bob"), w.person("Sue"), w.person("Victor")
	w.write(func(ctx context.Context, tx *store.Tx) error {
		if err := tx.Company.Create().SetID(viewer.House).SetName("House").SetKind("HOUSE").Exec(ctx); err != nil {
			return err
		}
		r, err := tx.Role.Create().SetOwnerID(viewer.House).SetName("Support").SetAudience(role.AudienceSTAFF).SetPermissions([]schema.Grant{}).Save(ctx)
		if err != nil {
			return err
		}
		for _, id := range []uuid.UUID{w.sue, w.victor} {
			if err := tx.Membership.Create().SetUserID(id).SetOwnerID(viewer.House).SetKind(membership.KindSTAFF).SetRoleID(r.KeyID).Exec(ctx); err != nil {
				return err
			}
		}
		return nil
	})
	return w
}

func (w *world) write(f func(ctx context.Context, tx *store.Tx) error) {
	w.t.Helper()
	w.must(w.db.InTx(storetest.System(), f))
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) person(name string) (id uuid.UUID) {
	w.t.Helper()
	w.write(func(ctx context.Context, tx *store.Tx) error {
		u, err := tx.User.Create().SetDisplayName(name).SetStatus(entuser.StatusACTIVE).SetSource("erp").SetExternalID(name).Save(ctx)
		if err == nil {
			id = u.ID
		}
		return err
	})
	return id
}

// as is a member of staff with permissions such as "ticket read".
func as(id uuid.UUID, permissions ...viewer.Permission) context.Context {
	v := viewer.Viewer{UserID: id, OwnerID: id, Staff: true, Locale: "en", TimeZone: "UTC", Grants: map[viewer.Permission]viewer.Reach{}}
	for _, p := range permissions {
		v.Grants[p] = viewer.ReachAll
	}
	return viewer.With(context.Background(), v)
}

func may(resource, operation string) viewer.Permission {
	return viewer.Permission{Resource: resource, Operation: operation}
}

// agent answers tickets, lead sets support up, and everything is open to chief.
func agent(id uuid.UUID) context.Context {
	return as(id, may("ticket", "read"), may("ticket", "write"))
}

func lead(id uuid.UUID) context.Context {
	return as(id, may("ticket", "read"), may("ticket", "write"), may("support", "read"), may("support", "write"))
}

func chief(id uuid.UUID) context.Context {
	return as(id, may("ticket", "read"), may("ticket", "write"), may("support", "read"), may("support", "write"),
		may("user", "read"), may("order", "read"), may("bonus", "read"), may("marketing", "read"), may("audit_entry", "read"))
}

func usr(id uuid.UUID) scalar.ID { return scalar.ID{Prefix: "usr", UUID: id} }

func ptr[T any](v T) *T { return &v }

// wants a code, at a path where one is given, and of params this one.
func (w *world) wants(err error, want *fault.Fault, path ...string) {
	w.t.Helper()
	f, ok := fault.As(err)
	if !ok || !errors.Is(err, want) {
		w.t.Fatalf("got %v, want %s", err, want.Code)
	}
	if len(path) > 0 {
		got, _ := json.Marshal(f.Path)
		if expect, _ := json.Marshal(path); string(got) != string(expect) {
			w.t.Fatalf("%s at %s, want %s", f.Code, got, expect)
		}
	}
}

func (w *world) param(err error, key string, want any) {
	w.t.Helper()
	f, _ := fault.As(err)
	if f == nil {
		w.t.Fatalf("%v", err)
	}
	got, _ := json.Marshal(f.Params[key])
	if expect, _ := json.Marshal(want); string(got) != string(expect) {
		w.t.Fatalf("%s of %s is %s, want %s", key, f.Code, got, expect)
	}
}

func (w *world) count(query string, args ...any) (n int) {
	w.t.Helper()
	rows, err := w.Store.Query(context.Background(), query, args...)
	w.must(err)
	defer rows.Close()
	for rows.Next() {
		w.must(rows.Scan(&n))
	}
	w.must(rows.Err())
	return n
}

// number makes numbers of tickets and orders.
func number() string { return uuid.NewString() }

func (w *world) ticket(owner uuid.UUID, set func(c *ticketCreate)) (id uuid.UUID) {
	w.t.Helper()
	w.write(func(ctx context.Context, tx *store.Tx) error {
		c := tx.Ticket.Create().SetNumber(number()).SetSubject("?").SetOwnerID(owner).SetUserID(owner).SetLastActivityAt(tx.Now).SetDueAt(tx.Now.AddDate(1000, 0, 0))
		if set != nil {
			set(c)
		}
		t, err := c.Save(ctx)
		if err == nil {
			id = t.ID
		}
		return err
	})
	return id
}
