package document

import (
	"bytes"
	"context"
	"errors"
	"io"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entdocument "kabinet/ent/generated/document"
	"kabinet/ent/generated/user"
	"kabinet/internal/event"
	"kabinet/internal/fault"
	"kabinet/internal/picture"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// Bounds of a person's picture.
const (
	avatarPixels = 40_000_000
	avatarSide   = 512
	avatarKept   = 1 << 20 // bytes
)

// AvatarOf is a person's picture, or one drawn from the initials; it reads no
// table, so that lists of people can show it.
func (s *Documents) AvatarOf(u *ent.User) *Avatar {
	a := &Avatar{Initials: initials(u.GivenName, u.FamilyName, u.DisplayName), Color: colorOf(u.ID)}
	if u.AvatarID != nil {
		a.URL, a.Width, a.Height = s.address("avatars", pictureKey(*u.AvatarID)), u.AvatarWidth, u.AvatarHeight
		return a
	}
	a.URL, a.Generated, a.Width, a.Height = drawn(a.Initials, a.Color), true, drawnSide, drawnSide
	return a
}

// receiveAvatar makes the picture that was sent the person's.
func (s *Documents) receiveAvatar(ctx context.Context, d *ent.Document, b *Bytes, body io.Reader) (*Received, error) {
	raw, err := io.ReadAll(body)
	if err != nil {
		return nil, err
	}
	if len(raw) == 0 {
		return nil, ErrFileEmpty
	}
	if kind := mimeOf(raw[:min(len(raw), sniffed)]); !allowed(kind, pictures) {
		return nil, ErrFileTypeRefused.With("mime", kind)
	}
	p, err := picture.Read(raw, picture.Bounds{Types: pictures, Bytes: avatarBytes, Pixels: avatarPixels, Shrink: avatarSide, Keep: avatarKept})
	switch {
	case errors.Is(err, picture.ErrTooLarge):
		return nil, ErrPictureTooLarge.With("limit", avatarPixels)
	case err != nil:
		return nil, ErrPictureInvalid.Because(err)
	}
	b.mime = p.Type
	if err := s.write(ctx, b, bytes.NewReader(p.Content)); err != nil {
		return nil, err
	}
	u, err := s.wear(ctx, d, b, p)
	if err != nil {
		return nil, err
	}
	return &Received{Avatar: s.AvatarOf(u)}, nil
}

// wear makes a picture the person's in place of the former.
func (s *Documents) wear(ctx context.Context, d *ent.Document, b *Bytes, p *picture.Picture) (u *ent.User, err error) {
	err = s.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		if err := tx.Lock(ctx, "users", "id", d.OwnerID); err != nil {
			return err
		}
		n, err := tx.Document.Update().Where(entdocument.ID(d.ID), entdocument.StatusEQ(entdocument.StatusPENDING), entdocument.BlobKey(b.key)).
			SetStatus(entdocument.StatusREADY).SetTitle(named(d.Title, b.mime)).SetMime(b.mime).SetSize(b.size).SetSha256(b.sha256).ClearExpiresAt().Save(ctx)
		if err != nil {
			return err
		}
		if n == 0 { // given up meanwhile
			return fault.ErrNotFound
		}
		if err := forgetOthers(ctx, tx, d); err != nil {
			return err
		}
		u, err = tx.User.UpdateOneID(d.OwnerID).SetAvatarID(d.ID).SetAvatarWidth(p.Width).SetAvatarHeight(p.Height).AddRevision(1).Save(ctx)
		if err != nil {
			return err
		}
		tx.Tell(event.ProfileUpdated{UserID: d.OwnerID, Changed: []string{"avatar"}}, store.ToUser(d.OwnerID))
		return tx.Audit(ctx, "account.avatar", d.OwnerID, u.GlobalID(), map[string]any{"mime": b.mime})
	})
	if err != nil {
		return nil, err
	}
	return u.Unwrap(), nil
}

// forgetOthers deletes the pictures of a person that are not this one.
func forgetOthers(ctx context.Context, tx *store.Tx, d *ent.Document) error {
	gone, err := tx.Document.Query().Where(entdocument.OwnerID(d.OwnerID), entdocument.KindEQ(entdocument.KindAVATAR),
		entdocument.StatusEQ(entdocument.StatusREADY), entdocument.IDNEQ(d.ID)).All(ctx)
	if err != nil || len(gone) == 0 {
		return err
	}
	ids := make([]uuid.UUID, len(gone))
	for i, old := range gone {
		ids[i] = old.ID
	}
	if _, err := tx.Document.Delete().Where(entdocument.IDIn(ids...)).Exec(ctx); err != nil {
		return err
	}
	return drop(ctx, tx, gone...)
}

// RemoveAvatar deletes the caller's picture; initials are drawn in its place.
// Without one nothing changes. Faults: UNAUTHENTICATED.
func (s *Documents) RemoveAvatar(ctx context.Context) (u *ent.User, err error) {
	v := viewer.From(ctx)
	if !v.SignedIn() {
		return nil, fault.ErrUnauthenticated
	}
	err = s.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		if err := tx.Lock(ctx, "users", "id", v.UserID); err != nil {
			return err
		}
		n, err := tx.User.Update().Where(user.ID(v.UserID), user.AvatarIDNotNil()).ClearAvatarID().SetAvatarWidth(0).SetAvatarHeight(0).AddRevision(1).Save(ctx)
		if err != nil || n == 0 {
			return err
		}
		if err := forgetOthers(ctx, tx, &ent.Document{OwnerID: v.UserID}); err != nil {
			return err
		}
		tx.Tell(event.ProfileUpdated{UserID: v.UserID, Changed: []string{"avatar"}}, store.ToUser(v.UserID))
		return tx.Audit(ctx, "account.avatar_removed", v.UserID, (&ent.User{ID: v.UserID}).GlobalID(), nil)
	})
	if err != nil {
		return nil, err
	}
	u, err = s.Store.Client.User.Query().Where(user.ID(v.UserID)).Only(ctx)
	return u, store.Translate(err)
}
