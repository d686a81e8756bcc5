package paper

import (
	"bytes"
	"context"
	"errors"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entdocument "kabinet/ent/generated/document"
	"kabinet/ent/generated/predicate"
	"kabinet/internal/fault"
	"kabinet/internal/locale"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// asked bounds how many papers one person asks for.
var asked = store.Limit{Name: "paper.generate", Free: 120, Forget: time.Hour, Window: true}

// Generated is a paper, and whether it had been issued before.
type Generated struct {
	Document *ent.Document
	Existed  *bool
}

// Generate issues a paper, or finds the one that says the same.
//
// Its row comes first, with its number, in the transaction that reads what it
// says: papers of the same subject wait for each other there. Then it is drawn
// and its bytes are kept; a process that dies between the two leaves a row that
// is in nobody's list, which the next asking finishes, or voids.
//
// Faults: UNAUTHENTICATED, INVALID_VALUE, INVALID_ID, REQUIRED, OUT_OF_RANGE,
// NOT_FOUND, SELLER_NOT_CONFIGURED, PAPER_NOT_AVAILABLE, PAPER_TOO_LONG,
// RATE_LIMITED.
func (p *Papers) Generate(ctx context.Context, in GenerateDocumentInput) (Generated, error) {
	v := viewer.From(ctx)
	if !v.SignedIn() {
		return Generated{}, fault.ErrUnauthenticated
	}
	w, err := p.wanted(ctx, in)
	if err != nil {
		return Generated{}, err
	}
	if err := p.count(ctx, store.Use{Limit: asked, Of: v.UserID.String()}); err != nil {
		return Generated{}, err
	}
	if err := w.settle(ctx); err != nil {
		return Generated{}, err
	}
	d, err := w.draft(ctx, p.Store.Client)
	if err != nil {
		return Generated{}, store.Translate(err)
	}
	print, err := d.fingerprint()
	if err != nil {
		return Generated{}, err
	}
	paper, err := inForce(ctx, p.Store.Client, entdocument.Fingerprint(print))
	existed := paper != nil
	if err == nil && paper == nil {
		paper, d, existed, err = p.reserve(ctx, w)
	}
	if err == nil && paper.Status == entdocument.StatusPENDING {
		err = p.finish(ctx, d, paper)
	}
	if err != nil {
		return Generated{}, store.Translate(err)
	}
	paper, err = p.Store.Client.Document.Get(viewer.AsSystem(ctx, "paper"), paper.ID) // whose subject was the caller's to read
	return Generated{paper, &existed}, store.Translate(err)
}

// count takes one of a limit's uses, in a transaction of its own.
func (p *Papers) count(ctx context.Context, use store.Use) error {
	return p.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		wait, err := tx.Reserve(ctx, use)
		if err == nil && wait > 0 {
			err = fault.ErrRateLimited.After(wait)
		}
		return err
	})
}

// inForce is the one paper, not void, of which something is true; nil where
// there is none.
func inForce(ctx context.Context, c *ent.Client, is ...predicate.Document) (*ent.Document, error) {
	d, err := c.Document.Query().Where(is...).Where(entdocument.StatusNEQ(entdocument.StatusVOID), entdocument.FingerprintNotNil()).
		Order(entdocument.ByID(sql.OrderDesc())).First(viewer.AsSystem(ctx, "paper"))
	if ent.IsNotFound(err) {
		return nil, nil
	}
	return d, err
}

// reserve gives a paper its number, in place of the one that said something
// else about the same; or finds that somebody did meanwhile.
func (p *Papers) reserve(ctx context.Context, w *want) (paper *ent.Document, d *draft, existed bool, err error) {
	err = p.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		paper, existed = nil, false
		if err := tx.Lock(ctx, w.table, "id", w.row); err != nil {
			return err
		}
		if d, err = w.draft(ctx, tx.Client); err != nil {
			return err
		}
		print, err := d.fingerprint()
		if err != nil {
			return err
		}
		if paper, err = inForce(ctx, tx.Client, entdocument.Fingerprint(print)); err != nil || paper != nil {
			existed = paper != nil
			return err
		}
		before, err := inForce(ctx, tx.Client, same(d)...)
		if err != nil {
			return err
		}
		if paper, err = p.issue(ctx, tx, d, print, before); err != nil {
			return err
		}
		return tx.Audit(ctx, "document.issue", d.Owner, paper.GlobalID(), map[string]any{
			"kind": d.Kind, "number": numbered(*paper.Series, *paper.Number), "about": d.About.String()})
	})
	if err != nil {
		return nil, nil, false, err
	}
	return paper.Unwrap(), d, existed, nil
}

