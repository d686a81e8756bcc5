// Package notify owns the feed: notifications made from facts, their marks and
// the live streams of a person. It alone writes notifications, and it alone
// moves a person's unread count, always by the rows it really changed and in
// the event tail of the same transaction, so that the badge cannot drift. It
// never decides what happened: it hears of it (react.go), after the fact.
//
// A notification is counted as unread while read_at, archived_at and
// snoozed_until_at are all null.
package notify
