-- +goose Up
-- disable the enforcement of foreign-keys constraints
PRAGMA foreign_keys = off;
-- add column "organization" to table: "addresses"
ALTER TABLE `addresses` ADD COLUMN `organization` text NULL;
-- add column "email" to table: "addresses"
ALTER TABLE `addresses` ADD COLUMN `email` text NULL;
-- add column "district" to table: "addresses"
ALTER TABLE `addresses` ADD COLUMN `district` text NULL;
-- add column "sorting_code" to table: "addresses"
ALTER TABLE `addresses` ADD COLUMN `sorting_code` text NULL;
-- add column "note" to table: "addresses"
ALTER TABLE `addresses` ADD COLUMN `note` text NULL;
-- add column "requisites" to table: "companies"
ALTER TABLE `companies` ADD COLUMN `requisites` json NULL;
-- create "new_identities" table
CREATE TABLE `new_identities` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `user_id` uuid NOT NULL, `kind` text NOT NULL, `issuer` text NOT NULL DEFAULT (''), `subject` text NOT NULL, `secret` blob NULL, `login` text NULL, `login_key` text NULL, `label` text NULL, `counter` integer NOT NULL DEFAULT (0), `must_change_by_at` datetime NULL, `issued_by_id` uuid NULL, `warned` integer NOT NULL DEFAULT (0), `last_used_at` datetime NULL, `used_at` datetime NULL, `params` json NULL, PRIMARY KEY (`id`));
-- copy rows from old table "identities" to new temporary table "new_identities"
INSERT INTO `new_identities` (`id`, `created_at`, `updated_at`, `user_id`, `kind`, `issuer`, `subject`, `secret`, `label`, `counter`, `must_change_by_at`, `last_used_at`) SELECT `id`, `created_at`, `updated_at`, `user_id`, `kind`, `issuer`, `subject`, `secret`, `label`, `counter`, `must_change_by_at`, `last_used_at` FROM `identities`;
-- drop "identities" table after copying rows
DROP TABLE `identities`;
-- rename temporary table "new_identities" to "identities"
ALTER TABLE `new_identities` RENAME TO `identities`;
-- create index "identities_login_key_key" to table: "identities"
CREATE UNIQUE INDEX `identities_login_key_key` ON `identities` (`login_key`);
-- create index "identity_user_id" to table: "identities"
CREATE INDEX `identity_user_id` ON `identities` (`user_id`);
-- create index "identity_kind_issuer_subject" to table: "identities"
CREATE UNIQUE INDEX `identity_kind_issuer_subject` ON `identities` (`kind`, `issuer`, `subject`);
-- create index "identity_must_change" to table: "identities"
CREATE INDEX `identity_must_change` ON `identities` (`must_change_by_at`) WHERE must_change_by_at is not null;
-- create "new_sessions" table
CREATE TABLE `new_sessions` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `user_id` uuid NOT NULL, `owner_id` uuid NOT NULL, `kind` text NOT NULL, `token_hash` blob NOT NULL, `refresh_hash` blob NULL, `refresh_prev_hash` blob NULL, `rotated_at` datetime NULL, `access_expires_at` datetime NULL, `device_hash` blob NULL, `method` text NOT NULL DEFAULT ('PASSWORD'), `place` text NULL, `acting_staff_id` uuid NULL, `acting_reason` text NULL, `aal` integer NOT NULL DEFAULT (1), `stepped_up_at` datetime NULL, `user_agent` text NULL, `ip` text NULL, `last_used_at` datetime NOT NULL, `expires_at` datetime NOT NULL, `revoked_at` datetime NULL, PRIMARY KEY (`id`));
-- copy rows from old table "sessions" to new temporary table "new_sessions"
INSERT INTO `new_sessions` (`id`, `created_at`, `updated_at`, `user_id`, `owner_id`, `kind`, `token_hash`, `aal`, `stepped_up_at`, `user_agent`, `ip`, `last_used_at`, `expires_at`, `revoked_at`) SELECT `id`, `created_at`, `updated_at`, `user_id`, `owner_id`, `kind`, `token_hash`, `aal`, `stepped_up_at`, `user_agent`, `ip`, `last_used_at`, `expires_at`, `revoked_at` FROM `sessions`;
-- drop "sessions" table after copying rows
DROP TABLE `sessions`;
-- rename temporary table "new_sessions" to "sessions"
ALTER TABLE `new_sessions` RENAME TO `sessions`;
-- create index "sessions_token_hash_key" to table: "sessions"
CREATE UNIQUE INDEX `sessions_token_hash_key` ON `sessions` (`token_hash`);
-- create index "sessions_refresh_hash_key" to table: "sessions"
CREATE UNIQUE INDEX `sessions_refresh_hash_key` ON `sessions` (`refresh_hash`);
-- create index "sessions_refresh_prev_hash_key" to table: "sessions"
CREATE UNIQUE INDEX `sessions_refresh_prev_hash_key` ON `sessions` (`refresh_prev_hash`);
-- create index "session_user_id" to table: "sessions"
CREATE INDEX `session_user_id` ON `sessions` (`user_id`);
-- create index "session_expires_at" to table: "sessions"
CREATE INDEX `session_expires_at` ON `sessions` (`expires_at`);
-- create "new_users" table
CREATE TABLE `new_users` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `revision` integer NOT NULL DEFAULT (1), `source` text NULL, `external_id` text NULL, `source_updated_at` datetime NULL, `metadata` json NULL, `private_metadata` json NULL, `kind` text NOT NULL DEFAULT ('PERSON'), `status` text NOT NULL DEFAULT ('PENDING'), `given_name` text NULL, `family_name` text NULL, `middle_name` text NULL, `display_name` text NOT NULL, `birth_on` text NULL, `nickname` text NULL, `sex` text NULL, `job_title` text NULL, `region` text NULL, `interests` json NULL, `contact_channel` text NULL, `ui` json NULL, `privacy` json NULL, `requisites` json NULL, `delivery` json NULL, `locale` text NOT NULL DEFAULT ('en'), `time_zone` text NOT NULL DEFAULT ('UTC'), `name_key` text NULL, `family_key` text NULL, `block_reason` text NULL, `blocked_note` text NULL, `blocked_at` datetime NULL, `stream_seq` integer NOT NULL DEFAULT (0), `stream_oldest` integer NOT NULL DEFAULT (0), `avatar_id` uuid NULL, `avatar_width` integer NOT NULL DEFAULT (0), `avatar_height` integer NOT NULL DEFAULT (0), `delete_at` datetime NULL, `unread_count` integer NOT NULL DEFAULT (0), PRIMARY KEY (`id`), CONSTRAINT `users_stream` CHECK (stream_seq >= 0 AND stream_oldest >= 0), CONSTRAINT `users_unread_count` CHECK (unread_count >= 0));
-- copy rows from old table "users" to new temporary table "new_users"
INSERT INTO `new_users` (`id`, `created_at`, `updated_at`, `revision`, `source`, `external_id`, `source_updated_at`, `metadata`, `private_metadata`, `kind`, `status`, `given_name`, `family_name`, `middle_name`, `display_name`, `birth_on`, `locale`, `time_zone`, `stream_seq`, `stream_oldest`, `unread_count`) SELECT `id`, `created_at`, `updated_at`, `revision`, `source`, `external_id`, `source_updated_at`, `metadata`, `private_metadata`, `kind`, `status`, `given_name`, `family_name`, `middle_name`, `display_name`, `birth_on`, `locale`, `time_zone`, `stream_seq`, `stream_oldest`, `unread_count` FROM `users`;
-- drop "users" table after copying rows
DROP TABLE `users`;
-- rename temporary table "new_users" to "users"
ALTER TABLE `new_users` RENAME TO `users`;
-- create index "user_source_external_id" to table: "users"
CREATE UNIQUE INDEX `user_source_external_id` ON `users` (`source`, `external_id`);
-- create index "user_delete_due" to table: "users"
CREATE INDEX `user_delete_due` ON `users` (`delete_at`) WHERE delete_at is not null;
-- create index "user_name_key" to table: "users"
CREATE INDEX `user_name_key` ON `users` (`name_key`);
-- create index "user_family_key" to table: "users"
CREATE INDEX `user_family_key` ON `users` (`family_key`);
-- add column "basis" to table: "memberships"
ALTER TABLE `memberships` ADD COLUMN `basis` text NULL;
-- add column "document_note" to table: "memberships"
ALTER TABLE `memberships` ADD COLUMN `document_note` text NULL;
-- create index "membership_due" to table: "memberships"
CREATE INDEX `membership_due` ON `memberships` (`valid_until_at`) WHERE valid_until_at is not null and status = 'ACTIVE';
-- create "consents" table
CREATE TABLE `consents` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `user_id` uuid NOT NULL, `document_id` uuid NOT NULL, `version` integer NOT NULL, `decision` text NOT NULL, `locale` text NOT NULL, `session_id` uuid NULL, `ip` text NULL, `user_agent` text NULL, PRIMARY KEY (`id`));
-- create index "consent_user_id" to table: "consents"
CREATE INDEX `consent_user_id` ON `consents` (`user_id`);
-- create index "consent_user_id_document_id_id" to table: "consents"
CREATE INDEX `consent_user_id_document_id_id` ON `consents` (`user_id`, `document_id`, `id`);
-- create index "consent_document_id_version" to table: "consents"
CREATE INDEX `consent_document_id_version` ON `consents` (`document_id`, `version`);
-- create "consent_documents" table
CREATE TABLE `consent_documents` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `key_id` uuid NOT NULL, `version` integer NOT NULL DEFAULT (1), `retired_at` datetime NULL, `handle` text NOT NULL, `purpose` text NOT NULL, `required` bool NOT NULL DEFAULT (false), `texts` json NOT NULL, `url` text NULL, PRIMARY KEY (`id`));
-- create index "consentdocument_key_id_version" to table: "consent_documents"
CREATE UNIQUE INDEX `consentdocument_key_id_version` ON `consent_documents` (`key_id`, `version`);
-- create index "consent_document_handle_in_force" to table: "consent_documents"
CREATE UNIQUE INDEX `consent_document_handle_in_force` ON `consent_documents` (`handle`) WHERE retired_at is null;
-- create "documents" table
CREATE TABLE `documents` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `owner_id` uuid NOT NULL, `user_id` uuid NULL, `source` text NULL, `external_id` text NULL, `source_updated_at` datetime NULL, `metadata` json NULL, `private_metadata` json NULL, `kind` text NOT NULL, `status` text NOT NULL DEFAULT ('PENDING'), `title` text NOT NULL, `series` text NULL, `number` text NULL, `from_on` text NULL, `to_on` text NULL, `subject_kind` text NULL, `subject_id` uuid NULL, `due_at` datetime NULL, `mime` text NULL, `size` integer NULL, `sha256` blob NULL, `blob_key` text NULL, `visibility` text NOT NULL DEFAULT ('ALL'), `expires_at` datetime NULL, PRIMARY KEY (`id`), CONSTRAINT `documents_size` CHECK (size IS NULL OR size >= 0));
-- create index "documents_blob_key_key" to table: "documents"
CREATE UNIQUE INDEX `documents_blob_key_key` ON `documents` (`blob_key`);
-- create index "document_owner_id_id" to table: "documents"
CREATE INDEX `document_owner_id_id` ON `documents` (`owner_id`, `id`);
-- create index "document_source_external_id" to table: "documents"
CREATE UNIQUE INDEX `document_source_external_id` ON `documents` (`source`, `external_id`);
-- create index "document_series_number" to table: "documents"
CREATE UNIQUE INDEX `document_series_number` ON `documents` (`series`, `number`);
-- create index "document_owner_id_kind_id" to table: "documents"
CREATE INDEX `document_owner_id_kind_id` ON `documents` (`owner_id`, `kind`, `id`);
-- create index "document_subject_id" to table: "documents"
CREATE INDEX `document_subject_id` ON `documents` (`subject_id`);
-- create index "document_due" to table: "documents"
CREATE INDEX `document_due` ON `documents` (`expires_at`) WHERE expires_at is not null;
-- create "payment_methods" table
CREATE TABLE `payment_methods` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `owner_id` uuid NOT NULL, `user_id` uuid NULL, `status` text NOT NULL DEFAULT ('PENDING'), `provider` text NOT NULL, `setup_ref` text NULL, `token` text NULL, `url` text NULL, `return_url` text NULL, `wants_default` bool NOT NULL DEFAULT (false), `brand` text NULL, `last4` text NULL, `expires_on` text NULL, `label` text NULL, `failure` text NULL, `is_default` bool NOT NULL DEFAULT (false), `told_at` datetime NULL, `expires_at` datetime NULL, PRIMARY KEY (`id`), CONSTRAINT `payment_methods_default` CHECK (NOT is_default OR status = 'ACTIVE'), CONSTRAINT `payment_methods_last4` CHECK (last4 IS NULL OR length(last4) <= 4), CONSTRAINT `payment_methods_token` CHECK ((status = 'ACTIVE') = (token IS NOT NULL)));
-- create index "paymentmethod_owner_id_id" to table: "payment_methods"
CREATE INDEX `paymentmethod_owner_id_id` ON `payment_methods` (`owner_id`, `id`);
-- create index "paymentmethod_provider_token" to table: "payment_methods"
CREATE UNIQUE INDEX `paymentmethod_provider_token` ON `payment_methods` (`provider`, `token`);
-- create index "payment_method_one_default" to table: "payment_methods"
CREATE UNIQUE INDEX `payment_method_one_default` ON `payment_methods` (`owner_id`) WHERE is_default;
-- create index "payment_method_due" to table: "payment_methods"
CREATE INDEX `payment_method_due` ON `payment_methods` (`expires_at`) WHERE status <> 'ACTIVE';
-- enable back the enforcement of foreign-keys constraints
PRAGMA foreign_keys = on;

