-- +goose Up
-- modify "notifications" table
ALTER TABLE "notifications" ADD CONSTRAINT "notifications_snoozed" CHECK ((snoozed_until_at IS NULL) OR (archived_at IS NULL)), ADD COLUMN "params" jsonb NULL, ADD COLUMN "snoozed_until_at" timestamptz NULL, ADD COLUMN "interacted_at" timestamptz NULL, ADD COLUMN "group_key" character varying NULL, ADD COLUMN "url" character varying NULL, ADD COLUMN "actions" jsonb NULL, ADD COLUMN "completed_action" character varying NULL, ADD COLUMN "completed_at" timestamptz NULL, ADD COLUMN "broadcast_id" uuid NULL, ADD COLUMN "sender_id" uuid NULL;
-- create index "notification_broadcast" to table: "notifications"
CREATE INDEX "notification_broadcast" ON "notifications" ("broadcast_id") WHERE (broadcast_id IS NOT NULL);
-- create index "notification_group" to table: "notifications"
CREATE INDEX "notification_group" ON "notifications" ("user_id", "group_key", "id") WHERE (group_key IS NOT NULL);
-- create index "notification_old" to table: "notifications"
CREATE INDEX "notification_old" ON "notifications" ("created_at");
-- create index "notification_snoozed" to table: "notifications"
CREATE INDEX "notification_snoozed" ON "notifications" ("snoozed_until_at") WHERE (snoozed_until_at IS NOT NULL);
-- modify "users" table
ALTER TABLE "users" ADD COLUMN "notify" jsonb NULL;
-- create "announcements" table
CREATE TABLE "announcements" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "revision" bigint NOT NULL DEFAULT 1, "severity" character varying NOT NULL DEFAULT 'INFO', "audience" character varying NOT NULL DEFAULT 'CUSTOMERS', "texts" jsonb NOT NULL, "url" character varying NULL, "dismissible" boolean NOT NULL DEFAULT true, "starts_at" timestamptz NOT NULL, "ends_at" timestamptz NULL, "told_at" timestamptz NULL, "told_over" boolean NOT NULL DEFAULT false, "withdrawn_at" timestamptz NULL, "saved_by_id" uuid NULL, PRIMARY KEY ("id"));
-- create index "announcement_ends_at" to table: "announcements"
CREATE INDEX "announcement_ends_at" ON "announcements" ("ends_at");
-- create index "announcement_starts_at" to table: "announcements"
CREATE INDEX "announcement_starts_at" ON "announcements" ("starts_at");
-- create "announcement_marks" table
CREATE TABLE "announcement_marks" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "user_id" uuid NOT NULL, "read_at" timestamptz NULL, "dismissed_at" timestamptz NULL, "announcement_id" uuid NOT NULL, PRIMARY KEY ("id"));
-- create index "announcementmark_announcement_id_user_id" to table: "announcement_marks"
CREATE UNIQUE INDEX "announcementmark_announcement_id_user_id" ON "announcement_marks" ("announcement_id", "user_id");
-- create index "announcementmark_user_id" to table: "announcement_marks"
CREATE INDEX "announcementmark_user_id" ON "announcement_marks" ("user_id");
-- create "article_seekers" table
CREATE TABLE "article_seekers" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "user_id" uuid NOT NULL, "words" character varying NOT NULL, "sought_at" timestamptz NOT NULL, PRIMARY KEY ("id"));
-- create index "articleseeker_user_id" to table: "article_seekers"
CREATE INDEX "articleseeker_user_id" ON "article_seekers" ("user_id");
-- create index "articleseeker_user_id_sought_at_id" to table: "article_seekers"
CREATE INDEX "articleseeker_user_id_sought_at_id" ON "article_seekers" ("user_id", "sought_at", "id");
-- create index "articleseeker_user_id_words" to table: "article_seekers"
CREATE UNIQUE INDEX "articleseeker_user_id_words" ON "article_seekers" ("user_id", "words");
-- create "broadcasts" table
CREATE TABLE "broadcasts" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "revision" bigint NOT NULL DEFAULT 1, "name" character varying NOT NULL, "type" character varying NOT NULL, "segment_id" uuid NULL, "filter" jsonb NOT NULL, "severity" character varying NOT NULL DEFAULT 'INFO', "texts" jsonb NOT NULL, "url" character varying NULL, "actions" jsonb NULL, "channels" jsonb NULL, "status" character varying NOT NULL DEFAULT 'DRAFT', "starts_at" timestamptz NULL, "began_at" timestamptz NULL, "ended_at" timestamptz NULL, "total" bigint NULL, "done" bigint NOT NULL DEFAULT 0, "skipped" bigint NOT NULL DEFAULT 0, "reached" uuid NULL, "saved_by_id" uuid NULL, PRIMARY KEY ("id"), CONSTRAINT "broadcasts_counts" CHECK ((done >= 0) AND (skipped >= 0)));
-- create index "broadcast_due" to table: "broadcasts"
CREATE INDEX "broadcast_due" ON "broadcasts" ("starts_at") WHERE status in ('SCHEDULED', 'RUNNING');
-- create index "broadcast_status_id" to table: "broadcasts"
CREATE INDEX "broadcast_status_id" ON "broadcasts" ("status", "id");
-- create "deliveries" table
CREATE TABLE "deliveries" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "user_id" uuid NOT NULL, "notification_id" uuid NOT NULL, "type" character varying NOT NULL, "channel" character varying NOT NULL, "endpoint_id" uuid NOT NULL, "status" character varying NOT NULL DEFAULT 'QUEUED', "status_reason" character varying NULL, "provider" character varying NULL, "provider_ref" character varying NULL, "attempts" jsonb NOT NULL, "round" bigint NOT NULL DEFAULT 1, "tries" bigint NOT NULL DEFAULT 0, "step" bigint NOT NULL DEFAULT 0, "digest_key" character varying NULL, "sent_with_id" uuid NULL, "required" boolean NOT NULL DEFAULT false, "test" boolean NOT NULL DEFAULT false, "due_at" timestamptz NULL, "expires_at" timestamptz NULL, "sent_at" timestamptz NULL, "delivered_at" timestamptz NULL, "opened_at" timestamptz NULL, "clicked_at" timestamptz NULL, PRIMARY KEY ("id"), CONSTRAINT "deliveries_due" CHECK (((status)::text = ANY ((ARRAY['HELD'::character varying, 'QUEUED'::character varying, 'FAILED'::character varying])::text[])) = (due_at IS NOT NULL)));
-- create index "delivery_digest" to table: "deliveries"
CREATE INDEX "delivery_digest" ON "deliveries" ("user_id", "digest_key") WHERE (((status)::text = 'HELD'::text) AND (digest_key IS NOT NULL));
-- create index "delivery_due" to table: "deliveries"
CREATE INDEX "delivery_due" ON "deliveries" ("due_at") WHERE ((status)::text = ANY ((ARRAY['HELD'::character varying, 'QUEUED'::character varying, 'FAILED'::character varying])::text[]));
-- create index "delivery_notification_id_channel_endpoint_id" to table: "deliveries"
CREATE UNIQUE INDEX "delivery_notification_id_channel_endpoint_id" ON "deliveries" ("notification_id", "channel", "endpoint_id");
-- create index "delivery_old" to table: "deliveries"
CREATE INDEX "delivery_old" ON "deliveries" ("created_at");
-- create index "delivery_provider_ref" to table: "deliveries"
CREATE INDEX "delivery_provider_ref" ON "deliveries" ("channel", "provider_ref") WHERE (provider_ref IS NOT NULL);
-- create index "delivery_status_id" to table: "deliveries"
CREATE INDEX "delivery_status_id" ON "deliveries" ("status", "id");
-- create index "delivery_throttle" to table: "deliveries"
CREATE INDEX "delivery_throttle" ON "deliveries" ("user_id", "type", "channel", "created_at");
-- create index "delivery_user_id" to table: "deliveries"
CREATE INDEX "delivery_user_id" ON "deliveries" ("user_id");
-- create "messenger_links" table
CREATE TABLE "messenger_links" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "user_id" uuid NOT NULL, "messenger" character varying NOT NULL, "status" character varying NOT NULL DEFAULT 'WAITING', "code_key" character varying NULL, "expires_at" timestamptz NULL, "chat_key" character varying NULL, "sealed" bytea NULL, "label" character varying NULL, "linked_at" timestamptz NULL, "ended_at" timestamptz NULL, "end_reason" character varying NULL, PRIMARY KEY ("id"), CONSTRAINT "messenger_links_active" CHECK (((status)::text <> 'ACTIVE'::text) OR (chat_key IS NOT NULL)));
-- create index "messenger_link_chat" to table: "messenger_links"
CREATE UNIQUE INDEX "messenger_link_chat" ON "messenger_links" ("messenger", "chat_key") WHERE ((status)::text = 'ACTIVE'::text);
-- create index "messenger_link_one" to table: "messenger_links"
CREATE UNIQUE INDEX "messenger_link_one" ON "messenger_links" ("user_id", "messenger") WHERE ((status)::text = 'ACTIVE'::text);
-- create index "messenger_link_waiting" to table: "messenger_links"
CREATE INDEX "messenger_link_waiting" ON "messenger_links" ("expires_at") WHERE ((status)::text = 'WAITING'::text);
-- create index "messenger_links_code_key_key" to table: "messenger_links"
CREATE UNIQUE INDEX "messenger_links_code_key_key" ON "messenger_links" ("code_key");
-- create index "messengerlink_user_id" to table: "messenger_links"
CREATE INDEX "messengerlink_user_id" ON "messenger_links" ("user_id");
-- create "notification_rules" table
CREATE TABLE "notification_rules" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "key_id" uuid NOT NULL, "version" bigint NOT NULL DEFAULT 1, "retired_at" timestamptz NULL, "name" character varying NOT NULL, "event" character varying NOT NULL, "condition" character varying NULL, "type" character varying NOT NULL, "severity" character varying NOT NULL DEFAULT 'INFO', "texts" jsonb NOT NULL, "url" character varying NULL, "group_key" character varying NULL, "delay_s" bigint NOT NULL DEFAULT 0, "active" boolean NOT NULL DEFAULT true, "saved_by_id" uuid NULL, "made" bigint NOT NULL DEFAULT 0, "failures" bigint NOT NULL DEFAULT 0, "last_error" character varying NULL, "last_error_at" timestamptz NULL, PRIMARY KEY ("id"));
-- create index "notification_rule_in_force" to table: "notification_rules"
CREATE INDEX "notification_rule_in_force" ON "notification_rules" ("event") WHERE (retired_at IS NULL);
-- create index "notificationrule_key_id_version" to table: "notification_rules"
CREATE UNIQUE INDEX "notificationrule_key_id_version" ON "notification_rules" ("key_id", "version");
-- create "notification_settings" table
CREATE TABLE "notification_settings" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "revision" bigint NOT NULL DEFAULT 1, "type" character varying NOT NULL, "own" boolean NOT NULL DEFAULT false, "topic" character varying NULL, "names" jsonb NULL, "variables" jsonb NULL, "active" boolean NOT NULL DEFAULT true, "required" boolean NULL, "commercial" boolean NULL, "channels" jsonb NULL, "throttle" jsonb NULL, "batch" jsonb NULL, "escalation" jsonb NULL, "expires_s" bigint NULL, PRIMARY KEY ("id"));
-- create index "notificationsetting_type" to table: "notification_settings"
CREATE UNIQUE INDEX "notificationsetting_type" ON "notification_settings" ("type");
-- create "notification_templates" table
CREATE TABLE "notification_templates" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "key_id" uuid NOT NULL, "version" bigint NOT NULL DEFAULT 1, "retired_at" timestamptz NULL, "type" character varying NOT NULL, "channel" character varying NOT NULL, "locale" character varying NOT NULL, "title" character varying NULL, "text" character varying NOT NULL, "html" character varying NULL, "saved_by_id" uuid NULL, "note" character varying NULL, PRIMARY KEY ("id"));
-- create index "notification_template_in_force" to table: "notification_templates"
CREATE UNIQUE INDEX "notification_template_in_force" ON "notification_templates" ("type", "channel", "locale") WHERE (retired_at IS NULL);
-- create index "notificationtemplate_key_id_version" to table: "notification_templates"
CREATE UNIQUE INDEX "notificationtemplate_key_id_version" ON "notification_templates" ("key_id", "version");
-- create "push_endpoints" table
CREATE TABLE "push_endpoints" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "user_id" uuid NOT NULL, "kind" character varying NOT NULL, "platform" character varying NULL, "label" character varying NULL, "address_key" character varying NOT NULL, "sealed" bytea NOT NULL, "session_id" uuid NULL, "status" character varying NOT NULL DEFAULT 'ACTIVE', "ended_at" timestamptz NULL, "last_ok_at" timestamptz NULL, "failures" bigint NOT NULL DEFAULT 0, PRIMARY KEY ("id"), CONSTRAINT "push_endpoints_ended" CHECK (((status)::text = 'ACTIVE'::text) = (ended_at IS NULL)));
-- create index "push_endpoint_address" to table: "push_endpoints"
CREATE UNIQUE INDEX "push_endpoint_address" ON "push_endpoints" ("kind", "address_key") WHERE ((status)::text = 'ACTIVE'::text);
-- create index "pushendpoint_session_id" to table: "push_endpoints"
CREATE INDEX "pushendpoint_session_id" ON "push_endpoints" ("session_id");
-- create index "pushendpoint_user_id" to table: "push_endpoints"
CREATE INDEX "pushendpoint_user_id" ON "push_endpoints" ("user_id");
-- create index "pushendpoint_user_id_status" to table: "push_endpoints"
CREATE INDEX "pushendpoint_user_id_status" ON "push_endpoints" ("user_id", "status");
-- create "reminders" table
CREATE TABLE "reminders" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "revision" bigint NOT NULL DEFAULT 1, "user_id" uuid NOT NULL, "kind" character varying NOT NULL, "title" character varying NOT NULL, "note" character varying NULL, "subject_kind" character varying NULL, "subject_id" uuid NULL, "local_at" character varying NULL, "time_zone" character varying NOT NULL, "days_before" bigint NULL, "repeats" character varying NOT NULL DEFAULT 'NEVER', "status" character varying NOT NULL DEFAULT 'WAITING', "due_at" timestamptz NULL, "last_at" timestamptz NULL, "times" bigint NOT NULL DEFAULT 0, PRIMARY KEY ("id"), CONSTRAINT "reminders_due" CHECK (((status)::text = 'WAITING'::text) = (due_at IS NOT NULL)));
-- create index "reminder_due" to table: "reminders"
CREATE INDEX "reminder_due" ON "reminders" ("due_at") WHERE ((status)::text = 'WAITING'::text);
-- create index "reminder_user_id" to table: "reminders"
CREATE INDEX "reminder_user_id" ON "reminders" ("user_id");
-- create "segments" table
CREATE TABLE "segments" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "revision" bigint NOT NULL DEFAULT 1, "name" character varying NOT NULL, "description" character varying NULL, "filter" jsonb NOT NULL, "saved_by_id" uuid NULL, PRIMARY KEY ("id"));
-- create index "segments_name_key" to table: "segments"
CREATE UNIQUE INDEX "segments_name_key" ON "segments" ("name");

