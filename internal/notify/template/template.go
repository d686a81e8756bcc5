// Package template owns how notifications read: texts by type, channel and
// language, which staff edits in versions, over defaults that are compiled in.
// It writes notification_templates and sends nothing.
//
// A template is plain text with variables between {{ and }} (syntax.go). It is
// checked whole when it is saved, so that what is in force can be filled in:
// values are data, never templates, and in HTML each is escaped for the place
// where it stands. What cannot be filled in all the same, because a value is
// missing, gives way to the compiled words: no message is lost over a template.
package template

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"kabinet/internal/notify/preference"
	"kabinet/internal/store"
)

// Templates is the service of this room.
type Templates struct {
	Store       *store.Store
	Preferences *preference.Preferences
	Log         *slog.Logger // of templates that could not be filled in; nil: the default one

	// Try sends a message at once to the person's own addresses of a channel. It
	// says how many there are, how many it went to, and in a word why not.
	Try func(ctx context.Context, user uuid.UUID, channel string, m Message) (addresses, sent int, failure string, err error)

	cached atomic.Pointer[force]

	toldMu sync.Mutex
	told   map[string]time.Time
}

// LayoutType is the type of the frame around all letters.
const LayoutType = "layout"

// The channels.
const (
	InApp      = "IN_APP"
	Email      = "EMAIL"
	SMS        = "SMS"
	Telegram   = "TELEGRAM"
	WhatsApp   = "WHATSAPP"
	WebPush    = "WEB_PUSH"
	MobilePush = "MOBILE_PUSH"
)

// headed are the channels whose messages have a headline of their own: on the
// others it is the first line of the text.
var headed = map[string]bool{InApp: true, Email: true, WebPush: true, MobilePush: true}

// The bounds of a template.
const (
	longestTitle = 200     // characters
	longestText  = 10_000  // characters
	longestHTML  = 100_000 // characters
	longestNote  = 500     // characters
	mostParts    = 1_000   // variables, plurals and conditions of one text
	mostDeep     = 5       // conditions in conditions
	mostTaken    = 1_000   // characters of a value that are shown
	mostTitle    = 200     // characters of a headline, filled in
	mostText     = 100_000 // bytes of a text, filled in
	mostHTML     = 400_000 // bytes of a letter, filled in
)
