package template

import (
	"context"
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"entgo.io/ent/dialect/sql"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/notificationtemplate"
	"kabinet/internal/fault"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// Save makes the next version of the template of a type, channel and language.
// Staff only; it is put on record.
//
// Faults: REQUIRED, TOO_LONG, INVALID_VALUE, STALE_OBJECT, TEMPLATE_INVALID,
// TEMPLATE_HTML_REFUSED, UNKNOWN_VARIABLE; UNAUTHENTICATED, FORBIDDEN.
func (t *Templates) Save(ctx context.Context, in SaveNotificationTemplateInput) (*ent.NotificationTemplate, error) {
	if err := may(ctx, "write"); err != nil {
		return nil, err
	}
	at := place{in.Type, string(in.Channel), in.Locale}
	s, err := t.draft(ctx, at, in.Title, in.Text, in.HTML)
	if err != nil {
		return nil, err
	}
	note, err := checkNote(in.Note)
	if err != nil {
		return nil, err
	}
	return t.next(ctx, at, func(was *ent.NotificationTemplate) (*ent.NotificationTemplate, error) {
		return &ent.NotificationTemplate{Title: pointer(s.title), Text: s.text, HTML: pointer(s.html), Note: note}, checkVersion(was, in.Version)
	})
}

// next keeps the version that make gives, after the one in force, which is nil
// where there is none.
func (t *Templates) next(ctx context.Context, at place, make func(was *ent.NotificationTemplate) (*ent.NotificationTemplate, error)) (saved *ent.NotificationTemplate, err error) {
	err = t.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		last, was, err := lastOf(ctx, tx, at)
		if err != nil {
			return err
		}
		n, err := make(was)
		if err != nil {
			return err
		}
		c := tx.NotificationTemplate.Create().SetType(at.typ).SetChannel(notificationtemplate.Channel(at.channel)).SetLocale(at.lang).
			SetNillableTitle(n.Title).SetText(n.Text).SetNillableHTML(n.HTML).SetNillableNote(n.Note).SetSavedByID(viewer.From(ctx).UserID)
		if last != nil {
			c.SetKeyID(last.KeyID).SetVersion(last.Version + 1)
		}
		if was != nil {
			if err := tx.NotificationTemplate.UpdateOneID(was.ID).SetRetiredAt(tx.Now).Exec(ctx); err != nil {
				return err
			}
		}
		if saved, err = c.Save(ctx); err != nil {
			return err
		}
		return tx.Audit(ctx, "messaging.save_template", viewer.House, saved.GlobalID(), at.audit(saved.Version))
	})
	if store.IsUnique(err) { // somebody else saved at the same moment
		err = fault.ErrStaleObject.At("input", "version").Because(err)
	}
	if err != nil {
		return nil, err
	}
	t.forget()
	return saved.Unwrap(), nil
}

func (at place) audit(version int64) map[string]any {
	return map[string]any{"type": at.typ, "channel": at.channel, "locale": at.lang, "version": version}
}

// lastOf holds the last version of a template; was is it where it is in force.
func lastOf(ctx context.Context, tx *store.Tx, at place) (last, was *ent.NotificationTemplate, err error) {
	last, err = tx.NotificationTemplate.Query().Where(notificationtemplate.Type(at.typ), notificationtemplate.ChannelEQ(notificationtemplate.Channel(at.channel)),
		notificationtemplate.Locale(at.lang), tx.Locking()).Order(notificationtemplate.ByVersion(sql.OrderDesc())).First(ctx)
	switch {
	case ent.IsNotFound(err):
		return nil, nil, nil
	case err != nil:
		return nil, nil, err
	case last.RetiredAt == nil:
		was = last
	}
	return last, was, nil
}

// checkVersion refuses a change of another version than the one that was read.
func checkVersion(was *ent.NotificationTemplate, read *int) error {
	switch {
	case was == nil && read == nil, was != nil && read != nil && int64(*read) == was.Version:
		return nil
	case was == nil:
		return fault.ErrStaleObject.At("input", "version").With("version", nil)
	case read == nil:
		return fault.ErrRequired.At("input", "version")
	}
	return fault.ErrStaleObject.At("input", "version").With("version", was.Version)
}

// Revert goes back to an older version, or to what is compiled in (nil). Staff
// only; it is put on record.
//
// Faults: INVALID_ID, NOT_FOUND, REQUIRED, STALE_OBJECT, TOO_LONG, and those of
// Save where the old version is not good any more; UNAUTHENTICATED, FORBIDDEN.
func (t *Templates) Revert(ctx context.Context, in RevertNotificationTemplateInput) (*ent.NotificationTemplate, error) {
	if err := may(ctx, "write"); err != nil {
		return nil, err
	}
	key, err := in.ID.As(templatePrefix)
	if err != nil {
		return nil, fault.ErrInvalidID.At("input", "id")
	}
	note, err := checkNote(in.Note)
	if err != nil {
		return nil, err
	}
	q := t.Store.Client.NotificationTemplate.Query().Where(notificationtemplate.KeyID(key))
	if in.ToVersion != nil {
		q.Where(notificationtemplate.Version(int64(*in.ToVersion)))
	}
	old, err := q.Order(notificationtemplate.ByVersion(sql.OrderDesc())).First(ctx)
	if ent.IsNotFound(err) {
		return nil, t.missing(ctx, in)
	}
	if err != nil {
		return nil, store.Translate(err)
	}
	at := place{old.Type, string(old.Channel), old.Locale}
	if in.ToVersion == nil {
		return nil, t.retire(ctx, at, in)
	}
	if _, err := t.draft(ctx, at, old.Title, old.Text, old.HTML); err != nil { // a variable may have gone since
		return nil, err
	}
	return t.next(ctx, at, func(was *ent.NotificationTemplate) (*ent.NotificationTemplate, error) {
		return &ent.NotificationTemplate{Title: old.Title, Text: old.Text, HTML: old.HTML, Note: note}, checkVersion(was, in.Version)
	})
}

