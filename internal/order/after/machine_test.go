package after_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/ledgeraccount"
	entorder "kabinet/ent/generated/order"
	"kabinet/ent/generated/payment"
	"kabinet/ent/generated/product"
	"kabinet/internal/bonus"
	"kabinet/internal/bonus/earning"
	"kabinet/internal/fault"
	"kabinet/internal/ledger"
	"kabinet/internal/order"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/viewer"
	"kabinet/internal/wallet"
)

// TestMain keeps the property test short unless its number is asked for.
func TestMain(m *testing.M) {
	flag.Parse()
	for name, value := range map[string]string{"rapid.checks": "10", "rapid.steps": "60"} {
		if f := flag.Lookup(name); f.Value.String() == f.DefValue {
			_ = f.Value.Set(value)
		}
	}
	os.Exit(m.Run())
}

// TestOrderMachine plays random acts on orders against the services and against
// a model; after each act no order stands where none can, what came in is what
// is kept and what was given back, no line lost or gained a unit, the shelf, the
// wallet and the points agree. security K1 K3 K4 K12
func TestOrderMachine(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newMachineWorld(t, db)
		rapid.Check(t, func(rt *rapid.T) {
			m := &machine{machineWorld: w, stock: map[string]int64{"TEA": w.stock("TEA"), "CUP": w.stock("CUP")}, wallet: w.inWallet()}
			m.place(rt)
			rt.Repeat(map[string]func(*rapid.T){
				"place": m.place, "place another": m.place, "repeat": m.repeat, "move": m.move, "deliver": m.deliver, "pay by hand": m.payByHand,
				"begin to pay": m.beginToPay, "provider tells": m.providerTells, "pay from wallet": m.payFromWallet, "spend points": m.spendPoints,
				"cancel": m.cancel, "ask to return": m.askToReturn, "ask again": m.askToReturn, "decide": m.decide, "decide another": m.decide,
				"send": m.send, "take back": m.takeBackReturn, "receive": m.receive, "receive another": m.receive, "receive a third": m.receive,
				"record refund": m.recordRefund, "again": m.again, "upsert": m.upsert, "": m.compare,
			})
		})
	})
}

// machineWorld is the world with points and wallets that are real.
type machineWorld struct {
	*world
	points  *bonus.Points
	wallets *wallet.Wallets
	purse   scalar.ID
}

func newMachineWorld(t *testing.T, db *storetest.DB) *machineWorld {
	t.Helper()
	w := &machineWorld{world: newWorld(t, db)}
	w.points = &bonus.Points{Store: db.Store, Spent: w.Orders.NoteSpent, Earned: w.Orders.NoteEarned}
	earnings := &earning.Earnings{Store: db.Store, Points: w.points}
	check(t, w.points.EnsureDefaultProgram(storetest.System()))
	w.wallets = &wallet.Wallets{Store: db.Store, Books: &ledger.Books{Store: db.Store}}
	w.wallets.Bill = func(ctx context.Context, tx *store.Tx, owner, id uuid.UUID) (wallet.Bill, error) {
		o, open, err := w.Orders.Payable(ctx, tx, owner, id)
		if err != nil {
			return wallet.Bill{}, err
		}
		return wallet.Bill{Currency: o.Currency, Open: open, Pay: func(ctx context.Context, minor int64, entry uuid.UUID) error {
			return w.Orders.PayFromWallet(ctx, tx, o, minor, entry)
		}}, nil
	}
	w.Orders.Earn = func(ctx context.Context, tx *store.Tx, o *ent.Order, lines []*ent.OrderLine, at order.Moment) (int64, error) {
		return earnings.EarnForOrder(ctx, tx, o, lines, string(at))
	}
	w.Orders.Unearn, w.Orders.Return, w.Orders.Repay = w.points.UnearnForOrder, w.points.ReturnForOrder, w.wallets.Repay
	w.Orders.Known = func(_ context.Context, _ *store.Tx, refs []order.CustomerRef) ([]uuid.UUID, error) {
		ids := make([]uuid.UUID, len(refs))
		for i, r := range refs {
			ids[i] = r.ID.UUID
		}
		return ids, nil
	}
	w.Credit = w.wallets.Credit
	opened, err := w.wallets.Open(storetest.As(w.alice), wallet.OpenWalletInput{Currency: "GBP", IdempotencyKey: w.key()})
	check(t, err)
	w.purse = opened.Wallet.GlobalID()
	_, err = w.wallets.ReceiveCash(w.everything(), wallet.ReceiveCashInput{WalletID: &w.purse, Amount: scalar.MoneyInput{Amount: "9000.00", Currency: "GBP"}, ReceiptNumber: w.key(), IdempotencyKey: w.key()})
	check(t, err)
	_, err = w.points.Accrue(w.everything(), bonus.AccruePointsInput{UserID: scalar.ID{Prefix: "usr", UUID: w.alice}, Amount: startPoints, Reason: "a gift", IdempotencyKey: w.key()})
	check(t, err)
	check(t, db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
		return tx.Product.Update().Where(product.Sku("TEA")).SetStock(100_000).Exec(ctx)
	}))
	t.Cleanup(func() {
		if wrong, err := wallet.Check(context.Background(), db.Store); err != nil || len(wrong) > 0 {
			t.Errorf("wallets: %v %v", wrong, err)
		}
	})
	return w
}

