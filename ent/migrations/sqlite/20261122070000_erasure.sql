-- +goose Up
-- What somebody wrote in a book goes when he is erased, and nothing else of it:
-- these columns may become null. See docs/adr/0032.
-- +goose StatementBegin
DROP TRIGGER ledger_entries_append_only;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER ledger_entries_append_only BEFORE UPDATE OF id, created_at, owner_id, account_id, seq, transfer_id, kind, amount, bucket, contra_id, contra_bucket, unit, balance_after, parent_id, order_id, cause_key, explain, actor_id, hash ON ledger_entries BEGIN SELECT RAISE(ABORT, 'ledger_entries is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER ledger_entries_blank_only BEFORE UPDATE ON ledger_entries WHEN (NEW.note IS NOT NULL AND NEW.note IS NOT OLD.note) BEGIN SELECT RAISE(ABORT, 'ledger_entries is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
DROP TRIGGER tier_changes_append_only;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER tier_changes_append_only BEFORE UPDATE OF id, created_at, owner_id, account_id, seq, kind, from_id, from_version, to_id, to_version, until_at, explain, actor_id ON tier_changes BEGIN SELECT RAISE(ABORT, 'tier_changes is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER tier_changes_blank_only BEFORE UPDATE ON tier_changes WHEN (NEW.note IS NOT NULL AND NEW.note IS NOT OLD.note) BEGIN SELECT RAISE(ABORT, 'tier_changes is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
DROP TRIGGER audit_entries_append_only;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER audit_entries_append_only BEFORE UPDATE OF id, created_at, owner_id, actor_id, actor_kind, session_id, action, subject_kind, subject_id, request_id ON audit_entries BEGIN SELECT RAISE(ABORT, 'audit_entries is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER audit_entries_blank_only BEFORE UPDATE ON audit_entries WHEN (NEW.changes IS NOT NULL AND NEW.changes IS NOT OLD.changes OR NEW.ip IS NOT NULL AND NEW.ip IS NOT OLD.ip OR NEW.user_agent IS NOT NULL AND NEW.user_agent IS NOT OLD.user_agent) BEGIN SELECT RAISE(ABORT, 'audit_entries is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
DROP TRIGGER order_events_append_only;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER order_events_append_only BEFORE UPDATE OF id, created_at, source, external_id, source_updated_at, seq, kind, occurred_at, currency, amount_minor, actor_id, visibility, order_id ON order_events BEGIN SELECT RAISE(ABORT, 'order_events is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER order_events_blank_only BEFORE UPDATE ON order_events WHEN (NEW.data IS NOT NULL AND NEW.data IS NOT OLD.data) BEGIN SELECT RAISE(ABORT, 'order_events is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER consents_append_only BEFORE UPDATE OF id, created_at, user_id, document_id, version, decision, locale, session_id ON consents BEGIN SELECT RAISE(ABORT, 'consents is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER consents_blank_only BEFORE UPDATE ON consents WHEN (NEW.ip IS NOT NULL AND NEW.ip IS NOT OLD.ip OR NEW.user_agent IS NOT NULL AND NEW.user_agent IS NOT OLD.user_agent) BEGIN SELECT RAISE(ABORT, 'consents is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER consents_keep BEFORE DELETE ON consents BEGIN SELECT RAISE(ABORT, 'consents is append-only'); END;
-- +goose StatementEnd
