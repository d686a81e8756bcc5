package paper

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/document"
	"kabinet/ent/generated/ledgeraccount"
	"kabinet/ent/generated/task"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// taskTable is the kind of the tasks that make files of rows.
const taskTable = "paper.table"

const (
	tableKept  = 7 * 24 * time.Hour
	tablesSeen = 20

	// What the counts of a task say.
	countDone  = "done"
	countOf    = "of"
	countRows  = "rows"
	countTries = "tries"
)

var askedTables = store.Limit{Name: "paper.table", Free: 30, Forget: time.Hour, Window: true}

// How somebody reads what a file is of; asked again when it is made.
const (
	asSelf   = "SELF"
	asMember = "MEMBER"
	asStaff  = "STAFF"
)

// tableWanted is what a task is told: which rows, in which columns.
type tableWanted struct {
	Subject  TableExportSubject `json:"subject"`
	Format   TableFormat        `json:"format"`
	Locale   string             `json:"locale"`
	As       string             `json:"as"`
	Owner    *uuid.UUID         `json:"owner,omitempty"` // nil: everybody's
	Made     bool               `json:"made,omitempty"`  // of the owner's what the person made alone
	Filter   json.RawMessage    `json:"filter,omitempty"`
	Columns  []OrderColumn      `json:"columns,omitempty"`
	Account  *uuid.UUID         `json:"account,omitempty"`
	Resource string             `json:"resource"` // of the permission: order, bonus, wallet
	From     *time.Time         `json:"from,omitempty"`
	Before   *time.Time         `json:"before,omitempty"`
}

// ExportOrders begins a file of orders: of the caller, of the company acted for
// or, for staff, of everybody, which is put on record.
//
// Faults: UNAUTHENTICATED, FORBIDDEN, INVALID_VALUE,
// RATE_LIMITED, and those of the filter.
func (p *Papers) ExportOrders(ctx context.Context, in ExportOrdersInput) (*TableExport, error) {
	v := viewer.From(ctx)
	if !v.SignedIn() {
		return nil, fault.ErrUnauthenticated
	}
	w := tableWanted{Subject: OfOrders, Format: in.Format, Locale: v.Locale, As: asSelf, Owner: &v.UserID, Filter: in.Filter, Columns: in.Columns, Resource: "order"}
	switch {
	case in.Everybody:
		if !v.Staff || v.Reach("order", "read") != viewer.ReachAll {
			return nil, fault.ErrForbidden
		}
		w.As, w.Owner = asStaff, nil
	case v.OwnerID != uuid.Nil && v.OwnerID != v.UserID:
		if v.Reach("order", "read") == viewer.ReachNone {
			return nil, fault.ErrForbidden
		}
		w.As, w.Owner, w.Made = asMember, &v.OwnerID, v.Reach("order", "read") == viewer.ReachOwn
	}
	if len(w.Columns) == 0 {
		w.Columns = slices.Clone(usual)
		if in.Everybody {
			w.Columns = slices.Insert(w.Columns, 2, ColumnBuyer)
		}
	}
	for i, c := range w.Columns {
		if slices.Contains(w.Columns[:i], c) {
			return nil, fault.ErrInvalidValue.At("input", "columns")
		}
	}
	if _, err := p.Orders(ctx, w.Owner, w.Filter); err != nil {
		return nil, within(err)
	}
	return p.ask(ctx, w)
}

// within puts the path of an argument below the input that it stands in.
func within(err error) error {
	f, ok := fault.As(err)
	if !ok || len(f.Path) == 0 || f.Path[0] != "filter" {
		return err
	}
	return f.At(append([]string{"input"}, f.Path...)...)
}

// ExportStatement begins a file of the entries of an account that the caller
// may read. Faults: UNAUTHENTICATED, INVALID_ID, NOT_FOUND, INVALID_VALUE,
// OUT_OF_RANGE, RATE_LIMITED.
func (p *Papers) ExportStatement(ctx context.Context, in ExportStatementInput) (*TableExport, error) {
	v := viewer.From(ctx)
	if !v.SignedIn() {
		return nil, fault.ErrUnauthenticated
	}
	if in.AccountID.Prefix != "acc" {
		return nil, fault.ErrInvalidID.At("input", "accountId")
	}
	w := tableWanted{Subject: OfEntries, Format: in.Format, Locale: v.Locale, Account: &in.AccountID.UUID, As: asSelf, Resource: "bonus"}
	if in.Period != nil {
		s, err := periodOf(*in.Period, p.Store.Now(), p.zone(), false)
		if err != nil {
			return nil, err
		}
		w.Before = &s.Before
		if in.Period.From != nil {
			w.From = &s.From
		}
	}
	a, err := account(ctx, p.Store.Client, in.AccountID)
	if fault.KindOf(err) == fault.NotFound {
		return nil, fault.ErrNotFound.At("input", "accountId")
	}
	if err != nil {
		return nil, store.Translate(err)
	}
	if w.Owner = &a.OwnerID; a.Kind == ledgeraccount.KindWALLET {
		w.Resource = "wallet"
	}
	switch a.OwnerID {
	case v.UserID:
	case v.OwnerID:
		w.As = asMember
	default:
		w.As = asStaff
	}
	if a.Kind == ledgeraccount.KindBONUS && p.Settle != nil {
		if err := p.Settle(ctx, a); err != nil {
			return nil, err
		}
	}
	return p.ask(ctx, w)
}