// startPoints are more than any order of the test takes back.
const startPoints = 100_000

// everything is a clerk who may do all there is.
func (w *machineWorld) everything() context.Context {
	grants := map[viewer.Permission]viewer.Reach{}
	for _, r := range []string{"order", "wallet", "bonus"} {
		grants[viewer.Permission{Resource: r, Operation: "read"}], grants[viewer.Permission{Resource: r, Operation: "write"}] = viewer.ReachAll, viewer.ReachAll
	}
	return viewer.With(context.Background(), viewer.Viewer{UserID: w.clerk, OwnerID: viewer.House, Staff: true, Locale: "en", Grants: grants})
}

func (w *machineWorld) inWallet() int64 {
	w.t.Helper()
	a, err := w.db.Client.LedgerAccount.Query().Where(ledgeraccount.ID(w.purse.UUID)).Only(storetest.System())
	check(w.t, err)
	return a.Active
}

// modelOrder is what an order should be, by the acts on it alone.
type modelOrder struct {
	id                    uuid.UUID
	status                entorder.Status
	money                 entorder.PaymentStatus
	goods                 entorder.FulfillmentStatus
	total, paid, refunded int64
	reserved              int64 // by a card
	lines                 []*modelLine
	begun                 []*modelPayment
	failed                int64 // given back, but it did not arrive
	external              string
	changedAt             time.Time
}

type modelLine struct {
	id                                              uuid.UUID
	sku                                             string
	price, quantity, cancelled, returned, comesBack int64
}

type modelPayment struct {
	row    *ent.Payment
	amount int64
	state  payment.Status
}

type modelReturn struct {
	id       scalar.ID
	order    *modelOrder
	line     *modelLine
	quantity int64
	state    string
	wants    string // of an exchange
}

// machine does each act on both.
type machine struct {
	*machineWorld
	orders  []*modelOrder
	returns []*modelReturn
	stock   map[string]int64
	wallet  int64
	last    func() (*bool, error) // the last act again, under its key
}

// done says whether an act was refused as it should have been; it is not done
// then. An empty code: it should be done.
func (m *machine) done(rt *rapid.T, what, code string, err error) bool {
	rt.Helper()
	got := ""
	if f, ok := fault.As(err); ok {
		got = f.Code
	} else if err != nil {
		rt.Fatalf("%s: %v", what, err)
	}
	if got != code {
		rt.Fatalf("%s: it is %q, want %q (%v)", what, got, code, err)
	}
	m.db.Clock.Add(10 * time.Minute)
	return err == nil
}

// one is an order of ours, mostly of those with which something can be done;
// external ones are moved by their system alone.
func (m *machine) one(rt *rapid.T, can func(*modelOrder) bool) *modelOrder {
	var own []*modelOrder
	for _, o := range m.orders {
		if o.external == "" {
			own = append(own, o)
		}
	}
	return some(rt, own, can)
}

