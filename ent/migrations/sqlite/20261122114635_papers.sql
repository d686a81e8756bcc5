-- +goose Up
-- disable the enforcement of foreign-keys constraints
PRAGMA foreign_keys = off;
-- create "new_payments" table
CREATE TABLE `new_payments` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `owner_id` uuid NOT NULL, `source` text NULL, `external_id` text NULL, `source_updated_at` datetime NULL, `invoice_id` uuid NULL, `kind` text NOT NULL, `parent_id` uuid NULL, `status` text NOT NULL DEFAULT ('PENDING'), `currency` text NOT NULL, `amount_minor` integer NOT NULL, `refunded_minor` integer NOT NULL DEFAULT (0), `method` text NOT NULL, `provider` text NULL, `provider_ref` text NULL, `method_id` uuid NULL, `url` text NULL, `return_url` text NULL, `failure` text NULL, `expires_at` datetime NULL, `occurred_at` datetime NOT NULL, `order_id` uuid NULL, PRIMARY KEY (`id`), CONSTRAINT `payments_orders_payments` FOREIGN KEY (`order_id`) REFERENCES `orders` (`id`) ON DELETE SET NULL, CONSTRAINT `payments_amounts` CHECK (amount_minor > 0 AND refunded_minor >= 0 AND refunded_minor <= amount_minor));
-- copy rows from old table "payments" to new temporary table "new_payments"
INSERT INTO `new_payments` (`id`, `created_at`, `updated_at`, `owner_id`, `source`, `external_id`, `source_updated_at`, `kind`, `parent_id`, `status`, `currency`, `amount_minor`, `refunded_minor`, `method`, `provider`, `provider_ref`, `method_id`, `url`, `return_url`, `failure`, `expires_at`, `occurred_at`, `order_id`) SELECT `id`, `created_at`, `updated_at`, `owner_id`, `source`, `external_id`, `source_updated_at`, `kind`, `parent_id`, `status`, `currency`, `amount_minor`, `refunded_minor`, `method`, `provider`, `provider_ref`, `method_id`, `url`, `return_url`, `failure`, `expires_at`, `occurred_at`, `order_id` FROM `payments`;
-- drop "payments" table after copying rows
DROP TABLE `payments`;
-- rename temporary table "new_payments" to "payments"
ALTER TABLE `new_payments` RENAME TO `payments`;
-- create index "payment_source_external_id" to table: "payments"
CREATE UNIQUE INDEX `payment_source_external_id` ON `payments` (`source`, `external_id`);
-- create index "payment_provider_provider_ref" to table: "payments"
CREATE UNIQUE INDEX `payment_provider_provider_ref` ON `payments` (`provider`, `provider_ref`);
-- create index "payment_order_id" to table: "payments"
CREATE INDEX `payment_order_id` ON `payments` (`order_id`);
-- create index "payment_invoice_id" to table: "payments"
CREATE INDEX `payment_invoice_id` ON `payments` (`invoice_id`);
-- create index "payment_owner_id_occurred_at_id" to table: "payments"
CREATE INDEX `payment_owner_id_occurred_at_id` ON `payments` (`owner_id`, `occurred_at`, `id`);
-- create index "payment_pending" to table: "payments"
CREATE INDEX `payment_pending` ON `payments` (`kind`, `updated_at`) WHERE status = 'PENDING';
-- create "new_documents" table
CREATE TABLE `new_documents` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `owner_id` uuid NOT NULL, `user_id` uuid NULL, `source` text NULL, `external_id` text NULL, `source_updated_at` datetime NULL, `metadata` json NULL, `private_metadata` json NULL, `kind` text NOT NULL, `status` text NOT NULL DEFAULT ('PENDING'), `title` text NOT NULL, `series` text NULL, `number` text NULL, `from_on` text NULL, `to_on` text NULL, `subject_kind` text NULL, `subject_id` uuid NULL, `currency` text NULL, `amount_minor` integer NULL, `paid_minor` integer NOT NULL DEFAULT (0), `paid_at` datetime NULL, `locale` text NULL, `version` integer NOT NULL DEFAULT (1), `replaces_id` uuid NULL, `fingerprint` text NULL, `issued_at` datetime NULL, `due_at` datetime NULL, `overdue_told_at` datetime NULL, `mime` text NULL, `size` integer NULL, `sha256` blob NULL, `blob_key` text NULL, `visibility` text NOT NULL DEFAULT ('ALL'), `expires_at` datetime NULL, PRIMARY KEY (`id`), CONSTRAINT `documents_invoice` CHECK (kind <> 'INVOICE' OR amount_minor IS NOT NULL), CONSTRAINT `documents_money` CHECK (paid_minor >= 0 AND paid_minor <= coalesce(amount_minor, 0) AND (amount_minor IS NULL) = (currency IS NULL)), CONSTRAINT `documents_size` CHECK (size IS NULL OR size >= 0));
-- copy rows from old table "documents" to new temporary table "new_documents"
INSERT INTO `new_documents` (`id`, `created_at`, `updated_at`, `owner_id`, `user_id`, `source`, `external_id`, `source_updated_at`, `metadata`, `private_metadata`, `kind`, `status`, `title`, `series`, `number`, `from_on`, `to_on`, `subject_kind`, `subject_id`, `due_at`, `mime`, `size`, `sha256`, `blob_key`, `visibility`, `expires_at`) SELECT `id`, `created_at`, `updated_at`, `owner_id`, `user_id`, `source`, `external_id`, `source_updated_at`, `metadata`, `private_metadata`, `kind`, `status`, `title`, `series`, `number`, `from_on`, `to_on`, `subject_kind`, `subject_id`, `due_at`, `mime`, `size`, `sha256`, `blob_key`, `visibility`, `expires_at` FROM `documents`;
-- drop "documents" table after copying rows
DROP TABLE `documents`;
-- rename temporary table "new_documents" to "documents"
ALTER TABLE `new_documents` RENAME TO `documents`;
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
-- create index "document_in_force" to table: "documents"
CREATE UNIQUE INDEX `document_in_force` ON `documents` (`fingerprint`) WHERE fingerprint is not null and status <> 'VOID';
-- create index "document_overdue" to table: "documents"
CREATE INDEX `document_overdue` ON `documents` (`due_at`) WHERE kind = 'INVOICE' and status = 'ISSUED' and overdue_told_at is null;
-- create index "document_due" to table: "documents"
CREATE INDEX `document_due` ON `documents` (`expires_at`) WHERE expires_at is not null;
-- add column "price_source_at" to table: "products"
ALTER TABLE `products` ADD COLUMN `price_source_at` datetime NULL;
-- add column "stock_source_at" to table: "products"
ALTER TABLE `products` ADD COLUMN `stock_source_at` datetime NULL;
-- create "document_series" table
CREATE TABLE `document_series` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `series` text NOT NULL, `last` integer NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `document_series_last` CHECK (last > 0));
-- create index "document_series_series_key" to table: "document_series"
CREATE UNIQUE INDEX `document_series_series_key` ON `document_series` (`series`);
-- create "invoice_quotes" table
CREATE TABLE `invoice_quotes` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `owner_id` uuid NOT NULL, `user_id` uuid NULL, `status` text NOT NULL DEFAULT ('QUOTED'), `account_id` uuid NOT NULL, `invoice_id` uuid NOT NULL, `currency` text NOT NULL, `amount_minor` integer NOT NULL, `fee_minor` integer NOT NULL DEFAULT (0), `free_left` integer NULL, `fee_rule_id` uuid NULL, `entry_id` uuid NULL, `expires_at` datetime NOT NULL, `completed_at` datetime NULL, PRIMARY KEY (`id`), CONSTRAINT `invoice_quotes_amounts` CHECK (amount_minor > 0 AND fee_minor >= 0), CONSTRAINT `invoice_quotes_done` CHECK (status <> 'QUOTED' AND completed_at IS NOT NULL AND entry_id IS NOT NULL OR status = 'QUOTED' AND completed_at IS NULL AND entry_id IS NULL));
-- create index "invoicequote_owner_id_id" to table: "invoice_quotes"
CREATE INDEX `invoicequote_owner_id_id` ON `invoice_quotes` (`owner_id`, `id`);
-- create index "invoice_quote_charged" to table: "invoice_quotes"
CREATE INDEX `invoice_quote_charged` ON `invoice_quotes` (`owner_id`, `currency`, `completed_at`) WHERE status = 'COMPLETED';
-- create index "invoice_quote_quoted" to table: "invoice_quotes"
CREATE INDEX `invoice_quote_quoted` ON `invoice_quotes` (`expires_at`) WHERE status = 'QUOTED';
-- create index "invoicequote_invoice_id" to table: "invoice_quotes"
CREATE INDEX `invoicequote_invoice_id` ON `invoice_quotes` (`invoice_id`);
-- enable back the enforcement of foreign-keys constraints
PRAGMA foreign_keys = on;

