-- +goose Up
-- drop index "delivery_digest" from table: "deliveries"
DROP INDEX "delivery_digest";
-- drop index "delivery_due" from table: "deliveries"
DROP INDEX "delivery_due";
-- modify "deliveries" table
ALTER TABLE "deliveries" ADD COLUMN "asked_at" timestamptz NULL;
-- create index "delivery_digest" to table: "deliveries"
CREATE INDEX "delivery_digest" ON "deliveries" ("user_id", "digest_key") WHERE (digest_key IS NOT NULL);
-- create index "delivery_due" to table: "deliveries"
CREATE INDEX "delivery_due" ON "deliveries" ("due_at") WHERE (due_at IS NOT NULL);
-- create index "messenger_link_ended" to table: "messenger_links"
CREATE INDEX "messenger_link_ended" ON "messenger_links" ("ended_at") WHERE (ended_at IS NOT NULL);
-- create index "push_endpoint_ended" to table: "push_endpoints"
CREATE INDEX "push_endpoint_ended" ON "push_endpoints" ("ended_at") WHERE (ended_at IS NOT NULL);
