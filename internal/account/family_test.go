package account_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"kabinet/internal/account"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/viewer"
)

func ptr[T any](v T) *T { return &v }

// family makes a family whose holder somebody is.
func (w *world) family(holder uuid.UUID, name string) *account.Family {
	w.t.Helper()
	f, err := w.CreateFamily(storetest.As(holder), account.CreateFamilyInput{Name: name})
	w.must(err)
	return f
}

// joins invites somebody by his address and lets him accept.
func (w *world) joins(holder uuid.UUID, f *account.Family, who uuid.UUID, email string, role account.FamilyRole) *account.Family {
	w.t.Helper()
	i, err := w.InviteToFamily(storetest.As(holder), account.InviteToFamilyInput{FamilyID: f.ID, Email: &email, Role: &role})
	w.must(err)
	in, err := w.AcceptFamilyInvitation(storetest.As(who), account.AcceptFamilyInvitationInput{InvitationID: i.ID})
	w.must(err)
	return in
}

func (w *world) families(who uuid.UUID) []*account.Family {
	w.t.Helper()
	all, err := w.Families(storetest.As(who), who)
	w.must(err)
	return all
}

// actsFor says what somebody may do for a family, as the edge would.
func (w *world) actsFor(email string, f *account.Family) (viewer.Viewer, error) {
	w.t.Helper()
	return w.Viewer(context.Background(), account.Caller{Token: w.token(from("203.0.113.9", email), email), Company: f.ID.String()})
}

func TestFamily(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		anna, boris, clara := w.person("anna@example.com"), w.person("boris@example.com"), w.person("clara@example.com")
		for name, want := range map[string]error{" ": fault.ErrRequired, "a\x00b": fault.ErrInvalidValue} {
			if _, err := w.CreateFamily(storetest.As(anna), account.CreateFamilyInput{Name: name}); !errors.Is(err, want) {
				t.Errorf("%q: %v", name, err)
			}
		}
		f := w.family(anna, "The Smiths")
		if f.Role != account.FamilyRoleHolder || len(f.Members) != 1 || !f.Members[0].IsMe || f.ID.Prefix != "com" {
			t.Fatalf("%+v", f)
		}
		w.joins(anna, f, boris, "Boris@Example.com", account.FamilyRoleSpender)
		in := w.joins(anna, f, clara, "clara@example.com", account.FamilyRoleMember)
		if in.Role != account.FamilyRoleMember || len(in.Members) != 3 {
			t.Errorf("%+v", in)
		}
		reach := func(email, operation string) viewer.Reach {
			v, err := w.actsFor(email, f)
			w.must(err)
			return v.Reach("bonus", operation)
		}
		for email, writes := range map[string]bool{"anna@example.com": true, "boris@example.com": true, "clara@example.com": false} {
			if reach(email, "read") != viewer.ReachOwner || (reach(email, "write") == viewer.ReachOwner) != writes {
				t.Errorf("%s: read %v, write %v", email, reach(email, "read"), reach(email, "write"))
			}
		}

		// Only holders change anything; a member of no family sees none. security F7
		eve := w.person("eve@example.com")
		bad := uuid.New()
		for who, want := range map[uuid.UUID]error{boris: fault.ErrForbidden, clara: fault.ErrForbidden, eve: fault.ErrNotFound} {
			as := storetest.As(who)
			boriss := in.Members[1].ID
			_, invite := w.InviteToFamily(as, account.InviteToFamilyInput{FamilyID: f.ID, Email: ptr("x@example.com")})
			_, change := w.ChangeFamilyRole(as, account.ChangeFamilyRoleInput{MemberID: boriss, Role: account.FamilyRoleHolder})
			_, remove := w.RemoveFamilyMember(as, account.RemoveFamilyMemberInput{MemberID: boriss})
			_, rename := w.UpdateFamilySettings(as, account.UpdateFamilySettingsInput{FamilyID: f.ID, Name: ptr("Mine")})
			for what, err := range map[string]error{"invite": invite, "change": change, "remove": remove, "rename": rename} {
				if !errors.Is(err, want) {
					t.Errorf("%s: %v, want %v", what, err, want)
				}
			}
		}
		if _, err := w.RemoveFamilyMember(storetest.As(anna), account.RemoveFamilyMemberInput{MemberID: scalar.ID{Prefix: "mbr", UUID: bad}}); !errors.Is(err, fault.ErrNotFound) {
			t.Error(err)
		}
		if n := len(w.families(eve)); n != 0 {
			t.Errorf("%d families", n)
		}
		if seen, err := w.Families(storetest.As(eve), anna); err != nil || len(seen) != 0 {
			t.Errorf("%v %v", seen, err)
		}
		if _, err := w.actsFor("eve@example.com", f); !errors.Is(err, fault.ErrForbidden) {
			t.Error(err)
		}

		// Removal counts at once.
		_, err := w.RemoveFamilyMember(storetest.As(anna), account.RemoveFamilyMemberInput{MemberID: in.Members[1].ID})
		w.must(err)
		if _, err := w.actsFor("boris@example.com", f); !errors.Is(err, fault.ErrForbidden) {
			t.Error(err)
		}
		if n := len(w.families(boris)); n != 0 {
			t.Errorf("%d families after removal", n)
		}
		w.joins(anna, f, boris, "boris@example.com", account.FamilyRoleMember) // he may come back
		if n := len(w.families(boris)); n != 1 {
			t.Errorf("%d families", n)
		}
	})
}

