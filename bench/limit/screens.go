package limit

// screen is one statement; its first argument is the hash of the token, the
// others are taken from the URL.
type screen struct {
	args []string
	sql  string
}

// me is the one signed in. IS TRUE keeps the planner from the index of
// expires_at, by which it would read everybody's sessions.
const me = ` FROM sessions s JOIN users u ON u.id = s.user_id
	WHERE s.token_hash = $1 AND s.revoked_at IS NULL AND (s.expires_at > now()) IS TRUE AND u.status = 'ACTIVE'`

const money = `json_build_object('amount', o.total_minor, 'currency', o.currency)`

var screens = map[string]screen{
	"/signedin": {sql: `SELECT json_build_object('id', u.id)` + me},

	"/dashboard": {sql: `SELECT json_build_object('displayName', u.display_name, 'unreadCount', u.unread_count,
	'orders', (SELECT coalesce(json_agg(json_build_object('id', o.id, 'number', o.number, 'status', o.status, 'statusLabel', o.fulfillment_status,
			'placedAt', o.placed_at, 'total', ` + money + `,
			'lines', (SELECT json_agg(json_build_object('id', l.id, 'title', l.title, 'quantity', l.quantity, 'total', json_build_object('amount', l.total_minor))
				ORDER BY l.position) FROM order_lines l WHERE l.order_id = o.id)) ORDER BY o.placed_at DESC, o.id DESC), '[]')
		FROM (SELECT * FROM orders WHERE owner_id = u.id ORDER BY placed_at DESC, id DESC LIMIT 10) o),
	'bonusAccount', (SELECT json_build_object('balance', a.active + a.held, 'pending', a.pending,
			'entries', (SELECT coalesce(json_agg(json_build_object('id', e.id, 'amount', e.amount, 'label', e.kind, 'createdAt', e.created_at) ORDER BY e.id DESC), '[]')
				FROM (SELECT * FROM ledger_entries WHERE account_id = a.id ORDER BY id DESC LIMIT 10) e))
		FROM ledger_accounts a WHERE a.owner_id = u.id AND a.unit = 'PTS:points' AND a.kind = 'BONUS' AND a.name = ''),
	'tickets', (SELECT coalesce(json_agg(json_build_object('id', t.id, 'subject', t.subject, 'status', t.status, 'lastActivityAt', t.last_activity_at,
			'unreadCount', t.public_seq - (SELECT p.read_seq FROM ticket_participants p WHERE p.ticket_id = t.id AND p.user_id = u.id),
			'lastMessage', (SELECT json_build_object('body', m.body) FROM ticket_messages m WHERE m.id = t.last_message_id))
			ORDER BY t.last_activity_at DESC, t.id DESC), '[]')
		FROM (SELECT * FROM tickets WHERE owner_id = u.id ORDER BY last_activity_at DESC, id DESC LIMIT 5) t),
	'notifications', (SELECT coalesce(json_agg(json_build_object('id', n.id, 'title', n.title, 'body', n.body, 'createdAt', n.created_at, 'readAt', n.read_at)
			ORDER BY n.id DESC), '[]')
		FROM (SELECT * FROM notifications WHERE user_id = u.id AND archived_at IS NULL ORDER BY id DESC LIMIT 10) n))` + me},

	"/history": {args: []string{"placed", "id"}, sql: `SELECT json_build_object('orders', coalesce(json_agg(json_build_object('id', o.id, 'number', o.number,
			'status', o.status, 'statusLabel', o.fulfillment_status, 'placedAt', o.placed_at, 'total', ` + money + `)
			ORDER BY o.placed_at DESC, o.id DESC) FILTER (WHERE o.n <= 20), '[]'), 'hasNextPage', count(*) > 20)
		FROM (SELECT p.*, row_number() OVER () AS n FROM (SELECT * FROM orders WHERE owner_id = (SELECT u.id` + me + `)
			AND (placed_at, id) < ($2::timestamptz, $3::uuid) ORDER BY placed_at DESC, id DESC LIMIT 21) p) o`},

	"/card": {args: []string{"id"}, sql: `SELECT json_build_object('id', o.id, 'number', o.number, 'status', o.status, 'paymentStatus', o.payment_status,
	'fulfillmentStatus', o.fulfillment_status, 'statusLabel', o.fulfillment_status, 'placedAt', o.placed_at, 'currency', o.currency, 'subtotal', o.subtotal_minor,
	'discount', o.discount_minor, 'shipping', o.shipping_minor, 'tax', o.tax_minor, 'total', o.total_minor, 'paid', o.paid_minor, 'refunded', o.refunded_minor,
	'pointsEarned', o.points_earned, 'pointsSpent', o.points_spent,
	'lines', (SELECT json_agg(json_build_object('id', l.id, 'position', l.position, 'sku', l.sku, 'title', l.title, 'quantity', l.quantity,
		'unitPrice', l.unit_price_minor, 'total', l.total_minor) ORDER BY l.position) FROM order_lines l WHERE l.order_id = o.id),
	'events', (SELECT json_agg(json_build_object('id', e.id, 'seq', e.seq, 'kind', e.kind, 'occurredAt', e.occurred_at, 'amount', e.amount_minor) ORDER BY e.id)
		FROM (SELECT * FROM order_events WHERE order_id = o.id ORDER BY id LIMIT 20) e),
	'payments', (SELECT json_agg(json_build_object('id', p.id, 'status', p.status, 'amount', p.amount_minor, 'method', p.method, 'occurredAt', p.occurred_at))
		FROM payments p WHERE p.order_id = o.id AND p.kind = 'PAYMENT'),
	'shipments', (SELECT json_agg(json_build_object('id', h.id, 'status', h.status, 'carrier', h.carrier, 'trackingNumber', h.tracking_number,
		'shippedAt', h.shipped_at, 'receivedAt', h.received_at)) FROM shipments h WHERE h.order_id = o.id),
	'returns', (SELECT coalesce(json_agg(json_build_object('id', q.id, 'number', q.number, 'status', q.status, 'amount', q.amount_minor)), '[]')
		FROM return_requests q WHERE q.order_id = o.id))
	FROM orders o WHERE o.id = $2::uuid AND o.owner_id = (SELECT u.id` + me + `)`},

	"/thread": {args: []string{"id"}, sql: `SELECT json_build_object('id', t.id, 'subject', t.subject, 'status', t.status, 'statusLabel', t.status_reason,
	'unreadCount', t.public_seq - p.read_seq,
	'messages', (SELECT json_agg(json_build_object('id', m.id, 'seq', m.seq, 'authorKind', m.author_kind, 'authorName', m.author_name,
		'isMine', m.author_id = p.user_id, 'body', m.body, 'createdAt', m.created_at) ORDER BY m.id)
		FROM (SELECT * FROM ticket_messages WHERE ticket_id = t.id AND visibility = 'ALL' ORDER BY id LIMIT 20) m),
	'hasNextPage', (SELECT count(*) > 20 FROM (SELECT 1 FROM ticket_messages WHERE ticket_id = t.id AND visibility = 'ALL' LIMIT 21) x))
	FROM tickets t JOIN ticket_participants p ON p.ticket_id = t.id AND p.user_id = (SELECT u.id` + me + `) WHERE t.id = $2::uuid`},

	"/feed": {sql: `SELECT json_build_object('unreadCount', u.unread_count,
	'notifications', (SELECT coalesce(json_agg(json_build_object('id', n.id, 'topic', n.topic, 'type', n.type, 'title', n.title, 'body', n.body,
		'subjectId', n.subject_id, 'createdAt', n.created_at, 'readAt', n.read_at) ORDER BY n.id DESC) FILTER (WHERE n.at <= 20), '[]')
		FROM (SELECT q.*, row_number() OVER () AS at FROM (SELECT * FROM notifications WHERE user_id = u.id AND archived_at IS NULL ORDER BY id DESC LIMIT 21) q) n),
	'hasNextPage', true)` + me},
}
