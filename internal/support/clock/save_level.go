package clock

import (
	"context"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/businesscalendar"
	"kabinet/ent/generated/servicelevel"
	entticket "kabinet/ent/generated/ticket"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// The bounds of a service level.
const (
	leastTarget = 60          // seconds
	mostTarget  = 366 * 86400 // of working time
	maxPosition = 10_000
	maxName     = 100
)

// Levels are the service levels in force, in the order in which they are tried.
// Staff only. Faults: UNAUTHENTICATED, FORBIDDEN.
func (c *Clocks) Levels(ctx context.Context) ([]*ent.ServiceLevel, error) {
	if err := staff(ctx, "read"); err != nil {
		return nil, err
	}
	all, err := inForce(ctx, c.Store.Client)
	return all, store.Translate(err)
}

// Level is the newest version of one, for node. Fault: NOT_FOUND.
func (c *Clocks) Level(ctx context.Context, key uuid.UUID) (*ent.ServiceLevel, error) {
	l, err := c.Store.Client.ServiceLevel.Query().Where(servicelevel.KeyID(key)).Order(ent.Desc(servicelevel.FieldVersion)).First(ctx)
	return l, store.Translate(err)
}

// SaveLevel writes a service level, or a new version of one. Tickets that have
// the old one keep it. Staff only; it is put on record. Faults: INVALID_ID,
// NOT_FOUND, REQUIRED, TOO_LONG, INVALID_VALUE, OUT_OF_RANGE, RULE_INVALID,
// TOO_MANY_ITEMS, STALE_OBJECT; UNAUTHENTICATED, FORBIDDEN.
func (c *Clocks) SaveLevel(ctx context.Context, in SaveServiceLevelInput) (*ent.ServiceLevel, error) {
	if err := staff(ctx, "write"); err != nil {
		return nil, err
	}
	w, err := checkLevel(in)
	if err != nil {
		return nil, err
	}
	var out *ent.ServiceLevel
	err = c.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		row := w.fill(tx.ServiceLevel.Create())
		if in.CalendarID != nil {
			cal, err := calendarInForce(ctx, tx, *in.CalendarID, "input", "calendarId")
			if err != nil {
				return err
			}
			row.SetCalendarID(cal.KeyID)
		}
		old, err := replacedLevel(ctx, tx, in)
		if err != nil {
			return err
		}
		if old != nil {
			row.SetKeyID(old.KeyID).SetVersion(old.Version + 1)
		}
		if out, err = row.Save(ctx); err != nil {
			return err
		}
		return tx.Audit(ctx, "support.save_service_level", viewer.House, out.GlobalID(), map[string]any{
			"name": out.Name, "version": out.Version, "condition": out.Condition, "firstReplySeconds": out.FirstReplySeconds,
			"nextReplySeconds": out.NextReplySeconds, "resolveSeconds": out.ResolveSeconds,
		})
	})
	if store.IsUnique(err) { // somebody saved it at the same moment
		err = fault.ErrStaleObject.At("input", "version").Because(err)
	}
	if err != nil {
		return nil, err
	}
	return out.Unwrap(), nil
}

// DeleteLevel takes a service level out of force. Tickets that have it keep it.
// Staff only; it is put on record. Faults: INVALID_ID, NOT_FOUND;
// UNAUTHENTICATED, FORBIDDEN.
func (c *Clocks) DeleteLevel(ctx context.Context, in DeleteServiceLevelInput) (*ent.ServiceLevel, error) {
	if err := staff(ctx, "write"); err != nil {
		return nil, err
	}
	key, err := in.ID.As("sla")
	if err != nil {
		return nil, fault.ErrInvalidID.At("input", "id")
	}
	var out *ent.ServiceLevel
	err = c.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		old, err := levelInForce(ctx, tx, key)
		if err != nil {
			return err
		}
		if out, err = tx.ServiceLevel.UpdateOne(old).SetRetiredAt(tx.Now).Save(ctx); err != nil {
			return err
		}
		return tx.Audit(ctx, "support.delete_service_level", viewer.House, out.GlobalID(), map[string]any{"name": out.Name, "version": out.Version})
	})
	if err != nil {
		return nil, err
	}
	return out.Unwrap(), nil
}

// levelInForce holds the row in force of a service level.
func levelInForce(ctx context.Context, tx *store.Tx, key uuid.UUID) (*ent.ServiceLevel, error) {
	l, err := tx.ServiceLevel.Query().Where(servicelevel.KeyID(key), servicelevel.RetiredAtIsNil(), tx.Locking()).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, fault.ErrNotFound.At("input", "id")
	}
	return l, err
}

