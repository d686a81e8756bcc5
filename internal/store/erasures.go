package store

import "strings"

// Erasures is what is left of a person, table by table, in the order in which
// an erasure goes: what is found by another table's rows goes before them. A
// table may have several rows. erasures_test.go demands one for each.
var Erasures = append(append(append(append([]Erasure{}, erasuresOfIdentity...), erasuresOfTrade...), erasuresOfBenefits...), erasuresOfHouse...)

const (
	owned = `owner_id = :me`
	ofHim = `user_id = :me`

	// met are the people whom he shares, or shared, a family or company with,
	// and those he invited.
	met = `SELECT b.user_id FROM memberships a JOIN memberships b ON b.owner_id = a.owner_id WHERE a.user_id = :me
		UNION SELECT invited_id FROM invitations WHERE inviter_id = :me AND invited_id IS NOT NULL`
	hisAccounts = `SELECT id FROM ledger_accounts WHERE owner_id = :me`
	hisOrders   = `SELECT id FROM orders WHERE owner_id = :me`
	hisTickets  = `SELECT ticket_id FROM ticket_participants WHERE user_id = :me`
	// mailedTickets were opened by mail from his address, and are of no account.
	mailedTickets = `SELECT id FROM tickets WHERE user_id IS NULL AND contact_email IN (` + hisAddress + `)`
	// openedTickets are those whose subject he wrote, toldOfTickets all who may
	// have heard of them.
	openedTickets = `SELECT id FROM tickets WHERE owner_id = :me OR user_id = :me AND id IN (` + hisTickets + `) OR id IN (` + mailedTickets + `)`
	toldOfTickets = `SELECT p.user_id FROM ticket_participants p WHERE p.ticket_id IN (` + openedTickets + `) UNION SELECT m.user_id FROM memberships m WHERE m.kind = 'STAFF'`
	hisAddress    = `SELECT value_key FROM contact_points WHERE user_id = :me AND kind = 'EMAIL'`
)

// PapersKept are the kinds of documents that belong to the books: the law
// keeps them as they were issued, so their bytes stay and the words on their
// rows go.
var PapersKept = []string{"INVOICE", "ACT", "RECEIPT", "CONTRACT", "WAYBILL"}

var papersKept = `('` + strings.Join(PapersKept, `', '`) + `')`

// Reasons why a column stays.
const (
	generatedByUs = "made by us, at random or counted"
	ofGoods       = "says what was sold, not to whom"
	ofProvider    = "a provider's id of a payment, kept with the books"
	outsideKey    = "an outside system's key of a document, which the law keeps"
	aPaper        = "of a paper that the law keeps as it was issued"
	numbersOnly   = "numbers, ids and words of ours"
)

