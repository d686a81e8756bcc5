package desk

import (
	"context"
	"time"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/identity"
	"kabinet/ent/generated/membership"
	"kabinet/internal/account"
	"kabinet/internal/store"
)

// warnings are how long before a temporary password runs out its holder is
// warned; after the last one it has run out.
var warnings = []time.Duration{7 * 24 * time.Hour, 24 * time.Hour, 0}

// PasswordsDue warns those whose temporary password runs out, and ends the
// sessions of those whose has: nobody goes on with it past its time. It takes
// some at a time and says how many it took.
func (d *Desk) PasswordsDue(ctx context.Context, limit int) (int, error) {
	n := 0
	for stage, before := range warnings {
		if before >= d.o.PasswordTTL { // it would come with the slip
			continue
		}
		if n >= limit {
			break
		}
		now := d.Store.Now()
		ids, err := d.Store.Client.Identity.Query().Where(identity.MustChangeByAtLTE(now.Add(before)), identity.WarnedLTE(stage)).
			Order(identity.ByMustChangeByAt()).Limit(limit-n).Select(identity.FieldID, identity.FieldUserID, identity.FieldMustChangeByAt).All(asSystem(ctx))
		if err != nil {
			return n, store.Translate(err)
		}
		for _, i := range ids {
			if before > 0 && !i.MustChangeByAt.After(now) {
				continue // it is too late for a warning
			}
			if err := d.passwordDue(ctx, i, stage, before); err != nil {
				return n, err
			}
			n++
		}
	}
	return n, nil
}

func (d *Desk) passwordDue(ctx context.Context, i *ent.Identity, stage int, before time.Duration) error {
	return d.Store.InTx(asSystem(ctx), func(ctx context.Context, tx *store.Tx) error {
		moved, err := tx.Identity.Update().Where(identity.ID(i.ID), identity.WarnedLTE(stage), identity.MustChangeByAt(*i.MustChangeByAt)).
			SetWarned(stage + 1).Save(ctx)
		if err != nil || moved == 0 { // changed, issued anew or done by another instance
			return err
		}
		if before > 0 {
			return d.People.News(ctx, tx, i.UserID, account.ChangePasswordDue, i.GlobalID(), map[string]any{"mustChangeBy": *i.MustChangeByAt})
		}
		if _, err := d.cutOff(ctx, tx, i.UserID); err != nil {
			return err
		}
		return d.People.News(ctx, tx, i.UserID, account.ChangePasswordOver, i.GlobalID(), nil)
	})
}

// RepresentationsDue ends those whose day has come: the represented person is
// 14. The viewer's rule has ended them already; this writes it down and tells
// both. It takes some at a time and says how many it took.
func (d *Desk) RepresentationsDue(ctx context.Context, limit int) (int, error) {
	rows, err := d.Store.Client.Membership.Query().Where(membership.KindEQ(membership.KindREPRESENTATIVE), membership.StatusEQ(membership.StatusACTIVE),
		membership.ValidUntilAtLTE(d.Store.Now())).Order(membership.ByValidUntilAt()).Limit(limit).All(asSystem(ctx))
	if err != nil {
		return 0, store.Translate(err)
	}
	for n, m := range rows {
		err := d.Store.InTx(asSystem(ctx), func(ctx context.Context, tx *store.Tx) error {
			return d.end(ctx, tx, m, map[string]any{"years": ageOfOwnActs})
		})
		if err != nil {
			return n, err
		}
	}
	return len(rows), nil
}
