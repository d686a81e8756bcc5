package reward

import (
	"context"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entredemption "kabinet/ent/generated/rewardredemption"
	"kabinet/internal/locale"
	"kabinet/internal/scalar"
)

// Text is one of the texts of a reward (scalar.TextName and the like) in the
// caller's language, nil where there is none.
func Text(ctx context.Context, texts map[string]map[string]string, key string) *string {
	if text := scalar.Pick(texts, key, locale.Match(lang(ctx)), locale.Default); text != "" {
		return &text
	}
	return nil
}

// Name is what a reward is called, in the caller's language.
func Name(ctx context.Context, texts map[string]map[string]string) string {
	if name := Text(ctx, texts, scalar.TextName); name != nil {
		return *name
	}
	return ""
}

// Label says where an exchanged reward stands, in the caller's language.
func Label(ctx context.Context, d *ent.RewardRedemption) string {
	return locale.Text(lang(ctx), "reward.status."+string(d.Status), nil)
}

// Code is what is shown at the till; nil for anybody but the owner, and where
// there is nothing to show it for.
func Code(ctx context.Context, d *ent.RewardRedemption) *string {
	if d.Code == "" || !owns(ctx, d.OwnerID) || d.Kind == entredemption.KindCOUPON || d.Kind == entredemption.KindGIFT {
		return nil
	}
	return &d.Code
}

// Vouchers are the codes of coupons and gifts; none for anybody but the owner.
func Vouchers(ctx context.Context, d *ent.RewardRedemption) []string {
	if d.Vouchers == nil || !owns(ctx, d.OwnerID) {
		return []string{}
	}
	return d.Vouchers
}

// OwnerID is the edge id of whose it is.
func OwnerID(d *ent.RewardRedemption) *scalar.ID {
	if d.UserID != nil && *d.UserID != d.OwnerID {
		return &scalar.ID{Prefix: "com", UUID: d.OwnerID}
	}
	return &scalar.ID{Prefix: "usr", UUID: d.OwnerID}
}

// EntryID is the edge id of an entry of the book.
func EntryID(id *uuid.UUID) *scalar.ID {
	if id == nil {
		return nil
	}
	return &scalar.ID{Prefix: "ent", UUID: *id}
}
