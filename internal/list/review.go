package list

import (
	"context"

	"entgo.io/contrib/entgql"
	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entorder "kabinet/ent/generated/order"
	"kabinet/ent/generated/orderline"
	"kabinet/ent/generated/predicate"
	"kabinet/ent/generated/product"
	"kabinet/ent/generated/review"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// Published is a page of what is published about a product, newest first.
// Faults: INVALID_ID, NOT_FOUND of the product, OUT_OF_RANGE of the stars.
func (l *Lists) Published(ctx context.Context, id scalar.ID, stars *int, p Page) (*ent.ReviewConnection, error) {
	key, err := id.As("prd")
	if err != nil {
		return nil, err
	}
	if stars != nil && (*stars < 1 || *stars > 5) {
		return nil, fault.ErrOutOfRange.With("min", 1).With("max", 5).At("rating")
	}
	there, err := l.Store.Client.Product.Query().Where(product.ID(key)).Exist(ctx)
	if err != nil {
		return nil, store.Translate(err)
	}
	if !there {
		return nil, fault.ErrNotFound
	}
	is := []predicate.Review{review.ProductID(key), review.StatusEQ(review.StatusPUBLISHED)}
	if stars != nil {
		is = append(is, review.Rating(*stars))
	}
	return l.reviews(ctx, is, entgql.OrderDirectionDesc, p)
}

// ReviewsOf is a page of what a person wrote, newest first.
func (l *Lists) ReviewsOf(ctx context.Context, user uuid.UUID, p Page) (*ent.ReviewConnection, error) {
	return l.reviews(ctx, []predicate.Review{review.UserID(user)}, entgql.OrderDirectionDesc, p)
}

// Reviews is a page of all reviews, for staff: what waits longest first. Fault:
// INVALID_ID.
func (l *Lists) Reviews(ctx context.Context, f *ReviewFilter, p Page) (*ent.ReviewConnection, error) {
	is := []predicate.Review{}
	if f != nil && f.Status != nil {
		states := make([]review.Status, len(f.Status))
		for i, s := range f.Status {
			states[i] = review.Status(s)
		}
		is = append(is, review.StatusIn(states...))
	}
	if f != nil && f.ProductID != nil {
		id, err := f.ProductID.As("prd")
		if err != nil {
			return nil, fault.ErrInvalidID.At("filter", "productId")
		}
		is = append(is, review.ProductID(id))
	}
	if f != nil && f.AuthorID != nil {
		id, err := f.AuthorID.As("usr")
		if err != nil {
			return nil, fault.ErrInvalidID.At("filter", "authorId")
		}
		is = append(is, review.UserID(id))
	}
	return l.reviews(ctx, is, entgql.OrderDirectionAsc, p)
}

func (l *Lists) reviews(ctx context.Context, is []predicate.Review, direction entgql.OrderDirection, p Page) (*ent.ReviewConnection, error) {
	page, err := l.Store.Client.Review.Query().Where(is...).Paginate(ctx, p.After, p.First, p.Before, p.Last,
		ent.WithReviewOrder(&ent.ReviewOrder{Direction: direction, Field: ent.DefaultReviewOrder.Field}))
	return page, store.Translate(err)
}

// SaveReview writes a review of what the person bought and received, or
// changes it; it waits for staff anew. Faults: UNAUTHENTICATED, INVALID_ID,
// NOT_FOUND, REVIEW_NOT_BOUGHT, STALE_OBJECT, REQUIRED, OUT_OF_RANGE, TOO_LONG,
// INVALID_VALUE.
func (l *Lists) SaveReview(ctx context.Context, in SaveReviewInput) (saved *ent.Review, err error) {
	v, err := me(ctx)
	if err != nil {
		return nil, err
	}
	id, err := in.ProductID.As("prd")
	if err != nil {
		return nil, fault.ErrInvalidID.At("input", "productId")
	}
	for range 2 { // where a twin was first it is a change, not another review
		err = l.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
			saved, err = in.save(ctx, tx, v, id)
			return err
		})
		if !store.IsUnique(err) {
			break
		}
	}
	if err != nil {
		return nil, err
	}
	return saved.Unwrap(), nil
}

