package store

import (
	"context"
	"database/sql"
	"slices"

	entsql "entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"kabinet/internal/viewer"
)

// Fence is the predicate around an ent type for the viewer of ctx; nil is no
// bound. Who writes SQL past ent puts it around every table it reads.
func (s *Store) Fence(ctx context.Context, typ string) (func(*entsql.Selector), error) {
	return predicate(viewer.From(ctx), typ, "read")
}

// FenceKey tells viewers apart before whom Fence puts different conditions. Of
// those with one key only the ids differ: the viewer's and the owner's.
func FenceKey(v viewer.Viewer) string {
	if v.IsSystem() {
		return "system"
	}
	b := make([]byte, 0, 5+len(fenced))
	for _, is := range []bool{v.Staff, v.SignedIn(), v.OwnerID == v.UserID || v.OwnerID == uuid.Nil, v.ActingStaff != uuid.Nil, v.Pending} {
		if is {
			b = append(b, '1')
		} else {
			b = append(b, '0')
		}
	}
	for _, resource := range fenced {
		b = append(b, '0'+byte(v.Reach(resource, "read")))
	}
	return string(b)
}

// fenced are the resources of Scopes.
var fenced = func() (all []string) {
	for _, r := range Scopes {
		all = append(all, r.resource)
	}
	slices.Sort(all)
	return slices.Compact(all)
}()

// ReadJSON runs a read that gives one value and hands it over; it is good until
// read returns. The statement is in the database's own dialect and has to be
// fenced by who wrote it. It does not run inside a transaction.
func (s *Store) ReadJSON(ctx context.Context, statement string, args []any, read func(value []byte) error) error {
	if ctx.Value(holderKey{}) != nil {
		return errBeside
	}
	s.drv.saw(ctx, statement)
	rows, err := s.drv.read.QueryContext(ctx, statement, args...)
	if err != nil {
		return translate(err)
	}
	defer rows.Close()
	for rows.Next() {
		var value sql.RawBytes
		if err := rows.Scan(&value); err != nil {
			return translate(err)
		}
		if err := read(value); err != nil {
			return err
		}
	}
	return translate(rows.Err())
}
