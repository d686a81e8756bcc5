package account

import (
	"context"
	"slices"
	"strings"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"kabinet/ent/generated/contactpoint"
	"kabinet/ent/generated/user"
	"kabinet/internal/event"
	"kabinet/internal/locale"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// Change is an act that bears on who can get into an account. It names the
// act in the audit log (account.<change>), in the feed (security.<change>) and
// its texts (security.<change>.title and .body).
type Change string

// The changes. Each has its texts in every language; the test of this file
// demands them.
const (
	ChangePassword              Change = "change_password"
	ChangeResetPassword         Change = "reset_password"
	ChangeNewDevice             Change = "new_device"
	ChangeContactAdded          Change = "contact_added"
	ChangeContactRemoved        Change = "contact_removed"
	ChangeContactPrimary        Change = "contact_primary"
	ChangeLoginRequested        Change = "login_change_requested"
	ChangeLogin                 Change = "login_changed"
	ChangeLoginUndone           Change = "login_change_undone"
	ChangeRefreshReused         Change = "refresh_reused"
	ChangeFactorAdded           Change = "factor_added"
	ChangeFactorRemoved         Change = "factor_removed"
	ChangeRecoveryCodesNew      Change = "recovery_codes_new"
	ChangeRecoveryCodeUsed      Change = "recovery_code_used"
	ChangePasskeyAdded          Change = "passkey_added"
	ChangePasskeyRemoved        Change = "passkey_removed"
	ChangePasskeyCopied         Change = "passkey_copied"
	ChangeIdentityLinked        Change = "identity_linked"
	ChangeIdentityUnlinked      Change = "identity_unlinked"
	ChangeBlocked               Change = "blocked"
	ChangeUnblocked             Change = "unblocked"
	ChangeCredentialsIssued     Change = "credentials_issued"
	ChangeActedFor              Change = "acted_for"
	ChangeRepresentativeAdded   Change = "representative_added"
	ChangeRepresentativeRemoved Change = "representative_removed"
	ChangeRepresentationGiven   Change = "representation_given" // told to the representative, as the next
	ChangeRepresentationOver    Change = "representation_over"
	ChangeSessionsEnded         Change = "sessions_ended" // by staff
	ChangeFactorsReset          Change = "second_factor_reset"
	ChangeAccountMade           Change = "account_made" // by staff
	ChangePasswordDue           Change = "initial_password_due"
	ChangePasswordOver          Change = "initial_password_expired"
	ChangeExportRequested       Change = "export_requested"
	ChangeExportReady           Change = "export_ready"
	ChangeDeletionRequested     Change = "deletion_requested"
	ChangeDeletionCancelled     Change = "deletion_cancelled"
	ChangeDeletionSoon          Change = "deletion_soon"
	ChangeDeletionPutOff        Change = "deletion_put_off"
	ChangeDeleted               Change = "deleted"
	ChangeSignedOutEverywhere   Change = "signed_out_everywhere"
	ChangePaymentMethodAdded    Change = "payment_method_added"
	ChangePaymentMethodRemoved  Change = "payment_method_removed"
	ChangeMessengerLinked       Change = "messenger_linked"
	ChangeMessengerUnlinked     Change = "messenger_unlinked"
)

// Changes are all of them, for the test of their texts.
var Changes = []Change{
	ChangePassword, ChangeResetPassword, ChangeNewDevice, ChangeContactAdded, ChangeContactRemoved, ChangeContactPrimary,
	ChangeLoginRequested, ChangeLogin, ChangeLoginUndone, ChangeRefreshReused, ChangeFactorAdded, ChangeFactorRemoved,
	ChangeRecoveryCodesNew, ChangeRecoveryCodeUsed, ChangePasskeyAdded, ChangePasskeyRemoved, ChangePasskeyCopied, ChangeIdentityLinked, ChangeIdentityUnlinked,
	ChangeBlocked, ChangeUnblocked, ChangeCredentialsIssued, ChangeActedFor, ChangeRepresentativeAdded, ChangeRepresentativeRemoved,
	ChangeRepresentationGiven, ChangeRepresentationOver, ChangeSessionsEnded, ChangeFactorsReset, ChangeAccountMade, ChangePasswordDue, ChangePasswordOver,
	ChangeExportRequested, ChangeExportReady, ChangeDeletionRequested, ChangeDeletionCancelled, ChangeDeletionSoon, ChangeDeletionPutOff, ChangeDeleted, ChangeSignedOutEverywhere,
	ChangePaymentMethodAdded, ChangePaymentMethodRemoved, ChangeMessengerLinked, ChangeMessengerUnlinked,
}

// feedOnly are the changes of which no letter goes out: they are told in the
// feed and stand in the recent activity.
var feedOnly = map[Change]bool{ChangeContactPrimary: true, ChangeSignedOutEverywhere: true, ChangeExportRequested: true, ChangeActedFor: true, ChangeMessengerUnlinked: true}

// forNews is the purpose of the challenge in which the addresses of a letter
// of news wait, sealed. It belongs to nobody, so that dropping a person's
// challenges does not keep the news from him.
const forNews = "news"

// News puts a security change on record, tells it on the person's stream, from
// which the feed hears of it, and sends word to all of his proven addresses
// and numbers. Everybody calls it for every such act, in the act's
// transaction, and puts nothing on record besides. details hold no secret and
// no address.
func (p *People) News(ctx context.Context, tx *store.Tx, user uuid.UUID, change Change, subject scalar.ID, details map[string]any) error {
	return p.NewsTo(ctx, tx, user, change, subject, details)
}

// NewsTo is News, told to some besides: addresses that are not his any more.
func (p *People) NewsTo(ctx context.Context, tx *store.Tx, user uuid.UUID, change Change, subject scalar.ID, details map[string]any, also ...SentTo) error {
	if err := tx.Audit(ctx, "account."+string(change), user, subject, details); err != nil {
		return err
	}
	v := viewer.From(ctx)
	f := event.SecurityChanged{UserID: user, Change: string(change)}
	if !v.Staff && v.ActingStaff == uuid.Nil { // from where staff work is nobody's business
		f.Device, f.Place = deviceOf(v.UserAgent), v.IP
	}
	if why, _ := details["reason"].(string); locale.Has(reasonText(f.Change, why)) {
		f.Reason = why
	}
	tx.Tell(f, store.ToUser(user))
	if feedOnly[change] {
		return nil
	}
	return p.newsByLetter(ctx, tx, user, f, also)
}

// reasonText is the text of why, where a change has such a list.
func reasonText(change, why string) string { return newsTemplate + change + ".reason." + why }

// newsByLetter sends word of a change to the proven contacts of a person and
// to others besides.
func (p *People) newsByLetter(ctx context.Context, tx *store.Tx, id uuid.UUID, f event.SecurityChanged, also []SentTo) error {
	to, err := p.provenContacts(ctx, tx, id)
	if err != nil {
		return err
	}
	to = append(to, also...)
	if len(to) == 0 {
		return nil
	}
	u, err := tx.User.Query().Where(user.ID(id)).Select(user.FieldLocale, user.FieldTimeZone).Only(asSystem(ctx))
	if err != nil {
		return err
	}
	params := map[string]any{"date": locale.DateTime(u.Locale, tx.Now, u.TimeZone), "device": f.Device, "place": f.Place}
	if f.Reason != "" {
		params["reason"] = locale.Text(u.Locale, reasonText(f.Change, f.Reason), nil)
	}
	var list []sent
	for _, one := range to {
		list = append(list, sent{SentTo: one, Template: newsTemplate + f.Change, Locale: u.Locale, Params: params})
	}
	_, err = p.post(ctx, tx, store.NewChallenge{Purpose: forNews, Tries: 1, Life: newsLife}, nil, list)
	return err
}

// provenContacts are where a person can be reached for certain, first ones first.
func (p *People) provenContacts(ctx context.Context, tx *store.Tx, id uuid.UUID) ([]SentTo, error) {
	rows, err := tx.ContactPoint.Query().Where(contactpoint.UserID(id), contactpoint.VerifiedAtNotNil()).
		Order(contactpoint.ByIsPrimary(sql.OrderDesc()), contactpoint.ByID()).All(asSystem(ctx))
	if err != nil {
		return nil, err
	}
	var list []SentTo
	for _, c := range rows {
		if c.Kind == contactpoint.KindPHONE && !p.o.SMS {
			continue
		}
		list = append(list, SentTo{Kind: c.Kind, To: c.Value})
	}
	return list, nil
}

// deviceOf is DeviceName where program or system is a known one, else empty:
// a letter must not carry what a device calls itself, for that may be a
// stranger's words.
func deviceOf(agent string) string {
	known := func(list []struct{ word, name string }) bool {
		return slices.ContainsFunc(list, func(one struct{ word, name string }) bool { return strings.Contains(agent, one.word) })
	}
	if name := DeviceName(&agent); name != nil && (known(programs) || known(systems)) {
		return *name
	}
	return ""
}
