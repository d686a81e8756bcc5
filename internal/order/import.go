package order

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/task"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// Refusals of Import.
var (
	// ErrImportRunning: only one import at a time works on a database.
	ErrImportRunning = errors.New("another import is running on this database; start this one again when it has ended")
	// ErrImportDiffers: points were asked for in one of the runs only.
	ErrImportDiffers = errors.New("this import was begun with another choice of --earn; go on with the same one")
)

// importLock is held while an import runs, of whatever file.
const importLock = "importing"

// ImportOptions say how history is taken.
type ImportOptions struct {
	// Earn gives the points of each order of a customer, and takes them back
	// where all its goods came back. Nobody is notified either way.
	Earn bool
	// Reread reads a file that is done already once more, writing nothing, so
	// that the source tells its problems again.
	Reread bool
	// Batch is how many invoices a transaction takes; 400 when zero.
	Batch int
	// Progress is told after each transaction; may be nil.
	Progress func(ImportSummary)
}

// ImportSummary says what became of a file, over all runs that it took.
type ImportSummary struct {
	Invoices int64 // taken or reported so far: Orders + Returns + Reported + AlreadyThere
	From     int64 // invoices that were taken by earlier runs
	Already  bool  // the file was done before: nothing was written now
	ImportCounts
}

// ImportCounts are kept in the task's counts, in the transaction of what they count.
type ImportCounts struct {
	Orders       int64 `json:"orders"`
	GuestOrders  int64 `json:"guestOrders"` // of Orders
	Lines        int64 `json:"lines"`       // of Orders
	OrdersMinor  int64 `json:"ordersMinor"` // of Orders, as bought
	Returns      int64 `json:"returns"`
	GuestReturns int64 `json:"guestReturns"` // of Returns
	ReturnsMinor int64 `json:"returnsMinor"` // of Returns
	TiedWhole    int64 `json:"tiedWhole"`    // of Returns: every line tied to one order
	TiedPartly   int64 `json:"tiedPartly"`   // of Returns: some lines tied to one order
	RefundMinor  int64 `json:"refundMinor"`  // given back on orders
	Reported     int64 `json:"reported"`     // invoices that are no business with a customer
	AlreadyThere int64 `json:"alreadyThere"` // known by their source and number, unchanged
	Points       int64 `json:"points"`       // earned, with Earn
	Customers    int64 `json:"customers"`    // people of the source with orders or returns; set at the end
}

// Import takes the invoices of a source: purchases become orders, their
// cancellations returns tied to the order they cancel where one is found.
// Each batch is one transaction that also notes how far it came, so a run that
// was killed goes on where it stopped, and a file that was taken writes
// nothing again. Errors: ErrImportRunning, ErrImportDiffers, store.ErrTaskMoved
// when another run went on meanwhile, else those of the source, the database
// and ctx; what was committed by then stays and counts.
func (s *Orders) Import(ctx context.Context, src Source, opts ImportOptions) (ImportSummary, error) {
	if opts.Earn && (s.Earn == nil || s.Unearn == nil) {
		return ImportSummary{}, errors.New("import: no programme of points is wired")
	}
	if opts.Batch <= 0 {
		opts.Batch = 400
	}
	ctx = viewer.AsSystem(ctx, "order.import")
	if t, err := s.Store.FindTask(ctx, importKey(src)); err != nil {
		return ImportSummary{}, err
	} else if t != nil && t.Status == task.StatusDONE {
		return importedBefore(src, t, opts)
	}
	release, err := s.Store.Exclusive(ctx, importLock)
	if errors.Is(err, store.ErrHeld) {
		return ImportSummary{}, ErrImportRunning
	}
	if err != nil {
		return ImportSummary{}, err
	}
	defer release()
	t, err := s.importTask(ctx, src, opts)
	if err != nil {
		return ImportSummary{}, err
	}
	if t.Status == task.StatusDONE { // by whoever held the lock just before
		return importedBefore(src, t, opts)
	}
	im := &importer{Orders: s, src: src, opts: opts, task: t.ID, known: map[string]uuid.UUID{}}
	if im.at, err = store.TaskPosition(t); err != nil {
		return ImportSummary{}, err
	}
	if err := counted(t, &im.counts); err != nil {
		return ImportSummary{}, err
	}
	im.from = im.at
	err = im.run(ctx)
	if err != nil && ctx.Err() == nil && !errors.Is(err, store.ErrTaskMoved) {
		err = errors.Join(err, s.Store.FailTask(ctx, t.ID))
	}
	return im.summary(), err
}

func importKey(src Source) string { return "import:" + src.Name() + ":" + src.Key() }

// importInput is kept in the task; runs of one file must agree on it.
type importInput struct {
	Source string `json:"source"`
	Earn   bool   `json:"earn"`
}

// importTask finds or makes the task of the file, under the lock.
func (s *Orders) importTask(ctx context.Context, src Source, opts ImportOptions) (*ent.Task, error) {
	want := importInput{Source: src.Name(), Earn: opts.Earn}
	t, err := s.Store.FindTask(ctx, importKey(src))
	if err != nil {
		return nil, err
	}
	if t != nil {
		var was importInput
		if err := json.Unmarshal(t.Input, &was); err != nil {
			return nil, fmt.Errorf("import: input of the task: %w", err)
		}
		if was != want && t.Status != task.StatusDONE {
			return nil, ErrImportDiffers
		}
		return t, nil
	}
	err = s.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		t, err = tx.BeginTask(ctx, "import", importKey(src), want)
		return err
	})
	return t, err
}

// importedBefore answers for a file that is done.
func importedBefore(src Source, t *ent.Task, opts ImportOptions) (ImportSummary, error) {
	sum := ImportSummary{Already: true}
	at, err := store.TaskPosition(t)
	if err != nil {
		return sum, err
	}
	sum.Invoices, sum.From = at, at
	if err := counted(t, &sum.ImportCounts); err != nil {
		return sum, err
	}
	if !opts.Reread {
		return sum, nil
	}
	if err := src.SkipTo(int(at)); err != nil {
		return sum, err
	}
	if _, err := src.Next(); !errors.Is(err, io.EOF) {
		return sum, fmt.Errorf("import: the file goes on after its %d invoices: %w", at, err)
	}
	return sum, nil
}

// counted reads a task's counts.
func counted(t *ent.Task, into *ImportCounts) error {
	b, err := json.Marshal(t.Counts)
	if err != nil {
		return err
	}
	return json.Unmarshal(b, into)
}

func (c ImportCounts) stored() (map[string]int64, error) {
	b, err := json.Marshal(c)
	if err != nil {
		return nil, err
	}
	var counts map[string]int64
	return counts, json.Unmarshal(b, &counts)
}

func (im *importer) summary() ImportSummary {
	return ImportSummary{Invoices: im.at, From: im.from, ImportCounts: im.counts}
}
