// Package onlineretail reads the UCI "Online Retail" set (Daqing Chen, no. 352,
// doi:10.24432/C5BW33, CC BY 4.0) as CSV, gzip or plain, and yields one invoice
// at a time with flat memory. It owns the format: columns, kinds of invoices,
// what can be a line and why a row is refused. It never touches a database,
// never decides what an order is, never writes a table; the importer does.
//
// # What the set really holds
//
// Measured on the whole file (541,909 rows, 25,900 invoice numbers, 4,372
// customers; every row has 8 columns, all is UTF-8, lines end in LF, no field
// holds a line break, no row is longer than 104 bytes):
//
//   - Rows of an invoice stand together, with one exception: between the rows
//     of 542806 (lines 78088–78128) stand the two of C542805. The reader keeps
//     the last few invoices open (Window), which mends this. A number that
//     comes back after its invoice was given is reported (InvoiceReopened), row
//     by row; it never makes a second invoice. For that the last 32,768 numbers
//     are kept, more than the set has.
//   - No invoice has two customers or two countries. Should one, the row that
//     differs from the first is reported: it must not land at a stranger's.
//   - 43 invoices bear two times, always one minute apart. At is the earliest.
//   - 8 customers have two countries over their invoices; 33 only cancelled.
//   - Times have no zone. They are taken as UTC as written, so that what is
//     shown under UTC is what the file says, and no zone table is needed to
//     read it again the same. (The shop was in London; in summer the true
//     moment is an hour earlier.)
//   - 9,694 pairs of invoice and stock code occur more than once (10,684 rows
//     more, 5,268 of them equal in every column). Each row is a line of its own.
//   - Four prices are 0.001. They cannot be held in pence and are reported.
//   - A price has up to two decimals else; quantities reach ±80,995.
//
// # Kinds of invoices
//
//	kind          rule                                        invoices  rows
//	purchase      digits, none of the rules below               19,963  530,510
//	cancellation  number begins with C                           3,836    9,288
//	write-off     all quantities < 0 and all prices 0            1,336    1,336
//	stock entry   no customer and all prices 0                     762      772
//	bad debt      number begins with A                               3        3
//	                                                            25,900  541,909
//
// A stock entry is the write-off's mirror: goods found, not goods sold. 592 of
// their rows have no description, others say "check", "found", "adjustment",
// "amazon"; nobody bought, nobody paid. Taken as orders they would be 762 free
// orders of nobody. Free invoices of a customer (4) are purchases.
//
// Purchases (1,427 of guests) and cancellations (182 of guests) become orders
// and returns; the 2,101 others are reported, row by row. No purchase of the
// set lost all its lines; one that did would be reported too (Invoice.Reported).
//
// # Lines
//
// A line of a purchase needs a quantity above zero and a price of zero or more
// (407 are free); a line of a cancellation a quantity below zero. No purchase or
// cancellation of the set breaks this, nor mixes signs. A row that cannot be a
// line is a Problem, and the rest of the invoice stands. Each row is in the end
// either one line of one invoice or one Problem: none is dropped, none doubled.
//
// Codes that are no goods stay lines, else amounts would not add up; Class tells
// them apart (rows in purchases / in cancellations): carriage POST, DOT, C2
// (1,974 / 129), discount D (0 / 77), manual M, m (328 / 244), sample S (2 / 61),
// voucher gift_0001_… (31 / 0), charge BANK CHARGES, AMAZONFEE, CRUK (13 / 73).
// PADS and DCGS… are goods. 414 cancellations have no goods line at all.
package onlineretail
