package privacy_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"kabinet/ent/generated/company"
	"kabinet/ent/generated/membership"
	"kabinet/ent/generated/role"
	"kabinet/ent/generated/task"
	"kabinet/ent/generated/user"
	"kabinet/ent/schema"
	"kabinet/internal/bonus"
	"kabinet/internal/fault"
	"kabinet/internal/ledger"
	"kabinet/internal/privacy"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/viewer"
)

// code is the code of a refusal; empty for none.
func code(t *testing.T, err error) string {
	t.Helper()
	if err == nil {
		return ""
	}
	f, ok := fault.As(err)
	if !ok {
		t.Fatal(err)
	}
	return f.Code
}

// seat makes somebody a member in a role of the House.
func (w *world) seat(owner, user uuid.UUID, kind membership.Kind, name string) {
	w.t.Helper()
	w.do(func(ctx context.Context, tx *store.Tx) error {
		r, err := tx.Role.Query().Where(role.Name(name)).Only(ctx)
		if err != nil {
			may := []schema.Grant{}
			if kind == membership.KindSTAFF && name != "Support" {
				may = append(may, schema.Grant{Resource: "user", Operation: "write", Reach: "ALL"})
			}
			if r, err = tx.Role.Create().SetOwnerID(viewer.House).SetName(name).SetAudience(role.Audience(kind)).SetPermissions(may).Save(ctx); err != nil {
				return err
			}
		}
		return tx.Membership.Create().SetOwnerID(owner).SetUserID(user).SetKind(kind).SetRoleID(r.KeyID).Exec(ctx)
	})
}

func (w *world) company(kind company.Kind, name string) (id uuid.UUID) {
	w.t.Helper()
	w.do(func(ctx context.Context, tx *store.Tx) error {
		c, err := tx.Company.Create().SetKind(kind).SetName(name).Save(ctx)
		if err == nil {
			id = c.ID
		}
		return err
	})
	return id
}

// order makes an order by its three axes.
func (w *world) order(owner uuid.UUID, status, payment, fulfillment string) uuid.UUID {
	id := uuid.Must(uuid.NewV7())
	w.exec(`INSERT INTO orders (id, created_at, updated_at, revision, owner_id, user_id, number, status, payment_status, fulfillment_status, channel, currency,
		subtotal_minor, discount_minor, shipping_minor, tax_minor, total_minor, paid_minor, refunded_minor, points_earned, points_spent, placed_at, event_seq)
		VALUES (?, ?, ?, 1, ?, ?, ?, ?, ?, ?, 'ONLINE', 'EUR', 100, 0, 0, 0, 100, 0, 0, 0, 0, ?, 0)`,
		id, w.db.Now(), w.db.Now(), owner, owner, id.String(), status, payment, fulfillment, w.db.Now())
	return id
}

// account makes a ledger account with a balance out of nothing.
func (w *world) account(owner uuid.UUID, kind, unit string, active, held int64) uuid.UUID {
	w.db.Tampered()
	id := uuid.Must(uuid.NewV7())
	w.exec(`INSERT INTO ledger_accounts (id, created_at, updated_at, owner_id, unit, kind, name, lotted, active, pending, held, floor, seq, visible)
		VALUES (?, ?, ?, ?, ?, ?, '', false, ?, 0, ?, 0, 0, true)`, id, w.db.Now(), w.db.Now(), owner, unit, kind, active, held)
	return id
}

