// Package paper issues papers and makes files of rows: invoices, receipts,
// acts, waybills, statements, certificates and contracts as numbered PDF, and
// orders and entries as CSV and XLSX. It says what stands on a paper and asks
// others to draw and to keep it: it never lays out a page, nor knows where
// bytes lie. It writes document_series, and tasks of its kinds through store;
// documents it makes through internal/document, by func fields.
package paper

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/internal/fault"
	"kabinet/internal/gather"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// Papers is the service of this room.
type Papers struct {
	Store  *store.Store
	Seller Seller
	Zone   *time.Location // in which days are those of papers, where nobody's own is known
	Log    *slog.Logger   // nil: slog.Default()

	// Draw writes a sheet as PDF: the same bytes for the same sheet.
	Draw func(w io.Writer, s *Sheet, author string) error
	// Table begins a file of rows.
	Table func(w io.Writer, format TableFormat, name string, heads []string) (Table, error)
	// Keep keeps bytes outside any transaction.
	Keep func(ctx context.Context, mime string, content io.Reader) (Kept, error)
	// Reserve makes the row of a paper that has its number and not yet its bytes.
	Reserve func(ctx context.Context, tx *store.Tx, p Issued) (*ent.Document, error)
	// Orders are the orders of a list: of an owner, nil of all, narrowed by an
	// OrderFilter in JSON. Faults: as of the list.
	Orders func(ctx context.Context, owner *uuid.UUID, filter json.RawMessage) (*ent.OrderQuery, error)
	// Issued is told of papers that are in force from now on.
	Issued func(ctx context.Context, tx *store.Tx, papers ...uuid.UUID) error
	// Settle brings a bonus account up to date.
	Settle func(ctx context.Context, account *ent.LedgerAccount) error
	// Label says what an entry was, and State how an order stands, in a language.
	Label func(lang string, e *ent.LedgerEntry) string
	State func(lang string, o *ent.Order) string
	// Reach is how far a person's role with an owner, or of the House's staff,
	// reads a resource now: files are made later than they were asked for, and
	// fetched later than they were made.
	Reach func(ctx context.Context, user, owner uuid.UUID, resource string) (viewer.Reach, error)

	subjects gather.Loader[scalar.ID, ent.Noder]
	beside   gather.Loader[uuid.UUID, []*ent.Document]
}

// Kept are bytes that lie there and that no document names yet.
type Kept interface {
	// Fill gives them to a reserved paper, which is then in force; false where
	// it has its bytes already or is not in force any more.
	Fill(ctx context.Context, tx *store.Tx, paper uuid.UUID) (bool, error)
	// Drop forgets them.
	Drop(ctx context.Context) error
	// File makes them a file of somebody, about a task, until when.
	File(ctx context.Context, tx *store.Tx, user uuid.UUID, name string, about scalar.ID, until time.Time) error
}

// Table takes rows: each cell is a string, an int64, a scalar.Money, a
// time.Time or nil.
type Table interface {
	Row(cells []any) error
	Close() error
}

// Issued is a paper about to be issued.
type Issued struct {
	Owner          uuid.UUID
	User           *uuid.UUID // who asked
	Kind           string
	Title          string // the name of the download
	Series, Number string
	From, To       *string // YYYY-MM-DD
	About          scalar.ID
	Locale         string
	Fingerprint    string // hex
	Version        int
	Replaces       *uuid.UUID
	Total          *scalar.Money // of an invoice
}

// Seller is who issues: the business, as its settings say.
type Seller struct {
	Name, Address         string
	TaxID, RegistrationID string
	Bank, Account         string
	Contact, Signatory    string
	Series                string // before the series of every paper
}

// What this room says no with.
var (
	// ErrSellerNotConfigured: params.variable, params.example.
	ErrSellerNotConfigured = fault.New(fault.Refused, "SELLER_NOT_CONFIGURED")
	// ErrPaperNotAvailable: params.why.
	ErrPaperNotAvailable = fault.New(fault.Refused, "PAPER_NOT_AVAILABLE")
	// ErrPaperTooLong: params.limit rows.
	ErrPaperTooLong = fault.New(fault.Refused, "PAPER_TOO_LONG")
)
