package paper_test

import (
	"context"
	"testing"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entdocument "kabinet/ent/generated/document"
	"kabinet/internal/scalar"
	"kabinet/internal/store/storetest"
)

// An order shows its valid papers to whom they are for; a paper shows what it
// is about as its reader may see it, and an unknown subject is nothing.
func TestPapersOfOrderAndTheirSubject(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		o := newOffice(t, db)
		row, none := o.order(o.alice, 1), o.order(o.bob, 1)
		receipt := o.generate(as(o.alice), "RECEIPT", row.GlobalID())
		invoice := o.generate(as(o.alice), "INVOICE", row.GlobalID())
		for who, want := range map[uuid.UUID]int{o.alice: 2, o.bob: 0} {
			all, err := o.OfOrder(as(who), row.ID)
			if err != nil || all == nil || len(all) != want {
				t.Errorf("%v %v, want %d", all, err, want)
			}
			if want > 0 && (all[0].ID != invoice.ID || all[1].ID != receipt.ID) {
				t.Errorf("%s before %s", all[0].Kind, all[1].Kind)
			}
		}
		if all, err := o.OfOrder(o.asStaff("document"), none.ID); err != nil || len(all) != 0 {
			t.Errorf("%v %v", all, err)
		}
		if all, err := o.OfOrder(o.asStaff("order"), row.ID); err != nil || len(all) != 2 { // the papers of an order are part of it
			t.Errorf("%v %v", all, err)
		}
		nodes := func(_ context.Context, ids []*scalar.ID) ([]ent.Noder, error) {
			found := make([]ent.Noder, len(ids))
			for i, id := range ids {
				if id.UUID == row.ID {
					found[i] = row
				}
			}
			return found, nil
		}
		if n, err := o.Subject(as(o.alice), invoice, nodes); err != nil || n != ent.Noder(row) {
			t.Errorf("%v %v", n, err)
		}
		if n, err := o.Subject(as(o.alice), &ent.Document{Kind: entdocument.KindUPLOAD}, nodes); err != nil || n != nil {
			t.Errorf("%v %v", n, err)
		}
		other := o.generate(as(o.bob), "RECEIPT", none.GlobalID())
		if n, err := o.Subject(as(o.bob), other, nodes); err != nil || n != nil {
			t.Errorf("%v %v", n, err)
		}
	})
}
