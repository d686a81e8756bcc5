-- +goose Up
-- modify "documents" table
ALTER TABLE "documents" ADD CONSTRAINT "documents_invoice" CHECK (((kind)::text <> 'INVOICE'::text) OR (amount_minor IS NOT NULL)), ADD CONSTRAINT "documents_money" CHECK ((paid_minor >= 0) AND (paid_minor <= COALESCE(amount_minor, (0)::bigint)) AND ((amount_minor IS NULL) = (currency IS NULL))), ADD COLUMN "currency" character varying NULL, ADD COLUMN "amount_minor" bigint NULL, ADD COLUMN "paid_minor" bigint NOT NULL DEFAULT 0, ADD COLUMN "paid_at" timestamptz NULL, ADD COLUMN "locale" character varying NULL, ADD COLUMN "version" bigint NOT NULL DEFAULT 1, ADD COLUMN "replaces_id" uuid NULL, ADD COLUMN "fingerprint" character varying NULL, ADD COLUMN "issued_at" timestamptz NULL, ADD COLUMN "overdue_told_at" timestamptz NULL;
-- create index "document_in_force" to table: "documents"
CREATE UNIQUE INDEX "document_in_force" ON "documents" ("fingerprint") WHERE ((fingerprint IS NOT NULL) AND ((status)::text <> 'VOID'::text));
-- create index "document_overdue" to table: "documents"
CREATE INDEX "document_overdue" ON "documents" ("due_at") WHERE (((kind)::text = 'INVOICE'::text) AND ((status)::text = 'ISSUED'::text) AND (overdue_told_at IS NULL));
-- modify "payments" table
ALTER TABLE "payments" ADD COLUMN "invoice_id" uuid NULL;
-- create index "payment_invoice_id" to table: "payments"
CREATE INDEX "payment_invoice_id" ON "payments" ("invoice_id");
-- create index "payment_pending" to table: "payments"
CREATE INDEX "payment_pending" ON "payments" ("kind", "updated_at") WHERE ((status)::text = 'PENDING'::text);
-- modify "products" table
ALTER TABLE "products" ADD COLUMN "price_source_at" timestamptz NULL, ADD COLUMN "stock_source_at" timestamptz NULL;
-- create "document_series" table
CREATE TABLE "document_series" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "series" character varying NOT NULL, "last" bigint NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "document_series_last" CHECK (last > 0));
-- create index "document_series_series_key" to table: "document_series"
CREATE UNIQUE INDEX "document_series_series_key" ON "document_series" ("series");
-- create "invoice_quotes" table
CREATE TABLE "invoice_quotes" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "owner_id" uuid NOT NULL, "user_id" uuid NULL, "status" character varying NOT NULL DEFAULT 'QUOTED', "account_id" uuid NOT NULL, "invoice_id" uuid NOT NULL, "currency" character varying NOT NULL, "amount_minor" bigint NOT NULL, "fee_minor" bigint NOT NULL DEFAULT 0, "free_left" bigint NULL, "fee_rule_id" uuid NULL, "entry_id" uuid NULL, "expires_at" timestamptz NOT NULL, "completed_at" timestamptz NULL, PRIMARY KEY ("id"), CONSTRAINT "invoice_quotes_amounts" CHECK ((amount_minor > 0) AND (fee_minor >= 0)), CONSTRAINT "invoice_quotes_done" CHECK ((((status)::text <> 'QUOTED'::text) AND (completed_at IS NOT NULL) AND (entry_id IS NOT NULL)) OR (((status)::text = 'QUOTED'::text) AND (completed_at IS NULL) AND (entry_id IS NULL))));
-- create index "invoice_quote_charged" to table: "invoice_quotes"
CREATE INDEX "invoice_quote_charged" ON "invoice_quotes" ("owner_id", "currency", "completed_at") WHERE ((status)::text = 'COMPLETED'::text);
-- create index "invoice_quote_quoted" to table: "invoice_quotes"
CREATE INDEX "invoice_quote_quoted" ON "invoice_quotes" ("expires_at") WHERE ((status)::text = 'QUOTED'::text);
-- create index "invoicequote_invoice_id" to table: "invoice_quotes"
CREATE INDEX "invoicequote_invoice_id" ON "invoice_quotes" ("invoice_id");
-- create index "invoicequote_owner_id_id" to table: "invoice_quotes"
CREATE INDEX "invoicequote_owner_id_id" ON "invoice_quotes" ("owner_id", "id");

