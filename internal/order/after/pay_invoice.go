package after

import (
	"context"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/payment"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
)

// What the payment of invoices takes from the payment of orders: one provider,
// one set of saved methods, one bound on how often somebody begins.

// Reserve counts one payment begun by the caller. Fault: RATE_LIMITED.
func (s *Acts) Reserve(ctx context.Context) error { return s.reserve(ctx, begun) }

// CheckReturn refuses an address that nobody may be sent back to. Faults:
// RETURN_NOT_ALLOWED, INVALID_VALUE.
func (s *Acts) CheckReturn(address *string) error {
	if address == nil {
		return nil
	}
	return s.mayReturn(*address)
}

// MethodOf is a saved method of the caller's; nil for none. Faults: NOT_FOUND,
// PAYMENT_METHOD_NOT_ACTIVE.
func MethodOf(ctx context.Context, tx *store.Tx, id *scalar.ID) (*ent.PaymentMethod, error) {
	return methodOf(ctx, tx, id)
}

// AskFor asks the provider for a payment that was begun, as Begin of an order
// does; about says in the caller's language what it is for.
func (s *Acts) AskFor(ctx context.Context, id uuid.UUID, about string) (*ent.Payment, error) {
	return s.askFor(ctx, id, func(*ent.Payment) string { return about })
}

// Judge is what a message of the provider means to a payment, or to a refund,
// that is held.
func Judge(p *ent.Payment, n Notice) Outcome {
	if p.Kind == payment.KindREFUND {
		return judgeRefund(p, n)
	}
	return judge(p, n)
}

// WhyNot is why a refund failed, which is never empty.
func (n Notice) WhyNot() string { return whyNot(n) }

// Came says whether a message tells of money that is there, or that went back.
func (n Notice) Came() bool { return n.Type == succeeded || n.Type == refundSucceeded }

// Reasoned is why money did not come, as much as a row keeps of it.
func (n Notice) Reasoned() string { return cutTo(n.Reason, 500) }

// Expired says whether a payment did not come in time.
func (n Notice) Expired() bool { return n.Type == expired }

// Cut is the beginning of what a stranger said, as much as a row keeps of it.
func Cut(s string, limit int) string { return cutTo(s, limit) }
