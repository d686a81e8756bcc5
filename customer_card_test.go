package main

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/club"
	"kabinet/ent/generated/contactpoint"
	"kabinet/ent/generated/membership"
	"kabinet/ent/generated/promocode"
	entpromotion "kabinet/ent/generated/promotion"
	"kabinet/ent/generated/role"
	"kabinet/ent/generated/ticket"
	entuser "kabinet/ent/generated/user"
	"kabinet/ent/schema"
	"kabinet/internal/bonus"
	"kabinet/internal/demo"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/support"
)

// wholeCard is every field of a customer card, and of its rows what a screen shows.
const wholeCard = `{ customerCard(userId: "{{user}}") { userId displayName kind status locale timeZone since
	user { displayName contactPoints { value } }
	contacts { id kind value verifiedAt isPrimary }
	companies { id name roleName isFamily }
	orders { count spent { orders amount { amount currency } } last { number status statusLabel placedAt total { amount } lines { title quantity } } }
	openReturns { number status amount { amount } requestedAt lines { title quantity } }
	bonusAccounts { program { name } balance available pending held }
	tier { name rank perks { name } }
	clubs { joinedAt club { handle name perks { title } } }
	discounts { kind title description expiresAt ... on DiscountBenefit { discountBasisPoints nextStep { target { amount } } } }
	offers { id name status activatedAt expiresAt availableActions effect { discountBasisPoints } }
	tickets { total open snoozed }
	lastTickets { number subject status statusLabel priority unreadCount lastActivityAt replyDueAt order { number } assignee { displayName } team { name }
		serviceLevel { status } participants { name role } links { kind } lastMessage { body authorName } }
	notes { id body pinned authorId authorName isMine createdAt updatedAt revision }
	recentActivity { id at action label by staffName device ip place }
	outsideCards { sourceId sourceName title rows { label value link } link fetchedAt expiresAt isFetching error failedAt }
	personalManager { id name avatar { initials } contacts { kind value } }
	satisfaction { answers average goodBasisPoints } } }`

// statementsOfCard is what the whole card takes over HTTP, with who asks and all
// that stands behind the fields.
const statementsOfCard = 36

// A whole customer card takes a fixed number of statements: as many with 30 of
// everything as with one, and all of it is there.
func TestWholeCardStatements(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		w.do(t, "staff", `mutation { saveTier(input: {handle: "standard", rank: 0, earnedThreshold: 0, texts: [{locale: "en", name: "Standard"}]}) { userErrors { code } }
			saveServiceLevel(input: {name: "All"}) { userErrors { code } } saveSupportTeam(input: {name: "First"}) { userErrors { code } } }`)
		for _, n := range []int{1, 30} {
			who := w.somebodyWith(t, n)
			took, log, card := w.costOfCard(t, who)
			if took != statementsOfCard {
				t.Errorf("%d of each: %d statements, not %d:\n%s", n, took, statementsOfCard, strings.Join(log, "\n"))
			}
			for path, want := range map[string]int{
				"user.contactPoints": n, "contacts": n, "companies": n, "orders.last": min(n, 5), "openReturns": min(n, 20), "bonusAccounts": 1, "clubs": min(n, 20),
				"discounts": n, "offers": min(n, 20), "lastTickets": min(n, 10), "notes": n, "recentActivity": min(n, 10), "outsideCards": min(n, 20), "personalManager.contacts": 1,
			} {
				list, _ := dig(card, path)
				if all, _ := list.([]any); len(all) != want {
					t.Errorf("%s: %d, not %d: %v", path, len(all), want, list)
				}
			}
			for path, want := range map[string]any{
				"orders.count": n, "orders.last.0.lines.0.title": "Tea", "orders.spent.0.amount.amount": fmt.Sprintf("%d.00", n), "bonusAccounts.0.balance": n, "tier.name": "Standard",
				"tickets.total": n, "lastTickets.0.assignee.displayName": "Support", "lastTickets.0.lastMessage.body": "Where?", "lastTickets.0.participants.0.role": "REQUESTER", "satisfaction.answers": n,
				"lastTickets.0.serviceLevel.status": "PENDING", "lastTickets.0.team.name": "First", "bonusAccounts.0.program.name": "Points",
				"recentActivity.0.action": "account.block", "recentActivity.0.by": "STAFF", "recentActivity.0.staffName": "Staff", "outsideCards.0.title": "Debts", "personalManager.name": "Support",
				"offers.0.status": "ACTIVATED", "discounts.0.discountBasisPoints": 500, "clubs.0.club.name": "Club",
			} {
				if got, _ := dig(card, path); fmt.Sprint(got) != fmt.Sprint(want) {
					t.Errorf("%d of each: %s is %v, not %v", n, path, got, want)
				}
			}
		}
	})
}

