package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"kabinet/ent/generated/ledgeraccount"
	"kabinet/ent/generated/tier"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
)

// everywhere is where a customer comes across a product that he bought, put
// aside, put into a cart and on a list, and looked at.
const everywhere = `{ product(by: {sku: "CUP"}) { sku } products(first: 50) { nodes { sku } } node(id: "{{cup}}") { ... on Product { sku } }
	nodes(ids: ["{{cup}}"]) { ... on Product { sku } }
	me { orders(first: 5) { nodes { lines { product { sku } } } } found: orders(filter: {text: "stoneware"}) { nodes { lines { product { sku } } } }
		wishlist { nodes { product { sku } } } cart { items { product { sku } } } shoppingLists { nodes { items { product { sku } } } } recentlyViewed { product { sku } } } }`

// places is how often the product stands in an answer to whom it is for.
const places = 10

// audienceWorld has Alice and Bob, both of whom have to do with the cup.
func audienceWorld(t *testing.T, w *world) {
	t.Helper()
	w.vars["cup"] = ""
	w.say(t, "alice", `{ product(by: {sku: "CUP"}) { id } }`, "product.id")
	w.vars["cup"] = w.vars["product.id"]
	for _, who := range []string{"alice", "bob"} {
		for i, act := range []string{
			`placeOrder(input: {lines: [{sku: "CUP", quantity: 1}], idempotencyKey: "a"}) { userErrors { code } }`,
			`addToWishlist(input: {productId: "{{cup}}"}) { userErrors { code } }`,
			`saveCart(input: {items: [{productId: "{{cup}}", quantity: 1}]}) { userErrors { code } cart { id } }`,
			`saveShoppingList(input: {name: "Cups", items: [{productId: "{{cup}}", quantity: 1}]}) { userErrors { code } shoppingList { id } }`,
			`recordView(input: {productId: "{{cup}}"}) { userErrors { code } }`,
		} {
			if said := w.say(t, who, w.expand(t, "mutation { "+act+" }"), ""); !strings.Contains(said, `"userErrors":[]`) {
				t.Fatalf("%s %d: %s", who, i, said)
			}
		}
	}
	w.say(t, "staff", `mutation { saveClub(input: {handle: "cups", texts: [{locale: "en", name: "Cups"}], status: ACTIVE}) { club { id } userErrors { code } } }`, "saveClub.club.id")
	w.vars["club"] = w.vars["saveClub.club.id"]
	w.say(t, "alice", w.expand(t, `mutation { joinClub(input: {clubId: "{{club}}"}) { club { id } userErrors { code } } }`), "joinClub.club.id")
	w.say(t, "staff", `mutation { saveTier(input: {handle: "base", rank: 0, earnedThreshold: 0, texts: [{locale: "en", name: "Base"}]}) { userErrors { code } } }`, "")
	w.say(t, "staff", `mutation { saveTier(input: {handle: "gold", rank: 1, earnedThreshold: 1000000, texts: [{locale: "en", name: "Gold"}]}) { userErrors { code } } }`, "")
}

// sets says for whom the cup is from now on.
func (w *world) sets(t *testing.T, audience string) {
	t.Helper()
	said := w.say(t, "staff", w.expand(t, `mutation { setProductAudience(input: {productIds: ["{{cup}}"], `+audience+`}) { products { exclusive } userErrors { code path } } }`), "")
	if !strings.Contains(said, `"userErrors":[]`) {
		t.Fatal(said)
	}
}

// golden puts people into the tier gold, all others out of it.
func (w *world) golden(t *testing.T, who ...string) {
	t.Helper()
	ids := []uuid.UUID{uuid.Nil}
	for _, name := range who {
		id, err := scalar.ParseID(w.vars[name])
		check(t, err)
		ids = append(ids, id.UUID)
	}
	check(t, w.db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
		gold, err := tx.Tier.Query().Where(tier.Handle("gold"), tier.RetiredAtIsNil()).Only(ctx)
		if err != nil {
			return err
		}
		points := ledgeraccount.KindEQ(ledgeraccount.KindBONUS)
		if err := tx.LedgerAccount.Update().Where(points, ledgeraccount.OwnerIDIn(ids...)).SetTierID(gold.KeyID).Exec(ctx); err != nil {
			return err
		}
		return tx.LedgerAccount.Update().Where(points, ledgeraccount.OwnerIDNotIn(ids...)).ClearTierID().Exec(ctx)
	}))
}