// some draws one, mostly of those that can.
func some[T any](rt *rapid.T, all []T, can func(T) bool) T {
	if one := slices.DeleteFunc(slices.Clone(all), func(one T) bool { return !can(one) }); len(one) > 0 && rapid.IntRange(0, 4).Draw(rt, "mostly") > 0 {
		all = one
	}
	if len(all) == 0 {
		rt.Skip("there is none")
	}
	return all[rapid.IntRange(0, len(all)-1).Draw(rt, "which")]
}

var prices = map[string]int64{"TEA": 350, "CUP": 1200}

func (m *machine) place(rt *rapid.T) {
	skus := rapid.SampledFrom([][]string{{"TEA"}, {"CUP"}, {"TEA", "CUP"}}).Draw(rt, "goods")
	o, in, code := &modelOrder{}, order.PlaceOrderInput{IdempotencyKey: m.key()}, ""
	for _, sku := range skus {
		n := rapid.Int64Range(1, 4).Draw(rt, "quantity")
		in.Lines = append(in.Lines, &order.PlaceOrderLineInput{Sku: sku, Quantity: int(n)})
		o.lines = append(o.lines, &modelLine{sku: sku, price: prices[sku], quantity: n})
		if n > m.stock[sku] {
			code = "OUT_OF_STOCK"
		}
	}
	out, err := m.Orders.Place(storetest.As(m.alice), in)
	if m.done(rt, "place", code, err) {
		m.placed(o, out.Order.ID)
		m.repeatable(func() (order.Outcome, error) { return m.Orders.Place(storetest.As(m.alice), in) })
	}
}

// placed books a new order that stands at the beginning.
func (m *machine) placed(o *modelOrder, id uuid.UUID) {
	if o.id = id; o.external == "" {
		o.status, o.money, o.goods = entorder.StatusPLACED, entorder.PaymentStatusPENDING, entorder.FulfillmentStatusNEW
	}
	rows := m.now(id).Edges.Lines
	slices.SortFunc(rows, func(a, b *ent.OrderLine) int { return a.Position - b.Position })
	for i, l := range o.lines {
		l.id = rows[i].ID
		o.total += l.price * l.quantity
		if o.external == "" {
			m.stock[l.sku] -= l.quantity
		}
	}
	m.orders = append(m.orders, o)
}

func (m *machine) repeatable(act func() (order.Outcome, error)) {
	m.last = func() (*bool, error) {
		out, err := act()
		return out.Replayed, err
	}
}

// again plays the last act that was done under its key: nothing changes.
func (m *machine) again(rt *rapid.T) {
	if m.last == nil {
		rt.Skip("nothing was done")
	}
	replayed, err := m.last()
	if m.done(rt, "again", "", err) && !*replayed {
		rt.Fatal("it was done again")
	}
}

func (m *machine) compare(rt *rapid.T) {
	var inWallet int64
	for _, o := range m.orders {
		now := m.now(o.id)
		m.standsRight(rt, o, now)
		inWallet += m.moneyIsRight(rt, o, now)
	}
	if wrong, err := order.CheckTotals(context.Background(), m.db.Store); err != nil || len(wrong) > 0 {
		rt.Fatalf("the books: %v %v", wrong, err)
	}
	for sku, want := range m.stock {
		if got := m.machineWorld.stock(sku); got != want {
			rt.Fatalf("%d %s are on the shelf, want %d", got, sku, want)
		}
	}
	if got := m.inWallet(); got != m.wallet+inWallet {
		rt.Fatalf("the wallet holds %d, want %d", got, m.wallet+inWallet)
	}
	m.pointsAreRight(rt)
	m.returnsAreRight(rt)
}

// standsRight compares the axes and the lines.
func (m *machine) standsRight(rt *rapid.T, o *modelOrder, now *ent.Order) {
	got, want := fmt.Sprint(now.Status, " ", now.PaymentStatus, " ", now.FulfillmentStatus), fmt.Sprint(o.status, " ", o.money, " ", o.goods)
	if got != want {
		rt.Fatalf("%s stands at %s, want %s", now.Number, got, want)
	}
	for _, l := range now.Edges.Lines {
		i := slices.IndexFunc(o.lines, func(m *modelLine) bool { return m.id == l.ID })
		was := o.lines[i]
		if l.Cancelled != was.cancelled || l.Returned != was.returned || l.Quantity != was.quantity || l.Cancelled+l.Returned+was.comesBack > l.Quantity {
			rt.Fatalf("%s: of %d units %d are cancelled and %d came back, want %d and %d", now.Number, l.Quantity, l.Cancelled, l.Returned, was.cancelled, was.returned)
		}
	}
}

