package privacy

import (
	"context"
	"net/url"
	"regexp"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/consentdocument"
	"kabinet/internal/fault"
	"kabinet/internal/locale"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// handleForm is the name for programs.
var handleForm = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,59}$`)

// ErrHandleTaken says that another document has the name for programs.
var ErrHandleTaken = fault.New(fault.Refused, "HANDLE_TAKEN")

// SaveDocument makes a document or puts a new version of it in force; staff.
//
// Faults: REQUIRED, INVALID_VALUE, TOO_LONG, DUPLICATE_KEY, INVALID_ID,
// NOT_FOUND, STALE_OBJECT, HANDLE_TAKEN.
func (p *Privacy) SaveDocument(ctx context.Context, in SaveConsentDocumentInput) (*ConsentDocument, error) {
	texts, err := in.check()
	if err != nil {
		return nil, err
	}
	var made *ent.ConsentDocument
	err = p.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		c := tx.ConsentDocument.Create()
		if in.ID == nil {
			c.SetHandle(*in.Handle).SetPurpose(consentdocument.Purpose(*in.Purpose)).SetTexts(texts)
		} else {
			old, err := retire(ctx, tx, *in.ID, in.Version)
			if err != nil {
				return err
			}
			c.SetKeyID(old.KeyID).SetVersion(old.Version + 1).SetHandle(old.Handle).SetPurpose(old.Purpose).SetRequired(old.Required).
				SetTexts(old.Texts).SetNillableURL(old.URL)
			if in.Purpose != nil {
				c.SetPurpose(consentdocument.Purpose(*in.Purpose))
			}
			if texts != nil {
				c.SetTexts(texts)
			}
		}
		if in.Required != nil {
			c.SetRequired(*in.Required)
		}
		if in.URL.IsSet() {
			c.Mutation().ResetURL()
			c.SetNillableURL(in.URL.Value())
		}
		if made, err = c.Save(ctx); err != nil {
			return err
		}
		return tx.Audit(ctx, "privacy.save_document", viewer.House, made.GlobalID(), map[string]any{"handle": made.Handle, "version": made.Version, "required": made.Required})
	})
	if store.IsUnique(err) {
		return nil, ErrHandleTaken.At("input", "handle").Because(err)
	}
	if err != nil {
		return nil, err
	}
	return view(ctx, made), nil
}

// check is the rule of the input; texts are nil where none are given.
func (in SaveConsentDocumentInput) check() (map[string]map[string]string, error) {
	if in.ID == nil {
		switch {
		case in.Handle == nil:
			return nil, fault.ErrRequired.At("input", "handle")
		case in.Purpose == nil:
			return nil, fault.ErrRequired.At("input", "purpose")
		case len(in.Texts) == 0:
			return nil, fault.ErrRequired.At("input", "texts")
		}
	} else {
		if _, err := in.ID.As("cdo"); err != nil {
			return nil, fault.ErrInvalidID.At("input", "id")
		}
		if in.Version == nil {
			return nil, fault.ErrRequired.At("input", "version")
		}
		if in.Handle != nil {
			return nil, fault.ErrInvalidValue.At("input", "handle")
		}
	}
	if in.Handle != nil && !handleForm.MatchString(*in.Handle) {
		return nil, fault.ErrInvalidValue.At("input", "handle")
	}
	if u := in.URL.Value(); u != nil {
		if parsed, err := url.Parse(*u); err != nil || parsed.Host == "" || len(*u) > 2048 {
			return nil, fault.ErrInvalidValue.At("input", "url")
		}
	}
	if in.Texts == nil {
		return nil, nil
	}
	list := make([]scalar.Translation, 0, len(in.Texts))
	for _, t := range in.Texts {
		list = append(list, *t)
	}
	texts, bad := scalar.Texts(list, locale.Supported(), "input", "texts")
	if bad != nil {
		return nil, fault.New(fault.Invalid, bad.Code).At(bad.Path...)
	}
	return texts, nil
}

// retire takes the version in force out of it.
func retire(ctx context.Context, tx *store.Tx, id scalar.ID, version *int) (*ent.ConsentDocument, error) {
	old, err := tx.ConsentDocument.Query().Where(consentdocument.KeyID(id.UUID), consentdocument.RetiredAtIsNil(), tx.Locking()).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, fault.ErrNotFound.At("input", "id")
	}
	if err != nil {
		return nil, err
	}
	if version == nil || int64(*version) != old.Version {
		return nil, fault.ErrStaleObject.At("input", "version").With("version", old.Version)
	}
	return old, tx.ConsentDocument.UpdateOneID(old.ID).SetRetiredAt(tx.Now).Exec(ctx)
}

// RetireDocument takes a document out of force; staff. Faults: INVALID_ID,
// NOT_FOUND, STALE_OBJECT.
func (p *Privacy) RetireDocument(ctx context.Context, in RetireConsentDocumentInput) (d *ConsentDocument, err error) {
	if _, err := in.ID.As("cdo"); err != nil {
		return nil, fault.ErrInvalidID.At("input", "id")
	}
	err = p.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		old, err := retire(ctx, tx, in.ID, &in.Version)
		if err != nil {
			return err
		}
		d = view(ctx, old)
		return tx.Audit(ctx, "privacy.retire_document", viewer.House, old.GlobalID(), map[string]any{"handle": old.Handle, "version": old.Version})
	})
	return d, err
}
