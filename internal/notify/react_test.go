package notify_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/membership"
	"kabinet/ent/generated/user"
	"kabinet/internal/event"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/viewer"
)

// Every fact makes the notification it should, in the words and the time zone
// of its person, and no other.
func TestFactsBecomeNotifications(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		order, acme := uuid.Must(uuid.NewV7()), uuid.Must(uuid.NewV7())
		placed := event.OrderPlaced{OrderID: order, OwnerID: w.boris, UserID: &w.boris, Number: "N1", TotalMinor: 123450, Currency: "RUB"}
		moved := event.OrderStatusChanged{OrderID: order, OwnerID: w.boris, UserID: &w.boris, Number: "N1", PaymentStatus: "PAID", FulfillmentStatus: "SHIPPED"}
		move := func(changed ...string) event.Fact { f := moved; f.Changed = changed; return f }
		points := event.PointsMove{AccountID: order, OwnerID: w.boris, EntryID: order, Unit: "PTS:x", Amount: 22, Balance: 100}
		waiting := points
		waiting.Bucket, waiting.Pending = "PENDING", 22
		points2 := func(amount, pending int64) event.PointsMove {
			p := points
			p.Amount, p.Pending = amount, pending
			return p
		}
		company, left, over := placed, placed, placed
		company.OwnerID, left.OwnerID, over.OwnerID = acme, uuid.Must(uuid.NewV7()), uuid.Must(uuid.NewV7())
		w.write(t, func(ctx context.Context, tx *store.Tx) error {
			join := func(owner uuid.UUID) *ent.MembershipCreate {
				return tx.Membership.Create().SetUserID(w.boris).SetOwnerID(owner).SetKind(membership.KindCOMPANY).SetRoleID(uuid.New())
			}
			return errors.Join(join(acme).Exec(ctx), join(left.OwnerID).SetStatus(membership.StatusENDED).Exec(ctx),
				join(over.OwnerID).SetValidUntilAt(tx.Now).Exec(ctx))
		})
		guest := placed
		guest.OwnerID = viewer.House
		nobody := placed
		nobody.UserID = nil
		for name, c := range map[string]struct {
			fact event.Fact
			want string // type: title | body; lines sorted by type of several
		}{
			"placed":          {placed, "order.placed: Заказ N1 оформлен | Спасибо! Сумма заказа: 1\u00a0234,50\u00a0₽."},
			"of a company":    {company, "order.placed: Заказ N1 оформлен | Спасибо! Сумма заказа: 1\u00a0234,50\u00a0₽."},
			"of one he left":  {left, ""}, // security F6
			"of one no more":  {over, ""},
			"of a guest":      {guest, ""},
			"of nobody":       {nobody, ""},
			"paid":            {move("paymentStatus"), "order.paid: Заказ N1 оплачен | Мы получили ваш платёж."},
			"shipped":         {move("fulfillmentStatus"), "order.shipped: Заказ N1 в пути | Он покинул наш склад."},
			"both":            {move("paymentStatus", "fulfillmentStatus"), "order.paid: Заказ N1 оплачен | Мы получили ваш платёж.\norder.shipped: Заказ N1 в пути | Он покинул наш склад."},
			"neither":         {move("status"), ""},
			"cancelled":       {event.OrderCancelled{OrderID: order, OwnerID: w.boris, UserID: &w.boris, Number: "N1"}, "order.cancelled: Заказ N1 отменён | Он отменён по вашей просьбе."},
			"by staff":        {event.OrderCancelled{OrderID: order, OwnerID: w.boris, UserID: &w.boris, Number: "N1", ByStaff: true}, "order.cancelled: Заказ N1 отменён | Нам пришлось его отменить. Если есть вопросы, напишите нам."},
			"accrued":         {event.PointsAccrued{PointsMove: points2(22, 5)}, "points.accrued: Вам начислено 22 балла | Баланс: 100. Станут доступны позже: 5."},
			"pending":         {event.PointsAccrued{PointsMove: waiting}, "points.pending: Скоро вам будет начислено 22 балла | Баланс: 100. Станут доступны позже: 22."},
			"redeemed":        {event.PointsRedeemed{PointsMove: points2(-1, 0)}, "points.redeemed: Списан 1 балл | Баланс: 100. Если это были не вы, сразу напишите нам."},
			"expired":         {event.PointsExpired{PointsMove: points2(-11, 0)}, "points.expired: Сгорело 11 баллов | Баланс: 100."},
			"taken back":      {event.PointsReversed{PointsMove: points2(-5, 0)}, "points.taken_back: Отозвано 5 баллов | Баланс: 100."},
			"given back":      {event.PointsReversed{PointsMove: points2(5, 0)}, "points.given_back: Вам возвращено 5 баллов | Баланс: 100."},
			"adjusted up":     {event.PointsAdjusted{PointsMove: points2(1, 0)}, "points.adjusted: Исправление: добавлен 1 балл | Баланс: 100."},
			"adjusted down":   {event.PointsAdjusted{PointsMove: points2(-3, 0)}, "points.adjusted: Исправление: снято 3 балла | Баланс: 100."},
			"a password":      {event.SecurityChanged{UserID: w.boris, Change: "change_password"}, "security.change_password: Пароль изменён | Остальные сеансы завершены. Время: 21\u00a0ноября 2026\u00a0г., 15:00 MSK."},
			"a new device":    {event.SecurityChanged{UserID: w.boris, Change: "new_device", Device: "Firefox on Windows", Place: "203.0.113.7"}, "security.new_device: Новый вход | В вашу учётную запись вошли с устройства, которого мы раньше не видели. Время: 21\u00a0ноября 2026\u00a0г., 15:00 MSK, устройство: Firefox on Windows, адрес: 203.0.113.7."},
			"the same device": {event.SignedIn{UserID: w.boris}, ""},
			"registered":      {event.ContactConfirmed{UserID: w.boris, Registered: true}, "account.welcome: Добро пожаловать! | Адрес подтверждён, личный кабинет готов."},
			"one more":        {event.ContactConfirmed{UserID: w.boris}, ""},
		} {
			before := len(w.feed(t, w.boris))
			w.tell(t, c.fact, store.ToUser(w.boris))
			w.hear(t)
			w.hear(t)
			var got []string
			for _, n := range w.feed(t, w.boris)[before:] {
				got = append(got, fmt.Sprintf("%s: %s | %s", n.Type, n.Title, n.Body))
			}
			if strings.Join(got, "\n") != c.want {
				t.Errorf("%s:\n got %s\nwant %s", name, strings.Join(got, "\n"), c.want)
			}
		}
		feed := w.feed(t, w.boris)
		w.wantUnread(t, w.boris, int64(len(feed)))
		w.wantUnread(t, w.alice, 0)
		added := w.told(t, w.boris, "notification.added")
		if len(added) != len(feed) {
			t.Errorf("%d told, %d made", len(added), len(feed))
		}
		for i, n := range feed {
			var f event.NotificationAdded
			if err := json.Unmarshal(added[i].Payload, &f); err != nil {
				t.Fatal(err)
			}
			if f != (event.NotificationAdded{NotificationID: n.ID, Topic: string(n.Topic), Type: n.Type, UnreadCount: int64(i) + 1}) {
				t.Errorf("%d: %+v of %s", i, f, n.ID)
			}
		}
	})
}

