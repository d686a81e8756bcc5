package schema

import "github.com/google/uuid"

// Audience says who may have a thing; kept as JSON. The customers named, the
// members of the clubs and those of the tiers make it up together; where none
// is named, everyone. Of them, those for whom the condition holds. The zero
// value admits everyone.
type Audience struct {
	UserIDs    []uuid.UUID `json:"userIds,omitempty"`
	CompanyIDs []uuid.UUID `json:"companyIds,omitempty"`
	Clubs      []string    `json:"clubs,omitempty"`     // handles
	Tiers      []string    `json:"tiers,omitempty"`     // handles
	Condition  string      `json:"condition,omitempty"` // CEL over customer.…, a bool
}
