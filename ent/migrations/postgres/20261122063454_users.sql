-- +goose Up
-- modify "addresses" table
ALTER TABLE "addresses" ADD COLUMN "organization" character varying NULL, ADD COLUMN "email" character varying NULL, ADD COLUMN "district" character varying NULL, ADD COLUMN "sorting_code" character varying NULL, ADD COLUMN "note" character varying NULL;
-- modify "companies" table
ALTER TABLE "companies" ADD COLUMN "requisites" jsonb NULL;
-- modify "identities" table
ALTER TABLE "identities" ADD COLUMN "login" character varying NULL, ADD COLUMN "login_key" character varying NULL, ADD COLUMN "issued_by_id" uuid NULL, ADD COLUMN "warned" bigint NOT NULL DEFAULT 0, ADD COLUMN "used_at" timestamptz NULL, ADD COLUMN "params" jsonb NULL;
-- create index "identities_login_key_key" to table: "identities"
CREATE UNIQUE INDEX "identities_login_key_key" ON "identities" ("login_key");
-- create index "identity_must_change" to table: "identities"
CREATE INDEX "identity_must_change" ON "identities" ("must_change_by_at") WHERE (must_change_by_at IS NOT NULL);
-- modify "memberships" table
ALTER TABLE "memberships" ADD COLUMN "basis" character varying NULL, ADD COLUMN "document_note" character varying NULL;
-- create index "membership_due" to table: "memberships"
CREATE INDEX "membership_due" ON "memberships" ("valid_until_at") WHERE ((valid_until_at IS NOT NULL) AND ((status)::text = 'ACTIVE'::text));
-- modify "sessions" table
ALTER TABLE "sessions" ADD COLUMN "refresh_hash" bytea NULL, ADD COLUMN "refresh_prev_hash" bytea NULL, ADD COLUMN "rotated_at" timestamptz NULL, ADD COLUMN "access_expires_at" timestamptz NULL, ADD COLUMN "device_hash" bytea NULL, ADD COLUMN "method" character varying NOT NULL DEFAULT 'PASSWORD', ADD COLUMN "place" character varying NULL, ADD COLUMN "acting_staff_id" uuid NULL, ADD COLUMN "acting_reason" character varying NULL;
-- create index "sessions_refresh_hash_key" to table: "sessions"
CREATE UNIQUE INDEX "sessions_refresh_hash_key" ON "sessions" ("refresh_hash");
-- create index "sessions_refresh_prev_hash_key" to table: "sessions"
CREATE UNIQUE INDEX "sessions_refresh_prev_hash_key" ON "sessions" ("refresh_prev_hash");
-- modify "users" table
ALTER TABLE "users" ADD COLUMN "nickname" character varying NULL, ADD COLUMN "sex" character varying NULL, ADD COLUMN "job_title" character varying NULL, ADD COLUMN "region" character varying NULL, ADD COLUMN "interests" jsonb NULL, ADD COLUMN "contact_channel" character varying NULL, ADD COLUMN "ui" jsonb NULL, ADD COLUMN "privacy" jsonb NULL, ADD COLUMN "requisites" jsonb NULL, ADD COLUMN "delivery" jsonb NULL, ADD COLUMN "name_key" character varying NULL, ADD COLUMN "family_key" character varying NULL, ADD COLUMN "block_reason" character varying NULL, ADD COLUMN "blocked_note" character varying NULL, ADD COLUMN "blocked_at" timestamptz NULL, ADD COLUMN "avatar_id" uuid NULL, ADD COLUMN "avatar_width" bigint NOT NULL DEFAULT 0, ADD COLUMN "avatar_height" bigint NOT NULL DEFAULT 0, ADD COLUMN "delete_at" timestamptz NULL;
-- create index "user_delete_due" to table: "users"
CREATE INDEX "user_delete_due" ON "users" ("delete_at") WHERE (delete_at IS NOT NULL);
-- create index "user_family_key" to table: "users"
CREATE INDEX "user_family_key" ON "users" ("family_key" text_pattern_ops);
-- create index "user_name_key" to table: "users"
CREATE INDEX "user_name_key" ON "users" ("name_key" text_pattern_ops);
-- create "consents" table
CREATE TABLE "consents" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "user_id" uuid NOT NULL, "document_id" uuid NOT NULL, "version" bigint NOT NULL, "decision" character varying NOT NULL, "locale" character varying NOT NULL, "session_id" uuid NULL, "ip" character varying NULL, "user_agent" character varying NULL, PRIMARY KEY ("id"));
-- create index "consent_document_id_version" to table: "consents"
CREATE INDEX "consent_document_id_version" ON "consents" ("document_id", "version");
-- create index "consent_user_id" to table: "consents"
CREATE INDEX "consent_user_id" ON "consents" ("user_id");
-- create index "consent_user_id_document_id_id" to table: "consents"
CREATE INDEX "consent_user_id_document_id_id" ON "consents" ("user_id", "document_id", "id");
-- create "consent_documents" table
CREATE TABLE "consent_documents" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "key_id" uuid NOT NULL, "version" bigint NOT NULL DEFAULT 1, "retired_at" timestamptz NULL, "handle" character varying NOT NULL, "purpose" character varying NOT NULL, "required" boolean NOT NULL DEFAULT false, "texts" jsonb NOT NULL, "url" character varying NULL, PRIMARY KEY ("id"));
-- create index "consent_document_handle_in_force" to table: "consent_documents"
CREATE UNIQUE INDEX "consent_document_handle_in_force" ON "consent_documents" ("handle") WHERE (retired_at IS NULL);
-- create index "consentdocument_key_id_version" to table: "consent_documents"
CREATE UNIQUE INDEX "consentdocument_key_id_version" ON "consent_documents" ("key_id", "version");
-- create "documents" table
CREATE TABLE "documents" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "owner_id" uuid NOT NULL, "user_id" uuid NULL, "source" character varying NULL, "external_id" character varying NULL, "source_updated_at" timestamptz NULL, "metadata" jsonb NULL, "private_metadata" jsonb NULL, "kind" character varying NOT NULL, "status" character varying NOT NULL DEFAULT 'PENDING', "title" character varying NOT NULL, "series" character varying NULL, "number" character varying NULL, "from_on" character varying NULL, "to_on" character varying NULL, "subject_kind" character varying NULL, "subject_id" uuid NULL, "due_at" timestamptz NULL, "mime" character varying NULL, "size" bigint NULL, "sha256" bytea NULL, "blob_key" character varying NULL, "visibility" character varying NOT NULL DEFAULT 'ALL', "expires_at" timestamptz NULL, PRIMARY KEY ("id"), CONSTRAINT "documents_size" CHECK ((size IS NULL) OR (size >= 0)));
-- create index "document_due" to table: "documents"
CREATE INDEX "document_due" ON "documents" ("expires_at") WHERE (expires_at IS NOT NULL);
-- create index "document_owner_id_id" to table: "documents"
CREATE INDEX "document_owner_id_id" ON "documents" ("owner_id", "id");
-- create index "document_owner_id_kind_id" to table: "documents"
CREATE INDEX "document_owner_id_kind_id" ON "documents" ("owner_id", "kind", "id");
-- create index "document_series_number" to table: "documents"
CREATE UNIQUE INDEX "document_series_number" ON "documents" ("series", "number");
-- create index "document_source_external_id" to table: "documents"
CREATE UNIQUE INDEX "document_source_external_id" ON "documents" ("source", "external_id");
-- create index "document_subject_id" to table: "documents"
CREATE INDEX "document_subject_id" ON "documents" ("subject_id");
-- create index "documents_blob_key_key" to table: "documents"
CREATE UNIQUE INDEX "documents_blob_key_key" ON "documents" ("blob_key");
-- create "payment_methods" table
CREATE TABLE "payment_methods" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "owner_id" uuid NOT NULL, "user_id" uuid NULL, "status" character varying NOT NULL DEFAULT 'PENDING', "provider" character varying NOT NULL, "setup_ref" character varying NULL, "token" character varying NULL, "url" character varying NULL, "return_url" character varying NULL, "wants_default" boolean NOT NULL DEFAULT false, "brand" character varying NULL, "last4" character varying NULL, "expires_on" character varying NULL, "label" character varying NULL, "failure" character varying NULL, "is_default" boolean NOT NULL DEFAULT false, "told_at" timestamptz NULL, "expires_at" timestamptz NULL, PRIMARY KEY ("id"), CONSTRAINT "payment_methods_default" CHECK ((NOT is_default) OR ((status)::text = 'ACTIVE'::text)), CONSTRAINT "payment_methods_last4" CHECK ((last4 IS NULL) OR (length((last4)::text) <= 4)), CONSTRAINT "payment_methods_token" CHECK (((status)::text = 'ACTIVE'::text) = (token IS NOT NULL)));
-- create index "payment_method_due" to table: "payment_methods"
CREATE INDEX "payment_method_due" ON "payment_methods" ("expires_at") WHERE ((status)::text <> 'ACTIVE'::text);
-- create index "payment_method_one_default" to table: "payment_methods"
CREATE UNIQUE INDEX "payment_method_one_default" ON "payment_methods" ("owner_id") WHERE is_default;
-- create index "paymentmethod_owner_id_id" to table: "payment_methods"
CREATE INDEX "paymentmethod_owner_id_id" ON "payment_methods" ("owner_id", "id");
-- create index "paymentmethod_provider_token" to table: "payment_methods"
CREATE UNIQUE INDEX "paymentmethod_provider_token" ON "payment_methods" ("provider", "token");

