package invoice

import (
	"context"

	"github.com/google/uuid"

	entdocument "kabinet/ent/generated/document"
	"kabinet/internal/event"
	"kabinet/internal/store"
)

// TellOverdue tells once of each invoice that was not paid in time, at most
// limit of them, and says how many: housework. One of an order on which nothing
// is open is not told of. Two instances at once tell once: the row is held, and
// judged again.
func (s *Bills) TellOverdue(ctx context.Context, limit int) (n int, err error) {
	err = s.Store.InTx(system(ctx), func(ctx context.Context, tx *store.Tx) error {
		n = 0
		late, err := tx.Document.Query().Where(entdocument.KindEQ(entdocument.KindINVOICE), entdocument.StatusEQ(entdocument.StatusISSUED),
			entdocument.OverdueToldAtIsNil(), entdocument.DueAtLT(tx.Now), tx.Locking()).Order(entdocument.ByID()).Limit(limit).All(ctx)
		if err != nil || len(late) == 0 {
			return err
		}
		shown, err := s.show(ctx, tx.Client, late...)
		if err != nil {
			return err
		}
		n = len(late)
		ids := make([]uuid.UUID, len(late))
		for i, d := range late {
			ids[i] = d.ID
		}
		if err := tx.Document.Update().Where(entdocument.IDIn(ids...)).SetOverdueToldAt(tx.Now).Exec(ctx); err != nil {
			return err
		}
		for _, b := range shown {
			d := b.Document
			if open := openOf(d, b.order); open > 0 {
				tell(ctx, tx, event.InvoiceOverdue{InvoiceID: d.ID, OwnerID: d.OwnerID, UserID: d.UserID, Number: numberOf(d), OpenMinor: open, Currency: unit(d), DueAt: *d.DueAt}, d.OwnerID)
			}
		}
		return nil
	})
	return n, err
}
