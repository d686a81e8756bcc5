package invoice_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entdocument "kabinet/ent/generated/document"
	"kabinet/ent/generated/paymentnotice"
	"kabinet/ent/generated/product"
	"kabinet/ent/generated/user"
	"kabinet/internal/fault"
	"kabinet/internal/ledger"
	"kabinet/internal/order"
	"kabinet/internal/order/after"
	"kabinet/internal/order/invoice"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/viewer"
	"kabinet/internal/wallet"
)

// world is a shop whose orders, wallets and invoices are tied together as the
// server ties them; the payment provider remembers what it was asked for.
type world struct {
	*invoice.Bills
	t                 testing.TB
	db                *storetest.DB
	orders            *order.Orders
	after             *after.Acts
	wallets           *wallet.Wallets
	alice, bob, clerk uuid.UUID
	keys              atomic.Int64
	sku               string
	mu                sync.Mutex
	asked             []after.Intent
	down              bool
}

func newWorld(t testing.TB, db *storetest.DB) *world {
	t.Helper()
	w := &world{t: t, db: db, sku: "TEA-" + uuid.NewString()}
	sealer, err := store.NewSealer(bytes.Repeat([]byte{7}, 32))
	w.must(err)
	w.wallets = &wallet.Wallets{Store: db.Store, Books: &ledger.Books{Store: db.Store}}
	w.orders = &order.Orders{Store: db.Store, Repay: w.wallets.Repay}
	w.after = &after.Acts{Store: db.Store, Orders: w.orders, Sealer: sealer, Payments: &after.Payments{Name: "test", Create: w.create},
		MayReturn: func(string) error { return fault.New(fault.Invalid, "RETURN_NOT_ALLOWED") }, Credit: w.wallets.Credit}
	w.Bills = &invoice.Bills{Store: db.Store, Orders: w.orders, After: w.after, Known: w.known}
	w.orders.Papers, w.after.CloseRefund = w.Bills.Follow, w.Bills.CloseRefund
	w.wallets.Invoice = func(ctx context.Context, tx *store.Tx, owner, id uuid.UUID) (wallet.Bill, error) {
		b, err := w.Bill(ctx, tx, owner, id)
		return wallet.Bill{Currency: b.Currency, Open: b.Open, Order: b.OrderID, Pay: b.Pay, View: func(ctx context.Context) (any, error) { return b.View(ctx) }}, err
	}
	w.wallets.Order = func(ctx context.Context, tx *store.Tx, n wallet.Notice) (paymentnotice.Outcome, *uuid.UUID, error) {
		said := after.Notice{Provider: n.Provider, Type: n.Type, Ref: n.Ref, Reference: n.Reference, Amount: n.Amount, Currency: n.Currency, Reason: n.Reason}
		outcome, id, err := w.after.HearPayment(ctx, tx, said)
		if err == nil && outcome == after.Unknown {
			outcome, id, err = w.HearPayment(ctx, tx, said)
		}
		return paymentnotice.Outcome(outcome), id, err
	}
	w.must(db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
		for name, id := range map[string]*uuid.UUID{"alice": &w.alice, "bob": &w.bob, "clerk": &w.clerk} {
			u, err := tx.User.Create().SetDisplayName(name).SetStatus(user.StatusACTIVE).Save(ctx)
			if err != nil {
				return err
			}
			*id = u.ID
		}
		return tx.Product.Create().SetSku(w.sku).SetTitle("Tea").SetPriceMinor(1000).SetCurrency("GBP").SetStock(1000).SetStatus(product.StatusACTIVE).Exec(ctx)
	}))
	t.Cleanup(w.proveBooks)
	return w
}

// proveBooks holds that orders, wallets and invoices agree, after every test.
func (w *world) proveBooks() {
	ctx := context.Background()
	totals, err := order.CheckTotals(ctx, w.db.Store)
	if err != nil || len(totals) > 0 {
		w.t.Errorf("orders: %v %v", totals, err)
	}
	for what, check := range map[string]func(context.Context, *store.Store) ([]string, error){"wallets": wallet.Check, "invoices": invoice.Check} {
		if wrong, err := check(ctx, w.db.Store); err != nil || len(wrong) > 0 {
			w.t.Errorf("%s: %v %v", what, wrong, err)
		}
	}
}

