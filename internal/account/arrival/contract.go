package arrival

import (
	"time"

	"github.com/99designs/gqlgen/graphql"

	"kabinet/ent/generated/contactpoint"
	"kabinet/ent/generated/user"
	"kabinet/internal/scalar"
)

// The inputs of the SDL that this room takes; field by field they are described
// in schema/intake.graphqls.

// UpsertUsersInput is the input of upsertUsers.
type UpsertUsersInput struct {
	Users       []*UpsertUserInput // 1 to 1,000
	ErrorPolicy *scalar.ErrorPolicy
	DryRun      *bool
}

// UpsertUserInput is one person of an outside system.
type UpsertUserInput struct {
	External        *scalar.ExternalKey
	SourceUpdatedAt time.Time
	Kind            *user.Kind
	DisplayName     *string
	GivenName       graphql.Omittable[*string]
	FamilyName      graphql.Omittable[*string]
	MiddleName      graphql.Omittable[*string]
	BirthOn         graphql.Omittable[*string] // YYYY-MM-DD
	Sex             graphql.Omittable[*user.Sex]
	Locale          *string
	TimeZone        *string
	ContactPoints   []*UpsertContactPointInput
	Clubs           []string
	Addresses       []*UpsertAddressInput
	Metadata        map[string]any
}

// UpsertContactPointInput is one address or number of a person.
type UpsertContactPointInput struct {
	Kind     contactpoint.Kind
	Value    string
	Verified *bool
}

// UpsertAddressInput is one postal address of a person.
type UpsertAddressInput struct {
	Label        string
	Name         *string
	Organization *string
	Phone        *string
	Country      *string
	Lines        []string
	District     *string
	City         *string
	Region       *string
	PostalCode   *string
	Note         *string
}
