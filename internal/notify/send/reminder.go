package send

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/ledgeraccount"
	entorder "kabinet/ent/generated/order"
	"kabinet/ent/generated/product"
	"kabinet/ent/generated/reminder"
	entticket "kabinet/ent/generated/ticket"
	entuser "kabinet/ent/generated/user"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

const reminderType = "reminder.due"

// Reminders are a person's own, the oldest first; of nobody else any.
//
// Faults: the database's.
func (s *Sending) Reminders(ctx context.Context, user uuid.UUID, states []reminder.Status, p Page) (*ent.ReminderConnection, error) {
	q := s.Store.Client.Reminder.Query().Where(reminder.UserID(user), reminder.UserID(viewer.From(ctx).UserID))
	if states != nil {
		q.Where(reminder.StatusIn(states...))
	}
	c, err := q.Paginate(ctx, p.After, p.First, p.Before, p.Last)
	return c, store.Translate(err)
}

// SubjectID is the id at the edge of what a reminder is about.
func SubjectID(r *ent.Reminder) *scalar.ID {
	if r.SubjectKind == nil || r.SubjectID == nil {
		return nil
	}
	id := idOf(*r.SubjectKind, *r.SubjectID)
	return &id
}

// SaveReminder makes or changes a reminder of the caller's own.
//
// Faults: INVALID_ID, NOT_FOUND, STALE_OBJECT, REQUIRED, TOO_LONG,
// INVALID_VALUE, OUT_OF_RANGE, TOO_MANY_ITEMS; UNAUTHENTICATED.
func (s *Sending) SaveReminder(ctx context.Context, in SaveReminderInput) (saved *ent.Reminder, err error) {
	me := viewer.From(ctx).UserID
	if me == uuid.Nil {
		return nil, fault.ErrUnauthenticated
	}
	if in.ID == nil {
		return s.newReminder(ctx, me, in)
	}
	key, err := in.ID.As(reminderPrefix)
	switch {
	case err != nil:
		return nil, fault.ErrInvalidID.At("input", "id")
	case in.Revision == nil:
		return nil, fault.ErrRequired.At("input", "revision")
	}
	err = s.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		r, err := heldReminder(ctx, tx, me, key)
		if err != nil {
			return err
		}
		if r.Revision != int64(*in.Revision) {
			return fault.ErrStaleObject.At("input", "revision").With("revision", r.Revision)
		}
		if in.Kind != nil && *in.Kind != r.Kind {
			return fault.ErrInvalidValue.At("input", "kind")
		}
		if in.SubjectID != nil && (SubjectID(r) == nil || *in.SubjectID != *SubjectID(r)) {
			return fault.ErrInvalidValue.At("input", "subjectId")
		}
		if err := putIn(r, in, tx.Now); err != nil {
			return err
		}
		u := tx.Reminder.UpdateOneID(r.ID).AddRevision(1).SetTitle(r.Title).SetTimeZone(r.TimeZone).SetRepeats(r.Repeats).SetStatus(r.Status).
			SetNillableLocalAt(r.LocalAt).SetNillableDaysBefore(r.DaysBefore).SetNillableDueAt(r.DueAt)
		if r.DueAt == nil {
			u.ClearDueAt()
		}
		if r.Note == nil {
			u.ClearNote()
		} else {
			u.SetNote(*r.Note)
		}
		saved, err = u.Save(ctx)
		return err
	})
	if err != nil {
		return nil, err
	}
	return saved.Unwrap(), nil
}

// heldReminder holds a reminder of a person. Fault: NOT_FOUND.
func heldReminder(ctx context.Context, tx *store.Tx, user, key uuid.UUID) (*ent.Reminder, error) {
	r, err := tx.Reminder.Query().Where(reminder.ID(key), reminder.UserID(user), tx.Locking()).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, fault.ErrNotFound.At("input", "id")
	}
	return r, err
}

