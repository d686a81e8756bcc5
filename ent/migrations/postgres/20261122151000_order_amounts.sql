-- +goose Up
-- create index "order_owner_id_currency_placed_at_id_total_minor" to table: "orders"
CREATE INDEX "order_owner_id_currency_placed_at_id_total_minor" ON "orders" ("owner_id", "currency", "placed_at", "id", "total_minor");