// cups is how often somebody comes across the cup.
func (w *world) cups(t *testing.T, who string) int {
	t.Helper()
	query := w.expand(t, everywhere)
	if who == "nobody" {
		mine, _, _ := strings.Cut(query, "me {")
		query = mine + "}"
	}
	return strings.Count(w.say(t, who, query, ""), `"CUP"`)
}

// admissions are the ways to say for whom the cup is; after each comes the
// number of places in which Alice, Bob and nobody find it.
var admissions = []struct {
	audience         string
	alice, bob, none int
}{
	{`audience: {customerIds: ["{{alice}}"]}`, places, 0, 0},
	{`audience: {clubs: ["cups"]}`, places, 0, 0},
	{`audience: {tiers: ["gold"]}`, places, 0, 0},
	{`audience: {clubs: ["cups"], customerIds: ["{{bob}}"]}`, places, places, 0},
	{`audience: {everyoneSignedIn: true}`, places, places, 0},
	{`audience: null, releasedAt: "2026-11-28T00:00:00Z"`, 0, 0, 0},
	{`audience: {customerIds: ["{{bob}}"]}, releasedAt: "2026-11-28T00:00:00Z"`, 0, places, 0},
	{`audience: null`, places, places, 4},
}

// Goods for some alone are found by these alone, in lists, by id, along edges
// and past the resolvers, and bought by these alone.
func TestGoodsAreForTheirAudience(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w, both := newTwins(t, db, nil)
		audienceWorld(t, w)
		w.golden(t, "alice")
		for _, a := range admissions {
			w.sets(t, a.audience)
			for who, want := range map[string]int{"alice": a.alice, "bob": a.bob, "nobody": a.none, "staff": 4} {
				if got := w.cups(t, who); got != want { // security F1
					t.Errorf("%s: %s finds it in %d places, want %d", a.audience, who, got, want)
				}
			}
			for who, sees := range map[string]int{"alice": a.alice, "bob": a.bob} {
				w.buysCups(t, a.audience, who, sees > 0)
			}
		}
		// One who leaves the club, or falls out of the tier, is outside at once.
		w.sets(t, `audience: {clubs: ["cups"], tiers: ["gold"]}`)
		w.say(t, "alice", w.expand(t, `mutation { leaveClub(input: {clubId: "{{club}}"}) { userErrors { code } } }`), "")
		if w.cups(t, "alice") != places {
			t.Error("she left the club, but has the tier")
		}
		w.golden(t)
		if w.cups(t, "alice") != 0 {
			t.Error("she is in neither")
		}
		// The clock makes it be for everybody.
		w.sets(t, `audience: {customerIds: ["{{bob}}"]}, releasedAt: "2026-11-22T00:00:00Z"`)
		db.Clock.Add(13 * time.Hour)
		if w.cups(t, "alice") != 0 {
			t.Error("it is for everybody before the clock said so")
		}
		n, err := w.app.lists.ReleaseGoods(storetest.System(), 200)
		check(t, err)
		if n != 1 || w.cups(t, "alice") != places || w.cups(t, "nobody") != 4 {
			t.Errorf("%d are released", n)
		}
		both.check(t)
	})
}

