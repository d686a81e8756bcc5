package store_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"testing"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/viewer"
)

// What FenceKey calls the same the fence treats the same, for every type: the
// text of a statement is kept under it. security F1
func TestFenceKey(t *testing.T) {
	s := storetest.Open(t).Store
	types := slices.Sorted(maps.Keys(store.Scopes))
	known := []string{"user", "identity", "session", "company", "audit_entry", "task", "setting", "order", "bonus", "ticket", "notification"}
	people := []uuid.UUID{uuid.Nil, uuid.New(), uuid.New(), viewer.House}
	draw := func(t *rapid.T) viewer.Viewer {
		v := viewer.Viewer{
			UserID: rapid.SampledFrom(people).Draw(t, "user"), OwnerID: rapid.SampledFrom(people).Draw(t, "owner"),
			Staff: rapid.Bool().Draw(t, "staff"), SteppedUp: rapid.Bool().Draw(t, "steppedUp"), Pending: rapid.IntRange(0, 3).Draw(t, "pending") == 0,
			Grants: map[viewer.Permission]viewer.Reach{},
		}
		if rapid.IntRange(0, 9).Draw(t, "system") == 0 {
			v.System = "test"
		}
		if rapid.IntRange(0, 3).Draw(t, "acting") == 0 {
			v.ActingStaff = people[1]
		}
		reach := viewer.Reach(rapid.IntRange(0, 4).Draw(t, "reach")) // one for all, so that keys meet
		for _, r := range known {
			v.Grants[viewer.Permission{Resource: r, Operation: "read"}] = reach
		}
		if odd := rapid.SampledFrom(known).Draw(t, "odd"); rapid.Bool().Draw(t, "isOdd") {
			v.Grants[viewer.Permission{Resource: odd, Operation: "read"}] = viewer.ReachNone
		}
		return v
	}
	text := func(t *rapid.T, v viewer.Viewer) (all string) {
		for _, typ := range types {
			fence, err := s.Fence(viewer.With(context.Background(), v), typ)
			if err != nil {
				t.Fatal(err)
			}
			q := sql.Dialect(dialect.Postgres).Select("id").From(sql.Table("rows"))
			if fence != nil {
				fence(q)
			}
			query, args := q.Query()
			all += typ + query + "\n"
			for _, a := range args { // only ids differ, and only those of the viewer
				if id, is := a.(uuid.UUID); !is {
					all += fmt.Sprint(a)
				} else if id != v.UserID && id != v.OwnerID {
					t.Fatalf("%s is fenced by %s, which is neither the viewer nor the owner", typ, id)
				}
			}
		}
		return all
	}
	seen := map[string]string{}
	rapid.Check(t, func(t *rapid.T) {
		v := draw(t)
		key, now := store.FenceKey(v), text(t, v)
		if was, ok := seen[key]; ok && was != now {
			t.Fatalf("under the key %s stood\n%s\nand now\n%s", key, was, now)
		}
		seen[key] = now
	})
}
