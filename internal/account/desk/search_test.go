package desk_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"

	"kabinet/ent/generated/contactpoint"
	"kabinet/ent/generated/user"
	"kabinet/internal/account"
	"kabinet/internal/account/desk"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
)

func (w *world) find(ctx context.Context, f *desk.UserFilter) (ids []uuid.UUID) {
	w.t.Helper()
	c, err := w.Users(ctx, f, account.Page{})
	w.must(err)
	for _, e := range c.Edges {
		ids = append(ids, e.Node.ID)
	}
	return ids
}

func (w *world) make(in desk.CreateUserInput) uuid.UUID {
	w.t.Helper()
	done, err := w.CreateUser(w.desk(), in)
	w.must(err)
	return done.User.ID
}

// Staff find people by whatever they say of themselves; customers find
// themselves alone. // security F4
func TestUsers(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		ctx := w.desk()
		oleg := w.make(desk.CreateUserInput{DisplayName: "Олег К.", FamilyName: ptr("Королёв"), ExternalKey: &scalar.ExternalKey{Source: "erp", ID: "77"},
			ContactPoints: []*desk.NewContactPoint{{Kind: contactpoint.KindPHONE, Value: "+7 912 345-67-89"}, {Kind: contactpoint.KindEMAIL, Value: "Oleg@Example.com"}}})
		percent := w.make(desk.CreateUserInput{DisplayName: "100% Wool_shop"})
		login := *w.slip(ctx, desk.IssueCredentialsInput{UserID: usr(oleg)})
		for what, c := range map[string]struct {
			f    desk.UserFilter
			want []uuid.UUID
		}{
			"e-mail":           {desk.UserFilter{Email: ptr("oLEG@example.com")}, []uuid.UUID{oleg}},
			"phone":            {desk.UserFilter{Phone: ptr("+79123456789")}, []uuid.UUID{oleg}},
			"login":            {desk.UserFilter{Login: ptr(strings.ToUpper(login.Login))}, []uuid.UUID{oleg}},
			"no login":         {desk.UserFilter{Login: ptr("' OR 1=1 --")}, nil},
			"key":              {desk.UserFilter{ExternalKey: &scalar.ExternalKey{Source: "erp", ID: "77"}}, []uuid.UUID{oleg}},
			"another source":   {desk.UserFilter{ExternalKey: &scalar.ExternalKey{Source: "crm", ID: "77"}}, nil},
			"name":             {desk.UserFilter{Name: ptr(" ОЛЕГ  к")}, []uuid.UUID{oleg}},
			"family name":      {desk.UserFilter{Name: ptr("королев")}, []uuid.UUID{oleg}},
			"the middle of it": {desk.UserFilter{Name: ptr("орол")}, nil},
			"ё is е":           {desk.UserFilter{Name: ptr("anna ёл")}, []uuid.UUID{w.anna}},
			"no wildcard":      {desk.UserFilter{Name: ptr("100%")}, []uuid.UUID{percent}},
			"nor this":         {desk.UserFilter{Name: ptr("1___")}, nil},
			"two conditions":   {desk.UserFilter{Name: ptr("олег"), Phone: ptr("+79123456780")}, nil},
			"a status":         {desk.UserFilter{Status: []user.Status{user.StatusBLOCKED}}, nil},
			"nothing":          {desk.UserFilter{}, []uuid.UUID{percent, oleg, w.anna, w.admin}},
		} {
			if got := w.find(ctx, &c.f); !slices.Equal(got, c.want) {
				t.Errorf("%s: %v, want %v", what, got, c.want)
			}
		}
		for what, c := range map[string]struct {
			f    desk.UserFilter
			code string
		}{
			"e-mail": {desk.UserFilter{Email: ptr("nonsense")}, "INVALID_EMAIL"},
			"phone":  {desk.UserFilter{Phone: ptr("12")}, "INVALID_PHONE"},
			"name":   {desk.UserFilter{Name: ptr(" a ")}, "OUT_OF_RANGE"},
		} {
			_, err := w.Users(ctx, &c.f, account.Page{})
			refused(t, what, err, c.code)
		}
		if got := w.find(storetest.As(w.anna), nil); !slices.Equal(got, []uuid.UUID{w.anna}) {
			t.Errorf("a customer sees %v", got)
		}
		_, err := w.User(storetest.As(w.anna), usr(oleg))
		refused(t, "another one by id", err, "NOT_FOUND") // security F1
		if u, err := w.User(ctx, usr(oleg)); err != nil || u.ID != oleg {
			t.Errorf("staff by id: %v", err)
		}
	})
}

