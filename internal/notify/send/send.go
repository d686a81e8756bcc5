// Package send owns notifications that no hearer of the program makes: by rules
// that staff keep as data, by staff and systems one by one, and by reminders
// that people ask for. It writes notification_rules and reminders; the
// notifications themselves are made by internal/notify.
//
// Texts hold variables, which internal/notify/template reads; conditions are
// CEL, as everywhere. Both are checked when they are saved. What fails all the
// same, on one fact, is counted on the rule and keeps nothing else from being
// heard.
package send

import (
	"context"
	"log/slog"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"kabinet/internal/fault"
	"kabinet/internal/notify"
	"kabinet/internal/notify/preference"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// Sending is the service of this room.
type Sending struct {
	Store       *store.Store
	Inbox       *notify.Inbox
	Preferences *preference.Preferences
	Log         *slog.Logger // of rules that failed; nil: the default one

	// Offer finds an offer of a person: what it is called in a language and when
	// it ends for him. found is false where he has it not, or no more.
	Offer func(ctx context.Context, user, offer uuid.UUID, lang string) (o OfferEnd, found bool, err error)

	rules ruleCache
}

// OfferEnd is what a reminder says of an offer.
type OfferEnd struct {
	Title  string
	EndsAt *time.Time
}

const (
	rulePrefix     = "nrl"
	reminderPrefix = "rem"

	mostRules      = 200
	mostReminders  = 100 // of one person
	mostCustomers  = 100 // of one sendNotification
	mostParams     = 50
	longestName    = 100
	longestTitle   = 200
	longestBody    = 2_000
	longestGroup   = 100
	longestURL     = 2_048
	longestNote    = 500
	longestValue   = 1_000
	longestDelay   = 7 * 24 * 60 * 60 // seconds
	mostDaysBefore = 90
)

// What this room says no with, beside the faults of package fault.
var (
	// ErrTypeRefused: a type that is not sent so, or is turned off; params.type.
	ErrTypeRefused = fault.New(fault.Refused, "NOTIFICATION_TYPE_REFUSED")
	// ErrTooManyItems: params.limit are there already.
	ErrTooManyItems = fault.New(fault.Refused, "TOO_MANY_ITEMS")
	// ErrDuplicateKey: a language or key that comes twice.
	ErrDuplicateKey = fault.New(fault.Invalid, "DUPLICATE_KEY")
	// ErrUserNotActive: a customer who is blocked or has not finished registering;
	// params.status.
	ErrUserNotActive = fault.New(fault.Refused, "USER_NOT_ACTIVE")
)

// may is nil for members of staff whose role has the permission.
func may(ctx context.Context, operation string) error {
	v := viewer.From(ctx)
	switch {
	case v.Staff && v.Reach("messaging", operation) == viewer.ReachAll:
		return nil
	case !v.SignedIn():
		return fault.ErrUnauthenticated
	}
	return fault.ErrForbidden
}

// asSystem is for what happens without a person, and for people whom no
// permission of messaging reaches.
func asSystem(ctx context.Context) context.Context { return viewer.AsSystem(ctx, "notify.send") }

func idOf(prefix string, key uuid.UUID) scalar.ID { return scalar.ID{Prefix: prefix, UUID: key} }

// line is one line of text, 1 to limit characters.
func line(s string, limit int, path ...string) (string, error) {
	s = strings.TrimSpace(s)
	return s, checkText(s, limit, "", path...)
}

func checkText(s string, limit int, controls string, path ...string) error {
	switch n := utf8.RuneCountInString(s); {
	case n == 0:
		return fault.ErrRequired.At(path...)
	case n > limit:
		return fault.ErrTooLong.At(path...).With("limit", limit)
	case !utf8.ValidString(s), strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) && !strings.ContainsRune(controls, r) }):
		return fault.ErrInvalidValue.At(path...)
	}
	return nil
}

// below is a path with more at its end.
func below(path []string, more ...any) []string {
	out := append([]string(nil), path...)
	for _, m := range more {
		switch m := m.(type) {
		case string:
			out = append(out, m)
		case int:
			out = append(out, strconv.Itoa(m))
		}
	}
	return out
}

// sendable gives what counts for a type that rules and staff may send. Faults:
// NOTIFICATION_TYPE_REFUSED.
func (s *Sending) sendable(ctx context.Context, tx *store.Tx, typ string, path ...string) (preference.Setting, error) {
	client := s.Store.Client
	if tx != nil {
		client = tx.Client
	}
	setting, found, err := s.Preferences.Settings.Of(ctx, client, typ)
	if err != nil {
		return setting, err
	}
	if !found || !setting.Sent || typ == reminderType || !setting.Active {
		return setting, ErrTypeRefused.At(path...).With("type", clip(typ))
	}
	return setting, nil
}

// clip is the beginning of what somebody wrote.
func clip(s string) string {
	const most = 60
	if runes := []rune(s); len(runes) > most {
		return string(runes[:most])
	}
	return s
}
