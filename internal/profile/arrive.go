package profile

import (
	"context"
	"slices"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/address"
	"kabinet/internal/batch"
	"kabinet/internal/fault"
	"kabinet/internal/store"
)

// CheckAddress judges an address by itself, as SaveAddress does; the fault's
// path begins with the address's field, and it is the first of several.
func CheckAddress(in SaveAddressInput) error {
	err := fillAddress(&ent.Address{}, in)
	f, ok := fault.As(err)
	if !ok || len(f.Path) == 0 {
		return err
	}
	return f.At(f.Path[1:]...)
}

// TakeAddresses makes addresses of people whose rows are held, or replaces
// those of the same label; CheckAddress let them pass. It names the people of
// whom anything was other than stored, and those who would have too many. Where
// it is only tried, nothing is written.
func TakeAddresses(ctx context.Context, tx *store.Tx, list map[uuid.UUID][]SaveAddressInput, try bool) (changed, full map[uuid.UUID]bool, err error) {
	owners := make([]uuid.UUID, 0, len(list))
	for id := range list {
		owners = append(owners, id)
	}
	rows, err := tx.Address.Query().Where(address.OwnerIDIn(owners...), address.KindEQ(address.KindADDRESS)).Order(address.ByID()).All(ctx)
	if err != nil {
		return nil, nil, err
	}
	byOwner := map[uuid.UUID][]*ent.Address{}
	for _, a := range rows {
		byOwner[a.OwnerID] = append(byOwner[a.OwnerID], a)
	}
	changed, full = map[uuid.UUID]bool{}, map[uuid.UUID]bool{}
	sheet := batch.Sheet{Table: "addresses", Key: "id", Fixed: []string{"id", "created_at", "owner_id", "user_id", "kind", "holder_id"}, Columns: []string{
		"id", "created_at", "updated_at", "revision", "owner_id", "user_id", "kind", "holder_id", "label", "name", "organization", "phone",
		"country", "lines", "district", "city", "region", "postal_code", "sorting_code", "note", "is_default",
	}}
	for _, owner := range owners {
		for _, in := range list[owner] {
			a, err := merged(byOwner[owner], owner, in, tx)
			switch {
			case err != nil:
				return nil, nil, err
			case a == nil:
				continue
			case a.Revision == 1 && len(byOwner[owner]) >= mostAddresses:
				full[owner] = true
				continue
			case a.Revision == 1:
				byOwner[owner] = append(byOwner[owner], a)
			}
			changed[owner] = true
			sheet.Add(a.ID, a.CreatedAt, tx.Now, a.Revision, owner, owner, string(address.KindADDRESS), owner, a.Label, a.Name, a.Organization, a.Phone,
				a.Country, batch.JSON(a.Lines), a.District, a.City, a.Region, a.PostalCode, a.SortingCode, a.Note, a.IsDefault)
		}
	}
	if try {
		return changed, full, nil
	}
	return changed, full, sheet.Write(ctx, tx)
}

// merged is the address as it is to be stored; nil where it is so already. Its
// revision is 1 where it is new.
func merged(there []*ent.Address, owner uuid.UUID, in SaveAddressInput, tx *store.Tx) (*ent.Address, error) {
	a := &ent.Address{ID: uuid.Must(uuid.NewV7()), CreatedAt: tx.Now, OwnerID: owner}
	if err := fillAddress(a, in); err != nil {
		return nil, err
	}
	for _, was := range there {
		if text(was.Label) != text(a.Label) {
			continue
		}
		a.ID, a.CreatedAt, a.Revision, a.IsDefault = was.ID, was.CreatedAt, was.Revision, was.IsDefault
		if sameAddress(a, was) {
			return nil, nil
		}
		break
	}
	a.Revision++
	return a, nil
}

func sameAddress(a, b *ent.Address) bool {
	for _, c := range columns {
		if text(*c.of(a)) != text(*c.of(b)) {
			return false
		}
	}
	return slices.Equal(a.Lines, b.Lines)
}
