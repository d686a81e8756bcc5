-- +goose Up
-- The words by which orders are found, one row an order, kept in its own
-- transaction (internal/order/history). Go folds and stems them, so that both
-- databases find the same.
CREATE TABLE search_docs (
  object_id uuid NOT NULL PRIMARY KEY,
  kind text NOT NULL,
  owner_id uuid NOT NULL,
  placed_at timestamptz NOT NULL,
  words tsvector NOT NULL
);
-- without a pending list: a search never pays for the writes before it
CREATE INDEX search_docs_words ON search_docs USING gin (words) WITH (fastupdate = off);
CREATE INDEX search_docs_owner ON search_docs (owner_id);
-- what is found is sorted by when it was placed before its order is read
-- +goose StatementBegin
CREATE FUNCTION search_docs_placed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE search_docs SET placed_at = NEW.placed_at WHERE object_id = NEW.id;
  RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER orders_placed AFTER UPDATE OF placed_at ON orders FOR EACH ROW WHEN (OLD.placed_at <> NEW.placed_at) EXECUTE FUNCTION search_docs_placed();
