-- +goose Up
-- drop index "clock_event_once" from table: "clock_events"
DROP INDEX "clock_event_once";
-- create index "clock_event_once" to table: "clock_events"
CREATE UNIQUE INDEX "clock_event_once" ON "clock_events" ("ticket_id", "target", "round", "kind") WHERE ((kind)::text = ANY ((ARRAY['WARN'::character varying, 'BREACH'::character varying, 'FULFIL'::character varying, 'CANCEL'::character varying])::text[]));