// ask makes the task, or finds the same one that is under way.
func (p *Papers) ask(ctx context.Context, w tableWanted) (made *TableExport, err error) {
	me := viewer.From(ctx).UserID
	input, err := json.Marshal(w)
	if err != nil {
		return nil, err
	}
	if err := p.count(ctx, store.Use{Limit: askedTables, Of: me.String()}); err != nil {
		return nil, err
	}
	err = p.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		if err := tx.Lock(ctx, "users", "id", me); err != nil { // one at a time
			return err
		}
		open, err := tx.Task.Query().Where(task.OwnerID(me), task.Kind(taskTable), task.StatusIn(task.StatusWAITING, task.StatusRUNNING)).
			Limit(100).All(viewer.AsSystem(ctx, "paper"))
		if err != nil {
			return err
		}
		for _, t := range open {
			if alike(t.Input, input) {
				made, err = tableOf(t, nil, tx.Now)
				return err
			}
		}
		t, err := tx.AskTask(ctx, taskTable, me, w)
		if err != nil {
			return err
		}
		if made, err = tableOf(t, nil, tx.Now); err != nil {
			return err
		}
		about := map[string]any{"format": w.Format, "everybody": w.Owner == nil}
		owner := me
		if w.Owner != nil {
			owner = *w.Owner
		}
		return tx.Audit(ctx, "export."+map[TableExportSubject]string{OfOrders: "orders", OfEntries: "entries"}[w.Subject], owner, made.ID, about)
	})
	return made, err
}

// alike says whether two JSON texts say the same, however the database keeps it.
func alike(a, b []byte) bool {
	var x, y tableWanted
	if json.Unmarshal(a, &x) != nil || json.Unmarshal(b, &y) != nil {
		return false
	}
	first, _ := json.Marshal(x)
	second, _ := json.Marshal(y)
	return bytes.Equal(compact(first), compact(second))
}

func compact(b []byte) []byte {
	var v any
	_ = json.Unmarshal(b, &v) // it was written by us
	out, _ := json.Marshal(v) // with sorted keys
	return out
}

// Tables are the caller's own files, newest first; none for anybody else.
func (p *Papers) Tables(ctx context.Context, of uuid.UUID) ([]*TableExport, error) {
	if viewer.From(ctx).UserID != of {
		return nil, nil
	}
	all := []*TableExport{}
	tasks, err := p.Store.Client.Task.Query().Where(task.OwnerID(of), task.Kind(taskTable)).Order(ent.Desc(task.FieldID)).Limit(tablesSeen).All(ctx)
	if err != nil || len(tasks) == 0 {
		return all, store.Translate(err)
	}
	ids := make([]uuid.UUID, len(tasks))
	for i, t := range tasks {
		ids[i] = t.ID
	}
	files, err := p.Store.Client.Document.Query().Where(document.OwnerID(of), document.SubjectIDIn(ids...), document.KindEQ(document.KindEXPORT)).All(ctx)
	if err != nil {
		return nil, store.Translate(err)
	}
	by := map[uuid.UUID]*ent.Document{}
	for _, f := range files {
		by[*f.SubjectID] = f
	}
	for _, t := range tasks {
		one, err := tableOf(t, by[t.ID], p.Store.Now())
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, nil
}

// tableOf shows a task as a file.
func tableOf(t *ent.Task, file *ent.Document, now time.Time) (*TableExport, error) {
	var w tableWanted
	if err := json.Unmarshal(t.Input, &w); err != nil {
		return nil, err
	}
	unit := "orders"
	if w.Subject == OfEntries {
		unit = "entries"
	}
	e := &TableExport{ID: scalar.ID{Prefix: "task", UUID: t.ID}, Subject: w.Subject, Format: w.Format, RequestedAt: t.CreatedAt, ReadyAt: t.FinishedAt,
		Rows: int(t.Counts[countRows]), Progress: &scalar.Progress{Current: t.Counts[countDone], Target: t.Counts[countOf], Unit: unit}}
	if t.Status != task.StatusDONE {
		e.Progress.Target = max(1, e.Progress.Target) // not counted yet
	}
	switch t.Status {
	case task.StatusWAITING:
		e.Status = ExportWaiting
	case task.StatusRUNNING:
		e.Status = ExportRunning
	case task.StatusDONE:
		e.Status = ExportExpired
		if file != nil && (file.ExpiresAt == nil || file.ExpiresAt.After(now)) {
			e.Status, e.Document, e.ExpiresAt = ExportReady, file, file.ExpiresAt
		}
	default:
		e.Status, e.ReadyAt = ExportFailed, nil
	}
	return e, nil
}
