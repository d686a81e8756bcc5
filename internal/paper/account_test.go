package paper_test

import (
	"strings"
	"testing"
	"time"

	"kabinet/internal/paper"
	"kabinet/internal/store/storetest"
)

// A statement leads from one balance to the other; days that were closed say
// the same for ever.
func TestStatementOfAWallet(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		o := newOffice(t, db) // 2026-11-21 12:00
		wallet := o.account(o.alice, "WALLET", 100_00, -30_50, 5_00)
		db.Clock.Add(24*time.Hour - 3*time.Hour)
		day := func(from, to string) paper.GenerateDocumentInput {
			return paper.GenerateDocumentInput{Kind: kindOf("STATEMENT"), SubjectID: wallet, Period: &paper.DocumentPeriodInput{From: &from, To: to}}
		}
		g, err := o.Generate(as(o.alice), day("2026-11-21", "2026-11-21"))
		o.must(err)
		s := o.sheet(g.Document)
		if *g.Document.FromOn != "2026-11-21" || *g.Document.ToOn != "2026-11-21" {
			t.Errorf("%v %v", g.Document.FromOn, g.Document.ToOn)
		}
		rows := s.Grids[0].Rows
		if len(rows) != 3 || rows[0][2] != "£100.00" || rows[1][3] != "£30.50" || rows[2][4] != "£74.50" {
			t.Errorf("%q", rows)
		}
		var totals []string
		for _, f := range s.Grids[0].Totals {
			totals = append(totals, f.Value)
		}
		if strings.Join(totals, " ") != "£105.00 £30.50 £74.50" || s.Words[0] != "Seventy-four pounds and fifty pence" {
			t.Errorf("%q %q", totals, s.Words)
		}
		next, err := o.Generate(as(o.alice), day("2026-11-22", "2026-11-22"))
		o.must(err)
		if s := o.sheet(next.Document); len(s.Grids[0].Rows) != 0 || s.Grids[0].Empty == "" || s.Grids[0].Totals[2].Value != "£74.50" {
			t.Errorf("the day after: %+v", s.Grids[0])
		}
		again, err := o.Generate(as(o.alice), day("2026-11-21", "2026-11-21"))
		if o.must(err); !*again.Existed || again.Document.ID != g.Document.ID {
			t.Errorf("%+v", again.Document)
		}
	})
}

// A certificate of a day that is over never changes; that of today is another
// one when the balance is.
func TestCertificate(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		o := newOffice(t, db)
		db.Clock.Add(11 * time.Hour)                      // 23:00
		points := o.account(o.alice, "BONUS", 1500, -300) // 23:00 and 0:00
		in := func(to string) paper.GenerateDocumentInput {
			return paper.GenerateDocumentInput{Kind: kindOf("CERTIFICATE"), SubjectID: points, Period: &paper.DocumentPeriodInput{To: to}}
		}
		for day, want := range map[string]string{
			"2026-11-20": "held 0 points at the end of 20 November 2026", "2026-11-21": "held 1,500 points at the end of 21 November 2026",
			"2026-11-22": "held 1,200 points on 22 November 2026, when this was issued",
		} {
			g, err := o.Generate(as(o.alice), in(day))
			o.must(err)
			if s := o.sheet(g.Document); !strings.Contains(s.Text[0], want) {
				t.Errorf("%s: %q", day, s.Text)
			}
		}
		today, err := o.Generate(as(o.alice), paper.GenerateDocumentInput{Kind: kindOf("CERTIFICATE"), SubjectID: points})
		if o.must(err); !*today.Existed {
			t.Error("the same was issued again")
		}
	})
}
