package card

import (
	"context"
	"strings"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/customernote"
	entuser "kabinet/ent/generated/user"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

const notePrefix = "cno"

// SaveNote writes a note about a customer or changes one; any member of staff
// who answers tickets may, and the audit log says who did. The text of before
// is not kept. Nobody writes about himself.
//
// Faults: INVALID_ID, NOT_FOUND, NOT_ON_ONESELF, STALE_OBJECT, REQUIRED,
// TOO_LONG, INVALID_VALUE, TOO_MANY_ITEMS; UNAUTHENTICATED, FORBIDDEN.
func (c *Cards) SaveNote(ctx context.Context, in SaveCustomerNoteInput) (*ent.CustomerNote, error) {
	if err := need(ctx, "ticket", "write"); err != nil {
		return nil, err
	}
	if err := in.check(); err != nil {
		return nil, err
	}
	var id uuid.UUID
	err := c.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		if in.ID == nil {
			id, err = c.writeNote(ctx, tx, in)
		} else {
			id, err = c.changeNote(ctx, tx, in)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	n, err := c.Store.Client.CustomerNote.Get(ctx, id)
	return n, store.Translate(err)
}

// check brings texts into form.
func (in *SaveCustomerNoteInput) check() error {
	switch {
	case in.ID == nil && in.UserID == nil:
		return fault.ErrRequired.At("input", "userId")
	case in.ID == nil && in.Body == nil:
		return fault.ErrRequired.At("input", "body")
	case in.ID != nil && in.Revision == nil:
		return fault.ErrRequired.At("input", "revision")
	}
	if in.Body != nil {
		body, err := text(*in.Body, longestNote, "\n\t", "input", "body")
		if err != nil {
			return err
		}
		in.Body = &body
	}
	if in.ClientID != nil {
		id, err := text(*in.ClientID, longestName, "", "input", "clientId")
		if err != nil {
			return err
		}
		in.ClientID = &id
	}
	return nil
}

func (c *Cards) writeNote(ctx context.Context, tx *store.Tx, in SaveCustomerNoteInput) (uuid.UUID, error) {
	v := viewer.From(ctx)
	if key, err := in.UserID.As("usr"); err == nil { // or two could both be the last
		if err := tx.Lock(ctx, "users", "id", key); err != nil {
			return uuid.Nil, err
		}
	}
	u, err := c.customer(ctx, tx.Client, *in.UserID, "input", "userId")
	if err != nil {
		return uuid.Nil, err
	}
	if in.ClientID != nil {
		was, err := tx.CustomerNote.Query().Where(customernote.UserID(u.ID), customernote.AuthorID(v.UserID), customernote.ClientID(*in.ClientID)).FirstID(ctx)
		if !ent.IsNotFound(err) {
			return was, err
		}
	}
	n, err := tx.CustomerNote.Query().Where(customernote.UserID(u.ID), customernote.RemovedAtIsNil()).Count(ctx)
	if err != nil {
		return uuid.Nil, err
	}
	if n >= mostNotes {
		return uuid.Nil, ErrTooManyItems.With("limit", mostNotes)
	}
	name, err := tx.User.Query().Where(entuser.ID(v.UserID)).Select(entuser.FieldDisplayName).String(asSystem(ctx))
	if err != nil {
		return uuid.Nil, err
	}
	made, err := tx.CustomerNote.Create().SetUserID(u.ID).SetAuthorID(v.UserID).SetAuthorName(name).SetBody(*in.Body).
		SetPinned(in.Pinned != nil && *in.Pinned).SetNillableClientID(in.ClientID).Save(ctx)
	if err != nil {
		return uuid.Nil, err
	}
	return made.ID, auditNote(ctx, tx, "customer_note.write", made, nil)
}

func (c *Cards) changeNote(ctx context.Context, tx *store.Tx, in SaveCustomerNoteInput) (uuid.UUID, error) {
	n, err := holdNote(ctx, tx, *in.ID)
	if err != nil {
		return uuid.Nil, err
	}
	if in.UserID != nil && in.UserID.UUID != n.UserID {
		return uuid.Nil, fault.ErrInvalidValue.At("input", "userId") // a note does not change hands
	}
	if int64(*in.Revision) != n.Revision {
		return uuid.Nil, fault.ErrStaleObject.At("input", "revision").With("revision", n.Revision)
	}
	var changed []string
	u := n.Update().AddRevision(1)
	if in.Body != nil && *in.Body != n.Body {
		u.SetBody(*in.Body)
		changed = append(changed, "body")
	}
	if in.Pinned != nil && *in.Pinned != n.Pinned {
		u.SetPinned(*in.Pinned)
		changed = append(changed, "pinned")
	}
	if len(changed) == 0 {
		return n.ID, nil
	}
	if err := u.Exec(ctx); err != nil {
		return uuid.Nil, err
	}
	return n.ID, auditNote(ctx, tx, "customer_note.change", n, changed)
}

// DeleteNote takes a note away; its row stays, for the record. Faults:
// INVALID_ID, NOT_FOUND; UNAUTHENTICATED, FORBIDDEN.
func (c *Cards) DeleteNote(ctx context.Context, in DeleteCustomerNoteInput) (*scalar.ID, error) {
	if err := need(ctx, "ticket", "write"); err != nil {
		return nil, err
	}
	err := c.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		n, err := holdNote(ctx, tx, in.ID)
		if err != nil {
			return err
		}
		if err := n.Update().AddRevision(1).SetRemovedAt(tx.Now).Exec(ctx); err != nil {
			return err
		}
		return auditNote(ctx, tx, "customer_note.delete", n, nil)
	})
	if err != nil {
		return nil, err
	}
	return &in.ID, nil
}

// holdNote locks a note and reads it; one about the caller is nobody's to him.
func holdNote(ctx context.Context, tx *store.Tx, id scalar.ID) (*ent.CustomerNote, error) {
	key, err := id.As(notePrefix)
	if err != nil {
		return nil, fault.ErrInvalidID.At("input", "id")
	}
	n, err := tx.CustomerNote.Query().Where(customernote.ID(key), customernote.RemovedAtIsNil(), customernote.UserIDNEQ(viewer.From(ctx).UserID), tx.Locking()).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, fault.ErrNotFound.At("input", "id")
	}
	return n, err
}

// auditNote keeps the record with the House, without a word of the text: a
// customer reads what is on record about him, and never what staff noted.
func auditNote(ctx context.Context, tx *store.Tx, action string, n *ent.CustomerNote, changed []string) error {
	changes := map[string]any{"customer": idOf("usr", n.UserID).String()}
	if changed != nil {
		changes["changed"] = strings.Join(changed, " ")
	}
	return tx.Audit(ctx, action, viewer.House, n.GlobalID(), changes)
}

// IsMine says whether the caller wrote a note.
func IsMine(ctx context.Context, n *ent.CustomerNote) bool {
	return n.AuthorID == viewer.From(ctx).UserID
}
