package history

import (
	"context"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/company"
	"kabinet/ent/generated/user"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// Bought is who bought an order that the viewer was shown. Names of colleagues
// and of customers of a company are behind the fence: they are read for such
// orders alone, for all orders of an answer at once.
func (h *History) Bought(ctx context.Context, o *ent.Order) (*OrderBuyer, error) {
	if o.OwnerID == viewer.House {
		return &OrderBuyer{Kind: BuyerGuest}, nil
	}
	ids := []uuid.UUID{o.OwnerID}
	if o.UserID != nil && *o.UserID != o.OwnerID {
		ids = append(ids, *o.UserID)
	}
	known, err := h.names(ctx).load(ctx, ids)
	if err != nil {
		return nil, err
	}
	return buyer(o, known), nil
}

// known is what is shown of a person or a company.
type known struct {
	name   string
	kind   company.Kind // empty of a person
	erased bool
}

func (k known) shown() *string {
	if k.name == "" || k.erased {
		return nil
	}
	return &k.name
}

// buyer says it by what is known of the owner and of who ordered.
func buyer(o *ent.Order, of map[uuid.UUID]known) *OrderBuyer {
	owner := of[o.OwnerID]
	b := &OrderBuyer{Kind: BuyerPerson, PersonName: owner.shown()}
	if owner.kind == "" {
		return b
	}
	b.PersonName = nil
	if o.UserID != nil {
		b.PersonName = of[*o.UserID].shown()
	}
	if owner.kind == company.KindCOMPANY {
		b.Kind, b.CompanyName = BuyerCompany, owner.shown()
	}
	return b
}

// gather is how long names are gathered before they are read: the fields of a
// list are resolved side by side.
const gather = time.Millisecond

// names loads names for one answer.
type names struct {
	*History
	mu      sync.Mutex
	waiting *namesAsked
}

// namesAsked is one reading for everybody who waits for it.
type namesAsked struct {
	ids  map[uuid.UUID]bool
	done chan struct{}
	all  map[uuid.UUID]known
	err  error
}

type namesKey struct{}

// Loading lets the answers of es load names for many orders at once.
func (h *History) Loading(es graphql.ExecutableSchema) graphql.ExecutableSchema {
	l := &loading{es, h}
	if events, ok := es.(graphql.ExecutableSchemaWithEventContext); ok {
		return &loadingEvents{l, events}
	}
	return l
}

type loading struct {
	graphql.ExecutableSchema
	h *History
}

// Unwrap is the schema inside.
func (l *loading) Unwrap() graphql.ExecutableSchema { return l.ExecutableSchema }

// Exec answers the operation of ctx.
func (l *loading) Exec(ctx context.Context) graphql.ResponseHandler {
	respond := l.ExecutableSchema.Exec(ctx)
	return func(ctx context.Context) *graphql.Response { return respond(l.with(ctx)) }
}

// loadingEvents is loading of a schema that has the optional half.
type loadingEvents struct {
	*loading
	events graphql.ExecutableSchemaWithEventContext
}

// ExecWithEventContext is Exec for subscriptions too.
func (l *loadingEvents) ExecWithEventContext(ctx context.Context) graphql.ResponseHandlerWithContext {
	respond := l.events.ExecWithEventContext(ctx)
	return func(ctx context.Context) (context.Context, *graphql.Response) { return respond(l.with(ctx)) }
}

func (l *loading) with(ctx context.Context) context.Context {
	return context.WithValue(ctx, namesKey{}, &names{History: l.h})
}

// names is the loader of the answer; one of its own where there is none.
func (h *History) names(ctx context.Context) *names {
	if n, ok := ctx.Value(namesKey{}).(*names); ok {
		return n
	}
	return &names{History: h}
}

func (n *names) load(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]known, error) {
	n.mu.Lock()
	asked := n.waiting
	if asked == nil {
		asked = &namesAsked{ids: map[uuid.UUID]bool{}, done: make(chan struct{})}
		n.waiting = asked
		time.AfterFunc(gather, func() { n.read(ctx, asked) })
	}
	for _, id := range ids {
		asked.ids[id] = true
	}
	n.mu.Unlock()
	select {
	case <-asked.done:
		return asked.all, asked.err
	case <-ctx.Done():
		return nil, store.Translate(ctx.Err())
	}
}

func (n *names) read(ctx context.Context, asked *namesAsked) {
	defer close(asked.done)
	n.mu.Lock()
	n.waiting = nil
	ids := make([]uuid.UUID, 0, len(asked.ids))
	for id := range asked.ids {
		ids = append(ids, id)
	}
	n.mu.Unlock()
	asked.all, asked.err = n.who(viewer.AsSystem(ctx, "order.history"), ids)
}

func (h *History) who(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]known, error) {
	all := make(map[uuid.UUID]known, len(ids))
	people, err := h.Store.Client.User.Query().Where(user.IDIn(ids...)).Select(user.FieldID, user.FieldDisplayName, user.FieldStatus).All(ctx)
	if err != nil {
		return nil, store.Translate(err)
	}
	for _, u := range people {
		all[u.ID] = known{name: u.DisplayName, erased: u.Status == user.StatusERASED}
	}
	if len(all) == len(ids) { // no company among them
		return all, nil
	}
	companies, err := h.Store.Client.Company.Query().Where(company.IDIn(ids...)).Select(company.FieldID, company.FieldName, company.FieldKind).All(ctx)
	if err != nil {
		return nil, store.Translate(err)
	}
	for _, c := range companies {
		all[c.ID] = known{name: c.Name, kind: c.Kind}
	}
	return all, nil
}
