package arrival_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

	"kabinet/ent/generated/contactpoint"
	"kabinet/ent/generated/identity"
	"kabinet/ent/generated/membership"
	"kabinet/ent/generated/user"
	"kabinet/internal/account/arrival"
	"kabinet/internal/fault"
	"kabinet/internal/profile"
	"kabinet/internal/promotion"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/viewer"
)

type desk struct {
	*arrival.Arrivals
	t     *testing.T
	db    *storetest.DB
	staff uuid.UUID
}

func newDesk(t *testing.T, db *storetest.DB) *desk {
	t.Helper()
	d := &desk{t: t, db: db, staff: uuid.Must(uuid.NewV7()), Arrivals: &arrival.Arrivals{
		Store: db.Store, Country: "RU", Clubs: promotion.ClubsNamed, Enrol: promotion.Enrol,
		CheckAddress: func(in *arrival.UpsertAddressInput) error { return profile.CheckAddress(theirs(in)) },
		SaveAddresses: func(ctx context.Context, tx *store.Tx, list map[uuid.UUID][]*arrival.UpsertAddressInput, try bool) (changed, full map[uuid.UUID]bool, err error) {
			all := map[uuid.UUID][]profile.SaveAddressInput{}
			for id, addresses := range list {
				for _, in := range addresses {
					all[id] = append(all[id], theirs(in))
				}
			}
			return profile.TakeAddresses(ctx, tx, all, try)
		},
	}}
	return d
}

func theirs(in *arrival.UpsertAddressInput) profile.SaveAddressInput {
	return profile.SaveAddressInput{Label: graphql.OmittableOf(&in.Label), Country: graphql.OmittableOf(in.Country), City: graphql.OmittableOf(in.City),
		Lines: graphql.OmittableOf(in.Lines), PostalCode: graphql.OmittableOf(in.PostalCode), Phone: graphql.OmittableOf(in.Phone)}
}

func (d *desk) asStaff() context.Context {
	return viewer.With(context.Background(), viewer.Viewer{UserID: d.staff, OwnerID: d.staff, Staff: true, Locale: "en", Grants: map[viewer.Permission]viewer.Reach{
		{Resource: "user", Operation: "read"}: viewer.ReachAll, {Resource: "user", Operation: "write"}: viewer.ReachAll,
	}})
}

// said is a person of the outside system crm, as it was a minute of the day.
func said(id string, minute int, more ...func(*arrival.UpsertUserInput)) *arrival.UpsertUserInput {
	in := &arrival.UpsertUserInput{External: &scalar.ExternalKey{Source: "crm", ID: id}, DisplayName: ptr("Person " + id),
		SourceUpdatedAt: storetest.Start.Add(time.Duration(minute-100) * time.Minute)}
	for _, f := range more {
		f(in)
	}
	return in
}

func mail(address string, verified bool) func(*arrival.UpsertUserInput) {
	return func(in *arrival.UpsertUserInput) {
		in.ContactPoints = append(in.ContactPoints, &arrival.UpsertContactPointInput{Kind: contactpoint.KindEMAIL, Value: address, Verified: &verified})
	}
}

func (d *desk) take(policy scalar.ErrorPolicy, want string, users ...*arrival.UpsertUserInput) []arrival.Result {
	d.t.Helper()
	results, err := d.UpsertUsers(d.asStaff(), arrival.UpsertUsersInput{Users: users, ErrorPolicy: &policy})
	check(d.t, err)
	var got []string
	for i, r := range results {
		text := string(r.Outcome)
		if f, ok := fault.As(r.Err); ok {
			text += ":" + f.Code + "@" + strings.TrimPrefix(strings.Join(f.Path, "."), fmt.Sprintf("input.users.%d.", i))
		}
		if (r.User != nil) != (r.Outcome == scalar.UpsertCreated || r.Outcome == scalar.UpsertUpdated || r.Outcome == scalar.UpsertUnchanged) {
			d.t.Errorf("%s with %v", text, r.User)
		}
		got = append(got, text)
	}
	if strings.Join(got, " ") != want {
		d.t.Fatalf("got  %s\nwant %s", strings.Join(got, " "), want)
	}
	return results
}

