package invoice

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entdocument "kabinet/ent/generated/document"
	"kabinet/internal/batch"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
)

// mostBytes is the most that the file of a paper may have.
const mostBytes = 25 << 20

// papers are the kinds that outside systems issue.
var papers = []entdocument.Kind{
	entdocument.KindINVOICE, entdocument.KindACT, entdocument.KindRECEIPT, entdocument.KindSTATEMENT, entdocument.KindCONTRACT, entdocument.KindWAYBILL, entdocument.KindOTHER,
}

// paper is one item of a batch.
type paper struct {
	batch.Item
	in    *UpsertDocumentInput
	money *scalar.Money // what it asks for; nil: nothing is said

	owner uuid.UUID // once it is known
	user  *uuid.UUID
	about *ent.Order // nil: it is about none
}

// Upsert takes over papers that an outside system issued. One result for each
// item, in their order. Faults of the whole: REQUIRED, TOO_LONG, FORBIDDEN,
// UNAUTHENTICATED. Of an item: OUTDATED, DUPLICATE_KEY, NOT_FOUND of order,
// customer and company, ILLEGAL_TRANSITION of what is void, ALREADY_TAKEN of a
// number, OUT_OF_RANGE of less than was paid, INVALID_VALUE for what is fixed
// once stored, WRONG_CURRENCY, and those of texts and numbers.
func (s *Bills) Upsert(ctx context.Context, in UpsertDocumentsInput) ([]Upserted, error) {
	if err := staff(ctx, "write"); err != nil {
		return nil, err
	}
	if err := batch.Size(len(in.Documents), "documents"); err != nil {
		return nil, err
	}
	how := batch.As(in.ErrorPolicy, in.DryRun)
	items := s.papersOf(how, in)
	done, err := batch.Run(ctx, s.Store, how, items, s.upsert)
	if err != nil {
		return nil, err
	}
	return s.upserted(ctx, how, done)
}

// papersOf judges each item by itself, and by the keys of those before it.
func (s *Bills) papersOf(how batch.How, in UpsertDocumentsInput) []*paper {
	now := s.Store.Now()
	items := make([]*paper, len(in.Documents))
	keys := map[scalar.ExternalKey]bool{}
	for i, d := range in.Documents {
		p := &paper{in: d}
		p.Begin(how, "documents", i)
		items[i] = p
		if err := p.check(now); err != nil {
			p.Refuse(err)
			continue
		}
		if keys[d.External] {
			p.Refuse(batch.ErrDuplicateKey.With("externalId", d.External.ID).At(p.Path("external")...))
		}
		keys[d.External] = true
	}
	return items
}

// check reads an item by itself. What can be left out is, where the policy
// says so: free data and the time when it is due.
func (p *paper) check(now time.Time) error {
	in := p.in
	err := firstOf(
		batch.Key(&in.External, p.Path("external")...),
		batch.NotAhead(in.SourceUpdatedAt, now, p.Path("sourceUpdatedAt")...),
		batch.Said(in.Title, 255, p.Path("title")...),
		batch.Text(in.Series, 40, p.Path("series")...),
		batch.Text(in.Number, 60, p.Path("number")...),
		p.checkPeriod(), p.checkOwner(), p.checkMoney(),
	)
	switch {
	case err != nil:
		return err
	case !slices.Contains(papers, in.Kind):
		return fault.ErrInvalidValue.At(p.Path("kind")...)
	case in.Series != nil && in.Number == nil:
		return fault.ErrRequired.At(p.Path("number")...)
	case in.File != nil && (in.File.Size < 1 || in.File.Size > mostBytes):
		return fault.ErrOutOfRange.At(p.Path("file", "size")...).With("min", 1).With("max", mostBytes)
	}
	if !p.Spare(batch.Metadata(in.Metadata, p.Path("metadata")...)) {
		return nil
	}
	if len(p.Errs) > 0 {
		p.in = p.without()
	}
	return nil
}

// without is the item without its free data.
func (p *paper) without() *UpsertDocumentInput {
	in := *p.in
	in.Metadata = nil
	return &in
}

func (p *paper) checkPeriod() error {
	in := p.in
	if in.PeriodFrom != nil && in.PeriodTo != nil && *in.PeriodFrom > *in.PeriodTo {
		return fault.ErrInvalidValue.At(p.Path("periodTo")...)
	}
	return nil
}

func (p *paper) checkOwner() error {
	in := p.in
	switch {
	case in.Order == nil && in.Customer == nil && in.CompanyID == nil:
		return fault.ErrRequired.At(p.Path("order")...)
	case in.Customer != nil && in.CompanyID != nil:
		return fault.ErrInvalidValue.At(p.Path("companyId")...)
	}
	if in.CompanyID != nil {
		if _, err := in.CompanyID.As("com"); err != nil {
			return fault.ErrInvalidID.At(p.Path("companyId")...)
		}
	}
	if in.Order != nil {
		return batch.Key(in.Order, p.Path("order")...)
	}
	return nil
}

func (p *paper) checkMoney() error {
	if p.in.Amount == nil {
		if p.in.Kind == entdocument.KindINVOICE {
			return fault.ErrRequired.At(p.Path("amount")...)
		}
		return nil
	}
	m, err := p.in.Amount.Money()
	switch {
	case err != nil:
		return fault.ErrInvalidValue.At(p.Path("amount")...).Because(err)
	case m.Minor <= 0:
		return fault.ErrOutOfRange.At(p.Path("amount")...).With("min", scalar.Money{Minor: 1, Currency: m.Currency}.Amount())
	}
	p.money = &m
	return nil
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// upserted reads the papers that were written, all at once.
func (s *Bills) upserted(ctx context.Context, how batch.How, items []*paper) ([]Upserted, error) {
	out := make([]Upserted, len(items))
	for i, p := range items {
		out[i] = Upserted{Outcome: p.Outcome, Err: p.Err()}
		if p.in.File != nil && p.Written() && !how.Dry {
			out[i].Bytes = int64(p.in.File.Size)
		}
	}
	ids := batch.IDs(items)
	if len(ids) == 0 || how.Dry { // of a dry run nothing is there to be read
		return out, nil
	}
	docs, err := s.Store.Client.Document.Query().Where(entdocument.IDIn(ids...)).All(system(ctx))
	if err != nil {
		return nil, store.Translate(err)
	}
	byID := make(map[uuid.UUID]*ent.Document, len(docs))
	var invoices []*ent.Document
	for _, d := range docs {
		if byID[d.ID] = d; d.Kind == entdocument.KindINVOICE {
			invoices = append(invoices, d)
		}
	}
	shown, err := s.show(ctx, s.Store.Client, invoices...)
	if err != nil {
		return nil, err
	}
	bills := make(map[uuid.UUID]*Invoice, len(shown))
	for _, b := range shown {
		bills[b.Document.ID] = b
	}
	for i, p := range items {
		if p.Written() {
			out[i].Document, out[i].Invoice = byID[p.Item.ID], bills[p.Item.ID]
		}
	}
	return out, nil
}
