// Package endpoint owns where a person is reached beside mail and phone:
// browsers and devices that take push messages, and chats of messengers that he
// has linked by a code. It writes push_endpoints and messenger_links, and the
// settings of kind push; it keeps addresses sealed, and sends nothing.
package endpoint

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"kabinet/internal/scalar"
	"kabinet/internal/store"
)

// Endpoints is the service of this room.
type Endpoints struct {
	Store  *store.Store
	Sealer *store.Sealer
	Locale string // of the bot's answers to whom nobody knows

	// Guard says why an address of a browser may not be called, in a word;
	// empty: it may.
	Guard func(ctx context.Context, address string) string
	// Lives are how long sessions last: an endpoint ends with the session that
	// it was registered in.
	Lives Lives
	// BotName is what the bot of Telegram is called, without @; an error while
	// it is out of reach. Nil where there is no bot.
	BotName func(ctx context.Context) (string, error)
	// News puts on record and tells a person what changed about where he is
	// told things: account.News.
	News func(ctx context.Context, tx *store.Tx, user uuid.UUID, change string, subject scalar.ID) error

	keyPair atomic.Pointer[Keys]
}

// Lives are the lifetimes of sessions.
type Lives struct {
	Idle                     time.Duration // without use
	StaffIdle, StaffAbsolute time.Duration // of staff, who have less
}
