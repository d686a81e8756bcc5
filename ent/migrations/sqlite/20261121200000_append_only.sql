-- +goose Up
-- Books that are only ever added to. The exceptions: the owner of an order's
-- events (a guest order that is claimed) and the traces of an erased person.
-- +goose StatementBegin
CREATE TRIGGER ledger_entries_append_only BEFORE UPDATE ON ledger_entries BEGIN SELECT RAISE(ABORT, 'ledger_entries is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER ledger_entries_keep BEFORE DELETE ON ledger_entries BEGIN SELECT RAISE(ABORT, 'ledger_entries is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER ledger_lot_moves_append_only BEFORE UPDATE ON ledger_lot_moves BEGIN SELECT RAISE(ABORT, 'ledger_lot_moves is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER ledger_lot_moves_keep BEFORE DELETE ON ledger_lot_moves BEGIN SELECT RAISE(ABORT, 'ledger_lot_moves is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER audit_entries_append_only BEFORE UPDATE OF id, created_at, owner_id, actor_id, actor_kind, session_id, action, subject_kind, subject_id, changes, request_id ON audit_entries BEGIN SELECT RAISE(ABORT, 'audit_entries is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER audit_entries_keep BEFORE DELETE ON audit_entries BEGIN SELECT RAISE(ABORT, 'audit_entries is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER order_events_append_only BEFORE UPDATE OF id, created_at, source, external_id, source_updated_at, seq, kind, occurred_at, currency, amount_minor, data, actor_id, visibility, order_id ON order_events BEGIN SELECT RAISE(ABORT, 'order_events is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER order_events_keep BEFORE DELETE ON order_events BEGIN SELECT RAISE(ABORT, 'order_events is append-only'); END;
-- +goose StatementEnd
