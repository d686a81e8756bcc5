package list

import (
	"context"
	"slices"
	"strconv"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/club"
	"kabinet/ent/generated/company"
	"kabinet/ent/generated/predicate"
	"kabinet/ent/generated/product"
	"kabinet/ent/generated/productadmission"
	"kabinet/ent/generated/tier"
	"kabinet/ent/generated/user"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// atOnce is how many rows one statement makes.
const atOnce = 1000

// admitted is one row of whom a product is for.
type admitted struct {
	kind    productadmission.Kind
	subject *uuid.UUID
}

// SetAudience says for whom products are, for staff. Faults: INVALID_ID,
// REQUIRED, TOO_LONG, INVALID_VALUE, NOT_FOUND of a product, a customer, a club
// or a tier.
func (l *Lists) SetAudience(ctx context.Context, in SetProductAudienceInput) ([]*ent.Product, error) {
	ids, a, err := checkAudience(in, l.Store.Now())
	if err != nil {
		return nil, err
	}
	err = l.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		rows, err := tx.Product.Query().Where(product.IDIn(ids...), tx.Locking()).Order(product.ByID()).Select(product.FieldID).All(ctx)
		if err != nil {
			return err
		}
		for i, id := range ids {
			if !slices.ContainsFunc(rows, func(p *ent.Product) bool { return p.ID == id }) {
				return fault.ErrNotFound.At("input", "productIds", strconv.Itoa(i))
			}
		}
		var whom []admitted
		if a != nil {
			if whom, err = a.resolve(ctx, tx); err != nil {
				return err
			}
		}
		u := tx.Product.Update().Where(product.IDIn(ids...)).SetExclusive(a != nil).AddRevision(1)
		if in.ReleasedAt != nil {
			u.SetReleasedAt(*in.ReleasedAt)
		} else {
			u.ClearReleasedAt()
		}
		if err := u.Exec(ctx); err != nil {
			return err
		}
		if err := admit(ctx, tx, ids, whom); err != nil {
			return err
		}
		return audited(ctx, tx, in)
	})
	if err != nil {
		return nil, err
	}
	return l.products(ctx, ids)
}

// audited puts on record whom products are for from now on.
func audited(ctx context.Context, tx *store.Tx, in SetProductAudienceInput) error {
	return tx.Audit(ctx, "product.audience", uuid.Nil, scalar.ID{}, map[string]any{
		"products": in.ProductIDs, "audience": in.Audience, "releasedAt": in.ReleasedAt,
	})
}

// products reads products in the order of their ids.
func (l *Lists) products(ctx context.Context, ids []uuid.UUID) ([]*ent.Product, error) {
	q, err := l.Store.Client.Product.Query().Where(product.IDIn(ids...)).CollectUnder(ctx, "products")
	if err != nil {
		return nil, err
	}
	rows, err := q.All(ctx)
	if err != nil {
		return nil, store.Translate(err)
	}
	slices.SortFunc(rows, func(a, b *ent.Product) int { return slices.Index(ids, a.ID) - slices.Index(ids, b.ID) })
	return rows, nil
}

// admit makes the rows by which the fence lets somebody see products.
func admit(ctx context.Context, tx *store.Tx, ids []uuid.UUID, whom []admitted) error {
	if _, err := tx.ProductAdmission.Delete().Where(productadmission.ProductIDIn(ids...)).Exec(ctx); err != nil {
		return err
	}
	var rows []*ent.ProductAdmissionCreate
	for _, id := range ids {
		for _, w := range whom {
			rows = append(rows, tx.ProductAdmission.Create().SetProductID(id).SetKind(w.kind).SetNillableSubjectID(w.subject))
		}
	}
	for part := range slices.Chunk(rows, atOnce) {
		if err := tx.ProductAdmission.CreateBulk(part...).Exec(ctx); err != nil {
			return err
		}
	}
	return nil
}

// resolve finds who is named: staff of goods need not reach people or clubs.
// Fault: NOT_FOUND.
func (a *admission) resolve(ctx context.Context, tx *store.Tx) (whom []admitted, err error) {
	ctx = viewer.AsSystem(ctx, "list.audience")
	if a.everyone {
		whom = append(whom, admitted{kind: productadmission.KindEVERYONE_SIGNED_IN})
	}
	if len(a.customers) > 0 {
		people, err := tx.User.Query().Where(user.IDIn(a.customers...), user.StatusNEQ(user.StatusERASED)).IDs(ctx)
		if err != nil {
			return nil, err
		}
		companies, err := tx.Company.Query().Where(company.IDIn(a.customers...)).IDs(ctx)
		if err != nil {
			return nil, err
		}
		there := map[uuid.UUID]bool{}
		for _, id := range append(people, companies...) {
			there[id] = true
		}
		for i, id := range a.customers {
			if !there[id] {
				return nil, fault.ErrNotFound.At("input", "audience", "customerIds", strconv.Itoa(i))
			}
			whom = append(whom, admitted{productadmission.KindCUSTOMER, &a.customers[i]})
		}
	}
	clubs, err := clubsBy(ctx, tx, a.clubs)
	if err != nil {
		return nil, err
	}
	tiers, err := tiersBy(ctx, tx, a.tiers)
	return append(append(whom, clubs...), tiers...), err
}