// erasuresOfIdentity is who he is and how he is reached. The row of users is
// the last of all, contact points the last but one: other rows are found by them.
var erasuresOfIdentity = []Erasure{
	{Table: "sessions", Mine: ofHim, Delete: true, Own: `user_id = :me AND kind <> 'ACTING'`,
		Hidden: []string{"token_hash", "refresh_hash", "refresh_prev_hash", "device_hash", "acting_staff_id", "acting_reason"}},
	{Table: "challenges", Mine: ofHim, Delete: true},
	{Table: "identities", Mine: ofHim, Delete: true, Own: ofHim,
		Hidden: []string{"secret", "params", "counter", "login_key", "issued_by_id", "warned"}},
	{Table: "consents", Mine: ofHim, Blank: []Blank{{Column: "ip"}, {Column: "user_agent"}}, Own: ofHim,
		Texts: map[string]string{"locale": "a language; that somebody agreed must be provable"}},
	{Table: "consent_documents"},
	{Table: "deliveries", Mine: ofHim, Delete: true, Own: ofHim, Hidden: []string{"endpoint_id", "provider_ref", "digest_key", "sent_with_id", "round", "step", "asked_at"}},
	{Table: "reminders", Mine: ofHim, Delete: true, Own: ofHim},
	{Table: "announcement_marks", Mine: ofHim, Delete: true, Own: ofHim},
	{Table: "notifications", Mine: ofHim, Delete: true, Own: ofHim, Hidden: []string{"event_id", "broadcast_id", "sender_id"}},
	{Table: "notifications", Mine: `type IN ('family.invited', 'family.joined') AND user_id <> :me AND user_id IN (` + met + `) AND (CAST(data AS text) LIKE :typed
		OR replace(title || body, (SELECT display_name FROM users WHERE id = :me), '') <> title || body)`,
		Blank: []Blank{{Column: "title", To: `CASE WHEN type = 'family.joined' THEN body ELSE title END`},
			{Column: "body", To: `CASE WHEN type = 'family.joined' THEN body ELSE title END`}, {Column: "data"}, {Column: "params"}},
		Texts: map[string]string{"type": numbersOnly, "subject_kind": numbersOnly, "group_key": numbersOnly, "url": "an address of the business", "actions": "words of the business", "completed_action": numbersOnly}},
	{Table: "notifications", Mine: `subject_kind = 'tkt' AND user_id <> :me AND user_id IN (` + toldOfTickets + `) AND subject_id IN (` + openedTickets + `)`,
		Blank: []Blank{{Column: "title", To: ":name", When: `replace(title, (SELECT subject FROM tickets WHERE tickets.id = notifications.subject_id), '') <> title AND title <> :name`}, {Column: "body", To: `''`}, {Column: "data"}, {Column: "params"}},
		Texts: map[string]string{"type": numbersOnly, "subject_kind": numbersOnly, "group_key": numbersOnly, "url": "an address of the business", "actions": "words of the business", "completed_action": numbersOnly}},
	{Table: "account_events", Key: "stream_id, seq", Mine: `stream_id = :me AND heard AND relayed`, Delete: true},
	{Table: "account_events", Key: "stream_id, seq", Mine: `stream_id <> :me AND stream_id IN (` + met + ` UNION SELECT owner_id FROM memberships WHERE user_id = :me) AND actor_id = :me AND heard AND kind IN ('family.invited', 'family.joined')`,
		Blank: []Blank{{Column: "payload", To: `json_remove(CAST(payload AS text), '$.inviter', '$.member')`, Postgres: `payload - 'inviter' - 'member'`,
			When: `(CAST(payload AS text) LIKE '%"inviter"%' OR CAST(payload AS text) LIKE '%"member"%')`}},
		Texts: map[string]string{"kind": numbersOnly, "subject_kind": numbersOnly, "visibility": numbersOnly}},
	{Table: "invitations", Mine: `inviter_id = :me OR invited_id = :me OR email_key IN (` + hisAddress + `)`, Delete: true,
		Own: `invited_id = :me OR email_key IN (` + hisAddress + `)`, Hidden: []string{"inviter_id", "role_id"}},
	{Table: "companies", Mine: `kind = 'FAMILY' AND id IN (SELECT owner_id FROM memberships WHERE user_id = :me) AND NOT EXISTS
		(SELECT 1 FROM memberships o WHERE o.owner_id = companies.id AND o.user_id <> :me AND o.status = 'ACTIVE')`,
		Blank: []Blank{{Column: "name", To: ":name"}, {Column: "legal_name"}, {Column: "tax_id"}, {Column: "requisites"}, {Column: "metadata"}, {Column: "private_metadata"}},
		Texts: map[string]string{"source": outsideKey, "external_id": outsideKey}},
	{Table: "memberships", Mine: `user_id = :me OR owner_id = :me`, Own: ofHim, Hidden: []string{"document_note", "role_id"},
		Blank: []Blank{{Column: "status", To: `'ENDED'`}, {Column: "document_note"}, {Column: "earns_to_owner", To: "false", When: "earns_to_owner"}}},
	{Table: "addresses", Mine: owned, Delete: true, Own: owned},
	{Table: "payment_methods", Mine: owned, Delete: true, Own: owned, Hidden: []string{"token", "setup_ref", "url", "return_url", "failure"}},
	{Table: "documents", Mine: `owner_id = :me AND kind NOT IN ` + papersKept, Delete: true,
		Own: `owner_id = :me AND visibility = 'ALL' AND kind <> 'EXPORT'`, Hidden: []string{"blob_key", "sha256", "private_metadata", "fingerprint", "overdue_told_at"}},
	{Table: "documents", Mine: `owner_id = :me AND kind IN ` + papersKept, Blank: []Blank{{Column: "title", To: "kind"}, {Column: "metadata"}, {Column: "private_metadata"}, {Column: "fingerprint"}},
		Texts: map[string]string{"currency": numbersOnly, "locale": aPaper, "series": generatedByUs, "number": generatedByUs, "from_on": aPaper, "to_on": aPaper, "subject_kind": numbersOnly, "mime": numbersOnly,
			"sha256": aPaper, "blob_key": generatedByUs, "source": outsideKey, "external_id": outsideKey}},
}

