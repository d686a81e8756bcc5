-- +goose Up
-- What happened to tiers is only ever added to.
-- +goose StatementBegin
CREATE TRIGGER tier_changes_append_only BEFORE UPDATE ON tier_changes BEGIN SELECT RAISE(ABORT, 'tier_changes is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER tier_changes_keep BEFORE DELETE ON tier_changes BEGIN SELECT RAISE(ABORT, 'tier_changes is append-only'); END;
-- +goose StatementEnd
