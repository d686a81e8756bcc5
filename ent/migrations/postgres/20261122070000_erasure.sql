-- +goose Up
-- What somebody wrote in a book goes when he is erased, and nothing else of it:
-- these columns may become null. See docs/adr/0032.
DROP TRIGGER ledger_entries_append_only ON ledger_entries;
CREATE TRIGGER ledger_entries_append_only BEFORE UPDATE OF id, created_at, owner_id, account_id, seq, transfer_id, kind, amount, bucket, contra_id, contra_bucket, unit, balance_after, parent_id, order_id, cause_key, explain, actor_id, hash ON ledger_entries FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER ledger_entries_blank_only BEFORE UPDATE ON ledger_entries FOR EACH ROW WHEN (NEW.note IS NOT NULL AND NEW.note IS DISTINCT FROM OLD.note) EXECUTE FUNCTION refuse_change();
DROP TRIGGER tier_changes_append_only ON tier_changes;
CREATE TRIGGER tier_changes_append_only BEFORE UPDATE OF id, created_at, owner_id, account_id, seq, kind, from_id, from_version, to_id, to_version, until_at, explain, actor_id ON tier_changes FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER tier_changes_blank_only BEFORE UPDATE ON tier_changes FOR EACH ROW WHEN (NEW.note IS NOT NULL AND NEW.note IS DISTINCT FROM OLD.note) EXECUTE FUNCTION refuse_change();
DROP TRIGGER audit_entries_append_only ON audit_entries;
CREATE TRIGGER audit_entries_append_only BEFORE UPDATE OF id, created_at, owner_id, actor_id, actor_kind, session_id, action, subject_kind, subject_id, request_id ON audit_entries FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_entries_blank_only BEFORE UPDATE ON audit_entries FOR EACH ROW WHEN (NEW.changes IS NOT NULL AND NEW.changes IS DISTINCT FROM OLD.changes OR NEW.ip IS NOT NULL AND NEW.ip IS DISTINCT FROM OLD.ip OR NEW.user_agent IS NOT NULL AND NEW.user_agent IS DISTINCT FROM OLD.user_agent) EXECUTE FUNCTION refuse_change();
DROP TRIGGER order_events_append_only ON order_events;
CREATE TRIGGER order_events_append_only BEFORE UPDATE OF id, created_at, source, external_id, source_updated_at, seq, kind, occurred_at, currency, amount_minor, actor_id, visibility, order_id ON order_events FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER order_events_blank_only BEFORE UPDATE ON order_events FOR EACH ROW WHEN (NEW.data IS NOT NULL AND NEW.data IS DISTINCT FROM OLD.data) EXECUTE FUNCTION refuse_change();
CREATE TRIGGER consents_append_only BEFORE UPDATE OF id, created_at, user_id, document_id, version, decision, locale, session_id ON consents FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER consents_blank_only BEFORE UPDATE ON consents FOR EACH ROW WHEN (NEW.ip IS NOT NULL AND NEW.ip IS DISTINCT FROM OLD.ip OR NEW.user_agent IS NOT NULL AND NEW.user_agent IS DISTINCT FROM OLD.user_agent) EXECUTE FUNCTION refuse_change();
CREATE TRIGGER consents_keep BEFORE DELETE ON consents FOR EACH ROW EXECUTE FUNCTION refuse_change();
