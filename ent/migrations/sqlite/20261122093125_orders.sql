-- +goose Up
-- disable the enforcement of foreign-keys constraints
PRAGMA foreign_keys = off;
-- add column "guest" to table: "orders"
ALTER TABLE `orders` ADD COLUMN `guest` json NULL;
-- add column "repeat_of_id" to table: "orders"
ALTER TABLE `orders` ADD COLUMN `repeat_of_id` uuid NULL;
-- add column "payment_confirmed_at" to table: "orders"
ALTER TABLE `orders` ADD COLUMN `payment_confirmed_at` datetime NULL;
-- add column "assembling_at" to table: "orders"
ALTER TABLE `orders` ADD COLUMN `assembling_at` datetime NULL;
-- add column "shipped_at" to table: "orders"
ALTER TABLE `orders` ADD COLUMN `shipped_at` datetime NULL;
-- add column "received_at" to table: "orders"
ALTER TABLE `orders` ADD COLUMN `received_at` datetime NULL;
-- create "new_order_events" table
CREATE TABLE `new_order_events` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `owner_id` uuid NOT NULL, `source` text NULL, `external_id` text NULL, `source_updated_at` datetime NULL, `seq` integer NOT NULL, `kind` text NOT NULL, `occurred_at` datetime NOT NULL, `currency` text NOT NULL, `amount_minor` integer NOT NULL DEFAULT (0), `data` json NULL, `actor_id` uuid NULL, `visibility` text NOT NULL DEFAULT ('ALL'), `order_id` uuid NOT NULL, `shipment_id` uuid NULL, PRIMARY KEY (`id`), CONSTRAINT `order_events_orders_events` FOREIGN KEY (`order_id`) REFERENCES `orders` (`id`) ON DELETE NO ACTION);
-- copy rows from old table "order_events" to new temporary table "new_order_events"
INSERT INTO `new_order_events` (`id`, `created_at`, `owner_id`, `source`, `external_id`, `source_updated_at`, `seq`, `kind`, `occurred_at`, `currency`, `amount_minor`, `data`, `actor_id`, `visibility`, `order_id`) SELECT `id`, `created_at`, `owner_id`, `source`, `external_id`, `source_updated_at`, `seq`, `kind`, `occurred_at`, `currency`, `amount_minor`, `data`, `actor_id`, `visibility`, `order_id` FROM `order_events`;
-- drop "order_events" table after copying rows
DROP TABLE `order_events`;
-- rename temporary table "new_order_events" to "order_events"
ALTER TABLE `new_order_events` RENAME TO `order_events`;
-- create index "orderevent_source_external_id" to table: "order_events"
CREATE UNIQUE INDEX `orderevent_source_external_id` ON `order_events` (`source`, `external_id`);
-- create index "orderevent_order_id_seq" to table: "order_events"
CREATE UNIQUE INDEX `orderevent_order_id_seq` ON `order_events` (`order_id`, `seq`);
-- create index "orderevent_order_id_id" to table: "order_events"
CREATE INDEX `orderevent_order_id_id` ON `order_events` (`order_id`, `id`);
-- create index "orderevent_shipment_id_occurred_at_id" to table: "order_events"
CREATE INDEX `orderevent_shipment_id_occurred_at_id` ON `order_events` (`shipment_id`, `occurred_at`, `id`) WHERE shipment_id IS NOT NULL;
-- add column "method_id" to table: "payments"
ALTER TABLE `payments` ADD COLUMN `method_id` uuid NULL;
-- add column "url" to table: "payments"
ALTER TABLE `payments` ADD COLUMN `url` text NULL;
-- add column "return_url" to table: "payments"
ALTER TABLE `payments` ADD COLUMN `return_url` text NULL;
-- add column "failure" to table: "payments"
ALTER TABLE `payments` ADD COLUMN `failure` text NULL;
-- add column "expires_at" to table: "payments"
ALTER TABLE `payments` ADD COLUMN `expires_at` datetime NULL;
-- create index "payment_owner_id_occurred_at_id" to table: "payments"
CREATE INDEX `payment_owner_id_occurred_at_id` ON `payments` (`owner_id`, `occurred_at`, `id`);
-- create "new_products" table
CREATE TABLE `new_products` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `revision` integer NOT NULL DEFAULT (1), `source` text NULL, `external_id` text NULL, `source_updated_at` datetime NULL, `metadata` json NULL, `private_metadata` json NULL, `sku` text NOT NULL, `title` text NOT NULL, `category` text NULL, `image_url` text NULL, `url` text NULL, `price_minor` integer NOT NULL, `currency` text NOT NULL, `stock` integer NULL, `status` text NOT NULL DEFAULT ('ACTIVE'), `exclusive` bool NOT NULL DEFAULT (false), `released_at` datetime NULL, `rating_sum` integer NOT NULL DEFAULT (0), `rating_count` integer NOT NULL DEFAULT (0), PRIMARY KEY (`id`), CONSTRAINT `products_amounts` CHECK (price_minor >= 0 AND (stock IS NULL OR stock >= 0)), CONSTRAINT `products_rating` CHECK (rating_count >= 0 AND rating_sum >= rating_count AND rating_sum <= 5 * rating_count));
-- copy rows from old table "products" to new temporary table "new_products"
INSERT INTO `new_products` (`id`, `created_at`, `updated_at`, `revision`, `source`, `external_id`, `source_updated_at`, `metadata`, `private_metadata`, `sku`, `title`, `category`, `image_url`, `url`, `price_minor`, `currency`, `stock`, `status`) SELECT `id`, `created_at`, `updated_at`, `revision`, `source`, `external_id`, `source_updated_at`, `metadata`, `private_metadata`, `sku`, `title`, `category`, `image_url`, `url`, `price_minor`, `currency`, `stock`, `status` FROM `products`;
-- drop "products" table after copying rows
DROP TABLE `products`;
-- rename temporary table "new_products" to "products"
ALTER TABLE `new_products` RENAME TO `products`;
-- create index "products_sku_key" to table: "products"
CREATE UNIQUE INDEX `products_sku_key` ON `products` (`sku`);
-- create index "product_source_external_id" to table: "products"
CREATE UNIQUE INDEX `product_source_external_id` ON `products` (`source`, `external_id`);
-- create index "product_status_id" to table: "products"
CREATE INDEX `product_status_id` ON `products` (`status`, `id`);
-- create index "product_to_release" to table: "products"
CREATE INDEX `product_to_release` ON `products` (`released_at`) WHERE exclusive and released_at is not null;
-- create "new_return_requests" table
CREATE TABLE `new_return_requests` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `revision` integer NOT NULL DEFAULT (1), `owner_id` uuid NOT NULL, `user_id` uuid NULL, `source` text NULL, `external_id` text NULL, `source_updated_at` datetime NULL, `number` text NOT NULL, `kind` text NOT NULL DEFAULT ('RETURN'), `status` text NOT NULL DEFAULT ('REQUESTED'), `lines` json NOT NULL, `currency` text NOT NULL, `amount_minor` integer NOT NULL, `fee_minor` integer NOT NULL DEFAULT (0), `refund_to` text NOT NULL DEFAULT ('SOURCE'), `note` text NULL, `photos` json NULL, `carrier` text NULL, `tracking_number` text NULL, `label_url` text NULL, `reject_reason` json NULL, `decision_note` text NULL, `decided_by_id` uuid NULL, `exchange_order_id` uuid NULL, `received_at` datetime NULL, `refunded_at` datetime NULL, `requested_at` datetime NOT NULL, `decided_at` datetime NULL, `order_id` uuid NULL, PRIMARY KEY (`id`), CONSTRAINT `return_requests_orders_returns` FOREIGN KEY (`order_id`) REFERENCES `orders` (`id`) ON DELETE SET NULL, CONSTRAINT `return_requests_amount` CHECK (amount_minor >= 0 AND fee_minor >= 0));
-- copy rows from old table "return_requests" to new temporary table "new_return_requests"
INSERT INTO `new_return_requests` (`id`, `created_at`, `updated_at`, `revision`, `owner_id`, `user_id`, `source`, `external_id`, `source_updated_at`, `number`, `kind`, `status`, `lines`, `currency`, `amount_minor`, `requested_at`, `decided_at`, `order_id`) SELECT `id`, `created_at`, `updated_at`, `revision`, `owner_id`, `user_id`, `source`, `external_id`, `source_updated_at`, `number`, `kind`, `status`, `lines`, `currency`, `amount_minor`, `requested_at`, `decided_at`, `order_id` FROM `return_requests`;
-- drop "return_requests" table after copying rows
DROP TABLE `return_requests`;
-- rename temporary table "new_return_requests" to "return_requests"
ALTER TABLE `new_return_requests` RENAME TO `return_requests`;
-- create index "return_requests_number_key" to table: "return_requests"
CREATE UNIQUE INDEX `return_requests_number_key` ON `return_requests` (`number`);
-- create index "returnrequest_owner_id_id" to table: "return_requests"
CREATE INDEX `returnrequest_owner_id_id` ON `return_requests` (`owner_id`, `id`);
-- create index "returnrequest_source_external_id" to table: "return_requests"
CREATE UNIQUE INDEX `returnrequest_source_external_id` ON `return_requests` (`source`, `external_id`);
-- create index "returnrequest_owner_id_requested_at_id" to table: "return_requests"
CREATE INDEX `returnrequest_owner_id_requested_at_id` ON `return_requests` (`owner_id`, `requested_at`, `id`);
-- create index "returnrequest_order_id" to table: "return_requests"
CREATE INDEX `returnrequest_order_id` ON `return_requests` (`order_id`);
-- create index "returnrequest_status_id" to table: "return_requests"
CREATE INDEX `returnrequest_status_id` ON `return_requests` (`status`, `id`);
-- add column "point" to table: "shipments"
ALTER TABLE `shipments` ADD COLUMN `point` json NULL;
-- create "new_payment_notices" table
CREATE TABLE `new_payment_notices` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `provider` text NOT NULL, `webhook_id` text NOT NULL, `type` text NOT NULL, `outcome` text NOT NULL, `reference` text NULL, `amount` text NULL, `currency` text NULL, `top_up_id` uuid NULL, `payment_id` uuid NULL, `payload` json NOT NULL, `sent_at` datetime NOT NULL, PRIMARY KEY (`id`));
-- copy rows from old table "payment_notices" to new temporary table "new_payment_notices"
INSERT INTO `new_payment_notices` (`id`, `created_at`, `provider`, `webhook_id`, `type`, `outcome`, `reference`, `amount`, `currency`, `top_up_id`, `payload`, `sent_at`) SELECT `id`, `created_at`, `provider`, `webhook_id`, `type`, `outcome`, `reference`, `amount`, `currency`, `top_up_id`, `payload`, `sent_at` FROM `payment_notices`;
-- drop "payment_notices" table after copying rows
DROP TABLE `payment_notices`;
-- rename temporary table "new_payment_notices" to "payment_notices"
ALTER TABLE `new_payment_notices` RENAME TO `payment_notices`;
-- create index "paymentnotice_provider_webhook_id" to table: "payment_notices"
CREATE UNIQUE INDEX `paymentnotice_provider_webhook_id` ON `payment_notices` (`provider`, `webhook_id`);
-- create index "paymentnotice_outcome_id" to table: "payment_notices"
CREATE INDEX `paymentnotice_outcome_id` ON `payment_notices` (`outcome`, `id`);
-- create index "paymentnotice_top_up_id" to table: "payment_notices"
CREATE INDEX `paymentnotice_top_up_id` ON `payment_notices` (`top_up_id`);
-- create index "paymentnotice_payment_id" to table: "payment_notices"
CREATE INDEX `paymentnotice_payment_id` ON `payment_notices` (`payment_id`);
-- create index "topup_owner_id_created_at_id" to table: "top_ups"
CREATE INDEX `topup_owner_id_created_at_id` ON `top_ups` (`owner_id`, `created_at`, `id`);
-- create "list_items" table
CREATE TABLE `list_items` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `owner_id` uuid NOT NULL, `position` integer NOT NULL, `quantity` integer NOT NULL, `price_seen_minor` integer NOT NULL, `currency` text NOT NULL, `product_id` uuid NULL, `list_id` uuid NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `list_items_price` CHECK (price_seen_minor >= 0), CONSTRAINT `list_items_product` CHECK (product_id IS NOT NULL), CONSTRAINT `list_items_quantity` CHECK (quantity > 0));
-- create index "listitem_list_id_product_id" to table: "list_items"
CREATE UNIQUE INDEX `listitem_list_id_product_id` ON `list_items` (`list_id`, `product_id`);
-- create "product_admissions" table
CREATE TABLE `product_admissions` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `product_id` uuid NOT NULL, `kind` text NOT NULL, `subject_id` uuid NULL, PRIMARY KEY (`id`), CONSTRAINT `product_admissions_whom` CHECK ((kind = 'EVERYONE_SIGNED_IN') = (subject_id IS NULL)));
-- create index "productadmission_product_id_kind_subject_id" to table: "product_admissions"
CREATE UNIQUE INDEX `productadmission_product_id_kind_subject_id` ON `product_admissions` (`product_id`, `kind`, `subject_id`);
-- create "reasons" table
CREATE TABLE `reasons` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `key_id` uuid NOT NULL, `version` integer NOT NULL DEFAULT (1), `retired_at` datetime NULL, `kind` text NOT NULL, `handle` text NOT NULL, `texts` json NOT NULL, `position` integer NOT NULL DEFAULT (0), `categories` json NULL, `fee_basis_points` integer NOT NULL DEFAULT (0), `photo_required` bool NOT NULL DEFAULT (false), PRIMARY KEY (`id`), CONSTRAINT `reasons_fee` CHECK (fee_basis_points >= 0 AND fee_basis_points <= 10000), CONSTRAINT `reasons_kind` CHECK (kind IN ('CANCEL','RETURN','REFUSE')));
-- create index "reason_key_id_version" to table: "reasons"
CREATE UNIQUE INDEX `reason_key_id_version` ON `reasons` (`key_id`, `version`);
-- create index "reason_in_force" to table: "reasons"
CREATE UNIQUE INDEX `reason_in_force` ON `reasons` (`kind`, `handle`) WHERE retired_at is null;
-- create "reviews" table
CREATE TABLE `reviews` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `revision` integer NOT NULL DEFAULT (1), `user_id` uuid NOT NULL, `order_line_id` uuid NOT NULL, `rating` integer NOT NULL, `title` text NULL, `body` text NULL, `author_name` text NULL, `status` text NOT NULL DEFAULT ('PENDING'), `reject_reason` text NULL, `written_at` datetime NOT NULL, `published_at` datetime NULL, `product_id` uuid NULL, PRIMARY KEY (`id`), CONSTRAINT `reviews_product` CHECK (product_id IS NOT NULL), CONSTRAINT `reviews_rating` CHECK (rating BETWEEN 1 AND 5), CONSTRAINT `reviews_status` CHECK (status IN ('PENDING','PUBLISHED','REJECTED')));
-- create index "review_user_id" to table: "reviews"
CREATE INDEX `review_user_id` ON `reviews` (`user_id`);
-- create index "review_user_id_product_id" to table: "reviews"
CREATE UNIQUE INDEX `review_user_id_product_id` ON `reviews` (`user_id`, `product_id`);
-- create index "review_user_id_id" to table: "reviews"
CREATE INDEX `review_user_id_id` ON `reviews` (`user_id`, `id`);
-- create index "review_product_id_status_id" to table: "reviews"
CREATE INDEX `review_product_id_status_id` ON `reviews` (`product_id`, `status`, `id`);
-- create index "review_status_id" to table: "reviews"
CREATE INDEX `review_status_id` ON `reviews` (`status`, `id`);
-- create "shopping_lists" table
CREATE TABLE `shopping_lists` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `revision` integer NOT NULL DEFAULT (1), `owner_id` uuid NOT NULL, `user_id` uuid NULL, `kind` text NOT NULL DEFAULT ('SHOPPING'), `name` text NOT NULL DEFAULT (''), `for_id` uuid NULL, PRIMARY KEY (`id`), CONSTRAINT `shopping_lists_for` CHECK ((kind = 'CART') = (for_id IS NOT NULL)));
-- create index "shoppinglist_owner_id_id" to table: "shopping_lists"
CREATE INDEX `shoppinglist_owner_id_id` ON `shopping_lists` (`owner_id`, `id`);
-- create index "shopping_list_one_cart" to table: "shopping_lists"
CREATE UNIQUE INDEX `shopping_list_one_cart` ON `shopping_lists` (`owner_id`, `for_id`) WHERE kind = 'CART';
-- create "viewed_products" table
CREATE TABLE `viewed_products` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `user_id` uuid NOT NULL, `viewed_at` datetime NOT NULL, `product_id` uuid NULL, PRIMARY KEY (`id`), CONSTRAINT `viewed_products_product` CHECK (product_id IS NOT NULL));
-- create index "viewedproduct_user_id" to table: "viewed_products"
CREATE INDEX `viewedproduct_user_id` ON `viewed_products` (`user_id`);
-- create index "viewedproduct_user_id_product_id" to table: "viewed_products"
CREATE UNIQUE INDEX `viewedproduct_user_id_product_id` ON `viewed_products` (`user_id`, `product_id`);
-- create index "viewedproduct_user_id_viewed_at_id" to table: "viewed_products"
CREATE INDEX `viewedproduct_user_id_viewed_at_id` ON `viewed_products` (`user_id`, `viewed_at`, `id`);
-- create "webhook_deliveries" table
CREATE TABLE `webhook_deliveries` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `event_id` uuid NOT NULL, `kind` text NOT NULL, `subject_kind` text NOT NULL, `subject_id` uuid NOT NULL, `occurred_at` datetime NOT NULL, `payload` json NOT NULL, `test` bool NOT NULL DEFAULT (false), `status` text NOT NULL DEFAULT ('QUEUED'), `attempts` json NOT NULL, `round` integer NOT NULL DEFAULT (1), `due_at` datetime NULL, `delivered_at` datetime NULL, `endpoint_id` uuid NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `webhook_deliveries_due` CHECK ((status IN ('QUEUED', 'FAILED')) = (due_at IS NOT NULL)), CONSTRAINT `webhook_deliveries_ok` CHECK ((status = 'DELIVERED') = (delivered_at IS NOT NULL)));
-- create index "webhookdelivery_endpoint_id_event_id" to table: "webhook_deliveries"
CREATE UNIQUE INDEX `webhookdelivery_endpoint_id_event_id` ON `webhook_deliveries` (`endpoint_id`, `event_id`);
-- create index "webhookdelivery_event_id_id" to table: "webhook_deliveries"
CREATE INDEX `webhookdelivery_event_id_id` ON `webhook_deliveries` (`event_id`, `id`);
-- create index "webhookdelivery_status_event_id" to table: "webhook_deliveries"
CREATE INDEX `webhookdelivery_status_event_id` ON `webhook_deliveries` (`status`, `event_id`);
-- create index "webhookdelivery_subject_id" to table: "webhook_deliveries"
CREATE INDEX `webhookdelivery_subject_id` ON `webhook_deliveries` (`subject_id`);
-- create index "webhook_delivery_held" to table: "webhook_deliveries"
CREATE INDEX `webhook_delivery_held` ON `webhook_deliveries` (`endpoint_id`, `id`) WHERE status = 'HELD';
-- create "webhook_endpoints" table
CREATE TABLE `webhook_endpoints` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `revision` integer NOT NULL DEFAULT (1), `name` text NOT NULL, `address` text NOT NULL, `address_key` text NOT NULL, `events` json NOT NULL, `selection` text NULL, `role_id` uuid NOT NULL, `saved_by_id` uuid NOT NULL, `secrets` blob NOT NULL, `former_secret_ends_at` datetime NULL, `status` text NOT NULL DEFAULT ('ACTIVE'), `status_reason` text NULL, `failures` integer NOT NULL DEFAULT (0), `failing_since_at` datetime NULL, `last_ok_at` datetime NULL, PRIMARY KEY (`id`), CONSTRAINT `webhook_endpoints_failures` CHECK (failures >= 0), CONSTRAINT `webhook_endpoints_reason` CHECK ((status = 'ACTIVE') = (status_reason IS NULL)));
-- create index "webhook_endpoints_address_key_key" to table: "webhook_endpoints"
CREATE UNIQUE INDEX `webhook_endpoints_address_key_key` ON `webhook_endpoints` (`address_key`);
-- create "wishlist_items" table
CREATE TABLE `wishlist_items` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `user_id` uuid NOT NULL, `price_seen_minor` integer NOT NULL, `currency` text NOT NULL, `price_drop` bool NOT NULL DEFAULT (true), `back_in_stock` bool NOT NULL DEFAULT (true), `price_told_minor` integer NOT NULL, `stock_told_at` datetime NULL, `product_id` uuid NULL, PRIMARY KEY (`id`), CONSTRAINT `wishlist_items_price` CHECK (price_seen_minor >= 0 AND price_told_minor >= 0), CONSTRAINT `wishlist_items_product` CHECK (product_id IS NOT NULL));
-- create index "wishlistitem_user_id" to table: "wishlist_items"
CREATE INDEX `wishlistitem_user_id` ON `wishlist_items` (`user_id`);
-- create index "wishlistitem_user_id_product_id" to table: "wishlist_items"
CREATE UNIQUE INDEX `wishlistitem_user_id_product_id` ON `wishlist_items` (`user_id`, `product_id`);
-- create index "wishlistitem_user_id_id" to table: "wishlist_items"
CREATE INDEX `wishlistitem_user_id_id` ON `wishlist_items` (`user_id`, `id`);
-- create index "wishlistitem_product_id_id" to table: "wishlist_items"
CREATE INDEX `wishlistitem_product_id_id` ON `wishlist_items` (`product_id`, `id`);
-- enable back the enforcement of foreign-keys constraints
PRAGMA foreign_keys = on;

