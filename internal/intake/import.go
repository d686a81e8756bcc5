package intake

import (
	"context"
	"errors"
	"io"
	"strconv"
	"strings"
	"time"

	"kabinet/internal/account/arrival"
	"kabinet/internal/batch"
	"kabinet/internal/fault"
	"kabinet/internal/locale"
	"kabinet/internal/order"
	"kabinet/internal/order/goods"
	"kabinet/internal/scalar"
)

// Into are the verbs that rows are handed to, a thousand at a time.
type Into struct {
	Users    func(ctx context.Context, in arrival.UpsertUsersInput) ([]arrival.Result, error)
	Products func(ctx context.Context, in goods.UpsertProductsInput) ([]goods.Result, error)
	Stock    func(ctx context.Context, in goods.UpsertStockInput) ([]goods.Result, error)
	Orders   func(ctx context.Context, in order.UpsertOrdersInput) ([]order.UpsertResult, error)
	// Contacts are the addresses and numbers of a person, as they are compared
	// with those of others, in their order; empty for what is none.
	Contacts func(in *arrival.UpsertUserInput) []string
}

// RowProblem is what is wrong with one row as a whole; reading goes on.
type RowProblem struct{ Text string }

// Error says it.
func (p *RowProblem) Error() string { return p.Text }

// Source gives the rows of a file: io.EOF after the last, a *RowProblem with
// its line for one that cannot be read.
type Source interface {
	Columns() []string
	Next() (Row, error)
	Close() error
}

// Options say how a file is taken.
type Options struct {
	Policy  scalar.ErrorPolicy
	Dry     bool      // the same outcomes, nothing kept
	Changed time.Time // of rows that do not say when they were changed
	Trouble func(Trouble)
	Moved   func(Summary) // after each batch
	Batch   int           // items at a time; 1,000 when zero

	twins twins // nil: batches find what those before them wrote
}

// Summary says what became of a file.
type Summary struct {
	Rows                                                            int64 // read, with bad ones
	Items                                                           int64 // made of them; for orders several rows are one
	Created, Updated, Unchanged, Outdated, Refused, Skipped, Spared int64 // Spared: items with fields left out
}

// Import takes over a file. Each thousand of items is one transaction: what
// was taken stays taken when a later one fails, and the same file again changes
// nothing of it. With RejectAll the whole file is tried first, and nothing is
// written where any item is refused. Errors: those of the file, of the mapping
// against it, of the database and of ctx.
func Import(ctx context.Context, m *Mapping, open func() (Source, error), into Into, o Options) (Summary, error) {
	if o.Batch <= 0 || o.Batch > batch.Most {
		o.Batch = batch.Most
	}
	if o.Trouble == nil {
		o.Trouble = func(Trouble) {}
	}
	if o.Policy != scalar.RejectAll {
		return run(ctx, m, open, into, o)
	}
	try := o
	try.Policy, try.Dry = scalar.RejectFailed, true
	try.twins = twins{}
	sum, err := run(ctx, m, open, into, try)
	if err != nil || o.Dry || sum.Refused > 0 {
		if sum.Refused > 0 {
			sum.Skipped += sum.Created + sum.Updated + sum.Unchanged
			sum.Created, sum.Updated, sum.Unchanged = 0, 0, 0
		}
		return sum, err
	}
	o.Policy = scalar.RejectFailed // whatever changed meanwhile is reported
	return run(ctx, m, open, into, o)
}

func run(ctx context.Context, m *Mapping, open func() (Source, error), into Into, o Options) (Summary, error) {
	src, err := open()
	if err != nil {
		return Summary{}, err
	}
	defer src.Close()
	if err := m.Uses(src.Columns()); err != nil {
		return Summary{}, err
	}
	im := &importing{m: m, into: into, o: o}
	for {
		row, err := src.Next()
		var bad *RowProblem
		switch {
		case errors.Is(err, io.EOF):
			im.close()
			return im.sum, im.flush(ctx)
		case errors.As(err, &bad):
			im.sum.Rows++
			im.close()
			im.sum.Items++
			im.sum.Refused++
			o.Trouble(Trouble{Line: row.Line, Code: "INVALID_VALUE", Text: bad.Text})
			continue
		case err != nil:
			return im.sum, err
		}
		im.sum.Rows++
		im.take(row)
		if len(im.items) >= o.Batch || im.lines >= linesAtOnce {
			if err := im.flush(ctx); err != nil {
				return im.sum, err
			}
		}
	}
}

