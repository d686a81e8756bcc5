package broadcast

import (
	"context"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"entgo.io/contrib/entgql"

	ent "kabinet/ent/generated"
	entbroadcast "kabinet/ent/generated/broadcast"
	entsegment "kabinet/ent/generated/segment"
	"kabinet/ent/schema"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// The bounds of segments.
const (
	mostSegments = 200
	mostDeep     = 3   // segments that leave out segments
	longestName  = 100 // characters
	longestAbout = 1_000
)

// Segments are all of them, by name.
//
// Faults: UNAUTHENTICATED, FORBIDDEN.
func (b *Broadcasts) Segments(ctx context.Context, p Page) (*ent.SegmentConnection, error) {
	if err := needStaff(ctx, "read"); err != nil {
		return nil, err
	}
	c, err := b.Store.Client.Segment.Query().Paginate(ctx, p.After, p.First, p.Before, p.Last,
		ent.WithSegmentOrder(&ent.SegmentOrder{Direction: entgql.OrderDirectionAsc, Field: ent.SegmentOrderFieldName}))
	return c, store.Translate(err)
}

// Segment is one of them.
//
// Faults: INVALID_ID, NOT_FOUND; UNAUTHENTICATED, FORBIDDEN.
func (b *Broadcasts) Segment(ctx context.Context, id scalar.ID) (*ent.Segment, error) {
	if err := needStaff(ctx, "read"); err != nil {
		return nil, err
	}
	key, err := keyOf(id, segmentPrefix, "id")
	if err != nil {
		return nil, err
	}
	s, err := b.Store.Client.Segment.Get(ctx, key)
	return s, store.Translate(err)
}

// SaveSegment makes a segment or changes one. Faults: INVALID_ID, NOT_FOUND,
// STALE_OBJECT, REQUIRED, TOO_LONG, INVALID_VALUE, OUT_OF_RANGE, ALREADY_TAKEN,
// TOO_MANY_ITEMS, SEGMENT_CYCLE; UNAUTHENTICATED, FORBIDDEN.
func (b *Broadcasts) SaveSegment(ctx context.Context, in SaveSegmentInput) (*ent.Segment, error) {
	if err := needStaff(ctx, "write"); err != nil {
		return nil, err
	}
	name, about, err := in.texts()
	if err != nil {
		return nil, err
	}
	var filter *schema.SegmentFilter
	if in.Filter != nil {
		f, err := in.Filter.read()
		if err != nil {
			return nil, under(err, "input", "filter")
		}
		filter = &f
	}
	id := uuid.Must(uuid.NewV7())
	err = b.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		// One at a time, or two could both be the last, or leave out each other.
		if err := tx.Lock(ctx, "companies", "id", viewer.House); err != nil {
			return err
		}
		if in.ID == nil {
			return makeSegment(ctx, tx, id, name, about, filter)
		}
		if id, err = keyOf(*in.ID, segmentPrefix, "input", "id"); err != nil {
			return err
		}
		return changeSegment(ctx, tx, id, in, name, about, filter)
	})
	switch {
	case store.IsUnique(err):
		return nil, ErrAlreadyTaken.At("input", "name").With("value", *name)
	case err != nil:
		return nil, err
	}
	s, err := b.Store.Client.Segment.Get(ctx, id)
	return s, store.Translate(err)
}

// texts are the name and the description, nil where they are not said.
func (in SaveSegmentInput) texts() (name, about *string, err error) {
	if name, err = line(in.Name, "input", "name"); err != nil {
		return nil, nil, err
	}
	text, given := in.Description.ValueOK()
	if !given || text == nil {
		return name, nil, nil
	}
	clean, bad := scalar.CleanText(*text, longestAbout)
	if bad != nil {
		return nil, nil, textFault(bad, longestAbout, "input", "description")
	}
	return name, &clean, nil
}

