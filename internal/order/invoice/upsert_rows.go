package invoice

import (
	"context"
	"slices"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/company"
	entdocument "kabinet/ent/generated/document"
	entorder "kabinet/ent/generated/order"
	"kabinet/ent/generated/predicate"
	"kabinet/internal/batch"
	"kabinet/internal/fault"
	"kabinet/internal/order"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// upsert judges the items by what is stored and writes them. The rows are held
// in this order: the orders, then the papers, each by ascending id.
func (s *Bills) upsert(ctx context.Context, tx *store.Tx, items []*paper) error {
	if err := s.findOrders(ctx, tx, items); err != nil {
		return err
	}
	if err := s.findOwners(ctx, tx, items); err != nil {
		return err
	}
	stored, err := findStored(ctx, tx, items)
	if err != nil {
		return err
	}
	if err := s.findNumbers(ctx, tx, items, stored); err != nil {
		return err
	}
	w := &writing{tx: tx}
	for _, p := range batch.InOrder(items, func(p *paper) string { return p.in.External.Source + "\x00" + p.in.External.ID }) {
		if d := stored[p.in.External]; d == nil {
			w.add(p)
		} else {
			w.merge(p, d)
		}
	}
	if err := w.store(ctx); err != nil {
		return err
	}
	if err := s.Issued(ctx, tx, w.issued...); err != nil {
		return err
	}
	for _, d := range w.whole {
		if err := s.paid(ctx, tx, d, d.PaidMinor); err != nil {
			return err
		}
	}
	if len(w.orders) > 0 {
		if err := s.Follow(ctx, tx, w.orders...); err != nil {
			return err
		}
	}
	if len(w.fresh)+len(w.changed) == 0 {
		return nil
	}
	if err := s.giveBack(ctx, tx, w.void); err != nil {
		return err
	}
	return tx.Audit(ctx, "document.upsert", uuid.Nil, scalar.ID{}, map[string]any{"created": len(w.fresh), "updated": len(w.changed), "documents": append(w.ids(), w.changed...)})
}

// findOrders finds and holds the orders that the papers are about.
func (s *Bills) findOrders(ctx context.Context, tx *store.Tx, items []*paper) error {
	var keys []scalar.ExternalKey
	for _, p := range items {
		if !p.Out() && p.in.Order != nil {
			keys = append(keys, *p.in.Order)
		}
	}
	if len(keys) == 0 {
		return nil
	}
	var wanted []predicate.Order
	for source, ids := range bySource(keys) {
		wanted = append(wanted, entorder.And(entorder.Source(source), entorder.ExternalIDIn(ids...)))
	}
	orders, err := tx.Order.Query().Where(entorder.Or(wanted...), tx.Locking()).Order(entorder.ByID()).All(system(ctx))
	if err != nil {
		return err
	}
	found := map[scalar.ExternalKey]*ent.Order{}
	for _, o := range orders {
		found[scalar.ExternalKey{Source: *o.Source, ID: *o.ExternalID}] = o
	}
	for _, p := range items {
		if p.Out() || p.in.Order == nil {
			continue
		}
		o := found[*p.in.Order]
		switch {
		case o == nil:
			p.Refuse(fault.ErrNotFound.At(p.Path("order")...))
		case p.money != nil && p.money.Currency != o.Currency:
			p.Refuse(ErrWrongCurrency.At(p.Path("amount", "currency")...).With("currency", o.Currency))
		default:
			p.about, p.owner, p.user = o, o.OwnerID, o.UserID
		}
	}
	return nil
}

func bySource(keys []scalar.ExternalKey) map[string][]string {
	ids := map[string][]string{}
	for _, k := range keys {
		ids[k.Source] = append(ids[k.Source], k.ID)
	}
	return ids
}

// findOwners finds whose the papers are: people and companies, each in one
// statement. Of an order it is the order's owner, whatever else is said.
func (s *Bills) findOwners(ctx context.Context, tx *store.Tx, items []*paper) error {
	var refs []order.CustomerRef
	var people []*paper
	var companies []uuid.UUID
	for _, p := range items {
		switch {
		case p.Out():
		case p.in.Customer != nil:
			refs, people = append(refs, *p.in.Customer), append(people, p)
		case p.in.CompanyID != nil:
			companies = append(companies, p.in.CompanyID.UUID)
		}
	}
	if len(refs) > 0 {
		ids, err := s.Known(system(ctx), tx, refs)
		if err != nil {
			return err
		}
		for i, p := range people {
			p.belongs(ids[i], "customer")
		}
	}
	if len(companies) == 0 {
		return nil
	}
	there, err := tx.Company.Query().Where(company.IDIn(companies...)).IDs(system(ctx))
	if err != nil {
		return err
	}
	for _, p := range items {
		if p.Out() || p.in.CompanyID == nil {
			continue
		}
		id := p.in.CompanyID.UUID
		if !slices.Contains(there, id) || id == viewer.House {
			id = uuid.Nil
		}
		p.belongs(id, "companyId")
	}
	return nil
}

// belongs says whose a paper is, as a field of the item named him.
func (p *paper) belongs(owner uuid.UUID, field string) {
	switch {
	case owner == uuid.Nil:
		p.Refuse(fault.ErrNotFound.At(p.Path(field)...))
	case p.about != nil && p.owner != owner:
		p.Refuse(fault.ErrInvalidValue.At(p.Path(field)...))
	case p.about == nil:
		if p.owner = owner; field == "customer" {
			p.user = &owner
		}
	}
}

// findStored holds and reads the papers that are there already, each by the key
// of its own source.
func findStored(ctx context.Context, tx *store.Tx, items []*paper) (map[scalar.ExternalKey]*ent.Document, error) {
	var keys []scalar.ExternalKey
	for _, p := range items {
		if !p.Out() {
			keys = append(keys, p.in.External)
		}
	}
	stored := map[scalar.ExternalKey]*ent.Document{}
	if len(keys) == 0 {
		return stored, nil
	}
	var wanted []predicate.Document
	for source, ids := range bySource(keys) {
		wanted = append(wanted, entdocument.And(entdocument.Source(source), entdocument.ExternalIDIn(ids...)))
	}
	docs, err := tx.Document.Query().Where(entdocument.Or(wanted...), tx.Locking()).Order(entdocument.ByID()).All(system(ctx))
	for _, d := range docs {
		stored[scalar.ExternalKey{Source: *d.Source, ID: *d.ExternalID}] = d
	}
	return stored, err
}

// findNumbers refuses new papers whose number another paper of the series has,
// and those of a series whose numbers are given here.
func (s *Bills) findNumbers(ctx context.Context, tx *store.Tx, items []*paper, stored map[scalar.ExternalKey]*ent.Document) error {
	type number struct{ series, number string }
	wanted := map[number]*paper{}
	var numbers []string
	for _, p := range items {
		if p.Out() || p.in.Series == nil || stored[p.in.External] != nil {
			continue
		}
		if s.Ours != nil && s.Ours(*p.in.Series) {
			p.Refuse(ErrAlreadyTaken.At(p.Path("series")...).With("value", *p.in.Series))
			continue
		}
		n := number{*p.in.Series, *p.in.Number}
		if wanted[n] != nil {
			p.Refuse(ErrAlreadyTaken.At(p.Path("number")...).With("value", n.number))
			continue
		}
		wanted[n] = p
		numbers = append(numbers, n.number)
	}
	if len(numbers) == 0 {
		return nil
	}
	docs, err := tx.Document.Query().Where(entdocument.NumberIn(numbers...), entdocument.SeriesNotNil()).
		Select(entdocument.FieldID, entdocument.FieldSeries, entdocument.FieldNumber, entdocument.FieldSource, entdocument.FieldExternalID).All(system(ctx))
	if err != nil {
		return err
	}
	for _, d := range docs {
		p := wanted[number{*d.Series, *d.Number}]
		if p == nil {
			continue
		}
		if d.Source != nil && d.ExternalID != nil && *d.Source == p.in.External.Source && *d.ExternalID == p.in.External.ID {
			return batch.ErrCameMeanwhile
		}
		p.Refuse(ErrAlreadyTaken.At(p.Path("number")...).With("value", *d.Number))
	}
	return nil
}
