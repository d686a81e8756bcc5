// Package viewer owns the answer to "who acts, and for whom": it rides in the
// context from the HTTP door to the fence in internal/store. It reads no
// table; internal/account makes viewers out of sessions.
package viewer

import (
	"context"
	"time"

	"github.com/google/uuid"
)

// House is the owner of everything that belongs to the business itself.
var House = uuid.MustParse("00000000-0000-7000-8000-000000000001")

// Reach says how far a permission goes.
type Reach uint8

// The reaches, each wider than the one before.
const (
	ReachNone         Reach = iota
	ReachOwn                // what the member made himself
	ReachOwner              // all of the owner acted for
	ReachSubsidiaries       // and of the companies below it
	ReachAll                // every owner: staff only
)

// Permission is one cell of resource x operation.
type Permission struct {
	Resource  string // an ent type in snake case: order, ticket, ledger_account …
	Operation string // read or write
}

// Viewer is one caller of one request or stream. The zero Viewer is nobody.
type Viewer struct {
	UserID  uuid.UUID
	OwnerID uuid.UUID // oneself, or the company acted for
	// Represents says that OwnerID is a person, whom the viewer represents by law.
	Represents bool
	SessionID  uuid.UUID
	TokenHash  []byte               // of the token that came, by which the session was found; nil for none
	TokenUntil time.Time            // when that token expires; zero: with the session
	Staff      bool                 // has an active membership in the House
	Grants     map[Permission]Reach // of the acting membership and, for staff, of the House's
	SteppedUp  bool                 // proved who he is within the last 10 minutes
	AAL        int                  // how sure that was: 1 one factor, 2 two; 0 nobody
	Pending    bool                 // has registered and not proven an address yet
	// ActingStaff is who acts for the person, of the business; zero for himself.
	ActingStaff uuid.UUID
	System      string // names a job or command that acts without a person
	Locale      string // BCP 47, settled: preference, Accept-Language, default
	TimeZone    string // IANA
	RequestID   string
	IP          string
	UserAgent   string
	Device      string // what the device calls itself by, of its own making or the cookie's; empty for one not met
	Place       string // from where, as a proxy says; empty for unknown
}

type key struct{}

// With puts v into the context.
func With(ctx context.Context, v Viewer) context.Context {
	return context.WithValue(ctx, key{}, v)
}

// From gives the caller; nobody when none was put.
func From(ctx context.Context) Viewer {
	v, _ := ctx.Value(key{}).(Viewer)
	return v
}

// AsSystem makes ctx act as the named job, command or hearer, past the fence.
// Its callers are listed in ARCHITECTURE.md.
func AsSystem(ctx context.Context, name string) context.Context {
	v := From(ctx)
	return With(ctx, Viewer{System: name, Locale: v.Locale, TimeZone: v.TimeZone, RequestID: v.RequestID, IP: v.IP, UserAgent: v.UserAgent, Device: v.Device, Place: v.Place})
}

// SignedIn says whether a person is behind the request.
func (v Viewer) SignedIn() bool { return v.UserID != uuid.Nil }

// IsSystem says whether a named part of Kabinet acts.
func (v Viewer) IsSystem() bool { return v.System != "" }

// Reach says how far the viewer may go; people always reach what is theirs.
func (v Viewer) Reach(resource, operation string) Reach {
	if v.IsSystem() {
		return ReachAll
	}
	return v.Grants[Permission{resource, operation}]
}

// Reaches says whether the viewer may act on anything of an owner: all of it is
// his, or a part by the role he acts in. Which rows, the fence decides.
func (v Viewer) Reaches(owner uuid.UUID, resource, operation string) bool {
	reach := v.Reach(resource, operation)
	return reach == ReachAll || v.SignedIn() && owner == v.UserID || reach != ReachNone && owner == v.OwnerID
}

// Streams are those that the viewer listens to: his own and that of the company
// he acts for. All subscriptions of an account follow the same ones, so that
// one cursor is good for each of them. No id comes from the client.
func (v Viewer) Streams() []uuid.UUID {
	if v.OwnerID == uuid.Nil || v.OwnerID == v.UserID || v.OwnerID == House {
		return []uuid.UUID{v.UserID}
	}
	return []uuid.UUID{v.UserID, v.OwnerID}
}

// Actor is the id written into logs: the person, or nil for a system viewer.
func (v Viewer) Actor() *uuid.UUID {
	if v.UserID == uuid.Nil {
		return nil
	}
	id := v.UserID
	return &id
}
