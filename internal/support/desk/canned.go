package desk

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/cannedreply"
	entorder "kabinet/ent/generated/order"
	"kabinet/ent/generated/ticket"
	entuser "kabinet/ent/generated/user"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

var handles = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]{0,39}$`)

// CannedReplies are the texts in use, those shown to a team where one is named.
func (q *Queue) CannedReplies(ctx context.Context, team *scalar.ID) ([]*ent.CannedReply, error) {
	if err := may(ctx, "support", "read"); err != nil {
		return nil, err
	}
	of, err := optionalKey(team, teamPrefix, "teamId")
	if err != nil {
		return nil, err
	}
	query := q.Store.Client.CannedReply.Query().Where(cannedreply.RetiredAtIsNil())
	if of != nil {
		query.Where(cannedreply.Or(cannedreply.TeamIDIsNil(), cannedreply.TeamID(*of)))
	}
	all, err := query.Order(cannedreply.ByHandle(), cannedreply.ByID()).Limit(mostReplies).All(ctx)
	return all, store.Translate(err)
}

// Texts are texts by language.
func Texts(of map[string]string) []*LocalizedText {
	list := make([]*LocalizedText, 0, len(of))
	for lang, text := range of {
		list = append(list, &LocalizedText{Locale: lang, Text: text})
	}
	slices.SortFunc(list, func(a, b *LocalizedText) int { return strings.Compare(a.Locale, b.Locale) })
	return list
}

// TeamID is the id of a team that something is shown to.
func TeamID(key *uuid.UUID) *scalar.ID { return idOrNil(teamPrefix, key) }

// checkTexts checks texts with variables, one a language and one at least.
func checkTexts(list []*LocalizedTextInput, path ...string) (map[string]string, error) {
	switch {
	case len(list) == 0:
		return nil, fault.ErrRequired.At(path...)
	case len(list) > mostLocales:
		return nil, fault.ErrTooLong.At(path...).With("limit", mostLocales)
	}
	texts := make(map[string]string, len(list))
	for i, t := range list {
		if _, twice := texts[t.Locale]; twice {
			return nil, ErrDuplicateKey.At(at(path, i, "locale")...)
		}
		body, err := text(t.Text, at(path, i, "text")...)
		if err == nil {
			err = checkVariables(body, at(path, i, "text")...)
		}
		if err != nil {
			return nil, err
		}
		texts[t.Locale] = body
	}
	return texts, nil
}

// SaveCannedReply writes a text, or a new version of one. Faults: INVALID_ID,
// NOT_FOUND, REQUIRED, STALE_OBJECT, TOO_LONG, INVALID_VALUE, DUPLICATE_KEY,
// UNKNOWN_VARIABLE, HANDLE_TAKEN, TOO_MANY_ITEMS; FORBIDDEN.
func (q *Queue) SaveCannedReply(ctx context.Context, in SaveCannedReplyInput) (*ent.CannedReply, error) {
	if err := may(ctx, "support", "write"); err != nil {
		return nil, err
	}
	if !handles.MatchString(in.Handle) {
		return nil, fault.ErrInvalidValue.At("input", "handle")
	}
	texts, err := checkTexts(in.Texts, "input", "texts")
	if err != nil {
		return nil, err
	}
	old, team, err := versionOf(in.ID, replyPrefix, in.Version, in.TeamID)
	if err != nil {
		return nil, err
	}
	var out *ent.CannedReply
	err = q.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		if team != nil {
			if _, err := teamInUse(ctx, tx, *team, "input", "teamId"); err != nil {
				return err
			}
		}
		c := tx.CannedReply.Create().SetHandle(in.Handle).SetTexts(texts).SetNillableTeamID(team)
		if err := overReply(ctx, tx, c, old, in.Version); err != nil {
			return err
		}
		if out, err = c.Save(ctx); err != nil {
			return err
		}
		return tx.Audit(ctx, "support.save_canned_reply", viewer.House, out.GlobalID(), map[string]any{"handle": out.Handle, "version": out.Version})
	})
	switch {
	case store.IsUnique(err):
		return nil, ErrHandleTaken.At("input", "handle").Because(err)
	case err != nil:
		return nil, err
	}
	return out.Unwrap(), nil
}

// versionOf reads what a save names: the row it changes, and a team.
func versionOf(id *scalar.ID, prefix string, version *int, teamID *scalar.ID) (old, team *uuid.UUID, err error) {
	if old, err = optionalKey(id, prefix, "input", "id"); err != nil {
		return nil, nil, err
	}
	if old != nil && version == nil {
		return nil, nil, fault.ErrRequired.At("input", "version")
	}
	team, err = optionalKey(teamID, teamPrefix, "input", "teamId")
	return old, team, err
}

// overReply makes a row the next version of an old one, or a new one for which
// there is room.
func overReply(ctx context.Context, tx *store.Tx, c *ent.CannedReplyCreate, old *uuid.UUID, version *int) error {
	if old == nil {
		if err := tx.Lock(ctx, "companies", "id", viewer.House); err != nil { // or two could both be the last
			return err
		}
		n, err := tx.CannedReply.Query().Where(cannedreply.RetiredAtIsNil()).Count(ctx)
		if err == nil && n >= mostReplies {
			err = ErrTooManyItems.With("limit", mostReplies)
		}
		return err
	}
	r, err := replyInUse(ctx, tx, *old, "input", "id")
	if err == nil {
		err = checkRevision(r.Version, version, "version")
	}
	if err != nil {
		return err
	}
	c.SetKeyID(r.KeyID).SetVersion(r.Version + 1)
	return tx.CannedReply.UpdateOneID(r.ID).SetRetiredAt(tx.Now).Exec(ctx)
}

// replyInUse holds a text that is in use. Fault: NOT_FOUND.
func replyInUse(ctx context.Context, tx *store.Tx, key uuid.UUID, path ...string) (*ent.CannedReply, error) {
	r, err := tx.CannedReply.Query().Where(cannedreply.KeyID(key), cannedreply.RetiredAtIsNil(), tx.Locking()).Only(asSystem(ctx))
	if ent.IsNotFound(err) {
		return nil, fault.ErrNotFound.At(path...)
	}
	return r, err
}

// replyShown is replyInUse for who sends it: many do so at once, and none waits
// for another.
func replyShown(ctx context.Context, c *ent.Client, key uuid.UUID, path ...string) (*ent.CannedReply, error) {
	r, err := c.CannedReply.Query().Where(cannedreply.KeyID(key), cannedreply.RetiredAtIsNil()).Only(asSystem(ctx))
	if ent.IsNotFound(err) {
		return nil, fault.ErrNotFound.At(path...)
	}
	return r, err
}

// DeleteCannedReply takes a text out of use and gives its id. Faults:
// INVALID_ID, NOT_FOUND; FORBIDDEN.
func (q *Queue) DeleteCannedReply(ctx context.Context, in DeleteCannedReplyInput) (uuid.UUID, error) {
	if err := may(ctx, "support", "write"); err != nil {
		return uuid.Nil, err
	}
	key, err := keyOf(in.ID, replyPrefix, "input", "id")
	if err != nil {
		return uuid.Nil, err
	}
	return key, q.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		r, err := replyInUse(ctx, tx, key, "input", "id")
		if err != nil {
			return err
		}
		if err := tx.CannedReply.UpdateOneID(r.ID).SetRetiredAt(tx.Now).Exec(ctx); err != nil {
			return err
		}
		return tx.Audit(ctx, "support.delete_canned_reply", viewer.House, r.GlobalID(), map[string]any{"handle": r.Handle})
	})
}

// Render is a text as the caller would send it in a ticket. Faults: INVALID_ID,
// NOT_FOUND; FORBIDDEN.
func (q *Queue) Render(ctx context.Context, id, ticketID scalar.ID) (*RenderedReply, error) {
	if err := may(ctx, "ticket", "read"); err != nil {
		return nil, err
	}
	key, err := keyOf(id, replyPrefix, "id")
	if err != nil {
		return nil, err
	}
	of, err := keyOf(ticketID, ticketPrefix, "ticketId")
	if err != nil {
		return nil, err
	}
	c := q.Store.Client
	t, err := c.Ticket.Query().Where(ticket.ID(of)).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, fault.ErrNotFound.At("ticketId")
	}
	if err != nil {
		return nil, store.Translate(err)
	}
	r, err := replyShown(ctx, c, key, "id")
	if err != nil {
		return nil, store.Translate(err)
	}
	out, err := rendered(ctx, c, t, r.Texts)
	return out, store.Translate(err)
}

// rendered is a text for a ticket, with its values.
func rendered(ctx context.Context, c *ent.Client, t *ent.Ticket, texts map[string]string) (*RenderedReply, error) {
	values, err := valuesOf(ctx, c, t)
	if err != nil {
		return nil, err
	}
	body, lang := inLanguage(texts, t.Locale)
	general, _, _ := strings.Cut(t.Locale, "-")
	out := &RenderedReply{Locale: lang, IsFallback: lang != t.Locale && lang != general}
	out.Text, out.Missing = fillIn(body, values)
	if out.Missing == nil {
		out.Missing = []string{}
	}
	return out, nil
}

// valuesOf are the values that variables have in a ticket: who acts, and what
// the ticket is about. An agent's role need not reach these rows.
func valuesOf(ctx context.Context, c *ent.Client, t *ent.Ticket) (map[string]string, error) {
	people := []uuid.UUID{me(ctx)}
	if t.UserID != nil {
		people = append(people, *t.UserID)
	}
	ctx = asSystem(ctx)
	values := map[string]string{ticketNumber: t.Number}
	all, err := c.User.Query().Where(entuser.IDIn(people...)).Select(entuser.FieldID, entuser.FieldDisplayName).All(ctx)
	if err != nil {
		return nil, err
	}
	for _, u := range all {
		if u.ID == people[0] {
			values[operatorName] = u.DisplayName
		}
		if t.UserID != nil && u.ID == *t.UserID {
			values[customerName] = u.DisplayName
		}
	}
	if t.OrderID == nil {
		return values, nil
	}
	o, err := c.Order.Query().Where(entorder.ID(*t.OrderID)).Select(entorder.FieldID, entorder.FieldNumber).Only(ctx)
	if ent.IsNotFound(err) {
		return values, nil
	}
	if err != nil {
		return nil, err
	}
	values[orderNumber] = o.Number
	return values, nil
}
