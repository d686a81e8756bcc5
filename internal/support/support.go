// Package support owns tickets: requests, their messages and who takes part. It writes
// tickets, ticket_messages and ticket_participants.
package support
