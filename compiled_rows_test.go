package main

import (
	"fmt"
	"time"

	"github.com/google/uuid"

	"kabinet/internal/store/storetest"
	"kabinet/internal/viewer"
)

var (
	someCurrencies = []string{"GBP", "GBP", "EUR", "JPY", "KWD", "CLF"} // 2, 0, 3 and 4 digits
	someAmounts    = []int64{0, 1, 5, 99, 100, 700, 123456, 9007199254740993}
)

// goods are so many that each column which may be empty is full in some that
// customers see: those whose release is still ahead show to staff alone.
func (w *fullWorld) goods() {
	for i := range 24 {
		rated := int64(w.r.IntN(4))
		w.items = append(w.items, w.insert("Product", map[string]any{"sku": fmt.Sprint("ODD", i), "currency": pick(w.r, someCurrencies), "price_minor": pick(w.r, someAmounts), "revision": i,
			"rating_count": rated, "rating_sum": rated * int64(1+w.r.IntN(5)), "exclusive": false, "released_at": w.time()}))
	}
}

// programme is a second one, in which accounts hold what no verb makes yet.
func (w *fullWorld) programme() uuid.UUID {
	key := w.id()
	w.insert("BonusProgram", map[string]any{"key_id": key, "version": 1, "retired_at": nil, "name": "stars", "unit": "PTS:stars",
		"texts": w.asJSON(`{"en":{"name":"Stars <&>","unit":"stars"},"ru":{"name":"Звёзды","unit":"звёзды","terms":"да"}}`), "lot_policy": "ROLLING",
		"lot_days": 30, "pending_days": 0, "earn_on": "DELIVERED", "earn_points": 1, "earn_per_minor": 100, "earn_currency": "JPY",
		"return_policy": "UP_TO_BALANCE", "is_default": false, "transfer_min": 1, "transfer_max": 500, "transfer_daily": 1000, "adjustment_limit": 100,
		"hold_minutes": 60, "refund_grace_days": 0, "exchange_rates": w.asJSON("[]"), "remind_days": w.asJSON("[30]")})
	return key
}

// belongings are rows of every kind of one owner.
func (w *fullWorld) belongings(who string, programme uuid.UUID, unit string) {
	owner := w.people[who]
	var users []uuid.UUID
	switch who {
	case "acme":
		users = []uuid.UUID{w.people["carol"], w.people["carol"], w.people["dora"], w.people["gina"], w.people["paul"]}
	case "alice":
		users = []uuid.UUID{owner, owner, w.people["bob"], w.people["gina"]} // as if they had ordered for her
	default:
		users = []uuid.UUID{owner}
	}
	orders := w.orders(owner, users, 12)
	entries := w.book(owner, programme, unit, orders)
	w.tickets(who, owner, users, orders, entries)
	w.returns(owner, users, orders)
	if who == "acme" {
		return
	}
	for i := range 14 {
		subject, kind := w.id(), pick(w.r, []string{"order", "tkt", "ent", "zzz"})
		given := map[string]any{"user_id": owner, "event_id": w.id(), "created_at": w.time(), "subject_id": some(w.r, []uuid.UUID{subject}), "subject_kind": kind,
			"actions": w.asJSON(`[{"key":"go","labels":{"en":"Go <&>","ru":"Ещё"},"style":"PRIMARY"}]`)}
		if w.r.IntN(4) == 0 {
			given["subject_kind"] = nil
		}
		if w.r.IntN(3) > 0 {
			given["archived_at"] = nil
		} else {
			given["snoozed_until_at"] = nil // what is put away is not put off
		}
		if i%4 == 0 { // for longer than the clock goes
			given["archived_at"], given["snoozed_until_at"] = nil, storetest.Start.AddDate(10, 0, 0)
		}
		w.insert("Notification", given)
	}
}

