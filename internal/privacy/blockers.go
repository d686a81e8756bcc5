package privacy

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"kabinet/internal/fault"
	"kabinet/internal/locale"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// What this domain says no with.
var (
	ErrDeletionBlocked          = fault.New(fault.Refused, "DELETION_BLOCKED")
	ErrDeletionAlreadyRequested = fault.New(fault.Refused, "DELETION_ALREADY_REQUESTED")
	ErrDeletionNotRequested     = fault.New(fault.Refused, "DELETION_NOT_REQUESTED")
	ErrExportTooSoon            = fault.New(fault.Refused, "EXPORT_TOO_SOON")
	ErrConsentOutdated          = fault.New(fault.Conflict, "CONSENT_OUTDATED")
	ErrConsentRequired          = fault.New(fault.Refused, "CONSENT_REQUIRED")
)

// mostShown is how many objects a blocker names.
const mostShown = 20

// hindrance finds what stands in the way of a deletion: rows of subject, sum
// and currency, where the first ? is the person and others are now. The order
// is that in which it is shown.
type hindrance struct {
	reason DeletionBlockReason
	prefix string // of the subject
	query  string
}

// lastSeat finds the owners of a kind where the person is the last one in a
// ready-made role who can come in, and where others are left behind.
func lastSeat(kind, role string) string {
	return `SELECT m.owner_id, 0, '' FROM memberships m JOIN roles r ON r.key_id = m.role_id AND r.retired_at IS NULL AND r.name = '` + role + `'
		WHERE m.user_id = ? AND m.kind = '` + kind + `' AND m.status = 'ACTIVE' AND (m.valid_until_at IS NULL OR m.valid_until_at > ?)
		AND NOT EXISTS (SELECT 1 FROM memberships o JOIN roles q ON q.key_id = o.role_id AND q.retired_at IS NULL AND q.name = '` + role + `'
			JOIN users u ON u.id = o.user_id AND u.status = 'ACTIVE'
			WHERE o.owner_id = m.owner_id AND o.user_id <> m.user_id AND o.status = 'ACTIVE' AND (o.valid_until_at IS NULL OR o.valid_until_at > ?))
		AND EXISTS (SELECT 1 FROM memberships x WHERE x.owner_id = m.owner_id AND x.user_id <> m.user_id AND x.status = 'ACTIVE')`
}

// hindrances are K13. An order that came and is paid is over although nobody
// marked it COMPLETED; points of a family's card are the family's.
var hindrances = []hindrance{
	{BlockWalletMoney, "acc", `SELECT id, active + held + pending, unit FROM ledger_accounts
		WHERE owner_id = ? AND kind IN ('WALLET', 'CREDIT') AND (active <> 0 OR held <> 0 OR pending <> 0)`},
	{BlockOpenTopUp, "topup", `SELECT id, amount_minor, currency FROM top_ups WHERE owner_id = ? AND status = 'PENDING'`},
	{BlockOpenOrder, "order", `SELECT id, total_minor, currency FROM orders WHERE owner_id = ? AND (status = 'AWAITING_APPROVAL' OR status = 'PLACED'
		AND NOT (fulfillment_status IN ('DELIVERED', 'PARTIALLY_RETURNED', 'RETURNED') AND payment_status IN ('PAID', 'PARTIALLY_REFUNDED', 'REFUNDED')))`},
	{BlockOpenReturn, "ret", `SELECT id, amount_minor, currency FROM return_requests WHERE owner_id = ? AND status IN ('REQUESTED', 'APPROVED', 'IN_TRANSIT', 'RECEIVED')`},
	{BlockOpenRefund, "rfd", `SELECT id, amount_minor, currency FROM payments WHERE owner_id = ? AND kind = 'REFUND' AND status IN ('PENDING', 'AUTHORIZED')`},
	{BlockPointsHeld, "acc", `SELECT id, held, '' FROM ledger_accounts WHERE owner_id = ? AND kind = 'BONUS' AND held <> 0`},
	{BlockLastHolder, "com", lastSeat("FAMILY", "Holder")},
	{BlockLastOwner, "com", lastSeat("COMPANY", "Owner")},
}

// everyHindrance asks for all of them at once, each by its place in the list.
var everyHindrance = func() string {
	var parts []string
	for i, h := range hindrances {
		parts = append(parts, fmt.Sprintf(`SELECT %d, q.* FROM (%s) q`, i, h.query))
	}
	return strings.Join(parts, ` UNION ALL `)
}()

