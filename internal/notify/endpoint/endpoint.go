// Package endpoint owns where a person is reached beside mail and phone:
// browsers and devices that take push messages, and chats of messengers that he
// has linked by a code. It writes push_endpoints and messenger_links, keeps
// addresses sealed, and sends nothing.
package endpoint

import "kabinet/internal/store"

// Endpoints is the service of this room.
type Endpoints struct {
	Store  *store.Store
	Sealer *store.Sealer
}