// The search by name reads an index and never the table.
func TestNameSearchUsesItsIndexes(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		ctx := w.desk()
		if db.Dialect() != dialect.Postgres {
			_, log := db.Statements(func() { w.find(ctx, &desk.UserFilter{Name: ptr("anna")}) })
			i := slices.IndexFunc(log, func(s string) bool { return strings.Contains(s, "name_key") })
			if i < 0 {
				t.Fatalf("no search in %q", log)
			}
			rows, err := db.Query(t.Context(), `EXPLAIN QUERY PLAN SELECT id FROM users WHERE (name_key >= ? AND name_key < ?) OR (family_key >= ? AND family_key < ?)`, "a", "b", "a", "b")
			w.must(err)
			defer rows.Close()
			plan := ""
			for rows.Next() {
				var a, b, c any
				var line string
				w.must(rows.Scan(&a, &b, &c, &line))
				plan += line + "\n"
			}
			if !strings.Contains(plan, "user_name_key") || !strings.Contains(plan, "user_family_key") {
				t.Error(plan)
			}
			return
		}
		rows, err := db.Query(t.Context(), `SELECT indexdef FROM pg_indexes WHERE tablename = 'users' AND indexname LIKE 'user_%_key'`)
		w.must(err)
		defer rows.Close()
		n := 0
		for rows.Next() {
			var def string
			w.must(rows.Scan(&def))
			if strings.Contains(def, "text_pattern_ops") {
				n++
			}
		}
		if n != 2 {
			t.Errorf("%d indexes serve LIKE", n)
		}
	})
}

// Names follow every write of them, and those from before are folded by the clock.
func TestFoldedNamesFollow(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		ctx := w.desk()
		rename := func(name string, family *string) {
			w.must(db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
				u := tx.User.UpdateOneID(w.anna).SetDisplayName(name)
				if family == nil {
					u.ClearFamilyName()
				} else {
					u.SetFamilyName(*family)
				}
				return u.Exec(ctx)
			}))
		}
		rename("Zoë", ptr("Müller"))
		if got := w.find(ctx, &desk.UserFilter{Name: ptr("ZOË")}); len(got) != 1 {
			t.Error("the new name is not found")
		}
		if got := w.find(ctx, &desk.UserFilter{Name: ptr("mü")}); len(got) != 1 {
			t.Error("the new family name is not found")
		}
		rename("Zoë", nil)
		if got := w.find(ctx, &desk.UserFilter{Name: ptr("mü")}); len(got) != 0 {
			t.Error("a cleared family name is found")
		}
		w.must(db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.Exec(ctx, `UPDATE users SET name_key = NULL, family_key = NULL`)
			return err
		}))
		all := w.count(`SELECT count(*) FROM users`)
		n, err := w.FoldDue(t.Context(), 100)
		if err != nil || n != all {
			t.Fatalf("%d folded, %v", n, err)
		}
		if n, _ := w.FoldDue(t.Context(), 100); n != 0 {
			t.Errorf("%d folded twice", n)
		}
		if got := w.find(ctx, &desk.UserFilter{Name: ptr("zoë")}); len(got) != 1 {
			t.Error("a name from before is not found")
		}
	})
}

