package desk

import (
	"time"

	ent "kabinet/ent/generated"
	"kabinet/internal/scalar"
)

// CredentialSlip is what is handed to a person: the one time that the password
// is shown.
type CredentialSlip struct {
	Login             string
	TemporaryPassword string
	MustChangeBy      time.Time
	SiteURL           string
	HTML              string // a page to print
}

// UserBlock is why somebody is blocked, for staff.
type UserBlock struct {
	Reason      BlockReason
	ReasonLabel string
	Note        *string
	BlockedAt   time.Time
}

// PersonName is a person by name alone.
type PersonName struct {
	ID          scalar.ID
	DisplayName string
}

// Representation is that a person represents another one by law.
type Representation struct {
	ID             scalar.ID
	Representative *PersonName
	Represented    *PersonName
	Basis          RepresentationBasis
	BasisLabel     string
	DocumentNote   *string // for staff
	Since          time.Time
	ValidUntil     time.Time
}

// SecurityActivity is one act about a person's account or its safety.
type SecurityActivity struct {
	ID        scalar.ID
	At        time.Time
	Action    string
	Label     string
	By        ActivityActor
	StaffName *string
	Device    *string
	IP        *string
	Place     *string
}

// SecurityActivityConnection is a page of acts.
type SecurityActivityConnection struct {
	Edges      []*SecurityActivityEdge
	PageInfo   ent.PageInfo
	TotalCount int
}

// SecurityActivityEdge is an act and its place in the list.
type SecurityActivityEdge struct {
	Node   *SecurityActivity
	Cursor scalar.Cursor
}

// Nodes are the acts of the page without their cursors.
func (c *SecurityActivityConnection) Nodes() []*SecurityActivity {
	nodes := make([]*SecurityActivity, len(c.Edges))
	for i, e := range c.Edges {
		nodes[i] = e.Node
	}
	return nodes
}
