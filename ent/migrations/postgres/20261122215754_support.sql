-- +goose Up
-- modify "contact_points" table
ALTER TABLE "contact_points" ADD COLUMN "bounced_at" timestamptz NULL;
-- modify "ticket_messages" table
ALTER TABLE "ticket_messages" ADD COLUMN "channel" character varying NOT NULL DEFAULT 'ACCOUNT', ADD COLUMN "edited_at" timestamptz NULL, ADD COLUMN "removed_at" timestamptz NULL, ADD COLUMN "copied_from_id" uuid NULL;
-- modify "tickets" table
ALTER TABLE "tickets" ADD CONSTRAINT "tickets_rating" CHECK ((COALESCE(rating, (1)::bigint) >= 1) AND (COALESCE(rating, (1)::bigint) <= 5)), ADD COLUMN "line_id" uuid NULL, ADD COLUMN "return_id" uuid NULL, ADD COLUMN "document_id" uuid NULL, ADD COLUMN "booking_key" character varying NULL, ADD COLUMN "assigned_at" timestamptz NULL, ADD COLUMN "team_id" uuid NULL, ADD COLUMN "skill" character varying NULL, ADD COLUMN "urgency" bigint NOT NULL DEFAULT 1, ADD COLUMN "merged_into_id" uuid NULL, ADD COLUMN "callback_at" timestamptz NULL, ADD COLUMN "callback_phone" character varying NULL, ADD COLUMN "contact_email" character varying NULL, ADD COLUMN "bot_state" character varying NOT NULL DEFAULT 'NONE', ADD COLUMN "bot_outcome" character varying NULL, ADD COLUMN "bot_due_at" timestamptz NULL, ADD COLUMN "level_id" uuid NULL, ADD COLUMN "level_status" character varying NULL, ADD COLUMN "first_reply_due_at" timestamptz NULL, ADD COLUMN "next_reply_due_at" timestamptz NULL, ADD COLUMN "resolve_due_at" timestamptz NULL, ADD COLUMN "due_at" timestamptz NOT NULL DEFAULT '9999-12-31T00:00:00Z', ADD COLUMN "clock_at" timestamptz NULL, ADD COLUMN "first_replied_at" timestamptz NULL, ADD COLUMN "first_reply_seconds" bigint NULL, ADD COLUMN "resolve_seconds" bigint NULL, ADD COLUMN "first_reply_breaches" bigint NOT NULL DEFAULT 0, ADD COLUMN "next_reply_breaches" bigint NOT NULL DEFAULT 0, ADD COLUMN "resolve_breaches" bigint NOT NULL DEFAULT 0, ADD COLUMN "reopened" bigint NOT NULL DEFAULT 0, ADD COLUMN "rating" bigint NULL, ADD COLUMN "rated_at" timestamptz NULL;
ALTER TABLE "tickets" ALTER COLUMN "due_at" DROP DEFAULT;
UPDATE "tickets" SET "urgency" = CASE "priority" WHEN 'LOW' THEN 0 WHEN 'HIGH' THEN 2 ELSE 3 END WHERE "priority" <> 'NORMAL';
-- create index "ticket_assignee_id_status_last_activity_at_id" to table: "tickets"
CREATE INDEX "ticket_assignee_id_status_last_activity_at_id" ON "tickets" ("assignee_id", "status", "last_activity_at", "id");
-- create index "ticket_bot" to table: "tickets"
CREATE INDEX "ticket_bot" ON "tickets" ("bot_due_at") WHERE (bot_due_at IS NOT NULL);
-- create index "ticket_clock" to table: "tickets"
CREATE INDEX "ticket_clock" ON "tickets" ("clock_at") WHERE (clock_at IS NOT NULL);
-- create index "ticket_contact_email" to table: "tickets"
CREATE INDEX "ticket_contact_email" ON "tickets" ("contact_email");
-- create index "ticket_created_at_id" to table: "tickets"
CREATE INDEX "ticket_created_at_id" ON "tickets" ("created_at", "id");
-- create index "ticket_merged_into_id" to table: "tickets"
CREATE INDEX "ticket_merged_into_id" ON "tickets" ("merged_into_id");
-- create index "ticket_status_due_at_id" to table: "tickets"
CREATE INDEX "ticket_status_due_at_id" ON "tickets" ("status", "due_at", "id");
-- create index "ticket_status_urgency_id" to table: "tickets"
CREATE INDEX "ticket_status_urgency_id" ON "tickets" ("status", "urgency", "id");
-- create index "ticket_team_id_status_last_activity_at_id" to table: "tickets"
CREATE INDEX "ticket_team_id_status_last_activity_at_id" ON "tickets" ("team_id", "status", "last_activity_at", "id");
-- modify "users" table
ALTER TABLE "users" ADD COLUMN "manager_id" uuid NULL;
-- create index "user_manager_id" to table: "users"
CREATE INDEX "user_manager_id" ON "users" ("manager_id");
-- create "articles" table
CREATE TABLE "articles" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "revision" bigint NOT NULL DEFAULT 1, "key_id" uuid NOT NULL, "handle" character varying NULL, "locale" character varying NOT NULL, "version" bigint NOT NULL, "category_id" uuid NULL, "audience" character varying NOT NULL DEFAULT 'EVERYBODY', "status" character varying NOT NULL DEFAULT 'DRAFT', "title" character varying NOT NULL, "summary" character varying NOT NULL DEFAULT '', "body" character varying NOT NULL, "keywords" jsonb NULL, "publish_at" timestamptz NULL, "published_at" timestamptz NULL, "helped" bigint NOT NULL DEFAULT 0, "not_helped" bigint NOT NULL DEFAULT 0, "author_id" uuid NULL, "position" bigint NOT NULL DEFAULT 0, PRIMARY KEY ("id"), CONSTRAINT "articles_counts" CHECK ((helped >= 0) AND (not_helped >= 0) AND (version > 0)));
-- create index "article_category_id_position_id" to table: "articles"
CREATE INDEX "article_category_id_position_id" ON "articles" ("category_id", "position", "id");
-- create index "article_due" to table: "articles"
CREATE INDEX "article_due" ON "articles" ("publish_at") WHERE ((status)::text = 'SCHEDULED'::text);
-- create index "article_in_force" to table: "articles"
CREATE UNIQUE INDEX "article_in_force" ON "articles" ("key_id", "locale") WHERE ((status)::text = 'PUBLISHED'::text);
-- create index "article_key_id_locale_version" to table: "articles"
CREATE UNIQUE INDEX "article_key_id_locale_version" ON "articles" ("key_id", "locale", "version");
-- create index "article_handle_locale_version" to table: "articles"
CREATE UNIQUE INDEX "article_handle_locale_version" ON "articles" ("handle", "locale", "version");
-- create index "article_shown" to table: "articles"
CREATE INDEX "article_shown" ON "articles" ("position", "id") WHERE ((status)::text = 'PUBLISHED'::text);
-- create "article_categories" table
CREATE TABLE "article_categories" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "revision" bigint NOT NULL DEFAULT 1, "handle" character varying NOT NULL, "parent_id" uuid NULL, "position" bigint NOT NULL DEFAULT 0, "texts" jsonb NOT NULL, "audience" character varying NOT NULL DEFAULT 'EVERYBODY', "shown_to" character varying NOT NULL DEFAULT 'EVERYBODY', "retired" boolean NOT NULL DEFAULT false, PRIMARY KEY ("id"));
-- create index "article_categories_handle_key" to table: "article_categories"
CREATE UNIQUE INDEX "article_categories_handle_key" ON "article_categories" ("handle");
-- create index "articlecategory_parent_id_position" to table: "article_categories"
CREATE INDEX "articlecategory_parent_id_position" ON "article_categories" ("parent_id", "position");
-- create "article_searches" table
CREATE TABLE "article_searches" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "words" character varying NOT NULL, "text" character varying NOT NULL, "locale" character varying NOT NULL, "on_date" character varying NOT NULL, "times" bigint NOT NULL DEFAULT 0, "empty" bigint NOT NULL DEFAULT 0, PRIMARY KEY ("id"), CONSTRAINT "article_searches_counts" CHECK ((times >= 0) AND (empty >= 0)));
-- create index "articlesearch_on_date_empty_id" to table: "article_searches"
CREATE INDEX "articlesearch_on_date_empty_id" ON "article_searches" ("on_date", "empty", "id");
-- create index "articlesearch_words_locale_on_date" to table: "article_searches"
CREATE UNIQUE INDEX "articlesearch_words_locale_on_date" ON "article_searches" ("words", "locale", "on_date");
-- create "article_votes" table
CREATE TABLE "article_votes" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "article_id" uuid NOT NULL, "locale" character varying NOT NULL, "voter" character varying NOT NULL, "helped" boolean NOT NULL, "comment" character varying NULL, PRIMARY KEY ("id"));
-- create index "articlevote_article_id_voter" to table: "article_votes"
CREATE UNIQUE INDEX "articlevote_article_id_voter" ON "article_votes" ("article_id", "voter");
-- create index "articlevote_article_id_id" to table: "article_votes"
CREATE INDEX "articlevote_article_id_id" ON "article_votes" ("article_id", "id");
-- create "business_calendars" table
CREATE TABLE "business_calendars" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "key_id" uuid NOT NULL, "version" bigint NOT NULL DEFAULT 1, "retired_at" timestamptz NULL, "name" character varying NOT NULL, "time_zone" character varying NOT NULL, "intervals" jsonb NOT NULL, "holidays" jsonb NULL, PRIMARY KEY ("id"));
-- create index "business_calendar_in_force" to table: "business_calendars"
CREATE INDEX "business_calendar_in_force" ON "business_calendars" ("name") WHERE (retired_at IS NULL);
-- create index "businesscalendar_key_id_version" to table: "business_calendars"
CREATE UNIQUE INDEX "businesscalendar_key_id_version" ON "business_calendars" ("key_id", "version");
-- create "canned_replies" table
CREATE TABLE "canned_replies" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "key_id" uuid NOT NULL, "version" bigint NOT NULL DEFAULT 1, "retired_at" timestamptz NULL, "handle" character varying NOT NULL, "texts" jsonb NOT NULL, "team_id" uuid NULL, PRIMARY KEY ("id"));
-- create index "canned_reply_in_force" to table: "canned_replies"
CREATE UNIQUE INDEX "canned_reply_in_force" ON "canned_replies" ("handle") WHERE (retired_at IS NULL);
-- create index "cannedreply_key_id_version" to table: "canned_replies"
CREATE UNIQUE INDEX "cannedreply_key_id_version" ON "canned_replies" ("key_id", "version");
-- create "card_sources" table
CREATE TABLE "card_sources" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "revision" bigint NOT NULL DEFAULT 1, "name" character varying NOT NULL, "address" character varying NOT NULL, "sealed" bytea NOT NULL, "ttl_seconds" bigint NOT NULL DEFAULT 300, "timeout_millis" bigint NOT NULL DEFAULT 3000, "position" bigint NOT NULL DEFAULT 0, "enabled" boolean NOT NULL DEFAULT true, PRIMARY KEY ("id"), CONSTRAINT "card_sources_times" CHECK ((ttl_seconds >= 0) AND (timeout_millis > 0)));
-- create index "card_sources_name_key" to table: "card_sources"
CREATE UNIQUE INDEX "card_sources_name_key" ON "card_sources" ("name");
-- create "clock_events" table
CREATE TABLE "clock_events" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "owner_id" uuid NOT NULL, "ticket_id" uuid NOT NULL, "seq" bigint NOT NULL, "target" character varying NOT NULL, "round" bigint NOT NULL DEFAULT 1, "kind" character varying NOT NULL, "at" timestamptz NOT NULL, "due_at" timestamptz NULL, "spent_seconds" bigint NOT NULL DEFAULT 0, "reason" character varying NOT NULL DEFAULT '', "level_id" uuid NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "clock_events_seq" CHECK (seq > 0));
-- create index "clock_event_once" to table: "clock_events"
CREATE UNIQUE INDEX "clock_event_once" ON "clock_events" ("ticket_id", "target", "round", "kind") WHERE (((kind)::text <> 'ACTIVATE'::text) AND ((kind)::text <> 'PAUSE'::text) AND ((kind)::text <> 'RESUME'::text));
-- create index "clockevent_ticket_id_seq" to table: "clock_events"
CREATE UNIQUE INDEX "clockevent_ticket_id_seq" ON "clock_events" ("ticket_id", "seq");
-- create "customer_notes" table
CREATE TABLE "customer_notes" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "revision" bigint NOT NULL DEFAULT 1, "user_id" uuid NOT NULL, "author_id" uuid NOT NULL, "author_name" character varying NOT NULL, "body" character varying NOT NULL, "pinned" boolean NOT NULL DEFAULT false, "removed_at" timestamptz NULL, PRIMARY KEY ("id"));
-- create index "customernote_user_id" to table: "customer_notes"
CREATE INDEX "customernote_user_id" ON "customer_notes" ("user_id");
-- create index "customernote_user_id_id" to table: "customer_notes"
CREATE INDEX "customernote_user_id_id" ON "customer_notes" ("user_id", "id");
-- create "letters" table
CREATE TABLE "letters" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "message_key" character varying NOT NULL, "sender" character varying NULL, "outcome" character varying NOT NULL, "reason" character varying NOT NULL DEFAULT '', "ticket_id" uuid NULL, "message_id" uuid NULL, "size" bigint NOT NULL DEFAULT 0, PRIMARY KEY ("id"));
-- create index "letter_ticket_id" to table: "letters"
CREATE INDEX "letter_ticket_id" ON "letters" ("ticket_id");
-- create index "letters_message_key_key" to table: "letters"
CREATE UNIQUE INDEX "letters_message_key_key" ON "letters" ("message_key");
-- create "macros" table
CREATE TABLE "macros" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "key_id" uuid NOT NULL, "version" bigint NOT NULL DEFAULT 1, "retired_at" timestamptz NULL, "name" character varying NOT NULL, "acts" jsonb NOT NULL, "team_id" uuid NULL, PRIMARY KEY ("id"));
-- create index "macro_in_force" to table: "macros"
CREATE UNIQUE INDEX "macro_in_force" ON "macros" ("name") WHERE (retired_at IS NULL);
-- create index "macro_key_id_version" to table: "macros"
CREATE UNIQUE INDEX "macro_key_id_version" ON "macros" ("key_id", "version");
-- create "operators" table
CREATE TABLE "operators" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "revision" bigint NOT NULL DEFAULT 1, "user_id" uuid NOT NULL, "capacity" bigint NOT NULL DEFAULT 10, "skills" jsonb NULL, "locales" jsonb NULL, "away" boolean NOT NULL DEFAULT false, "last_given_at" timestamptz NULL, "team_id" uuid NULL, PRIMARY KEY ("id"), CONSTRAINT "operators_capacity" CHECK ((capacity >= 0) AND (capacity <= 1000)));
-- create index "operator_person" to table: "operators"
CREATE UNIQUE INDEX "operator_person" ON "operators" ("user_id");
-- create index "operator_team_id" to table: "operators"
CREATE INDEX "operator_team_id" ON "operators" ("team_id");
-- create index "operator_user_id" to table: "operators"
CREATE INDEX "operator_user_id" ON "operators" ("user_id");
-- create "outside_cards" table
CREATE TABLE "outside_cards" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "user_id" uuid NOT NULL, "source_id" uuid NOT NULL, "title" character varying NOT NULL DEFAULT '', "rows" jsonb NULL, "link" character varying NULL, "fetched_at" timestamptz NULL, "expires_at" timestamptz NULL, "error" character varying NULL, "failed_at" timestamptz NULL, PRIMARY KEY ("id"));
-- create index "outsidecard_source_id_user_id" to table: "outside_cards"
CREATE UNIQUE INDEX "outsidecard_source_id_user_id" ON "outside_cards" ("source_id", "user_id");
-- create index "outsidecard_user_id" to table: "outside_cards"
CREATE INDEX "outsidecard_user_id" ON "outside_cards" ("user_id");
-- create "service_levels" table
CREATE TABLE "service_levels" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "key_id" uuid NOT NULL, "version" bigint NOT NULL DEFAULT 1, "retired_at" timestamptz NULL, "name" character varying NOT NULL, "position" bigint NOT NULL DEFAULT 0, "condition" character varying NULL, "first_reply_seconds" bigint NOT NULL DEFAULT 3600, "next_reply_seconds" bigint NULL, "resolve_seconds" bigint NULL, "warn_seconds" bigint NOT NULL DEFAULT 900, "pauses" jsonb NOT NULL, "calendar_id" uuid NULL, PRIMARY KEY ("id"), CONSTRAINT "service_levels_times" CHECK ((first_reply_seconds > 0) AND (COALESCE(next_reply_seconds, (1)::bigint) > 0) AND (COALESCE(resolve_seconds, (1)::bigint) > 0) AND (warn_seconds >= 0)));
-- create index "service_level_in_force" to table: "service_levels"
CREATE INDEX "service_level_in_force" ON "service_levels" ("position") WHERE (retired_at IS NULL);
-- create index "servicelevel_key_id_version" to table: "service_levels"
CREATE UNIQUE INDEX "servicelevel_key_id_version" ON "service_levels" ("key_id", "version");
-- create "support_teams" table
CREATE TABLE "support_teams" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "revision" bigint NOT NULL DEFAULT 1, "name" character varying NOT NULL, "assignment" character varying NOT NULL DEFAULT 'MANUAL', "kinds" jsonb NULL, "locales" jsonb NULL, "position" bigint NOT NULL DEFAULT 0, "retired" boolean NOT NULL DEFAULT false, PRIMARY KEY ("id"));
-- create index "support_teams_name_key" to table: "support_teams"
CREATE UNIQUE INDEX "support_teams_name_key" ON "support_teams" ("name");
-- create "surveys" table
CREATE TABLE "surveys" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "key_id" uuid NOT NULL, "version" bigint NOT NULL DEFAULT 1, "retired_at" timestamptz NULL, "name" character varying NOT NULL, "texts" jsonb NOT NULL, "questions" jsonb NOT NULL, "kinds" jsonb NULL, "delay_seconds" bigint NOT NULL DEFAULT 3600, "remind_seconds" bigint NULL, "valid_seconds" bigint NOT NULL DEFAULT 1209600, "every_seconds" bigint NOT NULL DEFAULT 0, "position" bigint NOT NULL DEFAULT 0, PRIMARY KEY ("id"), CONSTRAINT "surveys_times" CHECK ((delay_seconds >= 0) AND (COALESCE(remind_seconds, (1)::bigint) > 0) AND (valid_seconds > 0) AND (every_seconds >= 0)));
-- create index "survey_in_force" to table: "surveys"
CREATE INDEX "survey_in_force" ON "surveys" ("position") WHERE (retired_at IS NULL);
-- create index "survey_key_id_version" to table: "surveys"
CREATE UNIQUE INDEX "survey_key_id_version" ON "surveys" ("key_id", "version");
-- create "survey_requests" table
CREATE TABLE "survey_requests" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "user_id" uuid NOT NULL, "ticket_id" uuid NOT NULL, "survey_id" uuid NOT NULL, "locale" character varying NOT NULL, "status" character varying NOT NULL DEFAULT 'PLANNED', "ask_at" timestamptz NOT NULL, "asked_at" timestamptz NULL, "remind_at" timestamptz NULL, "reminded_at" timestamptz NULL, "expires_at" timestamptz NULL, "answered_at" timestamptz NULL, "answers" jsonb NULL, "score" bigint NULL, "comment" character varying NULL, "operator_id" uuid NULL, PRIMARY KEY ("id"), CONSTRAINT "survey_requests_score" CHECK ((COALESCE(score, (1)::bigint) >= 1) AND (COALESCE(score, (1)::bigint) <= 5)));
-- create index "surveyrequest_status_ask_at" to table: "survey_requests"
CREATE INDEX "surveyrequest_status_ask_at" ON "survey_requests" ("status", "ask_at");
-- create index "survey_request_answered" to table: "survey_requests"
CREATE INDEX "survey_request_answered" ON "survey_requests" ("answered_at", "id") WHERE (answered_at IS NOT NULL);
-- create index "survey_request_expires" to table: "survey_requests"
CREATE INDEX "survey_request_expires" ON "survey_requests" ("expires_at", "id") WHERE ((status)::text = 'ASKED'::text);
-- create index "survey_request_remind" to table: "survey_requests"
CREATE INDEX "survey_request_remind" ON "survey_requests" ("remind_at", "id") WHERE (((status)::text = 'ASKED'::text) AND (reminded_at IS NULL));
-- create index "surveyrequest_ticket_id_user_id" to table: "survey_requests"
CREATE INDEX "surveyrequest_ticket_id_user_id" ON "survey_requests" ("ticket_id", "user_id");
-- create index "surveyrequest_user_id" to table: "survey_requests"
CREATE INDEX "surveyrequest_user_id" ON "survey_requests" ("user_id");
-- create index "surveyrequest_user_id_asked_at" to table: "survey_requests"
CREATE INDEX "surveyrequest_user_id_asked_at" ON "survey_requests" ("user_id", "asked_at");
-- create "ticket_attachments" table
CREATE TABLE "ticket_attachments" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "owner_id" uuid NOT NULL, "ticket_id" uuid NOT NULL, "document_id" uuid NOT NULL, "title" character varying NOT NULL, "mime" character varying NOT NULL, "size" bigint NOT NULL, "position" bigint NOT NULL DEFAULT 0, "message_id" uuid NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "ticket_attachments_size" CHECK (size >= 0));
-- create index "ticketattachment_document_id" to table: "ticket_attachments"
CREATE INDEX "ticketattachment_document_id" ON "ticket_attachments" ("document_id");
-- create index "ticketattachment_message_id_position" to table: "ticket_attachments"
CREATE UNIQUE INDEX "ticketattachment_message_id_position" ON "ticket_attachments" ("message_id", "position");
-- create index "ticketattachment_ticket_id" to table: "ticket_attachments"
CREATE INDEX "ticketattachment_ticket_id" ON "ticket_attachments" ("ticket_id");
-- create "ticket_edits" table
CREATE TABLE "ticket_edits" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "owner_id" uuid NOT NULL, "ticket_id" uuid NOT NULL, "message_id" uuid NOT NULL, "kind" character varying NOT NULL, "body" character varying NULL, "actor_id" uuid NULL, "actor_name" character varying NOT NULL DEFAULT '', PRIMARY KEY ("id"), CONSTRAINT "ticket_edits_kind" CHECK ((kind)::text = ANY ((ARRAY['EDIT'::character varying, 'REMOVE'::character varying, 'HIDE'::character varying, 'SHOW'::character varying])::text[])));
-- create index "ticketedit_message_id_id" to table: "ticket_edits"
CREATE INDEX "ticketedit_message_id_id" ON "ticket_edits" ("message_id", "id");
-- create index "ticketedit_ticket_id" to table: "ticket_edits"
CREATE INDEX "ticketedit_ticket_id" ON "ticket_edits" ("ticket_id");
-- create "ticket_links" table
CREATE TABLE "ticket_links" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "owner_id" uuid NOT NULL, "ticket_id" uuid NOT NULL, "kind" character varying NOT NULL, "actor_id" uuid NULL, "other_id" uuid NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "ticket_links_self" CHECK (ticket_id <> other_id));
-- create index "ticketlink_other_id" to table: "ticket_links"
CREATE INDEX "ticketlink_other_id" ON "ticket_links" ("other_id");
-- create index "ticketlink_ticket_id_other_id_kind" to table: "ticket_links"
CREATE UNIQUE INDEX "ticketlink_ticket_id_other_id_kind" ON "ticket_links" ("ticket_id", "other_id", "kind");
-- create "ticket_views" table
CREATE TABLE "ticket_views" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "revision" bigint NOT NULL DEFAULT 1, "user_id" uuid NOT NULL, "name" character varying NOT NULL, "shared" boolean NOT NULL DEFAULT false, "filter" jsonb NOT NULL, "sort" character varying NOT NULL, "position" bigint NOT NULL DEFAULT 0, PRIMARY KEY ("id"));
-- create index "ticketview_user_id" to table: "ticket_views"
CREATE INDEX "ticketview_user_id" ON "ticket_views" ("user_id");
-- create index "ticketview_user_id_name" to table: "ticket_views"
CREATE UNIQUE INDEX "ticketview_user_id_name" ON "ticket_views" ("user_id", "name");
-- the ready-made roles that nobody has edited may do what is new
UPDATE "roles" SET "permissions" = "permissions" || '[{"resource":"support","operation":"read","reach":"ALL"},{"resource":"support","operation":"write","reach":"ALL"},{"resource":"article","operation":"read","reach":"ALL"},{"resource":"article","operation":"write","reach":"ALL"}]'::jsonb WHERE "name" = 'Administrator' AND "audience" = 'STAFF' AND "version" = 1 AND "retired_at" IS NULL;
UPDATE "roles" SET "permissions" = "permissions" || '[{"resource":"support","operation":"read","reach":"ALL"},{"resource":"article","operation":"read","reach":"ALL"}]'::jsonb WHERE "name" = 'Support' AND "audience" = 'STAFF' AND "version" = 1 AND "retired_at" IS NULL;
-- what the customer card and the figures of support need besides
ALTER TABLE "outside_cards" ADD COLUMN "fetching_until" timestamptz NULL;
ALTER TABLE "customer_notes" ADD COLUMN "client_id" character varying NULL;
CREATE UNIQUE INDEX "customernote_user_id_author_id_client_id" ON "customer_notes" ("user_id", "author_id", "client_id");
ALTER TABLE "users" ADD COLUMN "manager_contacts" jsonb NULL;
CREATE INDEX "ticket_closed" ON "tickets" ("closed_at") WHERE (closed_at IS NOT NULL);
CREATE INDEX "ticket_first_replied" ON "tickets" ("first_replied_at") WHERE (first_replied_at IS NOT NULL);
CREATE INDEX "ticket_rated" ON "tickets" ("rated_at") WHERE (rated_at IS NOT NULL);
CREATE INDEX "ticket_message_replies" ON "ticket_messages" ("created_at") WHERE (((kind)::text = 'MESSAGE'::text) AND ((author_kind)::text = 'STAFF'::text));
-- by hand: the words by which articles in force are found, one row an article
-- and language, kept in the transaction that publishes it (internal/article). Go
-- folds and stems them, so that both databases find the same; those of the title
-- are there once more behind ¹, those of title and keywords behind ². The rows
-- are numbered in the order of publication, by which what matches is sorted.
CREATE TABLE article_words (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  article_id uuid NOT NULL UNIQUE,
  key_id uuid NOT NULL,
  locale text NOT NULL,
  audience text NOT NULL,
  category_id uuid NULL,
  words tsvector NOT NULL,
  heads text NOT NULL
);
CREATE UNIQUE INDEX article_words_key ON article_words (key_id, locale);
CREATE INDEX article_words_words ON article_words USING gin (words) WITH (fastupdate = off);
-- read marks that name the message they stand at
ALTER TABLE "tickets" ADD COLUMN "read_by_staff_up_to" bigint NOT NULL DEFAULT 0;
ALTER TABLE "tickets" ADD COLUMN "read_by_customer_up_to" bigint NOT NULL DEFAULT 0;
ALTER TABLE "ticket_participants" ADD COLUMN "read_up_to" bigint NOT NULL DEFAULT 0;
UPDATE tickets SET read_by_staff_up_to = coalesce((SELECT max(m.seq) FROM ticket_messages m WHERE m.ticket_id = tickets.id AND m.kind = 'MESSAGE' AND m.author_kind = 'CUSTOMER' AND (SELECT count(*) FROM ticket_messages o WHERE o.ticket_id = m.ticket_id AND o.kind = 'MESSAGE' AND o.author_kind = 'CUSTOMER' AND o.seq <= m.seq) <= tickets.staff_read_seq), 0) WHERE staff_read_seq > 0;
UPDATE ticket_participants SET read_up_to = coalesce((SELECT max(m.seq) FROM ticket_messages m WHERE m.ticket_id = ticket_participants.ticket_id AND m.kind = 'MESSAGE' AND m.author_kind = 'STAFF' AND (SELECT count(*) FROM ticket_messages o WHERE o.ticket_id = m.ticket_id AND o.kind = 'MESSAGE' AND o.author_kind = 'STAFF' AND o.seq <= m.seq) <= ticket_participants.read_seq), 0) WHERE read_seq > 0;
UPDATE tickets SET read_by_customer_up_to = coalesce((SELECT max(p.read_up_to) FROM ticket_participants p WHERE p.ticket_id = tickets.id), 0) WHERE public_seq > 0;
