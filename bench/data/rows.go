package data

const currency = "GBP"

// secret has the form and length of a stored password; it is none of any.
const secret = "$argon2id$v=19$m=19456,t=2,p=1$YmVuY2hiZW5jaGJlbmNo$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

func (r *rows) product(p Product) {
	at := epoch.Add(-900 * day)
	r.add(tProducts, p.ID, at, at, p.SKU, p.Title, p.Category, p.Price, currency, "ACTIVE")
}

// person adds all rows of one.
func (r *rows) person(u *Person, h House) {
	r.add(tUsers, u.ID, u.Created, u.Created, "ACTIVE", u.Given, u.Family, u.Name(), "en", "UTC", u.Unread)
	r.add(tContactPoints, u.Contact, u.Created, u.Created, "EMAIL", u.Email, u.Email, u.Created, true, u.ID)
	r.add(tIdentities, u.Identity, u.Created, u.Created, u.ID, "PASSWORD", "", u.ID.String(), []byte(secret))
	r.add(tSessions, u.Session, u.Created, u.Created, u.ID, u.ID, "TOKEN", tokenHash(u.Token), epoch, epoch)
	r.add(tAddresses, u.Address, u.Created, u.Created, u.ID, u.ID, u.Name(), "GB", jsonText(`["1 Bench Street"]`), "London", "N1 1AA", true)
	for i := range u.Orders {
		r.order(u, &u.Orders[i])
	}
	r.points(u, h)
	for _, t := range u.Tickets {
		r.ticket(u, t, h)
	}
	for _, n := range u.Notifications {
		r.add(tNotifications, n.ID, n.At, n.At, u.ID, n.Event, n.Topic, n.Type, n.Title, n.Body, jsonText(n.Data), n.SubjectKind, n.Subject,
			orNull(n.Read), orNull(n.Read))
	}
}

func (r *rows) order(u *Person, o *Order) {
	paid, cancelled, reason := int64(0), 0, any(nil)
	if !o.Paid.IsZero() {
		paid = o.Total()
		r.add(tPayments, o.PaymentID, o.Paid, o.Paid, u.ID, "PAYMENT", "SUCCEEDED", currency, paid, "CARD", o.Paid, o.ID)
	}
	if !o.Cancelled.IsZero() {
		reason, cancelled = "CHANGED_MIND", 1
	}
	subtotal, shipping := o.Subtotal, o.Shipping
	if cancelled == 1 { // totals derive from the book
		subtotal, shipping = 0, 0
	}
	last := o.Events[len(o.Events)-1].At
	r.add(tOrders, o.ID, o.Placed, last, u.ID, u.ID, o.Number, o.Status, o.Payment, o.Shipped, "ONLINE", currency,
		subtotal, shipping, subtotal+shipping, paid, o.Points, o.Placed, orNull(o.Cancelled), reason, len(o.Events))
	for i, l := range o.Lines {
		shipped := 0
		if !o.Sent.IsZero() {
			shipped = l.Quantity
		}
		r.add(tLines, l.ID, o.Placed, last, u.ID, i+1, l.Product.SKU, l.Product.Title, l.Product.Category, l.Quantity, currency,
			l.Product.Price, l.Total(), cancelled*l.Quantity, shipped, l.Points, o.ID, l.Product.ID)
	}
	for i, e := range o.Events {
		r.add(tEvents, e.ID, e.At, u.ID, i+1, e.Kind, e.At, currency, e.Amount, nil, o.ID)
	}
	if !o.Sent.IsZero() {
		r.add(tShipments, o.ShipmentID, o.Sent, o.Got, u.ID, "DELIVERED", "Royal Mail", "RM"+o.Number, o.Sent, orNull(o.Got), o.ID)
	}
}

func (r *rows) points(u *Person, h House) {
	a := &u.Account
	var due any
	if a.Due != nil {
		due = *a.Due
	}
	r.add(tAccounts, a.ID, u.Created, epoch, u.ID, u.ID, h.Unit, "BONUS", h.Program, true, a.Active, len(a.Entries), a.Head, due)
	for i, e := range a.Entries {
		r.add(tEntries, e.ID, e.At, u.ID, a.ID, i+1, e.Kind, e.Amount, "ACTIVE", e.Contra, "ACTIVE", h.Unit, e.Balance, e.Order, e.Cause, e.Explain, e.Note, e.Actor, e.Hash)
	}
	for _, l := range a.Lots {
		r.add(tLots, l.ID, l.At, l.At, u.ID, a.ID, l.Entry, "ACTIVE", l.Amount, l.Remaining, l.Due())
	}
	for _, m := range a.Moves {
		r.add(tMoves, m.Entry, m.Lot, m.Amount)
	}
}

func (r *rows) ticket(u *Person, t Ticket, h House) {
	last := t.Last()
	r.add(tTickets, t.ID, t.Opened, last.At, u.ID, u.ID, t.Number, t.Subject, t.Status, t.Reason, t.Order, last.At, never,
		len(t.Messages), t.Said(true), t.Said(false), last.ID)
	for i, m := range t.Messages {
		author, kind, name := u.ID, "CUSTOMER", u.Name()
		if m.Staff {
			author, kind, name = h.Staff, "STAFF", "Kabinet Bench"
		}
		r.add(tMessages, m.ID, m.At, m.At, u.ID, i+1, author, kind, name, m.Body, t.ID)
	}
	r.add(tParticipants, t.Participant, t.Opened, last.At, u.ID, u.ID, max(0, t.Said(true)-1), t.ID)
}
