-- +goose Up
-- Books that are only ever added to. The exceptions: the owner of an order's
-- events (a guest order that is claimed) and the traces of an erased person.
-- +goose StatementBegin
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
-- +goose StatementEnd
CREATE TRIGGER ledger_entries_append_only BEFORE UPDATE ON ledger_entries FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER ledger_entries_keep BEFORE DELETE ON ledger_entries FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER ledger_lot_moves_append_only BEFORE UPDATE ON ledger_lot_moves FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER ledger_lot_moves_keep BEFORE DELETE ON ledger_lot_moves FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_entries_append_only BEFORE UPDATE OF id, created_at, owner_id, actor_id, actor_kind, session_id, action, subject_kind, subject_id, changes, request_id ON audit_entries FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_entries_keep BEFORE DELETE ON audit_entries FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER order_events_append_only BEFORE UPDATE OF id, created_at, source, external_id, source_updated_at, seq, kind, occurred_at, currency, amount_minor, data, actor_id, visibility, order_id ON order_events FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER order_events_keep BEFORE DELETE ON order_events FOR EACH ROW EXECUTE FUNCTION refuse_change();
