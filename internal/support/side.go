package support

import (
	ent "kabinet/ent/generated"
	"kabinet/ent/generated/ticketmessage"
	"kabinet/internal/viewer"
)

// onStaffSide says on which side of a ticket the viewer stands. Staff stand on
// the customer's side of what they opened themselves or act for the owner of.
func onStaffSide(v viewer.Viewer, t *ent.Ticket) bool {
	if v.IsSystem() {
		return true
	}
	mine := t.OwnerID == v.UserID || t.OwnerID == v.OwnerID || t.UserID != nil && *t.UserID == v.UserID
	return v.Staff && !mine && v.Reach(resource, "read") == viewer.ReachAll
}

// mayWrite says whether the viewer, who can read the ticket, may also act in it.
func mayWrite(v viewer.Viewer, t *ent.Ticket) bool {
	switch {
	case onStaffSide(v, t):
		return v.Reach(resource, "write") == viewer.ReachAll
	case t.OwnerID == v.UserID, t.UserID != nil && *t.UserID == v.UserID:
		return true
	case t.OwnerID == v.OwnerID:
		return v.Reach(resource, "write") >= viewer.ReachOwner
	}
	return true // he takes part: the fence has shown it to him as such
}

// authorKind is how a side signs what it says.
func authorKind(v viewer.Viewer, staff bool) ticketmessage.AuthorKind {
	switch {
	case v.IsSystem():
		return ticketmessage.AuthorKindSYSTEM
	case staff:
		return ticketmessage.AuthorKindSTAFF
	}
	return ticketmessage.AuthorKindCUSTOMER
}
