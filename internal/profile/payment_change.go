package profile

import (
	"context"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/paymentmethod"
	"kabinet/internal/event"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// forgetAgain is how long a job waits for the provider that a token is of.
const forgetAgain = time.Hour

// Of is what a person has saved, the default one first, then the newest. Of
// anybody but the caller it is empty.
func (s *PaymentMethods) Of(ctx context.Context, user uuid.UUID) ([]*ent.PaymentMethod, error) {
	if v := viewer.From(ctx); !v.IsSystem() && user != v.UserID {
		return []*ent.PaymentMethod{}, nil
	}
	all, err := s.Store.Client.PaymentMethod.Query().Where(paymentmethod.OwnerID(user), paymentmethod.StatusEQ(paymentmethod.StatusACTIVE)).
		Order(paymentmethod.ByIsDefault(sql.OrderDesc()), paymentmethod.ByID(sql.OrderDesc())).All(ctx)
	return all, store.Translate(err)
}

// Default is what a person pays with when he says nothing: his default method,
// where it is good; nil where there is none.
func (s *PaymentMethods) Default(ctx context.Context, tx *store.Tx, user uuid.UUID) (*ent.PaymentMethod, error) {
	m, err := tx.PaymentMethod.Query().Where(paymentmethod.OwnerID(user), paymentmethod.IsDefault(true)).Only(ctx)
	if ent.IsNotFound(err) || err == nil && s.Expired(m) {
		return nil, nil
	}
	return m, err
}

// change runs a verb on one of the caller's methods, the person held: for the
// one default.
func (s *PaymentMethods) change(ctx context.Context, id scalar.ID, do func(ctx context.Context, tx *store.Tx, m *ent.PaymentMethod) error) (changed *ent.PaymentMethod, err error) {
	v := viewer.From(ctx)
	if !v.SignedIn() {
		return nil, fault.ErrUnauthenticated
	}
	key, err := methodID(id, "id")
	if err != nil {
		return nil, err
	}
	err = s.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		if err := tx.Lock(ctx, "users", "id", v.UserID); err != nil {
			return err
		}
		m, err := tx.PaymentMethod.Query().Where(paymentmethod.ID(key), paymentmethod.OwnerID(v.UserID)).Only(ctx)
		if ent.IsNotFound(err) {
			return fault.ErrNotFound.At("input", "id")
		}
		if err != nil {
			return err
		}
		changed = m
		if err := do(ctx, tx, m); err != nil {
			return err
		}
		tx.Tell(event.ProfileUpdated{UserID: v.UserID, Changed: []string{"paymentMethods"}}, store.ToUser(v.UserID))
		return nil
	})
	return changed, err
}

// Update names a method. Faults: UNAUTHENTICATED, INVALID_ID, NOT_FOUND,
// TOO_LONG, INVALID_VALUE, CARD_NUMBER_REFUSED.
func (s *PaymentMethods) Update(ctx context.Context, in UpdatePaymentMethodInput) (*ent.PaymentMethod, error) {
	given, there := in.Label.ValueOK()
	label, err := methodLabel(given)
	if err != nil {
		return nil, err
	}
	m, err := s.change(ctx, in.ID, func(ctx context.Context, tx *store.Tx, m *ent.PaymentMethod) error {
		switch {
		case !there:
			return nil
		case label == nil:
			return tx.PaymentMethod.UpdateOneID(m.ID).ClearLabel().Exec(ctx)
		}
		return tx.PaymentMethod.UpdateOneID(m.ID).SetLabel(*label).Exec(ctx)
	})
	return s.again(ctx, m, err)
}

// again reads a changed method as it is now.
func (s *PaymentMethods) again(ctx context.Context, m *ent.PaymentMethod, err error) (*ent.PaymentMethod, error) {
	if err != nil {
		return nil, err
	}
	m, err = s.own(ctx, m.OwnerID, m.ID)
	return m, store.Translate(err)
}

// SetDefault makes a method the one that is offered first. Faults:
// UNAUTHENTICATED, INVALID_ID, NOT_FOUND, PAYMENT_METHOD_NOT_ACTIVE.
func (s *PaymentMethods) SetDefault(ctx context.Context, in SetDefaultPaymentMethodInput) (*ent.PaymentMethod, error) {
	m, err := s.change(ctx, in.ID, func(ctx context.Context, tx *store.Tx, m *ent.PaymentMethod) error {
		return prefer(ctx, tx, m, "id")
	})
	return s.again(ctx, m, err)
}

