package paper

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/internal/locale"
	"kabinet/internal/scalar"
)

// draft is what a paper would say now. Its number and its day come last, so
// that two drafts of the same are alike.
type draft struct {
	Kind        string
	Owner       uuid.UUID
	About       scalar.ID
	First, Last *string       // of the period
	Total       *scalar.Money // of an invoice
	Sheet       Sheet
}

// fingerprint is the same for drafts that say the same about the same.
func (d *draft) fingerprint() (string, error) {
	b, err := json.Marshal(d)
	if err != nil {
		return "", fmt.Errorf("paper: %w", err)
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:]), nil
}

// series are the letters of each kind of paper.
var series = map[string]string{
	"INVOICE": "INV", "RECEIPT": "RCP", "ACT": "ACT", "WAYBILL": "WBL", "STATEMENT": "STM", "CERTIFICATE": "CRT", "CONTRACT": "CTR",
}

// seriesOf is the series of a kind of paper in a year: numbers begin anew with it.
func (p *Papers) seriesOf(kind string, at time.Time) string {
	s := series[kind] + "-" + at.In(p.zone()).Format("2006")
	if p.Seller.Series != "" {
		s = p.Seller.Series + "-" + s
	}
	return s
}

// Ours says whether a series is, or will be in some year, one of ours: numbers
// of it are given here alone.
func (p *Papers) Ours(name string) bool {
	at, err := time.ParseInLocation("2006", name[max(0, len(name)-4):], p.zone())
	if err != nil {
		return false
	}
	for kind := range series {
		if name == p.seriesOf(kind, at) {
			return true
		}
	}
	return false
}

// numbered is the whole name of a paper.
func numbered(series, number string) string { return series + "-" + number }

func numberOf(n int64) string { return fmt.Sprintf("%06d", n) }

// sheetOf is the sheet of a paper that has its number: the same for the same
// row, whenever it is drawn.
func (p *Papers) sheetOf(d *draft, paper, before *ent.Document) *Sheet {
	s := d.Sheet
	name := numbered(*paper.Series, *paper.Number)
	s.Title = locale.Text(s.Locale, "paper.title."+d.Kind, map[string]any{"number": name, "date": p.date(s.Locale, paper.CreatedAt)})
	s.Made = paper.CreatedAt
	if before != nil && before.Series != nil && before.Number != nil {
		note := locale.Text(s.Locale, "paper.replaces", map[string]any{"number": numbered(*before.Series, *before.Number)})
		s.Notes = append([]string{note}, s.Notes...)
	}
	return &s
}

func (p *Papers) zone() *time.Location {
	if p.Zone == nil {
		return time.UTC
	}
	return p.Zone
}

func (p *Papers) date(lang string, t time.Time) string {
	return locale.Date(lang, t, p.zone().String())
}

func (p *Papers) dateTime(lang string, t time.Time) string {
	return locale.DateTime(lang, t, p.zone().String())
}

// shortDay is a day as it stands in tables.
func shortDay(lang string, t time.Time) string {
	if locale.Match(lang) == locale.Russian {
		return t.Format("02.01.2006")
	}
	return t.Format("2 Jan 2006")
}

// stamp is a moment as it stands in tables.
func (p *Papers) stamp(lang string, t time.Time) string {
	t = t.In(p.zone())
	return shortDay(lang, t) + " " + t.Format("15:04")
}

// say is a text of this room.
func say(lang, id string, with ...any) string {
	var params map[string]any
	for i := 0; i+1 < len(with); i += 2 {
		if params == nil {
			params = map[string]any{}
		}
		params[with[i].(string)] = with[i+1]
	}
	return locale.Text(lang, "paper."+id, params)
}
