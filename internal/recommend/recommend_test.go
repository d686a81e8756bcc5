package recommend_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/consent"
	"kabinet/ent/generated/consentdocument"
	entorder "kabinet/ent/generated/order"
	"kabinet/ent/generated/product"
	"kabinet/ent/generated/productadmission"
	entuser "kabinet/ent/generated/user"
	"kabinet/internal/recommend"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/viewer"
)

// world is a shop with people who bought.
type world struct {
	*recommend.Recommendations
	t      *testing.T
	db     *storetest.DB
	goods  map[string]uuid.UUID
	people map[string]uuid.UUID
}

func newWorld(t *testing.T, db *storetest.DB) *world {
	return &world{&recommend.Recommendations{Store: db.Store}, t, db, map[string]uuid.UUID{}, map[string]uuid.UUID{}}
}

func (w *world) write(fn func(ctx context.Context, tx *store.Tx) error) {
	w.t.Helper()
	if err := w.db.InTx(storetest.System(), fn); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) person(name string, interests ...string) uuid.UUID {
	w.t.Helper()
	if id, known := w.people[name]; known {
		return id
	}
	w.write(func(ctx context.Context, tx *store.Tx) error {
		u, err := tx.User.Create().SetDisplayName(name).SetStatus(entuser.StatusACTIVE).SetInterests(interests).Save(ctx)
		if err == nil {
			w.people[name] = u.ID
		}
		return err
	})
	return w.people[name]
}

// product is a product by its title, "tea/hot" of the category hot.
func (w *world) product(name string) uuid.UUID {
	w.t.Helper()
	title, category, _ := strings.Cut(name, "/")
	if id, known := w.goods[title]; known {
		return id
	}
	w.write(func(ctx context.Context, tx *store.Tx) error {
		c := tx.Product.Create().SetSku(strings.ToUpper(title)).SetTitle(title).SetPriceMinor(100).SetCurrency("GBP")
		if category != "" {
			c.SetCategory(category)
		}
		p, err := c.Save(ctx)
		if err == nil {
			w.goods[title] = p.ID
		}
		return err
	})
	return w.goods[title]
}

// buys makes an order and gives its id; each is a day later.
func (w *world) buys(owner, user uuid.UUID, titles ...string) (order uuid.UUID) {
	w.t.Helper()
	ids := make([]uuid.UUID, len(titles))
	for i, title := range titles {
		ids[i] = w.product(title)
	}
	w.db.Clock.Add(24 * time.Hour)
	w.write(func(ctx context.Context, tx *store.Tx) error {
		o, err := tx.Order.Create().SetOwnerID(owner).SetUserID(user).SetNumber("N-" + uuid.NewString()).SetCurrency("GBP").SetPlacedAt(tx.Now).
			SetStatus(entorder.StatusCOMPLETED).SetSubtotalMinor(1).SetTotalMinor(1).Save(ctx)
		if err != nil {
			return err
		}
		order = o.ID
		lines := make([]*ent.OrderLineCreate, len(ids))
		for i, id := range ids {
			lines[i] = tx.OrderLine.Create().SetOwnerID(owner).SetOrderID(o.ID).SetPosition(i + 1).SetProductID(id).SetSku(titles[i]).SetTitle(titles[i]).
				SetQuantity(1).SetCurrency("GBP").SetUnitPriceMinor(1).SetTotalMinor(1)
		}
		return tx.OrderLine.CreateBulk(lines...).Exec(ctx)
	})
	return order
}

func (w *world) bought(name string, titles ...string) uuid.UUID {
	w.t.Helper()
	return w.buys(w.person(name), w.person(name), titles...)
}

// count does the housework until nothing is due.
func (w *world) count() {
	w.t.Helper()
	for _, do := range []func(context.Context, int) (int, error){w.FiguresDue, w.PairsDue} {
		for n := -1; n != 0; {
			var err error
			if n, err = do(storetest.System(), 2); err != nil {
				w.t.Fatal(err)
			}
		}
	}
}

func as(user, owner uuid.UUID, lang string) context.Context {
	all := map[viewer.Permission]viewer.Reach{{Resource: "order", Operation: "read"}: viewer.ReachOwner}
	return viewer.With(context.Background(), viewer.Viewer{UserID: user, OwnerID: owner, Grants: all, Locale: lang})
}

// proposed is what is proposed to somebody, in short.
func (w *world) proposed(ctx context.Context, person uuid.UUID, only ...recommend.RecommendationReason) string {
	w.t.Helper()
	c, err := w.For(ctx, person, only, recommend.Page{})
	if err != nil {
		w.t.Fatal(err)
	}
	var all []string
	for _, n := range c.Nodes() {
		short := string(n.Reason) + " " + n.Product.Title
		for _, b := range n.Because {
			short += "<" + b.Title
		}
		all = append(all, short)
	}
	return strings.Join(all, ", ")
}

