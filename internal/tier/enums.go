package tier

import (
	"io"

	"kabinet/internal/scalar"
)

// The enums of the SDL that inputs take; as rows hold them they are ent's.
type (
	// TierBasis is what is counted to reach a tier.
	TierBasis string
	// TierWindow is over which time is counted.
	TierWindow string
	// TierKeep is how long a tier is kept once it is reached.
	TierKeep string
	// TierDowngrade is where one falls from a tier that was not kept.
	TierDowngrade string
	// TierPerkKind is what a tier gives.
	TierPerkKind string
)

// The values of TierPerkKind.
const (
	TierPerkKindDiscount     TierPerkKind = "DISCOUNT"      // a reduction of prices
	TierPerkKindMultiplier   TierPerkKind = "MULTIPLIER"    // more points for the same
	TierPerkKindFreeDelivery TierPerkKind = "FREE_DELIVERY" // delivery without charge
	TierPerkKindOther        TierPerkKind = "OTHER"         // as its name says
)

// MarshalGQL writes the value.
func (e TierBasis) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads a value.
func (e *TierBasis) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum[TierBasis](v, "EARNED", "SPENT", "EITHER", "BOTH")
	return err
}

// MarshalGQL writes the value.
func (e TierWindow) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads a value.
func (e *TierWindow) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum[TierWindow](v, "ROLLING", "CALENDAR_YEAR", "EVER")
	return err
}

// MarshalGQL writes the value.
func (e TierKeep) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads a value.
func (e *TierKeep) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum[TierKeep](v, "DAYS", "YEAR_END", "NEXT_YEAR_END", "FOREVER")
	return err
}

// MarshalGQL writes the value.
func (e TierDowngrade) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads a value.
func (e *TierDowngrade) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum[TierDowngrade](v, "ONE_DOWN", "BY_BALANCE", "NEVER")
	return err
}

// MarshalGQL writes the value.
func (e TierPerkKind) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads a value.
func (e *TierPerkKind) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum(v, TierPerkKindDiscount, TierPerkKindMultiplier, TierPerkKindFreeDelivery, TierPerkKindOther)
	return err
}
