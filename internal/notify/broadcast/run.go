package broadcast

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entbroadcast "kabinet/ent/generated/broadcast"
	entnotification "kabinet/ent/generated/notification"
	"kabinet/ent/generated/predicate"
	entuser "kabinet/ent/generated/user"
	"kabinet/internal/notify"
	"kabinet/internal/notify/preference"
	"kabinet/internal/notify/template"
	"kabinet/internal/store"
)

// RunTime is how long the clock may be at it: what is left goes on at its next
// round.
const RunTime = 10 * time.Minute

// lot is how many people get a broadcast in one transaction.
const lot = 500

// Due takes the broadcasts whose time has come one step further each, by turns:
// begins them, or gives them to the next lot. n is less than limit when none is
// left. Each step is one transaction with its progress, by one instance at a
// time: killed anywhere it is done wholly or not at all, and goes on elsewhere.
// One that fails waits a minute, and the others go on without it.
func (b *Broadcasts) Due(ctx context.Context, limit int) (n int, err error) {
	for n < limit {
		one, failed := b.step(ctx)
		switch {
		case failed != nil && one == uuid.Nil:
			return n, errors.Join(err, failed)
		case failed != nil:
			err = errors.Join(err, fmt.Errorf("broadcast: %s: %w", idOf(broadcastPrefix, one), failed))
			if failed = b.putOff(ctx, one); failed != nil {
				return n, errors.Join(err, failed)
			}
		case one == uuid.Nil:
			return n, err
		}
		n++
	}
	return n, err
}

// Step is one step of one broadcast; did is whether there was one to take.
func (b *Broadcasts) Step(ctx context.Context) (did bool, err error) {
	one, err := b.step(ctx)
	return one != uuid.Nil, err
}

// step is a step of the one that has waited longest for its turn, also where it
// fails; none where there is none to take.
func (b *Broadcasts) step(ctx context.Context) (id uuid.UUID, err error) {
	err = b.Store.InTx(asSystem(ctx), func(ctx context.Context, tx *store.Tx) error {
		id = uuid.Nil
		one, err := tx.Broadcast.Query().Where(entbroadcast.StatusIn(entbroadcast.StatusSCHEDULED, entbroadcast.StatusRUNNING), entbroadcast.StartsAtLTE(tx.Now), tx.Locking()).
			Order(entbroadcast.ByUpdatedAt(), entbroadcast.ByStartsAt(), entbroadcast.ByID()).First(ctx)
		if ent.IsNotFound(err) {
			return nil
		}
		if err != nil {
			return err
		}
		id = one.ID
		if one.BeganAt == nil {
			return b.begin(ctx, tx, one)
		}
		return b.give(ctx, tx, one)
	})
	return id, err
}

// putOff lets a broadcast that failed wait: it would be the first again.
func (b *Broadcasts) putOff(ctx context.Context, id uuid.UUID) error {
	return b.Store.InTx(asSystem(ctx), func(ctx context.Context, tx *store.Tx) error {
		return tx.Broadcast.Update().Where(entbroadcast.ID(id), entbroadcast.StatusIn(entbroadcast.StatusSCHEDULED, entbroadcast.StatusRUNNING)).
			SetStartsAt(tx.Now.Add(time.Minute)).Exec(ctx)
	})
}

// begin counts the people of a broadcast whose time has come.
func (b *Broadcasts) begin(ctx context.Context, tx *store.Tx, one *ent.Broadcast) error {
	w, err := compile(b.Store.Dialect(), one.Filter, tx.Now)
	if err != nil {
		return err
	}
	total, err := count(ctx, tx, w)
	if err != nil {
		return err
	}
	return one.Update().SetStatus(entbroadcast.StatusRUNNING).SetBeganAt(tx.Now).SetTotal(total).Exec(ctx)
}

// give gives a broadcast to its next lot. Whom it goes to is asked as of its
// beginning, so that days do not move under it.
func (b *Broadcasts) give(ctx context.Context, tx *store.Tx, one *ent.Broadcast) error {
	people, err := b.people(ctx, tx, one)
	if err != nil {
		return err
	}
	setting, found, err := b.Settings.Of(ctx, tx.Client, one.Type)
	if err != nil {
		return err
	}
	made := 0
	if found && setting.Active { // a type that was turned off on the way is made no more
		all := make([]notify.Given, len(people))
		for i, u := range people {
			all[i] = given(one, setting, u)
		}
		if made, err = b.Inbox.GiveMany(ctx, tx, all); err != nil {
			return err
		}
	}
	if b.Between != nil {
		if err := b.Between(); err != nil {
			return err
		}
	}
	u := one.Update().AddDone(len(people)).AddSkipped(len(people) - made)
	if len(people) > 0 {
		u.SetReached(people[len(people)-1].ID)
	}
	if len(people) < lot {
		u.SetStatus(entbroadcast.StatusDONE).SetEndedAt(tx.Now)
	}
	return u.Exec(ctx)
}

// people are the next lot, by ascending id.
func (b *Broadcasts) people(ctx context.Context, tx *store.Tx, one *ent.Broadcast) ([]*ent.User, error) {
	w, err := compile(b.Store.Dialect(), one.Filter, *one.BeganAt)
	if err != nil {
		return nil, err
	}
	// Who came after it was counted is not of it, however long it takes.
	q := tx.User.Query().Where(predicate.User(w.predicate), entuser.CreatedAtLTE(*one.BeganAt))
	if one.Reached != nil {
		q.Where(entuser.IDGT(*one.Reached))
	}
	return q.Order(entuser.ByID()).Limit(lot).Select(entuser.FieldID, entuser.FieldDisplayName, entuser.FieldGivenName, entuser.FieldFamilyName, entuser.FieldRegion, entuser.FieldLocale).All(ctx)
}

// given is the notification of one person. Its event is named by the broadcast
// and the person, so that it is made once.
func given(one *ent.Broadcast, setting preference.Setting, u *ent.User) notify.Given {
	words := map[string]any{customerName: u.DisplayName}
	for name, v := range map[string]*string{customerGiven: u.GivenName, customerFamily: u.FamilyName, customerRegion: u.Region} {
		if v != nil {
			words[name] = *v
		}
	}
	g := notify.Given{
		EventID: uuid.NewSHA1(one.ID, u.ID[:]), UserID: u.ID, Type: one.Type, Topic: setting.Topic, Severity: entnotification.Severity(one.Severity),
		GroupKey: one.GlobalID().String(), Actions: one.Actions, BroadcastID: &one.ID, SenderID: one.SavedByID,
		Say: func(lang, zone string) (title, body string, params map[string]any) {
			title, body, in := spoken(one.Texts, lang)
			return filled(title, in, zone, words), filled(body, in, zone, words), words
		},
	}
	if one.URL != nil {
		g.URL = *one.URL
	}
	return g
}

// filled is a text with its variables; as it stands where it cannot be filled
// in, which it was checked for when it was saved.
func filled(text, lang, zone string, words map[string]any) string {
	out, _, err := template.FillIn(text, lang, zone, words)
	if err != nil {
		return text
	}
	return out
}