var erasuresOfTrade = []Erasure{
	{Table: "search_docs", Key: "object_id", Mine: owned, Delete: true},
	{Table: "list_items", Mine: owned, Delete: true, Own: owned},
	{Table: "shopping_lists", Mine: owned, Delete: true, Own: owned},
	{Table: "wishlist_items", Mine: ofHim, Delete: true, Own: ofHim, Hidden: []string{"price_told_minor", "stock_told_at"}},
	{Table: "viewed_products", Mine: ofHim, Delete: true, Own: ofHim, Hidden: []string{"id"}},
	{Table: "reviews", Mine: ofHim, Own: ofHim, Blank: []Blank{{Column: "title"}, {Column: "body"}, {Column: "author_name"}, {Column: "reject_reason"}}},
	{Table: "product_admissions", Mine: `kind = 'CUSTOMER' AND subject_id = :me`, Delete: true},
	{Table: "orders", Mine: owned, Own: owned,
		Blank: []Blank{{Column: "delivery"}, {Column: "guest"}, {Column: "note"}, {Column: "cancel_note"}, {Column: "metadata"}, {Column: "private_metadata"}}, Hidden: []string{"private_metadata"},
		Texts: map[string]string{"number": generatedByUs, "currency": numbersOnly, "source": outsideKey, "external_id": outsideKey}},
	{Table: "order_lines", Mine: `order_id IN (` + hisOrders + `)`, Own: `order_id IN (` + hisOrders + `)`,
		Texts: map[string]string{"sku": ofGoods, "title": ofGoods, "category": ofGoods, "image_url": ofGoods, "url": ofGoods, "currency": numbersOnly}},
	{Table: "order_events", Mine: `order_id IN (` + hisOrders + `)`, Own: `order_id IN (` + hisOrders + `) AND visibility = 'ALL'`, Blank: []Blank{{Column: "data"}}, Hidden: []string{"actor_id"},
		Texts: map[string]string{"currency": numbersOnly, "source": outsideKey, "external_id": outsideKey}},
	{Table: "payments", Mine: owned, Own: owned, Blank: []Blank{{Column: "url"}, {Column: "return_url"}, {Column: "failure"}}, Hidden: []string{"method_id"},
		Texts: map[string]string{"currency": numbersOnly, "method": numbersOnly, "provider": ofProvider, "provider_ref": ofProvider, "source": outsideKey, "external_id": outsideKey}},
	{Table: "shipments", Mine: `order_id IN (` + hisOrders + `)`, Own: `order_id IN (` + hisOrders + `)`, Blank: []Blank{{Column: "point"}, {Column: "tracking_number"}, {Column: "tracking_url"}},
		Texts: map[string]string{"carrier": "a company", "source": outsideKey, "external_id": outsideKey}},
	{Table: "return_requests", Mine: owned, Own: owned, Hidden: []string{"decided_by_id"},
		Blank: []Blank{{Column: "note"}, {Column: "carrier"}, {Column: "tracking_number"}, {Column: "label_url"}, {Column: "decision_note"}},
		Texts: map[string]string{"photos": numbersOnly, "reject_reason": "of the catalogue", "number": generatedByUs, "lines": ofGoods, "currency": numbersOnly, "source": outsideKey, "external_id": outsideKey}},
	{Table: "ticket_messages", Mine: `ticket_id IN (SELECT id FROM tickets WHERE owner_id = :me) OR author_id = :me AND ticket_id IN (` + hisTickets + `)`,
		Own: `visibility = 'ALL' AND ticket_id IN (SELECT id FROM tickets WHERE owner_id = :me)`, Hidden: []string{"client_id", "author_id", "copied_from_id"},
		Blank: []Blank{{Column: "body"}, {Column: "data"}, {Column: "client_id"}, {Column: "author_name", To: ":name", When: `author_kind <> 'STAFF' AND author_name <> :name`}},
		Texts: map[string]string{"source": outsideKey, "external_id": outsideKey}},
	{Table: "ticket_edits", Mine: `ticket_id IN (SELECT id FROM tickets WHERE owner_id = :me) OR message_id IN (SELECT id FROM ticket_messages WHERE author_id = :me AND ticket_id IN (` + hisTickets + `))`, Delete: true},
	{Table: "ticket_attachments", Mine: `ticket_id IN (SELECT id FROM tickets WHERE owner_id = :me) OR message_id IN (SELECT id FROM ticket_messages WHERE author_id = :me AND ticket_id IN (` + hisTickets + `))`, Delete: true,
		Own: `message_id IN (SELECT id FROM ticket_messages WHERE visibility = 'ALL' AND removed_at IS NULL AND ticket_id IN (SELECT id FROM tickets WHERE owner_id = :me))`, Hidden: []string{"document_id"}},
	{Table: "operators", Mine: ofHim, Delete: true},
	{Table: "article_seekers", Mine: ofHim, Delete: true, Own: ofHim},
	{Table: "push_endpoints", Mine: ofHim, Delete: true, Own: ofHim, Hidden: []string{"address_key", "sealed", "session_id", "failures"}},
	{Table: "messenger_links", Mine: ofHim, Delete: true, Own: ofHim, Hidden: []string{"code_key", "chat_key", "sealed"}},
	{Table: "ticket_views", Mine: ofHim, Delete: true},
	{Table: "survey_requests", Mine: ofHim, Own: ofHim, Hidden: []string{"operator_id", "survey_id"},
		Blank: []Blank{{Column: "answers"}, {Column: "comment"}, {Column: "status", To: `'CANCELLED'`, When: `status IN ('PLANNED', 'ASKED')`}},
		Texts: map[string]string{"locale": numbersOnly}},
	{Table: "ticket_links"}, {Table: "clock_events"},
	{Table: "ticket_participants", Mine: ofHim, Own: ofHim, Blank: []Blank{{Column: "left_at", To: ":now", When: "left_at IS NULL"}}},
	{Table: "letters", Mine: `sender IN (` + hisAddress + `) OR ticket_id IN (SELECT id FROM tickets WHERE owner_id = :me)`, Own: `sender IN (` + hisAddress + `)`, Hidden: []string{"message_key", "message_id"},
		Blank: []Blank{{Column: "sender"}}, Texts: map[string]string{"message_key": "a hash, so that a letter is taken once", "reason": numbersOnly}},
	{Table: "ticket_messages", Mine: `author_kind = 'CUSTOMER' AND author_id IS NULL AND ticket_id IN (` + mailedTickets + `)`,
		Blank: []Blank{{Column: "body"}, {Column: "data"}, {Column: "client_id"}, {Column: "author_name", To: ":name", When: `author_name <> :name`}}, Texts: map[string]string{"source": outsideKey, "external_id": outsideKey}},
	{Table: "tickets", Mine: `id IN (` + mailedTickets + `)`, Blank: []Blank{{Column: "subject", To: ":name"}, {Column: "metadata"}, {Column: "private_metadata"}, {Column: "callback_phone"}, {Column: "booking_key"}, {Column: "contact_email"}},
		Texts: map[string]string{"number": generatedByUs, "locale": numbersOnly, "skill": "of the business", "source": outsideKey, "external_id": outsideKey}},
	{Table: "tickets", Mine: `owner_id = :me OR user_id = :me AND id IN (` + hisTickets + `)`, Own: owned, Hidden: []string{"private_metadata", "assignee_id", "staff_seq", "staff_read_seq", "assigned_at", "team_id", "skill", "urgency", "bot_due_at", "level_id", "level_status",
		"first_reply_due_at", "next_reply_due_at", "resolve_due_at", "due_at", "clock_at", "first_reply_seconds", "resolve_seconds", "first_reply_breaches", "next_reply_breaches", "resolve_breaches"},
		Blank: []Blank{{Column: "subject", To: ":name"}, {Column: "metadata"}, {Column: "private_metadata"}, {Column: "callback_phone"}, {Column: "contact_email"}, {Column: "booking_key"},
			{Column: "status_reason", To: `'CLOSED_BY_CUSTOMER'`, When: `owner_id = :me AND status <> 'CLOSED'`},
			{Column: "closed_at", To: ":now", When: `owner_id = :me AND status <> 'CLOSED'`},
			{Column: "snoozed_until_at", When: `owner_id = :me AND snoozed_until_at IS NOT NULL`},
			{Column: "status", To: `'CLOSED'`, When: `owner_id = :me AND status <> 'CLOSED'`}},
		Texts: map[string]string{"number": generatedByUs, "locale": numbersOnly, "skill": "of the business", "source": outsideKey, "external_id": outsideKey}},
}