// A family keeps a holder; the last member closes it, if its card is empty.
func TestLastHolder(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		anna, boris := w.person("anna@example.com"), w.person("boris@example.com")
		f := w.family(anna, "Smith")
		in := w.joins(anna, f, boris, "boris@example.com", account.FamilyRoleMember)
		annas, boriss := in.Members[0].ID, in.Members[1].ID
		_, leave := w.LeaveFamily(storetest.As(anna), account.LeaveFamilyInput{FamilyID: f.ID})
		_, remove := w.RemoveFamilyMember(storetest.As(anna), account.RemoveFamilyMemberInput{MemberID: annas})
		_, demote := w.ChangeFamilyRole(storetest.As(anna), account.ChangeFamilyRoleInput{MemberID: annas, Role: account.FamilyRoleMember})
		for what, err := range map[string]error{"leave": leave, "remove": remove, "demote": demote} {
			if !errors.Is(err, account.ErrLastHolder) {
				t.Errorf("%s: %v", what, err)
			}
		}
		_, err := w.ChangeFamilyRole(storetest.As(anna), account.ChangeFamilyRoleInput{MemberID: boriss, Role: account.FamilyRoleHolder})
		w.must(err)
		left, err := w.LeaveFamily(storetest.As(anna), account.LeaveFamilyInput{FamilyID: f.ID})
		w.must(err)
		if len(left) != 0 {
			t.Errorf("%v", left)
		}
		give := func(n int) {
			w.must(db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
				_, err := tx.Exec(ctx, `UPDATE ledger_accounts SET pending = ? WHERE owner_id = ?`, n, f.ID.UUID)
				return err
			}))
		}
		w.must(db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
			return tx.LedgerAccount.Create().SetOwnerID(f.ID.UUID).SetUnit("PTS:points").SetKind("BONUS").Exec(ctx)
		}))
		give(5)
		if _, err := w.LeaveFamily(storetest.As(boris), account.LeaveFamilyInput{FamilyID: f.ID}); !errors.Is(err, account.ErrLastHolder) {
			t.Error(err)
		}
		give(0)
		_, err = w.LeaveFamily(storetest.As(boris), account.LeaveFamilyInput{FamilyID: f.ID})
		w.must(err)
		if _, err := w.actsFor("boris@example.com", f); !errors.Is(err, fault.ErrForbidden) {
			t.Error(err)
		}
	})
}

// Two holders who leave, or demote each other, at the same moment leave one.
// security K10
func TestHoldersLeaveAtOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		anna, boris, clara := w.person("anna@example.com"), w.person("boris@example.com"), w.person("clara@example.com")
		f := w.family(anna, "Smith")
		w.joins(anna, f, boris, "boris@example.com", account.FamilyRoleHolder)
		w.joins(anna, f, clara, "clara@example.com", account.FamilyRoleMember)
		var wg sync.WaitGroup
		var refused sync.Map
		for _, who := range []uuid.UUID{anna, boris} {
			wg.Go(func() {
				if _, err := w.LeaveFamily(storetest.As(who), account.LeaveFamilyInput{FamilyID: f.ID}); err != nil {
					if !errors.Is(err, account.ErrLastHolder) {
						t.Error(err)
					}
					refused.Store(who, true)
				}
			})
		}
		wg.Wait()
		n := 0
		refused.Range(func(any, any) bool { n++; return true })
		if left := w.families(clara)[0]; n != 1 || len(left.Members) != 2 {
			t.Errorf("%d were refused, %d are left", n, len(left.Members))
		}
	})
}