// linesAtOnce ends a batch of orders before it is full.
const linesAtOnce = 15_000

// importing is one run over a file.
type importing struct {
	m     *Mapping
	into  Into
	o     Options
	sum   Summary
	items []*taken
	open  *taken // the order whose rows are being read
	lines int    // of the orders that wait
}

// taken is one item, and the rows that it came from.
type taken struct {
	rows     []int
	key      string
	input    any
	troubles []Trouble
	bad      bool
	spared   bool
}

// take makes an item of a row, or adds the row to the order before it.
func (im *importing) take(row Row) {
	r := &record{m: im.m, row: row}
	if im.m.Kind == Orders {
		im.takeOrder(r)
		return
	}
	t := &taken{rows: []int{row.Line}}
	switch im.m.Kind {
	case Products:
		t.input = r.product(im.o.Changed)
	case Stock:
		t.input = r.stock(im.o.Changed)
	case Users:
		t.input = r.user(im.o.Changed)
	}
	im.put(t, r)
}

func (im *importing) takeOrder(r *record) {
	key := r.text("external.source") + "\x00" + r.text("external.id")
	if im.open == nil || im.open.key != key || key == "\x00" {
		im.close()
		im.open = &taken{key: key, input: r.order(im.o.Changed)}
	}
	t := im.open
	in := t.input.(*order.UpsertOrderInput)
	in.Lines = append(in.Lines, r.line(in.Currency))
	t.rows = append(t.rows, r.row.Line)
	t.troubles = append(t.troubles, r.troubles...)
}

// close ends the order whose rows were read.
func (im *importing) close() {
	if t := im.open; t != nil {
		im.open = nil
		im.lines += len(t.rows)
		im.put(t, &record{troubles: t.troubles})
	}
}

// put lets an item wait for its batch, unless its cells are wrong. With
// IgnoreFailed it goes on without those cells, but for orders: an amount or a
// time that is left out makes another order.
func (im *importing) put(t *taken, r *record) {
	im.sum.Items++
	t.spared = len(r.troubles) > 0
	t.bad = t.spared && (im.o.Policy != scalar.IgnoreFailed || im.m.Kind == Orders && !harmless(r.troubles))
	for _, trouble := range r.troubles {
		im.o.Trouble(trouble)
	}
	if t.bad {
		im.sum.Refused++
		return
	}
	im.items = append(im.items, t)
}

// harmless says that an order can do without what is wrong.
func harmless(troubles []Trouble) bool {
	for _, t := range troubles {
		if t.Field != "metadata" {
			return false
		}
	}
	return true
}

// flush hands the items that wait to their verb.
func (im *importing) flush(ctx context.Context) error {
	items := im.items
	im.items, im.lines = nil, 0
	if len(items) == 0 {
		return ctx.Err()
	}
	done, err := im.call(batch.Unseen(ctx), items)
	if err != nil {
		return err
	}
	for i, d := range done {
		if im.o.twins != nil && d.written() {
			if err := im.o.twins.take(im.names(items[i])); err != nil {
				d = outcome{scalar.UpsertRefused, err}
			}
		}
		im.count(items[i], d)
	}
	if im.o.Moved != nil {
		im.o.Moved(im.sum)
	}
	return ctx.Err()
}

// outcome is what a verb says of one item.
type outcome struct {
	what scalar.UpsertOutcome
	err  error
}

// written says that the item stands as the file has it.
func (d outcome) written() bool {
	return d.what == scalar.UpsertCreated || d.what == scalar.UpsertUpdated || d.what == scalar.UpsertUnchanged
}

