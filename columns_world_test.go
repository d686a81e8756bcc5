package main

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"kabinet/ent/generated/ledgerentry"
	"kabinet/ent/generated/orderevent"
	"kabinet/ent/generated/payment"
	"kabinet/ent/generated/returnrequest"
	"kabinet/ent/schema"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
)

// fill gives alice and carol something of everything, and every column that
// may be null a value.
func (w *world) fill(t *testing.T) {
	t.Helper()
	w.do(t, "carol", `mutation { placeOrder(input: {lines: [{sku: "CUP", quantity: 1}], idempotencyKey: "c"}) { userErrors { code } } }`)
	w.do(t, "carol", `mutation { openTicket(input: {subject: "Cup", body: "Where?"}) { userErrors { code } } }`)
	w.do(t, "alice", `mutation { saveAddress(input: {lines: ["Street 1"]}) { userErrors { code } } }`)
	w.do(t, "alice", `mutation { saveRecipient(input: {label: "Gran", name: "Vera", phone: "+44 20 7946 0958", email: "vera@example.com", note: "Ring twice"}) { userErrors { code } } }`)
	w.do(t, "alice", `mutation { openTicket(input: {subject: "Tea again", body: "Still cold"}) { userErrors { code } } }`)
	opened := w.do(t, "alice", fmt.Sprintf(`mutation { openTicket(input: {subject: "Tea", body: "Cold", orderId: "%s", clientMessageId: "m1"}) { ticket { id } userErrors { code } } }`, w.vars["aliceOrder"]))
	ticket, _ := dig(opened, "data.openTicket.ticket.id")
	w.vars["ticket"] = fmt.Sprint(ticket)
	w.do(t, "alice", fmt.Sprintf(`mutation { replyToTicket(input: {ticketId: "%s", body: "Gone"}) { userErrors { code } } }`, ticket))
	w.do(t, "staff", fmt.Sprintf(`mutation { assignTicket(input: {ticketId: "%s", assigneeId: "%s"}) { userErrors { code } } }`, ticket, w.vars["staff"]))
	w.do(t, "alice", `mutation { redeemPoints(input: {amount: 5, idempotencyKey: "r"}) { userErrors { code } } }`)
	w.do(t, "alice", `mutation { holdPoints(input: {amount: 3, reference: "Basket", idempotencyKey: "h"}) { userErrors { code } } }`)
	w.settle(t)
	alice, order := userOf(t, w, "alice"), w.uuid(t, "aliceOrder")
	check(t, w.db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
		w.parcels(t, ctx, tx, alice, order)
		w.entries(t, ctx, tx, alice, order)
		for _, set := range filled {
			if _, err := tx.Exec(ctx, set); err != nil {
				t.Fatalf("%s: %v", set, err)
			}
		}
		return nil
	}))
	w.db.Clock.Add(time.Minute) // what is held in memory is read anew
	w.db.Tampered()             // some points are there that nobody gave
}

