package endpoint

import (
	"context"
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// The channels whose addresses are kept here.
const (
	ChannelWebPush    = "WEB_PUSH"
	ChannelMobilePush = "MOBILE_PUSH"
	ChannelTelegram   = "TELEGRAM"
)

// Address is where a message of a channel goes to.
type Address struct {
	ID uuid.UUID // of push_endpoints or messenger_links
	// Open gives the address in clear, for the provider of the channel and for
	// no log: a Subscription or a Device as JSON, or the number of a chat.
	Open func() (string, error)
}

// Subscription is the address of a browser, as PushSubscription.toJSON() of the
// Push API gives it.
type Subscription struct {
	Endpoint string `json:"endpoint"`
	P256dh   string `json:"p256dh"` // the browser's key, 65 bytes in base64url
	Auth     string `json:"auth"`   // its secret, 16 bytes in base64url
}

// Device is the address of an app.
type Device struct {
	Platform string `json:"platform"` // such as ios, android
	Token    string `json:"token"`
}

// kinds are the kinds of push endpoints by channel.
var kinds = map[string]string{ChannelWebPush: "WEB", ChannelMobilePush: "MOBILE"}

// going is a condition on sessions s: that it goes on, as account.People would
// say it of who comes with its token. Its arguments are Endpoints.going's.
const going = `s.revoked_at IS NULL AND s.expires_at > ? AND s.last_used_at > ?
	AND (s.last_used_at > ? AND s.created_at > ? OR NOT EXISTS (SELECT 1 FROM memberships m WHERE m.user_id = s.user_id
		AND m.owner_id = ? AND m.kind = 'STAFF' AND m.status = 'ACTIVE' AND (m.valid_until_at IS NULL OR m.valid_until_at > ?)))`

func (e *Endpoints) going(now time.Time) []any {
	return []any{now, now.Add(-e.Lives.Idle), now.Add(-e.Lives.StaffIdle), now.Add(-e.Lives.StaffAbsolute), viewer.House, now}
}

// Going is that condition and its arguments, for those who count whom a push
// would reach.
func (e *Endpoints) Going(at time.Time) (text string, args []any) { return going, e.going(at) }

// For gives where a person is reached by a channel now, the oldest first: of
// browsers and devices those whose session goes on, asked here and not when it
// ended, so that nothing is sent in between. Nowhere for a person who is not
// active, and for channels whose addresses are not kept here.
func (e *Endpoints) For(ctx context.Context, tx *store.Tx, user uuid.UUID, channel string) ([]Address, error) {
	query, place := `SELECT l.id, l.sealed FROM messenger_links l JOIN users u ON u.id = l.user_id
		WHERE l.user_id = ? AND l.messenger = ? AND l.status = 'ACTIVE' AND u.status = 'ACTIVE' ORDER BY l.id`, placeOfLink
	args := []any{user, channel}
	if kind, push := kinds[channel]; push {
		query, place = `SELECT p.id, p.sealed FROM push_endpoints p JOIN users u ON u.id = p.user_id JOIN sessions s ON s.id = p.session_id
			WHERE p.user_id = ? AND p.kind = ? AND p.status = 'ACTIVE' AND u.status = 'ACTIVE' AND s.user_id = p.user_id AND `+going+` ORDER BY p.id`, placeOfPush
		args = append([]any{user, kind}, e.going(tx.Now)...)
	} else if channel != ChannelTelegram {
		return nil, nil
	}
	rows, err := tx.Query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []Address
	for rows.Next() {
		var id uuid.UUID
		var sealed []byte
		if err := rows.Scan(&id, &sealed); err != nil {
			return nil, err
		}
		all = append(all, Address{ID: id, Open: func() (string, error) {
			plain, err := e.Sealer.Open(sealed, place(id))
			return string(plain), err
		}})
	}
	return all, rows.Err()
}

// Gone ends an address at which nobody is any more: the push service has
// forgotten the browser, or the person has blocked the bot. One that has ended
// already stays as it ended.
func (e *Endpoints) Gone(ctx context.Context, tx *store.Tx, id uuid.UUID) error {
	n, err := tx.Exec(ctx, `UPDATE push_endpoints SET status = 'GONE', ended_at = ?, updated_at = ? WHERE id = ? AND status = 'ACTIVE'`, tx.Now, tx.Now, id)
	if err != nil || n > 0 {
		return err
	}
	_, err = tx.Exec(ctx, `UPDATE messenger_links SET status = 'ENDED', end_reason = 'BLOCKED_BOT', ended_at = ?, updated_at = ? WHERE id = ? AND status = 'ACTIVE'`, tx.Now, tx.Now, id)
	return err
}

// Reached notes that a message was taken at an address.
func (e *Endpoints) Reached(ctx context.Context, tx *store.Tx, id uuid.UUID) error {
	_, err := tx.Exec(ctx, `UPDATE push_endpoints SET last_ok_at = ?, failures = 0, updated_at = ? WHERE id = ? AND status = 'ACTIVE'`, tx.Now, tx.Now, id)
	return err
}

// A browser whose push service took nothing so often and for so long, one after
// the other, is taken to be gone. A page registers it again when it starts.
const (
	failuresOfGone = 20
	timeOfGone     = 24 * time.Hour
)

// Failed notes that a push service took no message just now.
func (e *Endpoints) Failed(ctx context.Context, tx *store.Tx, id uuid.UUID) error {
	if _, err := tx.Exec(ctx, `UPDATE push_endpoints SET failures = failures + 1, updated_at = ? WHERE id = ? AND status = 'ACTIVE'`, tx.Now, id); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `UPDATE push_endpoints SET status = 'GONE', ended_at = ? WHERE id = ? AND status = 'ACTIVE' AND failures >= ? AND coalesce(last_ok_at, created_at) <= ?`,
		tx.Now, id, failuresOfGone, tx.Now.Add(-timeOfGone))
	return err
}

// placeOfPush and placeOfLink are what addresses are sealed for.
func placeOfPush(id uuid.UUID) string { return "push_endpoint.address:" + id.String() }
func placeOfLink(id uuid.UUID) string { return "messenger_link.chat:" + id.String() }

// seal keeps an address from being read in a dump of the database.
func (e *Endpoints) seal(address any, place string) ([]byte, error) {
	if chat, plain := address.(string); plain {
		return e.Sealer.Seal([]byte(chat), place), nil
	}
	b, err := json.Marshal(address)
	if err != nil {
		return nil, err
	}
	return e.Sealer.Seal(b, place), nil
}
