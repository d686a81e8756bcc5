package notify

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"

	"kabinet/internal/event"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// resources say whose permission shows an event of a company, by the kind of
// its subject. What is not listed is shown to no member.
var resources = map[string]string{
	"order": "order", "pay": "order", "rfd": "order", "shp": "order", "ret": "order", "bill": "order",
	"acc": "bonus", "ent": "bonus", "rdm": "bonus", "tkt": "ticket", "com": "company",
}

var walletKind = (event.WalletChanged{}).Kind()

// resourceOf is whose permission shows an event of a company. An account of
// money is no account of points, though both are accounts.
func resourceOf(e event.Stored) (resource string, known bool) {
	if e.Kind == walletKind {
		return "wallet", true
	}
	resource, known = resources[e.SubjectKind]
	return resource, known
}

// visible says whether an event is for the caller to see. On his own stream
// all are, but for movements of money where staff act for him (security F14).
// On the company's stream those are that his role reaches, less those that
// stand on his own stream too: told to both, they come once.
func (i *Inbox) visible(ctx context.Context, v viewer.Viewer, e event.Stored) (bool, error) {
	if e.Visibility != event.ToAll || e.Kind == walletKind && v.ActingStaff != uuid.Nil {
		return false, nil
	}
	if e.StreamID == v.UserID {
		return true, nil
	}
	var f struct{ UserID uuid.UUID }
	if err := json.Unmarshal(e.Payload, &f); err != nil {
		return false, fmt.Errorf("notify: read %s: %w", e.Kind, err)
	}
	resource, known := resourceOf(e)
	switch reach := v.Reach(resource, "read"); {
	case !known, reach == viewer.ReachNone:
		return false, nil
	case reach == viewer.ReachOwn:
		if f.UserID != v.UserID {
			return false, nil
		}
	}
	told, err := i.toldMe(ctx, v.UserID, e)
	return !told, err
}

// toldMe says whether the same event stands on the person's own stream. Both
// rows are of one transaction, and so of one moment.
func (i *Inbox) toldMe(ctx context.Context, me uuid.UUID, e event.Stored) (bool, error) {
	rows, err := i.Store.Query(ctx, `SELECT 1 FROM account_events WHERE stream_id = ? AND event_id = ? AND created_at = ?`, me, e.EventID, e.CreatedAt)
	if err != nil {
		return false, err
	}
	defer rows.Close()
	told := rows.Next()
	return told, store.Translate(rows.Err())
}
