// Package bonus owns points: programmes and the double-entry ledger with its
// lots. It alone writes bonus_programs, ledger_accounts, ledger_entries,
// ledger_lots and ledger_lot_moves. It reads orders and users and never writes
// them, never decides what an order is worth in money, and never lets an entry
// change: a mistake is mended by another entry.
//
// An entry is one balanced pair of postings: +amount to (account, bucket),
// -amount to (contra, contra bucket). Every entry is written by a book
// (book.go), which holds its account's row locked, so that entries are dense,
// chained by hash (chain.go) and agree with the lots (lots.go). Lots fall due
// by the clock: whoever opens a book settles them first (settle.go).
package bonus

import "kabinet/internal/fault"

// What the rules of points say no with.
var (
	// ErrProgramNotFound: the programme has ended or is not known.
	ErrProgramNotFound = fault.New(fault.NotFound, "PROGRAM_NOT_FOUND")
	// ErrPointsNotPositive: an amount to spend or give is zero or less.
	ErrPointsNotPositive = fault.New(fault.Invalid, "POINTS_NOT_POSITIVE")
	// ErrTooFewPoints: params.available says how many there are.
	ErrTooFewPoints = fault.New(fault.Refused, "TOO_FEW_POINTS")
	// ErrOrderAlreadyCancelled: points are not spent on a cancelled order.
	ErrOrderAlreadyCancelled = fault.New(fault.Refused, "ORDER_ALREADY_CANCELLED")
)
