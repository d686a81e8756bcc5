package main

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"

	"kabinet/internal/job"
	"kabinet/internal/list"
	"kabinet/internal/order"
	"kabinet/internal/recommend"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
)

// wireLists ties lists to orders, which they place, and to acts, which reviews
// are, and makes what proposes products. It needs promotions and campaigns.
func (k *kabinet) wireLists() {
	k.lists = &list.Lists{
		Store: k.store, Place: k.placeList, Shown: order.Shown, Selected: k.orders.Selected,
		TryCodes: k.orders.TryCodes, NoteAct: k.campaigns.NoteAct,
	}
	k.wireRecommendations()
}

func (k *kabinet) placeList(ctx context.Context, tx *store.Tx, id uuid.UUID, b list.Basket) error {
	in := order.PlaceOrderInput{Note: b.Note, PromoCodes: b.PromoCodes}
	for _, l := range b.Lines {
		in.Lines = append(in.Lines, &order.PlaceOrderLineInput{Sku: l.Sku, Quantity: int(l.Quantity)})
	}
	if b.AddressID != nil {
		in.AddressID = &scalar.ID{Prefix: "adr", UUID: *b.AddressID}
	}
	_, err := k.orders.PlaceIn(ctx, tx, id, order.Placing{PlaceOrderInput: in})
	return err
}

// alertWishers registers the job that tells who put a product aside.
func (k *kabinet) alertWishers(workers *river.Workers) {
	job.Handle(workers, k.lists.Alert)
}

// wireRecommendations makes what proposes products.
func (k *kabinet) wireRecommendations() {
	k.recommendations = &recommend.Recommendations{Store: k.store}
}

// countTime is how long the counting may take at once; what is left then is
// counted an hour later.
const countTime = 30 * time.Minute

// countGoods works out anew what of the orders says which products go
// together: first how often each is bought, then with which.
func (k *kabinet) countGoods(ctx context.Context) error {
	if err := untilDone(ctx, k.recommendations.FiguresDue); err != nil {
		return err
	}
	return untilDone(ctx, k.recommendations.PairsDue)
}
