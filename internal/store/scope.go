package store

import (
	"context"
	"fmt"

	"entgo.io/ent"
	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	generated "kabinet/ent/generated"
	"kabinet/ent/generated/intercept"
	"kabinet/internal/fault"
	"kabinet/internal/viewer"
)

// class says whose a row is. See data-model.md, "Whose row is it".
type class uint8

const (
	ofUser    class = iota + 1 // U: user_id = me
	ofOwner                    // O: owner_id is me or the owner I act for
	shared                     // O, or an open participation of mine (by column ticket)
	self                       // the row is me, or the owner I act for
	public                     // everybody reads; only staff and the system write
	ofHouse                    // staff and the system only
	goods                      // public, but for exclusive products of others (goodsFor)
	published                  // U, and everybody reads what is PUBLISHED
	articles                   // public, as far as published and for the viewer (articlesFor)
	shelves                    // public, as far as for the viewer (shelvesFor)
)

// rule is one row of the table of ownership.
type rule struct {
	class    class
	resource string // whose permission lifts the fence for staff
	ticket   string // of shared: the column that names the ticket
	hasUser  bool   // has user_id, for members that reach only what is their OWN
	parent   string // or its parent table has it …
	through  string // … reached by this column
	common   bool   // who reaches only his OWN reaches all of the owner: it is everybody's there
}

