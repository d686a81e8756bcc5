-- +goose Up
-- The tables that hold what one or two hot statements touch: written by hand,
-- no ent type. internal/store alone reads and writes them.
CREATE TABLE streams (
  id uuid NOT NULL PRIMARY KEY,
  kind text NOT NULL,
  stream_seq integer NOT NULL DEFAULT 0,
  stream_oldest integer NOT NULL DEFAULT 0,
  CONSTRAINT streams_seq CHECK (stream_seq >= 0 AND stream_oldest >= 0)
);
CREATE TABLE account_events (
  stream_id uuid NOT NULL,
  seq integer NOT NULL,
  event_id uuid NOT NULL,
  kind text NOT NULL,
  subject_kind text NOT NULL,
  subject_id uuid NOT NULL,
  actor_id uuid NULL,
  visibility text NOT NULL,
  payload json NOT NULL,
  created_at datetime NOT NULL,
  relayed bool NOT NULL DEFAULT false,
  heard bool NOT NULL DEFAULT false,
  PRIMARY KEY (stream_id, seq)
);
CREATE INDEX account_events_unrelayed ON account_events (event_id) WHERE NOT relayed;
CREATE INDEX account_events_unheard ON account_events (event_id) WHERE NOT heard;
CREATE INDEX account_events_age ON account_events (created_at);
CREATE TABLE idempotencies (
  actor_id uuid NOT NULL,
  key text NOT NULL,
  operation text NOT NULL,
  input_hash text NOT NULL,
  result json NOT NULL,
  expires_at datetime NOT NULL,
  PRIMARY KEY (actor_id, key)
);
CREATE INDEX idempotencies_expiry ON idempotencies (expires_at);
CREATE TABLE rate_limits (
  key text NOT NULL PRIMARY KEY,
  count integer NOT NULL,
  window_at datetime NOT NULL,
  blocked_until_at datetime NULL
);
CREATE INDEX rate_limits_age ON rate_limits (window_at);
CREATE TABLE challenges (
  id uuid NOT NULL PRIMARY KEY,
  purpose text NOT NULL,
  user_id uuid NULL,
  session_id uuid NULL,
  secret_hash blob NOT NULL,
  data blob NULL,
  attempts integer NOT NULL DEFAULT 0,
  max_attempts integer NOT NULL,
  created_at datetime NOT NULL,
  expires_at datetime NOT NULL,
  consumed_at datetime NULL
);
CREATE INDEX challenges_user ON challenges (user_id, purpose);
CREATE INDEX challenges_expiry ON challenges (expires_at);
CREATE TABLE ledger_lot_moves (
  entry_id uuid NOT NULL,
  lot_id uuid NOT NULL,
  amount integer NOT NULL,
  PRIMARY KEY (entry_id, lot_id),
  CONSTRAINT ledger_lot_moves_amount CHECK (amount <> 0)
);
CREATE INDEX ledger_lot_moves_lot ON ledger_lot_moves (lot_id);
