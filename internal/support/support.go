// Package support owns tickets: requests of customers, the talk about them and
// who takes part. It alone writes tickets, ticket_messages and
// ticket_participants. It never tells the staff's queue in a customer's
// transaction (react.go does, after the fact), and never lets an internal note
// move anything that a customer can see: message, activity, revision, stream.
//
// A ticket has two sides. The customer's side is its owner and those who take
// part, each with a read mark of his own; the staff's side shares one mark.
// public_seq counts what staff said, staff_seq what customers said; unread is
// the count of the other side less the own mark.
package support