// hindered are all ways to stand in the way of one's own deletion, and what
// looks like one and is none.
var hindered = map[string]struct {
	make  func(w *world, me uuid.UUID)
	wants string // the reasons, by spaces
}{
	"nothing": {func(*world, uuid.UUID) {}, ""},
	"money": {func(w *world, me uuid.UUID) {
		w.account(me, "WALLET", "EUR", 500, 0)
		w.account(me, "WALLET", "USD", 0, 7)
	}, "WALLET_MONEY WALLET_MONEY"},
	"an empty wallet": {func(w *world, me uuid.UUID) { w.account(me, "WALLET", "EUR", 0, 0) }, ""},
	"held points":     {func(w *world, me uuid.UUID) { w.account(me, "BONUS", "PTS:y", 0, 3) }, "POINTS_HELD"},
	"an order on its way": {func(w *world, me uuid.UUID) {
		w.order(me, "PLACED", "PAID", "SHIPPED")
	}, "OPEN_ORDER"},
	"an order not paid":      {func(w *world, me uuid.UUID) { w.order(me, "PLACED", "PENDING", "DELIVERED") }, "OPEN_ORDER"},
	"an order for approval":  {func(w *world, me uuid.UUID) { w.order(me, "AWAITING_APPROVAL", "PENDING", "NEW") }, "OPEN_ORDER"},
	"an order that is over":  {func(w *world, me uuid.UUID) { w.order(me, "PLACED", "PAID", "DELIVERED") }, ""},
	"a cancelled order":      {func(w *world, me uuid.UUID) { w.order(me, "CANCELLED", "PENDING", "NEW") }, ""},
	"somebody else's order":  {func(w *world, _ uuid.UUID) { w.order(w.person("other"), "PLACED", "PENDING", "NEW") }, ""},
	"a draft":                {func(w *world, me uuid.UUID) { w.order(me, "DRAFT", "PENDING", "NEW") }, ""},
	"goods on the way back":  {func(w *world, me uuid.UUID) { w.returns(me, "IN_TRANSIT") }, "OPEN_RETURN"},
	"a return that is over":  {func(w *world, me uuid.UUID) { w.returns(me, "REFUNDED") }, ""},
	"a refund not paid":      {func(w *world, me uuid.UUID) { w.refund(me, "PENDING") }, "OPEN_REFUND"},
	"a refund that was paid": {func(w *world, me uuid.UUID) { w.refund(me, "SUCCEEDED") }, ""},
	"a top-up":               {func(w *world, me uuid.UUID) { w.topUp(me, "PENDING") }, "OPEN_TOP_UP"},
	"a family with others": {func(w *world, me uuid.UUID) {
		f := w.company(company.KindFAMILY, "family")
		w.seat(f, me, membership.KindFAMILY, "Holder")
		w.seat(f, w.person("aunt"), membership.KindFAMILY, "Member")
	}, "LAST_HOLDER"},
	"a family with another holder": {func(w *world, me uuid.UUID) {
		f := w.company(company.KindFAMILY, "family")
		w.seat(f, me, membership.KindFAMILY, "Holder")
		w.seat(f, w.person("aunt"), membership.KindFAMILY, "Holder")
	}, ""},
	"a family of one": {func(w *world, me uuid.UUID) {
		w.seat(w.company(company.KindFAMILY, "f"), me, membership.KindFAMILY, "Holder")
	}, ""},
	"an owner beside a blocked one": {func(w *world, me uuid.UUID) {
		w.staffed(me, "Owner", "Owner")
		w.exec(`UPDATE users SET status = 'BLOCKED' WHERE display_name = 'colleague'`)
	}, "LAST_OWNER"},
	"an owner beside one whose time is over": {func(w *world, me uuid.UUID) {
		w.staffed(me, "Owner", "Owner")
		w.over("colleague")
	}, "LAST_OWNER"},
	"an owner whose time is over": {func(w *world, me uuid.UUID) {
		w.staffed(me, "Owner", "Buyer")
		w.exec(`UPDATE memberships SET valid_until_at = ? WHERE user_id = ?`, w.db.Now(), me)
	}, ""},
	"a holder beside a blocked one": {func(w *world, me uuid.UUID) {
		f := w.company(company.KindFAMILY, "family")
		w.seat(f, me, membership.KindFAMILY, "Holder")
		w.seat(f, w.person("aunt"), membership.KindFAMILY, "Holder")
		w.exec(`UPDATE users SET status = 'BLOCKED' WHERE display_name = 'aunt'`)
	}, "LAST_HOLDER"},
	"the only owner":                     {func(w *world, me uuid.UUID) { w.staffed(me, "Owner", "Buyer") }, "LAST_OWNER"},
	"one of two owners":                  {func(w *world, me uuid.UUID) { w.staffed(me, "Owner", "Owner") }, ""},
	"a buyer":                            {func(w *world, me uuid.UUID) { w.staffed(me, "Buyer", "Owner") }, ""},
	"last administrator":                 {func(w *world, me uuid.UUID) { w.seat(w.house(), me, membership.KindSTAFF, "Administrator") }, "LAST_ADMINISTRATOR"},
	"last administrator of another role": {func(w *world, me uuid.UUID) { w.seat(w.house(), me, membership.KindSTAFF, "Reception") }, "LAST_ADMINISTRATOR"},
	"last administrator beside support": {func(w *world, me uuid.UUID) {
		w.seat(w.house(), me, membership.KindSTAFF, "Administrator")
		w.seat(viewer.House, w.person("boss"), membership.KindSTAFF, "Support")
	}, "LAST_ADMINISTRATOR"},
	"last administrator beside a blocked one": {func(w *world, me uuid.UUID) {
		w.seat(w.house(), me, membership.KindSTAFF, "Administrator")
		w.seat(viewer.House, w.person("boss"), membership.KindSTAFF, "Administrator")
		w.exec(`UPDATE users SET status = 'BLOCKED' WHERE display_name = 'boss'`)
	}, "LAST_ADMINISTRATOR"},
	"last administrator beside one whose time is over": {func(w *world, me uuid.UUID) {
		w.seat(w.house(), me, membership.KindSTAFF, "Administrator")
		w.seat(viewer.House, w.person("boss"), membership.KindSTAFF, "Administrator")
		w.over("boss")
	}, "LAST_ADMINISTRATOR"},
	"one of two administrators": {func(w *world, me uuid.UUID) {
		w.seat(w.house(), me, membership.KindSTAFF, "Administrator")
		w.seat(viewer.House, w.person("boss"), membership.KindSTAFF, "Administrator")
	}, ""},
	"much at once": {func(w *world, me uuid.UUID) {
		w.order(me, "PLACED", "PENDING", "NEW")
		w.account(me, "WALLET", "EUR", 1, 0)
	}, "WALLET_MONEY OPEN_ORDER"},
}

