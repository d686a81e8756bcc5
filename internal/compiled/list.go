package compiled

import (
	ent "kabinet/ent/generated"
	"kabinet/ent/generated/product"
	"kabinet/internal/list"
)

func productAvailability(c *call, v []value) error {
	status, err := v[0].str()
	if err != nil {
		return err
	}
	p := ent.Product{Status: product.Status(status)}
	if !v[1].null() {
		stock, err := v[1].int()
		if err != nil {
			return err
		}
		p.Stock = &stock
	}
	return c.writeString(string(list.Availability(&p)))
}

func productRating(c *call, v []value) error {
	sum, err := v[0].int()
	if err != nil {
		return err
	}
	count, err := v[1].int()
	if err != nil {
		return err
	}
	mean := list.Rating(&ent.Product{RatingSum: sum, RatingCount: count})
	if mean == nil {
		return c.null()
	}
	return c.writeString(*mean)
}
