package main

import (
	"context"
	"time"

	"kabinet/internal/recommend"
)

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