// over ends the seats of those of a name by the clock.
func (w *world) over(name string) {
	w.exec(`UPDATE memberships SET valid_until_at = ? WHERE user_id IN (SELECT id FROM users WHERE display_name = ?)`, w.db.Now(), name)
}

func (w *world) house() uuid.UUID {
	w.do(func(ctx context.Context, tx *store.Tx) error {
		return tx.Company.Create().SetID(viewer.House).SetKind(company.KindHOUSE).SetName("House").Exec(ctx)
	})
	return viewer.House
}

func (w *world) staffed(me uuid.UUID, mine, others string) {
	c := w.company(company.KindCOMPANY, "acme")
	w.seat(c, me, membership.KindCOMPANY, mine)
	w.seat(c, w.person("colleague"), membership.KindCOMPANY, others)
}

func (w *world) returns(me uuid.UUID, status string) {
	o, id := w.order(me, "COMPLETED", "PAID", "DELIVERED"), uuid.Must(uuid.NewV7())
	w.exec(`INSERT INTO return_requests (id, created_at, updated_at, revision, owner_id, order_id, number, kind, status, lines, currency, amount_minor, requested_at)
		VALUES (?, ?, ?, 1, ?, ?, ?, 'RETURN', ?, '[]', 'EUR', 5, ?)`, id, w.db.Now(), w.db.Now(), me, o, id.String(), status, w.db.Now())
}

func (w *world) refund(me uuid.UUID, status string) {
	o := w.order(me, "COMPLETED", "PAID", "DELIVERED")
	w.exec(`INSERT INTO payments (id, created_at, updated_at, owner_id, order_id, kind, status, currency, amount_minor, refunded_minor, method, occurred_at)
		VALUES (?, ?, ?, ?, ?, 'REFUND', ?, 'EUR', 5, 0, 'CARD', ?)`, uuid.Must(uuid.NewV7()), w.db.Now(), w.db.Now(), me, o, status, w.db.Now())
}

func (w *world) topUp(me uuid.UUID, status string) {
	a := w.account(me, "WALLET", "EUR", 0, 0)
	w.exec(`INSERT INTO top_ups (id, created_at, updated_at, owner_id, account_id, method, status, currency, amount_minor) VALUES (?, ?, ?, ?, ?, 'PROVIDER', ?, 'EUR', 5)`,
		uuid.Must(uuid.NewV7()), w.db.Now(), w.db.Now(), me, a, status)
}

// Of two administrators whose time comes at once one stays: after both nobody
// could let anybody in. // security F14
func TestOneAdministratorStays(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := open(t, db)
		w.house()
		for _, name := range []string{"first", "second"} {
			w.seat(viewer.House, w.person(name), membership.KindSTAFF, "Administrator")
		}
		ids, err := db.Client.User.Query().IDs(storetest.System())
		if err != nil {
			t.Fatal(err)
		}
		for _, id := range ids {
			w.schedule(id)
		}
		db.Clock.Add(15 * 24 * time.Hour)
		w.run()
		n, err := db.Client.User.Query().Where(user.StatusEQ(user.StatusACTIVE)).Count(storetest.System())
		if err != nil || n != 1 {
			t.Errorf("%d administrators are left: %v", n, err)
		}
	})
}

