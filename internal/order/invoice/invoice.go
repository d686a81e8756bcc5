// Package invoice owns money that is asked for on paper: what is open on an
// invoice, how it is paid, by a provider, from a wallet or on record of staff,
// when it is late, and the papers that outside systems issued. It writes of
// documents the rows of outside systems and the columns paid_minor, paid_at,
// status and overdue_told_at of invoices, and payments of invoices that are of
// no order; those of orders it writes through internal/order only. It draws no
// paper, keeps no bytes, knows no wallet and talks to no provider itself.
//
// An invoice of an order asks for that order's money: who pays it pays the
// order, and who pays the order pays its invoices, the first due first. Both
// rows are held in that order: the order, then its invoices by ascending id.
package invoice

import (
	"context"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entdocument "kabinet/ent/generated/document"
	"kabinet/internal/fault"
	"kabinet/internal/order"
	"kabinet/internal/order/after"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// Bills is the service of this domain.
type Bills struct {
	Store  *store.Store
	Orders *order.Orders
	// After has the provider through which invoices are paid as orders are.
	After *after.Acts
	// Known finds the people that an outside system means, an id for each
	// reference; uuid.Nil: nobody.
	Known func(ctx context.Context, tx *store.Tx, refs []order.CustomerRef) ([]uuid.UUID, error)
	// Ours says whether papers of a series are numbered here: none of it is
	// taken from outside. nil: no series is.
	Ours func(series string) bool
}

// The refusals of this domain; others are those of internal/order and fault.
var (
	// ErrAlreadyPaid: nothing is open on the invoice.
	ErrAlreadyPaid = fault.New(fault.Refused, "INVOICE_ALREADY_PAID")
	// ErrWrongCurrency: params.currency is the one that is right.
	ErrWrongCurrency = fault.New(fault.Refused, "WRONG_CURRENCY")
	// ErrAlreadyTaken: the external reference was booked before, another paper has
	// the number, or the series is ours; params.value.
	ErrAlreadyTaken = fault.New(fault.Refused, "ALREADY_TAKEN")
)

// system is where this domain goes past the fence: documents are fenced as
// files of their owner, and here they are money of an order's reach. Each use
// comes after mayRead or mayPay, or acts for nobody.
func system(ctx context.Context) context.Context { return viewer.AsSystem(ctx, "invoice") }

// mayRead says whether the caller may see an invoice: his own, one of whom he
// acts for where he sees orders, any one by staff who read all orders.
func mayRead(ctx context.Context, d *ent.Document) bool {
	v := viewer.From(ctx)
	return v.IsSystem() || v.Staff && v.Reach("order", "read") == viewer.ReachAll || isHis(v, d, "read")
}

// mayPay says whether the caller may pay an invoice: no staff pay for others,
// they record what came.
func mayPay(ctx context.Context, d *ent.Document) bool {
	v := viewer.From(ctx)
	return v.ActingStaff == uuid.Nil && isHis(v, d, "write")
}

func isHis(v viewer.Viewer, d *ent.Document, operation string) bool {
	switch {
	case !v.SignedIn() || d.Visibility != entdocument.VisibilityALL:
		return false
	case d.OwnerID == v.UserID:
		return true
	case d.OwnerID != v.OwnerID || v.OwnerID == uuid.Nil || v.OwnerID == viewer.House:
		return false
	}
	reach := v.Reach("order", operation)
	return reach >= viewer.ReachOwner || reach == viewer.ReachOwn && d.UserID != nil && *d.UserID == v.UserID
}

// staff lets through who may do the operation on everybody's orders.
func staff(ctx context.Context, operation string) error {
	v := viewer.From(ctx)
	switch {
	case v.IsSystem(), v.Staff && v.Reach("order", operation) == viewer.ReachAll:
		return nil
	case !v.SignedIn():
		return fault.ErrUnauthenticated
	}
	return fault.ErrForbidden
}

func isDry(b *bool) bool { return b != nil && *b }
