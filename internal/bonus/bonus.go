// Package bonus owns points: programmes and the double-entry ledger with its lots. It
// writes bonus_programs, ledger_accounts, ledger_entries, ledger_lots and
// ledger_lot_moves, and never decides what an order is worth in money.
package bonus
