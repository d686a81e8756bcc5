package intake

import (
	"crypto/sha256"
	"strconv"

	"kabinet/internal/account/arrival"
	"kabinet/internal/batch"
	"kabinet/internal/fault"
	"kabinet/internal/order"
	"kabinet/internal/order/goods"
	"kabinet/internal/scalar"
)

// twins are the names that the items of a file took while it is tried: a batch
// that is tried keeps nothing, so the next one could not find them. Hashes, for
// a file may have millions of them.
type twins map[[16]byte]struct{}

// name is something that one item of a file alone can have.
type name struct {
	said string
	path []string // of the item
	is   *fault.Fault
}

// take notes the names of an item that is good, and says which of them another
// item has.
func (tw twins) take(names []name) error {
	for _, n := range names {
		sum := sha256.Sum256([]byte(n.said))
		if _, taken := tw[[16]byte(sum[:16])]; taken {
			return n.is.At(append([]string{"input", "", "0"}, n.path...)...)
		}
	}
	for _, n := range names {
		sum := sha256.Sum256([]byte(n.said))
		tw[[16]byte(sum[:16])] = struct{}{}
	}
	return nil
}

// names are those of an item.
func (im *importing) names(t *taken) (all []name) {
	key := func(k *scalar.ExternalKey, path ...string) {
		if k != nil {
			all = append(all, name{"key\x00" + k.Source + "\x00" + k.ID, path, batch.ErrDuplicateKey.With("externalId", k.ID)})
		}
	}
	sku := func(s *string, path ...string) {
		if s != nil {
			all = append(all, name{"sku\x00" + *s, path, batch.ErrDuplicateKey.With("externalId", *s)})
		}
	}
	switch in := t.input.(type) {
	case *goods.UpsertProductInput:
		sku(&in.Sku, "sku")
		key(in.External, "external")
	case *goods.UpsertStockItemInput:
		sku(in.Product.Sku, "product")
		key(in.Product.External, "product")
	case *arrival.UpsertUserInput:
		key(in.External, "external")
		if im.into.Contacts == nil {
			break
		}
		for i, c := range im.into.Contacts(in) {
			if c != "" {
				all = append(all, name{"contact\x00" + c, []string{"contactPoints", strconv.Itoa(i), "value"}, arrival.ErrAlreadyTaken.With("value", in.ContactPoints[i].Value)})
			}
		}
	case *order.UpsertOrderInput:
		key(in.External, "external")
		all = append(all, name{"number\x00" + order.NumberOf(in), []string{"number"}, fault.ErrInvalidValue})
	}
	return all
}
