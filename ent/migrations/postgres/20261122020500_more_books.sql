-- +goose Up
-- What happened to tiers is only ever added to.
CREATE TRIGGER tier_changes_append_only BEFORE UPDATE ON tier_changes FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER tier_changes_keep BEFORE DELETE ON tier_changes FOR EACH ROW EXECUTE FUNCTION refuse_change();
-- A child's owner follows from its parent, see the statistics before.
CREATE STATISTICS tier_changes_owner (dependencies) ON account_id, owner_id FROM tier_changes;
CREATE STATISTICS promo_codes_owner (dependencies) ON promotion_id, owner_id FROM promo_codes;
CREATE STATISTICS club_members_owner (dependencies) ON club_id, owner_id FROM club_members;