var erasuresOfBenefits = []Erasure{
	{Table: "ledger_entries", Mine: `account_id IN (` + hisAccounts + `)`, Own: `account_id IN (` + hisAccounts + `)`, Blank: []Blank{{Column: "note"}},
		Hidden: []string{"hash", "cause_key", "contra_id", "contra_bucket", "actor_id"},
		Texts:  map[string]string{"unit": numbersOnly, "cause_key": "ids, and a client's idempotency key", "explain": numbersOnly, "hash": "of ids and numbers"}},
	{Table: "ledger_entries", Mine: `transfer_id IN (SELECT e.transfer_id FROM ledger_entries e WHERE e.account_id IN (` + hisAccounts + `) AND e.actor_id = :me AND e.transfer_id IS NOT NULL)`,
		Blank: []Blank{{Column: "note"}}, Texts: map[string]string{"unit": numbersOnly, "cause_key": "as above", "explain": numbersOnly, "hash": "as above"}},
	{Table: "ledger_lots", Mine: `account_id IN (` + hisAccounts + `)`, Own: `account_id IN (` + hisAccounts + `)`},
	{Table: "ledger_lot_moves", Key: "entry_id, lot_id"},
	{Table: "tier_changes", Mine: `account_id IN (` + hisAccounts + `)`, Own: `account_id IN (` + hisAccounts + `)`, Blank: []Blank{{Column: "note"}}, Hidden: []string{"actor_id"}, Texts: map[string]string{"explain": numbersOnly}},
	{Table: "ledger_accounts", Mine: owned, Own: owned, Blank: []Blank{{Column: "label"}}, Hidden: []string{"head_hash", "next_due_at", "tier_review_at"},
		Texts: map[string]string{"unit": numbersOnly, "name": numbersOnly, "number": generatedByUs, "head_hash": "of ids and numbers"}},
	{Table: "earning_uses", Mine: owned},
	{Table: "payment_notices", Mine: `top_up_id IN (SELECT id FROM top_ups WHERE owner_id = :me) OR payment_id IN (SELECT id FROM payments WHERE owner_id = :me)`, Blank: []Blank{{Column: "payload", To: `'{}'`}},
		Texts: map[string]string{"provider": ofProvider, "webhook_id": ofProvider, "type": numbersOnly, "reference": ofProvider, "amount": numbersOnly, "currency": numbersOnly}},
	{Table: "top_ups", Mine: owned, Own: owned, Blank: []Blank{{Column: "url"}, {Column: "return_url"}, {Column: "failure"}}, Hidden: []string{"provider_ref"},
		Texts: map[string]string{"currency": numbersOnly, "provider": ofProvider, "provider_ref": ofProvider, "receipt_number": "of a receipt at the desk, which the law keeps"}},
	{Table: "transfers", Mine: owned, Own: owned, Hidden: []string{"to_owner_id", "to_account_id", "fee_rule_id"}, Texts: map[string]string{"currency": numbersOnly}},
	{Table: "invoice_quotes", Mine: owned, Own: owned, Hidden: []string{"fee_rule_id"}, Texts: map[string]string{"currency": numbersOnly}},
	{Table: "gift_cards", Mine: `owner_id = :me OR buyer_id = :me OR recipient_id = :me`, Own: owned, Hidden: []string{"code_key", "note", "buyer_id", "user_id"},
		Blank: []Blank{{Column: "note"}}, Texts: map[string]string{"code_key": "a hash of a code made by us", "hint": generatedByUs, "currency": numbersOnly}},
	{Table: "promo_codes", Mine: owned, Own: owned, Hidden: []string{"code_key", "batch_id"}, Texts: map[string]string{"code": "a code of the business", "code_key": "the same, folded"}},
	{Table: "promo_uses", Mine: owned, Own: owned, Blank: []Blank{{Column: "reference"}}, Texts: map[string]string{"currency": numbersOnly}},
	{Table: "club_members", Mine: owned, Delete: true, Own: owned},
	{Table: "reward_redemptions", Mine: owned, Own: owned, Hidden: []string{"code_key", "fulfilled_by"},
		Blank: []Blank{{Column: "vouchers"}, {Column: "reason"}, {Column: "note"}},
		Texts: map[string]string{"texts": "of the reward", "code": generatedByUs, "code_key": generatedByUs}},
	{Table: "referrals", Mine: `friend_id = :me`, Blank: []Blank{{Column: "friend_name", To: ":name"}, {Column: "note"}}, Texts: map[string]string{"suspicions": numbersOnly}},
	{Table: "referrals", Mine: ofHim, Blank: []Blank{{Column: "note"}}, Own: ofHim, Hidden: []string{"friend_id", "friend_name", "friend_entry_id", "order_id", "suspicions", "note"},
		Texts: map[string]string{"friend_name": "masked, and another person's", "suspicions": numbersOnly}},
	{Table: "referral_codes", Mine: ofHim, Delete: true, Own: ofHim, Hidden: []string{"code_key"}},
	{Table: "campaign_photos", Mine: owned, Delete: true, Own: owned, Hidden: []string{"content"}},
	{Table: "campaign_entries", Mine: owned, Own: owned, Blank: []Blank{{Column: "data", To: `'{}'`}, {Column: "reason"}, {Column: "unique_key"}}, Hidden: []string{"unique_key", "decided_by_id"}},
	{Table: "campaign_acts", Mine: owned, Delete: true, Own: owned},
	{Table: "achievements", Mine: owned, Own: owned, Texts: map[string]string{"period": numbersOnly}},
	{Table: "goals", Mine: ofHim, Delete: true, Own: ofHim},
}

