package invoice_test

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	entdocument "kabinet/ent/generated/document"
	"kabinet/internal/order/invoice"
	"kabinet/internal/scalar"
	"kabinet/internal/store/storetest"
	"kabinet/internal/viewer"
)

// Whatever order the versions of a paper come in, and however often, the newest
// one stands at the end.
func TestNewestStands(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		first := w.paper("alice", 1000)
		versions := make([]*invoice.UpsertDocumentInput, 6)
		for i := range versions {
			v := *first
			v.SourceUpdatedAt = first.SourceUpdatedAt.Add(time.Duration(i-10) * time.Minute)
			v.Amount, v.Title = ptr(money(int64(1000+100*i), "GBP")), "Invoice, version "+string(rune('A'+i))
			versions[i] = &v
		}
		for seed := range uint64(8) {
			r := rand.New(rand.NewPCG(seed, 3))
			key := w.key()
			var id scalar.ID
			for _, i := range append(r.Perm(len(versions)), r.Perm(len(versions))...) {
				v := *versions[i]
				v.External.ID, v.Number = key, &key
				if got := w.upsert(&v)[0]; got.Invoice != nil {
					id = got.Invoice.ID()
				} else if got.Outcome != scalar.UpsertOutdated {
					t.Fatalf("version %d: %s %v", i, got.Outcome, got.Err)
				}
			}
			b := w.stands("the newest", id, invoice.Issued, 0)
			if b.Amount().Minor != 1500 || b.Title != "Invoice, version F" {
				t.Errorf("%s of %d stands", b.Title, b.Amount().Minor)
			}
		}
	})
}

// What was paid is not taken back by a paper: an amount never falls below it,
// one that comes down to it is paid, one that rises is owed again.
func TestAmountsChange(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		p := w.paper("alice", 5000)
		id := w.upsert(p)[0].Invoice.ID()
		_, err := w.RecordPayment(w.asClerk(), invoice.RecordPaymentInput{InvoiceID: &id, Amount: money(2000, "GBP"), Means: invoice.ByCash,
			External: scalar.ExternalKey{Source: "till", ID: "1"}, IdempotencyKey: w.key()})
		w.must(err)
		change := func(minor int64, currency string) invoice.Upserted {
			w.db.Clock.Add(time.Minute)
			p.SourceUpdatedAt, p.Amount = w.db.Clock.Now(), ptr(money(minor, currency))
			return w.upsert(p)[0]
		}
		f := refusal(t, "less than was paid", change(1999, "GBP").Err, "OUT_OF_RANGE")
		if f.Params["min"] != "20.00" {
			t.Errorf("params %v", f.Params)
		}
		refused(t, "in another currency", change(5000, "EUR").Err, "WRONG_CURRENCY")
		w.must(change(2000, "GBP").Err)
		w.stands("just what was paid", id, invoice.Paid, 2000)
		w.must(change(2500, "GBP").Err)
		w.stands("more again", id, invoice.Issued, 2000)
		p.Void = ptr(true)
		w.must(change(2500, "GBP").Err)
		p.Void = nil
		refused(t, "valid again", change(2500, "GBP").Err, "ILLEGAL_TRANSITION")
		if b := w.stands("void", id, invoice.Void, 0); owed(b) != 2000 {
			t.Errorf("%d goes back of a void one, want 2000", owed(b))
		}
	})
}

// A thousand papers go in a bounded number of statements, and the same again
// change nothing.
func TestThousandPapers(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		papers := make([]*invoice.UpsertDocumentInput, 1000)
		for i := range papers {
			papers[i] = w.paper([]string{"alice", "bob"}[i%2], int64(100+i))
		}
		var done []invoice.Upserted
		_, texts := w.db.Statements(func() { done = w.upsert(papers...) })
		n := 0
		for _, text := range texts {
			if !strings.HasPrefix(text, "INSERT INTO account_events") { // SQLite's log is written row by row
				n++
			}
		}
		for i, d := range done {
			if d.Outcome != scalar.UpsertCreated || d.Invoice == nil || d.Invoice.Amount().Minor != int64(100+i) {
				t.Fatalf("paper %d: %s %v", i, d.Outcome, d.Err)
			}
		}
		if n > 60 {
			t.Errorf("%d statements", n)
		}
		for _, d := range w.upsert(papers...) {
			if d.Outcome != scalar.UpsertUnchanged {
				t.Fatalf("again: %s %v", d.Outcome, d.Err)
			}
		}
		_, err := w.Upsert(w.asClerk(), invoice.UpsertDocumentsInput{Documents: append(papers, w.paper("bob", 1))})
		refused(t, "one more", err, "TOO_LONG")
		_, err = w.Upsert(storetest.As(w.alice), invoice.UpsertDocumentsInput{Documents: papers[:1]})
		if codeOf(err) != "FORBIDDEN" {
			t.Errorf("by a customer: %v", err)
		}
		page, err := w.Of(storetest.As(w.bob), w.bob, nil, invoice.Page{First: ptr(100)})
		w.must(err)
		for _, e := range page.Edges {
			if e.Node.OwnerID != w.bob {
				t.Errorf("bob sees one of %s", e.Node.OwnerID)
			}
		}
		cost, _ := w.db.Statements(func() { _, err = w.Of(storetest.As(w.bob), w.bob, nil, invoice.Page{First: ptr(100)}) })
		if w.must(err); cost > 6 {
			t.Errorf("a page is %d statements", cost)
		}
	})
}

