package bonus

import (
	"context"
	"slices"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/bonusprogram"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/viewer"
)

// The bounds of a programme's numbers.
const (
	maxLotDays     = 36500
	maxPendingDays = 365
	maxHoldMinutes = 90 * 24 * 60
	maxRemindDay   = 365
	maxReminders   = 10
)

// defaultRemindDays are said where a programme says nothing.
var defaultRemindDays = []int{30, 7, 1}

// checkProgram is the rule of a programme's numbers. Faults: REQUIRED,
// OUT_OF_RANGE, TOO_LONG.
func checkProgram(d *ent.BonusProgram) error {
	if d.LotPolicy != bonusprogram.LotPolicyNEVER && d.LotDays == nil {
		return fault.ErrRequired.At("input", "lotDays")
	}
	lots := 1
	set(&lots, d.LotDays)
	for _, n := range []struct {
		field       string
		value       int64
		least, most int64
	}{
		{"lotDays", int64(lots), 1, maxLotDays},
		{"pendingDays", int64(d.PendingDays), 0, maxPendingDays},
		{"holdMinutes", int64(d.HoldMinutes), 1, maxHoldMinutes},
		{"refundGraceDays", int64(d.RefundGraceDays), 0, 365},
		{"earnPoints", d.EarnPoints, 0, scalar.MaxPoints},
		{"adjustmentLimit", orZero(d.AdjustmentLimit), 0, scalar.MaxPoints},
	} {
		if n.value < n.least || n.value > n.most {
			return fault.ErrOutOfRange.At("input", n.field).With("min", n.least).With("max", n.most)
		}
	}
	if err := checkLimits(d); err != nil {
		return err
	}
	if len(d.RemindDays) > maxReminders {
		return fault.ErrTooLong.At("input", "remindDays").With("limit", maxReminders)
	}
	for _, n := range d.RemindDays {
		if n < 1 || n > maxRemindDay {
			return fault.ErrOutOfRange.At("input", "remindDays").With("min", 1).With("max", maxRemindDay)
		}
	}
	slices.SortFunc(d.RemindDays, func(a, b int) int { return b - a })
	d.RemindDays = slices.Compact(d.RemindDays)
	return nil
}

func checkLimits(d *ent.BonusProgram) error {
	for _, l := range []struct {
		field string
		value int64
		least int64
	}{{"min", d.TransferMin, 1}, {"max", orLeast(d.TransferMax, d.TransferMin), d.TransferMin}, {"daily", orLeast(d.TransferDaily, 1), 1}} {
		if l.value < l.least || l.value > scalar.MaxPoints {
			return fault.ErrOutOfRange.At("input", "transferLimits", l.field).With("min", l.least).With("max", int64(scalar.MaxPoints))
		}
	}
	return nil
}

func orZero(n *int64) int64 { return orLeast(n, 0) }

func orLeast(n *int64, least int64) int64 {
	if n == nil {
		return least
	}
	return *n
}

// Reminders are how many days before points expire their owner is told.
func Reminders(p *ent.BonusProgram) []int {
	if p.RemindDays == nil {
		return defaultRemindDays
	}
	return p.RemindDays
}

// Limits are what members may give to each other; nil: nothing.
func Limits(p *ent.BonusProgram) *TransferLimits {
	if !p.Transfers {
		return nil
	}
	return &TransferLimits{Min: p.TransferMin, Max: p.TransferMax, Daily: p.TransferDaily}
}

// Rates are the programmes that points can be exchanged into.
func Rates(p *ent.BonusProgram) []*ExchangeRate {
	rates := make([]*ExchangeRate, len(p.ExchangeRates))
	for i, r := range p.ExchangeRates {
		rates[i] = &ExchangeRate{ProgramID: scalar.ID{Prefix: "prog", UUID: r.ProgramID}, Give: r.Give, Get: r.Get}
	}
	return rates
}

// AdjustmentLimit is how large a correction may be that nobody else looks at;
// staff alone are told.
func AdjustmentLimit(ctx context.Context, p *ent.BonusProgram) *int64 {
	if !viewer.From(ctx).Staff {
		return nil
	}
	return p.AdjustmentLimit
}

// ProgramTexts are a programme's texts in every language, to edit.
func ProgramTexts(p *ent.BonusProgram) []*BonusProgramText {
	var all []*BonusProgramText
	for _, t := range scalar.Translations(p.Texts) {
		all = append(all, &BonusProgramText{Locale: t.Locale, Name: t.Name, UnitName: p.Texts[t.Locale]["unit"], Terms: t.Terms})
	}
	return all
}
