package desk_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"

	"kabinet/ent/generated/identity"
	"kabinet/ent/generated/membership"
	"kabinet/ent/generated/user"
	"kabinet/internal/account/desk"
	"kabinet/internal/event"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/viewer"
)

// dismiss takes a member of staff out of the House.
func (w *world) dismiss(id uuid.UUID) {
	w.t.Helper()
	w.must(w.db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
		return tx.Membership.Update().Where(membership.UserID(id), membership.OwnerID(viewer.House)).SetStatus(membership.StatusENDED).Exec(ctx)
	}))
}

// identity gives a person one more way to prove who he is.
func (w *world) identity(of uuid.UUID, kind identity.Kind) {
	w.t.Helper()
	w.must(w.db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
		return tx.Identity.Create().SetUserID(of).SetKind(kind).SetSubject(uuid.NewString()).SetSecret([]byte("x")).Exec(ctx)
	}))
}

func (w *world) child(born string) uuid.UUID {
	w.t.Helper()
	done, err := w.CreateUser(w.desk(), desk.CreateUserInput{DisplayName: "Misha", BirthOn: &born})
	w.must(err)
	return done.User.ID
}

// A representative acts for a person under 14 by the header, sees what is his
// and nothing of anybody else's, until staff ends it. // security B3, F1, F3
func TestRepresent(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		ctx := w.desk()
		misha, vera := w.child("2015-05-01"), w.child("2015-05-02")
		r, err := w.SaveRepresentation(ctx, desk.SaveRepresentationInput{RepresentativeID: usr(w.anna), RepresentedID: usr(misha), Basis: desk.RepresentationBasisParent, DocumentNote: "birth certificate IV-AB 123456"})
		w.must(err)
		if r.Represented.DisplayName != "Misha" || r.Representative.ID != usr(w.anna) || r.DocumentNote == nil || !r.ValidUntil.Equal(time.Date(2029, 5, 1, 0, 0, 0, 0, time.UTC)) {
			t.Errorf("%+v", r)
		}
		token := w.token("anna@example.com", password)
		acting := w.as(token, usr(misha).String())
		if v := viewer.From(acting); v.UserID != w.anna || v.OwnerID != misha || v.Reach("order", "write") != viewer.ReachOwner {
			t.Fatalf("viewer %+v", v)
		}
		u, err := w.RepresentedUser(acting)
		if err != nil || u == nil || u.ID != misha {
			t.Errorf("represented %v, %v", u, err)
		}
		if u, err := w.RepresentedUser(w.as(token)); u != nil || err != nil {
			t.Errorf("by himself: %v, %v", u, err)
		}
		if _, err := w.tryAs(token, usr(vera).String()); err == nil {
			t.Error("acts for somebody else's child")
		}
		if _, err := w.tryAs(token, usr(w.admin).String()); err == nil {
			t.Error("acts for anybody")
		}
		if ids, _ := w.db.Client.User.Query().Where(user.IDIn(misha, vera, w.anna, w.admin)).IDs(acting); len(ids) != 2 {
			t.Errorf("sees %d people", len(ids))
		}
		w.must(db.InTx(acting, func(ctx context.Context, tx *store.Tx) error {
			n, err := tx.User.Update().Where(user.IDIn(misha, vera)).SetDisplayName("Mine").Save(ctx)
			if n != 0 {
				t.Error("writes the child's own row")
			}
			return err
		}))
		anna, err := w.people.Person(acting, w.anna)
		w.must(err)
		for what, list := range map[string]func() ([]*desk.Representation, error){
			"represents":      func() ([]*desk.Representation, error) { return w.Represents(acting, anna) },
			"representatives": func() ([]*desk.Representation, error) { return w.Representatives(storetest.As(misha), u) },
			"staff":           func() ([]*desk.Representation, error) { return w.Representatives(ctx, u) },
		} {
			got, err := list()
			if err != nil || len(got) != 1 || (got[0].DocumentNote != nil) != (what == "staff") {
				t.Errorf("%s: %+v, %v", what, got, err)
			}
		}
		if got, _ := w.Representatives(acting, u); len(got) != 0 {
			t.Error("the representative sees the others")
		}
		again, err := w.SaveRepresentation(ctx, desk.SaveRepresentationInput{RepresentativeID: usr(w.anna), RepresentedID: usr(misha), Basis: desk.RepresentationBasisGuardian, DocumentNote: "court order 7"})
		if err != nil || again.ID != r.ID || again.Basis != desk.RepresentationBasisGuardian {
			t.Errorf("saved again: %+v, %v", again, err)
		}
		if _, err := w.EndRepresentation(ctx, desk.EndRepresentationInput{RepresentationID: r.ID, Reason: ptr("grown apart")}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.tryAs(token, usr(misha).String()); err == nil {
			t.Error("acts after the end")
		}
		_, err = w.EndRepresentation(ctx, desk.EndRepresentationInput{RepresentationID: r.ID})
		refused(t, "ended again", err, "NOT_FOUND")
		for _, who := range []uuid.UUID{misha, w.anna} {
			if n := w.count(`SELECT count(*) FROM account_events WHERE stream_id = ? AND kind = 'account.security_changed'`, who); n < 3 {
				t.Errorf("%d facts on a stream", n)
			}
		}
	})
}

