// Package bonus owns points: their programmes, what earns them and the verbs
// that move them. It alone writes bonus_programs, and the books of
// internal/ledger for accounts of kind BONUS. It reads orders and users and
// never writes them, and never decides what an order is worth in money.
package bonus

import (
	"kabinet/internal/fault"
	"kabinet/internal/ledger"
)

// What the rules of points say no with.
var (
	// ErrProgramNotFound: the programme has ended or is not known.
	ErrProgramNotFound = fault.New(fault.NotFound, "PROGRAM_NOT_FOUND")
	// ErrPointsNotPositive: an amount to spend or give is zero or less.
	ErrPointsNotPositive = fault.New(fault.Invalid, "POINTS_NOT_POSITIVE")
	// ErrTooFewPoints: params.available says how many there are.
	ErrTooFewPoints = ledger.ErrTooFewPoints
	// ErrOrderAlreadyCancelled: points are not spent on a cancelled order.
	ErrOrderAlreadyCancelled = fault.New(fault.Refused, "ORDER_ALREADY_CANCELLED")
)
