-- +goose Up
-- disable the enforcement of foreign-keys constraints
PRAGMA foreign_keys = off;
-- add column "bounced_at" to table: "contact_points"
ALTER TABLE `contact_points` ADD COLUMN `bounced_at` datetime NULL;
-- create "new_tickets" table
CREATE TABLE `new_tickets` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `revision` integer NOT NULL DEFAULT (1), `owner_id` uuid NOT NULL, `source` text NULL, `external_id` text NULL, `source_updated_at` datetime NULL, `metadata` json NULL, `private_metadata` json NULL, `number` text NOT NULL, `kind` text NOT NULL DEFAULT ('QUESTION'), `subject` text NOT NULL, `status` text NOT NULL DEFAULT ('OPEN'), `status_reason` text NOT NULL DEFAULT ('NEW'), `priority` text NOT NULL DEFAULT ('NORMAL'), `channel` text NOT NULL DEFAULT ('ACCOUNT'), `locale` text NOT NULL DEFAULT ('en'), `entry_id` uuid NULL, `line_id` uuid NULL, `return_id` uuid NULL, `document_id` uuid NULL, `booking_key` text NULL, `assigned_at` datetime NULL, `team_id` uuid NULL, `skill` text NULL, `urgency` integer NOT NULL DEFAULT (1), `merged_into_id` uuid NULL, `callback_at` datetime NULL, `callback_phone` text NULL, `contact_email` text NULL, `bot_state` text NOT NULL DEFAULT ('NONE'), `bot_outcome` text NULL, `bot_due_at` datetime NULL, `level_id` uuid NULL, `level_status` text NULL, `first_reply_due_at` datetime NULL, `next_reply_due_at` datetime NULL, `resolve_due_at` datetime NULL, `due_at` datetime NOT NULL, `clock_at` datetime NULL, `first_replied_at` datetime NULL, `first_reply_seconds` integer NULL, `resolve_seconds` integer NULL, `first_reply_breaches` integer NOT NULL DEFAULT (0), `next_reply_breaches` integer NOT NULL DEFAULT (0), `resolve_breaches` integer NOT NULL DEFAULT (0), `reopened` integer NOT NULL DEFAULT (0), `rating` integer NULL, `rated_at` datetime NULL, `last_activity_at` datetime NOT NULL, `seq` integer NOT NULL DEFAULT (0), `public_seq` integer NOT NULL DEFAULT (0), `staff_seq` integer NOT NULL DEFAULT (0), `staff_read_seq` integer NOT NULL DEFAULT (0), `snoozed_until_at` datetime NULL, `closed_at` datetime NULL, `last_message_id` uuid NULL, `user_id` uuid NULL, `assignee_id` uuid NULL, `order_id` uuid NULL, PRIMARY KEY (`id`), CONSTRAINT `tickets_rating` CHECK (coalesce(rating, 1) BETWEEN 1 AND 5), CONSTRAINT `tickets_seq` CHECK (public_seq >= 0 AND staff_seq >= 0 AND staff_read_seq >= 0), CONSTRAINT `tickets_status` CHECK (status IN ('OPEN','SNOOZED','CLOSED')));
-- copy rows from old table "tickets" to new temporary table "new_tickets"
INSERT INTO `new_tickets` (`id`, `created_at`, `updated_at`, `revision`, `owner_id`, `source`, `external_id`, `source_updated_at`, `metadata`, `private_metadata`, `number`, `kind`, `subject`, `status`, `status_reason`, `priority`, `channel`, `locale`, `entry_id`, `last_activity_at`, `seq`, `public_seq`, `staff_seq`, `staff_read_seq`, `snoozed_until_at`, `closed_at`, `last_message_id`, `user_id`, `assignee_id`, `order_id`, `urgency`, `due_at`) SELECT `id`, `created_at`, `updated_at`, `revision`, `owner_id`, `source`, `external_id`, `source_updated_at`, `metadata`, `private_metadata`, `number`, `kind`, `subject`, `status`, `status_reason`, `priority`, `channel`, `locale`, `entry_id`, `last_activity_at`, `seq`, `public_seq`, `staff_seq`, `staff_read_seq`, `snoozed_until_at`, `closed_at`, `last_message_id`, `user_id`, `assignee_id`, `order_id`, CASE `priority` WHEN 'LOW' THEN 0 WHEN 'HIGH' THEN 2 WHEN 'URGENT' THEN 3 ELSE 1 END, '9999-12-31 00:00:00+00:00' FROM `tickets`;
-- drop "tickets" table after copying rows
DROP TABLE `tickets`;
-- rename temporary table "new_tickets" to "tickets"
ALTER TABLE `new_tickets` RENAME TO `tickets`;
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
-- create index "ticket_created_at_id" to table: "tickets"
CREATE INDEX `ticket_created_at_id` ON `tickets` (`created_at`, `id`);
-- create index "ticket_status_due_at_id" to table: "tickets"
CREATE INDEX `ticket_status_due_at_id` ON `tickets` (`status`, `due_at`, `id`);
-- create index "ticket_status_urgency_id" to table: "tickets"
CREATE INDEX `ticket_status_urgency_id` ON `tickets` (`status`, `urgency`, `id`);
-- create index "ticket_team_id_status_last_activity_at_id" to table: "tickets"
CREATE INDEX `ticket_team_id_status_last_activity_at_id` ON `tickets` (`team_id`, `status`, `last_activity_at`, `id`);
-- create index "ticket_assignee_id_status_last_activity_at_id" to table: "tickets"
CREATE INDEX `ticket_assignee_id_status_last_activity_at_id` ON `tickets` (`assignee_id`, `status`, `last_activity_at`, `id`);
-- create index "ticket_merged_into_id" to table: "tickets"
CREATE INDEX `ticket_merged_into_id` ON `tickets` (`merged_into_id`);
-- create index "ticket_contact_email" to table: "tickets"
CREATE INDEX `ticket_contact_email` ON `tickets` (`contact_email`);
-- create index "ticket_clock" to table: "tickets"
CREATE INDEX `ticket_clock` ON `tickets` (`clock_at`) WHERE clock_at is not null;
-- create index "ticket_bot" to table: "tickets"
CREATE INDEX `ticket_bot` ON `tickets` (`bot_due_at`) WHERE bot_due_at is not null;
-- create index "ticket_snoozed_until_at" to table: "tickets"
CREATE INDEX `ticket_snoozed_until_at` ON `tickets` (`snoozed_until_at`);
-- create "new_ticket_messages" table
CREATE TABLE `new_ticket_messages` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `owner_id` uuid NOT NULL, `source` text NULL, `external_id` text NULL, `source_updated_at` datetime NULL, `seq` integer NOT NULL, `client_id` text NULL, `kind` text NOT NULL DEFAULT ('MESSAGE'), `visibility` text NOT NULL DEFAULT ('ALL'), `author_id` uuid NULL, `author_kind` text NOT NULL, `author_name` text NOT NULL DEFAULT (''), `body` text NULL, `channel` text NOT NULL DEFAULT ('ACCOUNT'), `edited_at` datetime NULL, `removed_at` datetime NULL, `copied_from_id` uuid NULL, `data` json NULL, `ticket_id` uuid NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `ticket_messages_tickets_messages` FOREIGN KEY (`ticket_id`) REFERENCES `tickets` (`id`) ON DELETE NO ACTION);
-- copy rows from old table "ticket_messages" to new temporary table "new_ticket_messages"
INSERT INTO `new_ticket_messages` (`id`, `created_at`, `updated_at`, `owner_id`, `source`, `external_id`, `source_updated_at`, `seq`, `client_id`, `kind`, `visibility`, `author_id`, `author_kind`, `author_name`, `body`, `data`, `ticket_id`) SELECT `id`, `created_at`, `updated_at`, `owner_id`, `source`, `external_id`, `source_updated_at`, `seq`, `client_id`, `kind`, `visibility`, `author_id`, `author_kind`, `author_name`, `body`, `data`, `ticket_id` FROM `ticket_messages`;
-- drop "ticket_messages" table after copying rows
DROP TABLE `ticket_messages`;
-- rename temporary table "new_ticket_messages" to "ticket_messages"
ALTER TABLE `new_ticket_messages` RENAME TO `ticket_messages`;
-- create index "ticketmessage_source_external_id" to table: "ticket_messages"
CREATE UNIQUE INDEX `ticketmessage_source_external_id` ON `ticket_messages` (`source`, `external_id`);
-- create index "ticketmessage_ticket_id_seq" to table: "ticket_messages"
CREATE UNIQUE INDEX `ticketmessage_ticket_id_seq` ON `ticket_messages` (`ticket_id`, `seq`);
-- create index "ticketmessage_ticket_id_id" to table: "ticket_messages"
CREATE INDEX `ticketmessage_ticket_id_id` ON `ticket_messages` (`ticket_id`, `id`);
-- create index "ticketmessage_ticket_id_author_id_client_id" to table: "ticket_messages"
CREATE UNIQUE INDEX `ticketmessage_ticket_id_author_id_client_id` ON `ticket_messages` (`ticket_id`, `author_id`, `client_id`);
-- create "new_users" table
CREATE TABLE `new_users` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `revision` integer NOT NULL DEFAULT (1), `source` text NULL, `external_id` text NULL, `source_updated_at` datetime NULL, `metadata` json NULL, `private_metadata` json NULL, `kind` text NOT NULL DEFAULT ('PERSON'), `status` text NOT NULL DEFAULT ('PENDING'), `given_name` text NULL, `family_name` text NULL, `middle_name` text NULL, `display_name` text NOT NULL, `birth_on` text NULL, `nickname` text NULL, `sex` text NULL, `job_title` text NULL, `region` text NULL, `interests` json NULL, `contact_channel` text NULL, `ui` json NULL, `privacy` json NULL, `requisites` json NULL, `delivery` json NULL, `locale` text NOT NULL DEFAULT ('en'), `time_zone` text NOT NULL DEFAULT ('UTC'), `name_key` text NULL, `family_key` text NULL, `block_reason` text NULL, `blocked_note` text NULL, `blocked_at` datetime NULL, `stream_seq` integer NOT NULL DEFAULT (0), `stream_oldest` integer NOT NULL DEFAULT (0), `avatar_id` uuid NULL, `avatar_width` integer NOT NULL DEFAULT (0), `avatar_height` integer NOT NULL DEFAULT (0), `manager_id` uuid NULL, `delete_at` datetime NULL, `unread_count` integer NOT NULL DEFAULT (0), PRIMARY KEY (`id`), CONSTRAINT `users_stream` CHECK (stream_seq >= 0 AND stream_oldest >= 0), CONSTRAINT `users_unread_count` CHECK (unread_count >= 0));
-- copy rows from old table "users" to new temporary table "new_users"
INSERT INTO `new_users` (`id`, `created_at`, `updated_at`, `revision`, `source`, `external_id`, `source_updated_at`, `metadata`, `private_metadata`, `kind`, `status`, `given_name`, `family_name`, `middle_name`, `display_name`, `birth_on`, `nickname`, `sex`, `job_title`, `region`, `interests`, `contact_channel`, `ui`, `privacy`, `requisites`, `delivery`, `locale`, `time_zone`, `name_key`, `family_key`, `block_reason`, `blocked_note`, `blocked_at`, `stream_seq`, `stream_oldest`, `avatar_id`, `avatar_width`, `avatar_height`, `delete_at`, `unread_count`) SELECT `id`, `created_at`, `updated_at`, `revision`, `source`, `external_id`, `source_updated_at`, `metadata`, `private_metadata`, `kind`, `status`, `given_name`, `family_name`, `middle_name`, `display_name`, `birth_on`, `nickname`, `sex`, `job_title`, `region`, `interests`, `contact_channel`, `ui`, `privacy`, `requisites`, `delivery`, `locale`, `time_zone`, `name_key`, `family_key`, `block_reason`, `blocked_note`, `blocked_at`, `stream_seq`, `stream_oldest`, `avatar_id`, `avatar_width`, `avatar_height`, `delete_at`, `unread_count` FROM `users`;
-- drop "users" table after copying rows
DROP TABLE `users`;
-- rename temporary table "new_users" to "users"
ALTER TABLE `new_users` RENAME TO `users`;
-- create index "user_source_external_id" to table: "users"
CREATE UNIQUE INDEX `user_source_external_id` ON `users` (`source`, `external_id`);
-- create index "user_manager_id" to table: "users"
CREATE INDEX `user_manager_id` ON `users` (`manager_id`);
-- create index "user_pending" to table: "users"
CREATE INDEX `user_pending` ON `users` (`created_at`) WHERE status = 'PENDING';
-- create index "user_delete_due" to table: "users"
CREATE INDEX `user_delete_due` ON `users` (`delete_at`) WHERE delete_at is not null;
-- create index "user_name_key" to table: "users"
CREATE INDEX `user_name_key` ON `users` (`name_key`);
-- create index "user_family_key" to table: "users"
CREATE INDEX `user_family_key` ON `users` (`family_key`);
-- create "articles" table
CREATE TABLE `articles` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `revision` integer NOT NULL DEFAULT (1), `key_id` uuid NOT NULL, `handle` text NULL, `locale` text NOT NULL, `version` integer NOT NULL, `category_id` uuid NULL, `audience` text NOT NULL DEFAULT ('EVERYBODY'), `status` text NOT NULL DEFAULT ('DRAFT'), `title` text NOT NULL, `summary` text NOT NULL DEFAULT (''), `body` text NOT NULL, `keywords` json NULL, `publish_at` datetime NULL, `published_at` datetime NULL, `helped` integer NOT NULL DEFAULT (0), `not_helped` integer NOT NULL DEFAULT (0), `author_id` uuid NULL, `position` integer NOT NULL DEFAULT (0), PRIMARY KEY (`id`), CONSTRAINT `articles_counts` CHECK (helped >= 0 AND not_helped >= 0 AND version > 0));
-- create index "article_key_id_locale_version" to table: "articles"
CREATE UNIQUE INDEX `article_key_id_locale_version` ON `articles` (`key_id`, `locale`, `version`);
-- create index "article_in_force" to table: "articles"
CREATE UNIQUE INDEX `article_in_force` ON `articles` (`key_id`, `locale`) WHERE status = 'PUBLISHED';
-- create index "article_category_id_position_id" to table: "articles"
CREATE INDEX `article_category_id_position_id` ON `articles` (`category_id`, `position`, `id`);
-- create index "article_due" to table: "articles"
CREATE INDEX `article_due` ON `articles` (`publish_at`) WHERE status = 'SCHEDULED';
-- create index "article_handle_locale_version" to table: "articles"
CREATE UNIQUE INDEX `article_handle_locale_version` ON `articles` (`handle`, `locale`, `version`);
-- create index "article_shown" to table: "articles"
CREATE INDEX `article_shown` ON `articles` (`position`, `id`) WHERE status = 'PUBLISHED';
-- create "article_categories" table
CREATE TABLE `article_categories` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `revision` integer NOT NULL DEFAULT (1), `handle` text NOT NULL, `parent_id` uuid NULL, `position` integer NOT NULL DEFAULT (0), `texts` json NOT NULL, `audience` text NOT NULL DEFAULT ('EVERYBODY'), `shown_to` text NOT NULL DEFAULT ('EVERYBODY'), `retired` bool NOT NULL DEFAULT (false), PRIMARY KEY (`id`));
-- create index "article_categories_handle_key" to table: "article_categories"
CREATE UNIQUE INDEX `article_categories_handle_key` ON `article_categories` (`handle`);
-- create index "articlecategory_parent_id_position" to table: "article_categories"
CREATE INDEX `articlecategory_parent_id_position` ON `article_categories` (`parent_id`, `position`);
-- create "article_searches" table
CREATE TABLE `article_searches` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `words` text NOT NULL, `text` text NOT NULL, `locale` text NOT NULL, `on_date` text NOT NULL, `times` integer NOT NULL DEFAULT (0), `empty` integer NOT NULL DEFAULT (0), PRIMARY KEY (`id`), CONSTRAINT `article_searches_counts` CHECK (times >= 0 AND empty >= 0));
-- create index "articlesearch_words_locale_on_date" to table: "article_searches"
CREATE UNIQUE INDEX `articlesearch_words_locale_on_date` ON `article_searches` (`words`, `locale`, `on_date`);
-- create index "articlesearch_on_date_empty_id" to table: "article_searches"
CREATE INDEX `articlesearch_on_date_empty_id` ON `article_searches` (`on_date`, `empty`, `id`);
-- create "article_votes" table
CREATE TABLE `article_votes` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `article_id` uuid NOT NULL, `locale` text NOT NULL, `voter` text NOT NULL, `helped` bool NOT NULL, `comment` text NULL, PRIMARY KEY (`id`));
-- create index "articlevote_article_id_voter" to table: "article_votes"
CREATE UNIQUE INDEX `articlevote_article_id_voter` ON `article_votes` (`article_id`, `voter`);
-- create index "articlevote_article_id_id" to table: "article_votes"
CREATE INDEX `articlevote_article_id_id` ON `article_votes` (`article_id`, `id`);
-- create "business_calendars" table
CREATE TABLE `business_calendars` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `key_id` uuid NOT NULL, `version` integer NOT NULL DEFAULT (1), `retired_at` datetime NULL, `name` text NOT NULL, `time_zone` text NOT NULL, `intervals` json NOT NULL, `holidays` json NULL, PRIMARY KEY (`id`));
-- create index "businesscalendar_key_id_version" to table: "business_calendars"
CREATE UNIQUE INDEX `businesscalendar_key_id_version` ON `business_calendars` (`key_id`, `version`);
-- create index "business_calendar_in_force" to table: "business_calendars"
CREATE INDEX `business_calendar_in_force` ON `business_calendars` (`name`) WHERE retired_at is null;
-- create "canned_replies" table
CREATE TABLE `canned_replies` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `key_id` uuid NOT NULL, `version` integer NOT NULL DEFAULT (1), `retired_at` datetime NULL, `handle` text NOT NULL, `texts` json NOT NULL, `team_id` uuid NULL, PRIMARY KEY (`id`));
-- create index "cannedreply_key_id_version" to table: "canned_replies"
CREATE UNIQUE INDEX `cannedreply_key_id_version` ON `canned_replies` (`key_id`, `version`);
-- create index "canned_reply_in_force" to table: "canned_replies"
CREATE UNIQUE INDEX `canned_reply_in_force` ON `canned_replies` (`handle`) WHERE retired_at is null;
-- create "card_sources" table
CREATE TABLE `card_sources` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `revision` integer NOT NULL DEFAULT (1), `name` text NOT NULL, `address` text NOT NULL, `sealed` blob NOT NULL, `ttl_seconds` integer NOT NULL DEFAULT (300), `timeout_millis` integer NOT NULL DEFAULT (3000), `position` integer NOT NULL DEFAULT (0), `enabled` bool NOT NULL DEFAULT (true), PRIMARY KEY (`id`), CONSTRAINT `card_sources_times` CHECK (ttl_seconds >= 0 AND timeout_millis > 0));
-- create index "card_sources_name_key" to table: "card_sources"
CREATE UNIQUE INDEX `card_sources_name_key` ON `card_sources` (`name`);
-- create "clock_events" table
CREATE TABLE `clock_events` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `owner_id` uuid NOT NULL, `ticket_id` uuid NOT NULL, `seq` integer NOT NULL, `target` text NOT NULL, `round` integer NOT NULL DEFAULT (1), `kind` text NOT NULL, `at` datetime NOT NULL, `due_at` datetime NULL, `spent_seconds` integer NOT NULL DEFAULT (0), `reason` text NOT NULL DEFAULT (''), `level_id` uuid NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `clock_events_seq` CHECK (seq > 0));
-- create index "clockevent_ticket_id_seq" to table: "clock_events"
CREATE UNIQUE INDEX `clockevent_ticket_id_seq` ON `clock_events` (`ticket_id`, `seq`);
-- create index "clock_event_once" to table: "clock_events"
CREATE UNIQUE INDEX `clock_event_once` ON `clock_events` (`ticket_id`, `target`, `round`, `kind`) WHERE kind <> 'ACTIVATE' and kind <> 'PAUSE' and kind <> 'RESUME';
-- create "customer_notes" table
CREATE TABLE `customer_notes` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `revision` integer NOT NULL DEFAULT (1), `user_id` uuid NOT NULL, `author_id` uuid NOT NULL, `author_name` text NOT NULL, `body` text NOT NULL, `pinned` bool NOT NULL DEFAULT (false), `removed_at` datetime NULL, PRIMARY KEY (`id`));
-- create index "customernote_user_id" to table: "customer_notes"
CREATE INDEX `customernote_user_id` ON `customer_notes` (`user_id`);
-- create index "customernote_user_id_id" to table: "customer_notes"
CREATE INDEX `customernote_user_id_id` ON `customer_notes` (`user_id`, `id`);
-- create "letters" table
CREATE TABLE `letters` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `message_key` text NOT NULL, `sender` text NULL, `outcome` text NOT NULL, `reason` text NOT NULL DEFAULT (''), `ticket_id` uuid NULL, `message_id` uuid NULL, `size` integer NOT NULL DEFAULT (0), PRIMARY KEY (`id`));
-- create index "letters_message_key_key" to table: "letters"
CREATE UNIQUE INDEX `letters_message_key_key` ON `letters` (`message_key`);
-- create index "letter_ticket_id" to table: "letters"
CREATE INDEX `letter_ticket_id` ON `letters` (`ticket_id`);
-- create "macros" table
CREATE TABLE `macros` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `key_id` uuid NOT NULL, `version` integer NOT NULL DEFAULT (1), `retired_at` datetime NULL, `name` text NOT NULL, `acts` json NOT NULL, `team_id` uuid NULL, PRIMARY KEY (`id`));
-- create index "macro_key_id_version" to table: "macros"
CREATE UNIQUE INDEX `macro_key_id_version` ON `macros` (`key_id`, `version`);
-- create index "macro_in_force" to table: "macros"
CREATE UNIQUE INDEX `macro_in_force` ON `macros` (`name`) WHERE retired_at is null;
-- create "operators" table
CREATE TABLE `operators` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `revision` integer NOT NULL DEFAULT (1), `user_id` uuid NOT NULL, `capacity` integer NOT NULL DEFAULT (10), `skills` json NULL, `locales` json NULL, `away` bool NOT NULL DEFAULT (false), `last_given_at` datetime NULL, `team_id` uuid NULL, PRIMARY KEY (`id`), CONSTRAINT `operators_capacity` CHECK (capacity >= 0 AND capacity <= 1000));
-- create index "operator_user_id" to table: "operators"
CREATE INDEX `operator_user_id` ON `operators` (`user_id`);
-- create index "operator_person" to table: "operators"
CREATE UNIQUE INDEX `operator_person` ON `operators` (`user_id`);
-- create index "operator_team_id" to table: "operators"
CREATE INDEX `operator_team_id` ON `operators` (`team_id`);
-- create "outside_cards" table
CREATE TABLE `outside_cards` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `user_id` uuid NOT NULL, `source_id` uuid NOT NULL, `title` text NOT NULL DEFAULT (''), `rows` json NULL, `link` text NULL, `fetched_at` datetime NULL, `expires_at` datetime NULL, `error` text NULL, `failed_at` datetime NULL, PRIMARY KEY (`id`));
-- create index "outsidecard_user_id" to table: "outside_cards"
CREATE INDEX `outsidecard_user_id` ON `outside_cards` (`user_id`);
-- create index "outsidecard_source_id_user_id" to table: "outside_cards"
CREATE UNIQUE INDEX `outsidecard_source_id_user_id` ON `outside_cards` (`source_id`, `user_id`);
-- create "service_levels" table
CREATE TABLE `service_levels` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `key_id` uuid NOT NULL, `version` integer NOT NULL DEFAULT (1), `retired_at` datetime NULL, `name` text NOT NULL, `position` integer NOT NULL DEFAULT (0), `condition` text NULL, `first_reply_seconds` integer NOT NULL DEFAULT (3600), `next_reply_seconds` integer NULL, `resolve_seconds` integer NULL, `warn_seconds` integer NOT NULL DEFAULT (900), `pauses` json NOT NULL, `calendar_id` uuid NULL, PRIMARY KEY (`id`), CONSTRAINT `service_levels_times` CHECK (first_reply_seconds > 0 AND coalesce(next_reply_seconds, 1) > 0 AND coalesce(resolve_seconds, 1) > 0 AND warn_seconds >= 0));
-- create index "servicelevel_key_id_version" to table: "service_levels"
CREATE UNIQUE INDEX `servicelevel_key_id_version` ON `service_levels` (`key_id`, `version`);
-- create index "service_level_in_force" to table: "service_levels"
CREATE INDEX `service_level_in_force` ON `service_levels` (`position`) WHERE retired_at is null;
-- create "support_teams" table
CREATE TABLE `support_teams` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `revision` integer NOT NULL DEFAULT (1), `name` text NOT NULL, `assignment` text NOT NULL DEFAULT ('MANUAL'), `kinds` json NULL, `locales` json NULL, `position` integer NOT NULL DEFAULT (0), `retired` bool NOT NULL DEFAULT (false), PRIMARY KEY (`id`));
-- create index "support_teams_name_key" to table: "support_teams"
CREATE UNIQUE INDEX `support_teams_name_key` ON `support_teams` (`name`);
-- create "surveys" table
CREATE TABLE `surveys` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `key_id` uuid NOT NULL, `version` integer NOT NULL DEFAULT (1), `retired_at` datetime NULL, `name` text NOT NULL, `texts` json NOT NULL, `questions` json NOT NULL, `kinds` json NULL, `delay_seconds` integer NOT NULL DEFAULT (3600), `remind_seconds` integer NULL, `valid_seconds` integer NOT NULL DEFAULT (1209600), `every_seconds` integer NOT NULL DEFAULT (0), `position` integer NOT NULL DEFAULT (0), PRIMARY KEY (`id`), CONSTRAINT `surveys_times` CHECK (delay_seconds >= 0 AND coalesce(remind_seconds, 1) > 0 AND valid_seconds > 0 AND every_seconds >= 0));
-- create index "survey_key_id_version" to table: "surveys"
CREATE UNIQUE INDEX `survey_key_id_version` ON `surveys` (`key_id`, `version`);
-- create index "survey_in_force" to table: "surveys"
CREATE INDEX `survey_in_force` ON `surveys` (`position`) WHERE retired_at is null;
-- create "survey_requests" table
CREATE TABLE `survey_requests` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `user_id` uuid NOT NULL, `ticket_id` uuid NOT NULL, `survey_id` uuid NOT NULL, `locale` text NOT NULL, `status` text NOT NULL DEFAULT ('PLANNED'), `ask_at` datetime NOT NULL, `asked_at` datetime NULL, `remind_at` datetime NULL, `reminded_at` datetime NULL, `expires_at` datetime NULL, `answered_at` datetime NULL, `answers` json NULL, `score` integer NULL, `comment` text NULL, `operator_id` uuid NULL, PRIMARY KEY (`id`), CONSTRAINT `survey_requests_score` CHECK (coalesce(score, 1) BETWEEN 1 AND 5));
-- create index "surveyrequest_user_id" to table: "survey_requests"
CREATE INDEX `surveyrequest_user_id` ON `survey_requests` (`user_id`);
-- create index "surveyrequest_ticket_id_user_id" to table: "survey_requests"
CREATE INDEX `surveyrequest_ticket_id_user_id` ON `survey_requests` (`ticket_id`, `user_id`);
-- create index "surveyrequest_user_id_asked_at" to table: "survey_requests"
CREATE INDEX `surveyrequest_user_id_asked_at` ON `survey_requests` (`user_id`, `asked_at`);
-- create index "surveyrequest_status_ask_at" to table: "survey_requests"
CREATE INDEX `surveyrequest_status_ask_at` ON `survey_requests` (`status`, `ask_at`);
-- create index "survey_request_answered" to table: "survey_requests"
CREATE INDEX `survey_request_answered` ON `survey_requests` (`answered_at`, `id`) WHERE answered_at is not null;
-- create index "survey_request_remind" to table: "survey_requests"
CREATE INDEX `survey_request_remind` ON `survey_requests` (`remind_at`, `id`) WHERE status = 'ASKED' and reminded_at is null;
-- create index "survey_request_expires" to table: "survey_requests"
CREATE INDEX `survey_request_expires` ON `survey_requests` (`expires_at`, `id`) WHERE status = 'ASKED';
-- create "ticket_attachments" table
CREATE TABLE `ticket_attachments` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `owner_id` uuid NOT NULL, `ticket_id` uuid NOT NULL, `document_id` uuid NOT NULL, `title` text NOT NULL, `mime` text NOT NULL, `size` integer NOT NULL, `position` integer NOT NULL DEFAULT (0), `message_id` uuid NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `ticket_attachments_size` CHECK (size >= 0));
-- create index "ticketattachment_message_id_position" to table: "ticket_attachments"
CREATE UNIQUE INDEX `ticketattachment_message_id_position` ON `ticket_attachments` (`message_id`, `position`);
-- create index "ticketattachment_ticket_id" to table: "ticket_attachments"
CREATE INDEX `ticketattachment_ticket_id` ON `ticket_attachments` (`ticket_id`);
-- create index "ticketattachment_document_id" to table: "ticket_attachments"
CREATE INDEX `ticketattachment_document_id` ON `ticket_attachments` (`document_id`);
-- create "ticket_edits" table
CREATE TABLE `ticket_edits` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `owner_id` uuid NOT NULL, `ticket_id` uuid NOT NULL, `message_id` uuid NOT NULL, `kind` text NOT NULL, `body` text NULL, `actor_id` uuid NULL, `actor_name` text NOT NULL DEFAULT (''), PRIMARY KEY (`id`), CONSTRAINT `ticket_edits_kind` CHECK (kind IN ('EDIT','REMOVE','HIDE','SHOW')));
-- create index "ticketedit_message_id_id" to table: "ticket_edits"
CREATE INDEX `ticketedit_message_id_id` ON `ticket_edits` (`message_id`, `id`);
-- create index "ticketedit_ticket_id" to table: "ticket_edits"
CREATE INDEX `ticketedit_ticket_id` ON `ticket_edits` (`ticket_id`);
-- create "ticket_links" table
CREATE TABLE `ticket_links` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `owner_id` uuid NOT NULL, `ticket_id` uuid NOT NULL, `kind` text NOT NULL, `actor_id` uuid NULL, `other_id` uuid NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `ticket_links_self` CHECK (ticket_id <> other_id));
-- create index "ticketlink_ticket_id_other_id_kind" to table: "ticket_links"
CREATE UNIQUE INDEX `ticketlink_ticket_id_other_id_kind` ON `ticket_links` (`ticket_id`, `other_id`, `kind`);
-- create index "ticketlink_other_id" to table: "ticket_links"
CREATE INDEX `ticketlink_other_id` ON `ticket_links` (`other_id`);
-- create "ticket_views" table
CREATE TABLE `ticket_views` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `revision` integer NOT NULL DEFAULT (1), `user_id` uuid NOT NULL, `name` text NOT NULL, `shared` bool NOT NULL DEFAULT (false), `filter` json NOT NULL, `sort` text NOT NULL, `position` integer NOT NULL DEFAULT (0), PRIMARY KEY (`id`));
-- create index "ticketview_user_id" to table: "ticket_views"
CREATE INDEX `ticketview_user_id` ON `ticket_views` (`user_id`);
-- create index "ticketview_user_id_name" to table: "ticket_views"
CREATE UNIQUE INDEX `ticketview_user_id_name` ON `ticket_views` (`user_id`, `name`);
-- enable back the enforcement of foreign-keys constraints
PRAGMA foreign_keys = on;
-- the ready-made roles that nobody has edited may do what is new
UPDATE `roles` SET `permissions` = json_insert(`permissions`, '$[#]', json('{"resource":"support","operation":"read","reach":"ALL"}'), '$[#]', json('{"resource":"support","operation":"write","reach":"ALL"}'), '$[#]', json('{"resource":"article","operation":"read","reach":"ALL"}'), '$[#]', json('{"resource":"article","operation":"write","reach":"ALL"}')) WHERE `name` = 'Administrator' AND `audience` = 'STAFF' AND `version` = 1 AND `retired_at` IS NULL;
UPDATE `roles` SET `permissions` = json_insert(`permissions`, '$[#]', json('{"resource":"support","operation":"read","reach":"ALL"}'), '$[#]', json('{"resource":"article","operation":"read","reach":"ALL"}')) WHERE `name` = 'Support' AND `audience` = 'STAFF' AND `version` = 1 AND `retired_at` IS NULL;
-- what the customer card and the figures of support need besides
ALTER TABLE `outside_cards` ADD COLUMN `fetching_until` datetime NULL;
ALTER TABLE `customer_notes` ADD COLUMN `client_id` text NULL;
CREATE UNIQUE INDEX `customernote_user_id_author_id_client_id` ON `customer_notes` (`user_id`, `author_id`, `client_id`);
ALTER TABLE `users` ADD COLUMN `manager_contacts` json NULL;
CREATE INDEX `ticket_closed` ON `tickets` (`closed_at`) WHERE closed_at is not null;
CREATE INDEX `ticket_first_replied` ON `tickets` (`first_replied_at`) WHERE first_replied_at is not null;
CREATE INDEX `ticket_rated` ON `tickets` (`rated_at`) WHERE rated_at is not null;
CREATE INDEX `ticket_message_replies` ON `ticket_messages` (`created_at`) WHERE kind = 'MESSAGE' and author_kind = 'STAFF';
-- by hand: the words by which articles in force are found, one row an article
-- and language, kept in the transaction that publishes it (internal/article). Go
-- folds and stems them, so that both databases find the same; those of the title
-- are there once more behind ¹, those of title and keywords behind ². The rows
-- are numbered in the order of publication, by which what matches is sorted.
CREATE TABLE article_words (
  id integer NOT NULL PRIMARY KEY AUTOINCREMENT,
  article_id uuid NOT NULL UNIQUE,
  key_id uuid NOT NULL,
  locale text NOT NULL,
  audience text NOT NULL,
  category_id uuid NULL,
  words text NOT NULL,
  heads text NOT NULL
);
CREATE UNIQUE INDEX article_words_key ON article_words (key_id, locale);
CREATE VIRTUAL TABLE article_index USING fts5(words, content='', tokenize='ascii', columnsize=0, detail=none);
-- +goose StatementBegin
CREATE TRIGGER article_words_insert AFTER INSERT ON article_words BEGIN INSERT INTO article_index (rowid, words) VALUES (NEW.id, NEW.words); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER article_words_delete AFTER DELETE ON article_words BEGIN INSERT INTO article_index (article_index, rowid, words) VALUES ('delete', OLD.id, OLD.words); END;
-- +goose StatementEnd
-- read marks that name the message they stand at
ALTER TABLE `tickets` ADD COLUMN `read_by_staff_up_to` integer NOT NULL DEFAULT (0);
ALTER TABLE `tickets` ADD COLUMN `read_by_customer_up_to` integer NOT NULL DEFAULT (0);
ALTER TABLE `ticket_participants` ADD COLUMN `read_up_to` integer NOT NULL DEFAULT (0);
UPDATE tickets SET read_by_staff_up_to = coalesce((SELECT max(m.seq) FROM ticket_messages m WHERE m.ticket_id = tickets.id AND m.kind = 'MESSAGE' AND m.author_kind = 'CUSTOMER' AND (SELECT count(*) FROM ticket_messages o WHERE o.ticket_id = m.ticket_id AND o.kind = 'MESSAGE' AND o.author_kind = 'CUSTOMER' AND o.seq <= m.seq) <= tickets.staff_read_seq), 0) WHERE staff_read_seq > 0;
UPDATE ticket_participants SET read_up_to = coalesce((SELECT max(m.seq) FROM ticket_messages m WHERE m.ticket_id = ticket_participants.ticket_id AND m.kind = 'MESSAGE' AND m.author_kind = 'STAFF' AND (SELECT count(*) FROM ticket_messages o WHERE o.ticket_id = m.ticket_id AND o.kind = 'MESSAGE' AND o.author_kind = 'STAFF' AND o.seq <= m.seq) <= ticket_participants.read_seq), 0) WHERE read_seq > 0;
UPDATE tickets SET read_by_customer_up_to = coalesce((SELECT max(p.read_up_to) FROM ticket_participants p WHERE p.ticket_id = tickets.id), 0) WHERE public_seq > 0;