// It ends at the midnight with which the 14th birthday begins, where the
// person lives, with or without the job; the job writes it down and tells both.
func TestRepresentationEndsAtFourteen(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		misha := w.child("2012-11-22") // tomorrow
		_, err := w.SaveRepresentation(w.desk(), desk.SaveRepresentationInput{RepresentativeID: usr(w.anna), RepresentedID: usr(misha), Basis: desk.RepresentationBasisAdoptiveParent, DocumentNote: "court order 7"})
		w.must(err)
		token := w.token("anna@example.com", password)
		db.Clock.Add(12*time.Hour - time.Second)
		if _, err := w.tryAs(token, usr(misha).String()); err != nil {
			t.Fatalf("the evening before: %v", err)
		}
		if n, err := w.RepresentationsDue(t.Context(), 10); n != 0 || err != nil {
			t.Fatalf("%d ended the evening before, %v", n, err)
		}
		db.Clock.Add(time.Second)
		if _, err := w.tryAs(token, usr(misha).String()); err == nil {
			t.Fatal("acts on the birthday")
		}
		if n, err := w.RepresentationsDue(t.Context(), 10); n != 1 || err != nil {
			t.Fatalf("%d ended on the birthday, %v", n, err)
		}
		if n, err := w.RepresentationsDue(t.Context(), 10); n != 0 || err != nil {
			t.Fatalf("%d ended twice, %v", n, err)
		}
		if n := w.count(`SELECT count(*) FROM memberships WHERE kind = 'REPRESENTATIVE' AND status = 'ENDED'`); n != 1 {
			t.Error("it is not written down")
		}
	})
}

func TestRepresentRefuses(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		ctx := w.desk()
		misha := w.child("2015-05-01")
		unborn := w.person("unknown@example.com")
		sixteen, exactly := w.child("2010-01-01"), w.child("2012-11-21")
		for what, c := range map[string]struct {
			adult, child uuid.UUID
			note, code   string
		}{
			"no document":         {w.anna, misha, " ", "REQUIRED"},
			"an unknown birthday": {w.anna, unborn, "a paper", "NOT_A_MINOR"},
			"14 today":            {w.anna, exactly, "a paper", "NOT_A_MINOR"},
			"too young to act":    {sixteen, misha, "a paper", "REPRESENTATIVE_TOO_YOUNG"},
			"himself":             {misha, misha, "a paper", "NOT_ON_ONESELF"},
			"the clerk":           {w.admin, misha, "a paper", "NOT_ON_ONESELF"},
			"nobody":              {uuid.New(), misha, "a paper", "NOT_FOUND"},
			"nobody's":            {w.anna, uuid.New(), "a paper", "NOT_FOUND"},
		} {
			_, err := w.SaveRepresentation(ctx, desk.SaveRepresentationInput{RepresentativeID: usr(c.adult), RepresentedID: usr(c.child), Basis: desk.RepresentationBasisParent, DocumentNote: c.note})
			refused(t, what, err, c.code)
		}
		in := desk.SaveRepresentationInput{RepresentativeID: usr(w.anna), RepresentedID: usr(misha), Basis: desk.RepresentationBasisParent, DocumentNote: "a paper"}
		_, err := w.SaveRepresentation(w.as(w.token("anna@example.com", password)), in)
		refused(t, "a customer", err, "FORBIDDEN")
		_, err = w.EndRepresentation(ctx, desk.EndRepresentationInput{RepresentationID: scalar.ID{Prefix: "mbr", UUID: uuid.New()}})
		refused(t, "no such one", err, "NOT_FOUND")
		// A seat of staff is no representation.
		seat, err := w.db.Client.Membership.Query().Where(membership.UserID(w.admin)).OnlyID(storetest.System())
		w.must(store.Translate(err))
		_, err = w.EndRepresentation(ctx, desk.EndRepresentationInput{RepresentationID: scalar.ID{Prefix: "mbr", UUID: seat}})
		refused(t, "a seat of staff", err, "NOT_FOUND")
	})
}

// What is told of a represented person goes to his own stream, in the order of
// its numbers, whoever acts and however the domain calls the owner.
func TestOwnerIsAPerson(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		misha := w.child("2015-05-01")
		_, err := w.SaveRepresentation(w.desk(), desk.SaveRepresentationInput{RepresentativeID: usr(w.anna), RepresentedID: usr(misha), Basis: desk.RepresentationBasisParent, DocumentNote: "a paper"})
		w.must(err)
		before := w.count(`SELECT stream_seq FROM users WHERE id = ?`, misha)
		acme := uuid.New()
		for _, ctx := range []context.Context{w.as(w.token("anna@example.com", password), usr(misha).String()), w.desk(), storetest.System(), w.desk()} {
			w.must(db.InTx(ctx, func(_ context.Context, tx *store.Tx) error {
				tx.Tell(event.ProfileUpdated{UserID: misha}, store.ToCompany(misha), store.ToUser(w.anna))
				tx.Tell(event.ProfileUpdated{UserID: misha}, store.ToUser(misha), store.ToCompany(acme))
				return nil
			}))
		}
		if n := w.count(`SELECT stream_seq FROM users WHERE id = ?`, misha) - before; n != 8 {
			t.Errorf("his stream grew by %d", n)
		}
		if n := w.count(`SELECT count(*) FROM streams WHERE id = ?`, misha); n != 0 {
			t.Error("he has two streams")
		}
		if n := w.count(`SELECT stream_seq FROM streams WHERE id = ?`, acme); n != 4 {
			t.Errorf("the company's stream grew by %d", n)
		}
	})
}
