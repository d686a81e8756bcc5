package paper_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entdocument "kabinet/ent/generated/document"
	"kabinet/ent/generated/ledgerentry"
	entorder "kabinet/ent/generated/order"
	"kabinet/internal/adapter/blob"
	"kabinet/internal/adapter/sheet"
	"kabinet/internal/document"
	"kabinet/internal/fault"
	"kabinet/internal/job"
	"kabinet/internal/paper"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/viewer"
)

// office issues papers over a test's database; a paper is drawn as the JSON of
// its sheet.
type office struct {
	*paper.Papers
	t          *testing.T
	db         *storetest.DB
	documents  *document.Documents
	alice, bob uuid.UUID
	staff      uuid.UUID

	mu    sync.Mutex
	drawn int
	issue []uuid.UUID
	reach viewer.Reach
}

func newOffice(t *testing.T, db *storetest.DB) *office {
	t.Helper()
	o := &office{t: t, db: db, reach: viewer.ReachAll}
	o.must(job.Migrate(context.Background(), db.Store))
	sealer, err := store.NewSealer([]byte(strings.Repeat("k", 32)))
	o.must(err)
	bucket, err := blob.Open("mem://")
	o.must(err)
	t.Cleanup(func() { _ = bucket.Close() })
	o.documents = &document.Documents{Store: db.Store, Sealer: sealer, Blobs: bucket, Public: &url.URL{Scheme: "https", Host: "account.example.com"}}
	o.Papers = &paper.Papers{
		Store:  db.Store,
		Seller: paper.Seller{Name: "Romashka LLC", Address: "1 Lesnaya St", TaxID: "7707083893", Bank: "Bank", Account: "407"},
		Draw:   o.draw, Keep: o.keep, Reserve: o.reserve,
		Table: func(w io.Writer, format paper.TableFormat, name string, heads []string) (paper.Table, error) {
			if format == paper.XLSX {
				return sheet.XLSX(w, name, heads)
			}
			return sheet.CSV(w, heads)
		},
		Orders: func(_ context.Context, owner *uuid.UUID, _ json.RawMessage) (*ent.OrderQuery, error) {
			q := db.Client.Order.Query()
			if owner != nil {
				q.Where(entorder.OwnerID(*owner))
			}
			return q, nil
		},
		Issued: func(_ context.Context, _ *store.Tx, ids ...uuid.UUID) error {
			o.mu.Lock()
			defer o.mu.Unlock()
			o.issue = append(o.issue, ids...)
			return nil
		},
		Reach: func(context.Context, uuid.UUID, uuid.UUID, string) (viewer.Reach, error) { return o.reach, nil },
	}
	o.documents.May = o.MayOpen
	for name, id := range map[string]*uuid.UUID{"Alice": &o.alice, "Bob": &o.bob, "Staff": &o.staff} {
		o.write(func(ctx context.Context, tx *store.Tx) error {
			u, err := tx.User.Create().SetDisplayName(name).SetStatus("ACTIVE").Save(ctx)
			*id = u.ID
			return err
		})
	}
	return o
}

func (o *office) must(err error) {
	o.t.Helper()
	if err != nil {
		o.t.Fatal(err)
	}
}

func (o *office) write(fn func(ctx context.Context, tx *store.Tx) error) {
	o.t.Helper()
	o.must(o.db.InTx(storetest.System(), fn))
}

func (o *office) draw(w io.Writer, s *paper.Sheet, _ string) error {
	o.mu.Lock()
	o.drawn++
	o.mu.Unlock()
	return json.NewEncoder(w).Encode(s)
}

type kept struct {
	*document.Documents
	b document.Bytes
}

func (k kept) Fill(ctx context.Context, tx *store.Tx, id uuid.UUID) (bool, error) {
	return k.FillPaper(ctx, tx, id, k.b)
}

func (k kept) File(ctx context.Context, tx *store.Tx, user uuid.UUID, name string, about scalar.ID, until time.Time) error {
	_, err := k.Put(ctx, tx, document.NewDocument{Owner: user, User: &user, Kind: "EXPORT", Title: name, Bytes: k.b, Expires: &until, About: &about}, nil)
	return err
}

func (k kept) Drop(ctx context.Context) error { return k.Forget(ctx, k.b) }

func (o *office) keep(ctx context.Context, mime string, r io.Reader) (paper.Kept, error) {
	b, err := o.documents.Write(ctx, mime, r)
	return kept{o.documents, b}, err
}

func (o *office) reserve(ctx context.Context, tx *store.Tx, p paper.Issued) (*ent.Document, error) {
	return o.documents.ReservePaper(ctx, tx, document.NewPaper{
		Owner: p.Owner, User: p.User, Kind: p.Kind, Title: p.Title, Series: p.Series, Number: p.Number, From: p.From, To: p.To, About: p.About,
		Locale: p.Locale, Fingerprint: p.Fingerprint, Version: p.Version, Replaces: p.Replaces, Amount: p.Total})
}

// as is somebody's context.
func as(id uuid.UUID) context.Context {
	return viewer.With(context.Background(), viewer.Viewer{UserID: id, OwnerID: id, SessionID: uuid.New(), Locale: "en", TimeZone: "UTC"})
}

