-- +goose Up
-- create "addresses" table
CREATE TABLE `addresses` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `revision` integer NOT NULL DEFAULT (1), `owner_id` uuid NOT NULL, `user_id` uuid NULL, `kind` text NOT NULL DEFAULT ('ADDRESS'), `label` text NULL, `name` text NULL, `phone` text NULL, `country` text NULL, `lines` json NOT NULL, `city` text NULL, `region` text NULL, `postal_code` text NULL, `is_default` bool NOT NULL DEFAULT (false), `holder_id` uuid NULL, PRIMARY KEY (`id`));
-- create index "address_owner_id_id" to table: "addresses"
CREATE INDEX `address_owner_id_id` ON `addresses` (`owner_id`, `id`);
-- create index "address_one_default" to table: "addresses"
CREATE UNIQUE INDEX `address_one_default` ON `addresses` (`owner_id`, `kind`) WHERE is_default;
-- create "audit_entries" table
CREATE TABLE `audit_entries` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `owner_id` uuid NULL, `actor_id` uuid NULL, `actor_kind` text NOT NULL, `session_id` uuid NULL, `action` text NOT NULL, `subject_kind` text NULL, `subject_id` uuid NULL, `changes` json NULL, `ip` text NULL, `user_agent` text NULL, `request_id` text NULL, PRIMARY KEY (`id`));
-- create index "auditentry_owner_id_id" to table: "audit_entries"
CREATE INDEX `auditentry_owner_id_id` ON `audit_entries` (`owner_id`, `id`);
-- create index "auditentry_actor_id_id" to table: "audit_entries"
CREATE INDEX `auditentry_actor_id_id` ON `audit_entries` (`actor_id`, `id`);
-- create index "auditentry_subject_id_id" to table: "audit_entries"
CREATE INDEX `auditentry_subject_id_id` ON `audit_entries` (`subject_id`, `id`);
-- create "bonus_programs" table
CREATE TABLE `bonus_programs` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `key_id` uuid NOT NULL, `version` integer NOT NULL DEFAULT (1), `retired_at` datetime NULL, `name` text NOT NULL, `unit` text NOT NULL, `texts` json NOT NULL, `lot_policy` text NOT NULL DEFAULT ('ROLLING'), `lot_days` integer NULL, `pending_days` integer NOT NULL DEFAULT (0), `earn_on` text NOT NULL DEFAULT ('DELIVERED'), `earn_points` integer NOT NULL DEFAULT (0), `earn_per_minor` integer NOT NULL DEFAULT (100), `earn_currency` text NOT NULL DEFAULT ('GBP'), `return_policy` text NOT NULL DEFAULT ('UP_TO_BALANCE'), `is_default` bool NOT NULL DEFAULT (false), PRIMARY KEY (`id`), CONSTRAINT `bonus_programs_terms` CHECK (earn_points >= 0 AND earn_per_minor > 0 AND pending_days >= 0 AND (lot_days IS NULL OR lot_days > 0)));
-- create index "bonusprogram_key_id_version" to table: "bonus_programs"
CREATE UNIQUE INDEX `bonusprogram_key_id_version` ON `bonus_programs` (`key_id`, `version`);
-- create index "bonus_program_name_in_force" to table: "bonus_programs"
CREATE UNIQUE INDEX `bonus_program_name_in_force` ON `bonus_programs` (`name`) WHERE retired_at is null;
-- create index "bonus_program_one_default" to table: "bonus_programs"
CREATE UNIQUE INDEX `bonus_program_one_default` ON `bonus_programs` (`is_default`) WHERE is_default and retired_at is null;
-- create "companies" table
CREATE TABLE `companies` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `revision` integer NOT NULL DEFAULT (1), `source` text NULL, `external_id` text NULL, `source_updated_at` datetime NULL, `metadata` json NULL, `private_metadata` json NULL, `kind` text NOT NULL DEFAULT ('COMPANY'), `status` text NOT NULL DEFAULT ('ACTIVE'), `name` text NOT NULL, `legal_name` text NULL, `tax_id` text NULL, `parent_id` uuid NULL, PRIMARY KEY (`id`));
-- create index "company_source_external_id" to table: "companies"
CREATE UNIQUE INDEX `company_source_external_id` ON `companies` (`source`, `external_id`);
-- create index "company_tax_id" to table: "companies"
CREATE INDEX `company_tax_id` ON `companies` (`tax_id`);
-- create index "company_parent_id" to table: "companies"
CREATE INDEX `company_parent_id` ON `companies` (`parent_id`);
-- create "contact_points" table
CREATE TABLE `contact_points` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `kind` text NOT NULL, `value` text NOT NULL, `value_key` text NOT NULL, `verified_at` datetime NULL, `is_primary` bool NOT NULL DEFAULT (false), `user_id` uuid NOT NULL, PRIMARY KEY (`id`));
-- create index "contactpoint_user_id" to table: "contact_points"
CREATE INDEX `contactpoint_user_id` ON `contact_points` (`user_id`);
-- create index "contactpoint_kind_value_key" to table: "contact_points"
CREATE UNIQUE INDEX `contactpoint_kind_value_key` ON `contact_points` (`kind`, `value_key`);
-- create index "contact_point_one_primary" to table: "contact_points"
CREATE UNIQUE INDEX `contact_point_one_primary` ON `contact_points` (`user_id`, `kind`) WHERE is_primary;
-- create "identities" table
CREATE TABLE `identities` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `user_id` uuid NOT NULL, `kind` text NOT NULL, `issuer` text NOT NULL DEFAULT (''), `subject` text NOT NULL, `secret` blob NULL, `label` text NULL, `counter` integer NOT NULL DEFAULT (0), `must_change_by_at` datetime NULL, `last_used_at` datetime NULL, PRIMARY KEY (`id`));
-- create index "identity_user_id" to table: "identities"
CREATE INDEX `identity_user_id` ON `identities` (`user_id`);
-- create index "identity_kind_issuer_subject" to table: "identities"
CREATE UNIQUE INDEX `identity_kind_issuer_subject` ON `identities` (`kind`, `issuer`, `subject`);
-- create "ledger_accounts" table
CREATE TABLE `ledger_accounts` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `owner_id` uuid NOT NULL, `user_id` uuid NULL, `unit` text NOT NULL, `kind` text NOT NULL, `name` text NOT NULL DEFAULT (''), `number` text NULL, `program_id` uuid NULL, `lotted` bool NOT NULL DEFAULT (true), `active` integer NOT NULL DEFAULT (0), `pending` integer NOT NULL DEFAULT (0), `held` integer NOT NULL DEFAULT (0), `floor` integer NOT NULL DEFAULT (0), `seq` integer NOT NULL DEFAULT (0), `head_hash` blob NULL, `next_due_at` datetime NULL, PRIMARY KEY (`id`), CONSTRAINT `ledger_accounts_buckets` CHECK (active >= floor AND pending >= 0 AND held >= 0), CONSTRAINT `ledger_accounts_system` CHECK (kind <> 'SYSTEM' OR (active = 0 AND pending = 0 AND held = 0)));
-- create index "ledger_accounts_number_key" to table: "ledger_accounts"
CREATE UNIQUE INDEX `ledger_accounts_number_key` ON `ledger_accounts` (`number`);
-- create index "ledgeraccount_owner_id_id" to table: "ledger_accounts"
CREATE INDEX `ledgeraccount_owner_id_id` ON `ledger_accounts` (`owner_id`, `id`);
-- create index "ledgeraccount_owner_id_unit_kind_name" to table: "ledger_accounts"
CREATE UNIQUE INDEX `ledgeraccount_owner_id_unit_kind_name` ON `ledger_accounts` (`owner_id`, `unit`, `kind`, `name`);
-- create index "ledgeraccount_next_due_at" to table: "ledger_accounts"
CREATE INDEX `ledgeraccount_next_due_at` ON `ledger_accounts` (`next_due_at`);
-- create "ledger_entries" table
CREATE TABLE `ledger_entries` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `owner_id` uuid NOT NULL, `account_id` uuid NOT NULL, `seq` integer NOT NULL, `transfer_id` uuid NULL, `kind` text NOT NULL, `amount` integer NOT NULL, `bucket` text NOT NULL, `contra_id` uuid NOT NULL, `contra_bucket` text NOT NULL, `unit` text NOT NULL, `balance_after` integer NOT NULL, `parent_id` uuid NULL, `order_id` uuid NULL, `cause_key` text NOT NULL, `explain` json NULL, `note` text NULL, `actor_id` uuid NULL, `hash` blob NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `ledger_entries_amount` CHECK (amount <> 0), CONSTRAINT `ledger_entries_buckets` CHECK (bucket IN ('PENDING','ACTIVE','HELD') AND contra_bucket IN ('PENDING','ACTIVE','HELD')), CONSTRAINT `ledger_entries_pair` CHECK (account_id <> contra_id OR bucket <> contra_bucket));
-- create index "ledgerentry_account_id_seq" to table: "ledger_entries"
CREATE UNIQUE INDEX `ledgerentry_account_id_seq` ON `ledger_entries` (`account_id`, `seq`);
-- create index "ledgerentry_account_id_cause_key" to table: "ledger_entries"
CREATE UNIQUE INDEX `ledgerentry_account_id_cause_key` ON `ledger_entries` (`account_id`, `cause_key`);
-- create index "ledgerentry_account_id_id" to table: "ledger_entries"
CREATE INDEX `ledgerentry_account_id_id` ON `ledger_entries` (`account_id`, `id`);
-- create index "ledger_entry_one_reversal" to table: "ledger_entries"
CREATE UNIQUE INDEX `ledger_entry_one_reversal` ON `ledger_entries` (`parent_id`) WHERE kind = 'REVERSAL';
-- create index "ledgerentry_order_id" to table: "ledger_entries"
CREATE INDEX `ledgerentry_order_id` ON `ledger_entries` (`order_id`);
-- create index "ledgerentry_transfer_id" to table: "ledger_entries"
CREATE INDEX `ledgerentry_transfer_id` ON `ledger_entries` (`transfer_id`);
-- create index "ledgerentry_contra_id_id" to table: "ledger_entries"
CREATE INDEX `ledgerentry_contra_id_id` ON `ledger_entries` (`contra_id`, `id`);
-- create "ledger_lots" table
CREATE TABLE `ledger_lots` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `owner_id` uuid NOT NULL, `account_id` uuid NOT NULL, `entry_id` uuid NOT NULL, `bucket` text NOT NULL, `amount` integer NOT NULL, `remaining` integer NOT NULL, `due_at` datetime NULL, `origin_id` uuid NULL, PRIMARY KEY (`id`), CONSTRAINT `ledger_lots_remaining` CHECK (remaining >= 0 AND remaining <= amount));
-- create index "ledger_lot_open" to table: "ledger_lots"
CREATE INDEX `ledger_lot_open` ON `ledger_lots` (`account_id`, `bucket`, `due_at`, `id`) WHERE remaining > 0;
-- create index "ledgerlot_account_id_id" to table: "ledger_lots"
CREATE INDEX `ledgerlot_account_id_id` ON `ledger_lots` (`account_id`, `id`);
-- create "memberships" table
CREATE TABLE `memberships` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `revision` integer NOT NULL DEFAULT (1), `user_id` uuid NOT NULL, `owner_id` uuid NOT NULL, `kind` text NOT NULL, `role_id` uuid NOT NULL, `status` text NOT NULL DEFAULT ('ACTIVE'), `valid_until_at` datetime NULL, PRIMARY KEY (`id`));
-- create index "membership_user_id" to table: "memberships"
CREATE INDEX `membership_user_id` ON `memberships` (`user_id`);
-- create index "membership_user_id_owner_id" to table: "memberships"
CREATE UNIQUE INDEX `membership_user_id_owner_id` ON `memberships` (`user_id`, `owner_id`);
-- create index "membership_owner_id_status" to table: "memberships"
CREATE INDEX `membership_owner_id_status` ON `memberships` (`owner_id`, `status`);
-- create "notifications" table
CREATE TABLE `notifications` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `user_id` uuid NOT NULL, `event_id` uuid NOT NULL, `topic` text NOT NULL, `type` text NOT NULL, `severity` text NOT NULL DEFAULT ('INFO'), `title` text NOT NULL, `body` text NOT NULL, `data` json NULL, `subject_kind` text NULL, `subject_id` uuid NULL, `seen_at` datetime NULL, `read_at` datetime NULL, `archived_at` datetime NULL, PRIMARY KEY (`id`));
-- create index "notification_user_id" to table: "notifications"
CREATE INDEX `notification_user_id` ON `notifications` (`user_id`);
-- create index "notification_event_id_user_id_type" to table: "notifications"
CREATE UNIQUE INDEX `notification_event_id_user_id_type` ON `notifications` (`event_id`, `user_id`, `type`);
-- create index "notification_feed" to table: "notifications"
CREATE INDEX `notification_feed` ON `notifications` (`user_id`, `id`) WHERE archived_at is null;
-- create index "notification_unread" to table: "notifications"
CREATE INDEX `notification_unread` ON `notifications` (`user_id`, `topic`, `id`) WHERE read_at is null;
-- create index "notification_user_id_archived_at_id" to table: "notifications"
CREATE INDEX `notification_user_id_archived_at_id` ON `notifications` (`user_id`, `archived_at`, `id`);
-- create "orders" table
CREATE TABLE `orders` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `revision` integer NOT NULL DEFAULT (1), `owner_id` uuid NOT NULL, `user_id` uuid NULL, `source` text NULL, `external_id` text NULL, `source_updated_at` datetime NULL, `metadata` json NULL, `private_metadata` json NULL, `number` text NOT NULL, `status` text NOT NULL DEFAULT ('PLACED'), `payment_status` text NOT NULL DEFAULT ('PENDING'), `fulfillment_status` text NOT NULL DEFAULT ('NEW'), `channel` text NOT NULL DEFAULT ('ONLINE'), `currency` text NOT NULL, `subtotal_minor` integer NOT NULL, `discount_minor` integer NOT NULL DEFAULT (0), `shipping_minor` integer NOT NULL DEFAULT (0), `tax_minor` integer NOT NULL DEFAULT (0), `total_minor` integer NOT NULL, `paid_minor` integer NOT NULL DEFAULT (0), `refunded_minor` integer NOT NULL DEFAULT (0), `points_earned` integer NOT NULL DEFAULT (0), `points_spent` integer NOT NULL DEFAULT (0), `delivery` json NULL, `note` text NULL, `cancel_reason` text NULL, `cancel_note` text NULL, `placed_at` datetime NOT NULL, `cancelled_at` datetime NULL, `event_seq` integer NOT NULL DEFAULT (0), PRIMARY KEY (`id`), CONSTRAINT `orders_fulfillment` CHECK (fulfillment_status IN ('NEW','ASSEMBLING','SHIPPED','AT_PICKUP_POINT','DELIVERED','PARTIALLY_RETURNED','RETURNED')), CONSTRAINT `orders_paid` CHECK (refunded_minor >= 0 AND refunded_minor <= paid_minor), CONSTRAINT `orders_payment` CHECK (payment_status IN ('PENDING','AUTHORIZED','PAID','PARTIALLY_REFUNDED','REFUNDED')), CONSTRAINT `orders_points` CHECK (points_earned >= 0 AND points_spent >= 0), CONSTRAINT `orders_status` CHECK (status IN ('DRAFT','QUOTED','AWAITING_APPROVAL','PLACED','COMPLETED','CANCELLED')), CONSTRAINT `orders_total` CHECK (total_minor >= 0));
-- create index "orders_number_key" to table: "orders"
CREATE UNIQUE INDEX `orders_number_key` ON `orders` (`number`);
-- create index "order_owner_id_id" to table: "orders"
CREATE INDEX `order_owner_id_id` ON `orders` (`owner_id`, `id`);
-- create index "order_source_external_id" to table: "orders"
CREATE UNIQUE INDEX `order_source_external_id` ON `orders` (`source`, `external_id`);
-- create index "order_owner_id_placed_at_id" to table: "orders"
CREATE INDEX `order_owner_id_placed_at_id` ON `orders` (`owner_id`, `placed_at`, `id`);
-- create index "order_owner_id_total_minor_id" to table: "orders"
CREATE INDEX `order_owner_id_total_minor_id` ON `orders` (`owner_id`, `total_minor`, `id`);
-- create index "order_placed_at_id" to table: "orders"
CREATE INDEX `order_placed_at_id` ON `orders` (`placed_at`, `id`);
-- create index "order_status_placed_at_id" to table: "orders"
CREATE INDEX `order_status_placed_at_id` ON `orders` (`status`, `placed_at`, `id`);
-- create index "order_fulfillment_status_placed_at_id" to table: "orders"
CREATE INDEX `order_fulfillment_status_placed_at_id` ON `orders` (`fulfillment_status`, `placed_at`, `id`);
-- create "order_events" table
CREATE TABLE `order_events` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `owner_id` uuid NOT NULL, `source` text NULL, `external_id` text NULL, `source_updated_at` datetime NULL, `seq` integer NOT NULL, `kind` text NOT NULL, `occurred_at` datetime NOT NULL, `currency` text NOT NULL, `amount_minor` integer NOT NULL DEFAULT (0), `data` json NULL, `actor_id` uuid NULL, `visibility` text NOT NULL DEFAULT ('ALL'), `order_id` uuid NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `order_events_orders_events` FOREIGN KEY (`order_id`) REFERENCES `orders` (`id`) ON DELETE NO ACTION);
-- create index "orderevent_source_external_id" to table: "order_events"
CREATE UNIQUE INDEX `orderevent_source_external_id` ON `order_events` (`source`, `external_id`);
-- create index "orderevent_order_id_seq" to table: "order_events"
CREATE UNIQUE INDEX `orderevent_order_id_seq` ON `order_events` (`order_id`, `seq`);
-- create index "orderevent_order_id_id" to table: "order_events"
CREATE INDEX `orderevent_order_id_id` ON `order_events` (`order_id`, `id`);
-- create "order_lines" table
CREATE TABLE `order_lines` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `owner_id` uuid NOT NULL, `position` integer NOT NULL, `sku` text NOT NULL, `title` text NOT NULL, `category` text NULL, `image_url` text NULL, `url` text NULL, `quantity` integer NOT NULL, `currency` text NOT NULL, `unit_price_minor` integer NOT NULL, `discount_minor` integer NOT NULL DEFAULT (0), `tax_minor` integer NOT NULL DEFAULT (0), `total_minor` integer NOT NULL, `cancelled` integer NOT NULL DEFAULT (0), `shipped` integer NOT NULL DEFAULT (0), `returned` integer NOT NULL DEFAULT (0), `points` integer NOT NULL DEFAULT (0), `order_id` uuid NOT NULL, `product_id` uuid NULL, PRIMARY KEY (`id`), CONSTRAINT `order_lines_orders_lines` FOREIGN KEY (`order_id`) REFERENCES `orders` (`id`) ON DELETE NO ACTION, CONSTRAINT `order_lines_quantities` CHECK (quantity > 0 AND cancelled >= 0 AND shipped >= 0 AND returned >= 0 AND cancelled + returned <= quantity));
-- create index "orderline_order_id_position" to table: "order_lines"
CREATE UNIQUE INDEX `orderline_order_id_position` ON `order_lines` (`order_id`, `position`);
-- create index "orderline_product_id_order_id" to table: "order_lines"
CREATE INDEX `orderline_product_id_order_id` ON `order_lines` (`product_id`, `order_id`);
-- create "payments" table
CREATE TABLE `payments` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `owner_id` uuid NOT NULL, `source` text NULL, `external_id` text NULL, `source_updated_at` datetime NULL, `kind` text NOT NULL, `parent_id` uuid NULL, `status` text NOT NULL DEFAULT ('PENDING'), `currency` text NOT NULL, `amount_minor` integer NOT NULL, `refunded_minor` integer NOT NULL DEFAULT (0), `method` text NOT NULL, `provider` text NULL, `provider_ref` text NULL, `occurred_at` datetime NOT NULL, `order_id` uuid NULL, PRIMARY KEY (`id`), CONSTRAINT `payments_orders_payments` FOREIGN KEY (`order_id`) REFERENCES `orders` (`id`) ON DELETE SET NULL, CONSTRAINT `payments_amounts` CHECK (amount_minor > 0 AND refunded_minor >= 0 AND refunded_minor <= amount_minor));
-- create index "payment_source_external_id" to table: "payments"
CREATE UNIQUE INDEX `payment_source_external_id` ON `payments` (`source`, `external_id`);
-- create index "payment_provider_provider_ref" to table: "payments"
CREATE UNIQUE INDEX `payment_provider_provider_ref` ON `payments` (`provider`, `provider_ref`);
-- create index "payment_order_id" to table: "payments"
CREATE INDEX `payment_order_id` ON `payments` (`order_id`);
-- create index "payment_owner_id_id" to table: "payments"
CREATE INDEX `payment_owner_id_id` ON `payments` (`owner_id`, `id`);
-- create "products" table
CREATE TABLE `products` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `revision` integer NOT NULL DEFAULT (1), `source` text NULL, `external_id` text NULL, `source_updated_at` datetime NULL, `metadata` json NULL, `private_metadata` json NULL, `sku` text NOT NULL, `title` text NOT NULL, `category` text NULL, `image_url` text NULL, `url` text NULL, `price_minor` integer NOT NULL, `currency` text NOT NULL, `stock` integer NULL, `status` text NOT NULL DEFAULT ('ACTIVE'), PRIMARY KEY (`id`), CONSTRAINT `products_amounts` CHECK (price_minor >= 0 AND (stock IS NULL OR stock >= 0)));
-- create index "products_sku_key" to table: "products"
CREATE UNIQUE INDEX `products_sku_key` ON `products` (`sku`);
-- create index "product_source_external_id" to table: "products"
CREATE UNIQUE INDEX `product_source_external_id` ON `products` (`source`, `external_id`);
-- create index "product_status_id" to table: "products"
CREATE INDEX `product_status_id` ON `products` (`status`, `id`);
-- create "return_requests" table
CREATE TABLE `return_requests` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `revision` integer NOT NULL DEFAULT (1), `owner_id` uuid NOT NULL, `user_id` uuid NULL, `source` text NULL, `external_id` text NULL, `source_updated_at` datetime NULL, `number` text NOT NULL, `kind` text NOT NULL DEFAULT ('RETURN'), `status` text NOT NULL DEFAULT ('REQUESTED'), `lines` json NOT NULL, `currency` text NOT NULL, `amount_minor` integer NOT NULL, `requested_at` datetime NOT NULL, `decided_at` datetime NULL, `order_id` uuid NULL, PRIMARY KEY (`id`), CONSTRAINT `return_requests_orders_returns` FOREIGN KEY (`order_id`) REFERENCES `orders` (`id`) ON DELETE SET NULL, CONSTRAINT `return_requests_amount` CHECK (amount_minor >= 0));
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
-- create "roles" table
CREATE TABLE `roles` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `key_id` uuid NOT NULL, `version` integer NOT NULL DEFAULT (1), `retired_at` datetime NULL, `owner_id` uuid NOT NULL, `name` text NOT NULL, `audience` text NOT NULL, `permissions` json NOT NULL, PRIMARY KEY (`id`));
-- create index "role_key_id_version" to table: "roles"
CREATE UNIQUE INDEX `role_key_id_version` ON `roles` (`key_id`, `version`);
-- create index "role_name_in_force" to table: "roles"
CREATE UNIQUE INDEX `role_name_in_force` ON `roles` (`owner_id`, `name`) WHERE retired_at is null;
-- create "sessions" table
CREATE TABLE `sessions` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `user_id` uuid NOT NULL, `owner_id` uuid NOT NULL, `kind` text NOT NULL, `token_hash` blob NOT NULL, `aal` integer NOT NULL DEFAULT (1), `stepped_up_at` datetime NULL, `user_agent` text NULL, `ip` text NULL, `last_used_at` datetime NOT NULL, `expires_at` datetime NOT NULL, `revoked_at` datetime NULL, PRIMARY KEY (`id`));
-- create index "sessions_token_hash_key" to table: "sessions"
CREATE UNIQUE INDEX `sessions_token_hash_key` ON `sessions` (`token_hash`);
-- create index "session_user_id" to table: "sessions"
CREATE INDEX `session_user_id` ON `sessions` (`user_id`);
-- create index "session_expires_at" to table: "sessions"
CREATE INDEX `session_expires_at` ON `sessions` (`expires_at`);
-- create "settings" table
CREATE TABLE `settings` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `key_id` uuid NOT NULL, `version` integer NOT NULL DEFAULT (1), `retired_at` datetime NULL, `scope_id` uuid NOT NULL, `kind` text NOT NULL, `handle` text NOT NULL, `value` json NULL, PRIMARY KEY (`id`));
-- create index "setting_key_id_version" to table: "settings"
CREATE UNIQUE INDEX `setting_key_id_version` ON `settings` (`key_id`, `version`);
-- create index "setting_in_force" to table: "settings"
CREATE UNIQUE INDEX `setting_in_force` ON `settings` (`scope_id`, `kind`, `handle`) WHERE retired_at is null;
-- create "shipments" table
CREATE TABLE `shipments` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `owner_id` uuid NOT NULL, `source` text NULL, `external_id` text NULL, `source_updated_at` datetime NULL, `status` text NOT NULL DEFAULT ('PREPARING'), `carrier` text NULL, `tracking_number` text NULL, `tracking_url` text NULL, `promised_from_at` datetime NULL, `promised_to_at` datetime NULL, `shipped_at` datetime NULL, `received_at` datetime NULL, `order_id` uuid NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `shipments_orders_shipments` FOREIGN KEY (`order_id`) REFERENCES `orders` (`id`) ON DELETE NO ACTION);
-- create index "shipment_source_external_id" to table: "shipments"
CREATE UNIQUE INDEX `shipment_source_external_id` ON `shipments` (`source`, `external_id`);
-- create index "shipment_order_id" to table: "shipments"
CREATE INDEX `shipment_order_id` ON `shipments` (`order_id`);
-- create index "shipment_carrier_tracking_number" to table: "shipments"
CREATE INDEX `shipment_carrier_tracking_number` ON `shipments` (`carrier`, `tracking_number`);
-- create "tasks" table
CREATE TABLE `tasks` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `owner_id` uuid NOT NULL, `user_id` uuid NULL, `kind` text NOT NULL, `status` text NOT NULL DEFAULT ('WAITING'), `dedup_key` text NULL, `input` json NULL, `cursor` json NULL, `counts` json NULL, `total` integer NULL, `finished_at` datetime NULL, PRIMARY KEY (`id`));
-- create index "tasks_dedup_key_key" to table: "tasks"
CREATE UNIQUE INDEX `tasks_dedup_key_key` ON `tasks` (`dedup_key`);
-- create index "task_owner_id_id" to table: "tasks"
CREATE INDEX `task_owner_id_id` ON `tasks` (`owner_id`, `id`);
-- create index "task_status_kind" to table: "tasks"
CREATE INDEX `task_status_kind` ON `tasks` (`status`, `kind`);
-- create "tickets" table
CREATE TABLE `tickets` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `revision` integer NOT NULL DEFAULT (1), `owner_id` uuid NOT NULL, `user_id` uuid NULL, `source` text NULL, `external_id` text NULL, `source_updated_at` datetime NULL, `metadata` json NULL, `private_metadata` json NULL, `number` text NOT NULL, `kind` text NOT NULL DEFAULT ('QUESTION'), `subject` text NOT NULL, `status` text NOT NULL DEFAULT ('OPEN'), `status_reason` text NOT NULL DEFAULT ('NEW'), `priority` text NOT NULL DEFAULT ('NORMAL'), `channel` text NOT NULL DEFAULT ('ACCOUNT'), `locale` text NOT NULL DEFAULT ('en'), `order_id` uuid NULL, `entry_id` uuid NULL, `assignee_id` uuid NULL, `last_activity_at` datetime NOT NULL, `seq` integer NOT NULL DEFAULT (0), `public_seq` integer NOT NULL DEFAULT (0), `staff_seq` integer NOT NULL DEFAULT (0), `staff_read_seq` integer NOT NULL DEFAULT (0), `snoozed_until_at` datetime NULL, `closed_at` datetime NULL, `last_message_id` uuid NULL, PRIMARY KEY (`id`), CONSTRAINT `tickets_seq` CHECK (public_seq >= 0 AND staff_seq >= 0 AND staff_read_seq >= 0), CONSTRAINT `tickets_status` CHECK (status IN ('OPEN','SNOOZED','CLOSED')));
-- create index "tickets_number_key" to table: "tickets"
CREATE UNIQUE INDEX `tickets_number_key` ON `tickets` (`number`);
-- create index "ticket_owner_id_id" to table: "tickets"
CREATE INDEX `ticket_owner_id_id` ON `tickets` (`owner_id`, `id`);
-- create index "ticket_source_external_id" to table: "tickets"
CREATE UNIQUE INDEX `ticket_source_external_id` ON `tickets` (`source`, `external_id`);
-- create index "ticket_owner_id_last_activity_at_id" to table: "tickets"
CREATE INDEX `ticket_owner_id_last_activity_at_id` ON `tickets` (`owner_id`, `last_activity_at`, `id`);
-- create index "ticket_last_activity_at_id" to table: "tickets"
CREATE INDEX `ticket_last_activity_at_id` ON `tickets` (`last_activity_at`, `id`);
-- create index "ticket_status_last_activity_at_id" to table: "tickets"
CREATE INDEX `ticket_status_last_activity_at_id` ON `tickets` (`status`, `last_activity_at`, `id`);
-- create index "ticket_assignee_id_status_id" to table: "tickets"
CREATE INDEX `ticket_assignee_id_status_id` ON `tickets` (`assignee_id`, `status`, `id`);
-- create index "ticket_order_id" to table: "tickets"
CREATE INDEX `ticket_order_id` ON `tickets` (`order_id`);
-- create index "ticket_snoozed_until_at" to table: "tickets"
CREATE INDEX `ticket_snoozed_until_at` ON `tickets` (`snoozed_until_at`);
-- create "ticket_messages" table
CREATE TABLE `ticket_messages` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `owner_id` uuid NOT NULL, `source` text NULL, `external_id` text NULL, `source_updated_at` datetime NULL, `seq` integer NOT NULL, `client_id` text NULL, `kind` text NOT NULL DEFAULT ('MESSAGE'), `visibility` text NOT NULL DEFAULT ('ALL'), `author_id` uuid NULL, `author_kind` text NOT NULL, `author_name` text NOT NULL DEFAULT (''), `body` text NULL, `data` json NULL, `ticket_id` uuid NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `ticket_messages_tickets_messages` FOREIGN KEY (`ticket_id`) REFERENCES `tickets` (`id`) ON DELETE NO ACTION);
-- create index "ticketmessage_source_external_id" to table: "ticket_messages"
CREATE UNIQUE INDEX `ticketmessage_source_external_id` ON `ticket_messages` (`source`, `external_id`);
-- create index "ticketmessage_ticket_id_seq" to table: "ticket_messages"
CREATE UNIQUE INDEX `ticketmessage_ticket_id_seq` ON `ticket_messages` (`ticket_id`, `seq`);
-- create index "ticketmessage_ticket_id_id" to table: "ticket_messages"
CREATE INDEX `ticketmessage_ticket_id_id` ON `ticket_messages` (`ticket_id`, `id`);
-- create index "ticketmessage_ticket_id_author_id_client_id" to table: "ticket_messages"
CREATE UNIQUE INDEX `ticketmessage_ticket_id_author_id_client_id` ON `ticket_messages` (`ticket_id`, `author_id`, `client_id`);
-- create "ticket_participants" table
CREATE TABLE `ticket_participants` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `user_id` uuid NOT NULL, `owner_id` uuid NOT NULL, `role` text NOT NULL DEFAULT ('REQUESTER'), `read_seq` integer NOT NULL DEFAULT (0), `left_at` datetime NULL, `ticket_id` uuid NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `ticket_participants_tickets_participants` FOREIGN KEY (`ticket_id`) REFERENCES `tickets` (`id`) ON DELETE NO ACTION);
-- create index "ticketparticipant_user_id" to table: "ticket_participants"
CREATE INDEX `ticketparticipant_user_id` ON `ticket_participants` (`user_id`);
-- create index "ticketparticipant_ticket_id_user_id" to table: "ticket_participants"
CREATE UNIQUE INDEX `ticketparticipant_ticket_id_user_id` ON `ticket_participants` (`ticket_id`, `user_id`);
-- create "users" table
CREATE TABLE `users` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `revision` integer NOT NULL DEFAULT (1), `source` text NULL, `external_id` text NULL, `source_updated_at` datetime NULL, `metadata` json NULL, `private_metadata` json NULL, `kind` text NOT NULL DEFAULT ('PERSON'), `status` text NOT NULL DEFAULT ('PENDING'), `given_name` text NULL, `family_name` text NULL, `middle_name` text NULL, `display_name` text NOT NULL, `birth_on` text NULL, `locale` text NOT NULL DEFAULT ('en'), `time_zone` text NOT NULL DEFAULT ('UTC'), `stream_seq` integer NOT NULL DEFAULT (0), `stream_oldest` integer NOT NULL DEFAULT (0), `unread_count` integer NOT NULL DEFAULT (0), PRIMARY KEY (`id`), CONSTRAINT `users_stream` CHECK (stream_seq >= 0 AND stream_oldest >= 0), CONSTRAINT `users_unread_count` CHECK (unread_count >= 0));
-- create index "user_source_external_id" to table: "users"
CREATE UNIQUE INDEX `user_source_external_id` ON `users` (`source`, `external_id`);