// Scopes is the table of ownership, one line an ent type. A type that is not
// listed cannot be read or written by anybody; house_test.go walks them all.
var Scopes = map[string]rule{
	generated.TypeUser:                 {class: self, resource: "user"},
	generated.TypeIdentity:             {class: ofUser, resource: "identity"},
	generated.TypeContactPoint:         {class: ofUser, resource: "user"},
	generated.TypeSession:              {class: ofUser, resource: "session"},
	generated.TypeConsent:              {class: ofUser, resource: "user"},
	generated.TypeConsentDocument:      {class: public, resource: "user"},
	generated.TypeDocument:             {class: ofOwner, resource: "document", hasUser: true},
	generated.TypePaymentMethod:        {class: ofOwner, resource: "payment_method"}, // nobody but the owner
	generated.TypeAddress:              {class: ofOwner, resource: "user", hasUser: true},
	generated.TypeCompany:              {class: self, resource: "company"},
	generated.TypeRole:                 {class: ofOwner, resource: "company"},
	generated.TypeMembership:           {class: ofUser, resource: "company"},
	generated.TypeAuditEntry:           {class: ofHouse, resource: "audit_entry"},
	generated.TypeTask:                 {class: ofOwner, resource: "task", hasUser: true},
	generated.TypeSetting:              {class: ofHouse, resource: "setting"},
	generated.TypeProduct:              {class: goods, resource: "order"}, // staff's ORDERS_WRITE is for both
	generated.TypeProductAdmission:     {class: ofHouse, resource: "order"},
	generated.TypeShoppingList:         {class: ofOwner, resource: "order", common: true},
	generated.TypeListItem:             {class: ofOwner, resource: "order", common: true},
	generated.TypeWishlistItem:         {class: ofUser, resource: "order"},
	generated.TypeViewedProduct:        {class: ofUser, resource: "order"},
	generated.TypeReview:               {class: published, resource: "order"},
	generated.TypeReason:               {class: public, resource: "order"},
	generated.TypeDocumentSeries:       {class: ofHouse, resource: "document"},
	generated.TypeInvoiceQuote:         {class: ofOwner, resource: "wallet", hasUser: true},
	generated.TypeWebhookEndpoint:      {class: ofHouse, resource: "webhook"},
	generated.TypeWebhookDelivery:      {class: ofHouse, resource: "webhook"},
	generated.TypeOrder:                {class: ofOwner, resource: "order", hasUser: true},
	generated.TypeOrderLine:            {class: ofOwner, resource: "order", parent: "orders", through: "order_id"},
	generated.TypeOrderEvent:           {class: ofOwner, resource: "order", parent: "orders", through: "order_id"},
	generated.TypePayment:              {class: ofOwner, resource: "order", parent: "orders", through: "order_id"},
	generated.TypeShipment:             {class: ofOwner, resource: "order", parent: "orders", through: "order_id"},
	generated.TypeReturnRequest:        {class: ofOwner, resource: "order", hasUser: true},
	generated.TypeBonusProgram:         {class: public, resource: "bonus"},
	generated.TypeLedgerAccount:        {class: ofOwner, resource: "bonus"},
	generated.TypeLedgerEntry:          {class: ofOwner, resource: "bonus"},
	generated.TypeLedgerLot:            {class: ofOwner, resource: "bonus"},
	generated.TypeEarningRule:          {class: ofHouse, resource: "bonus"},
	generated.TypeEarningUse:           {class: ofOwner, resource: "bonus"},
	generated.TypeTier:                 {class: public, resource: "bonus"},
	generated.TypeTierChange:           {class: ofOwner, resource: "bonus"},
	generated.TypeInvitation:           {class: ofHouse, resource: "company"},   // account finds them by whom they invite
	generated.TypePromotion:            {class: ofHouse, resource: "marketing"}, // conditions and drafts; customers see what they get
	generated.TypePromoCode:            {class: ofOwner, resource: "marketing", hasUser: true},
	generated.TypePromoUse:             {class: ofOwner, resource: "marketing", hasUser: true},
	generated.TypeClub:                 {class: public, resource: "marketing"},
	generated.TypeClubMember:           {class: ofOwner, resource: "marketing", hasUser: true},
	generated.TypeReward:               {class: ofHouse, resource: "marketing"},
	generated.TypeRewardCode:           {class: ofHouse, resource: "marketing"},
	generated.TypeRewardRedemption:     {class: ofOwner, resource: "marketing", hasUser: true},
	generated.TypeReferralCode:         {class: ofUser, resource: "marketing"},
	generated.TypeReferral:             {class: ofUser, resource: "marketing"},
	generated.TypeCampaign:             {class: ofHouse, resource: "marketing"}, // seeds and drafts
	generated.TypeCampaignEntry:        {class: ofOwner, resource: "marketing", hasUser: true},
	generated.TypeCampaignPhoto:        {class: ofOwner, resource: "marketing", hasUser: true},
	generated.TypeCampaignAct:          {class: ofOwner, resource: "marketing", hasUser: true},
	generated.TypeAchievement:          {class: ofOwner, resource: "marketing", hasUser: true},
	generated.TypeGoal:                 {class: ofUser, resource: "marketing"},
	generated.TypeFeeRule:              {class: public, resource: "wallet"},
	generated.TypeTransfer:             {class: ofOwner, resource: "wallet", hasUser: true},
	generated.TypeGiftCard:             {class: ofOwner, resource: "wallet", hasUser: true},
	generated.TypeTopUp:                {class: ofOwner, resource: "wallet", hasUser: true},
	generated.TypePaymentNotice:        {class: ofHouse, resource: "wallet"},
	generated.TypeTicket:               {class: shared, resource: "ticket", ticket: "id", hasUser: true},
	generated.TypeTicketMessage:        {class: shared, resource: "ticket", ticket: "ticket_id", parent: "tickets", through: "ticket_id"},
	generated.TypeTicketParticipant:    {class: ofUser, resource: "ticket"},
	generated.TypeTicketAttachment:     {class: shared, resource: "ticket", ticket: "ticket_id", parent: "tickets", through: "ticket_id"},
	generated.TypeTicketLink:           {class: shared, resource: "ticket", ticket: "ticket_id", parent: "tickets", through: "ticket_id"},
	generated.TypeTicketEdit:           {class: ofHouse, resource: "ticket"}, // what was hidden or removed
	generated.TypeClockEvent:           {class: ofHouse, resource: "ticket"},
	generated.TypeTicketView:           {class: ofHouse, resource: "ticket"}, // support/desk: one's own and shared ones
	generated.TypeCustomerNote:         {class: ofHouse, resource: "ticket"},
	generated.TypeOutsideCard:          {class: ofHouse, resource: "ticket"},
	generated.TypeLetter:               {class: ofHouse, resource: "ticket"},
	generated.TypeServiceLevel:         {class: ofHouse, resource: "support"},
	generated.TypeBusinessCalendar:     {class: ofHouse, resource: "support"},
	generated.TypeSupportTeam:          {class: ofHouse, resource: "support"},
	generated.TypeOperator:             {class: ofHouse, resource: "support"},
	generated.TypeCannedReply:          {class: ofHouse, resource: "support"},
	generated.TypeMacro:                {class: ofHouse, resource: "support"},
	generated.TypeCardSource:           {class: ofHouse, resource: "support"},
	generated.TypeSurvey:               {class: ofHouse, resource: "support"},
	generated.TypeSurveyRequest:        {class: ofUser, resource: "ticket"},
	generated.TypeArticleCategory:      {class: shelves, resource: "article"},
	generated.TypeArticle:              {class: articles, resource: "article"},
	generated.TypeArticleVote:          {class: ofHouse, resource: "article"},
	generated.TypeArticleSearch:        {class: ofHouse, resource: "article"},
	generated.TypeArticleSeeker:        {class: ofUser, resource: "messaging"},
	generated.TypeNotification:         {class: ofUser, resource: "notification"}, // nobody but the person
	generated.TypeNotificationSetting:  {class: public, resource: "messaging"},    // the preference page shows what they come to
	generated.TypeNotificationTemplate: {class: ofHouse, resource: "messaging"},
	generated.TypeNotificationRule:     {class: ofHouse, resource: "messaging"},
	generated.TypeSegment:              {class: ofHouse, resource: "messaging"},
	generated.TypeBroadcast:            {class: ofHouse, resource: "messaging"},
	generated.TypeAnnouncement:         {class: ofHouse, resource: "messaging"}, // internal/notify/broadcast says who is shown which
	generated.TypeAnnouncementMark:     {class: ofUser, resource: "notification"},
	generated.TypeDelivery:             {class: ofUser, resource: "messaging"},
	generated.TypePushEndpoint:         {class: ofUser, resource: "notification"},
	generated.TypeMessengerLink:        {class: ofUser, resource: "notification"},
	generated.TypeReminder:             {class: ofUser, resource: "notification"},
}

