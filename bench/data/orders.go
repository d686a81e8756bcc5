package data

import (
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"
)

// Product is one of the catalogue.
type Product struct {
	ID         uuid.UUID
	SKU, Title string
	Category   string
	Price      int64 // pence
}

// Product is the product of an index.
func (p Plan) Product(i int) Product { return p.catalogue()[i] }

// catalogues are made once: every line of every order wants a product.
var catalogues sync.Map

func (p Plan) catalogue() []Product {
	key := [2]uint64{p.Seed, uint64(p.Products)}
	if made, ok := catalogues.Load(key); ok {
		return made.([]Product)
	}
	list := make([]Product, p.Products)
	for i := range list {
		list[i] = p.product(i)
	}
	catalogues.Store(key, list)
	return list
}

func (p Plan) product(i int) Product {
	r := p.random(kindProduct, i)
	return Product{
		ID: r.id(epoch.Add(-900*day + time.Duration(i)*time.Second)), SKU: fmt.Sprintf("B%05d", i),
		Title: r.sentence(4), Category: pick(r, []string{"Kitchen", "Garden", "Party", "Home", "Gifts"}), Price: int64(r.between(85, 4999)),
	}
}

// Order is one order with what hangs on it.
type Order struct {
	ID                       uuid.UUID
	Number                   string
	Status, Payment, Shipped string
	Placed, Paid, Sent, Got  time.Time // zero where it did not come so far
	Cancelled                time.Time
	Subtotal, Shipping       int64
	Points                   int64 // earned; set by book
	Lines                    []Line
	Events                   []Event
	PaymentID, ShipmentID    uuid.UUID
}

// Total is what is owed, in pence.
func (o *Order) Total() int64 { return o.Subtotal + o.Shipping }

// Line is one line of an order.
type Line struct {
	ID       uuid.UUID
	Product  Product
	Quantity int
	Points   int64
}

// Total of a line, in pence.
func (l Line) Total() int64 { return int64(l.Quantity) * l.Product.Price }

// Event is one entry of an order's book.
type Event struct {
	ID     uuid.UUID
	Kind   string
	At     time.Time
	Amount int64
}

// linesOf gives 11/3 lines on average: 450,000 orders have 1.65 million.
var linesOf = []int{1, 2, 3, 4, 5, 7}

func (p Plan) orders(r random, u *Person, n int) []Order {
	orders := make([]Order, n)
	for i, at := range spread(r, n) {
		orders[i] = p.order(r, u, i, at)
		if n-i <= 2 { // the newest are on their way
			continue
		}
		orders[i].finish(r)
	}
	for i := range orders {
		orders[i].record(r)
	}
	return orders
}

func (p Plan) order(r random, u *Person, i int, at time.Time) Order {
	o := Order{
		ID: r.id(at), Number: fmt.Sprintf("%s-%06d-%d", at.Format("20060102"), u.Index, i), Placed: at,
		Status: "PLACED", Payment: "PENDING", Shipped: "NEW", Shipping: 395,
	}
	for range pick(r, linesOf) {
		product := p.Product(r.IntN(p.Products))
		l := Line{ID: r.id(at), Product: product, Quantity: r.between(1, 6)}
		o.Lines = append(o.Lines, l)
		o.Subtotal += l.Total()
	}
	if r.percent(60) {
		o.Payment, o.Paid = "PAID", at.Add(time.Minute)
		o.PaymentID = r.id(o.Paid)
	}
	return o
}

// finish is what became of an order of some age.
func (o *Order) finish(r random) {
	if r.percent(5) && o.Paid.IsZero() {
		o.Status, o.Cancelled = "CANCELLED", o.Placed.Add(2*time.Hour)
		return
	}
	if o.Paid.IsZero() {
		o.Paid = o.Placed.Add(time.Hour)
		o.PaymentID = r.id(o.Paid)
	}
	o.Status, o.Payment, o.Shipped = "COMPLETED", "PAID", "DELIVERED"
	o.Sent = o.Placed.Add(3 * time.Hour)
	o.Got = o.Sent.Add(4 * time.Hour)
	o.ShipmentID = r.id(o.Sent)
}

// record writes the order's book.
func (o *Order) record(r random) {
	add := func(kind string, at time.Time, amount int64) {
		if !at.IsZero() {
			o.Events = append(o.Events, Event{ID: r.id(at), Kind: kind, At: at, Amount: amount})
		}
	}
	add("PLACED", o.Placed, o.Total())
	add("PAYMENT_CONFIRMED", o.Paid, 0)
	add("SHIPPED", o.Sent, 0)
	add("RECEIVED", o.Got, 0)
	add("CANCELLED", o.Cancelled, -o.Total())
}
