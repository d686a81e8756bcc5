package profile

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/user"
	"kabinet/internal/credential"
	"kabinet/internal/event"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// me is the person signed in; also while he acts for somebody else.
func me(ctx context.Context) (viewer.Viewer, error) {
	v := viewer.From(ctx)
	if !v.SignedIn() {
		return v, fault.ErrUnauthenticated
	}
	return v, nil
}

// person reads a person for the payload's field user.
func (p *Profiles) person(ctx context.Context, id uuid.UUID) (*ent.User, error) {
	q, err := p.Store.Client.User.Query().Where(user.ID(id)).CollectUnder(ctx, "user")
	if err != nil {
		return nil, err
	}
	u, err := q.Only(ctx)
	return u, store.Translate(err)
}

// change sets on u what a call asks for and names it; was is the row as it is.
type change func(ctx context.Context, tx *store.Tx, was *ent.User, u *ent.UserUpdate) (names []string, err error)

// updateMe raises the revision of the caller's row with what change sets on it.
func (p *Profiles) updateMe(ctx context.Context, revision *int, change change) (*ent.User, error) {
	v, err := me(ctx)
	if err != nil {
		return nil, err
	}
	err = p.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		if err := tx.Lock(ctx, "users", "id", v.UserID); err != nil {
			return err
		}
		was, err := tx.User.Query().Where(user.ID(v.UserID)).Only(ctx)
		if err != nil {
			return err
		}
		if revision != nil && int64(*revision) != was.Revision {
			return fault.ErrStaleObject.At("input", "revision").With("revision", was.Revision)
		}
		u := tx.User.Update().Where(user.ID(v.UserID))
		names, err := change(ctx, tx, was, u)
		if err != nil || len(names) == 0 {
			return err
		}
		if _, err := u.AddRevision(1).Save(ctx); err != nil {
			return err
		}
		return updated(ctx, tx, v.UserID, names...)
	})
	if err != nil {
		return nil, err
	}
	return p.person(ctx, v.UserID)
}

// updated tells that a profile changed, for which one that is complete earns.
// What staff changes for the person is put on record, by name, never by value.
func updated(ctx context.Context, tx *store.Tx, id uuid.UUID, names ...string) error {
	tx.Tell(event.ProfileUpdated{UserID: id, Changed: names}, store.ToUser(id))
	if viewer.From(ctx).ActingStaff == uuid.Nil {
		return nil
	}
	return tx.Audit(ctx, "account.update_profile", id, scalar.ID{Prefix: "usr", UUID: id}, map[string]any{"changed": names})
}

// changes collects what an update sets; the first refusal stops it.
type changes struct {
	names []string
	err   error
}

func (c *changes) add(name string) { c.names = append(c.names, name) }

// text sets or clears a line of up to so many characters.
func (c *changes) text(v graphql.Omittable[*string], name string, limit int, set func(string) *ent.UserUpdate, clear func() *ent.UserUpdate) {
	given, there := v.ValueOK()
	if !there || c.err != nil {
		return
	}
	text, err := credential.Line(given, limit, "input", name)
	switch {
	case err != nil:
		c.err = err
	case text == nil:
		clear()
	default:
		set(*text)
	}
	c.add(name)
}