func TestUpsertUsers(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		d := newDesk(t, db)
		check(t, db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.Exec(ctx, `INSERT INTO clubs (id, created_at, updated_at, revision, handle, texts, audience, perks, status) VALUES (?, ?, ?, 1, 'tea', '{}', '{}', '[]', 'ACTIVE')`, uuid.Must(uuid.NewV7()), tx.Now, tx.Now)
			return err
		}))
		full := func(in *arrival.UpsertUserInput) {
			in.GivenName, in.FamilyName = graphql.OmittableOf(ptr("Анна")), graphql.OmittableOf(ptr("Ёлкина"))
			in.BirthOn, in.Locale, in.TimeZone = graphql.OmittableOf(ptr("1990-02-03")), ptr("ru"), ptr("Europe/Moscow")
			in.ContactPoints = append(in.ContactPoints, &arrival.UpsertContactPointInput{Kind: contactpoint.KindPHONE, Value: "8 (912) 345-67-89"})
			in.Clubs, in.Metadata = []string{"tea"}, map[string]any{"tier": "gold"}
			in.Addresses = []*arrival.UpsertAddressInput{{Label: "home", Country: ptr("DE"), City: ptr("Berlin"), Lines: []string{"Allee 1"}, PostalCode: ptr("10115")}}
		}
		u := d.take(scalar.RejectFailed, "CREATED", said("1", 0, full, mail("Anna@Example.com", true)))[0].User
		if u.DisplayName != "Person 1" || *u.FamilyName != "Ёлкина" || u.Status != user.StatusACTIVE || u.Locale != "ru" || u.Revision != 1 {
			t.Errorf("%+v", u)
		}
		if got := one(t, db, `SELECT count(*) || ' ' || min(value) || ' ' || max(value) FROM contact_points WHERE is_primary`); got != "2 +79123456789 Anna@Example.com" {
			t.Error(got)
		}
		if got := one(t, db, `SELECT name_key || '/' || family_key FROM users WHERE external_id = '1'`); got != "person 1/елкина" {
			t.Error(got)
		}
		if got := one(t, db, `SELECT (SELECT count(*) FROM club_members) || ' ' || (SELECT city FROM addresses)`); got != "1 Berlin" {
			t.Error(got)
		}
		d.take(scalar.RejectFailed, "UNCHANGED", said("1", 0, full, mail("anna@example.com", true)))
		d.take(scalar.RejectFailed, "UNCHANGED", said("1", 20, full))
		d.take(scalar.RejectFailed, "OUTDATED:OUTDATED@sourceUpdatedAt", said("1", 10, func(in *arrival.UpsertUserInput) { in.DisplayName = ptr("old") }))
		d.take(scalar.RejectFailed, "UPDATED", said("1", 21, func(in *arrival.UpsertUserInput) {
			in.Addresses = []*arrival.UpsertAddressInput{{Label: "home", Country: ptr("DE"), City: ptr("Bonn"), Lines: []string{"Weg 2"}, PostalCode: ptr("53111")}}
		}))
		u = d.take(scalar.RejectFailed, "UPDATED", said("1", 30, func(in *arrival.UpsertUserInput) { in.GivenName = graphql.OmittableOf[*string](nil) }))[0].User
		if u.GivenName != nil || *u.FamilyName != "Ёлкина" || u.Revision != 2 {
			t.Errorf("%+v", u)
		}
		if got := one(t, db, `SELECT count(*) || ' ' || max(city) FROM addresses`); got != "1 Bonn" {
			t.Error(got)
		}
	})
}

