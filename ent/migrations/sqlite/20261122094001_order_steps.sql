-- +goose Up
-- Orders keep when each step was reached: the first entry of its kind in the book.
UPDATE orders SET
  payment_confirmed_at = (SELECT min(e.occurred_at) FROM order_events e WHERE e.order_id = orders.id AND e.kind = 'PAYMENT_CONFIRMED'),
  assembling_at = (SELECT min(e.occurred_at) FROM order_events e WHERE e.order_id = orders.id AND e.kind = 'ASSEMBLING'),
  shipped_at = (SELECT min(e.occurred_at) FROM order_events e WHERE e.order_id = orders.id AND e.kind = 'SHIPPED'),
  received_at = (SELECT min(e.occurred_at) FROM order_events e WHERE e.order_id = orders.id AND e.kind = 'RECEIVED');
-- The book's triggers went with the table that was copied; shipment_id is theirs too.
-- +goose StatementBegin
CREATE TRIGGER order_events_append_only BEFORE UPDATE OF id, created_at, source, external_id, source_updated_at, seq, kind, occurred_at, currency, amount_minor, actor_id, visibility, order_id, shipment_id ON order_events BEGIN SELECT RAISE(ABORT, 'order_events is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER order_events_blank_only BEFORE UPDATE ON order_events WHEN (NEW.data IS NOT NULL AND NEW.data IS NOT OLD.data) BEGIN SELECT RAISE(ABORT, 'order_events is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER order_events_keep BEFORE DELETE ON order_events BEGIN SELECT RAISE(ABORT, 'order_events is append-only'); END;
-- +goose StatementEnd
