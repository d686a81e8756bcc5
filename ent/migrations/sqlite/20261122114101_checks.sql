-- +goose Up
-- What the diff does not see: an index that another took the place of.
DROP INDEX IF EXISTS `payment_owner_id_id`;