// A batch takes over nobody's account: it finds people by the outside key
// alone, verifies nothing for whoever has a way to sign in, and takes no
// contact point.
//
// security F2
func TestUpsertUsersTakeNoAccountOver(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		d := newDesk(t, db)
		person := func(name, address string, verified, password, staff bool) uuid.UUID {
			var id uuid.UUID
			check(t, db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
				u, err := tx.User.Create().SetDisplayName(name).SetStatus(user.StatusACTIVE).SetSource("crm").SetExternalID(name).Save(ctx)
				if err != nil {
					return err
				}
				id = u.ID
				c := tx.ContactPoint.Create().SetUserID(id).SetKind(contactpoint.KindEMAIL).SetValue(address).SetValueKey(address).SetIsPrimary(true)
				if verified {
					c.SetVerifiedAt(tx.Now)
				}
				if err := c.Exec(ctx); err != nil {
					return err
				}
				if password {
					if err := tx.Identity.Create().SetUserID(id).SetKind(identity.KindPASSWORD).SetSubject(id.String()).SetSecret([]byte("x")).Exec(ctx); err != nil {
						return err
					}
				}
				if staff {
					return tx.Membership.Create().SetUserID(id).SetOwnerID(viewer.House).SetKind(membership.KindSTAFF).SetRoleID(uuid.New()).Exec(ctx)
				}
				return nil
			}))
			return id
		}
		victim := person("victim", "victim@example.com", true, true, false)
		person("fresh", "fresh@example.com", false, false, false)
		person("admin", "admin@example.com", true, true, true)
		before := one(t, db, `SELECT count(*) || ' ' || min(created_at) FROM identities`)

		// Somebody else's address, proven or not, stays his.
		d.take(scalar.RejectFailed, "REFUSED:ALREADY_TAKEN@contactPoints.0.value REFUSED:ALREADY_TAKEN@contactPoints.0.value",
			said("thief", 0, mail("VICTIM@example.com", true)), said("thief2", 0, mail("fresh@example.com", true)))
		d.take(scalar.IgnoreFailed, "CREATED:ALREADY_TAKEN@contactPoints.0.value", said("thief", 0, mail("victim@example.com", true)))
		// An address of the thief's own on the victim's account proves nothing.
		d.take(scalar.RejectFailed, "UPDATED", said("victim", 0, mail("thief@evil.example", true)))
		if got := one(t, db, `SELECT count(*) FROM contact_points WHERE value = 'thief@evil.example' AND verified_at IS NULL AND NOT is_primary`); got != "1" {
			t.Errorf("%s: the thief's address is believed", got)
		}
		// Of whoever never had a way to sign in, it is.
		d.take(scalar.RejectFailed, "UPDATED", said("fresh", 0, mail("fresh@example.com", true)))
		if got := one(t, db, `SELECT count(*) FROM contact_points WHERE value = 'fresh@example.com' AND verified_at IS NOT NULL`); got != "1" {
			t.Error(got)
		}
		// Staff is not found, nor who is erased.
		d.take(scalar.RejectFailed, "REFUSED:NOT_FOUND@external", said("admin", 0))
		check(t, db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.Exec(ctx, `UPDATE users SET status = 'ERASED' WHERE external_id = 'thief'`)
			return err
		}))
		d.take(scalar.RejectFailed, "REFUSED:NOT_FOUND@external", said("thief", 50))
		if after := one(t, db, `SELECT count(*) || ' ' || min(created_at) FROM identities`); after != before {
			t.Errorf("ways to sign in: %s, were %s", after, before)
		}
		for name, ctx := range map[string]context.Context{"a customer": storetest.As(victim), "nobody": context.Background()} {
			if _, err := d.UpsertUsers(ctx, arrival.UpsertUsersInput{Users: []*arrival.UpsertUserInput{said("1", 0)}}); fault.KindOf(err) != fault.Forbidden {
				t.Errorf("%s: %v", name, err) // security F2
			}
		}
	})
}

func TestUpsertUsersPolicies(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) { // security K12
		d := newDesk(t, db)
		young := func(in *arrival.UpsertUserInput) { in.BirthOn = graphql.OmittableOf(ptr("2190-01-01")) }
		nul := func(in *arrival.UpsertUserInput) { in.GivenName = graphql.OmittableOf(ptr("a\x00")) }
		d.take(scalar.RejectAll, "SKIPPED REFUSED:OUT_OF_RANGE@birthOn", said("1", 0), said("2", 0, young))
		if n := one(t, db, `SELECT count(*) FROM users WHERE source = 'crm'`); n != "0" {
			t.Errorf("%s written", n)
		}
		d.take(scalar.RejectFailed, "CREATED REFUSED:OUT_OF_RANGE@birthOn REFUSED:DUPLICATE_KEY@external", said("1", 0), said("2", 0, young), said("1", 1))
		d.take(scalar.IgnoreFailed, "CREATED:OUT_OF_RANGE@birthOn CREATED:INVALID_VALUE@givenName CREATED:NOT_FOUND@clubs.0 CREATED:INVALID_EMAIL@contactPoints.0.value",
			said("2", 0, young), said("3", 0, nul), said("4", 0, func(in *arrival.UpsertUserInput) { in.Clubs = []string{"none"} }), said("5", 0, mail("no address", true)))
		dry := true
		results, err := d.UpsertUsers(d.asStaff(), arrival.UpsertUsersInput{Users: []*arrival.UpsertUserInput{said("9", 0)}, DryRun: &dry})
		check(t, err)
		if n := one(t, db, `SELECT count(*) FROM users WHERE source = 'crm'`); n != "5" || results[0].Outcome != scalar.UpsertCreated || results[0].User != nil {
			t.Errorf("%s people, %+v", n, results[0])
		}
		_, err = d.UpsertUsers(d.asStaff(), arrival.UpsertUsersInput{})
		if f, _ := fault.As(err); f == nil || f.Code != "REQUIRED" {
			t.Error(err)
		}
		_, err = d.UpsertUsers(d.asStaff(), arrival.UpsertUsersInput{Users: make([]*arrival.UpsertUserInput, 1_001)})
		if f, _ := fault.As(err); f == nil || f.Code != "TOO_LONG" {
			t.Error(err)
		}
	})
}