func (w *world) known(_ context.Context, _ *store.Tx, refs []order.CustomerRef) ([]uuid.UUID, error) {
	ids := make([]uuid.UUID, len(refs))
	for i, r := range refs {
		switch {
		case r.ID != nil:
			ids[i] = r.ID.UUID
		case r.External != nil:
			ids[i] = map[string]uuid.UUID{"alice": w.alice, "bob": w.bob}[r.External.ID]
		}
	}
	return ids, nil
}

func (w *world) create(_ context.Context, in after.Intent) (after.Created, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asked = append(w.asked, in)
	if w.down {
		return after.Created{}, errors.New("the provider is down")
	}
	return after.Created{Ref: "p-" + in.Reference, URL: "https://pay.example.com/" + in.Reference}, nil
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) key() string { return fmt.Sprint(w.sku, w.keys.Add(1)) }

func staffAs(id uuid.UUID) context.Context {
	grants := map[viewer.Permission]viewer.Reach{}
	for _, resource := range []string{"order", "wallet"} {
		for _, operation := range []string{"read", "write"} {
			grants[viewer.Permission{Resource: resource, Operation: operation}] = viewer.ReachAll
		}
	}
	return viewer.With(context.Background(), viewer.Viewer{UserID: id, OwnerID: viewer.House, Staff: true, Locale: "en", Grants: grants})
}

func (w *world) asClerk() context.Context { return staffAs(w.clerk) }

func money(minor int64, currency string) scalar.MoneyInput {
	return scalar.MoneyInput{Amount: scalar.Money{Minor: minor, Currency: currency}.Amount(), Currency: currency}
}

func ptr[T any](v T) *T { return &v }

// paper is an invoice of a customer's as an outside system says it.
func (w *world) paper(customer string, minor int64) *invoice.UpsertDocumentInput {
	id := w.key()
	return &invoice.UpsertDocumentInput{
		External: scalar.ExternalKey{Source: "erp", ID: id}, SourceUpdatedAt: w.db.Clock.Now(), Kind: entdocument.KindINVOICE, Title: "Invoice",
		Series: ptr("S"), Number: &id, Customer: &order.CustomerRef{External: &scalar.ExternalKey{Source: "crm", ID: customer}}, Amount: ptr(money(minor, "GBP")),
	}
}

func (w *world) upsert(papers ...*invoice.UpsertDocumentInput) []invoice.Upserted {
	w.t.Helper()
	done, err := w.Upsert(w.asClerk(), invoice.UpsertDocumentsInput{Documents: papers})
	w.must(err)
	return done
}

// invoiced is an invoice of alice's.
func (w *world) invoiced(minor int64) *invoice.Invoice {
	w.t.Helper()
	done := w.upsert(w.paper("alice", minor))
	w.must(done[0].Err)
	return done[0].Invoice
}

// ordered is an order of alice's of so many pounds that came from the ERP, and
// an invoice of it.
func (w *world) ordered(pounds int) (*ent.Order, *invoice.Invoice) {
	w.t.Helper()
	key := scalar.ExternalKey{Source: "erp", ID: w.key()}
	done, err := w.orders.Place(storetest.As(w.alice), order.PlaceOrderInput{Lines: []*order.PlaceOrderLineInput{{Sku: w.sku, Quantity: pounds / 10}}, IdempotencyKey: w.key()})
	w.must(err)
	w.must(w.db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
		return tx.Order.UpdateOneID(done.Order.ID).SetSource(key.Source).SetExternalID(key.ID).Exec(ctx)
	}))
	p := w.paper("alice", int64(pounds)*100)
	p.Customer, p.Order = nil, &key
	made := w.upsert(p)
	w.must(made[0].Err)
	return done.Order, made[0].Invoice
}

// purse is a wallet of somebody's with so much in it.
func (w *world) purse(owner uuid.UUID, currency string, minor int64) scalar.ID {
	w.t.Helper()
	done, err := w.wallets.Open(storetest.As(owner), wallet.OpenWalletInput{Currency: currency, IdempotencyKey: w.key()})
	w.must(err)
	id := done.Wallet.GlobalID()
	if minor > 0 {
		_, err = w.wallets.ReceiveCash(w.asClerk(), wallet.ReceiveCashInput{WalletID: &id, Amount: money(minor, currency), ReceiptNumber: w.key(), IdempotencyKey: w.key()})
		w.must(err)
	}
	return id
}

