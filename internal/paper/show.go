package paper

import (
	"context"
	"slices"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/document"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

const (
	mostOfOrder  = 100 // papers that are shown of one order
	ordersAtOnce = 500 // of how many orders papers are read at once
)

// PeriodOf are the days that a document is about; nil where it is about none.
func PeriodOf(d *ent.Document) *DocumentPeriod {
	if d.FromOn == nil && d.ToOn == nil {
		return nil
	}
	return &DocumentPeriod{d.FromOn, d.ToOn}
}

// SubjectID is the edge id of what a document is about.
func SubjectID(d *ent.Document) *scalar.ID {
	if d.SubjectKind == nil || d.SubjectID == nil {
		return nil
	}
	return &scalar.ID{Prefix: *d.SubjectKind, UUID: *d.SubjectID}
}

// Subject is what a document is about, read with those of the documents beside
// it by nodes, which gives what the viewer may see; nil where it is nothing.
func (p *Papers) Subject(ctx context.Context, d *ent.Document, nodes func(ctx context.Context, ids []*scalar.ID) ([]ent.Noder, error)) (ent.Noder, error) {
	id := SubjectID(d)
	if id == nil {
		return nil, nil
	}
	return p.subjects.Load(ctx, *id, func(ctx context.Context, ids []scalar.ID) (map[scalar.ID]ent.Noder, error) {
		all := make(map[scalar.ID]ent.Noder, len(ids))
		asked := make([]*scalar.ID, len(ids))
		for i := range ids {
			asked[i] = &ids[i]
		}
		found, err := nodes(ctx, asked)
		for i, n := range found {
			all[ids[i]] = n
		}
		return all, err
	})
}

// OfOrder are the papers about an order that are valid and that the viewer may
// see, newest first.
func (p *Papers) OfOrder(ctx context.Context, order uuid.UUID) ([]*ent.Document, error) {
	all, err := p.beside.Load(ctx, order, p.papersOf)
	if all == nil {
		all = []*ent.Document{}
	}
	return all, store.Translate(err)
}

// papersOf are those of many orders.
func (p *Papers) papersOf(ctx context.Context, orders []uuid.UUID) (map[uuid.UUID][]*ent.Document, error) {
	all := map[uuid.UUID][]*ent.Document{}
	if v := viewer.From(ctx); v.Staff && v.Reach("order", "read") == viewer.ReachAll { // papers of an order are part of it
		ctx = viewer.AsSystem(ctx, "paper")
	}
	for part := range slices.Chunk(orders, ordersAtOnce) {
		rows, err := p.Store.Client.Document.Query().Where(document.SubjectKind("order"), document.SubjectIDIn(part...),
			document.StatusIn(document.StatusISSUED, document.StatusPAID)).Order(document.ByID(sql.OrderDesc())).All(ctx)
		if err != nil {
			return nil, err
		}
		for _, d := range rows {
			if of := *d.SubjectID; len(all[of]) < mostOfOrder {
				all[of] = append(all[of], d)
			}
		}
	}
	return all, nil
}

// ReplacesID is the edge id of the version before.
func ReplacesID(d *ent.Document) *scalar.ID {
	if d.ReplacesID == nil {
		return nil
	}
	return &scalar.ID{Prefix: "doc", UUID: *d.ReplacesID}
}