// same are the papers of the same kind about the same, in the same language;
// of invoices in any: two that are in force would be paid twice.
func same(d *draft) []predicate.Document {
	is := []predicate.Document{
		entdocument.OwnerID(d.Owner), entdocument.KindEQ(entdocument.Kind(d.Kind)), entdocument.SubjectID(d.About.UUID),
	}
	if d.Kind != "INVOICE" {
		is = append(is, entdocument.Locale(d.Sheet.Locale))
	}
	if d.First == nil {
		is = append(is, entdocument.FromOnIsNil())
	} else {
		is = append(is, entdocument.FromOn(*d.First))
	}
	if d.Last == nil {
		return append(is, entdocument.ToOnIsNil())
	}
	return append(is, entdocument.ToOn(*d.Last))
}

// issue takes the next number of the series: whoever else wants one waits until
// this transaction ends, and gets the same one where it fails.
func (p *Papers) issue(ctx context.Context, tx *store.Tx, d *draft, print string, before *ent.Document) (*ent.Document, error) {
	series := p.seriesOf(d.Kind, tx.Now)
	number, err := next(ctx, tx, series)
	if err != nil {
		return nil, err
	}
	row := Issued{
		Owner: d.Owner, User: viewer.From(ctx).Actor(), Kind: d.Kind, Series: series, Number: number, From: d.First, To: d.Last, About: d.About,
		Title:  locale.Text(d.Sheet.Locale, "paper.file."+d.Kind, map[string]any{"number": numbered(series, number)}) + ".pdf",
		Locale: d.Sheet.Locale, Fingerprint: print, Version: 1, Total: d.Total,
	}
	if before != nil {
		row.Version, row.Replaces = before.Version+1, &before.ID
	}
	return p.Reserve(viewer.AsSystem(ctx, "paper"), tx, row) // the subject was the caller's to read
}

// next is the number of a series that comes next. One that a paper of an outside
// system bears already is passed over.
func next(ctx context.Context, tx *store.Tx, series string) (string, error) {
	for {
		var last int64
		err := tx.QueryRow(ctx, `INSERT INTO document_series (id, created_at, series, last) VALUES (?, ?, ?, 1)
			ON CONFLICT (series) DO UPDATE SET last = document_series.last + 1 RETURNING last`, uuid.Must(uuid.NewV7()), tx.Now, series).Scan(&last)
		if err != nil {
			return "", err
		}
		number := numberOf(last)
		taken, err := tx.Document.Query().Where(entdocument.Series(series), entdocument.Number(number)).Exist(viewer.AsSystem(ctx, "paper"))
		if err != nil || !taken {
			return number, err
		}
	}
}

// drawn bounds how many papers are drawn at a time: each is held in memory.
var drawn = make(chan struct{}, 4)

// finish draws a paper that has its number, keeps its bytes and puts it in
// force. Faults: RATE_LIMITED where too many others are being drawn.
func (p *Papers) finish(ctx context.Context, d *draft, paper *ent.Document) error {
	select {
	case drawn <- struct{}{}:
		defer func() { <-drawn }()
	case <-time.After(10 * time.Second):
		return fault.ErrRateLimited.After(5 * time.Second)
	case <-ctx.Done():
		return ctx.Err()
	}
	system := viewer.AsSystem(ctx, "paper")
	now, err := p.Store.Client.Document.Get(system, paper.ID)
	if err != nil || now.Status != entdocument.StatusPENDING { // somebody was faster
		return err
	}
	var before *ent.Document
	if paper.ReplacesID != nil {
		if before, err = p.Store.Client.Document.Get(system, *paper.ReplacesID); err != nil && !ent.IsNotFound(err) {
			return err
		}
	}
	var b bytes.Buffer
	if err := p.Draw(&b, p.sheetOf(d, paper, before), p.Seller.Name); err != nil {
		return err
	}
	kept, err := p.Keep(ctx, "application/pdf", &b)
	if err != nil {
		return err
	}
	filled := false
	err = p.Store.InTx(system, func(ctx context.Context, tx *store.Tx) error {
		if d.Kind == "INVOICE" { // before its paper, as whoever pays the order does
			if err := tx.Lock(ctx, "orders", "id", d.About.UUID); err != nil {
				return err
			}
		}
		if filled, err = kept.Fill(ctx, tx, paper.ID); err != nil || !filled || p.Issued == nil {
			return err
		}
		return p.Issued(ctx, tx, paper.ID)
	})
	if err == nil && filled {
		return nil
	}
	return errors.Join(err, kept.Drop(context.WithoutCancel(ctx)))
}