// fence puts the table of ownership around the client: deny by default, on
// reads (edges and eager loads too), updates, deletes and creates.
func (s *Store) fence() {
	s.Client.Intercept(intercept.TraverseFunc(func(ctx context.Context, q intercept.Query) error {
		p, err := predicate(viewer.From(ctx), q.Type(), "read")
		if err != nil {
			return err
		}
		if p != nil {
			q.WhereP(p)
		}
		return nil
	}))
	s.Client.Use(func(next ent.Mutator) ent.Mutator {
		return ent.MutateFunc(func(ctx context.Context, m ent.Mutation) (ent.Value, error) {
			v := viewer.From(ctx)
			if m.Op().Is(ent.OpCreate) {
				if err := checkCreate(v, m); err != nil {
					return nil, err
				}
				return next.Mutate(ctx, m)
			}
			p, err := predicate(v, m.Type(), "write")
			if err != nil {
				return nil, err
			}
			if p != nil {
				m.(interface {
					WhereP(...func(*sql.Selector))
				}).WhereP(p)
			}
			return next.Mutate(ctx, m)
		})
	})
}

// predicate is the rows of a type that v may read or write; nil is all.
func predicate(v viewer.Viewer, typ, operation string) (func(*sql.Selector), error) {
	r, listed := Scopes[typ]
	if !listed {
		return nil, fault.ErrForbidden.Because(fmt.Errorf("store: type %s has no rule of ownership", typ))
	}
	if v.IsSystem() || v.Staff && v.Reach(r.resource, operation) == viewer.ReachAll {
		if typ == generated.TypeTicketMessage && !v.IsSystem() {
			return notAboutHim(v), nil
		}
		return nil, nil
	}
	if rows, all := shown(v, r, operation); all || rows != nil {
		return rows, nil
	}
	if !v.SignedIn() || r.class == public || r.class == goods || r.class == articles || r.class == shelves || r.class == ofHouse {
		return none, nil
	}
	if v.ActingStaff != uuid.Nil && (r.resource == "wallet" || r.resource == "payment_method") {
		return none, nil // whoever acts for a customer does not come to his money (security F14)
	}
	me, owner := v.UserID, v.OwnerID
	switch r.class {
	case ofUser, published:
		if v.ActingStaff != uuid.Nil && typ == generated.TypeNotification {
			return noMoney(me), nil
		}
		return eq("user_id", me), nil
	case self:
		if operation == "write" {
			return eq("id", me), nil
		}
		return in("id", me, owner), nil
	case ofOwner:
		rows := ownerRows(v, r, operation)
		if typ != generated.TypeOrderEvent && typ != generated.TypeDocument {
			return rows, nil
		}
		return func(s *sql.Selector) {
			rows(s)
			s.Where(sql.EQ(s.C("visibility"), "ALL"))
		}, nil
	case shared:
		return sharedRows(v, r, typ, operation), nil
	}
	return none, nil
}