// missing says what of a revert there is not: the template or its version.
func (t *Templates) missing(ctx context.Context, in RevertNotificationTemplateInput) error {
	there, err := t.Store.Client.NotificationTemplate.Query().Where(notificationtemplate.KeyID(in.ID.UUID)).Exist(ctx)
	switch {
	case err != nil:
		return store.Translate(err)
	case there:
		return fault.ErrNotFound.At("input", "toVersion")
	}
	return fault.ErrNotFound.At("input", "id")
}

// retire takes a template out of force.
func (t *Templates) retire(ctx context.Context, at place, in RevertNotificationTemplateInput) error {
	err := t.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		_, was, err := lastOf(ctx, tx, at)
		if err == nil {
			err = checkVersion(was, in.Version)
		}
		if err != nil || was == nil {
			return err
		}
		if err := tx.NotificationTemplate.UpdateOneID(was.ID).SetRetiredAt(tx.Now).Exec(ctx); err != nil {
			return err
		}
		return tx.Audit(ctx, "messaging.revert_template", viewer.House, was.GlobalID(), at.audit(was.Version))
	})
	if err == nil {
		t.forget()
	}
	return err
}

// draft checks a template whole: what there is of it, that it can be read, what
// it names, and that it can be filled in.
func (t *Templates) draft(ctx context.Context, at place, title *string, text string, html *string) (s source, err error) {
	if err := checkPlace(at, "input"); err != nil {
		return s, err
	}
	known, found, err := t.known(ctx, t.Store.Client, at.typ)
	switch {
	case err != nil:
		return s, err
	case !found:
		return s, fault.ErrInvalidValue.At("input", "type").With("value", short(at.typ))
	}
	s = source{text: strings.ReplaceAll(text, "\r\n", "\n")}
	if title != nil {
		s.title = strings.TrimSpace(*title)
	}
	if html != nil {
		s.html = strings.ReplaceAll(*html, "\r\n", "\n")
	}
	if err := s.check(at); err != nil {
		return s, err
	}
	return s, t.try(at, s, known)
}

// check refuses what a channel has not, and what is too long.
func (s source) check(at place) error {
	wantsTitle := headed[at.channel] && at.typ != LayoutType
	switch {
	case wantsTitle && s.title == "":
		return fault.ErrRequired.At("input", "title")
	case !wantsTitle && s.title != "":
		return fault.ErrInvalidValue.At("input", "title")
	case at.channel != Email && s.html != "":
		return fault.ErrInvalidValue.At("input", "html")
	case strings.TrimSpace(s.text) == "":
		return fault.ErrRequired.At("input", "text")
	}
	for _, f := range []struct {
		name, text, controls string
		limit                int
	}{{"title", s.title, "", longestTitle}, {"text", s.text, "\n\t", longestText}, {"html", s.html, "\n\t", longestHTML}} {
		if err := checkLength(f.text, f.limit, f.controls, "input", f.name); err != nil {
			return err
		}
	}
	return nil
}

func checkLength(text string, limit int, controls string, path ...string) error {
	switch {
	case utf8.RuneCountInString(text) > limit:
		return fault.ErrTooLong.At(path...).With("limit", limit)
	case !utf8.ValidString(text), strings.ContainsFunc(text, func(c rune) bool { return unicode.IsControl(c) && !strings.ContainsRune(controls, c) }):
		return fault.ErrInvalidValue.At(path...)
	}
	return nil
}

func checkNote(note *string) (*string, error) {
	if note == nil || strings.TrimSpace(*note) == "" {
		return nil, nil
	}
	trimmed := strings.TrimSpace(*note)
	return &trimmed, checkLength(trimmed, longestNote, "\n\t", "input", "note")
}

// try reads a template and fills it in with made-up values.
func (t *Templates) try(at place, s source, known []string) error {
	h, err := prepare(s, at.typ == LayoutType)
	if err != nil {
		return inPlace(err)
	}
	fields := []struct {
		name  string
		parts []part
	}{{"title", h.title}, {"text", h.text}}
	if h.html != nil {
		fields = append(fields, struct {
			name  string
			parts []part
		}{"html", h.html.parts})
	}
	for _, f := range fields {
		if err := names(f.parts, known, at.lang); err != nil {
			return asFault(err, "input", f.name)
		}
		if at.typ != LayoutType || f.name == "title" {
			continue
		}
		for _, needed := range []string{"content", "unsubscribeUrl"} {
			if !shows(f.parts, needed) {
				return ErrTemplateInvalid.At("input", f.name).With("line", 1).With("column", 1).With("reason", "a layout shows {{ "+needed+" }}")
			}
		}
	}
	if h.html == nil {
		return nil
	}
	if _, _, err := h.html.fill(reading{lang: at.lang, zone: "UTC"}, samples(known, at.lang), nil); err != nil {
		return asFault(wrongPlace(err), "input", "html")
	}
	return nil
}

// shows says whether a variable is shown, under whatever condition.
func shows(parts []part, name string) (found bool) {
	walk(parts, func(p part) { found = found || p.kind == value && p.name == name })
	return found
}

// inPlace is what is wrong with a template at the field that it is of.
func inPlace(err error) error {
	var b *broken
	if errors.As(err, &b) && b.field != "" {
		return asFault(err, "input", b.field)
	}
	return err
}

func pointer(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