func (w *fullWorld) orders(owner uuid.UUID, users []uuid.UUID, n int) (ids []uuid.UUID) {
	for range n {
		currency, user := pick(w.r, someCurrencies), some(w.r, users)
		given := map[string]any{"owner_id": owner, "user_id": user, "number": fmt.Sprint("R", w.mark, w.n), "currency": currency, "placed_at": w.time(),
			"paid_minor": 700, "refunded_minor": pick(w.r, []int64{0, 5, 700})}
		for _, c := range []string{"subtotal_minor", "discount_minor", "shipping_minor", "tax_minor", "total_minor", "points_earned", "points_spent"} {
			given[c] = pick(w.r, someAmounts)
		}
		if w.r.IntN(3) == 0 {
			key := [2]string{"erp", fmt.Sprint(w.mark, "key <", w.n)}
			w.keys = append(w.keys, key)
			given["source"], given["external_id"] = key[0], key[1]
		}
		id := w.insert("Order", given)
		ids = append(ids, id)
		w.lines(id, owner, currency)
		w.ofOrder(id, owner, currency)
	}
	return ids
}

func (w *fullWorld) lines(order, owner uuid.UUID, currency string) {
	for i := range w.r.IntN(4) {
		w.insert("OrderLine", map[string]any{"order_id": order, "owner_id": owner, "position": i + 1, "product_id": some(w.r, w.items), "sku": fmt.Sprint("S", w.mark, i),
			"currency": currency, "quantity": 9, "cancelled": pick(w.r, []int{0, 2}), "returned": pick(w.r, []int{0, 3}), "shipped": pick(w.r, []int{0, 9}),
			"unit_price_minor": pick(w.r, someAmounts), "discount_minor": pick(w.r, someAmounts), "tax_minor": pick(w.r, someAmounts), "total_minor": pick(w.r, someAmounts)})
	}
}

func (w *fullWorld) ofOrder(order, owner uuid.UUID, currency string) {
	for i := range w.r.IntN(5) {
		w.insert("OrderEvent", map[string]any{"order_id": order, "owner_id": owner, "seq": i + 1, "currency": currency, "occurred_at": w.time(),
			"amount_minor": pick(w.r, []int64{0, -5, 700}), "visibility": pick(w.r, []string{"ALL", "ALL", "STAFF"})})
	}
	for range w.r.IntN(4) {
		w.insert("Payment", map[string]any{"order_id": order, "owner_id": owner, "currency": currency, "kind": pick(w.r, []string{"PAYMENT", "REFUND"}),
			"amount_minor": 700, "refunded_minor": pick(w.r, []int64{0, 5}), "method": pick(w.r, []string{"CARD", "CASH"}), "occurred_at": w.time()})
	}
	for range w.r.IntN(3) {
		w.insert("Shipment", map[string]any{"order_id": order, "owner_id": owner})
	}
}

func (w *fullWorld) returns(owner uuid.UUID, users, orders []uuid.UUID) {
	for i := range 8 {
		line := `{"sku":"` + w.mark + `<1>","title":"\u2028é","quantity":2,"amountMinor":150}`
		lines := pick(w.r, []string{"[]", "[" + line + "]", "[" + line + `,{"orderLineId":"` + w.id().String() + `","sku":"x","title":"","quantity":1,"amountMinor":0}]`})
		w.insert("ReturnRequest", map[string]any{"photos": nil, "owner_id": owner, "user_id": some(w.r, users), "order_id": some(w.r, orders), "number": fmt.Sprint("B", w.mark, w.n, i),
			"kind": "RETURN", "lines": w.asJSON(lines), "currency": pick(w.r, someCurrencies), "amount_minor": pick(w.r, someAmounts), "requested_at": w.time()})
	}
}

