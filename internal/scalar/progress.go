package scalar

import "time"

// Progress is how far somebody has come towards something: a tier, a profile
// filled in, a goal of a campaign. It stands behind the SDL's type of that name
// for all domains.
type Progress struct {
	Current  int64      // so many are done
	Target   int64      // so many are asked for
	Unit     string     // what they are: points, orders, fields, or a currency, whose minor units they are
	Deadline *time.Time // until when they count; nil: without end
}
