package profile_test

import (
	"context"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

	"kabinet/ent/generated/contactpoint"
	entuser "kabinet/ent/generated/user"
	"kabinet/internal/fault"
	"kabinet/internal/profile"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
)

// world is a database with people in it.
type world struct {
	*profile.Profiles
	t  *testing.T
	db *storetest.DB
}

func newWorld(t *testing.T, db *storetest.DB) *world {
	return &world{Profiles: &profile.Profiles{Store: db.Store}, t: t, db: db}
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) write(fn func(ctx context.Context, tx *store.Tx) error) {
	w.t.Helper()
	w.must(w.db.InTx(storetest.System(), fn))
}

// person makes somebody with a proven e-mail address.
func (w *world) person(name string) (id uuid.UUID) {
	w.t.Helper()
	w.write(func(ctx context.Context, tx *store.Tx) error {
		u, err := tx.User.Create().SetDisplayName(name).SetStatus(entuser.StatusACTIVE).Save(ctx)
		if err != nil {
			return err
		}
		id = u.ID
		return tx.ContactPoint.Create().SetUserID(u.ID).SetKind(contactpoint.KindEMAIL).SetValue(name + "@example.com").
			SetValueKey(name + "@example.com").SetVerifiedAt(tx.Now).Exec(ctx)
	})
	return id
}

func (w *world) number(query string, args ...any) (n int) {
	w.t.Helper()
	rows, err := w.db.Query(context.Background(), query, args...)
	w.must(err)
	defer rows.Close()
	for rows.Next() {
		w.must(rows.Scan(&n))
	}
	return n
}

func text(s string) graphql.Omittable[*string] { return graphql.OmittableOf(&s) }

func null() graphql.Omittable[*string] { return graphql.OmittableOf[*string](nil) }

func some[T any](v T) graphql.Omittable[*T] { return graphql.OmittableOf(&v) }

func lines(l ...string) graphql.Omittable[[]string] { return graphql.OmittableOf(l) }

// codes are the codes and paths of all faults of an error.
func codes(err error) string {
	if err == nil {
		return ""
	}
	if several, ok := err.(interface{ Unwrap() []error }); ok {
		var all []string
		for _, e := range several.Unwrap() {
			all = append(all, codes(e))
		}
		return strings.Join(all, ", ")
	}
	f, ok := fault.As(err)
	if !ok {
		return err.Error()
	}
	return strings.TrimSpace(f.Code + " " + strings.Join(f.Path, "."))
}