func clubsBy(ctx context.Context, tx *store.Tx, handles []string) (whom []admitted, err error) {
	if len(handles) == 0 {
		return nil, nil
	}
	rows, err := tx.Club.Query().Where(club.HandleIn(handles...)).All(ctx)
	found := map[string]bool{}
	for _, c := range rows {
		found[c.Handle] = true
		whom = append(whom, admitted{productadmission.KindCLUB, &c.ID})
	}
	if err == nil {
		err = named(handles, found, "clubs")
	}
	return whom, err
}

// tiersBy finds tiers by handle, in all programmes that have one called so.
func tiersBy(ctx context.Context, tx *store.Tx, handles []string) (whom []admitted, err error) {
	if len(handles) == 0 {
		return nil, nil
	}
	rows, err := tx.Tier.Query().Where(tier.HandleIn(handles...), tier.RetiredAtIsNil()).All(ctx)
	found := map[string]bool{}
	for _, t := range rows {
		found[t.Handle] = true
		whom = append(whom, admitted{productadmission.KindTIER, &t.KeyID})
	}
	if err == nil {
		err = named(handles, found, "tiers")
	}
	return whom, err
}

func named(handles []string, found map[string]bool, field string) error {
	for i, h := range handles {
		if !found[h] {
			return fault.ErrNotFound.At("input", "audience", field, strconv.Itoa(i))
		}
	}
	return nil
}

// Audience is for whom a product is, for staff; nil where it is for everybody.
// Faults: INVALID_ID, NOT_FOUND.
func (l *Lists) Audience(ctx context.Context, id scalar.ID) (*ProductAudience, error) {
	key, err := id.As("prd")
	if err != nil {
		return nil, err
	}
	p, err := l.Store.Client.Product.Query().Where(product.ID(key)).Only(ctx)
	if err != nil || !p.Exclusive {
		return nil, store.Translate(err)
	}
	ctx = viewer.AsSystem(ctx, "list.audience")
	rows, err := l.Store.Client.ProductAdmission.Query().Where(productadmission.ProductID(key)).Order(productadmission.ByID()).All(ctx)
	if err != nil {
		return nil, store.Translate(err)
	}
	a := &ProductAudience{CustomerIDs: []scalar.ID{}, Clubs: []string{}, Tiers: []string{}}
	subjects := map[productadmission.Kind][]uuid.UUID{}
	for _, r := range rows {
		if r.SubjectID == nil {
			a.EveryoneSignedIn = true
			continue
		}
		subjects[r.Kind] = append(subjects[r.Kind], *r.SubjectID)
	}
	if a.CustomerIDs, err = l.customers(ctx, subjects[productadmission.KindCUSTOMER]); err != nil {
		return nil, store.Translate(err)
	}
	if a.Clubs, err = l.Store.Client.Club.Query().Where(club.IDIn(subjects[productadmission.KindCLUB]...)).Order(club.ByHandle()).Select(club.FieldHandle).Strings(ctx); err != nil {
		return nil, store.Translate(err)
	}
	a.Tiers, err = l.Store.Client.Tier.Query().Where(tier.KeyIDIn(subjects[productadmission.KindTIER]...), tier.RetiredAtIsNil()).
		Unique(true).Order(tier.ByHandle()).Select(tier.FieldHandle).Strings(ctx)
	return a, store.Translate(err)
}

// customers says of ids which are companies'.
func (l *Lists) customers(ctx context.Context, ids []uuid.UUID) ([]scalar.ID, error) {
	all := make([]scalar.ID, len(ids))
	companies, err := l.Store.Client.Company.Query().Where(company.IDIn(ids...)).IDs(ctx)
	for i, id := range ids {
		all[i] = scalar.ID{Prefix: "usr", UUID: id}
		if slices.Contains(companies, id) {
			all[i].Prefix = "com"
		}
	}
	return all, err
}

// ReleaseGoods makes products that are due be for everybody, at most limit of
// them, and says how many: by the clock.
func (l *Lists) ReleaseGoods(ctx context.Context, limit int) (n int, err error) {
	err = l.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		due := []predicate.Product{product.Exclusive(true), product.ReleasedAtLTE(tx.Now)}
		ids, err := tx.Product.Query().Where(due...).Where(tx.Locking()).Order(product.ByID()).Limit(limit).IDs(ctx)
		if n = len(ids); err != nil || n == 0 {
			return err
		}
		if err := tx.Product.Update().Where(product.IDIn(ids...)).SetExclusive(false).ClearReleasedAt().AddRevision(1).Exec(ctx); err != nil {
			return err
		}
		return admit(ctx, tx, ids, nil)
	})
	return n, err
}