// An invitation is for whoever proves the address, or the person named; nobody
// learns whether there is one. security A6, A7
func TestInvitationRevealsNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		anna, boris := w.person("anna@example.com"), w.person("boris@example.com")
		eve := w.person("eve@example.com")
		f := w.family(anna, "Smith")
		as := storetest.As(anna)
		invite := func(in account.InviteToFamilyInput) *account.FamilyInvitation {
			in.FamilyID = f.ID
			i, err := w.InviteToFamily(as, in)
			w.must(err)
			return i
		}
		known, unknown := invite(account.InviteToFamilyInput{Email: ptr("boris@example.com")}), invite(account.InviteToFamilyInput{Email: ptr("nobody@example.com")})
		person, ghost := invite(account.InviteToFamilyInput{UserID: &scalar.ID{Prefix: "usr", UUID: eve}}), invite(account.InviteToFamilyInput{UserID: &scalar.ID{Prefix: "usr", UUID: uuid.New()}})
		shape := func(i *account.FamilyInvitation) string {
			return fmt.Sprint(i.Role, i.FamilyName, i.InviterName, i.ExpiresAt.Sub(i.CreatedAt), i.Email == nil)
		}
		if shape(known) != shape(unknown) || shape(person) != shape(ghost) {
			t.Errorf("%s, %s; %s, %s", shape(known), shape(unknown), shape(person), shape(ghost))
		}
		if len(w.letters) != 2 || w.template(w.letters[0]) != w.template(w.letters[1]) {
			t.Errorf("letters %v", w.letters)
		}
		if again := invite(account.InviteToFamilyInput{Email: ptr("BORIS@example.com")}); again.ID != known.ID {
			t.Error("invited twice")
		}
		// Invited is not a member yet.
		if n := len(w.families(boris)); n != 0 {
			t.Errorf("%d families", n)
		}
		if _, err := w.actsFor("boris@example.com", f); !errors.Is(err, fault.ErrForbidden) {
			t.Error(err)
		}
		// Somebody else's invitation is not there.
		for _, id := range []scalar.ID{known.ID, unknown.ID, ghost.ID} {
			_, accept := w.AcceptFamilyInvitation(storetest.As(eve), account.AcceptFamilyInvitationInput{InvitationID: id})
			_, decline := w.DeclineFamilyInvitation(storetest.As(eve), account.DeclineFamilyInvitationInput{InvitationID: id})
			_, withdraw := w.WithdrawFamilyInvitation(storetest.As(eve), account.WithdrawFamilyInvitationInput{InvitationID: id})
			for _, err := range []error{accept, decline, withdraw} {
				if !errors.Is(err, fault.ErrNotFound) {
					t.Error(err)
				}
			}
		}
		waits, err := w.FamilyInvitations(storetest.As(eve), eve)
		if err != nil || len(waits) != 1 || waits[0].ID != person.ID || waits[0].Email != nil {
			t.Errorf("%v %v", waits, err)
		}
		if spied, err := w.FamilyInvitations(storetest.As(eve), boris); err != nil || len(spied) != 0 {
			t.Errorf("%v %v", spied, err)
		}
		// Who registers later with the address finds it.
		c := w.register(from("203.0.113.7", "test"), "nobody@example.com")
		welcome, err := w.confirm(c.ID, w.code(c.ID))
		w.must(err)
		in, err := w.AcceptFamilyInvitation(storetest.As(welcome.User.ID), account.AcceptFamilyInvitationInput{InvitationID: unknown.ID, EarnToFamily: ptr(true)})
		w.must(err)
		if !in.EarnToFamily || len(in.Members) != 2 {
			t.Errorf("%+v", in)
		}
		if _, err := w.AcceptFamilyInvitation(storetest.As(welcome.User.ID), account.AcceptFamilyInvitationInput{InvitationID: unknown.ID}); !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("accepted twice: %v", err)
		}
		_, err = w.WithdrawFamilyInvitation(as, account.WithdrawFamilyInvitationInput{InvitationID: known.ID})
		w.must(err)
		if _, err := w.AcceptFamilyInvitation(storetest.As(boris), account.AcceptFamilyInvitationInput{InvitationID: known.ID}); !errors.Is(err, fault.ErrNotFound) {
			t.Error(err)
		}
		db.Clock.Add(15 * 24 * time.Hour)
		if _, err := w.AcceptFamilyInvitation(storetest.As(eve), account.AcceptFamilyInvitationInput{InvitationID: person.ID}); !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("expired: %v", err)
		}
		w.invites(as, f, "boris@example.com") // an expired or withdrawn one is in nobody's way
	})
}

