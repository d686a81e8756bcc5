package promotion

import (
	"context"
	"slices"
	"time"

	entsql "entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/promocode"
	entpromotion "kabinet/ent/generated/promotion"
	"kabinet/internal/event"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// showOffer is an offer as it stands for a customer; mine is his activation,
// nil where there is none.
func showOffer(ctx context.Context, row *ent.Promotion, mine *ent.PromoCode, now time.Time) *Offer {
	o := &Offer{
		ID: row.GlobalID(), Name: name(ctx, row.Texts, row.Handle), Description: optional(text(ctx, row.Texts, scalar.TextDescription)),
		Terms: optional(text(ctx, row.Texts, scalar.TextTerms)), Effect: showEffect(row.Effect), Status: offerStatus(row, mine, now),
		ExpiresAt: row.EndsAt, AvailableActions: []OfferAction{},
	}
	if mine != nil {
		o.ActivatedAt, o.ExpiresAt = mine.ActivatedAt, earlier(row.EndsAt, mine.EndsAt)
	}
	if o.Status == OfferAvailable {
		o.AvailableActions = append(o.AvailableActions, OfferActivate)
	}
	return o
}

func offerStatus(row *ent.Promotion, mine *ent.PromoCode, now time.Time) OfferStatus {
	gone := row.Status == entpromotion.StatusENDED || over(row.EndsAt, now)
	switch {
	case mine != nil && mine.Status == promocode.StatusUSED:
		return OfferUsed
	case mine != nil && (gone || over(mine.EndsAt, now) || mine.Status == promocode.StatusEXPIRED):
		return OfferExpired
	case mine != nil:
		return OfferActivated
	case gone:
		return OfferExpired
	}
	return OfferAvailable
}

// atOnce is how many offers are looked at in one step, and steps how many such
// steps a page takes at most: offers to others are passed over, not shown.
const (
	atOnce = 200
	steps  = 10
)

// OffersOf is a page of the offers to a person, newest first: his own, or a
// customer's for staff. A page ends early where very many offers to others lie
// between; its cursor leads on. Faults: FORBIDDEN.
func (p *Promotions) OffersOf(ctx context.Context, user uuid.UUID, filter *OfferFilter, after *Cursor, first *int, before *Cursor, last *int) (*OfferConnection, error) {
	if err := p.mayRead(ctx, user); err != nil {
		return nil, err
	}
	s := span{after, before, first, last, true}
	n, err := s.size()
	if err != nil {
		return nil, err
	}
	wanted := []OfferStatus{OfferAvailable, OfferActivated}
	if filter != nil && len(filter.Status) > 0 {
		wanted = filter.Status
	}
	a := p.askingFor(user)
	found, stopped, err := a.offers(ctx, s, wanted, n+1)
	if err != nil {
		return nil, err
	}
	c := &OfferConnection{count: func(ctx context.Context) (int, error) {
		all, _, err := a.offers(ctx, span{desc: true}, wanted, atOnce*steps)
		return len(all), err
	}}
	found, c.PageInfo = page(s, n, found, func(o *Offer) uuid.UUID { return o.ID.UUID })
	if stopped != uuid.Nil && len(found) < n {
		if s.last != nil {
			c.PageInfo.HasPreviousPage, c.PageInfo.StartCursor = true, &Cursor{ID: stopped}
		} else {
			c.PageInfo.HasNextPage, c.PageInfo.EndCursor = true, &Cursor{ID: stopped}
		}
	}
	for _, o := range found {
		c.Edges = append(c.Edges, &OfferEdge{Node: o, Cursor: Cursor{ID: o.ID.UUID}})
	}
	return c, nil
}

// mayRead lets a person read what is his, and staff everybody's.
func (p *Promotions) mayRead(ctx context.Context, user uuid.UUID) error {
	if v := viewer.From(ctx); v.SignedIn() && v.UserID == user {
		return nil
	}
	return staff(ctx, "read")
}

// offers finds at most so many offers to him, in the order they are read;
// stopped is where it gave up looking.
func (a *asker) offers(ctx context.Context, s span, wanted []OfferStatus, most int) (found []*Offer, stopped uuid.UUID, err error) {
	system := viewer.AsSystem(ctx, "promotion.offers")
	where, down := s.between(entpromotion.FieldID)
	var from *uuid.UUID
	for range steps {
		q := a.client.Promotion.Query().Where(entpromotion.KindEQ(entpromotion.KindOFFER), entpromotion.StatusNEQ(entpromotion.StatusDRAFT)).Where(where)
		if from != nil {
			q.Where(func(sel *entsql.Selector) { sel.Where(past(sel.C(entpromotion.FieldID), *from, down)) })
		}
		rows, err := q.Order(entpromotion.ByID(byID(down))).Limit(atOnce).All(system)
		if err != nil {
			return nil, uuid.Nil, store.Translate(err)
		}
		mine, err := a.activations(ctx, rows)
		if err != nil {
			return nil, uuid.Nil, err
		}
		for _, row := range rows {
			o, err := a.offer(ctx, row, mine[row.ID])
			if err != nil {
				return nil, uuid.Nil, err
			}
			if o != nil && slices.Contains(wanted, o.Status) {
				if found = append(found, o); len(found) == most {
					return found, uuid.Nil, nil
				}
			}
		}
		if len(rows) < atOnce {
			return found, uuid.Nil, nil
		}
		from = &rows[len(rows)-1].ID
	}
	return found, *from, nil
}

// activations are his activations of offers.
func (a *asker) activations(ctx context.Context, of []*ent.Promotion) (map[uuid.UUID]*ent.PromoCode, error) {
	ids := make([]uuid.UUID, len(of))
	for i, row := range of {
		ids[i] = row.ID
	}
	mine := map[uuid.UUID]*ent.PromoCode{}
	if len(ids) == 0 {
		return mine, nil
	}
	rows, err := a.client.PromoCode.Query().Where(promocode.OwnerID(a.owner), promocode.CodeKeyIsNil(), promocode.PromotionIDIn(ids...)).
		All(viewer.AsSystem(ctx, "promotion.offers"))
	for _, r := range rows {
		mine[r.PromotionID] = r
	}
	return mine, store.Translate(err)
}

// offer shows one; nil where it is not to him: what he took up is his, for the
// rest the audience decides, and it must be in force or over.
func (a *asker) offer(ctx context.Context, row *ent.Promotion, mine *ent.PromoCode) (*Offer, error) {
	if row.Kind != entpromotion.KindOFFER || row.Status == entpromotion.StatusDRAFT {
		return nil, nil
	}
	if mine == nil {
		if row.Status == entpromotion.StatusPAUSED || row.StartsAt != nil && row.StartsAt.After(a.now) || row.MaxUses != nil && row.Taken >= *row.MaxUses && row.Status == entpromotion.StatusACTIVE {
			return nil, nil
		}
		if ok, _, err := a.admits(ctx, row.Audience); err != nil || !ok {
			return nil, err
		}
	}
	return showOffer(ctx, row, mine, a.now), nil
}

// Activation is what Activate gives.
type Activation struct {
	Offer    *Offer
	Points   *int64
	Replayed *bool
}

// Activate takes up an offer to the caller, or to the company he acts for. One
// that reduces nothing gives its points at once. One that was taken up already
// is as it was. Faults: NOT_FOUND where it is not to him, OFFER_OVER,
// INVALID_ID, those of idempotency keys.
func (p *Promotions) Activate(ctx context.Context, input ActivateOfferInput) (Activation, error) {
	me, err := p.buyer(ctx)
	if err != nil {
		return Activation{}, err
	}
	id, err := input.OfferID.As("prm")
	if err != nil {
		return Activation{}, fault.ErrInvalidID.At("input", "offerId")
	}
	bare := input
	bare.IdempotencyKey, bare.DryRun = "", nil
	var kept struct{ Points int64 }
	var replayed bool
	var shown *Offer
	dry := input.DryRun != nil && *input.DryRun
	err = p.Store.InDryTx(ctx, dry, func(ctx context.Context, tx *store.Tx) (err error) {
		replayed, err = tx.Once(ctx, "activateOffer", input.IdempotencyKey, said{me, bare}, &kept, func() (err error) {
			kept.Points, err = p.activate(ctx, tx, me, id)
			return err
		})
		if err != nil || replayed {
			return err
		}
		shown, err = offerOf(ctx, askingIn(tx, me), id)
		return err
	})
	if err != nil {
		return Activation{}, err
	}
	if replayed {
		a := p.askingFor(me)
		if shown, err = offerOf(ctx, a, id); err != nil {
			return Activation{}, err
		}
	}
	done := Activation{Offer: shown, Replayed: &replayed}
	if kept.Points > 0 {
		done.Points = &kept.Points
	}
	return done, nil
}

// offerOf reads one offer for him.
func offerOf(ctx context.Context, a *asker, id uuid.UUID) (*Offer, error) {
	row, err := a.client.Promotion.Query().Where(entpromotion.ID(id)).Only(viewer.AsSystem(ctx, "promotion.offers"))
	if err != nil {
		return nil, store.Translate(err)
	}
	mine, err := a.activations(ctx, []*ent.Promotion{row})
	if err != nil {
		return nil, err
	}
	return showOffer(ctx, row, mine[id], a.now), nil
}

func (p *Promotions) activate(ctx context.Context, tx *store.Tx, me, id uuid.UUID) (points int64, err error) {
	notFound := fault.ErrNotFound.At("input", "offerId")
	system := viewer.AsSystem(ctx, "promotion.offers")
	row, err := tx.Promotion.Query().Where(entpromotion.ID(id)).Only(system)
	if ent.IsNotFound(err) {
		return 0, notFound
	}
	if err != nil {
		return 0, err
	}
	a := askingIn(tx, me)
	mine, err := a.activations(ctx, []*ent.Promotion{row})
	if err != nil {
		return 0, err
	}
	o, err := a.offer(ctx, row, mine[id])
	if err != nil {
		return 0, err
	}
	if o == nil {
		return 0, notFound
	}
	switch o.Status {
	case OfferActivated:
		return 0, nil
	case OfferUsed, OfferExpired:
		return 0, ErrOfferOver.At("input", "offerId")
	}
	return p.takeUp(ctx, tx, me, row)
}

// takeUp writes the activation of an offer, and gives its points where there is
// nothing to wait for.
func (p *Promotions) takeUp(ctx context.Context, tx *store.Tx, me uuid.UUID, row *ent.Promotion) (points int64, err error) {
	at := !reduces(row)
	var ends *time.Time
	if row.ValidDays != nil {
		ends = new(tx.Now.AddDate(0, 0, *row.ValidDays))
	}
	status, uses := "ACTIVE", 0
	if at {
		status, uses = "USED", 1
	}
	code := uuid.Must(uuid.NewV7())
	n, err := tx.Exec(ctx, `INSERT INTO promo_codes (id, created_at, updated_at, owner_id, user_id, promotion_id, code, status, uses, max_uses, activated_at, ends_at)
		VALUES (?, ?, ?, ?, ?, ?, '', ?, ?, 1, ?, ?) ON CONFLICT DO NOTHING`, code, tx.Now, tx.Now, me, viewer.From(ctx).Actor(), row.ID, status, uses, tx.Now, ends)
	if err != nil {
		return 0, err
	}
	if n == 0 { // a twin with another key was first
		return 0, fault.ErrConflict
	}
	if _, err := tx.Exec(ctx, `UPDATE promotions SET issued = issued + 1, updated_at = ? WHERE id = ?`, tx.Now, row.ID); err != nil {
		return 0, err
	}
	given := int64(0)
	if at && p.Give != nil {
		given = row.Effect.Points
	}
	to(tx, me, event.OfferActivated{PromotionID: row.ID, OwnerID: me, Points: given}, viewer.From(ctx).UserID)
	if given == 0 {
		return 0, nil
	}
	if row.MaxUses != nil {
		if n, err := tx.Exec(ctx, countPromotion, tx.Now, row.ID); err != nil || n == 0 {
			return 0, cmpError(err, fault.ErrNotFound.At("input", "offerId"))
		}
	}
	explain := map[string]any{"offer": row.GlobalID().String(), "handle": row.Handle, "revision": row.Revision}
	return given, p.Give(ctx, tx, me, given, "offer:"+code.String(), explain, nil)
}

// to tells a fact to an owner, and to who acted for him.
func to(tx *store.Tx, owner uuid.UUID, f event.Fact, actor uuid.UUID) {
	if owner == actor {
		tx.Tell(f, store.ToUser(actor))
		return
	}
	tx.Tell(f, store.ToCompany(owner), store.ToUser(actor))
}

func cmpError(err error, otherwise error) error {
	if err != nil {
		return err
	}
	return otherwise
}

// reduces says whether an offer waits for an order: one that does nothing but
// give points does not.
func reduces(row *ent.Promotion) bool {
	e := row.Effect
	return e.DiscountBasisPoints > 0 || e.AmountOffMinor > 0 || e.FixedPriceMinor != nil || e.FreeDelivery || e.GiftSku != "" || e.MultiplierBasisPoints > 0
}