// One refused paper stops the rest where the policy says so, and not else.
func TestPolicies(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		bad := w.paper("nobody", 100)
		for policy, want := range map[scalar.ErrorPolicy][2]scalar.UpsertOutcome{
			scalar.RejectAll: {scalar.UpsertSkipped, scalar.UpsertRefused}, scalar.RejectFailed: {scalar.UpsertCreated, scalar.UpsertRefused}, scalar.IgnoreFailed: {scalar.UpsertCreated, scalar.UpsertRefused},
		} {
			done, err := w.Upsert(w.asClerk(), invoice.UpsertDocumentsInput{Documents: []*invoice.UpsertDocumentInput{w.paper("alice", 100), bad}, ErrorPolicy: &policy})
			w.must(err)
			if done[0].Outcome != want[0] || done[1].Outcome != want[1] {
				t.Errorf("%s: %s and %s", policy, done[0].Outcome, done[1].Outcome)
			}
		}
		big := w.paper("alice", 100)
		big.Metadata = map[string]any{"x": string(make([]byte, 17<<10))}
		policy := scalar.IgnoreFailed
		done, err := w.Upsert(w.asClerk(), invoice.UpsertDocumentsInput{Documents: []*invoice.UpsertDocumentInput{big}, ErrorPolicy: &policy})
		w.must(err)
		if done[0].Outcome != scalar.UpsertCreated || done[0].Err == nil || done[0].Document.Metadata != nil {
			t.Errorf("without its free data: %s %v", done[0].Outcome, done[0].Err)
		}
	})
}

// Numbers of our own series are given here alone: none comes from outside.
func TestOurSeries(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		w.Ours = func(series string) bool { return series == "INV-2026" }
		p := w.paper("alice", 100)
		p.Series, p.Number = ptr("INV-2026"), ptr("000007")
		done := w.upsert(p)[0]
		if f := refusal(t, "our series", done.Err, "ALREADY_TAKEN"); f.Path[len(f.Path)-1] != "series" {
			t.Error(f.Path)
		}
		p.Series = ptr("ERP-2026")
		if done = w.upsert(p)[0]; done.Outcome != scalar.UpsertCreated {
			t.Errorf("another series: %s %v", done.Outcome, done.Err)
		}
	})
}

// A company's invoices are seen and paid by who sees and makes its orders.
func TestCompanyInvoices(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		company := w.company()
		p := w.paper("alice", 1000)
		p.Customer, p.CompanyID = nil, &scalar.ID{Prefix: "com", UUID: company}
		made := w.upsert(p)[0]
		w.must(made.Err)
		id := made.Invoice.ID()
		act := func(reach viewer.Reach) viewer.Viewer {
			return viewer.Viewer{UserID: w.bob, OwnerID: company, Locale: "en", Grants: map[viewer.Permission]viewer.Reach{{Resource: "order", Operation: "read"}: reach, {Resource: "order", Operation: "write"}: reach}}
		}
		for reach, sees := range map[viewer.Reach]int{viewer.ReachOwner: 1, viewer.ReachOwn: 0, viewer.ReachNone: 0} {
			ctx := viewer.With(t.Context(), act(reach))
			page, err := w.Of(ctx, company, nil, invoice.Page{})
			w.must(err)
			_, one := w.Invoice(ctx, id)
			_, link := w.CreateLink(ctx, invoice.CreateInvoicePaymentLinkInput{InvoiceID: id, IdempotencyKey: w.key()})
			if len(page.Edges) != sees || (one == nil) != (sees == 1) || (link == nil) != (sees == 1) {
				t.Errorf("reach %d: %d invoices, %v, %v", reach, len(page.Edges), one, link)
			}
		}
		if made.Document.Kind != entdocument.KindINVOICE {
			t.Error(made.Document.Kind)
		}
	})
}
