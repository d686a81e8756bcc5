package profile

import (
	"context"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/address"
	"kabinet/ent/schema"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// mayRead says whether the caller sees what is another person's.
func mayRead(ctx context.Context, of uuid.UUID) bool {
	v := viewer.From(ctx)
	return v.UserID == of || v.Reach("user", "read") == viewer.ReachAll
}

// PreferencesOf are a person's preferences, with the defaults filled in.
func (p *Profiles) PreferencesOf(u *ent.User) *Preferences {
	return &Preferences{
		Locale: u.Locale, TimeZone: u.TimeZone, ContactChannel: (*ContactChannel)(u.ContactChannel),
		Interface: nonNil(u.UI), Delivery: delivery(u.Delivery), Privacy: privacy(u.Privacy),
	}
}

func nonNil(m map[string]any) map[string]any {
	if m == nil {
		return map[string]any{}
	}
	return m
}

func delivery(d *schema.DeliveryPreference) *DeliveryPreference {
	if d == nil || d.Method == "" {
		return nil
	}
	return &DeliveryPreference{Method: DeliveryMethod(d.Method), PointID: filled(d.PointID), PointName: filled(d.PointName), address: d.AddressID, recipient: d.RecipientID}
}

func privacy(p *schema.Privacy) *PrivacySettings {
	s := &PrivacySettings{Personalisation: true, Analytics: true, NameShownTo: NameVisibilityShortened}
	if p == nil {
		return s
	}
	for _, x := range []struct {
		to   *bool
		from *bool
	}{{&s.Personalisation, p.Personalisation}, {&s.Analytics, p.Analytics}, {&s.Sharing, p.Sharing}, {&s.Findable, p.Findable}} {
		if x.from != nil {
			*x.to = *x.from
		}
	}
	if p.NameShownTo != nil {
		s.NameShownTo = NameVisibility(*p.NameShownTo)
	}
	return s
}

// DeliveryAddress is where goods are delivered when nothing else is said; nil
// where it is nowhere or is gone.
func (p *Profiles) DeliveryAddress(ctx context.Context, d *DeliveryPreference) (*ent.Address, error) {
	return p.one(ctx, d.address, address.KindADDRESS)
}

// DeliveryRecipient is for whom; nil where it is nobody or is gone.
func (p *Profiles) DeliveryRecipient(ctx context.Context, d *DeliveryPreference) (*Recipient, error) {
	a, err := p.one(ctx, d.recipient, address.KindRECIPIENT)
	if a == nil || err != nil {
		return nil, err
	}
	return &Recipient{a}, nil
}

func (p *Profiles) one(ctx context.Context, id *uuid.UUID, kind address.Kind) (*ent.Address, error) {
	if id == nil {
		return nil, nil
	}
	q, err := p.Store.Client.Address.Query().Where(address.ID(*id), address.KindEQ(kind)).CollectFields(ctx)
	if err != nil {
		return nil, store.Translate(err)
	}
	a, err := q.Only(ctx)
	if ent.IsNotFound(err) {
		return nil, nil
	}
	return a, store.Translate(err)
}

// Recipients are those of a person, as they were made.
func (p *Profiles) Recipients(ctx context.Context, of uuid.UUID) ([]*Recipient, error) {
	list := []*Recipient{}
	if !mayRead(ctx, of) {
		return list, nil
	}
	q, err := p.Store.Client.Address.Query().Where(address.OwnerID(of), address.KindEQ(address.KindRECIPIENT)).Order(address.ByID()).Limit(mostAddresses).CollectFields(ctx)
	if err != nil {
		return nil, store.Translate(err)
	}
	rows, err := q.All(ctx)
	for _, a := range rows {
		list = append(list, &Recipient{a})
	}
	return list, store.Translate(err)
}

// IsNode makes a recipient an object of its own.
func (*Recipient) IsNode() {}