func (s *Sending) newReminder(ctx context.Context, me uuid.UUID, in SaveReminderInput) (saved *ent.Reminder, err error) {
	if in.Kind == nil {
		return nil, fault.ErrRequired.At("input", "kind")
	}
	if in.Title == nil {
		return nil, fault.ErrRequired.At("input", "title")
	}
	r := &ent.Reminder{Kind: *in.Kind, Repeats: reminder.RepeatsNEVER, UserID: me, TimeZone: "UTC"}
	if err := s.about(ctx, me, r, in.SubjectID); err != nil {
		return nil, err
	}
	err = s.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		if err := tx.Lock(ctx, "users", "id", me); err != nil { // or two could both be the last
			return err
		}
		n, err := tx.Reminder.Query().Where(reminder.UserID(me)).Count(ctx)
		if err != nil {
			return err
		}
		if n >= mostReminders {
			return ErrTooManyItems.With("limit", mostReminders)
		}
		own, err := tx.User.Query().Where(entuser.ID(me)).Select(entuser.FieldTimeZone).String(ctx)
		if err != nil {
			return err
		}
		made := *r
		made.TimeZone = own
		if err := putIn(&made, in, tx.Now); err != nil {
			return err
		}
		saved, err = tx.Reminder.Create().SetUserID(me).SetKind(made.Kind).SetTitle(made.Title).SetNillableNote(made.Note).SetNillableSubjectKind(made.SubjectKind).
			SetNillableSubjectID(made.SubjectID).SetNillableLocalAt(made.LocalAt).SetTimeZone(made.TimeZone).SetNillableDaysBefore(made.DaysBefore).
			SetRepeats(made.Repeats).SetNillableDueAt(made.DueAt).Save(ctx)
		return err
	})
	if err != nil {
		return nil, err
	}
	return saved.Unwrap(), nil
}

// subjects are what a reminder may be about, by its kind.
var subjects = map[reminder.Kind][]string{
	reminder.KindSUBJECT: {"prd", "order", "tkt"}, reminder.KindPOINTS_EXPIRY: {"acc"}, reminder.KindOFFER_END: {"prm"},
}

// about notes what a reminder is about, which the caller must see. Faults:
// REQUIRED, INVALID_ID, NOT_FOUND, INVALID_VALUE.
func (s *Sending) about(ctx context.Context, me uuid.UUID, r *ent.Reminder, id *scalar.ID) error {
	may := subjects[r.Kind]
	switch {
	case id == nil && (r.Kind == reminder.KindDATE || r.Kind == reminder.KindPOINTS_EXPIRY):
		return nil
	case id == nil:
		return fault.ErrRequired.At("input", "subjectId")
	case r.Kind == reminder.KindDATE:
		return fault.ErrInvalidValue.At("input", "subjectId")
	case !slices.Contains(may, id.Prefix):
		return fault.ErrInvalidID.At("input", "subjectId")
	}
	there, err := s.sees(ctx, me, *id)
	if err != nil {
		return store.Translate(err)
	}
	if !there {
		return fault.ErrNotFound.At("input", "subjectId")
	}
	r.SubjectKind, r.SubjectID = &id.Prefix, &id.UUID
	return nil
}

// sees says whether the caller may see a thing: through the fence.
func (s *Sending) sees(ctx context.Context, me uuid.UUID, id scalar.ID) (bool, error) {
	c := s.Store.Client
	switch id.Prefix {
	case "prd":
		return c.Product.Query().Where(product.ID(id.UUID)).Exist(ctx)
	case "order":
		return c.Order.Query().Where(entorder.ID(id.UUID)).Exist(ctx)
	case "tkt":
		return c.Ticket.Query().Where(entticket.ID(id.UUID)).Exist(ctx)
	case "acc":
		return c.LedgerAccount.Query().Where(ledgeraccount.ID(id.UUID), ledgeraccount.OwnerID(me), ledgeraccount.KindEQ(ledgeraccount.KindBONUS)).Exist(ctx)
	}
	_, found, err := s.Offer(ctx, me, id.UUID, "")
	return found, err
}

