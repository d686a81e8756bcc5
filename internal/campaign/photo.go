package campaign

import (
	"context"
	"encoding/base64"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entcampaign "kabinet/ent/generated/campaign"
	"kabinet/ent/generated/campaignphoto"
	"kabinet/internal/fault"
	"kabinet/internal/picture"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// photoColumns are all but the bytes.
var photoColumns = []string{
	campaignphoto.FieldID, campaignphoto.FieldCreatedAt, campaignphoto.FieldUpdatedAt, campaignphoto.FieldOwnerID, campaignphoto.FieldUserID, campaignphoto.FieldCampaignID,
	campaignphoto.FieldEntryID, campaignphoto.FieldIsReady, campaignphoto.FieldContentType, campaignphoto.FieldSize, campaignphoto.FieldWidth, campaignphoto.FieldHeight,
}

// Bounds of photos that are not entered yet.
const (
	maxLoose  = 20             // of one person
	looseLife = 24 * time.Hour // then they are deleted
)

// Upload takes a part of a photo; with the last one it becomes a picture. A
// part that came already changes nothing. Faults: UNAUTHENTICATED, INVALID_ID,
// NOT_FOUND, CAMPAIGN_CLOSED, INVALID_VALUE, TOO_LONG, OUT_OF_RANGE of an
// offset that leaves a hole, TOO_MANY_ITEMS, PHOTO_INVALID.
func (s *Campaigns) Upload(ctx context.Context, in UploadCampaignPhotoInput) (*ent.CampaignPhoto, error) {
	me := viewer.From(ctx).UserID
	if me == uuid.Nil {
		return nil, fault.ErrUnauthenticated
	}
	campaign, err := keyOf(in.CampaignID, "cmp", "input", "campaignId")
	if err != nil {
		return nil, err
	}
	part, err := base64.StdEncoding.DecodeString(in.Data)
	switch {
	case err != nil:
		return nil, fault.ErrInvalidValue.At("input", "data")
	case len(part) > maxPart:
		return nil, fault.ErrTooLong.At("input", "data").With("limit", maxPart)
	case in.Offset < 0 || in.Offset+len(part) > maxPhoto:
		return nil, fault.ErrOutOfRange.At("input", "offset").With("min", 0).With("max", maxPhoto)
	}
	id := uuid.Must(uuid.NewV7())
	if in.PhotoID != nil {
		if id, err = keyOf(*in.PhotoID, "cph", "input", "photoId"); err != nil {
			return nil, err
		}
	}
	raw, err := s.append(ctx, me, campaign, id, in, part)
	if err != nil {
		return nil, err
	}
	if in.Last && raw != nil {
		p, err := readPicture(raw)
		if err != nil {
			return nil, under(err, "input", "data")
		}
		if err := s.keep(ctx, id, len(raw), p); err != nil {
			return nil, err
		}
	}
	return s.photo(ctx, id)
}

// append adds a part to a photo and gives all of its bytes so far, nil where it
// is a picture already.
func (s *Campaigns) append(ctx context.Context, me, campaign, id uuid.UUID, in UploadCampaignPhotoInput, part []byte) (raw []byte, err error) {
	err = s.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		if in.PhotoID == nil {
			raw = part
			return s.begin(ctx, tx, me, campaign, id, in.Offset, part)
		}
		p, err := tx.CampaignPhoto.Query().Where(campaignphoto.ID(id), campaignphoto.CampaignID(campaign), campaignphoto.EntryIDIsNil(), tx.Locking()).Only(ctx)
		if ent.IsNotFound(err) {
			return fault.ErrNotFound.At("input", "photoId")
		}
		if err != nil || p.IsReady {
			return err
		}
		raw = p.Content
		switch {
		case in.Offset > p.Size:
			return fault.ErrOutOfRange.At("input", "offset").With("min", 0).With("max", p.Size)
		case in.Offset < p.Size: // it came already
			return nil
		}
		raw = append(raw[:len(raw):len(raw)], part...)
		return tx.CampaignPhoto.UpdateOneID(id).SetContent(raw).SetSize(len(raw)).Exec(ctx)
	})
	return raw, err
}

