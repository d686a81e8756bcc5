package goods_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/uuid"

	"kabinet/internal/fault"
	"kabinet/internal/order/goods"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/viewer"
)

// shop takes over goods.
type shop struct {
	*goods.Goods
	t     *testing.T
	staff uuid.UUID
}

func newShop(t *testing.T, db *storetest.DB) *shop {
	t.Helper()
	s := &shop{Goods: &goods.Goods{Store: db.Store}, t: t}
	check(t, db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
		u, err := tx.User.Create().SetDisplayName("staff").Save(ctx)
		if err == nil {
			s.staff = u.ID
		}
		return err
	}))
	return s
}

func (s *shop) asStaff() context.Context {
	return viewer.With(context.Background(), viewer.Viewer{
		UserID: s.staff, OwnerID: s.staff, Staff: true, Locale: "en",
		Grants: map[viewer.Permission]viewer.Reach{
			{Resource: "order", Operation: "read"}: viewer.ReachAll, {Resource: "order", Operation: "write"}: viewer.ReachAll,
		},
	})
}

func ptr[T any](v T) *T { return &v }

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func one(t *testing.T, st *store.Store, query string) (text string) {
	t.Helper()
	rows, err := st.Query(context.Background(), query)
	check(t, err)
	defer rows.Close()
	for rows.Next() {
		check(t, rows.Scan(&text))
	}
	check(t, rows.Err())
	return text
}

func refused(t *testing.T, err error, want *fault.Fault, path, params string) {
	t.Helper()
	f, ok := fault.As(err)
	if !ok || f.Code != want.Code || strings.Join(f.Path, ".") != path {
		t.Fatalf("%v, want %s at %s", err, want.Code, path)
	}
	if got, _ := json.Marshal(f.Params); params != "" && string(got) != params {
		t.Errorf("%s, want %s", got, params)
	}
}
