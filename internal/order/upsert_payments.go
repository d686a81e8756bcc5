package order

import (
	"context"
	"regexp"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entorder "kabinet/ent/generated/order"
	"kabinet/ent/generated/payment"
	"kabinet/ent/generated/predicate"
	"kabinet/internal/batch"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// PaymentResult is what became of one payment of a batch.
type PaymentResult struct {
	Payment *ent.Payment // nil where the item was not taken
	Outcome scalar.UpsertOutcome
	Err     error
}

// takings is one payment as an outside system says it, judged by itself.
type takings struct {
	batch.Item
	in     *UpsertPaymentInput
	amount scalar.Money
	method string
}

var methods = regexp.MustCompile(`^[A-Z][A-Z0-9_]{0,29}$`)

// UpsertPayments takes over payments that an outside system received. One
// result for each item, in their order. Faults of the whole: REQUIRED,
// TOO_LONG, FORBIDDEN, CONFLICT. Of an item: OUTDATED, DUPLICATE_KEY, NOT_FOUND
// of the order, CURRENCY_MISMATCH, ILLEGAL_TRANSITION, OUT_OF_RANGE, and
// INVALID_VALUE for what is fixed once stored.
func (s *Orders) UpsertPayments(ctx context.Context, input UpsertPaymentsInput) ([]PaymentResult, error) {
	how := batch.As(input.ErrorPolicy, input.DryRun)
	if err := checkBatch(ctx, len(input.Payments), "payments"); err != nil {
		return nil, err
	}
	items, keys, now := make([]*takings, len(input.Payments)), map[scalar.ExternalKey]bool{}, s.Store.Now()
	for i, in := range input.Payments {
		p := &takings{in: in}
		p.Begin(how, "payments", i)
		items[i] = p
		if p.read(now); p.Out() {
			continue
		}
		if keys[*in.External] {
			p.Refuse(ErrDuplicateKey.With("externalId", in.External.ID).At(p.Path("external")...))
		}
		keys[*in.External] = true
	}
	done, err := batch.Run(ctx, s.Store, how, items, s.upsertPayments)
	if err != nil {
		return nil, err
	}
	byID := map[uuid.UUID]*ent.Payment{}
	if ids := batch.IDs(done); len(ids) > 0 {
		q, err := s.Store.Client.Payment.Query().Where(payment.IDIn(ids...)).CollectUnder(ctx, "results", "payment")
		if err != nil {
			return nil, err
		}
		rows, err := q.All(ctx)
		if err != nil {
			return nil, store.Translate(err)
		}
		for _, p := range rows {
			byID[p.ID] = p
		}
	}
	results := make([]PaymentResult, len(done))
	for i, p := range done {
		results[i] = PaymentResult{Outcome: p.Outcome, Err: p.Err()}
		if p.Written() {
			results[i].Payment = byID[p.ID]
		}
	}
	return results, nil
}

// read judges an item by itself.
func (p *takings) read(now time.Time) {
	in := p.in
	err := firstError(
		batch.Key(in.External, p.Path("external")...),
		batch.NotAhead(in.SourceUpdatedAt, now, p.Path("sourceUpdatedAt")...),
		batch.NotAhead(in.OccurredAt, now, p.Path("occurredAt")...),
		checkOptional(in.ProviderRef, 255, p.Path("providerRef")...),
	)
	if p.method = "EXTERNAL"; in.Method != nil {
		p.method = *in.Method
	}
	if err == nil && !methods.MatchString(p.method) || p.method == "WALLET" || p.method == exchange {
		err = firstError(err, fault.ErrInvalidValue.At(p.Path("method")...))
	}
	if err == nil && (in.Order == nil || in.Order.key() == "") {
		err = fault.ErrNotFound.At(p.Path("order")...)
	}
	if err == nil && in.Amount == nil {
		err = fault.ErrRequired.At(p.Path("amount")...)
	}
	if err != nil {
		p.Refuse(err)
		return
	}
	m, err := in.Amount.Money()
	switch {
	case err != nil:
		p.Refuse(fault.ErrInvalidValue.Because(err).At(p.Path("amount")...))
	case m.Minor <= 0 || m.Minor > scalar.MaxPoints:
		p.Refuse(fault.ErrOutOfRange.With("min", 0).At(p.Path("amount")...))
	}
	p.amount = m
}

// key tells one reference from another; empty for what cannot be an order.
func (by OrderRef) key() string {
	switch {
	case by.ID != nil && by.ID.Prefix == "order":
		return "id:" + by.ID.UUID.String()
	case by.Number != nil && lookable(*by.Number):
		return "number:" + *by.Number
	case by.External != nil && lookable(by.External.Source, by.External.ID):
		return "key:" + by.External.Source + "\x00" + by.External.ID
	}
	return ""
}

// HeldBy holds and reads the orders that references name, with their lines and
// payments, by their references; one statement for all. What names nobody's
// order is missing.
func HeldBy(ctx context.Context, tx *store.Tx, refs []OrderRef) (func(OrderRef) *ent.Order, error) {
	var ids []uuid.UUID
	var numbers []string
	bySource := map[string][]string{}
	for _, by := range refs {
		switch {
		case by.key() == "":
		case by.ID != nil:
			ids = append(ids, by.ID.UUID)
		case by.Number != nil:
			numbers = append(numbers, *by.Number)
		default:
			bySource[by.External.Source] = append(bySource[by.External.Source], by.External.ID)
		}
	}
	wanted := []predicate.Order{entorder.IDIn(ids...), entorder.NumberIn(numbers...)}
	for source, keys := range bySource {
		wanted = append(wanted, entorder.And(entorder.Source(source), entorder.ExternalIDIn(keys...)))
	}
	orders, err := tx.Order.Query().Where(entorder.Or(wanted...), tx.Locking()).Order(entorder.ByID()).WithLines().WithPayments().All(viewer.AsSystem(ctx, "order.upsert"))
	if err != nil {
		return nil, err
	}
	found := map[string]*ent.Order{}
	for _, o := range orders {
		found["id:"+o.ID.String()], found["number:"+o.Number] = o, o
		if o.Source != nil && o.ExternalID != nil {
			found["key:"+*o.Source+"\x00"+*o.ExternalID] = o
		}
	}
	return func(by OrderRef) *ent.Order { return found[by.key()] }, nil
}

func (s *Orders) upsertPayments(ctx context.Context, tx *store.Tx, items []*takings) error {
	live := batch.InOrder(items, func(p *takings) string { return p.in.External.Source + "\x00" + p.in.External.ID })
	if len(live) == 0 {
		return nil
	}
	var refs []OrderRef
	bySource := map[string][]string{}
	for _, p := range live {
		refs = append(refs, *p.in.Order)
		bySource[p.in.External.Source] = append(bySource[p.in.External.Source], p.in.External.ID)
	}
	order, err := HeldBy(ctx, tx, refs)
	if err != nil {
		return err
	}
	var wanted []predicate.Payment
	for source, ids := range bySource {
		wanted = append(wanted, payment.And(payment.Source(source), payment.ExternalIDIn(ids...)))
	}
	known, err := tx.Payment.Query().Where(payment.Or(wanted...)).All(viewer.AsSystem(ctx, "order.upsert"))
	if err != nil {
		return err
	}
	stored := map[scalar.ExternalKey]*ent.Payment{}
	for _, p := range known {
		stored[scalar.ExternalKey{Source: *p.Source, ID: *p.ExternalID}] = p
	}
	b := &booking{Orders: s, tx: tx, c: &changes{actor: viewer.From(ctx).Actor(), many: true}, from: map[uuid.UUID]axes{}}
	for _, p := range live {
		b.take(p, order(*p.in.Order), stored[*p.in.External])
	}
	return b.end(ctx)
}