// filled gives what mutations leave empty a value.
var filled = []string{
	`UPDATE users SET given_name = 'G', family_name = 'F', middle_name = 'M', birth_on = '2000-01-02', nickname = 'N', sex = 'FEMALE', job_title = 'J', region = 'R', interests = '["tea"]', requisites = '{"inn":"7707083893"}'`,
	`UPDATE identities SET label = 'L', last_used_at = created_at`,
	`UPDATE sessions SET user_agent = 'U', ip = '10.0.0.1', place = 'GB'`,
	`UPDATE addresses SET label = 'L', name = 'N', phone = '+4912345', country = 'DE', city = 'C', region = 'R', postal_code = 'P', is_default = true,
		organization = 'O', district = 'D', sorting_code = 'S', note = 'N'`,
	`UPDATE companies SET legal_name = 'L', tax_id = 'T', requisites = '{"inn":"7707083893"}'`,
	`UPDATE products SET category = 'C', image_url = 'https://i', url = 'https://u', external_id = sku, source = 's', metadata = '{"m":1}'`,
	`UPDATE orders SET guest = '{"name":"N","email":"n@example.com"}', note = 'N', external_id = number, source = 's', metadata = '{"m":1}', delivery = '{"city":"C"}', cancelled_at = placed_at, cancel_reason = 'OTHER',
		subtotal_minor = 900, discount_minor = 110, shipping_minor = 120, tax_minor = 130, paid_minor = 700, refunded_minor = 140, points_earned = 15, points_spent = 16`,
	`UPDATE order_lines SET category = 'C', image_url = 'https://i', url = 'https://u', cancelled = 1, shipped = 1, discount_minor = 11, tax_minor = 12`,
	`UPDATE order_lines SET returned = 1 WHERE quantity > 1`,
	`UPDATE payments SET provider = 'P', provider_ref = 'ref ' || kind, refunded_minor = 1, failure = 'F', url = 'https://p', expires_at = occurred_at`,
	`UPDATE shipments SET point = '{"name":"N","address":"A","code":"C","hours":"H"}'`,
	`UPDATE return_requests SET note = 'N', carrier = 'C', tracking_number = 'T', label_url = 'https://l', reject_reason = '{"reasonId":"00000000-0000-7000-8000-000000000009","handle":"h","texts":{"en":{"name":"N"}}}',
		decision_note = 'D', exchange_order_id = order_id, received_at = requested_at, refunded_at = requested_at`,
	`UPDATE return_requests SET status = 'REQUESTED' WHERE number = 'R2'`,
	`UPDATE products SET rating_count = 2, rating_sum = 7, released_at = '2099-01-01 00:00:00+00:00'`,
	`UPDATE products SET exclusive = true WHERE sku = 'FREE'`,
	`INSERT INTO product_admissions (id, created_at, product_id, kind) SELECT id, created_at, id, 'EVERYONE_SIGNED_IN' FROM products WHERE sku = 'FREE'`,
	`INSERT INTO product_pairs (product_id, with_id, orders, owners, score, counted_at) SELECT a.id, b.id, 5, 5, 100, a.created_at FROM products a, products b WHERE a.sku = 'TEA' AND b.sku = 'CUP'`,
	`UPDATE ledger_accounts SET pending = 21, held = 22, number = 'N' || CAST(id AS text) WHERE kind = 'BONUS'`,
	`UPDATE bonus_programs SET pending_days = 3, transfers = true, transfer_max = 500, transfer_daily = 900, adjustment_limit = 50, refund_grace_days = 2,
		exchange_rates = '[{"programId":"00000000-0000-7000-8000-000000000009","give":2,"get":1}]'`,
	`UPDATE tickets SET snoozed_until_at = created_at, contact_email = 'tea@example.com', closed_at = created_at, public_seq = public_seq + 3, entry_id = order_id,
		skill = 'S', rating = 4, rated_at = created_at, bot_state = 'DONE', bot_outcome = 'ROUTED', callback_at = created_at, callback_phone = '+442079460958', read_by_staff_up_to = 1, read_by_customer_up_to = 1`,
	`UPDATE tickets SET merged_into_id = (SELECT t.id FROM tickets t WHERE t.subject = 'Tea again') WHERE subject = 'Tea'`,
	`UPDATE ticket_messages SET edited_at = created_at, data = '{"articleIds":["art_01m830gz0tfaxbzknxtzcbxmjf"]}'`,
	`UPDATE ticket_messages SET removed_at = created_at WHERE body = 'Gone'`,
	`UPDATE ticket_participants SET read_up_to = 1`,
	`UPDATE users SET manager_id = (SELECT m.user_id FROM memberships m WHERE m.kind = 'STAFF' ORDER BY m.id LIMIT 1)`,
	`INSERT INTO ticket_attachments (id, created_at, owner_id, ticket_id, message_id, document_id, title, mime, size, position) SELECT id, created_at, owner_id, ticket_id, id, id, 'T', 'text/plain', 5, 0 FROM ticket_messages WHERE removed_at IS NULL`,
	`UPDATE notifications SET seen_at = created_at, read_at = created_at, data = '{"m":1}', interacted_at = created_at, group_key = 'g', url = '/u',
		actions = '[{"key":"a","labels":{"en":"A"},"style":"PRIMARY"}]', completed_action = 'a', completed_at = created_at`,
}

