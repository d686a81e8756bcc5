package main

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"

	ent "kabinet/ent/generated"
	"kabinet/internal/bonus"
	"kabinet/internal/job"
	"kabinet/internal/order"
	"kabinet/internal/promotion"
	"kabinet/internal/store"
)

// wirePromotions ties promotions to orders, which they reduce, and to points,
// which they give.
func (k *kabinet) wirePromotions() {
	k.orders.Reduce, k.orders.Unreduce, k.orders.TryCodes = k.reduce, k.promotions.Unreduce, k.promotions.Try
	k.promotions.Give = func(ctx context.Context, tx *store.Tx, owner uuid.UUID, points int64, cause string, explain map[string]any, orderID *uuid.UUID) error {
		_, err := k.points.GiveFor(ctx, tx, bonus.Gift{Owner: owner, Amount: points, Cause: cause, Explain: explain, Order: orderID})
		return err
	}
	k.promotions.TakeBack = k.points.TakeBack
	k.rewards.IssueCode, k.rewards.VoidCode, k.rewards.Issues = k.promotions.IssueCode, k.promotions.VoidCode, k.promotions.Issues
	k.promotions.Settle = func(ctx context.Context, owner uuid.UUID) error {
		_, err := k.points.AccountsOf(ctx, owner)
		return err
	}
}

func (k *kabinet) reduce(ctx context.Context, tx *store.Tx, o *ent.Order, lines []*ent.OrderLine, codes []string) (order.Reduced, error) {
	r, err := k.promotions.Reduce(ctx, tx, o, lines, codes)
	return order.Reduced{Lines: r.Lines, Gifts: r.Gifts, Why: r.Why}, err
}

// codesWithin is how long one job makes promo codes before it lets others in.
const codesWithin = 30 * time.Second

// makeCodes registers the job that makes promo codes.
func (k *kabinet) makeCodes(workers *river.Workers) {
	job.Handle(workers, func(ctx context.Context, j *river.Job[promotion.MakeCodes]) error {
		more, err := k.promotions.MakeCodes(ctx, j.Args.Task, codesWithin)
		if err == nil && more {
			return river.JobSnooze(0)
		}
		return err
	})
}