// book is an account in a programme of its own with every kind of entry.
func (w *fullWorld) book(owner, programme uuid.UUID, unit string, orders []uuid.UUID) (entries []uuid.UUID) {
	given := map[string]any{"owner_id": owner, "user_id": nil, "unit": unit, "kind": "BONUS", "name": "", "program_id": programme, "active": 50, "held": 7, "pending": 3,
		"floor": 0, "seq": 100, "next_due_at": nil, "number": nil}
	given["number"] = fmt.Sprint("N <", w.r.Uint64(), ">")
	id := w.insert("LedgerAccount", given)
	given["number"] = nil
	given["kind"], given["unit"], given["program_id"] = "WALLET", "EUR", nil
	w.insert("LedgerAccount", given)
	kinds := []string{"ACCRUAL", "ACTIVATION", "REDEMPTION", "HOLD", "CAPTURE", "RELEASE", "EXPIRY", "REFUND", "REVERSAL", "ADJUSTMENT", "TRANSFER", "TOPUP", "PAYMENT", "FEE"}
	for i, kind := range append(kinds, kinds...) {
		given := map[string]any{"owner_id": owner, "account_id": id, "seq": i + 1, "kind": kind, "amount": pick(w.r, []int64{-5, 3, 1<<53 - 1}),
			"bucket": pick(w.r, []string{"PENDING", "ACTIVE", "HELD"}), "contra_id": w.id(), "contra_bucket": "ACTIVE", "unit": unit,
			"balance_after": pick(w.r, someAmounts), "cause_key": fmt.Sprint("made:", i), "order_id": some(w.r, orders), "created_at": w.time()}
		if i < len(kinds) {
			given["order_id"], given["explain"] = pick(w.r, orders), w.asJSON(oddJSON[1])
		}
		entry := w.insert("LedgerEntry", given)
		entries = append(entries, entry)
		w.insert("LedgerLot", map[string]any{"owner_id": owner, "account_id": id, "entry_id": entry, "bucket": pick(w.r, []string{"PENDING", "ACTIVE", "HELD"}),
			"amount": 9, "remaining": pick(w.r, []int64{0, 4, 9}), "due_at": some(w.r, []time.Time{storetest.Start.Add(time.Hour), storetest.Start.Add(2 * time.Hour)})})
	}
	return entries
}

func (w *fullWorld) tickets(who string, owner uuid.UUID, users, orders, entries []uuid.UUID) {
	staff := []uuid.UUID{w.people["staff"], w.people["support"], w.people["paul"]}
	foreign := orders
	if who == "bob" {
		w.foreign = orders
	} else if len(w.foreign) > 0 {
		foreign = append(foreign, w.foreign...)
	}
	var merged any // into the ticket before
	for i := range 7 {
		last := w.id()
		given := map[string]any{"owner_id": owner, "user_id": some(w.r, users), "number": fmt.Sprint("T", w.mark, w.n), "channel": "ACCOUNT", "locale": "en",
			"order_id": some(w.r, foreign), "entry_id": some(w.r, entries), "assignee_id": some(w.r, staff), "last_message_id": nil, "last_activity_at": w.time(),
			"seq": 5, "public_seq": pick(w.r, []int64{0, 2, 5}), "staff_seq": 3, "staff_read_seq": pick(w.r, []int64{0, 3}), "rating": some(w.r, []int{1, 5}), "merged_into_id": merged}
		if merged != nil {
			given["status"], given["bot_state"], given["snoozed_until_at"], given["assignee_id"] = "CLOSED", "NONE", nil, nil
		}
		id := w.insert("Ticket", given)
		for seq := range w.r.IntN(5) {
			author := some(w.r, append(append([]uuid.UUID{}, users...), staff...))
			last = w.insert("TicketMessage", map[string]any{"ticket_id": id, "owner_id": owner, "seq": seq + 1, "client_id": some(w.r, []string{fmt.Sprint("c", w.mark, seq)}),
				"visibility": pick(w.r, []string{"ALL", "ALL", "STAFF"}), "author_id": author})
		}
		w.exec("UPDATE tickets SET last_message_id = ? WHERE id = ?", last, id) // at times a note, or nothing that is there
		w.participants(who, id, owner, i)
		merged = pick(w.r, []any{nil, id})
	}
}

// participants: carol and fred take part in some of alice's tickets, and bob
// and gina did.
func (w *fullWorld) participants(who string, ticket, owner uuid.UUID, i int) {
	add := func(who string, left any) {
		w.insert("TicketParticipant", map[string]any{"ticket_id": ticket, "owner_id": owner, "user_id": w.people[who], "role": "FOLLOWER",
			"read_seq": pick(w.r, []int64{0, 1, 2, 5}), "left_at": left})
	}
	if owner != viewer.House && who != "acme" && i%2 == 0 {
		add(who, nil)
	}
	if who == "alice" {
		add("carol", pick(w.r, []any{nil, w.time()}))
		add("bob", w.time())
		if i%3 == 0 {
			add("dora", nil)
			add("gina", w.time())
		}
	}
	if who == "acme" && i%2 == 0 {
		add("erik", pick(w.r, []any{nil, w.time()}))
		add("dora", w.time())
	}
}
