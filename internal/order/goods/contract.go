package goods

import (
	"time"

	"github.com/99designs/gqlgen/graphql"

	entproduct "kabinet/ent/generated/product"
	"kabinet/internal/order"
	"kabinet/internal/scalar"
)

// The inputs of the SDL that this room takes; field by field they are described
// in schema/.

// UpsertProductInput is one product to create or change.
type UpsertProductInput struct {
	// The stock keeping unit; finds the product.
	Sku string
	// The name, up to 300 characters. Required for a new product.
	Title *string
	// The category.
	Category graphql.Omittable[*string]
	// A picture.
	ImageURL graphql.Omittable[*string]
	// Its page in the shop.
	URL graphql.Omittable[*string]
	// The price. Required for a new product.
	Price *scalar.MoneyInput
	// Units on hand; null: not counted.
	Stock graphql.Omittable[*int]
	// Whether it is sold.
	Status *entproduct.Status
	// Its key in the outside system.
	External *scalar.ExternalKey
	// When the outside system changed it.
	SourceUpdatedAt *time.Time
	// Free data, public.
	Metadata map[string]any
}

// UpsertProductsInput is the input of upsertProducts.
type UpsertProductsInput struct {
	// 1 to 1,000 products.
	Products []*UpsertProductInput
	// What becomes of the others when some are bad.
	ErrorPolicy *scalar.ErrorPolicy
	// The same outcomes, nothing kept.
	DryRun *bool
}

// UpsertStockInput is the input of upsertStock.
type UpsertStockInput struct {
	// 1 to 1,000 products.
	Products []*UpsertStockItemInput
	// What becomes of the others when some are bad.
	ErrorPolicy *scalar.ErrorPolicy
	// The same outcomes, nothing kept.
	DryRun *bool
}

// UpsertStockItemInput is the price, the stock or both of one product.
type UpsertStockItemInput struct {
	// The product.
	Product *order.ProductRef
	// When the outside system changed price or stock.
	SourceUpdatedAt time.Time
	// The price.
	Price *scalar.MoneyInput
	// Units on hand; null: not counted.
	Stock graphql.Omittable[*int]
}