// noMoney is a person's feed for staff who act for him: without what tells of
// his wallets.
func noMoney(me uuid.UUID) func(*sql.Selector) {
	return func(s *sql.Selector) {
		s.Where(sql.And(sql.EQ(s.C("user_id"), me), sql.Not(sql.HasPrefix(s.C("type"), "wallet."))))
	}
}

// sharedRows are the rows of tickets that are the viewer's owner's, or that he
// takes part in; who has gone from a company has left its tickets.
func sharedRows(v viewer.Viewer, r rule, typ, operation string) func(*sql.Selector) {
	return func(s *sql.Selector) {
		visible := sql.P(func(b *sql.Builder) {
			b.WriteString("EXISTS (SELECT 1 FROM ticket_participants AS tp WHERE tp.ticket_id = ").Ident(s.C(r.ticket)).
				WriteString(" AND tp.user_id = ").Arg(v.UserID).WriteString(" AND tp.left_at IS NULL AND NOT EXISTS (SELECT 1 FROM memberships AS tm").
				WriteString(" WHERE tm.user_id = tp.user_id AND tm.owner_id = tp.owner_id AND tm.status <> 'ACTIVE'))")
		})
		s.Where(sql.Or(ownerPredicate(s, v, r, operation), visible))
		if typ == generated.TypeTicketMessage {
			s.Where(sql.EQ(s.C("visibility"), "ALL"))
		}
	}
}

// notAboutHim hides from staff what colleagues say among themselves in tickets
// on whose customer's side they stand (support.ownSide): their own ones, those
// of a company that they belong to, and those in which they take part. There
// they are customers (security F8).
func notAboutHim(v viewer.Viewer) func(*sql.Selector) {
	return func(s *sql.Selector) {
		s.Where(sql.Or(sql.EQ(s.C("visibility"), "ALL"), sql.P(func(b *sql.Builder) {
			b.WriteString("NOT EXISTS (SELECT 1 FROM tickets AS ot WHERE ot.id = ").Ident(s.C("ticket_id")).WriteString(" AND (ot.user_id = ").Arg(v.UserID).
				WriteString(" OR ot.owner_id = ").Arg(v.UserID).WriteString(" OR ot.owner_id = ").Arg(v.OwnerID).
				WriteString(" OR EXISTS (SELECT 1 FROM memberships AS om WHERE om.user_id = ").Arg(v.UserID).
				WriteString(" AND om.owner_id = ot.owner_id AND om.kind <> 'STAFF' AND om.status = 'ACTIVE')").
				WriteString(" OR EXISTS (SELECT 1 FROM ticket_participants AS op WHERE op.ticket_id = ot.id AND op.user_id = ").Arg(v.UserID).
				WriteString(" AND op.left_at IS NULL)))")
		})))
	}
}