// parcels are a refund, a shipment and a return of an order.
func (w *world) parcels(t *testing.T, ctx context.Context, tx *store.Tx, owner, order uuid.UUID) {
	t.Helper()
	_, err := tx.Payment.Create().SetOwnerID(owner).SetOrderID(order).SetKind(payment.KindREFUND).SetStatus(payment.StatusSUCCEEDED).
		SetCurrency("GBP").SetAmountMinor(50).SetMethod("CARD").SetOccurredAt(tx.Now).Save(ctx)
	check(t, err)
	_, err = tx.Shipment.Create().SetOwnerID(owner).SetOrderID(order).SetCarrier("C").SetTrackingNumber("1").SetTrackingURL("https://t").
		SetPromisedFromAt(tx.Now).SetPromisedToAt(tx.Now).SetShippedAt(tx.Now).SetReceivedAt(tx.Now).Save(ctx)
	check(t, err)
	_, err = tx.OrderEvent.Create().SetOwnerID(owner).SetOrderID(order).SetSeq(900).SetKind(orderevent.KindTRACKING).SetOccurredAt(tx.Now).
		SetCurrency("GBP").SetData(map[string]any{"m": 1}).Save(ctx)
	check(t, err)
	for _, number := range []string{"R1", "R2"} {
		_, err = tx.ReturnRequest.Create().SetOwnerID(owner).SetUserID(owner).SetOrderID(order).SetNumber(number).SetStatus(returnrequest.StatusRECEIVED).
			SetLines([]schema.ReturnLine{{OrderLineID: &order, SKU: "TEA", Title: "Tea", Quantity: 1, AmountMinor: 350}}).SetCurrency("GBP").SetAmountMinor(350).
			SetRequestedAt(tx.Now).SetDecidedAt(tx.Now).SetSource("s").SetExternalID(number).Save(ctx)
		check(t, err)
	}
}

// entries are one of each kind, past the book's rules.
func (w *world) entries(t *testing.T, ctx context.Context, tx *store.Tx, owner, order uuid.UUID) {
	t.Helper()
	last, err := tx.LedgerEntry.Query().Where(ledgerentry.OwnerID(owner)).First(ctx)
	check(t, err)
	for i, kind := range []ledgerentry.Kind{"ACCRUAL", "REDEMPTION", "HOLD", "EXPIRY", "REVERSAL", "ADJUSTMENT", "TRANSFER"} {
		bucket, contra := ledgerentry.BucketHELD, ledgerentry.ContraBucketACTIVE
		if kind == ledgerentry.KindACCRUAL { // which its label tells
			bucket = ledgerentry.BucketPENDING
		}
		_, err := tx.LedgerEntry.Create().SetOwnerID(owner).SetAccountID(last.AccountID).SetContraID(last.ContraID).SetSeq(int64(1000 + i)).SetKind(kind).
			SetAmount(int64(10 + i)).SetBucket(bucket).SetContraBucket(contra).SetUnit(last.Unit).SetBalanceAfter(77).
			SetOrderID(order).SetCauseKey(fmt.Sprint("columns", i)).SetExplain(map[string]any{"m": i, "forgiven": kind == ledgerentry.KindADJUSTMENT}).SetHash([]byte("h")).Save(ctx)
		check(t, err)
	}
}

// do sends a mutation that must not be refused.
func (w *world) do(t *testing.T, who, mutation string) map[string]any {
	t.Helper()
	answer := w.send(t, step{name: "fill", as: who, company: acting[who]}, mutation)
	data, _ := answer["data"].(map[string]any)
	for _, payload := range data {
		if refused, _ := dig(payload, "userErrors.0.code"); refused != nil || answer["errors"] != nil {
			t.Fatalf("%s: %v", mutation, answer)
		}
	}
	return answer
}

func (w *world) uuid(t *testing.T, name string) uuid.UUID {
	t.Helper()
	id, err := scalar.ParseID(w.vars[name])
	check(t, err)
	return id.UUID
}
