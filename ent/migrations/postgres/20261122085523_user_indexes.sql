-- +goose Up
-- create index "session_acting_staff" to table: "sessions"
CREATE INDEX "session_acting_staff" ON "sessions" ("acting_staff_id") WHERE (acting_staff_id IS NOT NULL);
-- create index "session_revoked" to table: "sessions"
CREATE INDEX "session_revoked" ON "sessions" ("revoked_at") WHERE (revoked_at IS NOT NULL);
-- create index "user_pending" to table: "users"
CREATE INDEX "user_pending" ON "users" ("created_at") WHERE ((status)::text = 'PENDING'::text);