// shown are the rows of a class that others than their owners read; all: every one.
func shown(v viewer.Viewer, r rule, operation string) (rows func(*sql.Selector), all bool) {
	switch {
	case operation != "read":
		return nil, false
	case r.class == goods:
		return goodsFor(v), false
	case r.class == published:
		return publishedOr(v), false
	case r.class == articles:
		return articlesFor(v), false
	case r.class == shelves:
		return shelvesFor(v), false
	}
	return nil, r.class == public
}

// checkCreate compares the owner column of a new row with the viewer.
func checkCreate(v viewer.Viewer, m ent.Mutation) error {
	r, listed := Scopes[m.Type()]
	if !listed {
		return fault.ErrForbidden.Because(fmt.Errorf("store: type %s has no rule of ownership", m.Type()))
	}
	if v.IsSystem() || v.Staff && v.Reach(r.resource, "write") == viewer.ReachAll {
		return nil
	}
	column, ok := "owner_id", v.SignedIn()
	switch r.class {
	case ofUser, published:
		column = "user_id"
	case self, public, goods, articles, shelves, ofHouse:
		ok = false
	}
	got, _ := m.Field(column)
	id, _ := got.(uuid.UUID)
	if !ok || id != v.UserID && (column == "user_id" || id != v.OwnerID || v.Reach(r.resource, "write") == viewer.ReachNone) {
		return fault.ErrForbidden.Because(fmt.Errorf("store: %s may not create %s of %s", v.UserID, m.Type(), id))
	}
	return nil
}

func ownerRows(v viewer.Viewer, r rule, operation string) func(*sql.Selector) {
	return func(s *sql.Selector) { s.Where(ownerPredicate(s, v, r, operation)) }
}

// ownerPredicate is one IN over the owner column, never OR over columns; a
// member who reaches only his OWN is held to the rows he made.
func ownerPredicate(s *sql.Selector, v viewer.Viewer, r rule, operation string) *sql.Predicate {
	column := s.C("owner_id")
	if v.OwnerID == v.UserID || v.OwnerID == uuid.Nil {
		return sql.EQ(column, v.UserID)
	}
	switch v.Reach(r.resource, operation) {
	case viewer.ReachNone:
		return sql.EQ(column, v.UserID)
	case viewer.ReachOwn:
		if r.common {
			break
		}
		made := madeByMe(s, v, r)
		if made == nil {
			return sql.EQ(column, v.UserID)
		}
		return sql.Or(sql.EQ(column, v.UserID), sql.And(sql.EQ(column, v.OwnerID), made))
	}
	return sql.In(column, v.UserID, v.OwnerID)
}

// madeByMe is nil for a type that does not say who made its rows.
func madeByMe(s *sql.Selector, v viewer.Viewer, r rule) *sql.Predicate {
	if r.hasUser {
		return sql.EQ(s.C("user_id"), v.UserID)
	}
	if r.parent == "" {
		return nil
	}
	through := s.C(r.through)
	return sql.P(func(b *sql.Builder) {
		b.WriteString("EXISTS (SELECT 1 FROM ").Ident(r.parent).WriteString(" AS fp WHERE fp.id = ").
			Ident(through).WriteString(" AND fp.user_id = ").Arg(v.UserID).WriteString(")")
	})
}

func none(s *sql.Selector) { s.Where(sql.False()) }

func eq(column string, id uuid.UUID) func(*sql.Selector) {
	return func(s *sql.Selector) { s.Where(sql.EQ(s.C(column), id)) }
}

func in(column string, ids ...any) func(*sql.Selector) {
	return func(s *sql.Selector) { s.Where(sql.In(s.C(column), ids...)) }
}