func (in SaveReviewInput) save(ctx context.Context, tx *store.Tx, v viewer.Viewer, id uuid.UUID) (*ent.Review, error) {
	was, err := tx.Review.Query().Where(review.UserID(v.UserID), review.ProductID(id), tx.Locking()).Only(ctx)
	if err != nil && !ent.IsNotFound(err) {
		return nil, err
	}
	if err := checkReview(in, was == nil); err != nil {
		return nil, err
	}
	if was == nil {
		if _, err := shown(ctx, tx, id); err != nil {
			return nil, err
		}
	} else if err := stale(in.Revision, was.Revision); err != nil {
		return nil, err
	}
	if was != nil && in.same(was) {
		return was, nil
	}
	line, err := bought(ctx, tx, v.UserID, id)
	if err != nil {
		return nil, err
	}
	name, err := authorName(ctx, tx, v.UserID)
	if err != nil {
		return nil, err
	}
	if was == nil {
		return tx.Review.Create().SetUserID(v.UserID).SetProductID(id).SetOrderLineID(line).SetRating(*in.Rating).
			SetNillableTitle(in.Title.Value()).SetNillableBody(in.Body.Value()).SetNillableAuthorName(name).SetWrittenAt(tx.Now).Save(ctx)
	}
	u := tx.Review.UpdateOneID(was.ID).SetOrderLineID(line).SetNillableRating(in.Rating).SetStatus(review.StatusPENDING).
		SetWrittenAt(tx.Now).ClearPublishedAt().ClearRejectReason().AddRevision(1)
	in.words(u, name)
	saved, err := u.Save(ctx)
	if err != nil {
		return nil, err
	}
	sum, count := counted(ReviewStatus(was.Status), ReviewStatusPending, was.Rating, saved.Rating)
	return saved, addStars(ctx, tx, id, sum, count)
}

// words puts the texts of an input on a row; the name is the author's of now.
func (in SaveReviewInput) words(u *ent.ReviewUpdateOne, name *string) {
	if name != nil {
		u.SetAuthorName(*name)
	} else {
		u.ClearAuthorName()
	}
	switch title := in.Title.Value(); {
	case title != nil:
		u.SetTitle(*title)
	case in.Title.IsSet():
		u.ClearTitle()
	}
	switch body := in.Body.Value(); {
	case body != nil:
		u.SetBody(*body)
	case in.Body.IsSet():
		u.ClearBody()
	}
}

// same says whether an input changes nothing.
func (in SaveReviewInput) same(r *ent.Review) bool {
	return (in.Rating == nil || *in.Rating == r.Rating) && (!in.Title.IsSet() || equal(in.Title.Value(), r.Title)) &&
		(!in.Body.IsSet() || equal(in.Body.Value(), r.Body))
}

func equal(a, b *string) bool { return a == b || a != nil && b != nil && *a == *b }

// bought is the last line by which a person bought a product and received it,
// for himself or for whom he acted then: so it is looked for past the fence.
// Fault: REVIEW_NOT_BOUGHT.
func bought(ctx context.Context, tx *store.Tx, user, product uuid.UUID) (uuid.UUID, error) {
	line, err := tx.OrderLine.Query().Where(orderline.ProductID(product), notSentBack, orderline.HasOrderWith(
		entorder.UserID(user), entorder.StatusNEQ(entorder.StatusCANCELLED),
		entorder.FulfillmentStatusIn(entorder.FulfillmentStatusDELIVERED, entorder.FulfillmentStatusPARTIALLY_RETURNED),
	)).Order(orderline.ByID(sql.OrderDesc())).FirstID(viewer.AsSystem(ctx, "list.bought"))
	if ent.IsNotFound(err) {
		return line, ErrReviewNotBought.At("input", "productId")
	}
	return line, err
}

// notSentBack are the lines that were not wholly cancelled or sent back.
func notSentBack(s *sql.Selector) {
	s.Where(sql.P(func(b *sql.Builder) {
		b.Ident(s.C(orderline.FieldCancelled)).WriteString(" + ").Ident(s.C(orderline.FieldReturned)).WriteString(" < ").Ident(s.C(orderline.FieldQuantity))
	}))
}

// DeleteReview deletes the person's own review. Faults: UNAUTHENTICATED,
// INVALID_ID, NOT_FOUND.
func (l *Lists) DeleteReview(ctx context.Context, in DeleteReviewInput) (*scalar.ID, error) {
	v, err := me(ctx)
	if err != nil {
		return nil, err
	}
	id, err := in.ID.As("rev")
	if err != nil {
		return nil, fault.ErrInvalidID.At("input", "id")
	}
	err = l.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		was, err := tx.Review.Query().Where(review.ID(id), review.UserID(v.UserID), tx.Locking()).Only(ctx)
		if ent.IsNotFound(err) {
			return fault.ErrNotFound.At("input", "id")
		}
		if err != nil {
			return err
		}
		if err := tx.Review.DeleteOneID(id).Exec(ctx); err != nil {
			return err
		}
		sum, count := counted(ReviewStatus(was.Status), ReviewStatusPending, was.Rating, 0)
		return addStars(ctx, tx, *was.ProductID, sum, count)
	})
	if err != nil {
		return nil, err
	}
	return &in.ID, nil
}
