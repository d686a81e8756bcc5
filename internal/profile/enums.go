package profile

import (
	"io"

	"kabinet/internal/scalar"
)

// Sex is a sex.
type Sex string

// The values of Sex.
const (
	SexFemale Sex = "FEMALE"
	SexMale   Sex = "MALE"
)

// MarshalGQL writes the value.
func (e Sex) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads a value.
func (e *Sex) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum(v, SexFemale, SexMale)
	return err
}

// ContactChannel is by what a person wants to be reached first.
type ContactChannel string

// The values of ContactChannel.
const (
	ContactChannelEmail     ContactChannel = "EMAIL"
	ContactChannelSms       ContactChannel = "SMS"
	ContactChannelPhone     ContactChannel = "PHONE"
	ContactChannelMessenger ContactChannel = "MESSENGER"
	ContactChannelPush      ContactChannel = "PUSH"
)

// MarshalGQL writes the value.
func (e ContactChannel) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads a value.
func (e *ContactChannel) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum(v, ContactChannelEmail, ContactChannelSms, ContactChannelPhone, ContactChannelMessenger, ContactChannelPush)
	return err
}

// DeliveryMethod is in which way goods come.
type DeliveryMethod string

// The values of DeliveryMethod.
const (
	DeliveryMethodCourier     DeliveryMethod = "COURIER"
	DeliveryMethodPost        DeliveryMethod = "POST"
	DeliveryMethodPickupPoint DeliveryMethod = "PICKUP_POINT"
	DeliveryMethodLocker      DeliveryMethod = "LOCKER"
	DeliveryMethodShop        DeliveryMethod = "SHOP"
)

// MarshalGQL writes the value.
func (e DeliveryMethod) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads a value.
func (e *DeliveryMethod) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum(v, DeliveryMethodCourier, DeliveryMethodPost, DeliveryMethodPickupPoint, DeliveryMethodLocker, DeliveryMethodShop)
	return err
}

// NameVisibility is who sees a name.
type NameVisibility string

// The values of NameVisibility.
const (
	NameVisibilityEverybody NameVisibility = "EVERYBODY"
	NameVisibilityShortened NameVisibility = "SHORTENED"
	NameVisibilityNobody    NameVisibility = "NOBODY"
)

// MarshalGQL writes the value.
func (e NameVisibility) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads a value.
func (e *NameVisibility) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum(v, NameVisibilityEverybody, NameVisibilityShortened, NameVisibilityNobody)
	return err
}

// ProfileItem is what a profile may lack.
type ProfileItem string

// The values of ProfileItem, what matters most first.
const (
	ProfileItemGivenName      ProfileItem = "GIVEN_NAME"
	ProfileItemFamilyName     ProfileItem = "FAMILY_NAME"
	ProfileItemVerifiedEmail  ProfileItem = "VERIFIED_EMAIL"
	ProfileItemVerifiedPhone  ProfileItem = "VERIFIED_PHONE"
	ProfileItemBirthOn        ProfileItem = "BIRTH_ON"
	ProfileItemAddress        ProfileItem = "ADDRESS"
	ProfileItemContactChannel ProfileItem = "CONTACT_CHANNEL"
	ProfileItemInterests      ProfileItem = "INTERESTS"
	ProfileItemLegalName      ProfileItem = "LEGAL_NAME"
	ProfileItemTaxNumber      ProfileItem = "TAX_NUMBER"
)

// MarshalGQL writes the value.
func (e ProfileItem) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads a value.
func (e *ProfileItem) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum(v, ProfileItemGivenName, ProfileItemFamilyName, ProfileItemVerifiedEmail, ProfileItemVerifiedPhone, ProfileItemBirthOn,
		ProfileItemAddress, ProfileItemContactChannel, ProfileItemInterests, ProfileItemLegalName, ProfileItemTaxNumber)
	return err
}