// costOfCard asks for a card several times and gives the least that it took:
// what is held in memory is read at first, and fields that come late, on a slow
// machine, are read for once more.
func (w *world) costOfCard(t *testing.T, who uuid.UUID) (least int, log []string, card any) {
	t.Helper()
	query := cardQuery(who)
	for range 50 { // what is gathered on a busy machine may be asked for in two parts
		var answer map[string]any
		n, list := w.db.RequestStatements(func() { answer = w.send(t, step{name: "card", as: "staff"}, query) })
		if answer["errors"] != nil {
			t.Fatal(answer["errors"])
		}
		if least == 0 || n < least {
			least, log = n, list
		}
		card, _ = dig(answer, "data.customerCard")
		if least <= statementsOfCard {
			break
		}
	}
	return least, log, card
}

func cardQuery(who uuid.UUID) string {
	return strings.ReplaceAll(wholeCard, "{{user}}", scalar.ID{Prefix: "usr", UUID: who}.String())
}

// somebodyWith makes a customer with so many of each thing that a card shows;
// the addresses of the business are the same to everybody, 20 at most.
func (w *world) somebodyWith(t testing.TB, n int) (who uuid.UUID) {
	t.Helper()
	system, manager := storetest.System(), userOf(t, w, "support")
	check(t, w.db.InTx(system, func(ctx context.Context, tx *store.Tx) error {
		u, err := tx.User.Create().SetDisplayName(fmt.Sprint("Somebody ", n)).SetStatus(entuser.StatusACTIVE).SetManagerID(manager).Save(ctx)
		if err != nil {
			return err
		}
		who = u.ID
		for i := range n {
			name := fmt.Sprint("card-", n, "-", i)
			for _, one := range []func(context.Context, *store.Tx, uuid.UUID, string) error{reachedAt, boughtOne, givenOne} {
				if err := one(ctx, tx, who, name); err != nil {
					return err
				}
			}
			if err := tx.CustomerNote.Create().SetUserID(who).SetAuthorID(manager).SetAuthorName("Support").SetBody("Polite.").Exec(ctx); err != nil {
				return err
			}
			if err := tx.Audit(demo.AsStaff(ctx, userOf(t, w, "staff")), "account.block", who, u.GlobalID(), nil); err != nil {
				return err
			}
		}
		return toldOutside(ctx, tx, who, n)
	}))
	for i := range n {
		_, err := w.app.tickets.Open(storetest.As(who), support.OpenTicketInput{Subject: "Parcel", Body: "Where?"})
		check(t, err)
		_, err = w.app.points.Accrue(demo.AsStaff(system, userOf(t, w, "staff")), bonus.AccruePointsInput{UserID: scalar.ID{Prefix: "usr", UUID: who}, Amount: 1, Reason: "gift", IdempotencyKey: fmt.Sprint("card", n, "-", i)})
		check(t, err)
	}
	check(t, w.db.InTx(system, func(ctx context.Context, tx *store.Tx) error {
		shared, err := tx.ContactPoint.Query().Where(contactpoint.UserID(manager)).IDs(ctx)
		if err != nil {
			return err
		}
		if err := tx.User.UpdateOneID(manager).SetManagerContacts(shared).Exec(ctx); err != nil {
			return err
		}
		work := tx.Ticket.Update().Where(ticket.OwnerID(who)).SetRating(4).SetRatedAt(tx.Now).SetAssigneeID(manager)
		if team, err := tx.SupportTeam.Query().FirstID(ctx); err == nil { // or it would be chosen behind the request
			work.SetTeamID(team)
		}
		return work.Exec(ctx)
	}))
	w.settle(t)
	w.db.Clock.Add(time.Minute) // what is held in memory is read anew
	return who
}

