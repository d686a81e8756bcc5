package after

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entorder "kabinet/ent/generated/order"
	"kabinet/ent/schema"
	"kabinet/internal/credential"
	"kabinet/internal/fault"
	"kabinet/internal/order"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// guests and guestTries bound how many orders one address of the net places
// without an account, and asks about by dry runs: they say what there is and
// what it costs, and a basket asks at each change.
var (
	guests     = store.Limit{Name: "order.guest", Free: 30, Forget: time.Hour, Window: true}
	guestTries = store.Limit{Name: "order.guest_try", Free: 300, Forget: time.Hour, Window: true}
)

// leastKey is how long the key of a stranger is: it is as good as a secret.
const leastKey = 16

// PlaceGuest orders without an account, and gives the token that opens the
// order. Faults: GUEST_ORDERS_OFF, INVALID_EMAIL, INVALID_PHONE, REQUIRED where there
// is neither, those of texts, of placing an order and of idempotency keys;
// RATE_LIMITED.
func (s *Acts) PlaceGuest(ctx context.Context, in PlaceGuestOrderInput) (Guested, error) {
	guest, to, err := s.checkGuest(in)
	if err != nil {
		return Guested{}, err
	}
	key, err := guestKey(in.IdempotencyKey)
	if err != nil {
		return Guested{}, err
	}
	dry, limit := in.DryRun != nil && *in.DryRun, guests
	if dry {
		limit = guestTries
	}
	if err := s.reserve(ctx, limit); err != nil {
		return Guested{}, err
	}
	bare := in
	bare.IdempotencyKey, bare.DryRun = "", nil
	kept := struct{ OrderID uuid.UUID }{uuid.Must(uuid.NewV7())}
	id := kept.OrderID
	var replayed bool
	var out Guested
	err = s.Store.InDryTx(ctx, dry, func(ctx context.Context, tx *store.Tx) (err error) {
		kept.OrderID = id
		replayed, err = tx.Once(ctx, "placeGuestOrder", key, bare, &kept, func() error {
			return s.placeGuest(ctx, tx, id, order.Placing{
				PlaceOrderInput: order.PlaceOrderInput{Lines: in.Lines, Note: in.Note}, Owner: viewer.House, Delivery: to, Guest: guest,
			})
		})
		if err != nil || !dry {
			return err
		}
		out.Order, err = guestOrder(ctx, tx.Client, kept.OrderID)
		return err
	})
	if err != nil {
		return Guested{}, err
	}
	if out.Replayed = &replayed; dry {
		return out, nil
	}
	return s.guested(ctx, kept.OrderID, out)
}

func (s *Acts) checkGuest(in PlaceGuestOrderInput) (*schema.GuestContact, map[string]any, error) {
	guest, err := s.contact(in.Contact)
	if err != nil {
		return nil, nil, err
	}
	to, err := deliveryTo(in.Delivery, guest)
	if err != nil {
		return nil, nil, err
	}
	return guest, to, checkText(in.Note, maxNote, "input", "note")
}

// guestKey is a stranger's key as it is kept, apart from those of other verbs:
// the keys of all strangers are in one place. Fault: INVALID_VALUE of one that is
// too short to be a secret.
func guestKey(key string) (string, error) {
	switch {
	case key != "" && len(key) < leastKey:
		return "", fault.ErrInvalidValue.At("input", "idempotencyKey")
	case key == "" || len(key) > 255: // refused as anybody's
		return key, nil
	}
	sum := sha256.Sum256([]byte("guest " + key))
	return hex.EncodeToString(sum[:]), nil
}

func (s *Acts) placeGuest(ctx context.Context, tx *store.Tx, id uuid.UUID, p order.Placing) error {
	rules, err := policyIn(ctx, tx)
	if err == nil && !rules.GuestOrders {
		err = ErrGuestOrdersOff
	}
	if err != nil {
		return err
	}
	_, err = s.Orders.PlaceIn(ctx, tx, id, p)
	return err
}

// guested reads the answer after the commit: one that was claimed since is
// somebody's, and not shown.
func (s *Acts) guested(ctx context.Context, id uuid.UUID, out Guested) (Guested, error) {
	token := tokenOf(s.Sealer, id)
	out.Token = &token
	o, err := guestOrder(ctx, s.Store.Client, id)
	if out.Order = o; fault.KindOf(store.Translate(err)) == fault.NotFound {
		return out, nil
	}
	return out, store.Translate(err)
}