func (w *world) together(ctx context.Context, title string, first int) string {
	w.t.Helper()
	all, err := w.BoughtTogether(ctx, w.goods[title], first)
	if err != nil {
		w.t.Fatal(err)
	}
	titles := make([]string, len(all))
	for i, p := range all {
		titles[i] = p.Title
	}
	return strings.Join(titles, ", ")
}

func (w *world) is(what, got, want string) {
	w.t.Helper()
	if got != want {
		w.t.Errorf("%s: %q, want %q", what, got, want)
	}
}

// Two buying the same two things is their own business; of three it is known.
func TestPairsNeedThreeCustomers(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		for range 5 {
			w.bought("ann", "tea", "cup")
			w.bought("ben", "tea", "cup")
			w.buys(viewer.House, viewer.House, "tea", "cup") // guests are nobody in particular
		}
		w.count()
		w.is("two customers", w.together(context.Background(), "tea", 20), "")
		w.is("two customers, popular", w.proposed(storetest.As(w.person("zoe")), w.person("zoe")), "")
		third := w.bought("cat", "tea", "cup", "jam")
		w.count() // not yet: a day has not passed
		db.Clock.Add(25 * time.Hour)
		w.count()
		w.is("three customers", w.together(context.Background(), "tea", 20), "cup")
		w.is("three customers, the other", w.together(context.Background(), "cup", 20), "tea")
		w.write(func(ctx context.Context, tx *store.Tx) error {
			return tx.Order.UpdateOneID(third).SetStatus(entorder.StatusCANCELLED).Exec(ctx)
		})
		db.Clock.Add(25 * time.Hour)
		w.count()
		w.is("the third cancelled", w.together(context.Background(), "tea", 20), "")
	})
}

// What everybody buys is bought with everything, and says little; orders of a
// whole stock say nothing; what came back was not bought.
func TestPairsAreScored(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		stock := make([]string, 101)
		for i := range stock {
			stock[i] = fmt.Sprintf("stock%03d", i)
		}
		for _, who := range []string{"ann", "ben", "cat"} {
			w.bought(who, "tea", "cup", "bag", "spoon")
			for range 4 {
				w.bought(who, "bag")
			}
			w.bought(who, stock...)
			w.bought(who, stock[:100]...)
		}
		w.write(func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.Exec(ctx, `UPDATE order_lines SET returned = 1 WHERE sku = 'spoon'`)
			return err
		})
		w.count()
		w.is("tea", w.together(context.Background(), "tea", 20), "cup, bag")
		w.is("first", w.together(context.Background(), "tea", 1), "cup")
		if got := w.together(context.Background(), "stock000", 20); strings.Count(got, ",") != 19 || strings.Contains(got, "stock100") {
			t.Error(got)
		}
		if _, err := w.BoughtTogether(context.Background(), w.goods["tea"], 0); err == nil {
			t.Error("none is no number")
		}
		rows := 0
		all, err := db.Query(context.Background(), `SELECT count(*) FROM product_pairs WHERE product_id = ?`, w.goods["stock001"])
		if err != nil {
			t.Fatal(err)
		}
		defer all.Close()
		for all.Next() {
			if err := all.Scan(&rows); err != nil || rows != 24 {
				t.Errorf("%d partners are kept, %v", rows, err)
			}
		}
		if all.Err() != nil {
			t.Error(all.Err())
		}
	})
}

// shop is a world where three bought what goes together.
func shop(t *testing.T, db *storetest.DB) *world {
	w := newWorld(t, db)
	w.product("chess/Настольные игры")
	for _, who := range []string{"ann", "ben", "cat"} {
		w.bought(who, "tea/Drinks", "cup/Kitchen")
		w.bought(who, "pen/Office", "ink/Office")
	}
	return w
}