// replacedLevel retires the version that a level saved takes the place of; nil
// for a new one, for which there is room.
func replacedLevel(ctx context.Context, tx *store.Tx, in SaveServiceLevelInput) (*ent.ServiceLevel, error) {
	if in.ID == nil {
		if err := tx.Lock(ctx, "companies", "id", viewer.House); err != nil { // or two could both be the last
			return nil, err
		}
		n, err := tx.ServiceLevel.Query().Where(servicelevel.RetiredAtIsNil()).Count(ctx)
		if err == nil && n >= mostLevels {
			err = ErrTooManyItems.With("limit", mostLevels).At("input")
		}
		return nil, err
	}
	old, err := levelInForce(ctx, tx, in.ID.UUID)
	switch {
	case err != nil:
		return nil, err
	case int(old.Version) != *in.Version:
		return nil, fault.ErrStaleObject.At("input", "version").With("version", old.Version)
	}
	return old, tx.ServiceLevel.UpdateOne(old).SetRetiredAt(tx.Now).Exec(ctx)
}

// calendarInForce is the calendar that an id names.
func calendarInForce(ctx context.Context, tx *store.Tx, id scalar.ID, path ...string) (*ent.BusinessCalendar, error) {
	key, err := id.As("cal")
	if err != nil {
		return nil, fault.ErrInvalidID.At(path...)
	}
	// Held, so that nobody deletes it while a level comes that goes by it.
	cal, err := tx.BusinessCalendar.Query().Where(businesscalendar.KeyID(key), businesscalendar.RetiredAtIsNil(), tx.Locking()).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, fault.ErrNotFound.At(path...)
	}
	return cal, err
}

// level is a checked SaveServiceLevelInput.
type level struct {
	in     SaveServiceLevelInput
	name   string
	pauses []string
}

func (l *level) fill(c *ent.ServiceLevelCreate) *ent.ServiceLevelCreate {
	return c.SetName(l.name).SetNillablePosition(l.in.Position).SetNillableCondition(l.in.Condition).
		SetNillableFirstReplySeconds(l.in.FirstReplySeconds).SetNillableNextReplySeconds(l.in.NextReplySeconds).
		SetNillableResolveSeconds(l.in.ResolveSeconds).SetNillableWarnSeconds(l.in.WarnSeconds).SetPauses(l.pauses)
}

// checkLevel judges what is said of a level by itself.
func checkLevel(in SaveServiceLevelInput) (*level, error) {
	if err := checkSaved(in.ID, in.Version, "sla"); err != nil {
		return nil, err
	}
	l := &level{in: in, pauses: []string{}}
	var err error
	if l.name, err = checkName(in.Name, "input", "name"); err != nil {
		return nil, err
	}
	for _, n := range []struct {
		name      string
		value     *int
		min, most int
	}{
		{"position", in.Position, 0, maxPosition}, {"firstReplySeconds", in.FirstReplySeconds, leastTarget, mostTarget},
		{"nextReplySeconds", in.NextReplySeconds, leastTarget, mostTarget}, {"resolveSeconds", in.ResolveSeconds, leastTarget, mostTarget},
		{"warnSeconds", in.WarnSeconds, 0, mostTarget},
	} {
		if n.value != nil && (*n.value < n.min || *n.value > n.most) {
			return nil, fault.ErrOutOfRange.With("min", n.min).With("max", n.most).At("input", n.name)
		}
	}
	if in.Condition != nil {
		if _, err := compile(*in.Condition); err != nil {
			if f, ok := fault.As(err); ok {
				err = f.At("input", "condition")
			}
			return nil, err
		}
	}
	reasons := in.Pauses
	if reasons == nil {
		reasons = []entticket.StatusReason{entticket.StatusReasonWAITING_FOR_CUSTOMER, entticket.StatusReasonWAITING_FOR_DATE}
	}
	had := map[entticket.StatusReason]bool{}
	for _, r := range reasons {
		if !had[r] {
			had[r], l.pauses = true, append(l.pauses, string(r))
		}
	}
	return l, nil
}

// checkSaved wants the version with the id of what is saved again.
func checkSaved(id *scalar.ID, version *int, prefix string) error {
	if id == nil {
		return nil
	}
	if _, err := id.As(prefix); err != nil {
		return fault.ErrInvalidID.At("input", "id")
	}
	if version == nil {
		return fault.ErrRequired.At("input", "version")
	}
	return nil
}

// checkName wants one line of 1 to 100 characters.
func checkName(s string, path ...string) (string, error) {
	s = strings.TrimSpace(s)
	switch {
	case s == "":
		return "", fault.ErrRequired.At(path...)
	case utf8.RuneCountInString(s) > maxName:
		return "", fault.ErrTooLong.With("limit", maxName).At(path...)
	case !utf8.ValidString(s) || strings.ContainsFunc(s, unicode.IsControl):
		return "", fault.ErrInvalidValue.At(path...)
	}
	return s, nil
}