func TestEnglishAndData(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		order := uuid.Must(uuid.NewV7())
		w.tell(t, event.OrderPlaced{OrderID: order, OwnerID: w.alice, UserID: &w.alice, Number: "N1", TotalMinor: 123450, Currency: "GBP"}, store.ToUser(w.alice))
		w.tell(t, event.PointsAccrued{PointsMove: event.PointsMove{OwnerID: w.alice, Amount: 1, Balance: 1, Pending: 2}}, store.ToUser(w.alice))
		w.hear(t)
		feed := w.feed(t, w.alice)
		if feed[0].Body != "Thank you! The total is £1,234.50." || feed[1].Title != "You have received 1 point" || feed[1].Body != "The balance is 1. 2 more will become available later." {
			t.Errorf("%q, %q, %q", feed[0].Body, feed[1].Title, feed[1].Body)
		}
		id := scalar.ID{Prefix: "order", UUID: order}
		if got := w.inbox.SubjectID(feed[0]); got == nil || *got != id {
			t.Errorf("about %v", got)
		}
		if d := feed[0].Data; d["orderId"] != id.String() || d["number"] != "N1" || d["ownerId"] != nil || d["userId"] != nil ||
			fmt.Sprint(d["total"]) != "map[amount:1234.50 currency:GBP]" || d["totalMinor"] != nil {
			t.Errorf("data %v", d)
		}
	})
}