func TestRecommendations(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := shop(t, db)
		dan := w.person("dan", "настольная игра", "office")
		ctx := storetest.As(dan)
		w.count()
		w.is("knows nothing of him", w.proposed(ctx, dan), "INTEREST "+w.order("ink", "pen")+", INTEREST chess, POPULAR "+w.order("tea", "cup", "POPULAR"))
		w.bought("dan", "tea")
		w.is("bought", w.proposed(ctx, dan), "BOUGHT_TOGETHER cup<tea, INTEREST "+w.order("ink", "pen")+", INTEREST chess")
		w.bought("dan", "tea")
		w.bought("dan", "tea")
		w.is("again and again", w.proposed(ctx, dan, recommend.RecommendationReasonOftenBought, recommend.RecommendationReasonBoughtTogether),
			"OFTEN_BOUGHT tea, BOUGHT_TOGETHER cup<tea")
		w.write(func(ctx context.Context, tx *store.Tx) error {
			if err := tx.ViewedProduct.Create().SetUserID(dan).SetProductID(w.goods["pen"]).SetViewedAt(tx.Now).Exec(ctx); err != nil {
				return err
			}
			return tx.WishlistItem.Create().SetUserID(dan).SetProductID(w.goods["cup"]).SetPriceSeenMinor(1).SetPriceToldMinor(1).SetCurrency("GBP").Exec(ctx)
		})
		w.is("looked at and put aside", w.proposed(ctx, dan), "OFTEN_BOUGHT tea, VIEWED ink<pen, INTEREST pen, INTEREST chess")
		c, err := w.For(as(dan, dan, "ru"), dan, nil, recommend.Page{})
		if err != nil {
			t.Fatal(err)
		}
		var said []string
		for _, n := range c.Nodes() {
			said = append(said, n.Explanation)
		}
		want := []string{"Вы часто это покупаете: заказов — 3.", "Это покупают вместе с тем, что вас заинтересовало: «pen».", "По вашим интересам: office.", "По вашим интересам: настольная игра."}
		if !slices.Equal(said, want) || *c.Edges[0].Node.TimesBought != 3 || *c.Edges[3].Node.Interest != "настольная игра" || c.TotalCount != 4 {
			t.Errorf("%q", said)
		}
		// Nobody else's, not even of staff (security F1).
		for who, ctx := range map[string]context.Context{"nobody": context.Background(), "ann": storetest.As(w.person("ann")), "the system": storetest.System()} {
			if c, err := w.For(ctx, dan, nil, recommend.Page{}); err != nil || len(c.Edges) > 0 || c.TotalCount != 0 || c.PageInfo.HasNextPage {
				t.Errorf("%s sees %+v %v", who, c, err)
			}
		}
	})
}

// order says which of two products of the same numbers comes first: what was
// made last; more tells the reason of the second.
func (w *world) order(one, other string, reason ...string) string {
	if a, b := w.goods[one], w.goods[other]; a.String() > b.String() {
		one, other = other, one
	}
	if len(reason) == 0 {
		reason = []string{"INTEREST"}
	}
	return one + ", " + reason[0] + " " + other
}

// What cannot be had is not proposed, nor named to whom it is not for.
func TestRecommendationsKeepTheFence(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := shop(t, db)
		dan, eve := w.bought("dan", "tea"), w.person("eve")
		_ = dan
		w.bought("eve", "tea")
		w.count()
		about := []recommend.RecommendationReason{recommend.RecommendationReasonBoughtTogether}
		both := func(what, forDan, forEve, anybody string) {
			t.Helper()
			w.is(what+", dan", w.proposed(storetest.As(w.people["dan"]), w.people["dan"], about...), forDan)
			w.is(what+", eve", w.proposed(storetest.As(eve), eve, about...), forEve)
			w.is(what+", nobody", w.together(context.Background(), "tea", 10), anybody)
		}
		set := func(title string, change func(*ent.ProductUpdateOne)) {
			t.Helper()
			w.write(func(ctx context.Context, tx *store.Tx) error {
				u := tx.Product.UpdateOneID(w.goods[title])
				change(u)
				return u.Exec(ctx)
			})
		}
		both("open", "BOUGHT_TOGETHER cup<tea", "BOUGHT_TOGETHER cup<tea", "cup")
		set("cup", func(u *ent.ProductUpdateOne) { u.SetExclusive(true) }) // security F1
		w.write(func(ctx context.Context, tx *store.Tx) error {
			return tx.ProductAdmission.Create().SetProductID(w.goods["cup"]).SetKind(productadmission.KindCUSTOMER).SetSubjectID(eve).Exec(ctx)
		})
		both("for eve", "", "BOUGHT_TOGETHER cup<tea", "")
		set("tea", func(u *ent.ProductUpdateOne) { u.SetExclusive(true) })
		both("and tea for nobody", "", "BOUGHT_TOGETHER cup", "")
		c, err := w.For(storetest.As(eve), eve, about, recommend.Page{})
		if err != nil || c.Nodes()[0].Explanation != "Bought together with something you bought." {
			t.Errorf("%+v %v", c, err)
		}
		set("tea", func(u *ent.ProductUpdateOne) { u.SetExclusive(false).SetStatus(product.StatusDISCONTINUED) })
		both("tea is not sold any more", "", "BOUGHT_TOGETHER cup<tea", "")
		set("cup", func(u *ent.ProductUpdateOne) { u.SetExclusive(false).SetStock(0) })
		both("none on hand", "", "", "")
		set("cup", func(u *ent.ProductUpdateOne) { u.SetStock(1).SetStatus(product.StatusDRAFT) })
		both("not yet sold", "", "", "")
	})
}

