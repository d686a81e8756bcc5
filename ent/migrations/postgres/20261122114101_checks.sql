-- +goose Up
-- What the diff does not see: an index that another took the place of, and a
-- check that was written anew.
DROP INDEX "payment_owner_id_id";
ALTER TABLE "return_requests" DROP CONSTRAINT "return_requests_amount", ADD CONSTRAINT "return_requests_amount" CHECK (amount_minor >= 0 AND fee_minor >= 0);
