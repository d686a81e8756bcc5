-- +goose Up
-- The words by which orders are found, one row an order, kept in its own
-- transaction (internal/order/history). Go folds and stems them, so that both
-- databases find the same.
CREATE TABLE search_docs (
  id integer NOT NULL PRIMARY KEY AUTOINCREMENT,
  object_id uuid NOT NULL UNIQUE,
  kind text NOT NULL,
  owner_id uuid NOT NULL,
  placed_at datetime NOT NULL,
  words text NOT NULL
);
CREATE INDEX search_docs_owner ON search_docs (owner_id);
-- A row of the index is the second in which the order was placed and, in its
-- last 30 bits, the id above: what matches comes sorted, and the newest can be
-- had without the rest. ascii: every byte past ASCII belongs to a word, so that
-- words stay as Go cut them.
CREATE VIRTUAL TABLE search_words USING fts5(words, content='', tokenize='ascii', columnsize=0, detail=none);
-- +goose StatementBegin
CREATE TRIGGER search_docs_insert AFTER INSERT ON search_docs BEGIN INSERT INTO search_words (rowid, words) VALUES ((max(0, min(unixepoch(substr(NEW.placed_at, 1, 19)), 8589934591)) << 30) | NEW.id, NEW.words); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER search_docs_delete AFTER DELETE ON search_docs BEGIN INSERT INTO search_words (search_words, rowid, words) VALUES ('delete', (max(0, min(unixepoch(substr(OLD.placed_at, 1, 19)), 8589934591)) << 30) | OLD.id, OLD.words); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER search_docs_update AFTER UPDATE OF words, placed_at ON search_docs BEGIN INSERT INTO search_words (search_words, rowid, words) VALUES ('delete', (max(0, min(unixepoch(substr(OLD.placed_at, 1, 19)), 8589934591)) << 30) | OLD.id, OLD.words); INSERT INTO search_words (rowid, words) VALUES ((max(0, min(unixepoch(substr(NEW.placed_at, 1, 19)), 8589934591)) << 30) | NEW.id, NEW.words); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER orders_placed AFTER UPDATE OF placed_at ON orders WHEN OLD.placed_at <> NEW.placed_at BEGIN UPDATE search_docs SET placed_at = NEW.placed_at WHERE object_id = NEW.id; END;
-- +goose StatementEnd
