-- +goose Up
-- disable the enforcement of foreign-keys constraints
PRAGMA foreign_keys = off;
-- create "new_notifications" table
CREATE TABLE `new_notifications` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `user_id` uuid NOT NULL, `event_id` uuid NOT NULL, `topic` text NOT NULL, `type` text NOT NULL, `severity` text NOT NULL DEFAULT ('INFO'), `title` text NOT NULL, `body` text NOT NULL, `data` json NULL, `params` json NULL, `subject_kind` text NULL, `subject_id` uuid NULL, `seen_at` datetime NULL, `read_at` datetime NULL, `archived_at` datetime NULL, `snoozed_until_at` datetime NULL, `interacted_at` datetime NULL, `group_key` text NULL, `url` text NULL, `actions` json NULL, `completed_action` text NULL, `completed_at` datetime NULL, `broadcast_id` uuid NULL, `sender_id` uuid NULL, PRIMARY KEY (`id`), CONSTRAINT `notifications_snoozed` CHECK (snoozed_until_at IS NULL OR archived_at IS NULL));
-- copy rows from old table "notifications" to new temporary table "new_notifications"
INSERT INTO `new_notifications` (`id`, `created_at`, `updated_at`, `user_id`, `event_id`, `topic`, `type`, `severity`, `title`, `body`, `data`, `subject_kind`, `subject_id`, `seen_at`, `read_at`, `archived_at`) SELECT `id`, `created_at`, `updated_at`, `user_id`, `event_id`, `topic`, `type`, `severity`, `title`, `body`, `data`, `subject_kind`, `subject_id`, `seen_at`, `read_at`, `archived_at` FROM `notifications`;
-- drop "notifications" table after copying rows
DROP TABLE `notifications`;
-- rename temporary table "new_notifications" to "notifications"
ALTER TABLE `new_notifications` RENAME TO `notifications`;
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
-- create index "notification_snoozed" to table: "notifications"
CREATE INDEX `notification_snoozed` ON `notifications` (`snoozed_until_at`) WHERE snoozed_until_at is not null;
-- create index "notification_old" to table: "notifications"
CREATE INDEX `notification_old` ON `notifications` (`created_at`);
-- create index "notification_group" to table: "notifications"
CREATE INDEX `notification_group` ON `notifications` (`user_id`, `group_key`, `id`) WHERE group_key is not null;
-- create index "notification_broadcast" to table: "notifications"
CREATE INDEX `notification_broadcast` ON `notifications` (`broadcast_id`) WHERE broadcast_id is not null;
-- add column "notify" to table: "users"
ALTER TABLE `users` ADD COLUMN `notify` json NULL;
-- create "announcements" table
CREATE TABLE `announcements` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `revision` integer NOT NULL DEFAULT (1), `severity` text NOT NULL DEFAULT ('INFO'), `audience` text NOT NULL DEFAULT ('CUSTOMERS'), `texts` json NOT NULL, `url` text NULL, `dismissible` bool NOT NULL DEFAULT (true), `starts_at` datetime NOT NULL, `ends_at` datetime NULL, `told_at` datetime NULL, `told_over` bool NOT NULL DEFAULT (false), `withdrawn_at` datetime NULL, `saved_by_id` uuid NULL, PRIMARY KEY (`id`));
-- create index "announcement_starts_at" to table: "announcements"
CREATE INDEX `announcement_starts_at` ON `announcements` (`starts_at`);
-- create index "announcement_ends_at" to table: "announcements"
CREATE INDEX `announcement_ends_at` ON `announcements` (`ends_at`);
-- create "announcement_marks" table
CREATE TABLE `announcement_marks` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `user_id` uuid NOT NULL, `read_at` datetime NULL, `dismissed_at` datetime NULL, `announcement_id` uuid NOT NULL, PRIMARY KEY (`id`));
-- create index "announcementmark_user_id" to table: "announcement_marks"
CREATE INDEX `announcementmark_user_id` ON `announcement_marks` (`user_id`);
-- create index "announcementmark_announcement_id_user_id" to table: "announcement_marks"
CREATE UNIQUE INDEX `announcementmark_announcement_id_user_id` ON `announcement_marks` (`announcement_id`, `user_id`);
-- create "article_seekers" table
CREATE TABLE `article_seekers` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `user_id` uuid NOT NULL, `words` text NOT NULL, `sought_at` datetime NOT NULL, PRIMARY KEY (`id`));
-- create index "articleseeker_user_id" to table: "article_seekers"
CREATE INDEX `articleseeker_user_id` ON `article_seekers` (`user_id`);
-- create index "articleseeker_user_id_words" to table: "article_seekers"
CREATE UNIQUE INDEX `articleseeker_user_id_words` ON `article_seekers` (`user_id`, `words`);
-- create index "articleseeker_user_id_sought_at_id" to table: "article_seekers"
CREATE INDEX `articleseeker_user_id_sought_at_id` ON `article_seekers` (`user_id`, `sought_at`, `id`);
-- create "broadcasts" table
CREATE TABLE `broadcasts` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `revision` integer NOT NULL DEFAULT (1), `name` text NOT NULL, `type` text NOT NULL, `segment_id` uuid NULL, `filter` json NOT NULL, `severity` text NOT NULL DEFAULT ('INFO'), `texts` json NOT NULL, `url` text NULL, `actions` json NULL, `channels` json NULL, `status` text NOT NULL DEFAULT ('DRAFT'), `starts_at` datetime NULL, `began_at` datetime NULL, `ended_at` datetime NULL, `total` integer NULL, `done` integer NOT NULL DEFAULT (0), `skipped` integer NOT NULL DEFAULT (0), `reached` uuid NULL, `saved_by_id` uuid NULL, PRIMARY KEY (`id`), CONSTRAINT `broadcasts_counts` CHECK (done >= 0 AND skipped >= 0));
-- create index "broadcast_status_id" to table: "broadcasts"
CREATE INDEX `broadcast_status_id` ON `broadcasts` (`status`, `id`);
-- create index "broadcast_due" to table: "broadcasts"
CREATE INDEX `broadcast_due` ON `broadcasts` (`starts_at`) WHERE status in ('SCHEDULED', 'RUNNING');
-- create "deliveries" table
CREATE TABLE `deliveries` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `user_id` uuid NOT NULL, `notification_id` uuid NOT NULL, `type` text NOT NULL, `channel` text NOT NULL, `endpoint_id` uuid NOT NULL, `status` text NOT NULL DEFAULT ('QUEUED'), `status_reason` text NULL, `provider` text NULL, `provider_ref` text NULL, `attempts` json NOT NULL, `round` integer NOT NULL DEFAULT (1), `tries` integer NOT NULL DEFAULT (0), `step` integer NOT NULL DEFAULT (0), `digest_key` text NULL, `sent_with_id` uuid NULL, `required` bool NOT NULL DEFAULT (false), `test` bool NOT NULL DEFAULT (false), `due_at` datetime NULL, `expires_at` datetime NULL, `sent_at` datetime NULL, `delivered_at` datetime NULL, `opened_at` datetime NULL, `clicked_at` datetime NULL, PRIMARY KEY (`id`), CONSTRAINT `deliveries_due` CHECK ((status IN ('HELD', 'QUEUED', 'FAILED')) = (due_at IS NOT NULL)));
-- create index "delivery_user_id" to table: "deliveries"
CREATE INDEX `delivery_user_id` ON `deliveries` (`user_id`);
-- create index "delivery_notification_id_channel_endpoint_id" to table: "deliveries"
CREATE UNIQUE INDEX `delivery_notification_id_channel_endpoint_id` ON `deliveries` (`notification_id`, `channel`, `endpoint_id`);
-- create index "delivery_digest" to table: "deliveries"
CREATE INDEX `delivery_digest` ON `deliveries` (`user_id`, `digest_key`) WHERE status = 'HELD' and digest_key is not null;
-- create index "delivery_throttle" to table: "deliveries"
CREATE INDEX `delivery_throttle` ON `deliveries` (`user_id`, `type`, `channel`, `created_at`);
-- create index "delivery_due" to table: "deliveries"
CREATE INDEX `delivery_due` ON `deliveries` (`due_at`) WHERE status in ('HELD', 'QUEUED', 'FAILED');
-- create index "delivery_status_id" to table: "deliveries"
CREATE INDEX `delivery_status_id` ON `deliveries` (`status`, `id`);
-- create index "delivery_provider_ref" to table: "deliveries"
CREATE INDEX `delivery_provider_ref` ON `deliveries` (`channel`, `provider_ref`) WHERE provider_ref is not null;
-- create index "delivery_old" to table: "deliveries"
CREATE INDEX `delivery_old` ON `deliveries` (`created_at`);
-- create "messenger_links" table
CREATE TABLE `messenger_links` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `user_id` uuid NOT NULL, `messenger` text NOT NULL, `status` text NOT NULL DEFAULT ('WAITING'), `code_key` text NULL, `expires_at` datetime NULL, `chat_key` text NULL, `sealed` blob NULL, `label` text NULL, `linked_at` datetime NULL, `ended_at` datetime NULL, `end_reason` text NULL, PRIMARY KEY (`id`), CONSTRAINT `messenger_links_active` CHECK (status <> 'ACTIVE' OR chat_key IS NOT NULL));
-- create index "messenger_links_code_key_key" to table: "messenger_links"
CREATE UNIQUE INDEX `messenger_links_code_key_key` ON `messenger_links` (`code_key`);
-- create index "messengerlink_user_id" to table: "messenger_links"
CREATE INDEX `messengerlink_user_id` ON `messenger_links` (`user_id`);
-- create index "messenger_link_chat" to table: "messenger_links"
CREATE UNIQUE INDEX `messenger_link_chat` ON `messenger_links` (`messenger`, `chat_key`) WHERE status = 'ACTIVE';
-- create index "messenger_link_one" to table: "messenger_links"
CREATE UNIQUE INDEX `messenger_link_one` ON `messenger_links` (`user_id`, `messenger`) WHERE status = 'ACTIVE';
-- create index "messenger_link_waiting" to table: "messenger_links"
CREATE INDEX `messenger_link_waiting` ON `messenger_links` (`expires_at`) WHERE status = 'WAITING';
-- create "notification_rules" table
CREATE TABLE `notification_rules` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `key_id` uuid NOT NULL, `version` integer NOT NULL DEFAULT (1), `retired_at` datetime NULL, `name` text NOT NULL, `event` text NOT NULL, `condition` text NULL, `type` text NOT NULL, `severity` text NOT NULL DEFAULT ('INFO'), `texts` json NOT NULL, `url` text NULL, `group_key` text NULL, `delay_s` integer NOT NULL DEFAULT (0), `active` bool NOT NULL DEFAULT (true), `saved_by_id` uuid NULL, `made` integer NOT NULL DEFAULT (0), `failures` integer NOT NULL DEFAULT (0), `last_error` text NULL, `last_error_at` datetime NULL, PRIMARY KEY (`id`));
-- create index "notificationrule_key_id_version" to table: "notification_rules"
CREATE UNIQUE INDEX `notificationrule_key_id_version` ON `notification_rules` (`key_id`, `version`);
-- create index "notification_rule_in_force" to table: "notification_rules"
CREATE INDEX `notification_rule_in_force` ON `notification_rules` (`event`) WHERE retired_at is null;
-- create "notification_settings" table
CREATE TABLE `notification_settings` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `revision` integer NOT NULL DEFAULT (1), `type` text NOT NULL, `own` bool NOT NULL DEFAULT (false), `topic` text NULL, `names` json NULL, `variables` json NULL, `active` bool NOT NULL DEFAULT (true), `required` bool NULL, `commercial` bool NULL, `channels` json NULL, `throttle` json NULL, `batch` json NULL, `escalation` json NULL, `expires_s` integer NULL, PRIMARY KEY (`id`));
-- create index "notificationsetting_type" to table: "notification_settings"
CREATE UNIQUE INDEX `notificationsetting_type` ON `notification_settings` (`type`);
-- create "notification_templates" table
CREATE TABLE `notification_templates` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `key_id` uuid NOT NULL, `version` integer NOT NULL DEFAULT (1), `retired_at` datetime NULL, `type` text NOT NULL, `channel` text NOT NULL, `locale` text NOT NULL, `title` text NULL, `text` text NOT NULL, `html` text NULL, `saved_by_id` uuid NULL, `note` text NULL, PRIMARY KEY (`id`));
-- create index "notificationtemplate_key_id_version" to table: "notification_templates"
CREATE UNIQUE INDEX `notificationtemplate_key_id_version` ON `notification_templates` (`key_id`, `version`);
-- create index "notification_template_in_force" to table: "notification_templates"
CREATE UNIQUE INDEX `notification_template_in_force` ON `notification_templates` (`type`, `channel`, `locale`) WHERE retired_at is null;
-- create "push_endpoints" table
CREATE TABLE `push_endpoints` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `user_id` uuid NOT NULL, `kind` text NOT NULL, `platform` text NULL, `label` text NULL, `address_key` text NOT NULL, `sealed` blob NOT NULL, `session_id` uuid NULL, `status` text NOT NULL DEFAULT ('ACTIVE'), `ended_at` datetime NULL, `last_ok_at` datetime NULL, `failures` integer NOT NULL DEFAULT (0), PRIMARY KEY (`id`), CONSTRAINT `push_endpoints_ended` CHECK ((status = 'ACTIVE') = (ended_at IS NULL)));
-- create index "pushendpoint_user_id" to table: "push_endpoints"
CREATE INDEX `pushendpoint_user_id` ON `push_endpoints` (`user_id`);
-- create index "push_endpoint_address" to table: "push_endpoints"
CREATE UNIQUE INDEX `push_endpoint_address` ON `push_endpoints` (`kind`, `address_key`) WHERE status = 'ACTIVE';
-- create index "pushendpoint_user_id_status" to table: "push_endpoints"
CREATE INDEX `pushendpoint_user_id_status` ON `push_endpoints` (`user_id`, `status`);
-- create index "pushendpoint_session_id" to table: "push_endpoints"
CREATE INDEX `pushendpoint_session_id` ON `push_endpoints` (`session_id`);
-- create "reminders" table
CREATE TABLE `reminders` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `revision` integer NOT NULL DEFAULT (1), `user_id` uuid NOT NULL, `kind` text NOT NULL, `title` text NOT NULL, `note` text NULL, `subject_kind` text NULL, `subject_id` uuid NULL, `local_at` text NULL, `time_zone` text NOT NULL, `days_before` integer NULL, `repeats` text NOT NULL DEFAULT ('NEVER'), `status` text NOT NULL DEFAULT ('WAITING'), `due_at` datetime NULL, `last_at` datetime NULL, `times` integer NOT NULL DEFAULT (0), PRIMARY KEY (`id`), CONSTRAINT `reminders_due` CHECK ((status = 'WAITING') = (due_at IS NOT NULL)));
-- create index "reminder_user_id" to table: "reminders"
CREATE INDEX `reminder_user_id` ON `reminders` (`user_id`);
-- create index "reminder_due" to table: "reminders"
CREATE INDEX `reminder_due` ON `reminders` (`due_at`) WHERE status = 'WAITING';
-- create "segments" table
CREATE TABLE `segments` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `revision` integer NOT NULL DEFAULT (1), `name` text NOT NULL, `description` text NULL, `filter` json NOT NULL, `saved_by_id` uuid NULL, PRIMARY KEY (`id`));
-- create index "segments_name_key" to table: "segments"
CREATE UNIQUE INDEX `segments_name_key` ON `segments` (`name`);
-- enable back the enforcement of foreign-keys constraints
PRAGMA foreign_keys = on;

