-- +goose Up
-- drop index "identity_one_per_kind" from table: "identities"
DROP INDEX "identity_one_per_kind";
-- create index "identity_one_per_kind" to table: "identities"
CREATE UNIQUE INDEX "identity_one_per_kind" ON "identities" ("user_id", "kind") WHERE ((kind)::text = ANY ((ARRAY['PASSWORD'::character varying, 'TOTP'::character varying])::text[]));