func (o *office) asStaff(resources ...string) context.Context {
	v := viewer.Viewer{UserID: o.staff, OwnerID: o.staff, SessionID: uuid.New(), Locale: "en", Staff: true, Grants: map[viewer.Permission]viewer.Reach{}}
	for _, r := range resources {
		v.Grants[viewer.Permission{Resource: r, Operation: "read"}] = viewer.ReachAll
	}
	return viewer.With(context.Background(), v)
}

// order makes one, received and paid, of lines of 10.00 GBP each.
func (o *office) order(owner uuid.UUID, lines int) *ent.Order {
	o.t.Helper()
	var made *ent.Order
	o.write(func(ctx context.Context, tx *store.Tx) (err error) {
		sum := int64(lines) * 1000
		made, err = tx.Order.Create().SetOwnerID(owner).SetUserID(owner).SetNumber(uuid.NewString()[:13]).SetCurrency("GBP").SetStatus("COMPLETED").
			SetPaymentStatus("PAID").SetFulfillmentStatus("DELIVERED").SetSubtotalMinor(sum).SetTotalMinor(sum).SetPaidMinor(sum).SetPlacedAt(tx.Now).Save(ctx)
		if err != nil {
			return err
		}
		all := make([]*ent.OrderLineCreate, lines)
		for i := range all {
			all[i] = tx.OrderLine.Create().SetOwnerID(owner).SetOrderID(made.ID).SetPosition(i + 1).SetSku(fmt.Sprintf("=SKU-%d", i+1)).SetTitle("A lamp").
				SetQuantity(1).SetCurrency("GBP").SetUnitPriceMinor(1000).SetTotalMinor(1000)
			if len(all) > 200 && i%200 == 199 || i == lines-1 {
				if err := tx.OrderLine.CreateBulk(all[i/200*200 : i+1]...).Exec(ctx); err != nil {
					return err
				}
			}
		}
		return tx.Payment.Create().SetOwnerID(owner).SetOrderID(made.ID).SetKind("PAYMENT").SetStatus("SUCCEEDED").SetCurrency("GBP").SetAmountMinor(max(sum, 1)).
			SetMethod("CARD").SetOccurredAt(tx.Now).Exec(ctx)
	})
	return made.Unwrap()
}

// account makes a wallet with entries of so many minor units, an hour apart.
func (o *office) account(owner uuid.UUID, kind string, amounts ...int64) scalar.ID {
	o.t.Helper()
	unit := map[string]string{"WALLET": "GBP", "BONUS": "PTS:test"}[kind]
	id, contra := uuid.Must(uuid.NewV7()), uuid.Must(uuid.NewV7())
	o.db.Tampered() // entries are written past the ledger: they have no chain
	o.write(func(ctx context.Context, tx *store.Tx) error {
		return tx.LedgerAccount.Create().SetID(id).SetOwnerID(owner).SetUnit(unit).SetKind("BONUS").SetNumber(uuid.NewString()).Exec(ctx)
	})
	if kind == "WALLET" {
		o.write(func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.Exec(ctx, `UPDATE ledger_accounts SET kind = 'WALLET' WHERE id = ?`, id)
			return err
		})
	}
	var balance int64
	for i, n := range amounts {
		balance += n
		o.write(func(ctx context.Context, tx *store.Tx) error {
			return tx.LedgerEntry.Create().SetOwnerID(owner).SetAccountID(id).SetSeq(int64(i + 1)).SetKind(ledgerentry.KindADJUSTMENT).SetAmount(n).
				SetBucket("ACTIVE").SetContraID(contra).SetContraBucket("ACTIVE").SetUnit(unit).SetBalanceAfter(balance).SetCauseKey(fmt.Sprint("test", i)).
				SetHash([]byte{1}).Exec(ctx)
		})
		o.db.Clock.Add(time.Hour)
	}
	return scalar.ID{Prefix: "acc", UUID: id}
}

// sheet reads what stands on a paper.
func (o *office) sheet(d *ent.Document) (s paper.Sheet) {
	o.t.Helper()
	r, err := o.documents.Blobs.Open(context.Background(), *d.BlobKey)
	o.must(err)
	defer r.Close()
	b, err := io.ReadAll(r)
	o.must(err)
	o.must(json.Unmarshal(b, &s))
	return s
}

// file reads the file of rows that somebody has.
func (o *office) file(ctx context.Context) string {
	o.t.Helper()
	_, err := o.TablesDue(storetest.System(), 10)
	o.must(err)
	all, err := o.Tables(ctx, viewer.From(ctx).UserID)
	o.must(err)
	if len(all) == 0 || all[0].Status != paper.ExportReady {
		o.t.Fatalf("no file is ready: %+v", all)
	}
	r, err := o.documents.Blobs.Open(context.Background(), *all[0].Document.BlobKey)
	o.must(err)
	defer r.Close()
	var b bytes.Buffer
	_, err = io.Copy(&b, r)
	o.must(err)
	return b.String()
}

func refused(t *testing.T, err error, code string, path ...string) {
	t.Helper()
	f, ok := fault.As(err)
	if !ok || f.Code != code || len(path) > 0 && strings.Join(f.Path, ".") != strings.Join(path, ".") {
		t.Errorf("%v, want %s at %v", err, code, path)
	}
}

func kindOf(s string) entdocument.Kind { return entdocument.Kind(s) }