func (im *importing) call(ctx context.Context, items []*taken) (done []outcome, err error) {
	policy, dry := &im.o.Policy, &im.o.Dry
	switch im.m.Kind {
	case Products:
		results, err := im.into.Products(ctx, goods.UpsertProductsInput{Products: inputs[goods.UpsertProductInput](items), ErrorPolicy: policy, DryRun: dry})
		for _, r := range results {
			done = append(done, outcome{r.Outcome, r.Err})
		}
		return done, err
	case Stock:
		results, err := im.into.Stock(ctx, goods.UpsertStockInput{Products: inputs[goods.UpsertStockItemInput](items), ErrorPolicy: policy, DryRun: dry})
		for _, r := range results {
			done = append(done, outcome{r.Outcome, r.Err})
		}
		return done, err
	case Users:
		results, err := im.into.Users(ctx, arrival.UpsertUsersInput{Users: inputs[arrival.UpsertUserInput](items), ErrorPolicy: policy, DryRun: dry})
		for _, r := range results {
			done = append(done, outcome{r.Outcome, r.Err})
		}
		return done, err
	default:
		results, err := im.into.Orders(ctx, order.UpsertOrdersInput{Orders: inputs[order.UpsertOrderInput](items), ErrorPolicy: policy, DryRun: dry})
		for _, r := range results {
			done = append(done, outcome{r.Outcome, r.Err})
		}
		return done, err
	}
}

func inputs[T any](items []*taken) []*T {
	list := make([]*T, len(items))
	for i, t := range items {
		list[i] = t.input.(*T)
	}
	return list
}

// count counts one outcome and tells what was refused.
func (im *importing) count(t *taken, d outcome) {
	switch d.what {
	case scalar.UpsertCreated:
		im.sum.Created++
	case scalar.UpsertUpdated:
		im.sum.Updated++
	case scalar.UpsertUnchanged:
		im.sum.Unchanged++
	case scalar.UpsertOutdated:
		im.sum.Outdated++
	case scalar.UpsertSkipped:
		im.sum.Skipped++
	default:
		im.sum.Refused++
	}
	faults := each(d.err)
	if d.written() && (t.spared || len(faults) > 0) {
		im.sum.Spared++
	}
	for _, f := range faults {
		im.o.Trouble(im.trouble(t, f))
	}
}

// each are the faults that were joined.
func each(err error) (faults []*fault.Fault) {
	if several, ok := err.(interface{ Unwrap() []error }); ok {
		for _, one := range several.Unwrap() {
			faults = append(faults, each(one)...)
		}
		return faults
	}
	if f, ok := fault.As(err); ok {
		faults = append(faults, f)
	}
	return faults
}

// trouble names row and column of what a verb refused: its path is input, the
// list, the place in it, and then the field.
func (im *importing) trouble(t *taken, f *fault.Fault) Trouble {
	out := Trouble{Line: t.rows[0], Code: f.Code, Text: locale.ErrorMessage(locale.English, f.Code, f.Params)}
	path := f.Path
	if len(path) > 3 {
		path = path[3:]
	} else {
		path = nil
	}
	if len(path) > 1 && path[0] == "lines" {
		if n, err := strconv.Atoi(path[1]); err == nil && n < len(t.rows) {
			out.Line = t.rows[n]
		}
	}
	var said []string
	for _, part := range path {
		if _, err := strconv.Atoi(part); err != nil {
			said = append(said, part)
		}
	}
	out.Field = strings.Join(said, ".")
	switch {
	case len(said) > 0 && said[0] == "contactPoints":
		out.Field = "email"
		if in, ok := t.input.(*arrival.UpsertUserInput); ok && len(path) > 1 {
			if n, err := strconv.Atoi(path[1]); err == nil && n < len(in.ContactPoints) && in.ContactPoints[n].Kind == "PHONE" {
				out.Field = "phone"
			}
		}
	case len(said) > 0 && said[0] == "addresses":
		out.Field = strings.Join(append([]string{"address"}, said[1:]...), ".")
	}
	out.Column = im.m.columnOf(out.Field)
	return out
}

// columnOf is the column of a field, or of the first that is a part of it.
func (m *Mapping) columnOf(field string) string {
	if f, there := m.Fields[field]; there {
		return f.Column
	}
	for _, name := range names(m.Fields) {
		if field != "" && strings.HasPrefix(name, field+".") && m.Fields[name].Column != "" {
			return m.Fields[name].Column
		}
	}
	return ""
}