// Of somebody without room for one more address nothing is taken, but where
// single fields may be left out; a batch that is written whole or not at all is
// stopped.
func TestUpsertUsersNoRoom(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) { // security K12
		d := newDesk(t, db)
		const room = 100 // as profile has it
		lives := func(from, to int) func(*arrival.UpsertUserInput) {
			return func(in *arrival.UpsertUserInput) {
				for n := from; n < to; n++ {
					in.Addresses = append(in.Addresses, &arrival.UpsertAddressInput{Label: fmt.Sprint("home ", n), Country: ptr("GB"), City: ptr("London"), Lines: []string{"1 Road"}, PostalCode: ptr("E1 6AN")})
				}
			}
		}
		d.take(scalar.RejectAll, "CREATED", said("1", 0, lives(0, 20)))
		for n := 20; n < room; n += 20 {
			d.take(scalar.RejectAll, "UPDATED", said("1", 0, lives(n, n+20)))
		}
		before := one(t, db, `SELECT count(*) || ' ' || max(display_name) FROM users WHERE source = 'crm'`)
		renamed := func(in *arrival.UpsertUserInput) { in.DisplayName = ptr("Z") }
		d.take(scalar.RejectAll, "REFUSED:TOO_MANY_ITEMS@addresses SKIPPED", said("1", 1, lives(room, room+1), renamed), said("2", 1))
		if after := one(t, db, `SELECT count(*) || ' ' || max(display_name) FROM users WHERE source = 'crm'`); after != before {
			t.Errorf("%s, and was %s", after, before)
		}
		d.take(scalar.RejectFailed, "REFUSED:TOO_MANY_ITEMS@addresses CREATED", said("1", 1, lives(room-1, room+1), renamed), said("2", 1))
		if name := one(t, db, `SELECT display_name || ' ' || (SELECT count(*) FROM addresses WHERE label = 'home 100') FROM users WHERE external_id = '1'`); name == "Z 0" || !strings.HasSuffix(name, " 0") {
			t.Errorf("a part of him was taken: %s", name)
		}
		d.take(scalar.IgnoreFailed, "UPDATED:TOO_MANY_ITEMS@addresses", said("1", 1, lives(room, room+1), renamed))
	})
}

// Eight batches of the same people at the same time double nobody, and what was
// said last of each stands.
func TestUpsertUsersAtTheSameTime(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		d := newDesk(t, db)
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				var users []*arrival.UpsertUserInput
				for n := range 20 {
					id := fmt.Sprint((n + i) % 20)
					users = append(users, said(id, i, mail("p"+id+"@example.com", true), func(in *arrival.UpsertUserInput) { in.DisplayName = ptr(fmt.Sprint("Said ", i)) }))
				}
				if _, err := d.UpsertUsers(d.asStaff(), arrival.UpsertUsersInput{Users: users}); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if got := one(t, db, `SELECT count(*) || ' ' || min(display_name) || ' ' || max(display_name) || ' ' || (SELECT count(*) FROM contact_points) FROM users WHERE source = 'crm'`); got != "20 Said 7 Said 7 20" {
			t.Error(got)
		}
	})
}

// What a batch costs does not grow with what is in it, but by the rows of a
// statement.
func TestUpsertUsersStatements(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		d := newDesk(t, db)
		batch := func(minute, n int) int {
			users := make([]*arrival.UpsertUserInput, n)
			for i := range users {
				users[i] = said(fmt.Sprint(i), minute, mail(fmt.Sprint("p", i, "@example.com"), true), func(in *arrival.UpsertUserInput) { in.DisplayName = ptr(fmt.Sprint(minute)) })
			}
			count, _ := db.Statements(func() {
				if _, err := d.UpsertUsers(d.asStaff(), arrival.UpsertUsersInput{Users: users}); err != nil {
					t.Fatal(err)
				}
			})
			return count
		}
		few, many := batch(0, 10), batch(1, 1_000)
		if many > few+40 {
			t.Errorf("%d statements for 1,000 people, %d for 10", many, few)
		}
	})
}

func ptr[T any](v T) *T { return &v }

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func one(t *testing.T, db *storetest.DB, query string) (text string) {
	t.Helper()
	rows, err := db.Store.Query(context.Background(), query)
	check(t, err)
	defer rows.Close()
	for rows.Next() {
		check(t, rows.Scan(&text))
	}
	check(t, rows.Err())
	return text
}
