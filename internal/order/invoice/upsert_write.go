package invoice

import (
	"context"
	"reflect"
	"slices"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entdocument "kabinet/ent/generated/document"
	"kabinet/internal/batch"
	"kabinet/internal/fault"
	"kabinet/internal/order"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
)

// atOnce is how many rows one statement inserts.
const atOnce = 300

// writing is what a batch of papers comes to.
type writing struct {
	tx      *store.Tx
	fresh   []*ent.DocumentCreate
	made    []uuid.UUID
	changes []*ent.DocumentUpdateOne
	changed []uuid.UUID
	issued  []uuid.UUID     // new invoices that are valid
	orders  []uuid.UUID     // of invoices whose amount changed
	whole   []*ent.Document // invoices that are paid by it
	void    []*ent.Document // invoices of no order that are not valid any more
}

func (w *writing) ids() []uuid.UUID { return slices.Clone(w.made) }

// add makes a paper that is not there yet.
func (w *writing) add(p *paper) {
	in := p.in
	p.ID, p.Outcome = uuid.Must(uuid.NewV7()), scalar.UpsertCreated
	c := w.tx.Document.Create().SetID(p.ID).SetOwnerID(p.owner).SetNillableUserID(p.user).SetKind(in.Kind).SetStatus(wanted(in)).SetTitle(in.Title).
		SetNillableSeries(in.Series).SetNillableNumber(in.Number).SetNillableFromOn(in.PeriodFrom).SetNillableToOn(in.PeriodTo).
		SetNillableIssuedAt(cut(in.IssuedAt)).SetNillableDueAt(cut(in.DueAt)).SetSource(in.External.Source).SetExternalID(in.External.ID).SetSourceUpdatedAt(*cut(&in.SourceUpdatedAt))
	if p.money != nil {
		c.SetAmountMinor(p.money.Minor).SetCurrency(p.money.Currency)
	}
	if p.about != nil {
		c.SetSubjectKind("order").SetSubjectID(p.about.ID)
	}
	if in.Metadata != nil {
		c.SetMetadata(in.Metadata)
	}
	w.fresh, w.made = append(w.fresh, c), append(w.made, p.ID)
	if in.Kind == entdocument.KindINVOICE && !isDry(in.Void) {
		w.issued = append(w.issued, p.ID)
	}
}

func wanted(in *UpsertDocumentInput) entdocument.Status {
	if isDry(in.Void) {
		return entdocument.StatusVOID
	}
	return entdocument.StatusISSUED
}

// merge brings a paper that is there to what its item says.
func (w *writing) merge(p *paper, d *ent.Document) {
	in := p.in
	p.ID = d.ID
	if err := p.mayMerge(d); err != nil {
		p.Refuse(err)
		return
	}
	at := *cut(&in.SourceUpdatedAt)
	u := w.tx.Document.UpdateOneID(d.ID).SetSourceUpdatedAt(at)
	same := w.texts(p, d, u)
	if p.money != nil && (asked(d) != p.money.Minor || unit(d) != p.money.Currency) {
		same = false
		u.SetAmountMinor(p.money.Minor).SetCurrency(p.money.Currency)
		d.AmountMinor, d.Currency = &p.money.Minor, &p.money.Currency
		if p.about != nil {
			w.orders = append(w.orders, p.about.ID)
		}
	}
	status := wanted(in)
	switch whole := d.Kind == entdocument.KindINVOICE && d.PaidMinor >= asked(d); {
	case status == entdocument.StatusISSUED && d.Status == entdocument.StatusPAID && whole:
		status = d.Status
	case status == entdocument.StatusISSUED && d.Status == entdocument.StatusPAID: // more is asked for
		u.ClearPaidAt().ClearOverdueToldAt()
	case status == entdocument.StatusISSUED && whole: // less is, and that was paid
		w.whole = append(w.whole, d)
	}
	if status != d.Status {
		same = false
		u.SetStatus(status)
		if d.Status = status; status == entdocument.StatusVOID && d.Kind == entdocument.KindINVOICE {
			w.voided(d, u)
		}
	}
	switch {
	case !same:
		p.Outcome = scalar.UpsertUpdated
		w.changed = append(w.changed, d.ID)
	case d.SourceUpdatedAt != nil && at.Equal(*d.SourceUpdatedAt):
		p.Outcome = scalar.UpsertUnchanged
		return
	default: // so that what is older than this is OUTDATED
		p.Outcome = scalar.UpsertUnchanged
	}
	w.changes = append(w.changes, u)
}