// line is a name, where one is said.
func line(text *string, path ...string) (*string, error) {
	if text == nil {
		return nil, nil
	}
	clean := strings.TrimSpace(*text)
	switch {
	case clean == "":
		return nil, fault.ErrRequired.At(path...)
	case utf8.RuneCountInString(clean) > longestName:
		return nil, fault.ErrTooLong.At(path...).With("limit", longestName)
	case !utf8.ValidString(clean) || strings.ContainsFunc(clean, unicode.IsControl):
		return nil, fault.ErrInvalidValue.At(path...)
	}
	return &clean, nil
}

func textFault(bad *scalar.BadText, limit int, path ...string) error {
	if bad.Code == "TOO_LONG" {
		return fault.ErrTooLong.At(path...).With("limit", limit)
	}
	return fault.ErrInvalidValue.At(path...)
}

func makeSegment(ctx context.Context, tx *store.Tx, id uuid.UUID, name, about *string, filter *schema.SegmentFilter) error {
	switch {
	case name == nil:
		return fault.ErrRequired.At("input", "name")
	case filter == nil:
		return fault.ErrRequired.At("input", "filter")
	}
	n, err := tx.Segment.Query().Count(ctx)
	if err != nil {
		return err
	}
	if n >= mostSegments {
		return ErrTooManyItems.With("limit", mostSegments)
	}
	if _, err := resolve(ctx, tx.Client, *filter, id); err != nil {
		return under(err, "input", "filter")
	}
	err = tx.Segment.Create().SetID(id).SetName(*name).SetNillableDescription(about).SetFilter(*filter).SetSavedByID(viewer.From(ctx).UserID).Exec(ctx)
	if err != nil {
		return err
	}
	return tx.Audit(ctx, "messaging.save_segment", viewer.House, idOf(segmentPrefix, id), map[string]any{"name": *name})
}

func changeSegment(ctx context.Context, tx *store.Tx, id uuid.UUID, in SaveSegmentInput, name, about *string, filter *schema.SegmentFilter) error {
	s, err := tx.Segment.Query().Where(entsegment.ID(id), tx.Locking()).Only(ctx)
	if ent.IsNotFound(err) {
		return fault.ErrNotFound.At("input", "id")
	}
	if err != nil {
		return err
	}
	if err := needRevision(s.Revision, in.Revision); err != nil {
		return err
	}
	u := s.Update().AddRevision(1).SetSavedByID(viewer.From(ctx).UserID)
	if name != nil {
		u.SetName(*name)
	}
	if _, given := in.Description.ValueOK(); given {
		either(about, u.Mutation().SetDescription, u.Mutation().ClearDescription)
	}
	if filter != nil {
		if err := fits(ctx, tx, id, *filter); err != nil {
			return under(err, "input", "filter")
		}
		u.SetFilter(*filter)
	}
	if err := u.Exec(ctx); err != nil {
		return err
	}
	return tx.Audit(ctx, "messaging.save_segment", viewer.House, s.GlobalID(), map[string]any{"filterChanged": filter != nil})
}

// fits says that neither the segment nor those that leave it out go deeper than
// they may, or in a circle.
func fits(ctx context.Context, tx *store.Tx, id uuid.UUID, filter schema.SegmentFilter) error {
	all, err := filters(ctx, tx.Client)
	if err != nil {
		return err
	}
	if _, err := inline(filter, all, []uuid.UUID{id}); err != nil {
		return err
	}
	good := map[uuid.UUID]bool{}
	for key, f := range all {
		_, err := inline(f, all, []uuid.UUID{key})
		good[key] = err == nil
	}
	all[id] = filter
	for key, f := range all {
		if _, err := inline(f, all, []uuid.UUID{key}); err != nil && good[key] {
			return ErrSegmentCycle.At("notIn").With("limit", mostDeep)
		}
	}
	return nil
}

func needRevision(is int64, given *int) error {
	switch {
	case given == nil:
		return fault.ErrRequired.At("input", "revision")
	case int64(*given) != is:
		return fault.ErrStaleObject.At("input", "revision").With("revision", is)
	}
	return nil
}

func either[T any](v *T, set func(T), clear func()) {
	if v == nil {
		clear()
		return
	}
	set(*v)
}