// prefer makes a method the default one in place of the former.
func prefer(ctx context.Context, tx *store.Tx, m *ent.PaymentMethod, field string) error {
	if m.Status != paymentmethod.StatusACTIVE {
		return ErrPaymentMethodNotActive.At("input", field).With("status", m.Status.String())
	}
	if m.IsDefault {
		return nil
	}
	if _, err := tx.PaymentMethod.Update().Where(paymentmethod.OwnerID(m.OwnerID), paymentmethod.IsDefault(true)).SetIsDefault(false).Save(ctx); err != nil {
		return err
	}
	return tx.PaymentMethod.UpdateOneID(m.ID).SetIsDefault(true).Exec(ctx)
}

// Delete deletes a method here and, after the commit, with the provider; the
// replacement becomes the default where the deleted one was it. Faults:
// UNAUTHENTICATED, INVALID_ID, NOT_FOUND, INVALID_VALUE where a method is to
// replace itself, PAYMENT_METHOD_NOT_ACTIVE of the replacement.
func (s *PaymentMethods) Delete(ctx context.Context, in DeletePaymentMethodInput) (*scalar.ID, error) {
	var replacement uuid.UUID
	if in.ReplacementID != nil {
		var err error
		if replacement, err = methodID(*in.ReplacementID, "replacementId"); err != nil {
			return nil, err
		}
		if *in.ReplacementID == in.ID {
			return nil, fault.ErrInvalidValue.At("input", "replacementId")
		}
	}
	_, err := s.change(ctx, in.ID, func(ctx context.Context, tx *store.Tx, m *ent.PaymentMethod) error {
		if replacement == uuid.Nil {
			return s.remove(ctx, tx, m, true)
		}
		r, err := tx.PaymentMethod.Query().Where(paymentmethod.ID(replacement), paymentmethod.OwnerID(m.OwnerID)).Only(ctx)
		if ent.IsNotFound(err) {
			return fault.ErrNotFound.At("input", "replacementId")
		}
		if err != nil {
			return err
		}
		if m.IsDefault {
			if err := prefer(ctx, tx, r, "replacementId"); err != nil {
				return err
			}
		}
		return s.remove(ctx, tx, m, true)
	})
	if err != nil {
		return nil, err
	}
	return &in.ID, nil
}

// remove deletes a method's row and, where the provider keeps it still, has it
// forgotten there.
func (s *PaymentMethods) remove(ctx context.Context, tx *store.Tx, m *ent.PaymentMethod, there bool) error {
	if err := tx.PaymentMethod.DeleteOneID(m.ID).Exec(ctx); err != nil {
		return err
	}
	if m.Token == nil {
		return nil
	}
	if there {
		if err := s.forget(ctx, tx, m.Provider, *m.Token); err != nil {
			return err
		}
	}
	return s.news(ctx, tx, m, "payment_method_removed", said(m.Brand), said(m.Last4))
}

func said(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// DeleteAllOf deletes all methods of an owner, here and with the provider; it
// tells nobody. The caller's fence holds.
func (s *PaymentMethods) DeleteAllOf(ctx context.Context, tx *store.Tx, owner uuid.UUID) error {
	all, err := tx.PaymentMethod.Query().Where(paymentmethod.OwnerID(owner), tx.Locking()).All(ctx)
	if err != nil || len(all) == 0 {
		return err
	}
	for _, m := range all {
		if m.Token != nil {
			if err := s.forget(ctx, tx, m.Provider, *m.Token); err != nil {
				return err
			}
		}
	}
	_, err = tx.PaymentMethod.Delete().Where(paymentmethod.OwnerID(owner)).Exec(ctx)
	return err
}

// TidyDue deletes pages that nobody answered, a day after their end, and says
// how many; fewer than limit are the last.
func (s *PaymentMethods) TidyDue(ctx context.Context, limit int) (n int, err error) {
	err = s.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		ids, err := tx.PaymentMethod.Query().Where(paymentmethod.StatusNEQ(paymentmethod.StatusACTIVE), paymentmethod.ExpiresAtLTE(tx.Now.Add(-afterSetup))).
			Limit(limit).IDs(ctx)
		if err != nil || len(ids) == 0 {
			n = 0
			return err
		}
		n, err = tx.PaymentMethod.Delete().Where(paymentmethod.IDIn(ids...), paymentmethod.StatusNEQ(paymentmethod.StatusACTIVE)).Exec(ctx)
		return err
	})
	return n, err
}