func (s *Campaigns) begin(ctx context.Context, tx *store.Tx, me, campaign, id uuid.UUID, offset int, part []byte) error {
	if offset != 0 {
		return fault.ErrOutOfRange.At("input", "offset").With("min", 0).With("max", 0)
	}
	c, err := tx.Campaign.Get(sys(ctx), campaign)
	if ent.IsNotFound(err) || err == nil && c.Status == entcampaign.StatusDRAFT {
		return fault.ErrNotFound.At("input", "campaignId")
	}
	if err != nil {
		return err
	}
	if err := openFor(c, tx.Now); err != nil {
		return under(err, "input", "campaignId")
	}
	if c.Rules.MaxPhotos == 0 {
		return fault.ErrInvalidValue.At("input", "campaignId")
	}
	ok, err := (&crowd{who: me}).admits(ctx, s, tx, c)
	if err != nil {
		return err
	}
	if !ok {
		return fault.ErrNotFound.At("input", "campaignId")
	}
	loose, err := tx.CampaignPhoto.Query().Where(campaignphoto.OwnerID(me), campaignphoto.EntryIDIsNil()).Count(ctx)
	if err != nil {
		return err
	}
	if loose >= maxLoose {
		return ErrTooManyItems.At("input", "campaignId").With("limit", maxLoose)
	}
	return tx.CampaignPhoto.Create().SetID(id).SetOwnerID(me).SetUserID(me).SetCampaignID(campaign).SetContent(part).SetSize(len(part)).Exec(ctx)
}

// keep replaces what was sent by the picture made of it, unless more came.
func (s *Campaigns) keep(ctx context.Context, id uuid.UUID, sent int, p *picture.Picture) error {
	return s.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.CampaignPhoto.Update().Where(campaignphoto.ID(id), campaignphoto.IsReady(false), campaignphoto.Size(sent)).
			SetContent(p.Content).SetSize(len(p.Content)).SetContentType(p.Type).SetWidth(p.Width).SetHeight(p.Height).SetIsReady(true).Save(ctx)
		return err
	})
}

func (s *Campaigns) photo(ctx context.Context, id uuid.UUID) (*ent.CampaignPhoto, error) {
	p, err := s.Store.Client.CampaignPhoto.Query().Where(campaignphoto.ID(id)).Select(photoColumns...).Only(ctx)
	return p, store.Translate(err)
}

// Photo gives one of the caller's photos, or any to staff. Faults: INVALID_ID, NOT_FOUND.
func (s *Campaigns) Photo(ctx context.Context, id scalar.ID) (*ent.CampaignPhoto, error) {
	key, err := keyOf(id, "cph", "id")
	if err != nil {
		return nil, err
	}
	return s.photo(ctx, key)
}

// PhotoData is the picture in base64, past nobody's fence; nil until it is ready.
func (s *Campaigns) PhotoData(ctx context.Context, p *ent.CampaignPhoto) (*string, error) {
	if !p.IsReady {
		return nil, nil
	}
	row, err := s.Store.Client.CampaignPhoto.Query().Where(campaignphoto.ID(p.ID)).Select(campaignphoto.FieldContent).Only(ctx)
	if err != nil {
		return nil, store.Translate(err)
	}
	text := base64.StdEncoding.EncodeToString(row.Content)
	return &text, nil
}

// ForgetPhotos deletes photos that nobody entered within a day. It is called by
// the clock.
func (s *Campaigns) ForgetPhotos(ctx context.Context) error {
	return s.Store.Sweep(ctx, "campaign_photos", "id", `entry_id IS NULL AND created_at < ?`, s.Store.Now().Add(-looseLife))
}