// Who takes part in a ticket hears of an answer of staff and of its closing by
// staff; not of notes, not of customers, not who wrote it, not who has left.
func TestTickets(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		var tkt uuid.UUID
		w.write(t, func(ctx context.Context, tx *store.Tx) error {
			x, err := tx.Ticket.Create().SetNumber("T1").SetSubject("A {{.question}}").SetOwnerID(w.alice).SetUserID(w.alice).SetLastActivityAt(tx.Now).SetDueAt(tx.Now).Save(ctx)
			if err != nil {
				return err
			}
			tkt = x.ID
			for _, id := range []uuid.UUID{w.alice, w.boris} {
				if err := tx.TicketParticipant.Create().SetTicketID(tkt).SetOwnerID(w.alice).SetUserID(id).Exec(ctx); err != nil {
					return err
				}
			}
			return nil
		})
		replied := event.TicketReplied{TicketID: tkt, OwnerID: w.alice, UserID: &w.alice, Number: "T1", AuthorKind: "STAFF"}
		note, customer := replied, replied
		note.Note, customer.AuthorKind = true, "CUSTOMER"
		closed := event.TicketChanged{TicketID: tkt, OwnerID: w.alice, UserID: &w.alice, Number: "T1", Changed: []string{"status"}, Status: "CLOSED", ByStaff: true}
		byCustomer, read := closed, closed
		byCustomer.ByStaff = false
		read.Changed = []string{"read"}
		gone := replied
		gone.TicketID = uuid.New()
		for _, f := range []event.Fact{replied, note, customer, closed, byCustomer, read, gone} { // security F3: the note is among them
			w.tell(t, f, store.ToTicket(tkt, event.ToAll))
		}
		w.hear(t)
		for _, id := range []uuid.UUID{w.alice, w.boris} {
			feed := w.feed(t, id)
			if len(feed) != 2 || feed[0].Type != "ticket.replied" || feed[1].Type != "ticket.closed" || feed[0].Body != "A {{.question}}" {
				t.Errorf("feed %v", feed)
			}
		}
		// Boris is asked to take part, and it is merged: to the customer that is no
		// end, and Alice need not hear that she was not asked.
		joined, merged := closed, closed
		joined.Changed, joined.Status, joined.JoinedID = []string{"participants"}, "OPEN", &w.boris
		merged.Changed = []string{"status", "statusReason", "mergedInto", "links"}
		for _, f := range []event.Fact{joined, merged, event.TicketMerged{TicketID: tkt, IntoID: uuid.New(), OwnerID: w.alice, Number: "T1", IntoNumber: "T2"}} {
			w.tell(t, f, store.ToTicket(tkt, event.ToAll))
		}
		w.hear(t)
		for id, want := range map[uuid.UUID]string{w.alice: "Request T1 goes on in T2", w.boris: "Обращение T1 продолжается в T2"} {
			feed := w.feed(t, id)
			if last := feed[len(feed)-1]; last.Type != "ticket.merged" || last.Title != want || last.Data["intoId"] == nil {
				t.Errorf("feed %v", feed)
			}
		}
		if b := w.feed(t, w.boris)[2]; b.Type != "ticket.joined" || b.Title != "Вы участвуете в обращении T1" {
			t.Errorf("Boris was asked: %v", b)
		}
		// Boris answers as staff, Alice has left: nobody is to hear of it.
		w.write(t, func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.Exec(ctx, `UPDATE ticket_participants SET left_at = ? WHERE user_id = ?`, tx.Now, w.alice)
			return err
		})
		err := db.InTx(storetest.As(w.boris), func(_ context.Context, tx *store.Tx) error {
			tx.Tell(replied, store.ToTicket(tkt, event.ToAll))
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		w.hear(t)
		w.wantUnread(t, w.alice, 3)
		w.wantUnread(t, w.boris, 4)
		// Nor does he hear whose membership with the ticket's owner has ended.
		w.write(t, func(ctx context.Context, tx *store.Tx) error {
			return tx.Membership.Create().SetUserID(w.boris).SetOwnerID(w.alice).SetKind(membership.KindREPRESENTATIVE).SetRoleID(uuid.New()).
				SetStatus(membership.StatusENDED).Exec(ctx)
		})
		w.tell(t, closed, store.ToTicket(tkt, event.ToAll))
		w.hear(t)
		w.wantUnread(t, w.boris, 4)
	})
}

// A fact heard a second time, as a job does after a failure, makes nothing
// twice; an erased or missing person is passed over.
func TestHeardAgain(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		w.give(t, w.alice, 1)
		e := w.told(t, w.alice, "account.security_changed")[0]
		for _, h := range w.inbox.Hearers() {
			if h.Kinds[0] != e.Kind {
				continue
			}
			w.write(t, func(ctx context.Context, tx *store.Tx) error { return h.On(ctx, tx, e) })
		}
		w.wantUnread(t, w.alice, 1)
		w.write(t, func(ctx context.Context, tx *store.Tx) error {
			return tx.User.UpdateOneID(w.boris).SetStatus(user.StatusERASED).Exec(ctx)
		})
		w.tell(t, event.SecurityChanged{UserID: w.boris, Change: "change_password"}, store.ToUser(w.boris))
		w.tell(t, event.SecurityChanged{UserID: uuid.New(), Change: "change_password"}, store.ToHouse())
		w.hear(t)
		w.wantUnread(t, w.boris, 0)
		if n := db.Client.Notification.Query().CountX(storetest.System()); n != 1 {
			t.Errorf("%d notifications", n)
		}
	})
}
