-- +goose Up
-- Nothing here: only PostgreSQL's planner weighs columns against each other.
SELECT 1;
