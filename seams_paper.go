package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/internal/adapter/pdf"
	"kabinet/internal/adapter/sheet"
	"kabinet/internal/bonus"
	"kabinet/internal/document"
	"kabinet/internal/order"
	"kabinet/internal/paper"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
	"kabinet/internal/wallet"
)

// wirePapers ties papers and files of rows to who draws, writes and keeps them,
// and to what they are of.
func (k *kabinet) wirePapers() {
	k.papers = &paper.Papers{
		Store: k.store, Seller: k.seller(), Zone: k.cfg.TimeZone, Log: k.log, Draw: drawPaper, Table: beginTable, Keep: k.keepPaper, Reserve: k.reservePaper,
		Orders: k.ordersListed, State: order.Label,
		Reach: func(ctx context.Context, person, owner uuid.UUID, resource string) (viewer.Reach, error) {
			return k.people.ReachNow(ctx, person, owner, resource, "read")
		},
		Issued: func(ctx context.Context, tx *store.Tx, ids ...uuid.UUID) error {
			return k.invoices.Issued(ctx, tx, ids...)
		},
		Settle: func(ctx context.Context, a *ent.LedgerAccount) error {
			_, err := k.points.Settled(ctx, a)
			return err
		},
		Label: func(lang string, e *ent.LedgerEntry) string {
			if strings.HasPrefix(e.Unit, "PTS:") {
				return bonus.Label(lang, e)
			}
			return wallet.ViewEntry(e).Label(viewer.With(context.Background(), viewer.Viewer{Locale: lang}))
		},
	}
}

// seller is the business on its papers; of a demonstration one is made up.
func (k *kabinet) seller() paper.Seller {
	s := paper.Seller(k.cfg.Seller)
	if k.cfg.Demo && s.Name == "" {
		s = paper.Seller{Name: "Kabinet Demo LLC", Address: "1 Example Street, Exampleville", TaxID: "7707083893", RegistrationID: "Example Register 123456",
			Bank: "Example Bank, BIC 044525225", Account: "40702810900000000001", Contact: "shop@example.com", Signatory: "A. Example, director"}
	}
	return s
}

func drawPaper(w io.Writer, s *paper.Sheet, author string) error {
	out := pdf.Sheet{Lang: s.Locale, Title: s.Title, Notes: s.Notes, Text: s.Text, Words: s.Words, Remarks: s.Remarks, Signs: s.Signs, Made: s.Made, Author: author,
		Page: func(page, of int) string {
			return strings.NewReplacer("{pages}", strconv.Itoa(of), "{page}", strconv.Itoa(page)).Replace(s.Page)
		}}
	for _, p := range s.Parties {
		out.Parties = append(out.Parties, pdf.Party(p))
	}
	for _, f := range s.Facts {
		out.Facts = append(out.Facts, pdf.Fact(f))
	}
	for _, g := range s.Grids {
		grid := pdf.Grid{Caption: g.Caption, Rows: g.Rows, Empty: g.Empty}
		for _, c := range g.Columns {
			grid.Columns = append(grid.Columns, pdf.Column(c))
		}
		for _, t := range g.Totals {
			grid.Totals = append(grid.Totals, pdf.Fact(t))
		}
		out.Grids = append(out.Grids, grid)
	}
	return pdf.Draw(w, out)
}

func beginTable(w io.Writer, format paper.TableFormat, name string, heads []string) (paper.Table, error) {
	switch format {
	case paper.CSV:
		return sheet.CSV(w, heads)
	case paper.XLSX:
		return sheet.XLSX(w, name, heads)
	}
	return nil, fmt.Errorf("no file is %s", format)
}

// keptPaper are bytes of a paper or a file.
type keptPaper struct {
	documents *document.Documents
	bytes     document.Bytes
}

func (k *kabinet) keepPaper(ctx context.Context, mime string, content io.Reader) (paper.Kept, error) {
	b, err := k.documents.Write(ctx, mime, content)
	return keptPaper{k.documents, b}, err
}

// Fill gives them to a paper.
func (b keptPaper) Fill(ctx context.Context, tx *store.Tx, id uuid.UUID) (bool, error) {
	return b.documents.FillPaper(ctx, tx, id, b.bytes)
}

// File makes them a file of somebody.
func (b keptPaper) File(ctx context.Context, tx *store.Tx, user uuid.UUID, name string, about scalar.ID, until time.Time) error {
	_, err := b.documents.Put(ctx, tx, document.NewDocument{Owner: user, User: &user, Kind: "EXPORT", Title: name, Bytes: b.bytes, Expires: &until, About: &about}, nil)
	return err
}

// Drop forgets them.
func (b keptPaper) Drop(ctx context.Context) error { return b.documents.Forget(ctx, b.bytes) }

func (k *kabinet) reservePaper(ctx context.Context, tx *store.Tx, p paper.Issued) (*ent.Document, error) {
	return k.documents.ReservePaper(ctx, tx, document.NewPaper{
		Owner: p.Owner, User: p.User, Kind: p.Kind, Title: p.Title, Series: p.Series, Number: p.Number, From: p.From, To: p.To, About: p.About,
		Locale: p.Locale, Fingerprint: p.Fingerprint, Version: p.Version, Replaces: p.Replaces, Amount: p.Total,
	})
}

func (k *kabinet) ordersListed(ctx context.Context, owner *uuid.UUID, filter json.RawMessage) (*ent.OrderQuery, error) {
	var f *order.OrderFilter
	if len(filter) > 0 {
		if err := json.Unmarshal(filter, &f); err != nil {
			return nil, err
		}
	}
	return k.orders.Listed(ctx, owner, f)
}
