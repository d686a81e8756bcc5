package paper_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"testing"

	ent "kabinet/ent/generated"
	entdocument "kabinet/ent/generated/document"
	"kabinet/ent/generated/documentseries"
	entorder "kabinet/ent/generated/order"
	"kabinet/internal/paper"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
)

func (o *office) generate(ctx context.Context, kind string, about scalar.ID) *ent.Document {
	o.t.Helper()
	g, err := o.Generate(ctx, paper.GenerateDocumentInput{Kind: kindOf(kind), SubjectID: about})
	o.must(err)
	return g.Document
}

// Eight at once, and eight of two people: one paper with one number, one file.
func TestEightAtOnceAreOnePaper(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		o := newOffice(t, db)
		about := o.order(o.alice, 3).GlobalID()
		staff := o.asStaff("order")
		var wg sync.WaitGroup
		papers := make([]paper.Generated, 16)
		for i := range papers {
			wg.Go(func() {
				ctx := as(o.alice)
				if i%2 == 1 {
					ctx = staff
				}
				g, err := o.Generate(ctx, paper.GenerateDocumentInput{Kind: kindOf("RECEIPT"), SubjectID: about})
				if err != nil {
					t.Error(err)
					return
				}
				papers[i] = g
			})
		}
		wg.Wait()
		fresh := 0
		for _, g := range papers {
			if g.Document == nil || g.Document.ID != papers[0].Document.ID || g.Document.Status != entdocument.StatusISSUED || g.Document.BlobKey == nil {
				t.Fatalf("%+v is not %+v", g.Document, papers[0].Document)
			}
			if !*g.Existed {
				fresh++
			}
		}
		if fresh != 1 || len(o.issue) != 1 {
			t.Errorf("%d say that they issued it, %d were told", fresh, len(o.issue))
		}
		o.numbers("RCP-2026", 1)
	})
}

// numbers holds that a series was counted to n and that each number has its
// paper.
func (o *office) numbers(series string, n int) {
	o.t.Helper()
	last, err := o.db.Client.DocumentSeries.Query().Where(documentseries.Series(series)).Only(storetest.System())
	o.must(err)
	papers, err := o.db.Client.Document.Query().Where(entdocument.Series(series)).All(storetest.System())
	o.must(err)
	var got []string
	for _, d := range papers {
		got = append(got, *d.Number)
	}
	slices.Sort(got)
	var want []string
	for i := range n {
		want = append(want, fmt.Sprintf("%06d", i+1))
	}
	if !slices.Equal(got, want) || last.Last != int64(n) {
		o.t.Errorf("%v, counted to %d, want %d of them", got, last.Last, n)
	}
}

// Different orders at once: each has its number and none is left out, also
// where a transaction fails after it took one.
func TestNumbersHaveNoHoles(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		o := newOffice(t, db)
		const n = 12
		orders := make([]scalar.ID, n)
		for i := range orders {
			orders[i] = o.order(o.alice, 1).GlobalID()
		}
		reserve := o.Reserve
		var mu sync.Mutex
		failed := map[scalar.ID]bool{}
		o.Papers.Reserve = func(ctx context.Context, tx *store.Tx, p paper.Issued) (*ent.Document, error) {
			mu.Lock()
			first := !failed[p.About]
			failed[p.About] = true
			mu.Unlock()
			d, err := reserve(ctx, tx, p)
			if err == nil && first {
				err = errors.New("the machine is full")
			}
			return d, err
		}
		var wg sync.WaitGroup
		for _, about := range orders {
			wg.Go(func() {
				in := paper.GenerateDocumentInput{Kind: kindOf("INVOICE"), SubjectID: about}
				if _, err := o.Generate(as(o.alice), in); err == nil {
					t.Error("the first one did not fail")
				}
				if _, err := o.Generate(as(o.alice), in); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		o.numbers("INV-2026", n)
	})
}

// What an order says now is another paper; what it said is void and its number
// stays taken. What it said before and says again is a third one.
func TestAChangeIsAnotherPaper(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		o := newOffice(t, db)
		row := o.order(o.alice, 2)
		change := func(minor int64) {
			o.write(func(ctx context.Context, tx *store.Tx) error {
				return tx.Order.Update().Where(entorder.ID(row.ID)).SetShippingMinor(minor).SetTotalMinor(2000 + minor).Exec(ctx)
			})
		}
		first := o.generate(as(o.alice), "INVOICE", row.GlobalID())
		change(250)
		second := o.generate(as(o.alice), "INVOICE", row.GlobalID())
		change(0)
		third := o.generate(as(o.alice), "INVOICE", row.GlobalID())
		again := o.generate(as(o.alice), "INVOICE", row.GlobalID())
		if *first.Number != "000001" || *second.Number != "000002" || *third.Number != "000003" || again.ID != third.ID || third.Version != 3 || *third.ReplacesID != second.ID {
			t.Errorf("%+v\n%+v\n%+v", first, second, third)
		}
		if *second.AmountMinor != 2250 || *third.AmountMinor != 2000 || *third.Currency != "GBP" {
			t.Errorf("invoices of %d and %d", *second.AmountMinor, *third.AmountMinor)
		}
		for _, old := range []*ent.Document{first, second} {
			now, err := db.Client.Document.Get(storetest.System(), old.ID)
			o.must(err)
			if g, err := o.download(as(o.alice), now); err != nil || now.Status != entdocument.StatusVOID || g.Name != "VOID - "+old.Title {
				t.Errorf("%s is %s, %+v %v", *old.Number, now.Status, g, err)
			}
		}
		if s := o.sheet(second); s.Notes[0] != "Takes the place of No. INV-2026-000001, which is not valid any more." || s.Words[1] != "Twenty-two pounds and fifty pence" {
			t.Errorf("%v %v", s.Notes, s.Words)
		}
		russian := "ru"
		g, err := o.Generate(as(o.alice), paper.GenerateDocumentInput{Kind: kindOf("INVOICE"), SubjectID: row.GlobalID(), Locale: &russian})
		if o.must(err); *g.Document.Number != "000004" || g.Document.Version != 4 || *g.Document.ReplacesID != third.ID {
			t.Errorf("an invoice in another language is a second one: %+v", g.Document)
		}
		english, err := o.Generate(as(o.alice), paper.GenerateDocumentInput{Kind: kindOf("RECEIPT"), SubjectID: row.GlobalID()})
		o.must(err)
		receipt, err := o.Generate(as(o.alice), paper.GenerateDocumentInput{Kind: kindOf("RECEIPT"), SubjectID: row.GlobalID(), Locale: &russian})
		if o.must(err); receipt.Document.Version != 1 || receipt.Document.ID == english.Document.ID {
			t.Errorf("a receipt in another language: %+v", receipt.Document)
		}
	})
}