// moneyIsRight compares the money of an order and says by how much it filled
// the wallet.
func (m *machine) moneyIsRight(rt *rapid.T, o *modelOrder, now *ent.Order) (inWallet int64) {
	if now.TotalMinor != o.total || now.PaidMinor != o.paid || now.RefundedMinor != o.refunded {
		rt.Fatalf("%s costs %d, paid %d, given back %d; want %d, %d, %d", now.Number, now.TotalMinor, now.PaidMinor, now.RefundedMinor, o.total, o.paid, o.refunded)
	}
	back, reserved := map[uuid.UUID]int64{}, int64(0)
	for _, p := range now.Edges.Payments {
		byWallet := p.Method == "WALLET" && p.Status == payment.StatusSUCCEEDED
		switch {
		case p.Kind == payment.KindREFUND && p.Status != payment.StatusFAILED:
			back[*p.ParentID] += p.AmountMinor
			if byWallet {
				inWallet += p.AmountMinor
			}
		case p.Kind == payment.KindPAYMENT && p.Status == payment.StatusAUTHORIZED:
			reserved += p.AmountMinor
		case p.Kind == payment.KindPAYMENT && byWallet:
			inWallet -= p.AmountMinor
		}
	}
	for _, p := range now.Edges.Payments {
		if p.Kind == payment.KindPAYMENT && (p.RefundedMinor != back[p.ID] || p.RefundedMinor > p.AmountMinor) {
			rt.Fatalf("%s: of a payment of %d it says %d came back, its refunds say %d", now.Number, p.AmountMinor, p.RefundedMinor, back[p.ID])
		}
	}
	if reserved != o.reserved {
		rt.Fatalf("%s: %d are reserved by a card, want %d", now.Number, reserved, o.reserved)
	}
	if o.external != "" {
		return inWallet
	}
	// What was paid and kept is what is owed, but for what could not be given back.
	kept, over := o.paid-o.refunded, o.paid-o.refunded-o.total
	if kept < 0 || o.total < 0 || over > o.failed || paidUp(o) && over < 0 || o.status == entorder.StatusCANCELLED && (o.total != 0 || over != o.failed) {
		rt.Fatalf("%s: %s, %d are kept of what costs %d, %d could not be given back", now.Number, o.money, kept, o.total, o.failed)
	}
	return inWallet
}

func paidUp(o *modelOrder) bool {
	return o.money != entorder.PaymentStatusPENDING && o.money != entorder.PaymentStatusAUTHORIZED
}

// pointsAreRight compares the balance with what orders say they gave and took.
func (m *machine) pointsAreRight(rt *rapid.T) {
	all, err := m.db.Client.Order.Query().Where(entorder.OwnerID(m.alice)).All(storetest.System())
	check(m.t, err)
	want := int64(startPoints)
	for _, o := range all {
		want += o.PointsEarned - o.PointsSpent
		gone := o.Status == entorder.StatusCANCELLED || o.FulfillmentStatus == entorder.FulfillmentStatusRETURNED
		if o.PointsEarned < 0 || o.PointsSpent < 0 || gone && (o.PointsEarned != 0 || o.PointsSpent != 0) {
			rt.Fatalf("%s (%s %s) earned %d points and took %d", o.Number, o.Status, o.FulfillmentStatus, o.PointsEarned, o.PointsSpent)
		}
	}
	a, err := m.db.Client.LedgerAccount.Query().Where(ledgeraccount.OwnerID(m.alice), ledgeraccount.KindEQ(ledgeraccount.KindBONUS)).Only(storetest.System())
	check(m.t, err)
	if got := a.Active + a.Pending + a.Held; got != want {
		rt.Fatalf("there are %d points, want %d", got, want)
	}
}
