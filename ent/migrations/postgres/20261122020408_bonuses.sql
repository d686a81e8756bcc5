-- +goose Up
-- modify "bonus_programs" table
ALTER TABLE "bonus_programs" ADD CONSTRAINT "bonus_programs_limits" CHECK ((transfer_min > 0) AND ((transfer_max IS NULL) OR (transfer_max >= transfer_min)) AND ((transfer_daily IS NULL) OR (transfer_daily > 0)) AND ((adjustment_limit IS NULL) OR (adjustment_limit >= 0)) AND (hold_minutes > 0) AND (refund_grace_days >= 0)), ADD COLUMN "rounding" character varying NOT NULL DEFAULT 'DOWN', ADD COLUMN "transfers" boolean NOT NULL DEFAULT false, ADD COLUMN "transfer_min" bigint NOT NULL DEFAULT 1, ADD COLUMN "transfer_max" bigint NULL, ADD COLUMN "transfer_daily" bigint NULL, ADD COLUMN "adjustment_limit" bigint NULL, ADD COLUMN "hold_minutes" bigint NOT NULL DEFAULT 60, ADD COLUMN "refund_grace_days" bigint NOT NULL DEFAULT 0, ADD COLUMN "exchange_rates" jsonb NULL, ADD COLUMN "remind_days" jsonb NULL;
-- modify "ledger_accounts" table
ALTER TABLE "ledger_accounts" ADD COLUMN "label" character varying NULL, ADD COLUMN "visible" boolean NOT NULL DEFAULT true, ADD COLUMN "tier_id" uuid NULL, ADD COLUMN "tier_until_at" timestamptz NULL, ADD COLUMN "tier_review_at" timestamptz NULL;
-- create index "ledger_account_tier_review" to table: "ledger_accounts"
CREATE INDEX "ledger_account_tier_review" ON "ledger_accounts" ("tier_review_at") WHERE (tier_review_at IS NOT NULL);
-- create index "ledgeraccount_program_id_id" to table: "ledger_accounts"
CREATE INDEX "ledgeraccount_program_id_id" ON "ledger_accounts" ("program_id", "id");
-- create index "ledger_entry_children" to table: "ledger_entries"
CREATE INDEX "ledger_entry_children" ON "ledger_entries" ("parent_id", "id") WHERE (parent_id IS NOT NULL);
-- create index "ledger_lot_origin" to table: "ledger_lots"
CREATE INDEX "ledger_lot_origin" ON "ledger_lots" ("origin_id") WHERE (origin_id IS NOT NULL);
-- modify "memberships" table
ALTER TABLE "memberships" ADD COLUMN "earns_to_owner" boolean NOT NULL DEFAULT false;
-- create index "membership_one_earner" to table: "memberships"
CREATE UNIQUE INDEX "membership_one_earner" ON "memberships" ("user_id") WHERE earns_to_owner;
-- modify "tasks" table
ALTER TABLE "tasks" ADD COLUMN "approver_id" uuid NULL, ADD COLUMN "note" character varying NULL;
-- create "achievements" table
CREATE TABLE "achievements" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "owner_id" uuid NOT NULL, "user_id" uuid NULL, "campaign_id" uuid NOT NULL, "period" character varying NOT NULL, "current" bigint NOT NULL DEFAULT 0, "target" bigint NOT NULL, "points" bigint NOT NULL DEFAULT 0, "earned_at" timestamptz NULL, "period_ends_at" timestamptz NULL, PRIMARY KEY ("id"), CONSTRAINT "achievements_target" CHECK ((target > 0) AND (current >= 0) AND (points >= 0)));
-- create index "achievement_campaign_id_owner_id_period" to table: "achievements"
CREATE UNIQUE INDEX "achievement_campaign_id_owner_id_period" ON "achievements" ("campaign_id", "owner_id", "period");
-- create index "achievement_owner_id_id" to table: "achievements"
CREATE INDEX "achievement_owner_id_id" ON "achievements" ("owner_id", "id");
-- create "campaigns" table
CREATE TABLE "campaigns" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "revision" bigint NOT NULL DEFAULT 1, "metadata" jsonb NULL, "private_metadata" jsonb NULL, "kind" character varying NOT NULL, "handle" character varying NOT NULL, "texts" jsonb NOT NULL, "image_url" character varying NULL, "audience" jsonb NOT NULL, "rules" jsonb NOT NULL, "status" character varying NOT NULL DEFAULT 'DRAFT', "starts_at" timestamptz NULL, "ends_at" timestamptz NULL, "seed" bytea NULL, "seed_hash" character varying NULL, "result" jsonb NULL, "drawn_at" timestamptz NULL, "reminded_at" timestamptz NULL, PRIMARY KEY ("id"), CONSTRAINT "campaigns_status" CHECK ((status)::text = ANY ((ARRAY['DRAFT'::character varying, 'SCHEDULED'::character varying, 'OPEN'::character varying, 'CLOSED'::character varying, 'FINISHED'::character varying, 'CANCELLED'::character varying])::text[])), CONSTRAINT "campaigns_window" CHECK ((ends_at IS NULL) OR (starts_at IS NULL) OR (ends_at > starts_at)));
-- create index "campaign_status_ends_at" to table: "campaigns"
CREATE INDEX "campaign_status_ends_at" ON "campaigns" ("status", "ends_at");
-- create index "campaign_status_kind_id" to table: "campaigns"
CREATE INDEX "campaign_status_kind_id" ON "campaigns" ("status", "kind", "id");
-- create index "campaign_status_starts_at" to table: "campaigns"
CREATE INDEX "campaign_status_starts_at" ON "campaigns" ("status", "starts_at");
-- create index "campaigns_handle_key" to table: "campaigns"
CREATE UNIQUE INDEX "campaigns_handle_key" ON "campaigns" ("handle");
-- create "campaign_acts" table
CREATE TABLE "campaign_acts" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "owner_id" uuid NOT NULL, "user_id" uuid NULL, "handle" character varying NOT NULL, "key" character varying NOT NULL, "happened_at" timestamptz NOT NULL, PRIMARY KEY ("id"));
-- create index "campaignact_owner_id_handle_key" to table: "campaign_acts"
CREATE UNIQUE INDEX "campaignact_owner_id_handle_key" ON "campaign_acts" ("owner_id", "handle", "key");
-- create index "campaignact_owner_id_happened_at" to table: "campaign_acts"
CREATE INDEX "campaignact_owner_id_happened_at" ON "campaign_acts" ("owner_id", "happened_at");
-- create index "campaignact_owner_id_id" to table: "campaign_acts"
CREATE INDEX "campaignact_owner_id_id" ON "campaign_acts" ("owner_id", "id");
-- create "campaign_entries" table
CREATE TABLE "campaign_entries" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "revision" bigint NOT NULL DEFAULT 1, "owner_id" uuid NOT NULL, "user_id" uuid NULL, "campaign_id" uuid NOT NULL, "number" bigint NOT NULL, "status" character varying NOT NULL DEFAULT 'SUBMITTED', "unique_key" character varying NULL, "data" jsonb NOT NULL, "reason" character varying NULL, "approved_at" timestamptz NULL, "decided_at" timestamptz NULL, "decided_by_id" uuid NULL, "place" bigint NULL, "prize_index" bigint NULL, "points" bigint NOT NULL DEFAULT 0, PRIMARY KEY ("id"), CONSTRAINT "campaign_entries_number" CHECK ((number > 0) AND (points >= 0)), CONSTRAINT "campaign_entries_status" CHECK ((status)::text = ANY ((ARRAY['SUBMITTED'::character varying, 'APPROVED'::character varying, 'REJECTED'::character varying, 'WITHDRAWN'::character varying, 'WINNER'::character varying, 'PRIZE_SENT'::character varying])::text[])));
-- create index "campaignentry_campaign_id_owner_id_number" to table: "campaign_entries"
CREATE UNIQUE INDEX "campaignentry_campaign_id_owner_id_number" ON "campaign_entries" ("campaign_id", "owner_id", "number");
-- create index "campaignentry_campaign_id_status_id" to table: "campaign_entries"
CREATE INDEX "campaignentry_campaign_id_status_id" ON "campaign_entries" ("campaign_id", "status", "id");
-- create index "campaignentry_campaign_id_unique_key" to table: "campaign_entries"
CREATE UNIQUE INDEX "campaignentry_campaign_id_unique_key" ON "campaign_entries" ("campaign_id", "unique_key");
-- create index "campaignentry_owner_id_id" to table: "campaign_entries"
CREATE INDEX "campaignentry_owner_id_id" ON "campaign_entries" ("owner_id", "id");
-- create index "campaignentry_status_id" to table: "campaign_entries"
CREATE INDEX "campaignentry_status_id" ON "campaign_entries" ("status", "id");
-- create "campaign_photos" table
CREATE TABLE "campaign_photos" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "owner_id" uuid NOT NULL, "user_id" uuid NULL, "campaign_id" uuid NOT NULL, "entry_id" uuid NULL, "is_ready" boolean NOT NULL DEFAULT false, "content_type" character varying NOT NULL DEFAULT '', "size" bigint NOT NULL DEFAULT 0, "width" bigint NOT NULL DEFAULT 0, "height" bigint NOT NULL DEFAULT 0, "content" bytea NULL, PRIMARY KEY ("id"), CONSTRAINT "campaign_photos_size" CHECK ((size >= 0) AND (width >= 0) AND (height >= 0)));
-- create index "campaign_photo_unused" to table: "campaign_photos"
CREATE INDEX "campaign_photo_unused" ON "campaign_photos" ("created_at") WHERE (entry_id IS NULL);
-- create index "campaignphoto_entry_id" to table: "campaign_photos"
CREATE INDEX "campaignphoto_entry_id" ON "campaign_photos" ("entry_id");
-- create index "campaignphoto_owner_id_id" to table: "campaign_photos"
CREATE INDEX "campaignphoto_owner_id_id" ON "campaign_photos" ("owner_id", "id");
-- create "clubs" table
CREATE TABLE "clubs" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "revision" bigint NOT NULL DEFAULT 1, "handle" character varying NOT NULL, "texts" jsonb NOT NULL, "audience" jsonb NOT NULL, "perks" jsonb NOT NULL, "status" character varying NOT NULL DEFAULT 'DRAFT', PRIMARY KEY ("id"), CONSTRAINT "clubs_status" CHECK ((status)::text = ANY ((ARRAY['DRAFT'::character varying, 'ACTIVE'::character varying, 'CLOSED'::character varying])::text[])));
-- create index "club_status_id" to table: "clubs"
CREATE INDEX "club_status_id" ON "clubs" ("status", "id");
-- create index "clubs_handle_key" to table: "clubs"
CREATE UNIQUE INDEX "clubs_handle_key" ON "clubs" ("handle");
-- create "club_members" table
CREATE TABLE "club_members" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "owner_id" uuid NOT NULL, "user_id" uuid NULL, "club_id" uuid NOT NULL, "joined_at" timestamptz NOT NULL, "left_at" timestamptz NULL, PRIMARY KEY ("id"));
-- create index "clubmember_club_id_owner_id" to table: "club_members"
CREATE UNIQUE INDEX "clubmember_club_id_owner_id" ON "club_members" ("club_id", "owner_id");
-- create index "clubmember_owner_id_id" to table: "club_members"
CREATE INDEX "clubmember_owner_id_id" ON "club_members" ("owner_id", "id");
-- create "earning_rules" table
CREATE TABLE "earning_rules" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "key_id" uuid NOT NULL, "version" bigint NOT NULL DEFAULT 1, "retired_at" timestamptz NULL, "program_id" uuid NOT NULL, "handle" character varying NOT NULL, "texts" jsonb NOT NULL, "trigger" character varying NOT NULL, "act" character varying NULL, "condition" character varying NULL, "points_expression" character varying NULL, "fixed_points" bigint NULL, "rate_points" bigint NOT NULL DEFAULT 0, "rate_per_minor" bigint NOT NULL DEFAULT 0, "multiplier" bigint NULL, "currency" character varying NOT NULL DEFAULT '', "selector" jsonb NULL, "tiers" jsonb NULL, "starts_at" timestamptz NULL, "ends_at" timestamptz NULL, "minimum_minor" bigint NOT NULL DEFAULT 0, "cap_per_order" bigint NULL, "cap_per_period" bigint NULL, "cap_per_owner" bigint NULL, "per_owner" bigint NULL, "per_period" bigint NULL, "period" character varying NOT NULL DEFAULT 'YEAR', "rounding" character varying NOT NULL DEFAULT 'DOWN', "basis" character varying NOT NULL DEFAULT 'LINE', "priority" bigint NOT NULL DEFAULT 0, "stackable" boolean NOT NULL DEFAULT true, "pending_days" bigint NULL, "profile" jsonb NULL, PRIMARY KEY ("id"), CONSTRAINT "earning_rules_days" CHECK ((pending_days IS NULL) OR (pending_days >= 0)), CONSTRAINT "earning_rules_limits" CHECK (((cap_per_order IS NULL) OR (cap_per_order > 0)) AND ((cap_per_period IS NULL) OR (cap_per_period > 0)) AND ((cap_per_owner IS NULL) OR (cap_per_owner > 0)) AND ((per_owner IS NULL) OR (per_owner > 0)) AND ((per_period IS NULL) OR (per_period > 0))), CONSTRAINT "earning_rules_rate" CHECK ((rate_points >= 0) AND (rate_per_minor >= 0) AND (minimum_minor >= 0)));
-- create index "earning_rule_handle_in_force" to table: "earning_rules"
CREATE UNIQUE INDEX "earning_rule_handle_in_force" ON "earning_rules" ("program_id", "handle") WHERE (retired_at IS NULL);
-- create index "earningrule_key_id_version" to table: "earning_rules"
CREATE UNIQUE INDEX "earningrule_key_id_version" ON "earning_rules" ("key_id", "version");
-- create index "earningrule_program_id_trigger" to table: "earning_rules"
CREATE INDEX "earningrule_program_id_trigger" ON "earning_rules" ("program_id", "trigger");
-- create "earning_uses" table
CREATE TABLE "earning_uses" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "owner_id" uuid NOT NULL, "rule_id" uuid NOT NULL, "version" bigint NOT NULL, "entry_id" uuid NOT NULL, "points" bigint NOT NULL, "occurred_at" timestamptz NOT NULL, PRIMARY KEY ("id"));
-- create index "earninguse_entry_id_rule_id" to table: "earning_uses"
CREATE UNIQUE INDEX "earninguse_entry_id_rule_id" ON "earning_uses" ("entry_id", "rule_id");
-- create index "earninguse_owner_id_rule_id_occurred_at" to table: "earning_uses"
CREATE INDEX "earninguse_owner_id_rule_id_occurred_at" ON "earning_uses" ("owner_id", "rule_id", "occurred_at");
-- create index "earninguse_rule_id_occurred_at" to table: "earning_uses"
CREATE INDEX "earninguse_rule_id_occurred_at" ON "earning_uses" ("rule_id", "occurred_at");
-- create "fee_rules" table
CREATE TABLE "fee_rules" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "key_id" uuid NOT NULL, "version" bigint NOT NULL DEFAULT 1, "retired_at" timestamptz NULL, "operation" character varying NOT NULL, "currency" character varying NOT NULL, "free_minor" bigint NOT NULL DEFAULT 0, "period" character varying NOT NULL, "basis_points" bigint NOT NULL, "fee_cap" bigint NULL, "cap_per" character varying NOT NULL DEFAULT 'TRANSFER', "minimum_minor" bigint NOT NULL DEFAULT 0, "rounding" character varying NOT NULL DEFAULT 'HALF_UP', PRIMARY KEY ("id"), CONSTRAINT "fee_rules_terms" CHECK ((free_minor >= 0) AND (minimum_minor >= 0) AND (basis_points >= 0) AND (basis_points <= 10000) AND ((fee_cap IS NULL) OR (fee_cap >= minimum_minor))));
-- create index "fee_rule_in_force" to table: "fee_rules"
CREATE UNIQUE INDEX "fee_rule_in_force" ON "fee_rules" ("operation", "currency") WHERE (retired_at IS NULL);
-- create index "feerule_key_id_version" to table: "fee_rules"
CREATE UNIQUE INDEX "feerule_key_id_version" ON "fee_rules" ("key_id", "version");
-- create "gift_cards" table
CREATE TABLE "gift_cards" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "owner_id" uuid NOT NULL, "user_id" uuid NULL, "code_key" character varying NOT NULL, "hint" character varying NOT NULL, "status" character varying NOT NULL DEFAULT 'ACTIVE', "currency" character varying NOT NULL, "initial_minor" bigint NOT NULL, "remaining_minor" bigint NOT NULL, "expires_at" timestamptz NULL, "buyer_id" uuid NULL, "recipient_id" uuid NULL, "account_id" uuid NULL, "entry_id" uuid NULL, "redeemed_at" timestamptz NULL, "note" character varying NULL, PRIMARY KEY ("id"), CONSTRAINT "gift_cards_status" CHECK (((status)::text = 'ISSUED'::text) OR ((status)::text = 'ACTIVE'::text) OR (remaining_minor = 0)), CONSTRAINT "gift_cards_worth" CHECK ((initial_minor > 0) AND (remaining_minor >= 0) AND (remaining_minor <= initial_minor)));
-- create index "gift_card_due" to table: "gift_cards"
CREATE INDEX "gift_card_due" ON "gift_cards" ("expires_at") WHERE ((remaining_minor > 0) AND (expires_at IS NOT NULL));
-- create index "gift_cards_code_key_key" to table: "gift_cards"
CREATE UNIQUE INDEX "gift_cards_code_key_key" ON "gift_cards" ("code_key");
-- create index "giftcard_owner_id_id" to table: "gift_cards"
CREATE INDEX "giftcard_owner_id_id" ON "gift_cards" ("owner_id", "id");
-- create index "giftcard_status_id" to table: "gift_cards"
CREATE INDEX "giftcard_status_id" ON "gift_cards" ("status", "id");
-- create "goals" table
CREATE TABLE "goals" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "revision" bigint NOT NULL DEFAULT 1, "user_id" uuid NOT NULL, "counter" character varying NOT NULL, "period" character varying NOT NULL DEFAULT 'WEEK', "target" bigint NOT NULL, "name" character varying NULL, "reached_in" character varying NULL, PRIMARY KEY ("id"), CONSTRAINT "goals_target" CHECK (target > 0));
-- create index "goal_user_id" to table: "goals"
CREATE INDEX "goal_user_id" ON "goals" ("user_id");
-- create index "goal_user_id_counter_period" to table: "goals"
CREATE UNIQUE INDEX "goal_user_id_counter_period" ON "goals" ("user_id", "counter", "period");
-- create "invitations" table
CREATE TABLE "invitations" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "owner_id" uuid NOT NULL, "inviter_id" uuid NOT NULL, "role_id" uuid NOT NULL, "email" character varying NULL, "email_key" character varying NULL, "invited_id" uuid NULL, "status" character varying NOT NULL DEFAULT 'OPEN', "expires_at" timestamptz NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "invitations_whom" CHECK ((email_key IS NOT NULL) OR (invited_id IS NOT NULL)));
-- create index "invitation_email_key_status" to table: "invitations"
CREATE INDEX "invitation_email_key_status" ON "invitations" ("email_key", "status");
-- create index "invitation_invited_id_status" to table: "invitations"
CREATE INDEX "invitation_invited_id_status" ON "invitations" ("invited_id", "status");
-- create index "invitation_open_email" to table: "invitations"
CREATE UNIQUE INDEX "invitation_open_email" ON "invitations" ("owner_id", "email_key") WHERE (((status)::text = 'OPEN'::text) AND (email_key IS NOT NULL));
-- create index "invitation_open_person" to table: "invitations"
CREATE UNIQUE INDEX "invitation_open_person" ON "invitations" ("owner_id", "invited_id") WHERE (((status)::text = 'OPEN'::text) AND (invited_id IS NOT NULL));
-- create index "invitation_owner_id_status" to table: "invitations"
CREATE INDEX "invitation_owner_id_status" ON "invitations" ("owner_id", "status");
-- create "payment_notices" table
CREATE TABLE "payment_notices" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "provider" character varying NOT NULL, "webhook_id" character varying NOT NULL, "type" character varying NOT NULL, "outcome" character varying NOT NULL, "reference" character varying NULL, "amount" character varying NULL, "currency" character varying NULL, "top_up_id" uuid NULL, "payload" jsonb NOT NULL, "sent_at" timestamptz NOT NULL, PRIMARY KEY ("id"));
-- create index "paymentnotice_outcome_id" to table: "payment_notices"
CREATE INDEX "paymentnotice_outcome_id" ON "payment_notices" ("outcome", "id");
-- create index "paymentnotice_provider_webhook_id" to table: "payment_notices"
CREATE UNIQUE INDEX "paymentnotice_provider_webhook_id" ON "payment_notices" ("provider", "webhook_id");
-- create index "paymentnotice_top_up_id" to table: "payment_notices"
CREATE INDEX "paymentnotice_top_up_id" ON "payment_notices" ("top_up_id");
-- create "promo_codes" table
CREATE TABLE "promo_codes" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "owner_id" uuid NOT NULL, "user_id" uuid NULL, "promotion_id" uuid NOT NULL, "code" character varying NOT NULL DEFAULT '', "code_key" character varying NULL, "status" character varying NOT NULL DEFAULT 'ISSUED', "uses" bigint NOT NULL DEFAULT 0, "max_uses" bigint NULL, "batch_id" uuid NULL, "activated_at" timestamptz NULL, "ends_at" timestamptz NULL, PRIMARY KEY ("id"), CONSTRAINT "promo_codes_status" CHECK ((status)::text = ANY ((ARRAY['ISSUED'::character varying, 'ACTIVE'::character varying, 'USED'::character varying, 'EXPIRED'::character varying, 'VOID'::character varying])::text[])), CONSTRAINT "promo_codes_uses" CHECK ((uses >= 0) AND ((max_uses IS NULL) OR (uses <= max_uses))));
-- create index "promo_code_of_batch" to table: "promo_codes"
CREATE INDEX "promo_code_of_batch" ON "promo_codes" ("batch_id", "id") WHERE (batch_id IS NOT NULL);
-- create index "promo_code_one_offer" to table: "promo_codes"
CREATE UNIQUE INDEX "promo_code_one_offer" ON "promo_codes" ("promotion_id", "owner_id") WHERE (code_key IS NULL);
-- create index "promo_codes_code_key_key" to table: "promo_codes"
CREATE UNIQUE INDEX "promo_codes_code_key_key" ON "promo_codes" ("code_key");
-- create index "promocode_owner_id_id" to table: "promo_codes"
CREATE INDEX "promocode_owner_id_id" ON "promo_codes" ("owner_id", "id");
-- create index "promocode_promotion_id_status_id" to table: "promo_codes"
CREATE INDEX "promocode_promotion_id_status_id" ON "promo_codes" ("promotion_id", "status", "id");
-- create "promo_uses" table
CREATE TABLE "promo_uses" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "owner_id" uuid NOT NULL, "user_id" uuid NULL, "promotion_id" uuid NOT NULL, "code_id" uuid NULL, "status" character varying NOT NULL, "slot" bigint NULL, "reference" character varying NULL, "order_id" uuid NULL, "reduced_minor" bigint NOT NULL DEFAULT 0, "currency" character varying NOT NULL DEFAULT '', "points" bigint NOT NULL DEFAULT 0, "multiplier_basis_points" bigint NOT NULL DEFAULT 0, "reserved_until_at" timestamptz NULL, PRIMARY KEY ("id"), CONSTRAINT "promo_uses_of" CHECK (((status)::text <> 'USED'::text) OR (order_id IS NOT NULL)), CONSTRAINT "promo_uses_reduced" CHECK (reduced_minor >= 0), CONSTRAINT "promo_uses_status" CHECK ((status)::text = ANY ((ARRAY['RESERVED'::character varying, 'USED'::character varying, 'RELEASED'::character varying])::text[])));
-- create index "promo_use_of_order" to table: "promo_uses"
CREATE INDEX "promo_use_of_order" ON "promo_uses" ("order_id") WHERE (order_id IS NOT NULL);
-- create index "promo_use_once_an_order" to table: "promo_uses"
CREATE UNIQUE INDEX "promo_use_once_an_order" ON "promo_uses" ("promotion_id", "order_id") WHERE ((status)::text = 'USED'::text);
-- create index "promo_use_one_reservation" to table: "promo_uses"
CREATE UNIQUE INDEX "promo_use_one_reservation" ON "promo_uses" ("code_id", "owner_id", "reference") WHERE ((status)::text = 'RESERVED'::text);
-- create index "promo_use_per_owner" to table: "promo_uses"
CREATE UNIQUE INDEX "promo_use_per_owner" ON "promo_uses" ("promotion_id", "owner_id", "slot") WHERE (slot IS NOT NULL);
-- create index "promo_use_to_release" to table: "promo_uses"
CREATE INDEX "promo_use_to_release" ON "promo_uses" ("reserved_until_at") WHERE ((status)::text = 'RESERVED'::text);
-- create index "promouse_owner_id_id" to table: "promo_uses"
CREATE INDEX "promouse_owner_id_id" ON "promo_uses" ("owner_id", "id");
-- create index "promouse_promotion_id_status_currency_reduced_minor" to table: "promo_uses"
CREATE INDEX "promouse_promotion_id_status_currency_reduced_minor" ON "promo_uses" ("promotion_id", "status", "currency", "reduced_minor");
-- create "promotions" table
CREATE TABLE "promotions" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "revision" bigint NOT NULL DEFAULT 1, "metadata" jsonb NULL, "private_metadata" jsonb NULL, "kind" character varying NOT NULL, "handle" character varying NOT NULL, "texts" jsonb NOT NULL, "audience" jsonb NOT NULL, "condition" character varying NULL, "effect" jsonb NOT NULL, "stackable" boolean NOT NULL DEFAULT true, "stack_group" character varying NULL, "priority" bigint NOT NULL DEFAULT 0, "max_uses" bigint NULL, "taken" bigint NOT NULL DEFAULT 0, "per_owner" bigint NULL, "valid_days" bigint NULL, "issued" bigint NOT NULL DEFAULT 0, "status" character varying NOT NULL DEFAULT 'DRAFT', "starts_at" timestamptz NULL, "ends_at" timestamptz NULL, PRIMARY KEY ("id"), CONSTRAINT "promotions_kind" CHECK ((kind)::text = ANY ((ARRAY['CODE'::character varying, 'OFFER'::character varying, 'DISCOUNT'::character varying, 'PERSONAL_PRICE'::character varying])::text[])), CONSTRAINT "promotions_status" CHECK ((status)::text = ANY ((ARRAY['DRAFT'::character varying, 'ACTIVE'::character varying, 'PAUSED'::character varying, 'ENDED'::character varying])::text[])), CONSTRAINT "promotions_uses" CHECK ((taken >= 0) AND (issued >= 0) AND ((max_uses IS NULL) OR (taken <= max_uses)) AND ((per_owner IS NULL) OR (per_owner > 0))));
-- create index "promotion_kind_id" to table: "promotions"
CREATE INDEX "promotion_kind_id" ON "promotions" ("kind", "id");
-- create index "promotion_kind_status_ends_at" to table: "promotions"
CREATE INDEX "promotion_kind_status_ends_at" ON "promotions" ("kind", "status", "ends_at");
-- create index "promotion_status_id" to table: "promotions"
CREATE INDEX "promotion_status_id" ON "promotions" ("status", "id");
-- create index "promotions_handle_key" to table: "promotions"
CREATE UNIQUE INDEX "promotions_handle_key" ON "promotions" ("handle");
-- create "referrals" table
CREATE TABLE "referrals" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "revision" bigint NOT NULL DEFAULT 1, "user_id" uuid NOT NULL, "friend_id" uuid NOT NULL, "friend_name" character varying NOT NULL, "status" character varying NOT NULL DEFAULT 'INVITED', "origin" character varying NOT NULL, "suspicions" jsonb NULL, "expires_at" timestamptz NOT NULL, "registered_at" timestamptz NULL, "order_id" uuid NULL, "ordered_at" timestamptz NULL, "due_at" timestamptz NULL, "program_id" uuid NULL, "advocate_points" bigint NOT NULL DEFAULT 0, "friend_points" bigint NOT NULL DEFAULT 0, "advocate_entry_id" uuid NULL, "friend_entry_id" uuid NULL, "rewarded_at" timestamptz NULL, "reject_reason" character varying NULL, "note" character varying NULL, "ended_at" timestamptz NULL, PRIMARY KEY ("id"), CONSTRAINT "referrals_people" CHECK (user_id <> friend_id), CONSTRAINT "referrals_points" CHECK ((advocate_points >= 0) AND (friend_points >= 0)));
-- create index "referral_order_id" to table: "referrals"
CREATE INDEX "referral_order_id" ON "referrals" ("order_id");
-- create index "referral_status_due_at" to table: "referrals"
CREATE INDEX "referral_status_due_at" ON "referrals" ("status", "due_at");
-- create index "referral_status_expires_at" to table: "referrals"
CREATE INDEX "referral_status_expires_at" ON "referrals" ("status", "expires_at");
-- create index "referral_user_id" to table: "referrals"
CREATE INDEX "referral_user_id" ON "referrals" ("user_id");
-- create index "referral_user_id_id" to table: "referrals"
CREATE INDEX "referral_user_id_id" ON "referrals" ("user_id", "id");
-- create index "referral_user_id_status_ordered_at" to table: "referrals"
CREATE INDEX "referral_user_id_status_ordered_at" ON "referrals" ("user_id", "status", "ordered_at");
-- create index "referrals_friend_id_key" to table: "referrals"
CREATE UNIQUE INDEX "referrals_friend_id_key" ON "referrals" ("friend_id");
-- create "referral_codes" table
CREATE TABLE "referral_codes" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "user_id" uuid NOT NULL, "code" character varying NOT NULL, "code_key" character varying NOT NULL, PRIMARY KEY ("id"));
-- create index "referral_code_one" to table: "referral_codes"
CREATE UNIQUE INDEX "referral_code_one" ON "referral_codes" ("user_id");
-- create index "referral_codes_code_key_key" to table: "referral_codes"
CREATE UNIQUE INDEX "referral_codes_code_key_key" ON "referral_codes" ("code_key");
-- create index "referralcode_user_id" to table: "referral_codes"
CREATE INDEX "referralcode_user_id" ON "referral_codes" ("user_id");
-- create "rewards" table
CREATE TABLE "rewards" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "revision" bigint NOT NULL DEFAULT 1, "kind" character varying NOT NULL, "status" character varying NOT NULL DEFAULT 'DRAFT', "program_id" uuid NOT NULL, "cost" bigint NOT NULL, "texts" jsonb NOT NULL, "image_url" character varying NULL, "sku" character varying NULL, "promotion_id" uuid NULL, "stock" bigint NULL, "taken" bigint NOT NULL DEFAULT 0, "per_owner" bigint NULL, "period_limit" bigint NULL, "period_days" bigint NULL, "audience" jsonb NOT NULL, "teaser" boolean NOT NULL DEFAULT false, "starts_at" timestamptz NULL, "ends_at" timestamptz NULL, "valid_days" bigint NULL, "on_expiry" character varying NOT NULL DEFAULT 'POINTS_LOST', "cancellable" boolean NOT NULL DEFAULT true, PRIMARY KEY ("id"), CONSTRAINT "rewards_amounts" CHECK ((cost > 0) AND ((stock IS NULL) OR (stock >= 0)) AND (taken >= 0)), CONSTRAINT "rewards_limits" CHECK (((per_owner IS NULL) OR (per_owner > 0)) AND ((period_limit IS NULL) = (period_days IS NULL)) AND ((period_limit IS NULL) OR (period_limit > 0)) AND ((period_days IS NULL) OR (period_days > 0))), CONSTRAINT "rewards_valid" CHECK (((valid_days IS NULL) OR (valid_days > 0)) AND (((kind)::text <> 'GOODS'::text) OR (sku IS NOT NULL)) AND (((kind)::text <> 'COUPON'::text) OR (promotion_id IS NOT NULL))));
-- create index "reward_program_id_status_id" to table: "rewards"
CREATE INDEX "reward_program_id_status_id" ON "rewards" ("program_id", "status", "id");
-- create index "reward_status_cost_id" to table: "rewards"
CREATE INDEX "reward_status_cost_id" ON "rewards" ("status", "cost", "id");
-- create index "reward_status_id" to table: "rewards"
CREATE INDEX "reward_status_id" ON "rewards" ("status", "id");
-- create "reward_codes" table
CREATE TABLE "reward_codes" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "code" character varying NOT NULL, "redemption_id" uuid NULL, "reward_id" uuid NOT NULL, PRIMARY KEY ("id"));
-- create index "rewardcode_redemption_id" to table: "reward_codes"
CREATE INDEX "rewardcode_redemption_id" ON "reward_codes" ("redemption_id");
-- create index "rewardcode_reward_id_code" to table: "reward_codes"
CREATE UNIQUE INDEX "rewardcode_reward_id_code" ON "reward_codes" ("reward_id", "code");
-- create index "rewardcode_reward_id_redemption_id_id" to table: "reward_codes"
CREATE INDEX "rewardcode_reward_id_redemption_id_id" ON "reward_codes" ("reward_id", "redemption_id", "id");
-- create "reward_redemptions" table
CREATE TABLE "reward_redemptions" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "revision" bigint NOT NULL DEFAULT 1, "owner_id" uuid NOT NULL, "user_id" uuid NULL, "kind" character varying NOT NULL, "texts" jsonb NOT NULL, "program_id" uuid NOT NULL, "promotion_id" uuid NULL, "quantity" bigint NOT NULL, "cost" bigint NOT NULL, "points" bigint NOT NULL, "status" character varying NOT NULL DEFAULT 'ISSUED', "code" character varying NOT NULL, "code_key" character varying NOT NULL, "vouchers" jsonb NULL, "cancellable" boolean NOT NULL DEFAULT true, "on_expiry" character varying NOT NULL, "expires_at" timestamptz NULL, "entry_id" uuid NULL, "refund_entry_id" uuid NULL, "fulfilled_at" timestamptz NULL, "fulfilled_by" uuid NULL, "ended_at" timestamptz NULL, "cancelled_by" character varying NULL, "reason" character varying NULL, "note" character varying NULL, "reward_id" uuid NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "reward_redemptions_amounts" CHECK ((quantity > 0) AND (cost > 0) AND (points = (quantity * cost))), CONSTRAINT "reward_redemptions_refund" CHECK ((refund_entry_id IS NULL) OR ((status)::text = ANY ((ARRAY['CANCELLED'::character varying, 'EXPIRED'::character varying])::text[]))));
-- create index "reward_redemptions_code_key_key" to table: "reward_redemptions"
CREATE UNIQUE INDEX "reward_redemptions_code_key_key" ON "reward_redemptions" ("code_key");
-- create index "rewardredemption_entry_id" to table: "reward_redemptions"
CREATE UNIQUE INDEX "rewardredemption_entry_id" ON "reward_redemptions" ("entry_id");
-- create index "rewardredemption_owner_id_id" to table: "reward_redemptions"
CREATE INDEX "rewardredemption_owner_id_id" ON "reward_redemptions" ("owner_id", "id");
-- create index "rewardredemption_reward_id_owner_id_created_at" to table: "reward_redemptions"
CREATE INDEX "rewardredemption_reward_id_owner_id_created_at" ON "reward_redemptions" ("reward_id", "owner_id", "created_at");
-- create index "rewardredemption_status_expires_at" to table: "reward_redemptions"
CREATE INDEX "rewardredemption_status_expires_at" ON "reward_redemptions" ("status", "expires_at");
-- create index "rewardredemption_status_id" to table: "reward_redemptions"
CREATE INDEX "rewardredemption_status_id" ON "reward_redemptions" ("status", "id");
-- create "tiers" table
CREATE TABLE "tiers" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "key_id" uuid NOT NULL, "version" bigint NOT NULL DEFAULT 1, "retired_at" timestamptz NULL, "program_id" uuid NOT NULL, "rank" bigint NOT NULL, "handle" character varying NOT NULL, "texts" jsonb NOT NULL, "basis" character varying NOT NULL DEFAULT 'EARNED', "earned_threshold" bigint NULL, "spent_threshold_minor" bigint NOT NULL DEFAULT 0, "currency" character varying NOT NULL DEFAULT '', "window" character varying NOT NULL DEFAULT 'ROLLING', "window_days" bigint NULL, "keep" character varying NOT NULL DEFAULT 'NEXT_YEAR_END', "keep_days" bigint NULL, "grace_days" bigint NOT NULL DEFAULT 0, "downgrade" character varying NOT NULL DEFAULT 'BY_BALANCE', "falls_on_return" boolean NOT NULL DEFAULT false, "perks" jsonb NOT NULL, "marked_to" uuid NULL, PRIMARY KEY ("id"), CONSTRAINT "tiers_days" CHECK (((window_days IS NULL) OR (window_days > 0)) AND ((keep_days IS NULL) OR (keep_days > 0)) AND (grace_days >= 0)), CONSTRAINT "tiers_rank" CHECK (rank >= 0), CONSTRAINT "tiers_thresholds" CHECK (((earned_threshold IS NULL) OR (earned_threshold >= 0)) AND (spent_threshold_minor >= 0)));
-- create index "tier_handle_in_force" to table: "tiers"
CREATE UNIQUE INDEX "tier_handle_in_force" ON "tiers" ("program_id", "handle") WHERE (retired_at IS NULL);
-- create index "tier_key_id_version" to table: "tiers"
CREATE UNIQUE INDEX "tier_key_id_version" ON "tiers" ("key_id", "version");
-- create index "tier_rank_in_force" to table: "tiers"
CREATE UNIQUE INDEX "tier_rank_in_force" ON "tiers" ("program_id", "rank") WHERE (retired_at IS NULL);
-- create "tier_changes" table
CREATE TABLE "tier_changes" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "owner_id" uuid NOT NULL, "account_id" uuid NOT NULL, "seq" bigint NOT NULL, "kind" character varying NOT NULL, "from_id" uuid NULL, "from_version" bigint NULL, "to_id" uuid NULL, "to_version" bigint NULL, "until_at" timestamptz NULL, "note" character varying NULL, "explain" jsonb NULL, "actor_id" uuid NULL, PRIMARY KEY ("id"));
-- create index "tierchange_account_id_id" to table: "tier_changes"
CREATE INDEX "tierchange_account_id_id" ON "tier_changes" ("account_id", "id");
-- create index "tierchange_account_id_seq" to table: "tier_changes"
CREATE UNIQUE INDEX "tierchange_account_id_seq" ON "tier_changes" ("account_id", "seq");
-- create index "tierchange_owner_id_id" to table: "tier_changes"
CREATE INDEX "tierchange_owner_id_id" ON "tier_changes" ("owner_id", "id");
-- create "top_ups" table
CREATE TABLE "top_ups" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "owner_id" uuid NOT NULL, "user_id" uuid NULL, "account_id" uuid NOT NULL, "method" character varying NOT NULL, "status" character varying NOT NULL DEFAULT 'PENDING', "currency" character varying NOT NULL, "amount_minor" bigint NOT NULL, "provider" character varying NULL, "provider_ref" character varying NULL, "url" character varying NULL, "return_url" character varying NULL, "receipt_number" character varying NULL, "failure" character varying NULL, "entry_id" uuid NULL, "expires_at" timestamptz NULL, "settled_at" timestamptz NULL, PRIMARY KEY ("id"), CONSTRAINT "top_ups_amount" CHECK (amount_minor > 0), CONSTRAINT "top_ups_done" CHECK (((status)::text = 'SUCCEEDED'::text) = (entry_id IS NOT NULL)));
-- create index "top_up_due" to table: "top_ups"
CREATE INDEX "top_up_due" ON "top_ups" ("expires_at") WHERE ((status)::text = 'PENDING'::text);
-- create index "top_ups_receipt_number_key" to table: "top_ups"
CREATE UNIQUE INDEX "top_ups_receipt_number_key" ON "top_ups" ("receipt_number");
-- create index "topup_owner_id_id" to table: "top_ups"
CREATE INDEX "topup_owner_id_id" ON "top_ups" ("owner_id", "id");
-- create index "topup_provider_provider_ref" to table: "top_ups"
CREATE UNIQUE INDEX "topup_provider_provider_ref" ON "top_ups" ("provider", "provider_ref");
-- create "transfers" table
CREATE TABLE "transfers" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "owner_id" uuid NOT NULL, "user_id" uuid NULL, "status" character varying NOT NULL DEFAULT 'QUOTED', "from_account_id" uuid NOT NULL, "to_owner_id" uuid NOT NULL, "to_account_id" uuid NULL, "own" boolean NOT NULL DEFAULT false, "currency" character varying NOT NULL, "amount_minor" bigint NOT NULL, "fee_minor" bigint NOT NULL DEFAULT 0, "free_left" bigint NULL, "fee_rule_id" uuid NULL, "expires_at" timestamptz NOT NULL, "completed_at" timestamptz NULL, PRIMARY KEY ("id"), CONSTRAINT "transfers_amounts" CHECK ((amount_minor > 0) AND (fee_minor >= 0)), CONSTRAINT "transfers_done" CHECK (((status)::text = 'QUOTED'::text) OR ((completed_at IS NOT NULL) AND (to_account_id IS NOT NULL))));
-- create index "transfer_charged" to table: "transfers"
CREATE INDEX "transfer_charged" ON "transfers" ("owner_id", "currency", "completed_at") WHERE (((status)::text = 'COMPLETED'::text) AND (NOT own));
-- create index "transfer_owner_id_id" to table: "transfers"
CREATE INDEX "transfer_owner_id_id" ON "transfers" ("owner_id", "id");
-- create index "transfer_quoted" to table: "transfers"
CREATE INDEX "transfer_quoted" ON "transfers" ("expires_at") WHERE ((status)::text = 'QUOTED'::text);