// A process that dies after the number was given leaves a row that nobody sees;
// who asks again gets that very paper.
func TestAPaperThatWasBegunIsFinished(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		o := newOffice(t, db)
		about := o.order(o.alice, 1).GlobalID()
		o.Papers.Draw = func(io.Writer, *paper.Sheet, string) error { return errors.New("killed") }
		if _, err := o.Generate(as(o.alice), paper.GenerateDocumentInput{Kind: kindOf("RECEIPT"), SubjectID: about}); err == nil {
			t.Fatal("it was drawn")
		}
		o.Papers.Draw = o.draw
		d := o.generate(as(o.alice), "RECEIPT", about)
		if *d.Number != "000001" || d.Status != entdocument.StatusISSUED {
			t.Errorf("%+v", d)
		}
		o.numbers("RCP-2026", 1)
	})
}

// security F8: another's order, account or agreement is not there; staff needs
// the right to read it.
func TestNobodyGetsAnothers(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		o := newOffice(t, db)
		order := o.order(o.alice, 1).GlobalID()
		wallet, points := o.account(o.alice, "WALLET", 100), o.account(o.alice, "BONUS", 7)
		days := &paper.DocumentPeriodInput{From: new("2026-11-01"), To: "2026-11-21"}
		for _, c := range []struct {
			kind    string
			about   scalar.ID
			days    *paper.DocumentPeriodInput
			allowed string
		}{
			{"RECEIPT", order, nil, "order"}, {"STATEMENT", wallet, days, "wallet"}, {"CERTIFICATE", wallet, nil, "wallet"},
			{"STATEMENT", points, days, "bonus"}, {"CERTIFICATE", points, nil, "bonus"}, {"STATEMENT", scalar.ID{Prefix: "usr", UUID: o.alice}, days, "order"},
		} {
			in := paper.GenerateDocumentInput{Kind: kindOf(c.kind), SubjectID: c.about, Period: c.days}
			_, err := o.Generate(as(o.bob), in)
			refused(t, err, "NOT_FOUND", "input", "subjectId")
			for _, right := range []string{"order", "wallet", "bonus", "ticket"} {
				_, err := o.Generate(o.asStaff(right), in)
				if right == c.allowed {
					o.must(err)
				} else if err == nil {
					t.Errorf("staff who reads %s gets %s of %s", right, c.kind, c.about)
				}
			}
			_, err = o.Generate(context.Background(), in)
			refused(t, err, "UNAUTHENTICATED")
		}
	})
}

func TestTooLongForPaper(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		o := newOffice(t, db)
		about := o.order(o.alice, 5001).GlobalID()
		_, err := o.Generate(as(o.alice), paper.GenerateDocumentInput{Kind: kindOf("RECEIPT"), SubjectID: about})
		refused(t, err, "PAPER_TOO_LONG", "input", "subjectId")
		if n, err := db.Client.DocumentSeries.Query().Count(storetest.System()); err != nil || n != 0 {
			t.Errorf("a number was taken: %d %v", n, err)
		}
	})
}

// A number of ours that a paper of an outside system bears is passed over; the
// series goes on.
func TestNumberThatIsTaken(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		o := newOffice(t, db)
		o.write(func(ctx context.Context, tx *store.Tx) error {
			for _, number := range []string{"000001", "000002"} {
				err := tx.Document.Create().SetOwnerID(o.alice).SetKind(entdocument.KindACT).SetTitle("theirs.pdf").
					SetStatus(entdocument.StatusISSUED).SetSeries("INV-2026").SetNumber(number).Exec(ctx)
				if err != nil {
					return err
				}
			}
			return nil
		})
		for i, want := range []string{"000003", "000004"} {
			if d := o.generate(as(o.alice), "INVOICE", o.order(o.alice, 1).GlobalID()); *d.Number != want {
				t.Errorf("paper %d has number %s", i, *d.Number)
			}
		}
	})
}
