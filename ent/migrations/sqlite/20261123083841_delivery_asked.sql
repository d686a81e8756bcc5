-- +goose Up
-- disable the enforcement of foreign-keys constraints
PRAGMA foreign_keys = off;
-- create "new_deliveries" table
CREATE TABLE `new_deliveries` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `user_id` uuid NOT NULL, `notification_id` uuid NOT NULL, `type` text NOT NULL, `channel` text NOT NULL, `endpoint_id` uuid NOT NULL, `status` text NOT NULL DEFAULT ('QUEUED'), `status_reason` text NULL, `provider` text NULL, `provider_ref` text NULL, `attempts` json NOT NULL, `round` integer NOT NULL DEFAULT (1), `tries` integer NOT NULL DEFAULT (0), `asked_at` datetime NULL, `step` integer NOT NULL DEFAULT (0), `digest_key` text NULL, `sent_with_id` uuid NULL, `required` bool NOT NULL DEFAULT (false), `test` bool NOT NULL DEFAULT (false), `due_at` datetime NULL, `expires_at` datetime NULL, `sent_at` datetime NULL, `delivered_at` datetime NULL, `opened_at` datetime NULL, `clicked_at` datetime NULL, PRIMARY KEY (`id`), CONSTRAINT `deliveries_due` CHECK ((status IN ('HELD', 'QUEUED', 'FAILED')) = (due_at IS NOT NULL)));
-- copy rows from old table "deliveries" to new temporary table "new_deliveries"
INSERT INTO `new_deliveries` (`id`, `created_at`, `updated_at`, `user_id`, `notification_id`, `type`, `channel`, `endpoint_id`, `status`, `status_reason`, `provider`, `provider_ref`, `attempts`, `round`, `tries`, `step`, `digest_key`, `sent_with_id`, `required`, `test`, `due_at`, `expires_at`, `sent_at`, `delivered_at`, `opened_at`, `clicked_at`) SELECT `id`, `created_at`, `updated_at`, `user_id`, `notification_id`, `type`, `channel`, `endpoint_id`, `status`, `status_reason`, `provider`, `provider_ref`, `attempts`, `round`, `tries`, `step`, `digest_key`, `sent_with_id`, `required`, `test`, `due_at`, `expires_at`, `sent_at`, `delivered_at`, `opened_at`, `clicked_at` FROM `deliveries`;
-- drop "deliveries" table after copying rows
DROP TABLE `deliveries`;
-- rename temporary table "new_deliveries" to "deliveries"
ALTER TABLE `new_deliveries` RENAME TO `deliveries`;
-- create index "delivery_user_id" to table: "deliveries"
CREATE INDEX `delivery_user_id` ON `deliveries` (`user_id`);
-- create index "delivery_notification_id_channel_endpoint_id" to table: "deliveries"
CREATE UNIQUE INDEX `delivery_notification_id_channel_endpoint_id` ON `deliveries` (`notification_id`, `channel`, `endpoint_id`);
-- create index "delivery_digest" to table: "deliveries"
CREATE INDEX `delivery_digest` ON `deliveries` (`user_id`, `digest_key`) WHERE digest_key is not null;
-- create index "delivery_throttle" to table: "deliveries"
CREATE INDEX `delivery_throttle` ON `deliveries` (`user_id`, `type`, `channel`, `created_at`);
-- create index "delivery_due" to table: "deliveries"
CREATE INDEX `delivery_due` ON `deliveries` (`due_at`) WHERE due_at is not null;
-- create index "delivery_status_id" to table: "deliveries"
CREATE INDEX `delivery_status_id` ON `deliveries` (`status`, `id`);
-- create index "delivery_provider_ref" to table: "deliveries"
CREATE INDEX `delivery_provider_ref` ON `deliveries` (`channel`, `provider_ref`) WHERE provider_ref is not null;
-- create index "delivery_old" to table: "deliveries"
CREATE INDEX `delivery_old` ON `deliveries` (`created_at`);
-- create index "messenger_link_ended" to table: "messenger_links"
CREATE INDEX `messenger_link_ended` ON `messenger_links` (`ended_at`) WHERE ended_at is not null;
-- create index "push_endpoint_ended" to table: "push_endpoints"
CREATE INDEX `push_endpoint_ended` ON `push_endpoints` (`ended_at`) WHERE ended_at is not null;
-- enable back the enforcement of foreign-keys constraints
PRAGMA foreign_keys = on;