// Where the business asks for a consent to profiling, nothing is made of what a
// person does without it; who took it back is left alone.
func TestRecommendationsAskForConsent(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := shop(t, db)
		w.bought("dan", "tea")
		dan := w.people["dan"]
		w.count()
		own := func(want string) {
			t.Helper()
			w.is("", w.proposed(storetest.As(dan), dan, recommend.RecommendationReasonBoughtTogether), want)
		}
		own("BOUGHT_TOGETHER cup<tea")
		var document uuid.UUID
		w.write(func(ctx context.Context, tx *store.Tx) error {
			d, err := tx.ConsentDocument.Create().SetHandle("profiling").SetPurpose(consentdocument.PurposePROFILING).SetTexts(map[string]map[string]string{"en": {"name": "Offers for you"}}).SetKeyID(uuid.Must(uuid.NewV7())).Save(ctx)
			if err == nil {
				document = d.KeyID
			}
			return err
		})
		own("")
		says := func(decision consent.Decision) {
			t.Helper()
			w.write(func(ctx context.Context, tx *store.Tx) error {
				return tx.Consent.Create().SetUserID(dan).SetDocumentID(document).SetVersion(1).SetDecision(decision).SetLocale("en").Exec(ctx)
			})
		}
		says(consent.DecisionGIVEN)
		own("BOUGHT_TOGETHER cup<tea")
		says(consent.DecisionWITHDRAWN)
		own("")
		w.write(func(ctx context.Context, tx *store.Tx) error {
			return tx.ConsentDocument.Update().SetRetiredAt(tx.Now).Exec(ctx)
		})
		own("") // his no outlives the question
	})
}

// For a company counts what he himself bought for it, and for himself nothing of that.
func TestRecommendationsOfACompany(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := shop(t, db)
		acme := uuid.Must(uuid.NewV7())
		carol, colleague := w.person("carol"), w.person("colleague")
		w.buys(acme, carol, "tea")
		w.buys(acme, colleague, "pen")
		w.count()
		about := []recommend.RecommendationReason{recommend.RecommendationReasonBoughtTogether}
		w.is("for acme", w.proposed(as(carol, acme, "en"), carol, about...), "BOUGHT_TOGETHER cup<tea")
		w.is("for herself", w.proposed(storetest.As(carol), carol, about...), "")
		w.is("without the orders of acme", w.proposed(viewer.With(context.Background(), viewer.Viewer{UserID: carol, OwnerID: acme}), carol, about...), "")
	})
}

// A page costs the same whatever was bought, and two instances may count at once.
func TestRecommendationsCost(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := shop(t, db)
		dan := w.person("dan", "office")
		w.bought("dan", "tea")
		w.count()
		cost := func() int {
			n, _ := db.Statements(func() { w.proposed(storetest.As(dan), dan) })
			return n
		}
		few := cost()
		for i := range 30 {
			for _, who := range []string{"ann", "ben", "cat", "dan"} {
				w.bought(who, fmt.Sprint("a", i), fmt.Sprint("b", i), fmt.Sprint("c", i))
			}
		}
		db.Clock.Add(25 * time.Hour)
		said := make(chan error, 4)
		for range cap(said) {
			go func() {
				ctx := storetest.System()
				_, err := w.FiguresDue(ctx, 200)
				if err == nil {
					_, err = w.PairsDue(ctx, 200)
				}
				said <- err
			}()
		}
		for range cap(said) {
			if err := <-said; err != nil {
				t.Error(err)
			}
		}
		if many := cost(); many > few || few > 12 {
			t.Errorf("%d statements for little, %d for much", few, many)
		}
		if n, err := w.FiguresDue(storetest.System(), 10); n != 0 || err != nil {
			t.Errorf("%d are still due, %v", n, err)
		}
		size, bad := 101, scalar.Cursor{ID: dan, Value: int64(1)}
		for _, p := range []recommend.Page{{First: &size}, {First: new(int)}, {First: &size, Last: &size}, {After: &bad}} {
			if _, err := w.For(storetest.As(dan), dan, nil, p); err == nil {
				t.Errorf("%+v is no page", p)
			}
		}
	})
}