// putIn puts an input into a reminder and works out when it is due.
func putIn(r *ent.Reminder, in SaveReminderInput, now time.Time) (err error) {
	if in.Title != nil {
		if r.Title, err = line(*in.Title, longestName, "input", "title"); err != nil {
			return err
		}
	}
	if note, given := in.Note.ValueOK(); given {
		r.Note = nil
		if note != nil && strings.TrimSpace(*note) != "" {
			text := strings.TrimSpace(*note)
			if err := checkText(text, longestNote, "\n\t", "input", "note"); err != nil {
				return err
			}
			r.Note = &text
		}
	}
	if in.TimeZone != nil {
		r.TimeZone = *in.TimeZone
	}
	if r.Kind == reminder.KindPOINTS_EXPIRY || r.Kind == reminder.KindOFFER_END {
		return daysInto(r, in, now)
	}
	if in.DaysBefore != nil {
		return fault.ErrInvalidValue.At("input", "daysBefore")
	}
	if in.Repeats != nil {
		r.Repeats = *in.Repeats
	}
	if in.At != nil {
		r.LocalAt = in.At
	}
	if r.LocalAt == nil {
		return fault.ErrRequired.At("input", "at")
	}
	moves := in.ID == nil || in.At != nil || in.TimeZone != nil || in.Repeats != nil
	if !moves {
		return nil
	}
	first, err := time.Parse(wallLayout, *r.LocalAt)
	if err != nil {
		return fault.ErrInvalidValue.At("input", "at")
	}
	due, ok := nextTime(first, r.Repeats, zoneOf(r.TimeZone), now)
	if !ok || due.After(now.AddDate(100, 0, 0)) {
		return fault.ErrInvalidValue.At("input", "at")
	}
	due = due.UTC()
	r.DueAt, r.Status = &due, reminder.StatusWAITING
	return nil
}

// daysInto is putIn for what comes so many days before something.
func daysInto(r *ent.Reminder, in SaveReminderInput, now time.Time) error {
	switch {
	case in.At != nil:
		return fault.ErrInvalidValue.At("input", "at")
	case in.Repeats != nil && *in.Repeats != reminder.RepeatsNEVER:
		return fault.ErrInvalidValue.At("input", "repeats")
	case in.DaysBefore != nil:
		r.DaysBefore = in.DaysBefore
	}
	if r.DaysBefore == nil {
		return fault.ErrRequired.At("input", "daysBefore")
	}
	if *r.DaysBefore < 1 || *r.DaysBefore > mostDaysBefore {
		return fault.ErrOutOfRange.At("input", "daysBefore").With("min", 1).With("max", mostDaysBefore)
	}
	if in.ID == nil || in.DaysBefore != nil || in.TimeZone != nil { // it is looked at by the next tick of the clock
		at := moment(now)
		r.DueAt, r.Status = &at, reminder.StatusWAITING
	}
	return nil
}

// DeleteReminder deletes a reminder of the caller's own and gives its id.
//
// Faults: INVALID_ID, NOT_FOUND; UNAUTHENTICATED.
func (s *Sending) DeleteReminder(ctx context.Context, in DeleteReminderInput) (*scalar.ID, error) {
	me := viewer.From(ctx).UserID
	if me == uuid.Nil {
		return nil, fault.ErrUnauthenticated
	}
	key, err := in.ID.As(reminderPrefix)
	if err != nil {
		return nil, fault.ErrInvalidID.At("input", "id")
	}
	err = s.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		n, err := tx.Reminder.Delete().Where(reminder.ID(key), reminder.UserID(me)).Exec(ctx)
		if err == nil && n == 0 {
			err = fault.ErrNotFound.At("input", "id")
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return &in.ID, nil
}
