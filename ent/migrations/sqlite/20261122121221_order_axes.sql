-- +goose Up
-- create index "order_owner_id_status_placed_at_id" to table: "orders"
CREATE INDEX `order_owner_id_status_placed_at_id` ON `orders` (`owner_id`, `status`, `placed_at`, `id`);
-- create index "order_owner_id_payment_status_placed_at_id" to table: "orders"
CREATE INDEX `order_owner_id_payment_status_placed_at_id` ON `orders` (`owner_id`, `payment_status`, `placed_at`, `id`);
-- create index "order_owner_id_fulfillment_status_placed_at_id" to table: "orders"
CREATE INDEX `order_owner_id_fulfillment_status_placed_at_id` ON `orders` (`owner_id`, `fulfillment_status`, `placed_at`, `id`);
-- create index "order_owner_id_channel_placed_at_id" to table: "orders"
CREATE INDEX `order_owner_id_channel_placed_at_id` ON `orders` (`owner_id`, `channel`, `placed_at`, `id`);

