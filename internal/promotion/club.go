package promotion

import (
	"context"
	"strconv"

	entsql "entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/club"
	"kabinet/ent/generated/clubmember"
	"kabinet/ent/schema"
	"kabinet/internal/audience"
	"kabinet/internal/event"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// Clubs is a page of the clubs that can be joined, newest first; staff sees
// all. What the caller has to do with each takes a fixed number of statements.
func (p *Promotions) Clubs(ctx context.Context, after *Cursor, first *int, before *Cursor, last *int) (*ClubConnection, error) {
	s := span{after, before, first, last, true}
	n, err := s.size()
	if err != nil {
		return nil, err
	}
	query := func() *ent.ClubQuery {
		q := p.Store.Client.Club.Query()
		if staff(ctx, "read") != nil {
			q.Where(club.StatusEQ(club.StatusACTIVE))
		}
		return q
	}
	where, down := s.between(club.FieldID)
	rows, err := query().Where(where).Order(club.ByID(byID(down))).Limit(n + 1).All(ctx)
	if err != nil {
		return nil, store.Translate(err)
	}
	c := &ClubConnection{count: func(ctx context.Context) (int, error) { return query().Count(ctx) }}
	rows, c.PageInfo = page(s, n, rows, func(r *ent.Club) uuid.UUID { return r.ID })
	shown, err := p.showClubs(ctx, rows)
	for i, r := range rows {
		if err == nil {
			c.Edges = append(c.Edges, &ClubEdge{Node: shown[i], Cursor: Cursor{ID: r.ID}})
		}
	}
	return c, err
}

// Club is one club. A draft is NOT_FOUND but to staff. Faults: INVALID_ID,
// NOT_FOUND.
func (p *Promotions) Club(ctx context.Context, id scalar.ID) (*Club, error) {
	u, err := id.As("club")
	if err != nil {
		return nil, err
	}
	row, err := p.Store.Client.Club.Query().Where(club.ID(u)).Only(ctx)
	if err != nil {
		return nil, store.Translate(err)
	}
	if row.Status == club.StatusDRAFT && staff(ctx, "read") != nil {
		return nil, fault.ErrNotFound
	}
	shown, err := p.showClubs(ctx, []*ent.Club{row})
	if err != nil {
		return nil, err
	}
	return shown[0], nil
}

// ClubsOf is a page of the clubs a person is in, joined last, first.
func (p *Promotions) ClubsOf(ctx context.Context, user uuid.UUID, after *Cursor, first *int, before *Cursor, last *int) (*ClubMemberConnection, error) {
	if err := p.mayRead(ctx, user); err != nil {
		return nil, err
	}
	s := span{after, before, first, last, true}
	n, err := s.size()
	if err != nil {
		return nil, err
	}
	query := func() *ent.ClubMemberQuery {
		return p.Store.Client.ClubMember.Query().Where(clubmember.OwnerID(user), clubmember.LeftAtIsNil())
	}
	where, down := s.between(clubmember.FieldID)
	rows, err := query().Where(where).Order(clubmember.ByID(byID(down))).Limit(n + 1).All(ctx)
	if err != nil {
		return nil, store.Translate(err)
	}
	c := &ClubMemberConnection{count: func(ctx context.Context) (int, error) { return query().Count(ctx) }}
	rows, c.PageInfo = page(s, n, rows, func(r *ent.ClubMember) uuid.UUID { return r.ID })
	ids := make([]uuid.UUID, len(rows))
	for i, r := range rows {
		ids[i] = r.ClubID
	}
	of, err := p.Store.Client.Club.Query().Where(club.IDIn(ids...)).All(ctx)
	if err != nil {
		return nil, store.Translate(err)
	}
	shown, err := p.showClubsFor(ctx, of, askedOfClub(ctx))
	if err != nil {
		return nil, err
	}
	for _, r := range rows {
		for _, club := range shown {
			if club.ID.UUID == r.ClubID {
				c.Edges = append(c.Edges, &ClubMemberEdge{Node: &ClubMember{ID: r.GlobalID(), Club: club, JoinedAt: r.JoinedAt}, Cursor: Cursor{ID: r.ID}})
			}
		}
	}
	return c, nil
}

// showClubs shows clubs to the caller: whether he is in them, and else why he
// cannot join; to staff how many are in them.
func (p *Promotions) showClubs(ctx context.Context, rows []*ent.Club) ([]*Club, error) {
	return p.showClubsFor(ctx, rows, ofClub{true, true})
}

func (p *Promotions) showClubsFor(ctx context.Context, rows []*ent.Club, asked ofClub) ([]*Club, error) {
	all, ids := make([]*Club, len(rows)), make([]uuid.UUID, len(rows))
	for i, r := range rows {
		all[i], ids[i] = showClub(ctx, r), r.ID
	}
	if len(rows) == 0 {
		return all, nil
	}
	if asked.standing {
		if err := p.showStanding(ctx, rows, ids, all); err != nil {
			return nil, err
		}
	}
	if staff(ctx, "read") != nil {
		return all, nil
	}
	for i, r := range rows {
		all[i].Audience, all[i].Translations = audience.Show(r.Audience), scalar.Translations(r.Texts)
	}
	if !asked.members {
		return all, nil
	}
	members, err := p.members(ctx, ids)
	for i, r := range rows {
		all[i].Members = new(members[r.ID])
	}
	return all, err
}

// showStanding says whether the caller is in clubs, and else why he cannot join.
func (p *Promotions) showStanding(ctx context.Context, rows []*ent.Club, ids []uuid.UUID, shown []*Club) error {
	a, err := p.asking(ctx)
	if err != nil {
		return err
	}
	in := map[uuid.UUID]*ent.ClubMember{}
	if a.owner != uuid.Nil {
		mine, err := p.Store.Client.ClubMember.Query().Where(clubmember.OwnerID(a.owner), clubmember.ClubIDIn(ids...), clubmember.LeftAtIsNil()).
			All(viewer.AsSystem(ctx, "promotion.clubs"))
		if err != nil {
			return store.Translate(err)
		}
		for _, m := range mine {
			in[m.ClubID] = m
		}
	}
	for i, r := range rows {
		if m := in[r.ID]; m != nil {
			shown[i].JoinedAt = &m.JoinedAt
		} else if shown[i].No, err = a.mayJoin(ctx, r); err != nil {
			return err
		}
	}
	return nil
}

// members counts who is in clubs.
func (p *Promotions) members(ctx context.Context, of []uuid.UUID) (map[uuid.UUID]int, error) {
	var counted []struct {
		ClubID uuid.UUID `json:"club_id"`
		Count  int       `json:"count"`
	}
	err := p.Store.Client.ClubMember.Query().Where(clubmember.ClubIDIn(of...), clubmember.LeftAtIsNil()).
		GroupBy(clubmember.FieldClubID).Aggregate(func(s *entsql.Selector) string { return entsql.As(entsql.Count("*"), "count") }).Scan(ctx, &counted)
	all := make(map[uuid.UUID]int, len(of))
	for _, c := range counted {
		all[c.ClubID] = c.Count
	}
	return all, store.Translate(err)
}

func showClub(ctx context.Context, r *ent.Club) *Club {
	c := &Club{
		ID: r.GlobalID(), Handle: r.Handle, Name: name(ctx, r.Texts, r.Handle), Description: optional(text(ctx, r.Texts, scalar.TextDescription)),
		Terms: optional(text(ctx, r.Texts, scalar.TextTerms)), Perks: []*ClubPerk{}, Status: ClubStatus(r.Status), Translations: []scalar.Translation{}, Revision: int(r.Revision),
	}
	for _, p := range r.Perks {
		c.Perks = append(c.Perks, &ClubPerk{Kind: ClubPerkKind(p.Kind), DiscountBasisPoints: p.DiscountBasisPoints,
			Title: name(ctx, p.Texts, p.Kind), Description: optional(text(ctx, p.Texts, scalar.TextDescription))})
	}
	return c
}

// mayJoin says why he cannot join a club; no is nil where he can.
func (a *asker) mayJoin(ctx context.Context, r *ent.Club) (no, err error) {
	if r.Status != club.StatusACTIVE {
		return ErrClubClosed.At("input", "clubId"), nil
	}
	ok, why, err := a.admits(ctx, r.Audience)
	if err != nil || ok {
		return nil, err
	}
	return ErrClubNotForYou.With("reason", why).At("input", "clubId"), nil
}

// Join makes the caller, or the company he acts for, a member of a club; who is
// one stays one. Faults: CLUB_NOT_FOR_YOU, CLUB_CLOSED, NOT_FOUND, INVALID_ID.
func (p *Promotions) Join(ctx context.Context, input JoinClubInput) (*Club, error) {
	return p.member(ctx, input.ClubID, func(ctx context.Context, tx *store.Tx, me uuid.UUID, row *ent.Club) error {
		there, err := tx.Exec(ctx, `UPDATE club_members SET updated_at = updated_at WHERE club_id = ? AND owner_id = ? AND left_at IS NULL`, row.ID, me)
		if err != nil || there == 1 {
			return err
		}
		no, err := askingIn(tx, me).mayJoin(ctx, row)
		if err != nil {
			return err
		}
		if no != nil {
			return no
		}
		_, err = tx.Exec(ctx, `INSERT INTO club_members (id, created_at, updated_at, owner_id, user_id, club_id, joined_at) VALUES (?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (club_id, owner_id) DO UPDATE SET joined_at = CASE WHEN club_members.left_at IS NULL THEN club_members.joined_at ELSE excluded.joined_at END,
			left_at = NULL, updated_at = excluded.updated_at`, uuid.Must(uuid.NewV7()), tx.Now, tx.Now, me, viewer.From(ctx).Actor(), row.ID, tx.Now)
		if err == nil {
			to(tx, me, event.ClubJoined{ClubID: row.ID, OwnerID: me}, viewer.From(ctx).UserID)
		}
		return err
	})
}

// Leave ends a membership; who is no member is none. Faults: NOT_FOUND,
// INVALID_ID.
func (p *Promotions) Leave(ctx context.Context, input LeaveClubInput) (*Club, error) {
	return p.member(ctx, input.ClubID, func(ctx context.Context, tx *store.Tx, me uuid.UUID, row *ent.Club) error {
		n, err := tx.Exec(ctx, `UPDATE club_members SET left_at = ?, updated_at = ? WHERE club_id = ? AND owner_id = ? AND left_at IS NULL`, tx.Now, tx.Now, row.ID, me)
		if err == nil && n == 1 {
			to(tx, me, event.ClubLeft{ClubID: row.ID, OwnerID: me}, viewer.From(ctx).UserID)
		}
		return err
	})
}

func (p *Promotions) member(ctx context.Context, id scalar.ID, change func(context.Context, *store.Tx, uuid.UUID, *ent.Club) error) (*Club, error) {
	me, err := p.buyer(ctx)
	if err != nil {
		return nil, err
	}
	u, err := id.As("club")
	if err != nil {
		return nil, fault.ErrInvalidID.At("input", "clubId")
	}
	err = p.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		row, err := tx.Club.Query().Where(club.ID(u), club.StatusNEQ(club.StatusDRAFT)).Only(ctx)
		if ent.IsNotFound(err) {
			return fault.ErrNotFound.At("input", "clubId")
		}
		if err != nil {
			return err
		}
		return change(ctx, tx, me, row)
	})
	if err != nil {
		return nil, err
	}
	return p.Club(ctx, id)
}

