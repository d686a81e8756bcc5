package list

import (
	"context"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/review"
	"kabinet/ent/generated/user"
	"kabinet/internal/event"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// Moderate publishes a review or rejects it, for staff; the author is told.
// Faults: INVALID_ID, NOT_FOUND, STALE_OBJECT, REQUIRED, TOO_LONG,
// INVALID_VALUE.
func (l *Lists) Moderate(ctx context.Context, in ModerateReviewInput) (*ent.Review, error) {
	id, err := in.ID.As("rev")
	if err != nil {
		return nil, fault.ErrInvalidID.At("input", "id")
	}
	if err := checkModerate(in); err != nil {
		return nil, err
	}
	var saved *ent.Review
	err = l.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		was, err := tx.Review.Query().Where(review.ID(id), tx.Locking()).WithProduct().Only(ctx)
		if ent.IsNotFound(err) {
			return fault.ErrNotFound.At("input", "id")
		}
		if err != nil {
			return err
		}
		if err := stale(&in.Revision, was.Revision); err != nil {
			return err
		}
		if saved = was; ReviewStatus(was.Status) == in.Status && equal(was.RejectReason, in.Reason) {
			return nil
		}
		u := tx.Review.UpdateOneID(id).SetStatus(review.Status(in.Status)).AddRevision(1)
		if in.Status == ReviewStatusPublished {
			u.SetPublishedAt(tx.Now).ClearRejectReason()
		} else {
			u.ClearPublishedAt().SetRejectReason(*in.Reason)
		}
		if saved, err = u.Save(ctx); err != nil {
			return err
		}
		return l.moderated(ctx, tx, was, saved)
	})
	if err != nil {
		return nil, err
	}
	return saved.Unwrap(), nil
}

// moderated is what follows: the product's stars, the record, the news and the act.
func (l *Lists) moderated(ctx context.Context, tx *store.Tx, was, now *ent.Review) error {
	sum, count := counted(ReviewStatus(was.Status), ReviewStatus(now.Status), was.Rating, now.Rating)
	if err := addStars(ctx, tx, *now.ProductID, sum, count); err != nil {
		return err
	}
	err := tx.Audit(ctx, "review.moderate", now.UserID, now.GlobalID(), map[string]any{"status": []any{was.Status, now.Status}})
	if err != nil {
		return err
	}
	fact := event.ReviewModerated{ReviewID: now.ID, UserID: now.UserID, ProductID: *now.ProductID, Status: string(now.Status)}
	if was.Edges.Product != nil {
		fact.Title = was.Edges.Product.Title
	}
	tx.Tell(fact, store.ToUser(now.UserID))
	if now.Status != review.StatusPUBLISHED || l.NoteAct == nil {
		return nil
	}
	return l.NoteAct(viewer.AsSystem(ctx, "list.act"), tx, now.UserID, ReviewAct, scalar.ID{Prefix: "prd", UUID: *now.ProductID}.String(), tx.Now)
}

// addStars changes what sums up a product's published reviews. Products belong
// to the business, so an author changes it past the fence, here and nowhere
// else; the revision stays: it guards what staff edit.
func addStars(ctx context.Context, tx *store.Tx, product uuid.UUID, sum, count int64) error {
	if sum == 0 && count == 0 {
		return nil
	}
	_, err := tx.Exec(ctx, `UPDATE products SET rating_sum = rating_sum + ?, rating_count = rating_count + ?, updated_at = ? WHERE id = ?`, sum, count, tx.Now, product)
	return err
}

// authorName is the name beside a person's reviews; nil where nobody sees one.
func authorName(ctx context.Context, tx *store.Tx, id uuid.UUID) (*string, error) {
	u, err := tx.User.Query().Where(user.ID(id), user.StatusNEQ(user.StatusERASED)).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	n := naming{given: text(u.GivenName), family: text(u.FamilyName), nickname: text(u.Nickname)}
	if u.Privacy != nil {
		n.shownTo = text(u.Privacy.NameShownTo)
	}
	return n.author(), nil
}
