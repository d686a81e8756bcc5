package desk_test

import (
	"slices"
	"testing"

	"kabinet/ent/generated/identity"
	"kabinet/internal/account"
	"kabinet/internal/account/desk"
	"kabinet/internal/locale"
	"kabinet/internal/store/storetest"
	"kabinet/internal/viewer"
)

// A person sees what was done about his account, by whom and with what, in his
// language; of staff the name and nothing of their device.
func TestRecentActivity(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		_, err := w.people.SignIn(nobody(), account.SignInInput{Login: "anna@example.com", Password: "wrong"})
		refused(t, "a wrong password", err, "INVALID_CREDENTIALS")
		w.token("anna@example.com", password)
		_, err = w.EndUserSessions(w.desk(), desk.EndUserSessionsInput{UserID: usr(w.anna)})
		w.must(err)
		hers := w.as(w.token("anna@example.com", password))
		u, err := w.people.Person(hers, w.anna)
		w.must(err)
		c, err := w.RecentActivity(hers, u, account.Page{})
		w.must(err)
		var got []string
		for _, a := range c.Nodes() {
			line := a.Action + " " + string(a.By)
			if a.StaffName != nil {
				line += " " + *a.StaffName
			}
			if a.Device != nil {
				line += " " + *a.Device
			}
			if a.IP != nil {
				line += " " + *a.IP
			}
			if a.Label == "" || a.Label == locale.Text("en", "desk.activity.other", nil) {
				t.Errorf("%s has no words", a.Action)
			}
			got = append(got, line)
		}
		const device = " Firefox on Windows 203.0.113.7"
		want := []string{"account.sign_in YOU" + device, "account.sessions_ended STAFF Olga of the desk", "account.sign_in YOU" + device,
			"account.sign_in_failed NOBODY" + device, "account.create_user SYSTEM"}
		if !slices.Equal(got, want) {
			t.Errorf("got\n%q, want\n%q", got, want)
		}
		two := 2
		page, err := w.RecentActivity(hers, u, account.Page{First: &two})
		w.must(err)
		rest, err := w.RecentActivity(hers, u, account.Page{First: &two, After: page.PageInfo.EndCursor})
		if err != nil || len(rest.Edges) != 2 || rest.Edges[0].Node.ID != c.Edges[2].Node.ID {
			t.Errorf("the next page: %v", err)
		}
		boris := w.person("boris@example.com")
		if c, err := w.RecentActivity(storetest.As(boris), u, account.Page{}); err != nil || len(c.Edges) != 0 || c.TotalCount != 0 { // security F3
			t.Errorf("another customer sees %d, %v", len(c.Edges), err)
		}
		if c, err := w.RecentActivity(w.desk(), u, account.Page{}); err != nil || len(c.Edges) != 5 {
			t.Errorf("staff sees %d, %v", len(c.Edges), err)
		}
		last, err := w.LastActivity(w.desk(), w.anna, 2)
		w.must(err)
		for i, a := range last {
			if e := c.Edges[i].Node; a.ID != e.ID || a.Label != e.Label || (a.StaffName == nil) != (e.StaffName == nil) {
				t.Errorf("%+v is not %+v", a, e)
			}
		}
		if all, err := w.LastActivity(storetest.As(boris), w.anna, 2); err != nil || len(all) != 0 || len(last) != 2 { // security F3
			t.Errorf("another customer sees %d, staff %d, %v", len(all), len(last), err)
		}
	})
}

// What staff reset is gone, and nothing else: the password and the links stay.
func TestResetSecondFactor(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		ctx := w.desk()
		token := w.token("anna@example.com", password)
		in := desk.ResetSecondFactorInput{UserID: usr(w.anna), Reason: "lost phone, passport seen"}
		done, err := w.ResetSecondFactor(ctx, in)
		if err != nil || *done.Removed != 0 || !w.alive(token) {
			t.Errorf("nothing to reset: %v", err)
		}
		for _, kind := range []identity.Kind{identity.KindTOTP, identity.KindRECOVERY_CODE, identity.KindPASSKEY, identity.KindCODE, identity.KindOIDC} {
			w.identity(w.anna, kind)
		}
		done, err = w.ResetSecondFactor(ctx, in)
		w.must(err)
		if *done.Removed != 4 || *done.EndedSessions != 1 || w.alive(token) { // security B3, C6
			t.Errorf("removed %d, ended %d", *done.Removed, *done.EndedSessions)
		}
		if n := w.count(`SELECT count(*) FROM identities WHERE user_id = ?`, w.anna); n != 2 {
			t.Errorf("%d ways in are left", n)
		}
		if w.audited("account.second_factor_reset", w.anna, w.admin, "STAFF") != 1 {
			t.Error("no record")
		}
		_, err = w.ResetSecondFactor(ctx, desk.ResetSecondFactorInput{UserID: usr(w.anna), Reason: "x"})
		refused(t, "without a reason", err, "REQUIRED")
		_, err = w.ResetSecondFactor(ctx, desk.ResetSecondFactorInput{UserID: usr(w.admin), Reason: "mine is lost"})
		refused(t, "oneself", err, "NOT_ON_ONESELF")
		_, err = w.ResetSecondFactor(viewer.With(ctx, viewer.Viewer{}), in)
		refused(t, "nobody", err, "UNAUTHENTICATED")
	})
}