// security K13: whoever has something open is refused with the reasons, at the
// request, at the confirmation and when the time has come.
func TestDeletionIsBlocked(t *testing.T) {
	for name, c := range hindered {
		t.Run(name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, db *storetest.DB) {
				w := open(t, db)
				early, late := w.person("early"), w.person("late")
				d := w.schedule(late) // before anything is open
				c.make(w, early)
				done, err := w.RequestDeletion(storetest.As(early), nil)
				if got := reasonsOf(done.Review); got != c.wants || (code(t, err) == "DELETION_BLOCKED") != (c.wants != "") {
					t.Errorf("%v, blocked by %q, want %q", err, got, c.wants)
				}
				if f, ok := fault.As(err); ok && strings.Join(f.Params["reasons"].([]string), " ") != c.wants {
					t.Errorf("the params say %v", f.Params)
				}
				if strings.HasPrefix(name, "last administrator") || strings.HasPrefix(name, "one of two administrators") {
					return // a House has one
				}
				c.make(w, late)
				db.Clock.Add(15 * 24 * time.Hour)
				w.run()
				var status string
				one(t, db, `SELECT status FROM users WHERE id = '`+late.String()+`'`, &status)
				if (status == "ERASED") != (c.wants == "") {
					t.Errorf("when the time had come he was %s", status)
				}
				again, err := w.Deletion(storetest.As(late), late)
				if err != nil || c.wants != "" && (again == nil || !again.DueAt.After(d.DueAt) || len(again.Blockers) == 0) {
					t.Errorf("%v: put off: %+v", err, again)
				}
				if slices.Contains(w.news, "deletion_put_off") != (c.wants != "") {
					t.Errorf("he was told %v", w.news)
				}
			})
		})
	}
}

func reasonsOf(r *privacy.DeletionReview) string {
	var all []string
	for _, b := range r.Blockers {
		all = append(all, string(b.Reason))
	}
	return strings.Join(all, " ")
}

func TestDeletionRequestedTwiceCancelledAndRequestedAgain(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := open(t, db)
		me := w.person("anna")
		ctx := storetest.As(me)
		if err := w.CancelDeletion(ctx); code(t, err) != "DELETION_NOT_REQUESTED" {
			t.Error(err)
		}
		first, err := w.RequestDeletion(ctx, nil)
		if err != nil || first.Challenge == nil || first.Deletion != nil {
			t.Fatal(err)
		}
		if d, err := w.Deletion(ctx, me); err != nil || d != nil {
			t.Errorf("%v: before the code: %+v", err, d)
		}
		in := privacy.ConfirmAccountDeletionInput{ChallengeID: first.Challenge.ID, Code: "654321"}
		if _, err := w.ConfirmDeletion(ctx, in); code(t, err) != "INVALID_CODE" {
			t.Error(err)
		}
		in.Code = theCode
		if _, err := w.ConfirmDeletion(storetest.As(w.person("eve")), in); code(t, err) != "NOT_FOUND" {
			t.Errorf("another person's code: %v", err)
		}
		d, err := w.ConfirmDeletion(ctx, in)
		if err != nil || !d.DueAt.Equal(db.Now().Add(w.Delay)) {
			t.Fatalf("%v, due %v", err, d)
		}
		if _, err := w.RequestDeletion(ctx, nil); code(t, err) != "DELETION_ALREADY_REQUESTED" {
			t.Error(err)
		}
		db.Clock.Add(w.Delay - 2*24*time.Hour)
		w.run()
		if err := w.CancelDeletion(ctx); err != nil {
			t.Fatal(err)
		}
		db.Clock.Add(30 * 24 * time.Hour)
		w.run()
		if d, err := w.Deletion(ctx, me); err != nil || d != nil {
			t.Errorf("%v: after it was taken back: %+v", err, d)
		}
		w.schedule(me)
		db.Clock.Add(w.Delay)
		w.run()
		want := []string{"deletion_requested", "deletion_soon", "deletion_cancelled", "deletion_requested", "deleted"}
		if !slices.Equal(w.news, want) {
			t.Errorf("he was told %v", w.news)
		}
		if _, err := w.RequestDeletion(ctx, nil); code(t, err) != "FORBIDDEN" {
			t.Errorf("an erased person asks: %v", err)
		}
	})
}

// Who can be sent no code is scheduled at once: he has just stepped up.
func TestDeletionWithoutAnAddress(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := open(t, db)
		me := w.person("anna")
		w.exec(`DELETE FROM contact_points`)
		reason := "too many letters"
		done, err := w.RequestDeletion(storetest.As(me), &privacy.RequestAccountDeletionInput{Reason: &reason})
		if err != nil || done.Challenge != nil || done.Deletion == nil {
			t.Fatalf("%v: %+v", err, done)
		}
		long := strings.Repeat("я", 501)
		if _, err := w.RequestDeletion(storetest.As(me), &privacy.RequestAccountDeletionInput{Reason: &long}); code(t, err) != "TOO_LONG" {
			t.Error(err)
		}
		if _, err := w.RequestDeletion(context.Background(), nil); code(t, err) != "UNAUTHENTICATED" {
			t.Error(err)
		}
	})
}

