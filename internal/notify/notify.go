// Package notify owns the feed: notifications made from facts, their read marks and the
// live streams of a person. It writes notifications.
package notify
