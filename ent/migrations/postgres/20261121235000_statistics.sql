-- +goose Up
-- A child's owner follows from its parent. Without knowing, the planner takes
-- "of this parent and of this owner" for one row in millions, and reads and
-- sorts all rows of a parent where the first few by an index were asked for.
CREATE STATISTICS ledger_entries_owner (dependencies) ON account_id, owner_id FROM ledger_entries;
CREATE STATISTICS ledger_lots_owner (dependencies) ON account_id, owner_id FROM ledger_lots;
CREATE STATISTICS order_lines_owner (dependencies) ON order_id, owner_id FROM order_lines;
CREATE STATISTICS order_events_owner (dependencies) ON order_id, owner_id FROM order_events;
CREATE STATISTICS payments_owner (dependencies) ON order_id, owner_id FROM payments;
CREATE STATISTICS shipments_owner (dependencies) ON order_id, owner_id FROM shipments;
CREATE STATISTICS return_requests_owner (dependencies) ON order_id, owner_id FROM return_requests;
CREATE STATISTICS ticket_messages_owner (dependencies) ON ticket_id, owner_id FROM ticket_messages;