// contact is how a guest is reached, as it is kept.
func (s *Acts) contact(in GuestContactInput) (*schema.GuestContact, error) {
	if err := checkText(in.Name, 200, "input", "contact", "name"); err != nil {
		return nil, err
	}
	guest := &schema.GuestContact{Name: in.Name}
	if in.Email == nil && in.Phone == nil {
		return nil, fault.ErrRequired.At("input", "contact", "email")
	}
	if in.Email != nil {
		email, ok := credential.ParseEmail(*in.Email)
		if !ok {
			return nil, ErrInvalidEmail.At("input", "contact", "email")
		}
		guest.Email = &email.Value
	}
	if in.Phone != nil {
		phone, ok := credential.ParsePhone(*in.Phone, s.Country)
		if !ok {
			return nil, ErrInvalidPhone.At("input", "contact", "phone")
		}
		guest.Phone = &phone
	}
	return guest, nil
}

var country = regexp.MustCompile(`^[A-Z]{2}$`)

// deliveryTo is where a guest's order goes, as orders keep it.
func deliveryTo(in *GuestDeliveryInput, guest *schema.GuestContact) (map[string]any, error) {
	if in == nil {
		return nil, nil
	}
	if len(in.Lines) == 0 {
		return nil, fault.ErrRequired.At("input", "delivery", "lines")
	}
	if len(in.Lines) > 4 {
		return nil, fault.ErrTooLong.With("limit", 4).At("input", "delivery", "lines")
	}
	for i, l := range in.Lines {
		at := []string{"input", "delivery", "lines", strconv.Itoa(i)}
		if strings.TrimSpace(l) == "" {
			return nil, fault.ErrRequired.At(at...)
		}
		if err := checkText(&l, 200, at...); err != nil {
			return nil, err
		}
	}
	if in.Country != nil && !country.MatchString(*in.Country) {
		return nil, fault.ErrInvalidValue.At("input", "delivery", "country")
	}
	to := map[string]any{"lines": in.Lines}
	for _, f := range []struct {
		name  string
		value *string
	}{{"name", guest.Name}, {"phone", guest.Phone}, {"country", in.Country}, {"city", in.City}, {"region", in.Region}, {"postalCode", in.PostalCode}} {
		if f.value == nil {
			continue
		}
		if err := checkText(f.value, 200, "input", "delivery", f.name); err != nil {
			return nil, err
		}
		to[f.name] = *f.value
	}
	return to, nil
}

// GuestOrder is a guest's order by its token. Fault: NOT_FOUND, also of one that
// was claimed.
func (s *Acts) GuestOrder(ctx context.Context, token string) (*GuestOrder, error) {
	id, known := orderOf(s.Sealer, token)
	if !known {
		return nil, fault.ErrNotFound
	}
	o, err := guestOrder(ctx, s.Store.Client, id)
	return o, store.Translate(err)
}

// guestOrder reads what a guest sees of his order; whoever calls has proven
// that he may.
func guestOrder(ctx context.Context, c *ent.Client, id uuid.UUID) (*GuestOrder, error) {
	sys := viewer.AsSystem(ctx, "order.guest")
	o, err := c.Order.Query().Where(entorder.ID(id), entorder.OwnerID(viewer.House), entorder.GuestNotNil()).WithLines().WithShipments().Only(sys)
	if err != nil {
		return nil, err
	}
	money := func(minor int64) scalar.Money { return scalar.Money{Minor: minor, Currency: o.Currency} }
	g := &GuestOrder{
		Number: o.Number, Status: o.Status, PaymentStatus: o.PaymentStatus, FulfillmentStatus: o.FulfillmentStatus,
		StatusLabel: order.Label(viewer.From(ctx).Locale, o), PlacedAt: o.PlacedAt, Delivery: o.Delivery, Total: money(o.TotalMinor), Paid: money(o.PaidMinor),
		Lines: []*GuestOrderLine{}, TrackingUrls: []string{},
	}
	lines, err := order.Lines(sys, o)
	if err != nil {
		return nil, err
	}
	for _, l := range lines {
		g.Lines = append(g.Lines, &GuestOrderLine{Sku: l.Sku, Title: l.Title, ImageURL: l.ImageURL, URL: l.URL, Quantity: l.Quantity, UnitPrice: money(l.UnitPriceMinor), Total: money(l.TotalMinor)})
	}
	parcels, err := order.Shipments(sys, o)
	for _, p := range parcels {
		if p.TrackingURL != nil {
			g.TrackingUrls = append(g.TrackingUrls, *p.TrackingURL)
		}
	}
	return g, err
}
