package invoice

import (
	"context"
	"encoding/json"
	"fmt"

	entdocument "kabinet/ent/generated/document"
	entorder "kabinet/ent/generated/order"
	"kabinet/internal/event"
	"kabinet/internal/store"
)

// Hearers are the facts of orders that their invoices follow.
func (s *Bills) Hearers() []store.Hearer {
	return []store.Hearer{{Name: "invoice.OrderCancelled", Kinds: []string{event.OrderCancelled{}.Kind()}, On: func(ctx context.Context, tx *store.Tx, e event.Stored) error {
		var f event.OrderCancelled
		if err := json.Unmarshal(e.Payload, &f); err != nil {
			return fmt.Errorf("invoice: read %s: %w", e.Kind, err)
		}
		return s.OnOrderCancelled(ctx, tx, f)
	}}}
}

// OnOrderCancelled makes the invoices void of an order that was cancelled, but
// for those that were paid in full: nobody owes them any more, and what was paid
// of them the order gives back. A cancelled order stays so.
func (s *Bills) OnOrderCancelled(ctx context.Context, tx *store.Tx, f event.OrderCancelled) error {
	sys := system(ctx)
	gone, err := tx.Order.Query().Where(entorder.ID(f.OrderID), entorder.StatusEQ(entorder.StatusCANCELLED)).Exist(sys)
	if err != nil || !gone {
		return err
	}
	return tx.Document.Update().Where(entdocument.SubjectKind("order"), entdocument.SubjectID(f.OrderID), entdocument.KindEQ(entdocument.KindINVOICE),
		entdocument.StatusEQ(entdocument.StatusISSUED)).SetStatus(entdocument.StatusVOID).SetPaidMinor(0).Exec(sys)
}