// blockers says what stands in the way of a person's deletion; none: nothing.
func (p *Privacy) blockers(ctx context.Context, q store.Reader, user uuid.UUID) ([]*DeletionBlocker, error) {
	all, err := found(ctx, q, user, p.Store.Now())
	if err != nil {
		return nil, err
	}
	err = p.MayGo(ctx, q, user)
	if f, ok := fault.As(err); ok && f.Kind == fault.Refused {
		return append(all, &DeletionBlocker{Reason: BlockLastAdministrator, Message: say(ctx, "blocked", string(BlockLastAdministrator)), Count: 1,
			SubjectIds: []scalar.ID{{Prefix: "com", UUID: viewer.House}}}), nil
	}
	return all, err
}

// found gives one blocker for each hindrance there is, or of money one for each
// currency.
func found(ctx context.Context, q store.Reader, user uuid.UUID, now time.Time) ([]*DeletionBlocker, error) {
	var args []any
	for _, h := range hindrances {
		args = append(args, user)
		for range strings.Count(h.query, "?") - 1 {
			args = append(args, now)
		}
	}
	rows, err := q.Query(ctx, everyHindrance, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	by := make([][]*DeletionBlocker, len(hindrances))
	for rows.Next() {
		var n int
		var id uuid.UUID
		var sum int64
		var unit string
		if err := rows.Scan(&n, &id, &sum, &unit); err != nil {
			return nil, err
		}
		by[n] = hindrances[n].add(ctx, by[n], id, sum, unit)
	}
	return append([]*DeletionBlocker{}, slices.Concat(by...)...), rows.Err()
}

// add counts one row into the blockers of a hindrance.
func (h hindrance) add(ctx context.Context, all []*DeletionBlocker, id uuid.UUID, sum int64, unit string) []*DeletionBlocker {
	money := h.reason == BlockWalletMoney
	i := slices.IndexFunc(all, func(b *DeletionBlocker) bool { return !money || b.Amount.Currency == unit })
	if i < 0 {
		b := &DeletionBlocker{Reason: h.reason, Message: say(ctx, "blocked", string(h.reason)), SubjectIds: []scalar.ID{}}
		if money {
			b.Amount = &scalar.Money{Currency: unit}
		}
		i, all = len(all), append(all, b)
	}
	b := all[i]
	b.Count++
	if money {
		b.Amount.Minor += sum
	}
	if len(b.SubjectIds) < mostShown {
		b.SubjectIds = append(b.SubjectIds, scalar.ID{Prefix: h.prefix, UUID: id})
	}
	return all
}

// say is a text of this domain in the caller's language.
func say(ctx context.Context, kind, name string) string {
	return locale.Text(viewer.From(ctx).Locale, "privacy."+kind+"."+name, nil)
}

// blocked is the refusal; nil where nothing stands in the way.
func blocked(all []*DeletionBlocker) error {
	if len(all) == 0 {
		return nil
	}
	return ErrDeletionBlocked.With("reasons", reasons(all))
}

func reasons(all []*DeletionBlocker) []string {
	out := []string{}
	for _, b := range all {
		out = append(out, string(b.Reason))
	}
	return out
}

// gone are what a deletion loses.
var gone = []struct {
	kind  DeletionLossKind
	query string
}{
	{LossPoints, `SELECT coalesce(sum(active + pending), 0) FROM ledger_accounts WHERE owner_id = ? AND kind = 'BONUS' AND active + pending > 0`},
	{LossRewards, `SELECT count(*) FROM reward_redemptions WHERE owner_id = ? AND status = 'ISSUED'`},
	{LossGiftCards, `SELECT count(*) FROM gift_cards WHERE owner_id = ? AND status = 'ACTIVE'`},
	{LossTickets, `SELECT count(*) FROM tickets WHERE owner_id = ? AND status <> 'CLOSED'`},
	{LossMemberships, `SELECT count(*) FROM memberships WHERE user_id = ? AND status = 'ACTIVE' AND kind IN ('FAMILY', 'COMPANY')`},
}

func losses(ctx context.Context, q store.Reader, user uuid.UUID) ([]*DeletionLoss, error) {
	asked, args := make([]string, len(gone)), make([]any, len(gone))
	counts, into := make([]int64, len(gone)), make([]any, len(gone))
	for i, g := range gone {
		asked[i], args[i], into[i] = "("+g.query+")", user, &counts[i]
	}
	rows, err := q.Query(ctx, `SELECT `+strings.Join(asked, ", "), args...)
	if err != nil {
		return nil, err
	}
	if err := one(rows, into...); err != nil {
		return nil, err
	}
	all := []*DeletionLoss{}
	for i, g := range gone {
		if counts[i] != 0 {
			all = append(all, &DeletionLoss{Kind: g.kind, Message: say(ctx, "lost", string(g.kind)), Count: counts[i]})
		}
	}
	return all, nil
}
