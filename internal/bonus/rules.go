package bonus

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/bonusprogram"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
)

// checkAmount is the rule of amounts to spend and to give.
func checkAmount(n int64) error {
	switch {
	case n <= 0:
		return ErrPointsNotPositive.At("input", "amount")
	case n > scalar.MaxPoints:
		return outOfRange(1)
	}
	return nil
}

// checkDelta is the rule of corrections: any way, but some.
func checkDelta(n int64) error {
	switch {
	case n == 0:
		return fault.ErrInvalidValue.At("input", "amount")
	case n > scalar.MaxPoints || n < -scalar.MaxPoints:
		return outOfRange(-scalar.MaxPoints)
	}
	return nil
}

func outOfRange(least int64) error {
	return fault.ErrOutOfRange.At("input", "amount").With("min", least).With("max", int64(scalar.MaxPoints))
}

// maxReason is the longest reason, in characters.
const maxReason = 500

// checkReason is the rule of what staff write on an entry.
func checkReason(s string) (string, error) {
	s = strings.TrimSpace(s)
	switch {
	case s == "":
		return "", fault.ErrRequired.At("input", "reason")
	case utf8.RuneCountInString(s) > maxReason:
		return "", fault.ErrTooLong.At("input", "reason").With("limit", maxReason)
	case !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }):
		return "", fault.ErrInvalidValue.At("input", "reason")
	}
	return s, nil
}

// LinePoints is what a line earns: its total, as far as it is not cancelled or
// returned, times earn_points by earn_per_minor, rounded down. ok is false
// where that does not fit into Points.
func LinePoints(p *ent.BonusProgram, l *ent.OrderLine) (points int64, ok bool) {
	left := l.Quantity - l.Cancelled - l.Returned
	if l.TotalMinor <= 0 || left <= 0 || p.EarnPoints <= 0 {
		return 0, true
	}
	total := l.TotalMinor
	if left < l.Quantity {
		whole, fits := scalar.MulMinor(total, left)
		if !fits {
			return 0, false
		}
		total = whole / l.Quantity
	}
	product, fits := scalar.MulMinor(total, p.EarnPoints)
	if !fits {
		return 0, false
	}
	points = product / p.EarnPerMinor
	return points, points <= scalar.MaxPoints
}

// day is a day of the terms; programmes count by the clock, not by calendars.
const day = 24 * time.Hour

// Expires says when points that become active at a time fall due: nil is never.
func Expires(p *ent.BonusProgram, active time.Time) *time.Time {
	if p.LotPolicy == bonusprogram.LotPolicyNEVER || p.LotDays == nil {
		return nil
	}
	due := active.Add(time.Duration(*p.LotDays) * day)
	if p.LotPolicy == bonusprogram.LotPolicyCALENDAR { // with the year in which they would
		due = time.Date(due.Year()+1, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	return &due
}