// DeleteSegment deletes a segment that nothing needs, and gives its id. Faults:
// INVALID_ID, NOT_FOUND, SEGMENT_IN_USE; UNAUTHENTICATED, FORBIDDEN.
func (b *Broadcasts) DeleteSegment(ctx context.Context, in DeleteSegmentInput) (*scalar.ID, error) {
	if err := needStaff(ctx, "write"); err != nil {
		return nil, err
	}
	id, err := keyOf(in.ID, segmentPrefix, "input", "id")
	if err != nil {
		return nil, err
	}
	err = b.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		if err := tx.Lock(ctx, "companies", "id", viewer.House); err != nil {
			return err
		}
		if there, err := tx.Segment.Query().Where(entsegment.ID(id)).Exist(ctx); err != nil || !there {
			return orNotFound(err)
		}
		if err := unused(ctx, tx, id); err != nil {
			return err
		}
		if err := tx.Segment.DeleteOneID(id).Exec(ctx); err != nil {
			return err
		}
		return tx.Audit(ctx, "messaging.delete_segment", viewer.House, in.ID, nil)
	})
	if err != nil {
		return nil, err
	}
	return &in.ID, nil
}

func orNotFound(err error) error {
	if err == nil {
		return fault.ErrNotFound.At("input", "id")
	}
	return err
}

// unused says that no segment leaves it out and no draft goes to it.
func unused(ctx context.Context, tx *store.Tx, id uuid.UUID) error {
	all, err := filters(ctx, tx.Client)
	if err != nil {
		return err
	}
	var segments, drafts []string
	for key, f := range all {
		if slices.Contains(f.Not, id) {
			segments = append(segments, idOf(segmentPrefix, key).String())
		}
	}
	going, err := tx.Broadcast.Query().Where(entbroadcast.StatusEQ(entbroadcast.StatusDRAFT)).Order(entbroadcast.ByID()).All(ctx)
	if err != nil {
		return err
	}
	for _, one := range going {
		if one.SegmentID != nil && *one.SegmentID == id || slices.Contains(one.Filter.Not, id) {
			drafts = append(drafts, one.GlobalID().String())
		}
	}
	if len(segments)+len(drafts) == 0 {
		return nil
	}
	slices.Sort(segments)
	return ErrSegmentInUse.At("input", "id").With("segments", append([]string{}, segments...)).With("broadcasts", append([]string{}, drafts...))
}

// filters are those of all segments.
func filters(ctx context.Context, c *ent.Client) (map[uuid.UUID]schema.SegmentFilter, error) {
	rows, err := c.Segment.Query().Select(entsegment.FieldID, entsegment.FieldFilter).Limit(mostSegments + 1).All(ctx)
	if err != nil {
		return nil, store.Translate(err)
	}
	all := make(map[uuid.UUID]schema.SegmentFilter, len(rows))
	for _, r := range rows {
		all[r.ID] = r.Filter
	}
	return all, nil
}

// resolve puts the filters of the segments that are left out into a filter, so
// that it can be asked by itself; of is its own segment, if it has one. Faults
// below the filter: NOT_FOUND, SEGMENT_CYCLE.
func resolve(ctx context.Context, c *ent.Client, f schema.SegmentFilter, of uuid.UUID) (schema.SegmentFilter, error) {
	if len(f.Not) == 0 {
		return f, nil
	}
	all, err := filters(ctx, c)
	if err != nil {
		return f, err
	}
	return inline(f, all, []uuid.UUID{of})
}

// inline is the rule of it. path are the segments it stands in.
func inline(f schema.SegmentFilter, all map[uuid.UUID]schema.SegmentFilter, path []uuid.UUID) (schema.SegmentFilter, error) {
	f.NotIn = nil
	for _, id := range f.Not {
		other, there := all[id]
		switch {
		case slices.Contains(path, id), len(path) > mostDeep:
			return f, ErrSegmentCycle.At("notIn").With("limit", mostDeep)
		case !there:
			return f, fault.ErrNotFound.At("notIn")
		}
		other, err := inline(other, all, append(slices.Clone(path), id))
		if err != nil {
			return f, err
		}
		f.NotIn = append(f.NotIn, other)
	}
	return f, nil
}
