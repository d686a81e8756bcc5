-- +goose Up
-- modify "order_events" table
ALTER TABLE "order_events" ADD COLUMN "shipment_id" uuid NULL;
-- create index "orderevent_shipment_id_occurred_at_id" to table: "order_events"
CREATE INDEX "orderevent_shipment_id_occurred_at_id" ON "order_events" ("shipment_id", "occurred_at", "id") WHERE (shipment_id IS NOT NULL);
-- modify "orders" table
ALTER TABLE "orders" ADD COLUMN "guest" jsonb NULL, ADD COLUMN "repeat_of_id" uuid NULL, ADD COLUMN "payment_confirmed_at" timestamptz NULL, ADD COLUMN "assembling_at" timestamptz NULL, ADD COLUMN "shipped_at" timestamptz NULL, ADD COLUMN "received_at" timestamptz NULL;
-- modify "payment_notices" table
ALTER TABLE "payment_notices" ADD COLUMN "payment_id" uuid NULL;
-- create index "paymentnotice_payment_id" to table: "payment_notices"
CREATE INDEX "paymentnotice_payment_id" ON "payment_notices" ("payment_id");
-- modify "payments" table
ALTER TABLE "payments" ADD COLUMN "method_id" uuid NULL, ADD COLUMN "url" character varying NULL, ADD COLUMN "return_url" character varying NULL, ADD COLUMN "failure" character varying NULL, ADD COLUMN "expires_at" timestamptz NULL;
-- create index "payment_owner_id_occurred_at_id" to table: "payments"
CREATE INDEX "payment_owner_id_occurred_at_id" ON "payments" ("owner_id", "occurred_at", "id");
-- modify "products" table
ALTER TABLE "products" ADD CONSTRAINT "products_rating" CHECK ((rating_count >= 0) AND (rating_sum >= rating_count) AND (rating_sum <= (5 * rating_count))), ADD COLUMN "exclusive" boolean NOT NULL DEFAULT false, ADD COLUMN "released_at" timestamptz NULL, ADD COLUMN "rating_sum" bigint NOT NULL DEFAULT 0, ADD COLUMN "rating_count" bigint NOT NULL DEFAULT 0;
-- create index "product_to_release" to table: "products"
CREATE INDEX "product_to_release" ON "products" ("released_at") WHERE (exclusive AND (released_at IS NOT NULL));
-- modify "return_requests" table
ALTER TABLE "return_requests" ADD COLUMN "fee_minor" bigint NOT NULL DEFAULT 0, ADD COLUMN "refund_to" character varying NOT NULL DEFAULT 'SOURCE', ADD COLUMN "note" character varying NULL, ADD COLUMN "photos" jsonb NULL, ADD COLUMN "carrier" character varying NULL, ADD COLUMN "tracking_number" character varying NULL, ADD COLUMN "label_url" character varying NULL, ADD COLUMN "reject_reason" jsonb NULL, ADD COLUMN "decision_note" character varying NULL, ADD COLUMN "decided_by_id" uuid NULL, ADD COLUMN "exchange_order_id" uuid NULL, ADD COLUMN "received_at" timestamptz NULL, ADD COLUMN "refunded_at" timestamptz NULL;
-- modify "shipments" table
ALTER TABLE "shipments" ADD COLUMN "point" jsonb NULL;
-- create index "topup_owner_id_created_at_id" to table: "top_ups"
CREATE INDEX "topup_owner_id_created_at_id" ON "top_ups" ("owner_id", "created_at", "id");
-- create "list_items" table
CREATE TABLE "list_items" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "owner_id" uuid NOT NULL, "position" bigint NOT NULL, "quantity" bigint NOT NULL, "price_seen_minor" bigint NOT NULL, "currency" character varying NOT NULL, "product_id" uuid NULL, "list_id" uuid NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "list_items_price" CHECK (price_seen_minor >= 0), CONSTRAINT "list_items_product" CHECK (product_id IS NOT NULL), CONSTRAINT "list_items_quantity" CHECK (quantity > 0));
-- create index "listitem_list_id_product_id" to table: "list_items"
CREATE UNIQUE INDEX "listitem_list_id_product_id" ON "list_items" ("list_id", "product_id");
-- create "product_admissions" table
CREATE TABLE "product_admissions" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "product_id" uuid NOT NULL, "kind" character varying NOT NULL, "subject_id" uuid NULL, PRIMARY KEY ("id"), CONSTRAINT "product_admissions_whom" CHECK (((kind)::text = 'EVERYONE_SIGNED_IN'::text) = (subject_id IS NULL)));
-- create index "productadmission_product_id_kind_subject_id" to table: "product_admissions"
CREATE UNIQUE INDEX "productadmission_product_id_kind_subject_id" ON "product_admissions" ("product_id", "kind", "subject_id");
-- create "reasons" table
CREATE TABLE "reasons" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "key_id" uuid NOT NULL, "version" bigint NOT NULL DEFAULT 1, "retired_at" timestamptz NULL, "kind" character varying NOT NULL, "handle" character varying NOT NULL, "texts" jsonb NOT NULL, "position" bigint NOT NULL DEFAULT 0, "categories" jsonb NULL, "fee_basis_points" bigint NOT NULL DEFAULT 0, "photo_required" boolean NOT NULL DEFAULT false, PRIMARY KEY ("id"), CONSTRAINT "reasons_fee" CHECK ((fee_basis_points >= 0) AND (fee_basis_points <= 10000)), CONSTRAINT "reasons_kind" CHECK ((kind)::text = ANY ((ARRAY['CANCEL'::character varying, 'RETURN'::character varying, 'REFUSE'::character varying])::text[])));
-- create index "reason_in_force" to table: "reasons"
CREATE UNIQUE INDEX "reason_in_force" ON "reasons" ("kind", "handle") WHERE (retired_at IS NULL);
-- create index "reason_key_id_version" to table: "reasons"
CREATE UNIQUE INDEX "reason_key_id_version" ON "reasons" ("key_id", "version");
-- create "reviews" table
CREATE TABLE "reviews" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "revision" bigint NOT NULL DEFAULT 1, "user_id" uuid NOT NULL, "order_line_id" uuid NOT NULL, "rating" bigint NOT NULL, "title" character varying NULL, "body" character varying NULL, "author_name" character varying NULL, "status" character varying NOT NULL DEFAULT 'PENDING', "reject_reason" character varying NULL, "written_at" timestamptz NOT NULL, "published_at" timestamptz NULL, "product_id" uuid NULL, PRIMARY KEY ("id"), CONSTRAINT "reviews_product" CHECK (product_id IS NOT NULL), CONSTRAINT "reviews_rating" CHECK ((rating >= 1) AND (rating <= 5)), CONSTRAINT "reviews_status" CHECK ((status)::text = ANY ((ARRAY['PENDING'::character varying, 'PUBLISHED'::character varying, 'REJECTED'::character varying])::text[])));
-- create index "review_product_id_status_id" to table: "reviews"
CREATE INDEX "review_product_id_status_id" ON "reviews" ("product_id", "status", "id");
-- create index "review_status_id" to table: "reviews"
CREATE INDEX "review_status_id" ON "reviews" ("status", "id");
-- create index "review_user_id" to table: "reviews"
CREATE INDEX "review_user_id" ON "reviews" ("user_id");
-- create index "review_user_id_id" to table: "reviews"
CREATE INDEX "review_user_id_id" ON "reviews" ("user_id", "id");
-- create index "review_user_id_product_id" to table: "reviews"
CREATE UNIQUE INDEX "review_user_id_product_id" ON "reviews" ("user_id", "product_id");
-- create "shopping_lists" table
CREATE TABLE "shopping_lists" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "revision" bigint NOT NULL DEFAULT 1, "owner_id" uuid NOT NULL, "user_id" uuid NULL, "kind" character varying NOT NULL DEFAULT 'SHOPPING', "name" character varying NOT NULL DEFAULT '', "for_id" uuid NULL, PRIMARY KEY ("id"), CONSTRAINT "shopping_lists_for" CHECK (((kind)::text = 'CART'::text) = (for_id IS NOT NULL)));
-- create index "shopping_list_one_cart" to table: "shopping_lists"
CREATE UNIQUE INDEX "shopping_list_one_cart" ON "shopping_lists" ("owner_id", "for_id") WHERE ((kind)::text = 'CART'::text);
-- create index "shoppinglist_owner_id_id" to table: "shopping_lists"
CREATE INDEX "shoppinglist_owner_id_id" ON "shopping_lists" ("owner_id", "id");
-- create "viewed_products" table
CREATE TABLE "viewed_products" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "user_id" uuid NOT NULL, "viewed_at" timestamptz NOT NULL, "product_id" uuid NULL, PRIMARY KEY ("id"), CONSTRAINT "viewed_products_product" CHECK (product_id IS NOT NULL));
-- create index "viewedproduct_user_id" to table: "viewed_products"
CREATE INDEX "viewedproduct_user_id" ON "viewed_products" ("user_id");
-- create index "viewedproduct_user_id_product_id" to table: "viewed_products"
CREATE UNIQUE INDEX "viewedproduct_user_id_product_id" ON "viewed_products" ("user_id", "product_id");
-- create index "viewedproduct_user_id_viewed_at_id" to table: "viewed_products"
CREATE INDEX "viewedproduct_user_id_viewed_at_id" ON "viewed_products" ("user_id", "viewed_at", "id");
-- create "webhook_deliveries" table
CREATE TABLE "webhook_deliveries" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "event_id" uuid NOT NULL, "kind" character varying NOT NULL, "subject_kind" character varying NOT NULL, "subject_id" uuid NOT NULL, "occurred_at" timestamptz NOT NULL, "payload" jsonb NOT NULL, "test" boolean NOT NULL DEFAULT false, "status" character varying NOT NULL DEFAULT 'QUEUED', "attempts" jsonb NOT NULL, "round" bigint NOT NULL DEFAULT 1, "due_at" timestamptz NULL, "delivered_at" timestamptz NULL, "endpoint_id" uuid NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "webhook_deliveries_due" CHECK (((status)::text = ANY ((ARRAY['QUEUED'::character varying, 'FAILED'::character varying])::text[])) = (due_at IS NOT NULL)), CONSTRAINT "webhook_deliveries_ok" CHECK (((status)::text = 'DELIVERED'::text) = (delivered_at IS NOT NULL)));
-- create index "webhook_delivery_held" to table: "webhook_deliveries"
CREATE INDEX "webhook_delivery_held" ON "webhook_deliveries" ("endpoint_id", "id") WHERE ((status)::text = 'HELD'::text);
-- create index "webhookdelivery_endpoint_id_event_id" to table: "webhook_deliveries"
CREATE UNIQUE INDEX "webhookdelivery_endpoint_id_event_id" ON "webhook_deliveries" ("endpoint_id", "event_id");
-- create index "webhookdelivery_event_id_id" to table: "webhook_deliveries"
CREATE INDEX "webhookdelivery_event_id_id" ON "webhook_deliveries" ("event_id", "id");
-- create index "webhookdelivery_status_event_id" to table: "webhook_deliveries"
CREATE INDEX "webhookdelivery_status_event_id" ON "webhook_deliveries" ("status", "event_id");
-- create index "webhookdelivery_subject_id" to table: "webhook_deliveries"
CREATE INDEX "webhookdelivery_subject_id" ON "webhook_deliveries" ("subject_id");
-- create "webhook_endpoints" table
CREATE TABLE "webhook_endpoints" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "revision" bigint NOT NULL DEFAULT 1, "name" character varying NOT NULL, "address" character varying NOT NULL, "address_key" character varying NOT NULL, "events" jsonb NOT NULL, "selection" character varying NULL, "role_id" uuid NOT NULL, "saved_by_id" uuid NOT NULL, "secrets" bytea NOT NULL, "former_secret_ends_at" timestamptz NULL, "status" character varying NOT NULL DEFAULT 'ACTIVE', "status_reason" character varying NULL, "failures" bigint NOT NULL DEFAULT 0, "failing_since_at" timestamptz NULL, "last_ok_at" timestamptz NULL, PRIMARY KEY ("id"), CONSTRAINT "webhook_endpoints_failures" CHECK (failures >= 0), CONSTRAINT "webhook_endpoints_reason" CHECK (((status)::text = 'ACTIVE'::text) = (status_reason IS NULL)));
-- create index "webhook_endpoints_address_key_key" to table: "webhook_endpoints"
CREATE UNIQUE INDEX "webhook_endpoints_address_key_key" ON "webhook_endpoints" ("address_key");
-- create "wishlist_items" table
CREATE TABLE "wishlist_items" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "user_id" uuid NOT NULL, "price_seen_minor" bigint NOT NULL, "currency" character varying NOT NULL, "price_drop" boolean NOT NULL DEFAULT true, "back_in_stock" boolean NOT NULL DEFAULT true, "price_told_minor" bigint NOT NULL, "stock_told_at" timestamptz NULL, "product_id" uuid NULL, PRIMARY KEY ("id"), CONSTRAINT "wishlist_items_price" CHECK ((price_seen_minor >= 0) AND (price_told_minor >= 0)), CONSTRAINT "wishlist_items_product" CHECK (product_id IS NOT NULL));
-- create index "wishlistitem_product_id_id" to table: "wishlist_items"
CREATE INDEX "wishlistitem_product_id_id" ON "wishlist_items" ("product_id", "id");
-- create index "wishlistitem_user_id" to table: "wishlist_items"
CREATE INDEX "wishlistitem_user_id" ON "wishlist_items" ("user_id");
-- create index "wishlistitem_user_id_id" to table: "wishlist_items"
CREATE INDEX "wishlistitem_user_id_id" ON "wishlist_items" ("user_id", "id");
-- create index "wishlistitem_user_id_product_id" to table: "wishlist_items"
CREATE UNIQUE INDEX "wishlistitem_user_id_product_id" ON "wishlist_items" ("user_id", "product_id");

