package list

import (
	"io"

	"kabinet/internal/scalar"
)

// ReviewStatus is where a review stands; the database has the same words.
type ReviewStatus string

// The values of ReviewStatus.
const (
	ReviewStatusPending   ReviewStatus = "PENDING"
	ReviewStatusPublished ReviewStatus = "PUBLISHED"
	ReviewStatusRejected  ReviewStatus = "REJECTED"
)

// MarshalGQL writes the value.
func (e ReviewStatus) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads a value.
func (e *ReviewStatus) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum(v, ReviewStatusPending, ReviewStatusPublished, ReviewStatusRejected)
	return err
}

// ProductAvailability is whether a product can be had.
type ProductAvailability string

// The values of ProductAvailability.
const (
	ProductAvailabilityAvailable  ProductAvailability = "AVAILABLE"
	ProductAvailabilityOutOfStock ProductAvailability = "OUT_OF_STOCK"
	ProductAvailabilityNotSold    ProductAvailability = "NOT_SOLD"
)

// MarshalGQL writes the value.
func (e ProductAvailability) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads a value.
func (e *ProductAvailability) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum(v, ProductAvailabilityAvailable, ProductAvailabilityOutOfStock, ProductAvailabilityNotSold)
	return err
}

// ListGapKind is what is in the way of ordering an item of a list as it stands.
type ListGapKind string

// The values of ListGapKind.
const (
	ListGapKindNoLongerSold  ListGapKind = "NO_LONGER_SOLD"
	ListGapKindOutOfStock    ListGapKind = "OUT_OF_STOCK"
	ListGapKindFewerInStock  ListGapKind = "FEWER_IN_STOCK"
	ListGapKindPriceChanged  ListGapKind = "PRICE_CHANGED"
	ListGapKindOtherCurrency ListGapKind = "OTHER_CURRENCY"
)

// MarshalGQL writes the value.
func (e ListGapKind) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads a value.
func (e *ListGapKind) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum(v, ListGapKindNoLongerSold, ListGapKindOutOfStock, ListGapKindFewerInStock, ListGapKindPriceChanged, ListGapKindOtherCurrency)
	return err
}