// reachedAt gives him an address and a company.
func reachedAt(ctx context.Context, tx *store.Tx, who uuid.UUID, name string) error {
	buyer, err := tx.Role.Query().Where(role.Name("Buyer"), role.RetiredAtIsNil()).First(ctx)
	if err != nil {
		return err
	}
	company, err := tx.Company.Create().SetName(name).Save(ctx)
	if err != nil {
		return err
	}
	if err := tx.Membership.Create().SetUserID(who).SetOwnerID(company.ID).SetKind(membership.KindCOMPANY).SetRoleID(buyer.KeyID).Exec(ctx); err != nil {
		return err
	}
	address := name + "@example.com"
	return tx.ContactPoint.Create().SetUserID(who).SetKind(contactpoint.KindEMAIL).SetValue(address).SetValueKey(address).SetVerifiedAt(tx.Now).Exec(ctx)
}

// boughtOne gives him an order of 1.00 GBP, of which a return is open.
func boughtOne(ctx context.Context, tx *store.Tx, who uuid.UUID, name string) error {
	o, err := tx.Order.Create().SetOwnerID(who).SetUserID(who).SetNumber(name).SetCurrency("GBP").SetSubtotalMinor(100).SetTotalMinor(100).SetPlacedAt(tx.Now).Save(ctx)
	if err != nil {
		return err
	}
	if err := tx.OrderLine.Create().SetOwnerID(who).SetOrderID(o.ID).SetPosition(1).SetSku("TEA").SetTitle("Tea").SetQuantity(1).SetCurrency("GBP").SetUnitPriceMinor(100).SetTotalMinor(100).Exec(ctx); err != nil {
		return err
	}
	return tx.ReturnRequest.Create().SetOwnerID(who).SetUserID(who).SetOrderID(o.ID).SetNumber(name).SetLines([]schema.ReturnLine{{SKU: "TEA", Title: "Tea", Quantity: 1, AmountMinor: 100}}).
		SetCurrency("GBP").SetAmountMinor(100).SetRequestedAt(tx.Now).Exec(ctx)
}

// givenOne makes him a member of a club, and gives him a discount and an offer
// that he took up; both are his alone.
func givenOne(ctx context.Context, tx *store.Tx, who uuid.UUID, name string) error {
	texts := map[string]map[string]string{"en": {"name": "Club"}}
	c, err := tx.Club.Create().SetHandle(name).SetTexts(texts).SetAudience(schema.Audience{}).SetPerks([]schema.ClubPerk{{Kind: "OTHER", Texts: texts}}).SetStatus(club.StatusACTIVE).Save(ctx)
	if err != nil {
		return err
	}
	if err := tx.ClubMember.Create().SetOwnerID(who).SetUserID(who).SetClubID(c.ID).SetJoinedAt(tx.Now).Exec(ctx); err != nil {
		return err
	}
	for _, kind := range []entpromotion.Kind{entpromotion.KindDISCOUNT, entpromotion.KindOFFER} {
		p, err := tx.Promotion.Create().SetKind(kind).SetHandle(name + string(kind)).SetTexts(texts).SetAudience(schema.Audience{UserIDs: []uuid.UUID{who}}).
			SetEffect(schema.Effect{DiscountBasisPoints: 500}).SetStatus(entpromotion.StatusACTIVE).Save(ctx)
		if err != nil {
			return err
		}
		if kind == entpromotion.KindOFFER {
			err = tx.PromoCode.Create().SetPromotionID(p.ID).SetOwnerID(who).SetUserID(who).SetStatus(promocode.StatusACTIVE).SetActivatedAt(tx.Now).Exec(ctx)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// toldOutside has so many addresses of the business, 20 at most, each of which
// told of him a moment ago.
func toldOutside(ctx context.Context, tx *store.Tx, who uuid.UUID, n int) error {
	there, err := tx.CardSource.Query().Count(ctx)
	if err != nil {
		return err
	}
	for i := there; i < min(n, 20); i++ {
		if err := tx.CardSource.Create().SetName(fmt.Sprint("Source ", i)).SetAddress("https://source.example/card").SetSealed([]byte("?")).Exec(ctx); err != nil {
			return err
		}
	}
	sources, err := tx.CardSource.Query().IDs(ctx)
	if err != nil {
		return err
	}
	return tx.OutsideCard.MapCreateBulk(sources, func(c *ent.OutsideCardCreate, i int) {
		c.SetUserID(who).SetSourceID(sources[i]).SetTitle("Debts").SetRows([]schema.CardRow{{Label: "Debt", Value: "0"}}).SetFetchedAt(tx.Now).SetExpiresAt(tx.Now.AddDate(0, 0, 7))
	}).Exec(ctx)
}
