package data

import (
	"strings"
	"time"
)

// table is one that is filled, in an order in which every row finds what it
// refers to.
type table struct {
	name    string
	columns []string
}

// The tables by their place in tables.
const (
	tProducts = iota
	tUsers
	tContactPoints
	tIdentities
	tSessions
	tAddresses
	tOrders
	tLines
	tEvents
	tPayments
	tShipments
	tAccounts
	tEntries
	tLots
	tMoves
	tTickets
	tMessages
	tParticipants
	tNotifications
)

func columns(text string) []string { return strings.Fields(text) }

var tables = []table{
	tProducts:      {"products", columns("id created_at updated_at sku title category price_minor currency status")},
	tUsers:         {"users", columns("id created_at updated_at status given_name family_name display_name locale time_zone unread_count")},
	tContactPoints: {"contact_points", columns("id created_at updated_at kind value value_key verified_at is_primary user_id")},
	tIdentities:    {"identities", columns("id created_at updated_at user_id kind issuer subject secret")},
	tSessions:      {"sessions", columns("id created_at updated_at user_id owner_id kind token_hash last_used_at expires_at")},
	tAddresses:     {"addresses", columns("id created_at updated_at owner_id user_id name country lines city postal_code is_default")},
	tOrders: {"orders", columns(`id created_at updated_at owner_id user_id number status payment_status fulfillment_status channel currency
		subtotal_minor shipping_minor total_minor paid_minor points_earned placed_at cancelled_at cancel_reason event_seq`)},
	tLines: {"order_lines", columns(`id created_at updated_at owner_id position sku title category quantity currency unit_price_minor total_minor
		cancelled shipped points order_id product_id`)},
	tEvents:       {"order_events", columns("id created_at owner_id seq kind occurred_at currency amount_minor actor_id order_id")},
	tPayments:     {"payments", columns("id created_at updated_at owner_id kind status currency amount_minor method occurred_at order_id")},
	tShipments:    {"shipments", columns("id created_at updated_at owner_id status carrier tracking_number shipped_at received_at order_id")},
	tAccounts:     {"ledger_accounts", columns("id created_at updated_at owner_id user_id unit kind program_id lotted active seq head_hash next_due_at")},
	tEntries:      {"ledger_entries", columns("id created_at owner_id account_id seq kind amount bucket contra_id contra_bucket unit balance_after order_id cause_key explain note actor_id hash")},
	tLots:         {"ledger_lots", columns("id created_at updated_at owner_id account_id entry_id bucket amount remaining due_at")},
	tMoves:        {"ledger_lot_moves", columns("entry_id lot_id amount")},
	tTickets:      {"tickets", columns("id created_at updated_at owner_id user_id number subject status status_reason order_id last_activity_at due_at seq public_seq staff_seq last_message_id")},
	tMessages:     {"ticket_messages", columns("id created_at updated_at owner_id seq author_id author_kind author_name body ticket_id")},
	tParticipants: {"ticket_participants", columns("id created_at updated_at user_id owner_id read_seq ticket_id")},
	tNotifications: {"notifications", columns(`id created_at updated_at user_id event_id topic type title body data subject_kind subject_id
		seen_at read_at`)},
}

// jsonText is JSON on its way to a column of JSON.
type jsonText string

// rows are the rows of some people, by table.
type rows [len(tablesCount)][][]any

var tablesCount [tNotifications + 1]struct{}

// never is when a ticket is due that is owed nothing.
var never = time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)

func (r *rows) add(t int, values ...any) {
	if len(values) != len(tables[t].columns) {
		panic("bench/data: " + tables[t].name + ": as many values as columns")
	}
	r[t] = append(r[t], values)
}

func (r *rows) count() (n int64) {
	for _, t := range r {
		n += int64(len(t))
	}
	return n
}

// orNull is a moment that may not have come.
func orNull(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t
}
