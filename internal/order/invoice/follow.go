package invoice

import (
	"cmp"
	"context"
	"slices"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entdocument "kabinet/ent/generated/document"
	entorder "kabinet/ent/generated/order"
	"kabinet/ent/generated/payment"
	"kabinet/internal/event"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// bill is an invoice of an order among the others of it.
type bill struct {
	amount, had int64 // what it asks for, what of it was paid before
	own         int64 // what was paid for this very one
}

// share divides what was paid on an order among its invoices, given in the
// order in which they are due: each gets what was paid for it, what is left
// goes to the first that need it. What an invoice was given once it keeps:
// money that goes back later is the order's matter, and the paper stays paid.
func share(paid int64, bills []bill) []int64 {
	got := make([]int64, len(bills))
	for i, b := range bills {
		got[i] = min(b.own, b.amount, max(paid, 0))
		paid -= got[i]
	}
	for i, b := range bills {
		more := min(b.amount-got[i], max(paid, 0))
		got[i] += more
		paid -= more
		got[i] = max(got[i], b.had)
	}
	return got
}

// Follow lets the invoices of orders that are held follow what was paid on
// them, and all their papers whose they are: it is order.Orders.Papers.
func (s *Bills) Follow(ctx context.Context, tx *store.Tx, orders ...uuid.UUID) error {
	sys := system(ctx)
	docs, err := tx.Document.Query().Where(entdocument.SubjectKind("order"), entdocument.SubjectIDIn(orders...), tx.Locking()).Order(entdocument.ByID()).All(sys)
	if err != nil || len(docs) == 0 {
		return err
	}
	of, err := tx.Order.Query().Where(entorder.IDIn(orders...)).Select(entorder.FieldID, entorder.FieldOwnerID, entorder.FieldUserID, entorder.FieldCurrency,
		entorder.FieldPaidMinor, entorder.FieldRefundedMinor).All(sys)
	if err != nil {
		return err
	}
	own, err := paidFor(ctx, tx, orders)
	if err != nil {
		return err
	}
	for _, o := range of {
		if err := s.followOne(ctx, tx, o, docs, own); err != nil {
			return err
		}
	}
	return nil
}

// followOne lets the papers of one order follow it.
func (s *Bills) followOne(ctx context.Context, tx *store.Tx, o *ent.Order, docs []*ent.Document, own map[uuid.UUID]int64) error {
	var open []*ent.Document
	var moved, void []uuid.UUID
	for _, d := range docs {
		if *orderOf(d) != o.ID {
			continue
		}
		if d.OwnerID == viewer.House && o.OwnerID != viewer.House {
			d.OwnerID, d.UserID = o.OwnerID, o.UserID
			moved = append(moved, d.ID)
		}
		if d.Kind == entdocument.KindINVOICE && unit(d) == o.Currency && (d.Status == entdocument.StatusISSUED || d.Status == entdocument.StatusPAID) {
			open = append(open, d)
		}
		if d.Status == entdocument.StatusVOID && d.PaidMinor > 0 {
			void = append(void, d.ID)
		}
	}
	if len(void) > 0 { // one that another came in place of: its money is the other's
		if err := tx.Document.Update().Where(entdocument.IDIn(void...)).SetPaidMinor(0).ClearPaidAt().Exec(system(ctx)); err != nil {
			return err
		}
	}
	if len(moved) > 0 { // a guest's order has its customer now
		if err := tx.Document.Update().Where(entdocument.IDIn(moved...)).SetOwnerID(o.OwnerID).SetNillableUserID(o.UserID).Exec(system(ctx)); err != nil {
			return err
		}
	}
	slices.SortStableFunc(open, firstDue)
	bills := make([]bill, len(open))
	for i, d := range open {
		bills[i] = bill{asked(d), d.PaidMinor, own[d.ID]}
	}
	for i, paid := range share(o.PaidMinor-o.RefundedMinor, bills) {
		if err := s.paid(ctx, tx, open[i], paid); err != nil {
			return err
		}
	}
	return nil
}

// firstDue sorts what is due first, and what is never due last.
func firstDue(a, b *ent.Document) int {
	switch {
	case a.DueAt == nil && b.DueAt == nil:
		return cmp.Compare(a.ID.String(), b.ID.String())
	case a.DueAt == nil:
		return 1
	case b.DueAt == nil:
		return -1
	}
	return cmp.Or(a.DueAt.Compare(*b.DueAt), cmp.Compare(a.ID.String(), b.ID.String()))
}

// paidFor is what was paid for very invoices of orders and not given back.
func paidFor(ctx context.Context, tx *store.Tx, orders []uuid.UUID) (map[uuid.UUID]int64, error) {
	rows, err := tx.Payment.Query().Where(payment.OrderIDIn(orders...), payment.InvoiceIDNotNil(), payment.KindEQ(payment.KindPAYMENT), payment.StatusEQ(payment.StatusSUCCEEDED)).
		Select(payment.FieldInvoiceID, payment.FieldAmountMinor, payment.FieldRefundedMinor).All(system(ctx))
	own := map[uuid.UUID]int64{}
	for _, p := range rows {
		own[*p.InvoiceID] += p.AmountMinor - p.RefundedMinor
	}
	return own, err
}

// paid stores what of an invoice was paid; the last of it makes it PAID, and is
// told. Nothing happens where it was so already.
func (s *Bills) paid(ctx context.Context, tx *store.Tx, d *ent.Document, minor int64) error {
	whole := minor >= asked(d)
	if minor == d.PaidMinor && whole == (d.Status == entdocument.StatusPAID) {
		return nil
	}
	u := tx.Document.UpdateOneID(d.ID).SetPaidMinor(minor)
	if d.PaidMinor = minor; whole && d.Status == entdocument.StatusISSUED {
		d.Status, d.PaidAt = entdocument.StatusPAID, &tx.Now
		u.SetStatus(d.Status).SetPaidAt(tx.Now)
	}
	if err := u.Exec(system(ctx)); err != nil || d.Status != entdocument.StatusPAID {
		return err
	}
	tell(ctx, tx, event.InvoicePaid{InvoiceID: d.ID, OwnerID: d.OwnerID, UserID: d.UserID, Number: numberOf(d), AmountMinor: asked(d), Currency: unit(d)}, d.OwnerID)
	return nil
}

// Issued lets invoices that were just issued, here or elsewhere, begin: they
// get what was paid on their orders already, and their owners are told. The
// orders are held here, by ascending id.
func (s *Bills) Issued(ctx context.Context, tx *store.Tx, ids ...uuid.UUID) error {
	docs, err := tx.Document.Query().Where(entdocument.IDIn(ids...), entdocument.KindEQ(entdocument.KindINVOICE), entdocument.StatusEQ(entdocument.StatusISSUED)).All(system(ctx))
	if err != nil || len(docs) == 0 {
		return err
	}
	var orders []uuid.UUID
	for _, d := range docs {
		if of := orderOf(d); of != nil {
			orders = append(orders, *of)
		}
	}
	slices.SortFunc(orders, func(a, b uuid.UUID) int { return slices.Compare(a[:], b[:]) })
	orders = slices.Compact(orders)
	held := make([]any, len(orders))
	for i, id := range orders {
		held[i] = id
	}
	if err := tx.Lock(ctx, "orders", "id", held...); err != nil {
		return err
	}
	for _, d := range docs {
		tell(ctx, tx, event.InvoiceIssued{InvoiceID: d.ID, OwnerID: d.OwnerID, UserID: d.UserID, Number: numberOf(d), AmountMinor: asked(d), Currency: unit(d), DueAt: d.DueAt}, d.OwnerID)
	}
	if len(orders) == 0 {
		return nil
	}
	return s.Follow(ctx, tx, orders...)
}

// tell tells a fact of an invoice to whose it is; the store knows which owners
// are people but for the one who acts.
func tell(ctx context.Context, tx *store.Tx, fact event.Fact, owner uuid.UUID) {
	to := store.ToCompany(owner)
	switch owner {
	case viewer.House: // a guest's
		to = store.ToHouse()
	case viewer.From(ctx).UserID:
		to = store.ToUser(owner)
	}
	tx.Tell(fact, to)
}

func numberOf(d *ent.Document) string {
	if d.Number == nil {
		return ""
	}
	return *d.Number
}
