package store

import (
	"context"
	"time"

	"entgo.io/ent"
)

// stamp sets created_at and updated_at from the store's clock and cuts every
// other time to microseconds, so that both databases keep the same value.
func (s *Store) stamp() {
	s.Client.Use(func(next ent.Mutator) ent.Mutator {
		return ent.MutateFunc(func(ctx context.Context, m ent.Mutation) (ent.Value, error) {
			now := s.Now()
			if m.Op().Is(ent.OpCreate) {
				if _, set := m.Field("created_at"); !set {
					_ = m.SetField("created_at", now) // every table has it
				}
			}
			if _, set := m.Field("updated_at"); !set {
				_ = m.SetField("updated_at", now) // logs have none: the error says so
			}
			foldNames(m)
			for _, name := range m.Fields() {
				if t, ok := value(m, name).(time.Time); ok {
					if err := m.SetField(name, t.UTC().Truncate(time.Microsecond)); err != nil {
						return nil, err
					}
				}
			}
			return next.Mutate(ctx, m)
		})
	})
}

func value(m ent.Mutation, name string) any {
	v, _ := m.Field(name)
	return v
}

// SetOr sets an optional column of an update to v, or clears it where there is
// none.
func SetOr[T, U any](v *T, set func(T) U, clear func() U) {
	if v == nil {
		clear()
		return
	}
	set(*v)
}
