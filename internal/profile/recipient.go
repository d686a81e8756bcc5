package profile

import (
	"context"
	"errors"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/address"
	"kabinet/internal/credential"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
)

// SaveRecipient makes somebody to deliver to, or changes one: what is absent
// stays, null clears (the name cannot be cleared).
//
// Faults: UNAUTHENTICATED, INVALID_ID, NOT_FOUND, STALE_OBJECT, REQUIRED,
// TOO_LONG, INVALID_VALUE, INVALID_PHONE, INVALID_EMAIL, TOO_MANY_ITEMS; those
// of fields are joined.
func (p *Profiles) SaveRecipient(ctx context.Context, in SaveRecipientInput) (*Recipient, error) {
	a, err := p.save(ctx, address.KindRECIPIENT, in.ID, in.Revision, in.IsDefault, func(a *ent.Address) error { return fillRecipient(a, in) })
	if err != nil {
		return nil, err
	}
	return &Recipient{a}, nil
}

// DeleteRecipient deletes one of the caller's recipients and gives the id that is gone.
//
// Faults: UNAUTHENTICATED, INVALID_ID, NOT_FOUND.
func (p *Profiles) DeleteRecipient(ctx context.Context, in DeleteRecipientInput) (*scalar.ID, error) {
	return p.remove(ctx, address.KindRECIPIENT, in.ID)
}

func fillRecipient(a *ent.Address, in SaveRecipientInput) error {
	faults := fillTexts(a, given{"label", in.Label, 100}, given{"name", in.Name, 200}, given{"phone", in.Phone, 40}, given{"email", in.Email, 254}, given{"note", in.Note, 500})
	if len(faults) > 0 {
		return errors.Join(faults...)
	}
	if a.Name == nil {
		faults = append(faults, fault.ErrRequired.At("input", "name"))
	}
	if _, there := in.Phone.ValueOK(); there && a.Phone != nil {
		number, ok := credential.ParsePhone(*a.Phone, "")
		if !ok {
			faults = append(faults, ErrInvalidPhone.At("input", "phone"))
		}
		a.Phone = &number
	}
	if _, there := in.Email.ValueOK(); there && a.Email != nil {
		mail, ok := credential.ParseEmail(*a.Email)
		if !ok {
			faults = append(faults, ErrInvalidEmail.At("input", "email"))
		}
		a.Email = &mail.Value
	}
	return errors.Join(faults...)
}
