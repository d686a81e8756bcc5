// Package graph is the GraphQL edge: thin resolvers over the domains, the one
// mapping from faults to errors, and the access directive. It holds no rule.
package graph

import (
	ent "kabinet/ent/generated"
	"kabinet/internal/account"
	"kabinet/internal/bonus"
	"kabinet/internal/notify"
	"kabinet/internal/order"
	"kabinet/internal/support"
)

// Resolver holds the domains; server.go fills it in.
type Resolver struct {
	Client  *ent.Client // for node and nodes only
	People  *account.People
	Orders  *order.Orders
	Points  *bonus.Points
	Tickets *support.Tickets
	Inbox   *notify.Inbox
}