// buysCups tries each way of buying, dry.
func (w *world) buysCups(t *testing.T, audience, who string, may bool) {
	t.Helper()
	w.say(t, who, `{ me { cart { id } } }`, "me.cart.id")
	w.vars["cart"] = w.vars["me.cart.id"]
	for i, act := range []string{
		`placeOrder(input: {lines: [{sku: "CUP", quantity: 1}], idempotencyKey: "b", dryRun: true}) { order { id } }`,
		`orderShoppingList(input: {id: "{{cart}}", acceptGaps: true, idempotencyKey: "c", dryRun: true}) { order { id } }`,
		`addToWishlist(input: {productId: "{{cup}}"}) { item { id } }`,
		`recordView(input: {productId: "{{cup}}"}) { viewed { viewedAt } }`,
	} {
		said := w.say(t, who, w.expand(t, "mutation { "+act+" }"), "")
		if strings.Contains(said, `:null}`) == may {
			t.Errorf("%s: %s %d: %s", audience, who, i, said)
		}
	}
}

// oneProduct are the ways of asking for one product, by its sku or its id.
var oneProduct = map[string]string{
	"sku":       `{ product(by: {sku: "%[1]s"}) { sku title price { amount } } }`,
	"id":        `{ product(by: {id: "%[2]s"}) { sku } }`,
	"node":      `{ node(id: "%[2]s") { id } }`,
	"nodes":     `{ nodes(ids: ["%[2]s", "{{free}}"]) { id } }`,
	"reviews":   `{ productReviews(productId: "%[2]s") { totalCount } }`,
	"order":     `mutation { placeOrder(input: {lines: [{sku: "FREE", quantity: 1}, {sku: "%[1]s", quantity: 1}], idempotencyKey: "d"}) { order { id } userErrors { code path message params } } }`,
	"dry order": `mutation { placeOrder(input: {lines: [{sku: "%[1]s", quantity: 1000000}], idempotencyKey: "e", dryRun: true}) { order { id } userErrors { code path message params } } }`,
	"cart":      `mutation { saveCart(input: {items: [{productId: "%[2]s", quantity: 1}]}) { cart { id } userErrors { code path message params } } }`,
	"list":      `mutation { saveShoppingList(input: {name: "x", items: [{productId: "{{free}}", quantity: 1}, {productId: "%[2]s", quantity: 1}]}) { shoppingList { id } userErrors { code path message params } } }`,
	"wish":      `mutation { addToWishlist(input: {productId: "%[2]s"}) { item { id } userErrors { code path message params } } }`,
	"unwish":    `mutation { removeFromWishlist(input: {productId: "%[2]s"}) { removedId userErrors { code path message params } } }`,
	"view":      `mutation { recordView(input: {productId: "%[2]s"}) { viewed { viewedAt } userErrors { code path message params } } }`,
	"review":    `mutation { saveReview(input: {productId: "%[2]s", rating: 5}) { review { id } userErrors { code path message params } } }`,
}

// Who is outside of the audience cannot tell what is not for him from what is
// not there: the answer is the same, by as many statements of the same text.
func TestGoodsOfOthersAreNotThere(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		w.say(t, "alice", `{ product(by: {sku: "CUP"}) { id } }`, "product.id")
		w.vars["cup"] = w.vars["product.id"]
		w.say(t, "alice", `{ product(by: {sku: "FREE"}) { id } }`, "product.id")
		w.vars["free"] = w.vars["product.id"]
		w.sets(t, `audience: {customerIds: ["{{alice}}"]}`)
		none := scalar.ID{Prefix: "prd", UUID: uuid.Must(uuid.NewV7())}.String()
		ask := func(what, sku, id string) (said, statements string) {
			n, log := db.RequestStatements(func() {
				answer := w.send(t, step{name: what, as: "bob"}, w.expand(t, fmt.Sprintf(oneProduct[what], sku, id)))
				said = fmt.Sprint(answer)
			})
			return strings.NewReplacer(sku, "SKU", id, "ID").Replace(said), fmt.Sprint(n, "\n", strings.Join(log, "\n"))
		}
		for _, what := range slices.Sorted(maps.Keys(oneProduct)) {
			ask(what, "CUP", w.vars["cup"]) // whatever is made once is made
			said, by := ask(what, "CUP", w.vars["cup"])
			if there, byThere := ask(what, "CUQ", none); said != there || by != byThere { // security F1
				t.Errorf("%s: of what is not for him\n%s\n%s\nof what is not there\n%s\n%s", what, said, by, there, byThere)
			}
		}
	})
}