// maxPerks bounds what a club gives.
const maxPerks = 20

// SaveClub creates or changes a club. Faults: those of texts and numbers,
// HANDLE_TAKEN, STALE_OBJECT, NOT_FOUND, INVALID_ID, RULE_INVALID.
func (p *Promotions) SaveClub(ctx context.Context, input SaveClubInput) (*Club, error) {
	if err := staff(ctx, "write"); err != nil {
		return nil, err
	}
	defer p.promotions.forget()
	id := uuid.Must(uuid.NewV7())
	if input.ID != nil {
		var err error
		if id, err = input.ID.As("club"); err != nil {
			return nil, fault.ErrInvalidID.At("input", "id")
		}
	}
	err := p.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error { return saveClub(ctx, tx, id, input) })
	if err != nil {
		return nil, err
	}
	return p.Club(ctx, scalar.ID{Prefix: "club", UUID: id})
}

func saveClub(ctx context.Context, tx *store.Tx, id uuid.UUID, input SaveClubInput) error {
	row := &ent.Club{ID: id, Status: club.StatusDRAFT, Perks: []schema.ClubPerk{}}
	var err error
	if input.ID != nil {
		row, err = tx.Club.Query().Where(club.ID(id)).Where(tx.Locking()).Only(ctx)
		switch {
		case ent.IsNotFound(err):
			return fault.ErrNotFound.At("input", "id")
		case err != nil:
			return err
		case input.Handle != nil && *input.Handle != row.Handle:
			return fault.ErrInvalidValue.At("input", "handle")
		case input.Revision != nil && int64(*input.Revision) != row.Revision:
			return fault.ErrStaleObject.With("revision", row.Revision).At("input", "revision")
		}
	} else if row.Handle, err = checkHandle(input.Handle); err != nil {
		return err
	} else if input.Texts == nil {
		return fault.ErrRequired.At("input", "texts")
	}
	if err := input.read(row); err != nil {
		return err
	}
	if input.ID != nil {
		err = tx.Club.UpdateOneID(id).AddRevision(1).SetTexts(row.Texts).SetAudience(row.Audience).SetPerks(row.Perks).SetStatus(row.Status).Exec(ctx)
	} else {
		taken, err := tx.Club.Query().Where(club.Handle(row.Handle)).Exist(ctx)
		if err != nil {
			return err
		}
		if taken {
			return ErrHandleTaken.At("input", "handle")
		}
		err = tx.Club.Create().SetID(id).SetHandle(row.Handle).SetTexts(row.Texts).SetAudience(row.Audience).SetPerks(row.Perks).SetStatus(row.Status).Exec(ctx)
		if err != nil {
			return err
		}
	}
	if err != nil {
		return err
	}
	return tx.Audit(ctx, "club.save", viewer.House, row.GlobalID(), map[string]any{"handle": row.Handle, "status": row.Status})
}

