package arrival

import (
	"context"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strconv"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/contactpoint"
	"kabinet/ent/generated/identity"
	"kabinet/ent/generated/membership"
	"kabinet/ent/generated/predicate"
	"kabinet/ent/generated/user"
	"kabinet/internal/account"
	"kabinet/internal/batch"
	"kabinet/internal/event"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// ErrAlreadyTaken is the refusal of an address or a number that is somebody
// else's, proven or not.
var ErrAlreadyTaken = fault.New(fault.Refused, "ALREADY_TAKEN")

// world is what is stored of the people of a batch.
type world struct {
	users  map[scalar.ExternalKey]*ent.User
	staff  map[uuid.UUID]bool
	proven map[uuid.UUID]bool                // who has, or had, a way to sign in
	points map[string]*ent.ContactPoint      // by kind and key
	of     map[uuid.UUID][]*ent.ContactPoint // by person
	clubs  map[string]uuid.UUID
	full   map[uuid.UUID]bool // who has no room for all addresses that are said
}

// writing is one attempt at a batch.
type writing struct {
	*Arrivals
	world
	tx               *store.Tx
	people, contacts batch.Sheet
	verified         []uuid.UUID // contact points of before that are proven now
	addresses        map[uuid.UUID][]*UpsertAddressInput
	enrol            map[uuid.UUID][]uuid.UUID
	changed          map[uuid.UUID][]string
	created, updated int
}

func newWriting(a *Arrivals, tx *store.Tx) *writing {
	return &writing{
		Arrivals: a, tx: tx, addresses: map[uuid.UUID][]*UpsertAddressInput{}, enrol: map[uuid.UUID][]uuid.UUID{}, changed: map[uuid.UUID][]string{},
		people: batch.Sheet{Table: "users", Key: "id", Fixed: []string{"id", "created_at", "source", "external_id", "status"}, Columns: []string{
			"id", "created_at", "updated_at", "revision", "source", "external_id", "source_updated_at", "metadata", "kind", "status",
			"given_name", "family_name", "middle_name", "display_name", "birth_on", "sex", "locale", "time_zone", "name_key", "family_key",
		}},
		contacts: batch.Sheet{Table: "contact_points", Columns: []string{
			"id", "created_at", "updated_at", "user_id", "kind", "value", "value_key", "verified_at", "is_primary",
		}},
	}
}

func (a *Arrivals) upsert(ctx context.Context, tx *store.Tx, items []*person) error {
	live := batch.InOrder(items, func(p *person) string { return p.in.External.Source + "\x00" + p.in.External.ID })
	if len(live) == 0 {
		return nil
	}
	w := newWriting(a, tx)
	if err := w.find(asSystem(ctx), live); err != nil {
		return err
	}
	for _, p := range live {
		w.take(p)
	}
	return w.end(ctx, live)
}

// find reads who is there and what is theirs: at most eight statements, however
// many people there are.
func (w *writing) find(ctx context.Context, items []*person) error {
	bySource, byKind, handles := map[string][]string{}, map[contactpoint.Kind][]string{}, map[string]bool{}
	for _, p := range items {
		bySource[p.in.External.Source] = append(bySource[p.in.External.Source], p.in.External.ID)
		for _, c := range p.points {
			byKind[c.kind] = append(byKind[c.kind], c.key)
		}
		for _, h := range p.clubs {
			handles[h] = true
		}
	}
	var wanted []predicate.User
	for source, ids := range bySource {
		wanted = append(wanted, user.And(user.Source(source), user.ExternalIDIn(ids...)))
	}
	people, err := w.tx.User.Query().Where(user.Or(wanted...), w.tx.Locking()).Order(user.ByID()).All(ctx)
	if err != nil {
		return err
	}
	w.users, w.staff, w.proven = map[scalar.ExternalKey]*ent.User{}, map[uuid.UUID]bool{}, map[uuid.UUID]bool{}
	ids := make([]uuid.UUID, len(people))
	for i, u := range people {
		ids[i] = u.ID
		w.users[scalar.ExternalKey{Source: *u.Source, ID: *u.ExternalID}] = u
	}
	if err := w.findPoints(ctx, ids, byKind); err != nil {
		return err
	}
	if w.taken(items) {
		// Somebody new may have come between the two reads, with points of his own.
		came, err := w.tx.User.Query().Where(user.Or(wanted...), user.IDNotIn(ids...)).Exist(ctx)
		if err != nil {
			return err
		}
		if came {
			return batch.ErrCameMeanwhile
		}
	}
	if len(handles) > 0 && w.Clubs != nil {
		if w.clubs, err = w.Clubs(ctx, w.tx, slices.Sorted(maps.Keys(handles))); err != nil {
			return err
		}
	}
	return w.findRoom(ctx, items)
}

// taken says whether a point of somebody who is not there yet is another's.
func (w *writing) taken(items []*person) bool {
	return slices.ContainsFunc(items, func(p *person) bool {
		return w.users[*p.in.External] == nil && slices.ContainsFunc(p.points, func(c point) bool { return w.points[string(c.kind)+c.key] != nil })
	})
}

// findRoom learns who would have too many addresses: of those who are there, for
// nobody new has so many.
func (w *writing) findRoom(ctx context.Context, items []*person) (err error) {
	list := map[uuid.UUID][]*UpsertAddressInput{}
	for _, p := range items {
		if u := w.users[*p.in.External]; u != nil && len(p.in.Addresses) > 0 {
			list[u.ID] = p.in.Addresses
		}
	}
	if len(list) > 0 && w.SaveAddresses != nil {
		_, w.full, err = w.SaveAddresses(ctx, w.tx, list, true)
	}
	return err
}

func (w *writing) findPoints(ctx context.Context, ids []uuid.UUID, byKind map[contactpoint.Kind][]string) error {
	var staff, proven []uuid.UUID
	if len(ids) > 0 {
		err := w.tx.Membership.Query().Where(membership.UserIDIn(ids...), membership.OwnerID(viewer.House)).Unique(true).Select(membership.FieldUserID).Scan(ctx, &staff)
		if err != nil {
			return err
		}
		if err := w.tx.Identity.Query().Where(identity.UserIDIn(ids...)).Unique(true).Select(identity.FieldUserID).Scan(ctx, &proven); err != nil {
			return err
		}
	}
	for _, id := range staff {
		w.staff[id] = true
	}
	for _, id := range proven {
		w.proven[id] = true
	}
	wanted := []predicate.ContactPoint{contactpoint.UserIDIn(ids...)}
	for kind, keys := range byKind {
		wanted = append(wanted, contactpoint.And(contactpoint.KindEQ(kind), contactpoint.ValueKeyIn(keys...)))
	}
	points, err := w.tx.ContactPoint.Query().Where(contactpoint.Or(wanted...)).All(ctx)
	w.points, w.of = map[string]*ent.ContactPoint{}, map[uuid.UUID][]*ent.ContactPoint{}
	for _, c := range points {
		w.points[string(c.Kind)+c.ValueKey] = c
		w.of[c.UserID] = append(w.of[c.UserID], c)
		if c.VerifiedAt != nil {
			w.proven[c.UserID] = true
		}
	}
	return err
}

// take judges one item by what is stored, and writes it down.
func (w *writing) take(p *person) {
	stored := w.users[*p.in.External]
	u, fresh := stored, stored == nil
	switch {
	case fresh:
		var named bool
		if u, named = p.fresh(w.Arrivals); !named {
			p.Refuse(fault.ErrRequired.At(p.Path("displayName")...))
			return
		}
		u.ID, u.CreatedAt, u.Revision = uuid.Must(uuid.NewV7()), w.tx.Now, 1
	case w.staff[u.ID] || u.Status == user.StatusERASED:
		p.Refuse(fault.ErrNotFound.At(p.Path("external")...))
		return
	default:
		if err := batch.Stale(u.SourceUpdatedAt, p.in.SourceUpdatedAt, p.Path("sourceUpdatedAt")...); err != nil {
			p.Refuse(err)
			return
		}
		now := *stored
		u = &now
	}
	points := w.check(p, u.ID)
	clubs := w.checkClubs(p)
	if w.full[u.ID] { // those that there is room for are taken, where the rest of the person is
		p.Spare(account.ErrTooManyItems.With("limit", mostKept).At(p.Path("addresses")...))
	}
	if p.Out() {
		return
	}
	p.ID, p.Outcome = u.ID, scalar.UpsertUnchanged
	var changed []string
	if !fresh {
		changed = p.put(u)
	}
	if w.addPoints(u, points) {
		changed = append(changed, "contactPoints")
	}
	if len(clubs) > 0 {
		w.enrol[u.ID] = clubs
	}
	if len(p.in.Addresses) > 0 {
		w.addresses[u.ID] = p.in.Addresses
	}
	w.keep(p, u, fresh, changed)
}

// keep notes what becomes of a person, and writes the row where it is another.
func (w *writing) keep(p *person, u *ent.User, fresh bool, changed []string) {
	w.changed[u.ID] = changed
	newer := u.SourceUpdatedAt == nil || p.in.SourceUpdatedAt.After(*u.SourceUpdatedAt)
	u.SourceUpdatedAt = &p.in.SourceUpdatedAt
	switch {
	case fresh:
		p.Outcome = scalar.UpsertCreated
		w.created++
	case len(changed) > 0:
		p.Outcome = scalar.UpsertUpdated
		u.Revision++
	}
	if fresh || newer || len(changed) > 0 {
		w.row(u)
	}
}

func (w *writing) row(u *ent.User) {
	var family *string
	if u.FamilyName != nil {
		folded := store.Fold(*u.FamilyName)
		family = &folded
	} else {
		family = new(string)
	}
	w.people.Add(u.ID, u.CreatedAt, w.tx.Now, u.Revision, u.Source, u.ExternalID, u.SourceUpdatedAt, batch.JSON(u.Metadata), string(u.Kind), string(u.Status),
		u.GivenName, u.FamilyName, u.MiddleName, u.DisplayName, u.BirthOn, (*string)(u.Sex), u.Locale, u.TimeZone, store.Fold(u.DisplayName), family)
}

// check are the contact points that the person may get: those of nobody, and
// those that are the person's own already.
func (w *writing) check(p *person, id uuid.UUID) (good []point) {
	more := 0
	for _, c := range p.points {
		known := w.points[string(c.kind)+c.key]
		if known != nil && known.UserID != id { // staff reads people: this tells nothing new
			if !p.Spare(ErrAlreadyTaken.With("value", c.value).At(p.point(c.at)...)) {
				return nil
			}
			continue
		}
		if good = append(good, c); known == nil {
			more++
		}
	}
	if len(w.of[id])+more > 2*mostContacts {
		p.Spare(account.ErrTooManyItems.With("limit", 2*mostContacts).At(p.Path("contactPoints")...))
		return nil
	}
	return good
}

func (w *writing) checkClubs(p *person) (clubs []uuid.UUID) {
	for i, handle := range p.in.Clubs {
		if id, there := w.clubs[handle]; there {
			clubs = append(clubs, id)
		} else if slices.Contains(p.clubs, handle) {
			p.Spare(fault.ErrNotFound.At(p.Path("clubs", strconv.Itoa(i))...))
		}
	}
	return clubs
}

// addPoints gives a person contact points, and says whether any is new or newly
// proven. The outside system's word that one is verified counts for people
// alone who never had a way to sign in.
func (w *writing) addPoints(u *ent.User, points []point) (any bool) {
	believed := !w.proven[u.ID]
	primary := map[contactpoint.Kind]bool{}
	for _, c := range w.of[u.ID] {
		primary[c.Kind] = primary[c.Kind] || c.IsPrimary
	}
	for _, c := range points {
		verified := c.verified && believed
		if known := w.points[string(c.kind)+c.key]; known != nil {
			if verified && known.VerifiedAt == nil {
				w.verified = append(w.verified, known.ID)
				any = true
			}
			continue
		}
		row := &ent.ContactPoint{ID: uuid.Must(uuid.NewV7()), UserID: u.ID, Kind: c.kind, ValueKey: c.key, IsPrimary: !primary[c.kind]}
		if verified {
			row.VerifiedAt = &w.tx.Now
		}
		primary[c.kind], any = true, true
		w.points[string(c.kind)+c.key] = row // the next item of the batch finds it taken
		w.contacts.Add(row.ID, w.tx.Now, w.tx.Now, u.ID, string(c.kind), c.value, c.key, row.VerifiedAt, row.IsPrimary)
	}
	return any
}

// end stores what was gathered, hands on what others own, and tells it.
func (w *writing) end(ctx context.Context, items []*person) error {
	if err := w.people.Write(ctx, w.tx); err != nil {
		return err
	}
	if err := w.contacts.Write(ctx, w.tx); err != nil {
		return err
	}
	if len(w.verified) > 0 {
		if err := w.tx.ContactPoint.Update().Where(contactpoint.IDIn(w.verified...)).SetVerifiedAt(w.tx.Now).Exec(asSystem(ctx)); err != nil {
			return err
		}
	}
	if err := w.handOn(asSystem(ctx), items); err != nil {
		return err
	}
	for _, p := range items {
		changed := w.changed[p.ID]
		if p.Outcome != scalar.UpsertUpdated || len(changed) == 0 {
			continue
		}
		w.updated++
		w.tx.Tell(event.ProfileUpdated{UserID: p.ID, Changed: changed}, store.ToUser(p.ID))
	}
	if w.created+w.updated == 0 {
		return nil
	}
	return w.tx.Audit(ctx, "user.upsert", uuid.Nil, scalar.ID{}, map[string]any{"created": w.created, "updated": w.updated})
}

// handOn gives addresses and clubs to those who own them.
func (w *writing) handOn(ctx context.Context, items []*person) error {
	also := func(p *person, what string) {
		w.changed[p.ID] = append(w.changed[p.ID], what)
		if p.Outcome == scalar.UpsertUnchanged {
			p.Outcome = scalar.UpsertUpdated
		}
	}
	if len(w.addresses) > 0 && w.SaveAddresses != nil {
		moved, _, err := w.SaveAddresses(ctx, w.tx, w.addresses, false)
		if err != nil {
			return err
		}
		for _, p := range items {
			if moved[p.ID] {
				also(p, "addresses")
			}
		}
	}
	if len(w.enrol) > 0 && w.Enrol != nil {
		joined, err := w.Enrol(ctx, w.tx, w.enrol)
		if err != nil {
			return err
		}
		for _, p := range items {
			if joined[p.ID] {
				also(p, "clubs")
			}
		}
	}
	return nil
}

// sameData compares free data as the database gives it back.
func sameData(a, b map[string]any) bool {
	var x, y any
	ja, errA := json.Marshal(a)
	jb, errB := json.Marshal(b)
	if errA != nil || errB != nil || json.Unmarshal(ja, &x) != nil || json.Unmarshal(jb, &y) != nil {
		return false
	}
	return reflect.DeepEqual(x, y)
}
