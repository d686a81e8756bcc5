package recommend

import (
	"io"
	"slices"

	"kabinet/internal/scalar"
)

// RecommendationReason is why a product is proposed.
type RecommendationReason string

// The values of RecommendationReason, the strongest first: that is the order
// of proposals.
const (
	RecommendationReasonOftenBought    RecommendationReason = "OFTEN_BOUGHT"
	RecommendationReasonBoughtTogether RecommendationReason = "BOUGHT_TOGETHER"
	RecommendationReasonViewed         RecommendationReason = "VIEWED"
	RecommendationReasonInterest       RecommendationReason = "INTEREST"
	RecommendationReasonPopular        RecommendationReason = "POPULAR"
)

var reasons = []RecommendationReason{
	RecommendationReasonOftenBought, RecommendationReasonBoughtTogether, RecommendationReasonViewed,
	RecommendationReasonInterest, RecommendationReasonPopular,
}

// rank is the place of a reason among them.
func (e RecommendationReason) rank() int { return slices.Index(reasons, e) }

// MarshalGQL writes the value.
func (e RecommendationReason) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads a value.
func (e *RecommendationReason) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum(v, reasons...)
	return err
}
