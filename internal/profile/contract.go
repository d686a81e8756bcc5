package profile

import (
	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entuser "kabinet/ent/generated/user"
	"kabinet/internal/scalar"
)

// The inputs and answers of the SDL that this domain takes and gives; field by
// field they are described in schema/profile.graphqls.

// UpdateProfileInput is the input of updateProfile. An absent field is unchanged, null clears.
type UpdateProfileInput struct {
	DisplayName graphql.Omittable[*string]
	GivenName   graphql.Omittable[*string]
	FamilyName  graphql.Omittable[*string]
	MiddleName  graphql.Omittable[*string]
	Nickname    graphql.Omittable[*string]
	BirthOn     graphql.Omittable[*string]
	Sex         graphql.Omittable[*Sex]
	JobTitle    graphql.Omittable[*string]
	Region      graphql.Omittable[*string]
	Interests   graphql.Omittable[[]string]
	Kind        graphql.Omittable[*entuser.Kind]
	Revision    *int
}

// UpdatePreferencesInput is the input of updatePreferences. An absent field is unchanged.
type UpdatePreferencesInput struct {
	Locale         graphql.Omittable[*string]
	TimeZone       graphql.Omittable[*string]
	ContactChannel graphql.Omittable[*ContactChannel]
	Interface      graphql.Omittable[map[string]any]
	Delivery       graphql.Omittable[*DeliveryPreferenceInput]
	Privacy        *PrivacySettingsInput
	Revision       *int
}

// DeliveryPreferenceInput is the whole of how goods are delivered.
type DeliveryPreferenceInput struct {
	Method      DeliveryMethod
	AddressID   *scalar.ID
	RecipientID *scalar.ID
	PointID     *string
	PointName   *string
}

// PrivacySettingsInput is what a person allows and shows; null is the default.
type PrivacySettingsInput struct {
	Personalisation graphql.Omittable[*bool]
	Analytics       graphql.Omittable[*bool]
	Sharing         graphql.Omittable[*bool]
	Findable        graphql.Omittable[*bool]
	NameShownTo     graphql.Omittable[*NameVisibility]
}

// UpdateOrganisationInput is the input of updateOrganisation. An absent field is unchanged, null clears.
type UpdateOrganisationInput struct {
	LegalName            graphql.Omittable[*string]
	Inn                  graphql.Omittable[*string]
	Kpp                  graphql.Omittable[*string]
	Ogrn                 graphql.Omittable[*string]
	Ogrnip               graphql.Omittable[*string]
	RegistrationNumber   graphql.Omittable[*string]
	Iban                 graphql.Omittable[*string]
	Bic                  graphql.Omittable[*string]
	Account              graphql.Omittable[*string]
	CorrespondentAccount graphql.Omittable[*string]
	BankName             graphql.Omittable[*string]
	Revision             *int
}

// SaveAddressInput is the input of saveAddress. With an id, an absent field is unchanged and null clears.
type SaveAddressInput struct {
	ID           *scalar.ID
	Revision     *int
	Label        graphql.Omittable[*string]
	Name         graphql.Omittable[*string]
	Organization graphql.Omittable[*string]
	Phone        graphql.Omittable[*string]
	Country      graphql.Omittable[*string]
	Lines        graphql.Omittable[[]string]
	District     graphql.Omittable[*string]
	City         graphql.Omittable[*string]
	Region       graphql.Omittable[*string]
	PostalCode   graphql.Omittable[*string]
	SortingCode  graphql.Omittable[*string]
	Note         graphql.Omittable[*string]
	IsDefault    graphql.Omittable[*bool]
}

// DeleteAddressInput is the input of deleteAddress.
type DeleteAddressInput struct{ ID scalar.ID }

// SaveRecipientInput is the input of saveRecipient. With an id, an absent field is unchanged and null clears.
type SaveRecipientInput struct {
	ID        *scalar.ID
	Revision  *int
	Label     graphql.Omittable[*string]
	Name      graphql.Omittable[*string]
	Phone     graphql.Omittable[*string]
	Email     graphql.Omittable[*string]
	Note      graphql.Omittable[*string]
	IsDefault graphql.Omittable[*bool]
}

// DeleteRecipientInput is the input of deleteRecipient.
type DeleteRecipientInput struct{ ID scalar.ID }

// Preferences is language, time zone, delivery, interface, privacy and the like.
type Preferences struct {
	Locale         string
	TimeZone       string
	ContactChannel *ContactChannel
	Interface      map[string]any
	Delivery       *DeliveryPreference
	Privacy        *PrivacySettings
}

// DeliveryPreference is how goods are delivered when nothing else is said.
type DeliveryPreference struct {
	Method    DeliveryMethod
	PointID   *string
	PointName *string

	address, recipient *uuid.UUID
}

// PrivacySettings is what a person allows and shows, with the defaults filled in.
type PrivacySettings struct {
	Personalisation, Analytics, Sharing, Findable bool
	NameShownTo                                   NameVisibility
}

// ProfileCompleteness is how much of a profile is filled in.
type ProfileCompleteness struct {
	Percent int // 0 to 100
	Missing []*ProfileGap
}

// ProfileGap is something that is missing in a profile.
type ProfileGap struct {
	Field  ProfileItem
	Reason string // in the caller's language
	Points *int64
}

// Organisation is the details of a business.
type Organisation struct {
	Kind                 entuser.Kind
	LegalName            *string
	Inn                  *string
	Kpp                  *string
	Ogrn                 *string
	Ogrnip               *string
	RegistrationNumber   *string
	Iban                 *string
	Bic                  *string
	Account              *string
	CorrespondentAccount *string
	BankName             *string
}

// AddressForm is how an address is written in a country.
type AddressForm struct {
	Country string
	Fields  []*AddressField
}

// AddressField is one field of an address.
type AddressField struct {
	Name         string // in SaveAddressInput
	Label        string // in the caller's language
	Required     bool
	MaxLength    int // characters
	Pattern      *string
	Examples     []string
	Options      []*AddressOption
	Autocomplete string
	SameLine     bool
}

// AddressOption is one value that a field of an address may hold.
type AddressOption struct{ Value, Label string }

// Recipient is somebody to deliver to, over a row of addresses.
type Recipient struct{ *ent.Address }