func (w *world) holds(what string, id scalar.ID, want int64) {
	w.t.Helper()
	a, err := w.wallets.Wallet(w.asClerk(), id)
	w.must(err)
	if got := a.Balance().Minor; got != want {
		w.t.Errorf("%s: the wallet holds %d, want %d", what, got, want)
	}
}

// stands wants an invoice to stand so, with so much paid.
func (w *world) stands(what string, id scalar.ID, status invoice.InvoiceStatus, paid int64) *invoice.Invoice {
	w.t.Helper()
	b, err := w.Invoice(w.asClerk(), id)
	w.must(err)
	if b.Status() != status || b.Paid().Minor != paid {
		w.t.Errorf("%s: %s with %d paid, want %s with %d", what, b.Status(), b.Paid().Minor, status, paid)
	}
	return b
}

// tells is what the provider says of a payment that it was asked for.
func (w *world) tells(kind string, in after.Intent, webhook string) paymentnotice.Outcome {
	w.t.Helper()
	outcome, err := w.wallets.Hear(context.Background(), wallet.Notice{
		Provider: "test", ID: webhook, SentAt: time.Now(), Type: kind, Ref: "p-" + in.Reference, Reference: in.Reference, Amount: in.Amount.Amount(), Currency: in.Amount.Currency, Body: []byte("{}"),
	})
	w.must(err)
	return outcome
}

func (w *world) link(b *invoice.Invoice, minor int64) after.Intent {
	w.t.Helper()
	in := invoice.CreateInvoicePaymentLinkInput{InvoiceID: b.ID(), IdempotencyKey: w.key()}
	if minor > 0 {
		in.Amount = ptr(money(minor, "GBP"))
	}
	_, err := w.CreateLink(storetest.As(w.alice), in)
	w.must(err)
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.asked[len(w.asked)-1]
}

func (w *world) quote(b *invoice.Invoice, purse scalar.ID, minor int64) *wallet.InvoicePaymentQuote {
	w.t.Helper()
	in := wallet.QuoteInvoicePaymentInput{InvoiceID: b.ID(), WalletID: purse}
	if minor > 0 {
		in.Amount = ptr(money(minor, "GBP"))
	}
	q, err := w.wallets.QuoteInvoice(storetest.As(w.alice), in)
	w.must(err)
	return q
}

// refused wants a fault of a code.
func refused(t testing.TB, what string, err error, code string) {
	t.Helper()
	_ = refusal(t, what, err, code)
}

// refusal is the fault of a code that is wanted.
func refusal(t testing.TB, what string, err error, code string) *fault.Fault {
	t.Helper()
	f, ok := fault.As(err)
	if !ok || f.Code != code {
		t.Fatalf("%s: %v, want %s", what, err, code)
	}
	return f
}

// together runs f n times at once.
func together(n int, f func(i int)) {
	var wg sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		wg.Go(func() { <-start; f(i) })
	}
	close(start)
	wg.Wait()
}

func (w *world) order(id scalar.ID) *ent.Order {
	w.t.Helper()
	o, err := w.db.Client.Order.Get(storetest.System(), id.UUID)
	w.must(err)
	return o
}

// tellOrder begins to pay an order itself.
func (w *world) tellOrder(o *ent.Order) after.Intent {
	w.t.Helper()
	id := o.GlobalID()
	_, err := w.after.CreatePaymentLink(storetest.As(w.alice), after.CreatePaymentLinkInput{OrderID: &id, IdempotencyKey: w.key()})
	w.must(err)
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.asked[len(w.asked)-1]
}

func codeOf(err error) string {
	if f, ok := fault.As(err); ok {
		return f.Code
	}
	return ""
}

func (w *world) company() (id uuid.UUID) {
	w.t.Helper()
	w.must(w.db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
		c, err := tx.Company.Create().SetName("Acme").Save(ctx)
		if err == nil {
			id = c.ID
		}
		return err
	}))
	return id
}