// erasuresOfHouse are the business's own tables, records of acts, and at last
// how he was reached and his own row.
var erasuresOfHouse = []Erasure{
	{Table: "bonus_programs"}, {Table: "earning_rules"}, {Table: "tiers"}, {Table: "fee_rules"}, {Table: "rewards"}, {Table: "reward_codes"},
	{Table: "articles"}, {Table: "article_categories"}, {Table: "article_searches"}, {Table: "article_seekers", Mine: ofHim, Delete: true, Own: ofHim, Hidden: []string{"id"}}, {Table: "segments"}, {Table: "broadcasts"}, {Table: "announcements"},
	{Table: "announcement_marks", Mine: ofHim, Delete: true, Own: ofHim, Hidden: []string{"id"}},
	{Table: "article_words", Key: "article_id"},
	{Table: "article_votes", Mine: `voter = CAST(:me AS text)`, Own: `voter = CAST(:me AS text)`, Hidden: []string{"voter"}, Blank: []Blank{{Column: "comment"}, {Column: "voter", To: `'erased ' || CAST(id AS text)`}},
		Texts: map[string]string{"locale": numbersOnly}},
	{Table: "promotions"}, {Table: "clubs"}, {Table: "campaigns"}, {Table: "products"}, {Table: "reasons"}, {Table: "document_series"}, {Table: "product_figures", Key: "product_id"}, {Table: "product_pairs", Key: "product_id, with_id"}, {Table: "webhook_deliveries"}, {Table: "webhook_endpoints"}, {Table: "roles"}, {Table: "settings"},
	{Table: "notification_settings"}, {Table: "notification_templates"}, {Table: "notification_rules"}, {Table: "segments"}, {Table: "broadcasts"}, {Table: "announcements"},
	{Table: "support_teams"}, {Table: "macros"}, {Table: "canned_replies"}, {Table: "service_levels"}, {Table: "business_calendars"}, {Table: "surveys"},
	{Table: "card_sources"}, {Table: "outside_cards", Mine: ofHim, Delete: true},
	{Table: "customer_notes", Mine: ofHim, Delete: true},
	{Table: "customer_notes", Mine: `author_id = :me`, Blank: []Blank{{Column: "author_name", To: ":name"}}, Texts: map[string]string{"body": "what staff noted about another person", "client_id": "a client's own id"}},
	{Table: "streams"}, {Table: "goose_db_version"}, {Table: "rate_limits", Key: "key"},
	{Table: "river_job"}, {Table: "river_leader", Key: "name"}, {Table: "river_queue", Key: "name"}, {Table: "river_client"},
	{Table: "river_client_queue", Key: "river_client_id, name"}, {Table: "river_migration", Key: "line, version"},
	{Table: "idempotencies", Key: "actor_id, key", Mine: `actor_id = :me`, Delete: true},
	{Table: "tasks", Mine: `owner_id = :me OR CAST(input AS text) LIKE :like OR CAST(input AS text) LIKE :typed`, Blank: []Blank{{Column: "input"}, {Column: "note"}},
		Texts: map[string]string{"kind": numbersOnly, "dedup_key": numbersOnly, "cursor": numbersOnly, "counts": numbersOnly}},
	{Table: "audit_entries", Mine: `owner_id = :me OR subject_id = :me`, Blank: []Blank{{Column: "ip"}, {Column: "user_agent"}, {Column: "changes"}},
		Own: `owner_id = :me AND (actor_id = :me OR actor_kind = 'STAFF' OR action LIKE 'account.%')`, Hidden: []string{"actor_id", "request_id", "session_id", "ip", "user_agent", "changes"},
		Texts: map[string]string{"actor_kind": numbersOnly, "action": numbersOnly, "subject_kind": numbersOnly, "request_id": generatedByUs}},
	{Table: "audit_entries", Mine: `actor_id = :me`, Blank: []Blank{{Column: "ip"}, {Column: "user_agent"}, {Column: "changes", When: `actor_kind = 'USER' AND changes IS NOT NULL`}},
		Texts: map[string]string{"actor_kind": numbersOnly, "action": numbersOnly, "subject_kind": numbersOnly, "request_id": generatedByUs}},
	{Table: "contact_points", Mine: ofHim, Delete: true, Own: ofHim, Hidden: []string{"value_key"}},
	{Table: "users", Mine: `id = :me`, Own: `id = :me`,
		Hidden: []string{"private_metadata", "name_key", "family_key", "blocked_note", "stream_seq", "stream_oldest", "unread_count", "manager_id", "manager_contacts"},
		Blank: []Blank{
			{Column: "status", To: `'ERASED'`}, {Column: "kind", To: `'PERSON'`}, {Column: "display_name", To: ":name"},
			{Column: "given_name"}, {Column: "family_name"}, {Column: "middle_name"}, {Column: "birth_on"}, {Column: "name_key"}, {Column: "family_key"},
			{Column: "nickname"}, {Column: "sex"}, {Column: "job_title"}, {Column: "region"}, {Column: "interests"}, {Column: "contact_channel"}, {Column: "manager_id"}, {Column: "manager_contacts"},
			{Column: "ui"}, {Column: "privacy"}, {Column: "requisites"}, {Column: "delivery"}, {Column: "notify"},
			{Column: "block_reason"}, {Column: "blocked_note"}, {Column: "blocked_at"}, {Column: "avatar_id"}, {Column: "delete_at"},
			{Column: "source"}, {Column: "external_id"}, {Column: "source_updated_at"}, {Column: "metadata"}, {Column: "private_metadata"},
			{Column: "locale", To: `'en'`}, {Column: "time_zone", To: `'UTC'`},
			{Column: "unread_count", To: "0"}, {Column: "stream_oldest", To: "stream_seq"},
		}},
}
