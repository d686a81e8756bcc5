package profile

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"unicode/utf8"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/address"
	"kabinet/ent/generated/user"
	"kabinet/ent/schema"
	"kabinet/internal/credential"
	"kabinet/internal/fault"
	"kabinet/internal/locale"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
)

// UpdatePreferences changes language, time zone, delivery, interface and
// privacy; what is absent stays, and so does a language or time zone that is
// null, for everybody has one of each.
//
// Faults: UNAUTHENTICATED, STALE_OBJECT, REQUIRED, TOO_LONG, INVALID_ID,
// NOT_FOUND, INVALID_VALUE such as for a language that Kabinet does not speak.
func (p *Profiles) UpdatePreferences(ctx context.Context, in UpdatePreferencesInput) (*ent.User, error) {
	return p.updateMe(ctx, in.Revision, func(ctx context.Context, tx *store.Tx, was *ent.User, u *ent.UserUpdate) ([]string, error) {
		c := changes{}
		if lang, set := in.Locale.ValueOK(); set && lang != nil {
			if !slices.Contains(locale.Supported(), *lang) {
				return nil, fault.ErrInvalidValue.At("input", "locale").With("allowed", locale.Supported())
			}
			u.SetLocale(*lang)
			c.add("locale")
		}
		if zone, set := in.TimeZone.ValueOK(); set && zone != nil {
			u.SetTimeZone(*zone)
			c.add("timeZone")
		}
		if channel, set := in.ContactChannel.ValueOK(); set {
			if c.add("contactChannel"); channel == nil {
				u.ClearContactChannel()
			} else {
				u.SetContactChannel(user.ContactChannel(*channel))
			}
		}
		if given, set := in.Interface.ValueOK(); set {
			kept, err := mergeInterface(was.UI, given)
			if err != nil {
				return nil, err
			}
			u.SetUI(kept)
			c.add("interface")
		}
		if in.Privacy != nil {
			u.SetPrivacy(mergePrivacy(was.Privacy, in.Privacy))
			c.add("privacy")
		}
		if given, set := in.Delivery.ValueOK(); set {
			c.add("delivery")
			if given == nil {
				u.ClearDelivery()
				return c.names, nil
			}
			d, err := checkDelivery(ctx, tx, was, given)
			if err != nil {
				return nil, err
			}
			u.SetDelivery(d)
		}
		return c.names, nil
	})
}

// Of what front ends keep of their looks.
const (
	mostInterface     = 16 << 10 // bytes of JSON
	mostInterfaceKeys = 50
	longInterfaceKey  = 64 // characters
	deepInterface     = 8
)

// mergeInterface puts keys over those that are kept: null removes one, null for
// all removes all.
//
// Faults: TOO_LONG, INVALID_VALUE.
func mergeInterface(kept, given map[string]any) (map[string]any, error) {
	merged := map[string]any{}
	if given != nil {
		maps.Copy(merged, kept)
	}
	for key, v := range given {
		if key == "" || !utf8.ValidString(key) || deeper(v, deepInterface-1) {
			return nil, fault.ErrInvalidValue.At("input", "interface")
		}
		if utf8.RuneCountInString(key) > longInterfaceKey {
			return nil, fault.ErrTooLong.At("input", "interface").With("limit", longInterfaceKey)
		}
		if v == nil {
			delete(merged, key)
		} else {
			merged[key] = v
		}
	}
	if len(merged) > mostInterfaceKeys {
		return nil, fault.ErrTooLong.At("input", "interface").With("limit", mostInterfaceKeys)
	}
	text, err := json.Marshal(merged)
	if err != nil {
		return nil, fault.ErrInvalidValue.At("input", "interface").Because(err)
	}
	if len(text) > mostInterface {
		return nil, fault.ErrTooLong.At("input", "interface").With("limit", mostInterface)
	}
	return merged, nil
}

// deeper says whether a value of JSON has more levels than that.
func deeper(v any, levels int) bool {
	switch v := v.(type) {
	case map[string]any:
		for _, x := range v {
			if levels == 0 || deeper(x, levels-1) {
				return true
			}
		}
	case []any:
		for _, x := range v {
			if levels == 0 || deeper(x, levels-1) {
				return true
			}
		}
	}
	return false
}

func mergePrivacy(kept *schema.Privacy, in *PrivacySettingsInput) *schema.Privacy {
	p := schema.Privacy{}
	if kept != nil {
		p = *kept
	}
	set := func(into **bool, given *bool, there bool) {
		if there {
			*into = given
		}
	}
	v, there := in.Personalisation.ValueOK()
	set(&p.Personalisation, v, there)
	v, there = in.Analytics.ValueOK()
	set(&p.Analytics, v, there)
	v, there = in.Sharing.ValueOK()
	set(&p.Sharing, v, there)
	v, there = in.Findable.ValueOK()
	set(&p.Findable, v, there)
	if v, there := in.NameShownTo.ValueOK(); there {
		p.NameShownTo = (*string)(v)
	}
	return &p
}

// checkDelivery takes addresses and recipients of the person alone.
func checkDelivery(ctx context.Context, tx *store.Tx, was *ent.User, in *DeliveryPreferenceInput) (*schema.DeliveryPreference, error) {
	d := &schema.DeliveryPreference{Method: string(in.Method)}
	toAddress := in.Method == DeliveryMethodCourier || in.Method == DeliveryMethodPost
	point, err := credential.Line(in.PointID, 100, "input", "delivery", "pointId")
	if err != nil {
		return nil, err
	}
	name, err := credential.Line(in.PointName, 200, "input", "delivery", "pointName")
	if err != nil {
		return nil, err
	}
	switch {
	case toAddress && point != nil:
		return nil, fault.ErrInvalidValue.At("input", "delivery", "pointId")
	case toAddress && name != nil:
		return nil, fault.ErrInvalidValue.At("input", "delivery", "pointName")
	case !toAddress && in.AddressID != nil:
		return nil, fault.ErrInvalidValue.At("input", "delivery", "addressId")
	case point == nil && (in.Method == DeliveryMethodPickupPoint || in.Method == DeliveryMethodLocker):
		return nil, fault.ErrRequired.At("input", "delivery", "pointId")
	}
	if point != nil {
		d.PointID = *point
	}
	if name != nil {
		d.PointName = *name
	}
	return d, refer(ctx, tx, was.ID, in, d)
}

// refer puts the address and the recipient on d, which must be the person's own.
func refer(ctx context.Context, tx *store.Tx, of uuid.UUID, in *DeliveryPreferenceInput, d *schema.DeliveryPreference) error {
	for _, ref := range []struct {
		id     *scalar.ID
		prefix string
		kind   address.Kind
		field  string
	}{{in.AddressID, "adr", address.KindADDRESS, "addressId"}, {in.RecipientID, "rcp", address.KindRECIPIENT, "recipientId"}} {
		if ref.id == nil {
			continue
		}
		id, err := ref.id.As(ref.prefix)
		if err != nil {
			return fault.ErrInvalidID.At("input", "delivery", ref.field)
		}
		// security F8: nobody delivers to what is somebody else's
		known, err := tx.Address.Query().Where(address.ID(id), address.OwnerID(of), address.KindEQ(ref.kind)).Exist(ctx)
		if err != nil {
			return err
		}
		if !known {
			return fault.ErrNotFound.At("input", "delivery", ref.field)
		}
		if ref.kind == address.KindADDRESS {
			d.AddressID = &id
		} else {
			d.RecipientID = &id
		}
	}
	return nil
}
