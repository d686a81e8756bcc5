package promotion

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/club"
	"kabinet/ent/generated/clubmember"
	entpromotion "kabinet/ent/generated/promotion"
	"kabinet/ent/generated/user"
	intake "kabinet/internal/batch"
	"kabinet/internal/event"
	"kabinet/internal/fault"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// For other domains, in their own transactions: a reward may be a code.

// Issues says whether codes of a promotion can be handed out: it is of kind
// CODE and has not ended. Fault: NOT_FOUND.
func (p *Promotions) Issues(ctx context.Context, tx *store.Tx, promotion uuid.UUID) error {
	row, err := tx.Promotion.Query().Where(entpromotion.ID(promotion), entpromotion.KindEQ(entpromotion.KindCODE), entpromotion.StatusNEQ(entpromotion.StatusENDED)).
		Only(viewer.AsSystem(ctx, "promotion.issue"))
	if ent.IsNotFound(err) || err == nil && over(row.EndsAt, tx.Now) {
		return fault.ErrNotFound
	}
	return err
}

// IssueCode makes a code of a promotion for an owner, good for one use of his
// and of nobody else. It lives as long as the promotion says. Fault: NOT_FOUND.
func (p *Promotions) IssueCode(ctx context.Context, tx *store.Tx, promotion, owner uuid.UUID) (string, error) {
	if err := p.Issues(ctx, tx, promotion); err != nil {
		return "", err
	}
	system := viewer.AsSystem(ctx, "promotion.issue")
	row, err := tx.Promotion.Query().Where(entpromotion.ID(promotion)).Only(system)
	if err != nil {
		return "", err
	}
	b := batch{Promotion: promotion, Owner: owner, MaxUses: new(1)}
	if person, err := tx.User.Query().Where(user.ID(owner)).Exist(system); err != nil {
		return "", err
	} else if person {
		b.User = &owner
	}
	if row.ValidDays != nil {
		b.EndsAt = new(tx.Now.Add(time.Duration(*row.ValidDays) * 24 * time.Hour))
	}
	for range 3 { // one that exists already is as likely as guessing it
		code := (recipe{Length: 12, Alphabet: alphabet}).random()
		n, err := b.insert(ctx, tx, nil, []string{code})
		if err != nil || n == 1 {
			if err == nil {
				err = issued(ctx, tx, promotion, 1)
			}
			return code, err
		}
	}
	return "", errFull
}

// VoidCode takes back a code that was handed out and not used. Fault:
// PROMO_CODE_USED_UP where it was used, or is reserved.
func (p *Promotions) VoidCode(ctx context.Context, tx *store.Tx, promotion uuid.UUID, code string) error {
	n, err := tx.Exec(ctx, `UPDATE promo_codes SET status = 'VOID', updated_at = ? WHERE promotion_id = ? AND code_key = ? AND uses = 0 AND status = 'ISSUED'`, tx.Now, promotion, key(code))
	if err == nil && n == 0 {
		return ErrCodeUsedUp
	}
	return err
}

// tellAssigned tells a customer that codes were assigned to him.
func (b batch) tellAssigned(tx *store.Tx) {
	if b.User != nil {
		tx.Tell(event.PromoCodesAssigned{PromotionID: b.Promotion, OwnerID: b.Owner, Count: int64(b.Count)}, store.ToUser(*b.User))
	}
}

// ClubsNamed are the clubs that people can be put into, by their handles, of
// those asked for.
func ClubsNamed(ctx context.Context, tx *store.Tx, handles []string) (map[string]uuid.UUID, error) {
	rows, err := tx.Club.Query().Where(club.HandleIn(handles...), club.StatusEQ(club.StatusACTIVE)).All(ctx)
	found := make(map[string]uuid.UUID, len(rows))
	for _, r := range rows {
		found[r.Handle] = r.ID
	}
	return found, err
}

// Enrol puts people into clubs by the word of the business, whatever the clubs'
// audiences: two statements for all. It names those who were not in one yet.
func Enrol(ctx context.Context, tx *store.Tx, who map[uuid.UUID][]uuid.UUID) (joined map[uuid.UUID]bool, err error) {
	people := slices.SortedFunc(maps.Keys(who), func(a, b uuid.UUID) int { return slices.Compare(a[:], b[:]) })
	members, err := tx.ClubMember.Query().Where(clubmember.OwnerIDIn(people...), clubmember.LeftAtIsNil()).All(ctx)
	if err != nil {
		return nil, err
	}
	in := map[[2]uuid.UUID]bool{}
	for _, m := range members {
		in[[2]uuid.UUID{m.OwnerID, m.ClubID}] = true
	}
	joined = map[uuid.UUID]bool{}
	sheet := intake.Sheet{Table: "club_members", Key: "club_id, owner_id", Fixed: []string{"id", "created_at", "owner_id", "club_id"},
		Columns: []string{"id", "created_at", "updated_at", "owner_id", "user_id", "club_id", "joined_at", "left_at"}}
	for _, person := range people {
		for _, id := range who[person] {
			if key := [2]uuid.UUID{person, id}; !in[key] {
				in[key], joined[person] = true, true
				sheet.Add(uuid.Must(uuid.NewV7()), tx.Now, tx.Now, person, person, id, tx.Now, nil)
				tx.Tell(event.ClubJoined{ClubID: id, OwnerID: person}, store.ToUser(person))
			}
		}
	}
	return joined, sheet.Write(ctx, tx)
}
