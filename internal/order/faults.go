package order

import "kabinet/internal/fault"

// The refusals of this domain.
var (
	ErrOrderEmpty            = fault.New(fault.Invalid, "ORDER_EMPTY")
	ErrProductUnavailable    = fault.New(fault.Refused, "PRODUCT_UNAVAILABLE")
	ErrOutOfStock            = fault.New(fault.Refused, "OUT_OF_STOCK")
	ErrCurrencyMismatch      = fault.New(fault.Refused, "CURRENCY_MISMATCH")
	ErrIllegalTransition     = fault.New(fault.Refused, "ILLEGAL_TRANSITION")
	ErrOrderAlreadyShipped   = fault.New(fault.Refused, "ORDER_ALREADY_SHIPPED")
	ErrOrderAlreadyCancelled = fault.New(fault.Refused, "ORDER_ALREADY_CANCELLED")
	ErrOutdated              = fault.New(fault.Conflict, "OUTDATED")
	ErrDuplicateKey          = fault.New(fault.Invalid, "DUPLICATE_KEY")
)