// read puts what the input says over a club.
func (in *SaveClubInput) read(row *ent.Club) (err error) {
	if in.Texts != nil {
		if row.Texts, err = readTexts(in.Texts, "input", "texts"); err != nil {
			return err
		}
	}
	if in.Audience.IsSet() {
		row.Audience = schema.Audience{}
		if a := in.Audience.Value(); a != nil {
			if row.Audience, err = a.Read("input", "audience"); err != nil {
				return err
			}
		}
	}
	if in.Perks != nil {
		if len(in.Perks) > maxPerks {
			return fault.ErrTooLong.With("limit", maxPerks).At("input", "perks")
		}
		row.Perks = []schema.ClubPerk{}
		for i, p := range in.Perks {
			at := []string{"input", "perks", strconv.Itoa(i)}
			kept := schema.ClubPerk{Kind: string(p.Kind)}
			if kept.Texts, err = readTexts(p.Texts, append(at, "texts")...); err != nil {
				return err
			}
			if p.Kind == PerkDiscount {
				if p.DiscountBasisPoints == nil || *p.DiscountBasisPoints < 1 || *p.DiscountBasisPoints > maxShare {
					return fault.ErrOutOfRange.With("min", 1).With("max", maxShare).At(append(at, "discountBasisPoints")...)
				}
				kept.DiscountBasisPoints = p.DiscountBasisPoints
			}
			row.Perks = append(row.Perks, kept)
		}
	}
	if in.Status != nil {
		row.Status = club.Status(*in.Status)
	}
	return nil
}
