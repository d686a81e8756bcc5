-- +goose Up
-- disable the enforcement of foreign-keys constraints
PRAGMA foreign_keys = off;
-- create "new_bonus_programs" table
CREATE TABLE `new_bonus_programs` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `key_id` uuid NOT NULL, `version` integer NOT NULL DEFAULT (1), `retired_at` datetime NULL, `name` text NOT NULL, `unit` text NOT NULL, `texts` json NOT NULL, `lot_policy` text NOT NULL DEFAULT ('ROLLING'), `lot_days` integer NULL, `pending_days` integer NOT NULL DEFAULT (0), `earn_on` text NOT NULL DEFAULT ('DELIVERED'), `earn_points` integer NOT NULL DEFAULT (0), `earn_per_minor` integer NOT NULL DEFAULT (100), `earn_currency` text NOT NULL DEFAULT ('GBP'), `return_policy` text NOT NULL DEFAULT ('UP_TO_BALANCE'), `is_default` bool NOT NULL DEFAULT (false), `rounding` text NOT NULL DEFAULT ('DOWN'), `transfers` bool NOT NULL DEFAULT (false), `transfer_min` integer NOT NULL DEFAULT (1), `transfer_max` integer NULL, `transfer_daily` integer NULL, `adjustment_limit` integer NULL, `hold_minutes` integer NOT NULL DEFAULT (60), `refund_grace_days` integer NOT NULL DEFAULT (0), `exchange_rates` json NULL, `remind_days` json NULL, PRIMARY KEY (`id`), CONSTRAINT `bonus_programs_limits` CHECK (transfer_min > 0 AND (transfer_max IS NULL OR transfer_max >= transfer_min) AND (transfer_daily IS NULL OR transfer_daily > 0) AND (adjustment_limit IS NULL OR adjustment_limit >= 0) AND hold_minutes > 0 AND refund_grace_days >= 0), CONSTRAINT `bonus_programs_terms` CHECK (earn_points >= 0 AND earn_per_minor > 0 AND pending_days >= 0 AND (lot_days IS NULL OR lot_days > 0)));
-- copy rows from old table "bonus_programs" to new temporary table "new_bonus_programs"
INSERT INTO `new_bonus_programs` (`id`, `created_at`, `key_id`, `version`, `retired_at`, `name`, `unit`, `texts`, `lot_policy`, `lot_days`, `pending_days`, `earn_on`, `earn_points`, `earn_per_minor`, `earn_currency`, `return_policy`, `is_default`) SELECT `id`, `created_at`, `key_id`, `version`, `retired_at`, `name`, `unit`, `texts`, `lot_policy`, `lot_days`, `pending_days`, `earn_on`, `earn_points`, `earn_per_minor`, `earn_currency`, `return_policy`, `is_default` FROM `bonus_programs`;
-- drop "bonus_programs" table after copying rows
DROP TABLE `bonus_programs`;
-- rename temporary table "new_bonus_programs" to "bonus_programs"
ALTER TABLE `new_bonus_programs` RENAME TO `bonus_programs`;
-- create index "bonusprogram_key_id_version" to table: "bonus_programs"
CREATE UNIQUE INDEX `bonusprogram_key_id_version` ON `bonus_programs` (`key_id`, `version`);
-- create index "bonus_program_name_in_force" to table: "bonus_programs"
CREATE UNIQUE INDEX `bonus_program_name_in_force` ON `bonus_programs` (`name`) WHERE retired_at is null;
-- create index "bonus_program_one_default" to table: "bonus_programs"
CREATE UNIQUE INDEX `bonus_program_one_default` ON `bonus_programs` (`is_default`) WHERE is_default and retired_at is null;
-- create "new_ledger_accounts" table
CREATE TABLE `new_ledger_accounts` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `owner_id` uuid NOT NULL, `user_id` uuid NULL, `unit` text NOT NULL, `kind` text NOT NULL, `name` text NOT NULL DEFAULT (''), `number` text NULL, `program_id` uuid NULL, `lotted` bool NOT NULL DEFAULT (true), `active` integer NOT NULL DEFAULT (0), `pending` integer NOT NULL DEFAULT (0), `held` integer NOT NULL DEFAULT (0), `floor` integer NOT NULL DEFAULT (0), `seq` integer NOT NULL DEFAULT (0), `head_hash` blob NULL, `next_due_at` datetime NULL, `label` text NULL, `visible` bool NOT NULL DEFAULT (true), `tier_id` uuid NULL, `tier_until_at` datetime NULL, `tier_review_at` datetime NULL, PRIMARY KEY (`id`), CONSTRAINT `ledger_accounts_buckets` CHECK (active >= floor AND pending >= 0 AND held >= 0), CONSTRAINT `ledger_accounts_system` CHECK (kind <> 'SYSTEM' OR (active = 0 AND pending = 0 AND held = 0)));
-- copy rows from old table "ledger_accounts" to new temporary table "new_ledger_accounts"
INSERT INTO `new_ledger_accounts` (`id`, `created_at`, `updated_at`, `owner_id`, `user_id`, `unit`, `kind`, `name`, `number`, `program_id`, `lotted`, `active`, `pending`, `held`, `floor`, `seq`, `head_hash`, `next_due_at`) SELECT `id`, `created_at`, `updated_at`, `owner_id`, `user_id`, `unit`, `kind`, `name`, `number`, `program_id`, `lotted`, `active`, `pending`, `held`, `floor`, `seq`, `head_hash`, `next_due_at` FROM `ledger_accounts`;
-- drop "ledger_accounts" table after copying rows
DROP TABLE `ledger_accounts`;
-- rename temporary table "new_ledger_accounts" to "ledger_accounts"
ALTER TABLE `new_ledger_accounts` RENAME TO `ledger_accounts`;
-- create index "ledger_accounts_number_key" to table: "ledger_accounts"
CREATE UNIQUE INDEX `ledger_accounts_number_key` ON `ledger_accounts` (`number`);
-- create index "ledgeraccount_owner_id_id" to table: "ledger_accounts"
CREATE INDEX `ledgeraccount_owner_id_id` ON `ledger_accounts` (`owner_id`, `id`);
-- create index "ledgeraccount_owner_id_unit_kind_name" to table: "ledger_accounts"
CREATE UNIQUE INDEX `ledgeraccount_owner_id_unit_kind_name` ON `ledger_accounts` (`owner_id`, `unit`, `kind`, `name`);
-- create index "ledgeraccount_next_due_at" to table: "ledger_accounts"
CREATE INDEX `ledgeraccount_next_due_at` ON `ledger_accounts` (`next_due_at`);
-- create index "ledger_account_tier_review" to table: "ledger_accounts"
CREATE INDEX `ledger_account_tier_review` ON `ledger_accounts` (`tier_review_at`) WHERE tier_review_at is not null;
-- create index "ledgeraccount_program_id_id" to table: "ledger_accounts"
CREATE INDEX `ledgeraccount_program_id_id` ON `ledger_accounts` (`program_id`, `id`);
-- create index "ledger_entry_children" to table: "ledger_entries"
CREATE INDEX `ledger_entry_children` ON `ledger_entries` (`parent_id`, `id`) WHERE parent_id is not null;
-- create index "ledger_lot_origin" to table: "ledger_lots"
CREATE INDEX `ledger_lot_origin` ON `ledger_lots` (`origin_id`) WHERE origin_id is not null;
-- create "new_memberships" table
CREATE TABLE `new_memberships` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `revision` integer NOT NULL DEFAULT (1), `kind` text NOT NULL, `role_id` uuid NOT NULL, `status` text NOT NULL DEFAULT ('ACTIVE'), `valid_until_at` datetime NULL, `earns_to_owner` bool NOT NULL DEFAULT (false), `user_id` uuid NOT NULL, `owner_id` uuid NOT NULL, PRIMARY KEY (`id`));
-- copy rows from old table "memberships" to new temporary table "new_memberships"
INSERT INTO `new_memberships` (`id`, `created_at`, `updated_at`, `revision`, `kind`, `role_id`, `status`, `valid_until_at`, `user_id`, `owner_id`) SELECT `id`, `created_at`, `updated_at`, `revision`, `kind`, `role_id`, `status`, `valid_until_at`, `user_id`, `owner_id` FROM `memberships`;
-- drop "memberships" table after copying rows
DROP TABLE `memberships`;
-- rename temporary table "new_memberships" to "memberships"
ALTER TABLE `new_memberships` RENAME TO `memberships`;
-- create index "membership_user_id" to table: "memberships"
CREATE INDEX `membership_user_id` ON `memberships` (`user_id`);
-- create index "membership_user_id_owner_id" to table: "memberships"
CREATE UNIQUE INDEX `membership_user_id_owner_id` ON `memberships` (`user_id`, `owner_id`);
-- create index "membership_owner_id_status" to table: "memberships"
CREATE INDEX `membership_owner_id_status` ON `memberships` (`owner_id`, `status`);
-- create index "membership_one_earner" to table: "memberships"
CREATE UNIQUE INDEX `membership_one_earner` ON `memberships` (`user_id`) WHERE earns_to_owner;
-- add column "approver_id" to table: "tasks"
ALTER TABLE `tasks` ADD COLUMN `approver_id` uuid NULL;
-- add column "note" to table: "tasks"
ALTER TABLE `tasks` ADD COLUMN `note` text NULL;
-- create "achievements" table
CREATE TABLE `achievements` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `owner_id` uuid NOT NULL, `user_id` uuid NULL, `campaign_id` uuid NOT NULL, `period` text NOT NULL, `current` integer NOT NULL DEFAULT (0), `target` integer NOT NULL, `points` integer NOT NULL DEFAULT (0), `earned_at` datetime NULL, `period_ends_at` datetime NULL, PRIMARY KEY (`id`), CONSTRAINT `achievements_target` CHECK (target > 0 AND current >= 0 AND points >= 0));
-- create index "achievement_owner_id_id" to table: "achievements"
CREATE INDEX `achievement_owner_id_id` ON `achievements` (`owner_id`, `id`);
-- create index "achievement_campaign_id_owner_id_period" to table: "achievements"
CREATE UNIQUE INDEX `achievement_campaign_id_owner_id_period` ON `achievements` (`campaign_id`, `owner_id`, `period`);
-- create "campaigns" table
CREATE TABLE `campaigns` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `revision` integer NOT NULL DEFAULT (1), `metadata` json NULL, `private_metadata` json NULL, `kind` text NOT NULL, `handle` text NOT NULL, `texts` json NOT NULL, `image_url` text NULL, `audience` json NOT NULL, `rules` json NOT NULL, `status` text NOT NULL DEFAULT ('DRAFT'), `starts_at` datetime NULL, `ends_at` datetime NULL, `seed` blob NULL, `seed_hash` text NULL, `result` json NULL, `drawn_at` datetime NULL, `reminded_at` datetime NULL, PRIMARY KEY (`id`), CONSTRAINT `campaigns_status` CHECK (status IN ('DRAFT','SCHEDULED','OPEN','CLOSED','FINISHED','CANCELLED')), CONSTRAINT `campaigns_window` CHECK (ends_at IS NULL OR starts_at IS NULL OR ends_at > starts_at));
-- create index "campaigns_handle_key" to table: "campaigns"
CREATE UNIQUE INDEX `campaigns_handle_key` ON `campaigns` (`handle`);
-- create index "campaign_status_kind_id" to table: "campaigns"
CREATE INDEX `campaign_status_kind_id` ON `campaigns` (`status`, `kind`, `id`);
-- create index "campaign_status_starts_at" to table: "campaigns"
CREATE INDEX `campaign_status_starts_at` ON `campaigns` (`status`, `starts_at`);
-- create index "campaign_status_ends_at" to table: "campaigns"
CREATE INDEX `campaign_status_ends_at` ON `campaigns` (`status`, `ends_at`);
-- create "campaign_acts" table
CREATE TABLE `campaign_acts` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `owner_id` uuid NOT NULL, `user_id` uuid NULL, `handle` text NOT NULL, `key` text NOT NULL, `happened_at` datetime NOT NULL, PRIMARY KEY (`id`));
-- create index "campaignact_owner_id_id" to table: "campaign_acts"
CREATE INDEX `campaignact_owner_id_id` ON `campaign_acts` (`owner_id`, `id`);
-- create index "campaignact_owner_id_handle_key" to table: "campaign_acts"
CREATE UNIQUE INDEX `campaignact_owner_id_handle_key` ON `campaign_acts` (`owner_id`, `handle`, `key`);
-- create index "campaignact_owner_id_happened_at" to table: "campaign_acts"
CREATE INDEX `campaignact_owner_id_happened_at` ON `campaign_acts` (`owner_id`, `happened_at`);
-- create "campaign_entries" table
CREATE TABLE `campaign_entries` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `revision` integer NOT NULL DEFAULT (1), `owner_id` uuid NOT NULL, `user_id` uuid NULL, `campaign_id` uuid NOT NULL, `number` integer NOT NULL, `status` text NOT NULL DEFAULT ('SUBMITTED'), `unique_key` text NULL, `data` json NOT NULL, `reason` text NULL, `approved_at` datetime NULL, `decided_at` datetime NULL, `decided_by_id` uuid NULL, `place` integer NULL, `prize_index` integer NULL, `points` integer NOT NULL DEFAULT (0), PRIMARY KEY (`id`), CONSTRAINT `campaign_entries_number` CHECK (number > 0 AND points >= 0), CONSTRAINT `campaign_entries_status` CHECK (status IN ('SUBMITTED','APPROVED','REJECTED','WITHDRAWN','WINNER','PRIZE_SENT')));
-- create index "campaignentry_owner_id_id" to table: "campaign_entries"
CREATE INDEX `campaignentry_owner_id_id` ON `campaign_entries` (`owner_id`, `id`);
-- create index "campaignentry_campaign_id_owner_id_number" to table: "campaign_entries"
CREATE UNIQUE INDEX `campaignentry_campaign_id_owner_id_number` ON `campaign_entries` (`campaign_id`, `owner_id`, `number`);
-- create index "campaignentry_campaign_id_unique_key" to table: "campaign_entries"
CREATE UNIQUE INDEX `campaignentry_campaign_id_unique_key` ON `campaign_entries` (`campaign_id`, `unique_key`);
-- create index "campaignentry_campaign_id_status_id" to table: "campaign_entries"
CREATE INDEX `campaignentry_campaign_id_status_id` ON `campaign_entries` (`campaign_id`, `status`, `id`);
-- create index "campaignentry_status_id" to table: "campaign_entries"
CREATE INDEX `campaignentry_status_id` ON `campaign_entries` (`status`, `id`);
-- create "campaign_photos" table
CREATE TABLE `campaign_photos` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `owner_id` uuid NOT NULL, `user_id` uuid NULL, `campaign_id` uuid NOT NULL, `entry_id` uuid NULL, `is_ready` bool NOT NULL DEFAULT (false), `content_type` text NOT NULL DEFAULT (''), `size` integer NOT NULL DEFAULT (0), `width` integer NOT NULL DEFAULT (0), `height` integer NOT NULL DEFAULT (0), `content` blob NULL, PRIMARY KEY (`id`), CONSTRAINT `campaign_photos_size` CHECK (size >= 0 AND width >= 0 AND height >= 0));
-- create index "campaignphoto_owner_id_id" to table: "campaign_photos"
CREATE INDEX `campaignphoto_owner_id_id` ON `campaign_photos` (`owner_id`, `id`);
-- create index "campaignphoto_entry_id" to table: "campaign_photos"
CREATE INDEX `campaignphoto_entry_id` ON `campaign_photos` (`entry_id`);
-- create index "campaign_photo_unused" to table: "campaign_photos"
CREATE INDEX `campaign_photo_unused` ON `campaign_photos` (`created_at`) WHERE entry_id is null;
-- create "clubs" table
CREATE TABLE `clubs` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `revision` integer NOT NULL DEFAULT (1), `handle` text NOT NULL, `texts` json NOT NULL, `audience` json NOT NULL, `perks` json NOT NULL, `status` text NOT NULL DEFAULT ('DRAFT'), PRIMARY KEY (`id`), CONSTRAINT `clubs_status` CHECK (status IN ('DRAFT','ACTIVE','CLOSED')));
-- create index "clubs_handle_key" to table: "clubs"
CREATE UNIQUE INDEX `clubs_handle_key` ON `clubs` (`handle`);
-- create index "club_status_id" to table: "clubs"
CREATE INDEX `club_status_id` ON `clubs` (`status`, `id`);
-- create "club_members" table
CREATE TABLE `club_members` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `owner_id` uuid NOT NULL, `user_id` uuid NULL, `club_id` uuid NOT NULL, `joined_at` datetime NOT NULL, `left_at` datetime NULL, PRIMARY KEY (`id`));
-- create index "clubmember_owner_id_id" to table: "club_members"
CREATE INDEX `clubmember_owner_id_id` ON `club_members` (`owner_id`, `id`);
-- create index "clubmember_club_id_owner_id" to table: "club_members"
CREATE UNIQUE INDEX `clubmember_club_id_owner_id` ON `club_members` (`club_id`, `owner_id`);
-- create "earning_rules" table
CREATE TABLE `earning_rules` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `key_id` uuid NOT NULL, `version` integer NOT NULL DEFAULT (1), `retired_at` datetime NULL, `program_id` uuid NOT NULL, `handle` text NOT NULL, `texts` json NOT NULL, `trigger` text NOT NULL, `act` text NULL, `condition` text NULL, `points_expression` text NULL, `fixed_points` integer NULL, `rate_points` integer NOT NULL DEFAULT (0), `rate_per_minor` integer NOT NULL DEFAULT (0), `multiplier` integer NULL, `currency` text NOT NULL DEFAULT (''), `selector` json NULL, `tiers` json NULL, `starts_at` datetime NULL, `ends_at` datetime NULL, `minimum_minor` integer NOT NULL DEFAULT (0), `cap_per_order` integer NULL, `cap_per_period` integer NULL, `cap_per_owner` integer NULL, `per_owner` integer NULL, `per_period` integer NULL, `period` text NOT NULL DEFAULT ('YEAR'), `rounding` text NOT NULL DEFAULT ('DOWN'), `basis` text NOT NULL DEFAULT ('LINE'), `priority` integer NOT NULL DEFAULT (0), `stackable` bool NOT NULL DEFAULT (true), `pending_days` integer NULL, `profile` json NULL, PRIMARY KEY (`id`), CONSTRAINT `earning_rules_days` CHECK (pending_days IS NULL OR pending_days >= 0), CONSTRAINT `earning_rules_limits` CHECK ((cap_per_order IS NULL OR cap_per_order > 0) AND (cap_per_period IS NULL OR cap_per_period > 0) AND (cap_per_owner IS NULL OR cap_per_owner > 0) AND (per_owner IS NULL OR per_owner > 0) AND (per_period IS NULL OR per_period > 0)), CONSTRAINT `earning_rules_rate` CHECK (rate_points >= 0 AND rate_per_minor >= 0 AND minimum_minor >= 0));
-- create index "earningrule_key_id_version" to table: "earning_rules"
CREATE UNIQUE INDEX `earningrule_key_id_version` ON `earning_rules` (`key_id`, `version`);
-- create index "earning_rule_handle_in_force" to table: "earning_rules"
CREATE UNIQUE INDEX `earning_rule_handle_in_force` ON `earning_rules` (`program_id`, `handle`) WHERE retired_at is null;
-- create index "earningrule_program_id_trigger" to table: "earning_rules"
CREATE INDEX `earningrule_program_id_trigger` ON `earning_rules` (`program_id`, `trigger`);
-- create "earning_uses" table
CREATE TABLE `earning_uses` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `owner_id` uuid NOT NULL, `rule_id` uuid NOT NULL, `version` integer NOT NULL, `entry_id` uuid NOT NULL, `points` integer NOT NULL, `occurred_at` datetime NOT NULL, PRIMARY KEY (`id`));
-- create index "earninguse_owner_id_rule_id_occurred_at" to table: "earning_uses"
CREATE INDEX `earninguse_owner_id_rule_id_occurred_at` ON `earning_uses` (`owner_id`, `rule_id`, `occurred_at`);
-- create index "earninguse_rule_id_occurred_at" to table: "earning_uses"
CREATE INDEX `earninguse_rule_id_occurred_at` ON `earning_uses` (`rule_id`, `occurred_at`);
-- create index "earninguse_entry_id_rule_id" to table: "earning_uses"
CREATE UNIQUE INDEX `earninguse_entry_id_rule_id` ON `earning_uses` (`entry_id`, `rule_id`);
-- create "fee_rules" table
CREATE TABLE `fee_rules` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `key_id` uuid NOT NULL, `version` integer NOT NULL DEFAULT (1), `retired_at` datetime NULL, `operation` text NOT NULL, `currency` text NOT NULL, `free_minor` integer NOT NULL DEFAULT (0), `period` text NOT NULL, `basis_points` integer NOT NULL, `fee_cap` integer NULL, `cap_per` text NOT NULL DEFAULT ('TRANSFER'), `minimum_minor` integer NOT NULL DEFAULT (0), `rounding` text NOT NULL DEFAULT ('HALF_UP'), PRIMARY KEY (`id`), CONSTRAINT `fee_rules_terms` CHECK (free_minor >= 0 AND minimum_minor >= 0 AND basis_points >= 0 AND basis_points <= 10000 AND (fee_cap IS NULL OR fee_cap >= minimum_minor)));
-- create index "feerule_key_id_version" to table: "fee_rules"
CREATE UNIQUE INDEX `feerule_key_id_version` ON `fee_rules` (`key_id`, `version`);
-- create index "fee_rule_in_force" to table: "fee_rules"
CREATE UNIQUE INDEX `fee_rule_in_force` ON `fee_rules` (`operation`, `currency`) WHERE retired_at is null;
-- create "gift_cards" table
CREATE TABLE `gift_cards` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `owner_id` uuid NOT NULL, `user_id` uuid NULL, `code_key` text NOT NULL, `hint` text NOT NULL, `status` text NOT NULL DEFAULT ('ACTIVE'), `currency` text NOT NULL, `initial_minor` integer NOT NULL, `remaining_minor` integer NOT NULL, `expires_at` datetime NULL, `buyer_id` uuid NULL, `recipient_id` uuid NULL, `account_id` uuid NULL, `entry_id` uuid NULL, `redeemed_at` datetime NULL, `note` text NULL, PRIMARY KEY (`id`), CONSTRAINT `gift_cards_status` CHECK (status = 'ISSUED' OR status = 'ACTIVE' OR remaining_minor = 0), CONSTRAINT `gift_cards_worth` CHECK (initial_minor > 0 AND remaining_minor >= 0 AND remaining_minor <= initial_minor));
-- create index "gift_cards_code_key_key" to table: "gift_cards"
CREATE UNIQUE INDEX `gift_cards_code_key_key` ON `gift_cards` (`code_key`);
-- create index "giftcard_owner_id_id" to table: "gift_cards"
CREATE INDEX `giftcard_owner_id_id` ON `gift_cards` (`owner_id`, `id`);
-- create index "giftcard_status_id" to table: "gift_cards"
CREATE INDEX `giftcard_status_id` ON `gift_cards` (`status`, `id`);
-- create index "gift_card_due" to table: "gift_cards"
CREATE INDEX `gift_card_due` ON `gift_cards` (`expires_at`) WHERE remaining_minor > 0 and expires_at is not null;
-- create "goals" table
CREATE TABLE `goals` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `revision` integer NOT NULL DEFAULT (1), `user_id` uuid NOT NULL, `counter` text NOT NULL, `period` text NOT NULL DEFAULT ('WEEK'), `target` integer NOT NULL, `name` text NULL, `reached_in` text NULL, PRIMARY KEY (`id`), CONSTRAINT `goals_target` CHECK (target > 0));
-- create index "goal_user_id" to table: "goals"
CREATE INDEX `goal_user_id` ON `goals` (`user_id`);
-- create index "goal_user_id_counter_period" to table: "goals"
CREATE UNIQUE INDEX `goal_user_id_counter_period` ON `goals` (`user_id`, `counter`, `period`);
-- create "invitations" table
CREATE TABLE `invitations` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `owner_id` uuid NOT NULL, `inviter_id` uuid NOT NULL, `role_id` uuid NOT NULL, `email` text NULL, `email_key` text NULL, `invited_id` uuid NULL, `status` text NOT NULL DEFAULT ('OPEN'), `expires_at` datetime NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `invitations_whom` CHECK (email_key IS NOT NULL OR invited_id IS NOT NULL));
-- create index "invitation_open_email" to table: "invitations"
CREATE UNIQUE INDEX `invitation_open_email` ON `invitations` (`owner_id`, `email_key`) WHERE status = 'OPEN' and email_key is not null;
-- create index "invitation_open_person" to table: "invitations"
CREATE UNIQUE INDEX `invitation_open_person` ON `invitations` (`owner_id`, `invited_id`) WHERE status = 'OPEN' and invited_id is not null;
-- create index "invitation_email_key_status" to table: "invitations"
CREATE INDEX `invitation_email_key_status` ON `invitations` (`email_key`, `status`);
-- create index "invitation_invited_id_status" to table: "invitations"
CREATE INDEX `invitation_invited_id_status` ON `invitations` (`invited_id`, `status`);
-- create index "invitation_owner_id_status" to table: "invitations"
CREATE INDEX `invitation_owner_id_status` ON `invitations` (`owner_id`, `status`);
-- create "payment_notices" table
CREATE TABLE `payment_notices` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `provider` text NOT NULL, `webhook_id` text NOT NULL, `type` text NOT NULL, `outcome` text NOT NULL, `reference` text NULL, `amount` text NULL, `currency` text NULL, `top_up_id` uuid NULL, `payload` json NOT NULL, `sent_at` datetime NOT NULL, PRIMARY KEY (`id`));
-- create index "paymentnotice_provider_webhook_id" to table: "payment_notices"
CREATE UNIQUE INDEX `paymentnotice_provider_webhook_id` ON `payment_notices` (`provider`, `webhook_id`);
-- create index "paymentnotice_outcome_id" to table: "payment_notices"
CREATE INDEX `paymentnotice_outcome_id` ON `payment_notices` (`outcome`, `id`);
-- create index "paymentnotice_top_up_id" to table: "payment_notices"
CREATE INDEX `paymentnotice_top_up_id` ON `payment_notices` (`top_up_id`);
-- create "promo_codes" table
CREATE TABLE `promo_codes` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `owner_id` uuid NOT NULL, `user_id` uuid NULL, `promotion_id` uuid NOT NULL, `code` text NOT NULL DEFAULT (''), `code_key` text NULL, `status` text NOT NULL DEFAULT ('ISSUED'), `uses` integer NOT NULL DEFAULT (0), `max_uses` integer NULL, `batch_id` uuid NULL, `activated_at` datetime NULL, `ends_at` datetime NULL, PRIMARY KEY (`id`), CONSTRAINT `promo_codes_status` CHECK (status IN ('ISSUED','ACTIVE','USED','EXPIRED','VOID')), CONSTRAINT `promo_codes_uses` CHECK (uses >= 0 AND (max_uses IS NULL OR uses <= max_uses)));
-- create index "promo_codes_code_key_key" to table: "promo_codes"
CREATE UNIQUE INDEX `promo_codes_code_key_key` ON `promo_codes` (`code_key`);
-- create index "promocode_owner_id_id" to table: "promo_codes"
CREATE INDEX `promocode_owner_id_id` ON `promo_codes` (`owner_id`, `id`);
-- create index "promocode_promotion_id_status_id" to table: "promo_codes"
CREATE INDEX `promocode_promotion_id_status_id` ON `promo_codes` (`promotion_id`, `status`, `id`);
-- create index "promo_code_one_offer" to table: "promo_codes"
CREATE UNIQUE INDEX `promo_code_one_offer` ON `promo_codes` (`promotion_id`, `owner_id`) WHERE code_key is null;
-- create index "promo_code_of_batch" to table: "promo_codes"
CREATE INDEX `promo_code_of_batch` ON `promo_codes` (`batch_id`, `id`) WHERE batch_id is not null;
-- create "promo_uses" table
CREATE TABLE `promo_uses` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `owner_id` uuid NOT NULL, `user_id` uuid NULL, `promotion_id` uuid NOT NULL, `code_id` uuid NULL, `status` text NOT NULL, `slot` integer NULL, `reference` text NULL, `order_id` uuid NULL, `reduced_minor` integer NOT NULL DEFAULT (0), `currency` text NOT NULL DEFAULT (''), `points` integer NOT NULL DEFAULT (0), `multiplier_basis_points` integer NOT NULL DEFAULT (0), `reserved_until_at` datetime NULL, PRIMARY KEY (`id`), CONSTRAINT `promo_uses_of` CHECK (status <> 'USED' OR order_id IS NOT NULL), CONSTRAINT `promo_uses_reduced` CHECK (reduced_minor >= 0), CONSTRAINT `promo_uses_status` CHECK (status IN ('RESERVED','USED','RELEASED')));
-- create index "promouse_owner_id_id" to table: "promo_uses"
CREATE INDEX `promouse_owner_id_id` ON `promo_uses` (`owner_id`, `id`);
-- create index "promo_use_per_owner" to table: "promo_uses"
CREATE UNIQUE INDEX `promo_use_per_owner` ON `promo_uses` (`promotion_id`, `owner_id`, `slot`) WHERE slot is not null;
-- create index "promo_use_once_an_order" to table: "promo_uses"
CREATE UNIQUE INDEX `promo_use_once_an_order` ON `promo_uses` (`promotion_id`, `order_id`) WHERE status = 'USED';
-- create index "promo_use_one_reservation" to table: "promo_uses"
CREATE UNIQUE INDEX `promo_use_one_reservation` ON `promo_uses` (`code_id`, `owner_id`, `reference`) WHERE status = 'RESERVED';
-- create index "promo_use_of_order" to table: "promo_uses"
CREATE INDEX `promo_use_of_order` ON `promo_uses` (`order_id`) WHERE order_id is not null;
-- create index "promouse_promotion_id_status_currency_reduced_minor" to table: "promo_uses"
CREATE INDEX `promouse_promotion_id_status_currency_reduced_minor` ON `promo_uses` (`promotion_id`, `status`, `currency`, `reduced_minor`);
-- create index "promo_use_to_release" to table: "promo_uses"
CREATE INDEX `promo_use_to_release` ON `promo_uses` (`reserved_until_at`) WHERE status = 'RESERVED';
-- create "promotions" table
CREATE TABLE `promotions` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `revision` integer NOT NULL DEFAULT (1), `metadata` json NULL, `private_metadata` json NULL, `kind` text NOT NULL, `handle` text NOT NULL, `texts` json NOT NULL, `audience` json NOT NULL, `condition` text NULL, `effect` json NOT NULL, `stackable` bool NOT NULL DEFAULT (true), `stack_group` text NULL, `priority` integer NOT NULL DEFAULT (0), `max_uses` integer NULL, `taken` integer NOT NULL DEFAULT (0), `per_owner` integer NULL, `valid_days` integer NULL, `issued` integer NOT NULL DEFAULT (0), `status` text NOT NULL DEFAULT ('DRAFT'), `starts_at` datetime NULL, `ends_at` datetime NULL, PRIMARY KEY (`id`), CONSTRAINT `promotions_kind` CHECK (kind IN ('CODE','OFFER','DISCOUNT','PERSONAL_PRICE')), CONSTRAINT `promotions_status` CHECK (status IN ('DRAFT','ACTIVE','PAUSED','ENDED')), CONSTRAINT `promotions_uses` CHECK (taken >= 0 AND issued >= 0 AND (max_uses IS NULL OR taken <= max_uses) AND (per_owner IS NULL OR per_owner > 0)));
-- create index "promotions_handle_key" to table: "promotions"
CREATE UNIQUE INDEX `promotions_handle_key` ON `promotions` (`handle`);
-- create index "promotion_kind_status_ends_at" to table: "promotions"
CREATE INDEX `promotion_kind_status_ends_at` ON `promotions` (`kind`, `status`, `ends_at`);
-- create index "promotion_status_id" to table: "promotions"
CREATE INDEX `promotion_status_id` ON `promotions` (`status`, `id`);
-- create index "promotion_kind_id" to table: "promotions"
CREATE INDEX `promotion_kind_id` ON `promotions` (`kind`, `id`);
-- create "referrals" table
CREATE TABLE `referrals` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `revision` integer NOT NULL DEFAULT (1), `user_id` uuid NOT NULL, `friend_id` uuid NOT NULL, `friend_name` text NOT NULL, `status` text NOT NULL DEFAULT ('INVITED'), `origin` text NOT NULL, `suspicions` json NULL, `expires_at` datetime NOT NULL, `registered_at` datetime NULL, `order_id` uuid NULL, `ordered_at` datetime NULL, `due_at` datetime NULL, `program_id` uuid NULL, `advocate_points` integer NOT NULL DEFAULT (0), `friend_points` integer NOT NULL DEFAULT (0), `advocate_entry_id` uuid NULL, `friend_entry_id` uuid NULL, `rewarded_at` datetime NULL, `reject_reason` text NULL, `note` text NULL, `ended_at` datetime NULL, PRIMARY KEY (`id`), CONSTRAINT `referrals_people` CHECK (user_id <> friend_id), CONSTRAINT `referrals_points` CHECK (advocate_points >= 0 AND friend_points >= 0));
-- create index "referrals_friend_id_key" to table: "referrals"
CREATE UNIQUE INDEX `referrals_friend_id_key` ON `referrals` (`friend_id`);
-- create index "referral_user_id" to table: "referrals"
CREATE INDEX `referral_user_id` ON `referrals` (`user_id`);
-- create index "referral_user_id_id" to table: "referrals"
CREATE INDEX `referral_user_id_id` ON `referrals` (`user_id`, `id`);
-- create index "referral_user_id_status_ordered_at" to table: "referrals"
CREATE INDEX `referral_user_id_status_ordered_at` ON `referrals` (`user_id`, `status`, `ordered_at`);
-- create index "referral_status_due_at" to table: "referrals"
CREATE INDEX `referral_status_due_at` ON `referrals` (`status`, `due_at`);
-- create index "referral_status_expires_at" to table: "referrals"
CREATE INDEX `referral_status_expires_at` ON `referrals` (`status`, `expires_at`);
-- create index "referral_order_id" to table: "referrals"
CREATE INDEX `referral_order_id` ON `referrals` (`order_id`);
-- create "referral_codes" table
CREATE TABLE `referral_codes` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `user_id` uuid NOT NULL, `code` text NOT NULL, `code_key` text NOT NULL, PRIMARY KEY (`id`));
-- create index "referral_codes_code_key_key" to table: "referral_codes"
CREATE UNIQUE INDEX `referral_codes_code_key_key` ON `referral_codes` (`code_key`);
-- create index "referralcode_user_id" to table: "referral_codes"
CREATE INDEX `referralcode_user_id` ON `referral_codes` (`user_id`);
-- create index "referral_code_one" to table: "referral_codes"
CREATE UNIQUE INDEX `referral_code_one` ON `referral_codes` (`user_id`);
-- create "rewards" table
CREATE TABLE `rewards` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `revision` integer NOT NULL DEFAULT (1), `kind` text NOT NULL, `status` text NOT NULL DEFAULT ('DRAFT'), `program_id` uuid NOT NULL, `cost` integer NOT NULL, `texts` json NOT NULL, `image_url` text NULL, `sku` text NULL, `promotion_id` uuid NULL, `stock` integer NULL, `taken` integer NOT NULL DEFAULT (0), `per_owner` integer NULL, `period_limit` integer NULL, `period_days` integer NULL, `audience` json NOT NULL, `teaser` bool NOT NULL DEFAULT (false), `starts_at` datetime NULL, `ends_at` datetime NULL, `valid_days` integer NULL, `on_expiry` text NOT NULL DEFAULT ('POINTS_LOST'), `cancellable` bool NOT NULL DEFAULT (true), PRIMARY KEY (`id`), CONSTRAINT `rewards_amounts` CHECK (cost > 0 AND (stock IS NULL OR stock >= 0) AND taken >= 0), CONSTRAINT `rewards_limits` CHECK ((per_owner IS NULL OR per_owner > 0) AND (period_limit IS NULL) = (period_days IS NULL) AND (period_limit IS NULL OR period_limit > 0) AND (period_days IS NULL OR period_days > 0)), CONSTRAINT `rewards_valid` CHECK ((valid_days IS NULL OR valid_days > 0) AND (kind <> 'GOODS' OR sku IS NOT NULL) AND (kind <> 'COUPON' OR promotion_id IS NOT NULL)));
-- create index "reward_status_id" to table: "rewards"
CREATE INDEX `reward_status_id` ON `rewards` (`status`, `id`);
-- create index "reward_status_cost_id" to table: "rewards"
CREATE INDEX `reward_status_cost_id` ON `rewards` (`status`, `cost`, `id`);
-- create index "reward_program_id_status_id" to table: "rewards"
CREATE INDEX `reward_program_id_status_id` ON `rewards` (`program_id`, `status`, `id`);
-- create "reward_codes" table
CREATE TABLE `reward_codes` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `code` text NOT NULL, `redemption_id` uuid NULL, `reward_id` uuid NOT NULL, PRIMARY KEY (`id`));
-- create index "rewardcode_reward_id_code" to table: "reward_codes"
CREATE UNIQUE INDEX `rewardcode_reward_id_code` ON `reward_codes` (`reward_id`, `code`);
-- create index "rewardcode_reward_id_redemption_id_id" to table: "reward_codes"
CREATE INDEX `rewardcode_reward_id_redemption_id_id` ON `reward_codes` (`reward_id`, `redemption_id`, `id`);
-- create index "rewardcode_redemption_id" to table: "reward_codes"
CREATE INDEX `rewardcode_redemption_id` ON `reward_codes` (`redemption_id`);
-- create "reward_redemptions" table
CREATE TABLE `reward_redemptions` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `revision` integer NOT NULL DEFAULT (1), `owner_id` uuid NOT NULL, `user_id` uuid NULL, `kind` text NOT NULL, `texts` json NOT NULL, `program_id` uuid NOT NULL, `promotion_id` uuid NULL, `quantity` integer NOT NULL, `cost` integer NOT NULL, `points` integer NOT NULL, `status` text NOT NULL DEFAULT ('ISSUED'), `code` text NOT NULL, `code_key` text NOT NULL, `vouchers` json NULL, `cancellable` bool NOT NULL DEFAULT (true), `on_expiry` text NOT NULL, `expires_at` datetime NULL, `entry_id` uuid NULL, `refund_entry_id` uuid NULL, `fulfilled_at` datetime NULL, `fulfilled_by` uuid NULL, `ended_at` datetime NULL, `cancelled_by` text NULL, `reason` text NULL, `note` text NULL, `reward_id` uuid NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `reward_redemptions_amounts` CHECK (quantity > 0 AND cost > 0 AND points = quantity * cost), CONSTRAINT `reward_redemptions_refund` CHECK (refund_entry_id IS NULL OR status IN ('CANCELLED','EXPIRED')));
-- create index "reward_redemptions_code_key_key" to table: "reward_redemptions"
CREATE UNIQUE INDEX `reward_redemptions_code_key_key` ON `reward_redemptions` (`code_key`);
-- create index "rewardredemption_owner_id_id" to table: "reward_redemptions"
CREATE INDEX `rewardredemption_owner_id_id` ON `reward_redemptions` (`owner_id`, `id`);
-- create index "rewardredemption_reward_id_owner_id_created_at" to table: "reward_redemptions"
CREATE INDEX `rewardredemption_reward_id_owner_id_created_at` ON `reward_redemptions` (`reward_id`, `owner_id`, `created_at`);
-- create index "rewardredemption_status_expires_at" to table: "reward_redemptions"
CREATE INDEX `rewardredemption_status_expires_at` ON `reward_redemptions` (`status`, `expires_at`);
-- create index "rewardredemption_status_id" to table: "reward_redemptions"
CREATE INDEX `rewardredemption_status_id` ON `reward_redemptions` (`status`, `id`);
-- create index "rewardredemption_entry_id" to table: "reward_redemptions"
CREATE UNIQUE INDEX `rewardredemption_entry_id` ON `reward_redemptions` (`entry_id`);
-- create "tiers" table
CREATE TABLE `tiers` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `key_id` uuid NOT NULL, `version` integer NOT NULL DEFAULT (1), `retired_at` datetime NULL, `program_id` uuid NOT NULL, `rank` integer NOT NULL, `handle` text NOT NULL, `texts` json NOT NULL, `basis` text NOT NULL DEFAULT ('EARNED'), `earned_threshold` integer NULL, `spent_threshold_minor` integer NOT NULL DEFAULT (0), `currency` text NOT NULL DEFAULT (''), `window` text NOT NULL DEFAULT ('ROLLING'), `window_days` integer NULL, `keep` text NOT NULL DEFAULT ('NEXT_YEAR_END'), `keep_days` integer NULL, `grace_days` integer NOT NULL DEFAULT (0), `downgrade` text NOT NULL DEFAULT ('BY_BALANCE'), `falls_on_return` bool NOT NULL DEFAULT (false), `perks` json NOT NULL, `marked_to` uuid NULL, PRIMARY KEY (`id`), CONSTRAINT `tiers_days` CHECK ((window_days IS NULL OR window_days > 0) AND (keep_days IS NULL OR keep_days > 0) AND grace_days >= 0), CONSTRAINT `tiers_rank` CHECK (rank >= 0), CONSTRAINT `tiers_thresholds` CHECK ((earned_threshold IS NULL OR earned_threshold >= 0) AND spent_threshold_minor >= 0));
-- create index "tier_key_id_version" to table: "tiers"
CREATE UNIQUE INDEX `tier_key_id_version` ON `tiers` (`key_id`, `version`);
-- create index "tier_rank_in_force" to table: "tiers"
CREATE UNIQUE INDEX `tier_rank_in_force` ON `tiers` (`program_id`, `rank`) WHERE retired_at is null;
-- create index "tier_handle_in_force" to table: "tiers"
CREATE UNIQUE INDEX `tier_handle_in_force` ON `tiers` (`program_id`, `handle`) WHERE retired_at is null;
-- create "tier_changes" table
CREATE TABLE `tier_changes` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `owner_id` uuid NOT NULL, `account_id` uuid NOT NULL, `seq` integer NOT NULL, `kind` text NOT NULL, `from_id` uuid NULL, `from_version` integer NULL, `to_id` uuid NULL, `to_version` integer NULL, `until_at` datetime NULL, `note` text NULL, `explain` json NULL, `actor_id` uuid NULL, PRIMARY KEY (`id`));
-- create index "tierchange_account_id_seq" to table: "tier_changes"
CREATE UNIQUE INDEX `tierchange_account_id_seq` ON `tier_changes` (`account_id`, `seq`);
-- create index "tierchange_account_id_id" to table: "tier_changes"
CREATE INDEX `tierchange_account_id_id` ON `tier_changes` (`account_id`, `id`);
-- create index "tierchange_owner_id_id" to table: "tier_changes"
CREATE INDEX `tierchange_owner_id_id` ON `tier_changes` (`owner_id`, `id`);
-- create "top_ups" table
CREATE TABLE `top_ups` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `owner_id` uuid NOT NULL, `user_id` uuid NULL, `account_id` uuid NOT NULL, `method` text NOT NULL, `status` text NOT NULL DEFAULT ('PENDING'), `currency` text NOT NULL, `amount_minor` integer NOT NULL, `provider` text NULL, `provider_ref` text NULL, `url` text NULL, `return_url` text NULL, `receipt_number` text NULL, `failure` text NULL, `entry_id` uuid NULL, `expires_at` datetime NULL, `settled_at` datetime NULL, PRIMARY KEY (`id`), CONSTRAINT `top_ups_amount` CHECK (amount_minor > 0), CONSTRAINT `top_ups_done` CHECK ((status = 'SUCCEEDED') = (entry_id IS NOT NULL)));
-- create index "top_ups_receipt_number_key" to table: "top_ups"
CREATE UNIQUE INDEX `top_ups_receipt_number_key` ON `top_ups` (`receipt_number`);
-- create index "topup_owner_id_id" to table: "top_ups"
CREATE INDEX `topup_owner_id_id` ON `top_ups` (`owner_id`, `id`);
-- create index "topup_provider_provider_ref" to table: "top_ups"
CREATE UNIQUE INDEX `topup_provider_provider_ref` ON `top_ups` (`provider`, `provider_ref`);
-- create index "top_up_due" to table: "top_ups"
CREATE INDEX `top_up_due` ON `top_ups` (`expires_at`) WHERE status = 'PENDING';
-- create "transfers" table
CREATE TABLE `transfers` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `owner_id` uuid NOT NULL, `user_id` uuid NULL, `status` text NOT NULL DEFAULT ('QUOTED'), `from_account_id` uuid NOT NULL, `to_owner_id` uuid NOT NULL, `to_account_id` uuid NULL, `own` bool NOT NULL DEFAULT (false), `currency` text NOT NULL, `amount_minor` integer NOT NULL, `fee_minor` integer NOT NULL DEFAULT (0), `free_left` integer NULL, `fee_rule_id` uuid NULL, `expires_at` datetime NOT NULL, `completed_at` datetime NULL, PRIMARY KEY (`id`), CONSTRAINT `transfers_amounts` CHECK (amount_minor > 0 AND fee_minor >= 0), CONSTRAINT `transfers_done` CHECK (status = 'QUOTED' OR (completed_at IS NOT NULL AND to_account_id IS NOT NULL)));
-- create index "transfer_owner_id_id" to table: "transfers"
CREATE INDEX `transfer_owner_id_id` ON `transfers` (`owner_id`, `id`);
-- create index "transfer_charged" to table: "transfers"
CREATE INDEX `transfer_charged` ON `transfers` (`owner_id`, `currency`, `completed_at`) WHERE status = 'COMPLETED' and not own;
-- create index "transfer_quoted" to table: "transfers"
CREATE INDEX `transfer_quoted` ON `transfers` (`expires_at`) WHERE status = 'QUOTED';
-- enable back the enforcement of foreign-keys constraints
PRAGMA foreign_keys = on;