func (w *world) invites(as context.Context, f *account.Family, email string) *account.FamilyInvitation {
	w.t.Helper()
	i, err := w.InviteToFamily(as, account.InviteToFamilyInput{FamilyID: f.ID, Email: &email})
	w.must(err)
	return i
}

// Ten in a family, three families of a person, also when many come at once.
func TestFamilyLimits(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		anna := w.person("anna@example.com")
		var wg sync.WaitGroup
		var made sync.Map
		for i := range 6 {
			wg.Go(func() {
				f, err := w.CreateFamily(storetest.As(anna), account.CreateFamilyInput{Name: fmt.Sprint("family ", i)})
				if err == nil {
					made.Store(f.ID, true)
				} else if !errors.Is(err, account.ErrTooManyItems) {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		mine := w.families(anna)
		if len(mine) != 3 {
			t.Fatalf("%d families", len(mine))
		}
		f := mine[0]
		var waits []*account.FamilyInvitation
		var people []uuid.UUID
		for i := range 9 {
			email := fmt.Sprintf("p%d@example.com", i)
			people = append(people, w.person(email))
			waits = append(waits, w.invites(storetest.As(anna), f, email))
		}
		if _, err := w.InviteToFamily(storetest.As(anna), account.InviteToFamilyInput{FamilyID: f.ID, Email: ptr("more@example.com")}); !errors.Is(err, account.ErrTooManyItems) {
			t.Errorf("an eleventh: %v", err)
		}
		for i := range people {
			wg.Go(func() {
				if _, err := w.AcceptFamilyInvitation(storetest.As(people[i]), account.AcceptFamilyInvitationInput{InvitationID: waits[i].ID}); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if n := len(w.families(anna)[0].Members); n != 10 {
			t.Errorf("%d members", n)
		}
	})
}

// A person's orders earn into one card: his own, or that of the family chosen last.
func TestEarnOwner(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		anna, boris := w.person("anna@example.com"), w.person("boris@example.com")
		one, two := w.family(anna, "one"), w.family(anna, "two")
		in := w.joins(anna, one, boris, "boris@example.com", account.FamilyRoleMember)
		owner := func(who uuid.UUID) (id uuid.UUID) {
			w.must(db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) (err error) {
				id, err = w.EarnOwner(ctx, tx, who)
				return err
			}))
			return id
		}
		choose := func(who uuid.UUID, f *account.Family, yes bool) {
			got, err := w.UpdateFamilySettings(storetest.As(who), account.UpdateFamilySettingsInput{FamilyID: f.ID, EarnToFamily: &yes})
			w.must(err)
			if got.EarnToFamily != yes {
				t.Errorf("%+v", got)
			}
		}
		want := func(who, owns uuid.UUID) {
			t.Helper()
			if got := owner(who); got != owns {
				t.Errorf("earns to %s, want %s", got, owns)
			}
		}
		want(anna, anna)
		choose(anna, one, true)
		want(anna, one.ID.UUID)
		choose(anna, two, true)
		want(anna, two.ID.UUID)
		choose(anna, one, false)
		want(anna, two.ID.UUID)
		choose(anna, two, false)
		want(anna, anna)
		want(boris, boris)
		choose(boris, one, true)
		want(boris, one.ID.UUID)
		boriss := in.Members[slices.IndexFunc(in.Members, func(m *account.FamilyMember) bool { return m.IsMe })].ID
		_, err := w.RemoveFamilyMember(storetest.As(anna), account.RemoveFamilyMemberInput{MemberID: boriss})
		w.must(err)
		want(boris, boris)
		if _, err := w.UpdateFamilySettings(storetest.As(boris), account.UpdateFamilySettingsInput{FamilyID: one.ID, EarnToFamily: ptr(true)}); !errors.Is(err, fault.ErrNotFound) {
			t.Error(err)
		}
	})
}