// A person is made once for an outside key, with what he has; what is refused
// makes nobody.
func TestCreateUser(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		ctx := w.desk()
		in := desk.CreateUserInput{DisplayName: "Oleg", ExternalKey: &scalar.ExternalKey{Source: "erp", ID: "1"}, Locale: ptr("ru"), TimeZone: ptr("Europe/Moscow"),
			Kind: ptr(user.KindSOLE_TRADER), BirthOn: ptr("1980-02-29"), ContactPoints: []*desk.NewContactPoint{
				{Kind: contactpoint.KindEMAIL, Value: "oleg@example.com", Verified: ptr(true)}, {Kind: contactpoint.KindEMAIL, Value: "second@example.com"}, {Kind: contactpoint.KindPHONE, Value: "+442079460018"}}}
		first, err := w.CreateUser(ctx, in)
		w.must(err)
		again, err := w.CreateUser(ctx, in)
		w.must(err)
		if !*first.Created || *again.Created || first.User.ID != again.User.ID {
			t.Errorf("%v %v", *first.Created, *again.Created)
		}
		u := first.User
		if u.Kind != user.KindSOLE_TRADER || u.Locale != "ru" || u.TimeZone != "Europe/Moscow" || u.Status != user.StatusACTIVE || *u.BirthOn != "1980-02-29" {
			t.Errorf("%+v", u)
		}
		if n := w.count(`SELECT count(*) FROM contact_points WHERE user_id = ? AND is_primary`, u.ID); n != 2 {
			t.Errorf("%d primary contacts", n)
		}
		if n := w.count(`SELECT count(*) FROM contact_points WHERE user_id = ? AND verified_at IS NOT NULL`, u.ID); n != 1 {
			t.Errorf("%d verified contacts", n)
		}
		people := w.count(`SELECT count(*) FROM users`)
		point := func(kind contactpoint.Kind, v string) []*desk.NewContactPoint {
			return []*desk.NewContactPoint{{Kind: kind, Value: v}}
		}
		for what, c := range map[string]struct {
			in   desk.CreateUserInput
			code string
		}{
			"no name":           {desk.CreateUserInput{DisplayName: "  "}, "REQUIRED"},
			"a long name":       {desk.CreateUserInput{DisplayName: "A", FamilyName: ptr(strings.Repeat("b", 101))}, "TOO_LONG"},
			"a control":         {desk.CreateUserInput{DisplayName: "A\x00"}, "INVALID_VALUE"},
			"born tomorrow":     {desk.CreateUserInput{DisplayName: "A", BirthOn: ptr("2026-11-23")}, "OUT_OF_RANGE"},
			"a known address":   {desk.CreateUserInput{DisplayName: "A", ContactPoints: point(contactpoint.KindEMAIL, "OLEG@example.com")}, "ALREADY_TAKEN"},
			"the same twice":    {desk.CreateUserInput{DisplayName: "A", ContactPoints: append(point(contactpoint.KindEMAIL, "x@example.com"), point(contactpoint.KindEMAIL, "X@example.com")...)}, "ALREADY_TAKEN"},
			"no address":        {desk.CreateUserInput{DisplayName: "A", ContactPoints: point(contactpoint.KindEMAIL, "a@b\r\nBcc: c@d")}, "INVALID_EMAIL"},
			"no number":         {desk.CreateUserInput{DisplayName: "A", ContactPoints: point(contactpoint.KindPHONE, "911")}, "INVALID_PHONE"},
			"another language":  {desk.CreateUserInput{DisplayName: "A", Locale: ptr("de")}, "INVALID_VALUE"},
			"an empty key":      {desk.CreateUserInput{DisplayName: "A", ExternalKey: &scalar.ExternalKey{Source: "erp"}}, "REQUIRED"},
			"too many contacts": {desk.CreateUserInput{DisplayName: "A", ContactPoints: make([]*desk.NewContactPoint, 11)}, "TOO_MANY_ITEMS"},
		} {
			_, err := w.CreateUser(ctx, c.in)
			refused(t, what, err, c.code)
		}
		_, err = w.CreateUser(w.as(w.token("anna@example.com", password)), desk.CreateUserInput{DisplayName: "A"})
		refused(t, "a customer", err, "FORBIDDEN")
		if n := w.count(`SELECT count(*) FROM users`); n != people {
			t.Errorf("%d people were made by refusals", n-people)
		}
	})
}

// Many desks at once make one person of one key.
func TestCreateUserAtOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		ctx := w.desk()
		made := make(chan string, 8)
		for range cap(made) {
			go func() {
				done, err := w.CreateUser(ctx, desk.CreateUserInput{DisplayName: "Oleg", ExternalKey: &scalar.ExternalKey{Source: "erp", ID: "1"}})
				if err != nil {
					made <- err.Error()
					return
				}
				made <- fmt.Sprint(done.User.ID)
			}()
		}
		ids := map[string]bool{}
		for range cap(made) {
			ids[<-made] = true
		}
		if len(ids) != 1 {
			t.Errorf("%v", ids)
		}
	})
}