// voided lets go of the money of an invoice: its order has it for others of
// its, or it goes back.
func (w *writing) voided(d *ent.Document, u *ent.DocumentUpdateOne) {
	u.SetPaidMinor(0).ClearPaidAt()
	if of := orderOf(d); of != nil {
		w.orders = append(w.orders, *of)
	} else {
		w.void = append(w.void, d)
	}
}

// mayMerge refuses what does not change any more. Faults: OUTDATED,
// INVALID_VALUE of what is fixed once stored, ILLEGAL_TRANSITION of what is void,
// OUT_OF_RANGE of less than was paid, WRONG_CURRENCY.
func (p *paper) mayMerge(d *ent.Document) error {
	in := p.in
	if err := batch.Stale(d.SourceUpdatedAt, in.SourceUpdatedAt, p.Path("sourceUpdatedAt")...); err != nil {
		return err
	}
	for _, fixed := range []struct {
		field string
		same  bool
	}{
		{"kind", in.Kind == d.Kind},
		{"series", sameText(in.Series, d.Series)},
		{"number", sameText(in.Number, d.Number)},
		{"order", p.about == nil && orderOf(d) == nil || p.about != nil && orderOf(d) != nil && p.about.ID == *orderOf(d)},
		{owned(in), p.owner == d.OwnerID},
	} {
		if !fixed.same {
			return fault.ErrInvalidValue.At(p.Path(fixed.field)...)
		}
	}
	switch {
	case d.Status == entdocument.StatusVOID && !isDry(in.Void):
		return order.ErrIllegalTransition.At(p.Path("void")...).With("fromState", string(Void)).With("toState", string(Issued)).With("allowed", []string{})
	case p.money == nil:
	case d.PaidMinor > 0 && unit(d) != p.money.Currency:
		return ErrWrongCurrency.At(p.Path("amount", "currency")...).With("currency", unit(d))
	case p.money.Minor < d.PaidMinor:
		return fault.ErrOutOfRange.At(p.Path("amount")...).With("min", scalar.Money{Minor: d.PaidMinor, Currency: unit(d)}.Amount())
	}
	return nil
}

// owned is the field that said whose a paper is.
func owned(in *UpsertDocumentInput) string {
	switch {
	case in.Customer != nil:
		return "customer"
	case in.CompanyID != nil:
		return "companyId"
	}
	return "order"
}

// texts sets what is said of a paper beside money, and says whether all of it
// was so.
func (w *writing) texts(p *paper, d *ent.Document, u *ent.DocumentUpdateOne) (same bool) {
	in := p.in
	same = in.Title == d.Title && sameText(in.PeriodFrom, d.FromOn) && sameText(in.PeriodTo, d.ToOn) && sameTime(in.DueAt, d.DueAt) && sameTime(in.IssuedAt, d.IssuedAt) &&
		(in.Metadata == nil || reflect.DeepEqual(in.Metadata, d.Metadata))
	if same {
		return true
	}
	u.SetTitle(in.Title).ClearFromOn().ClearToOn().ClearDueAt().ClearIssuedAt().
		SetNillableFromOn(in.PeriodFrom).SetNillableToOn(in.PeriodTo).SetNillableDueAt(cut(in.DueAt)).SetNillableIssuedAt(cut(in.IssuedAt))
	if !sameTime(in.DueAt, d.DueAt) {
		u.ClearOverdueToldAt() // it may be late once more
	}
	if in.Metadata != nil {
		u.SetMetadata(in.Metadata)
	}
	return false
}

// store writes new papers many at a time, changed ones each.
func (w *writing) store(ctx context.Context) error {
	for part := range slices.Chunk(w.fresh, atOnce) {
		if err := w.tx.Document.CreateBulk(part...).Exec(system(ctx)); err != nil {
			return err
		}
	}
	for _, u := range w.changes {
		if err := u.Exec(system(ctx)); err != nil {
			return err
		}
	}
	return nil
}

func sameText(a, b *string) bool { return a == nil && b == nil || a != nil && b != nil && *a == *b }

func sameTime(a, b *time.Time) bool {
	return a == nil && b == nil || a != nil && b != nil && cut(a).Equal(*b)
}

// cut is a time as databases keep it.
func cut(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	c := t.UTC().Truncate(time.Microsecond)
	return &c
}