// security K13: points are forfeited by the books' own entry, which still
// balance; of points spent in that very moment either all are spent or all expire.
func TestPointsAreForfeited(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := open(t, db)
		me := w.person("anna")
		support := w.person("support")
		staff := viewer.With(context.Background(), viewer.Viewer{UserID: support, OwnerID: support, Staff: true, Locale: "en",
			Grants: map[viewer.Permission]viewer.Reach{{Resource: "bonus", Operation: "write"}: viewer.ReachAll, {Resource: "bonus", Operation: "read"}: viewer.ReachAll}})
		if _, err := w.points.Accrue(staff, bonus.AccruePointsInput{UserID: scalar.ID{Prefix: "usr", UUID: me}, Amount: 100, Reason: "for anna of Lily Lane", IdempotencyKey: uuid.NewString()}); err != nil {
			t.Fatal(err)
		}
		d := w.schedule(me)
		if len(d.Losses) != 1 || d.Losses[0].Kind != privacy.LossPoints || d.Losses[0].Count != 100 {
			t.Errorf("lost: %+v", d.Losses)
		}
		db.Clock.Add(w.Delay)
		var spent sync.WaitGroup
		for range 8 {
			spent.Go(func() {
				_, err := w.points.Redeem(storetest.As(me), bonus.RedeemPointsInput{Amount: 30, IdempotencyKey: uuid.NewString()})
				if c, _ := fault.As(err); err != nil && (c == nil || c.Code != "TOO_FEW_POINTS") {
					t.Error(err)
				}
			})
		}
		spent.Go(func() {
			if _, err := w.DeletionsDue(context.Background(), 10); err != nil {
				t.Error(err)
			}
		})
		spent.Wait()
		w.run()
		var active, notes int64
		one(t, db, `SELECT active + pending + held FROM ledger_accounts WHERE owner_id = '`+me.String()+`'`, &active)
		one(t, db, `SELECT count(*) FROM ledger_entries WHERE note IS NOT NULL`, &notes)
		if active != 0 || notes != 0 {
			t.Errorf("%d points are left, %d notes", active, notes)
		}
		sum, err := w.points.Books().Check(context.Background(), func(f ledger.Finding) { t.Error(f) })
		if err != nil || sum.Findings != 0 {
			t.Errorf("%v: %+v", err, sum)
		}
	})
}

// An erasure goes on where it stopped, whatever stopped it, and two instances
// do not meet.
func TestErasureGoesOn(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := open(t, db)
		me := w.person("anna")
		w.schedule(me)
		db.Clock.Add(w.Delay)
		w.hear()
		const many = 3*store.ErasureBatch + 7
		for i := range many {
			w.exec(`INSERT INTO notifications (id, created_at, updated_at, user_id, event_id, topic, type, severity, title, body) VALUES (?, ?, ?, ?, ?, 'ORDER', 'x', 'INFO', ?, '')`,
				uuid.Must(uuid.NewV7()), db.Now(), db.Now(), me, uuid.New(), strings.Repeat("n", i%7))
		}
		for stop := time.Millisecond; stop < time.Second; stop += stop/2 + time.Millisecond { // each run dies a little later than the one before
			ctx, cancel := context.WithTimeout(context.Background(), stop)
			_, err := w.DeletionsDue(ctx, 10)
			cancel()
			if err == nil {
				break
			}
		}
		var two sync.WaitGroup
		for range 2 {
			two.Go(func() {
				if _, err := w.DeletionsDue(context.Background(), 10); err != nil {
					t.Error(err)
				}
			})
		}
		two.Wait()
		w.run()
		var left int
		one(t, db, `SELECT count(*) FROM notifications`, &left)
		last, err := w.db.Client.Task.Query().Where(task.Kind("privacy.deletion")).Only(storetest.System())
		if err != nil || left != 0 || last.Status != task.StatusDONE {
			t.Fatalf("%v: %d notifications are left, the task is %+v", err, left, last)
		}
		var told int
		one(t, db, `SELECT count(*) FROM audit_entries WHERE action = 'account.deleted'`, &told)
		if told != 1 {
			t.Errorf("told %d times", told)
		}
	})
}
