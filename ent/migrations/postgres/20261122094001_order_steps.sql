-- +goose Up
-- Orders keep when each step was reached: the first entry of its kind in the book.
UPDATE orders SET
  payment_confirmed_at = (SELECT min(e.occurred_at) FROM order_events e WHERE e.order_id = orders.id AND e.kind = 'PAYMENT_CONFIRMED'),
  assembling_at = (SELECT min(e.occurred_at) FROM order_events e WHERE e.order_id = orders.id AND e.kind = 'ASSEMBLING'),
  shipped_at = (SELECT min(e.occurred_at) FROM order_events e WHERE e.order_id = orders.id AND e.kind = 'SHIPPED'),
  received_at = (SELECT min(e.occurred_at) FROM order_events e WHERE e.order_id = orders.id AND e.kind = 'RECEIVED');
-- The book's column shipment_id is never changed either.
DROP TRIGGER order_events_append_only ON order_events;
CREATE TRIGGER order_events_append_only BEFORE UPDATE OF id, created_at, source, external_id, source_updated_at, seq, kind, occurred_at, currency, amount_minor, actor_id, visibility, order_id, shipment_id ON order_events FOR EACH ROW EXECUTE FUNCTION refuse_change();
