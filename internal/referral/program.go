package referral

import (
	"context"

	"github.com/google/uuid"

	"kabinet/internal/locale"
	"kabinet/internal/scalar"
	"kabinet/internal/viewer"
)

// ReferralProgram are the terms on which customers bring friends: the setting
// referral/program, a version each time it is saved.
type ReferralProgram struct {
	Revision       int                          `json:"revision"`
	IsActive       bool                         `json:"isActive"`
	Texts          map[string]map[string]string `json:"texts"`
	Program        *uuid.UUID                   `json:"program,omitempty"` // key_id; nil: the default one
	AdvocatePoints int64                        `json:"advocatePoints"`
	FriendPoints   int64                        `json:"friendPoints"`
	MinimumMinor   int64                        `json:"minimumMinor,omitempty"`
	Currency       string                       `json:"currency,omitempty"` // of MinimumMinor
	CapCount       *int                         `json:"capCount,omitempty"`
	CapDays        int                          `json:"capDays"`
	WindowDays     int                          `json:"windowDays"`
	ClaimDays      int                          `json:"claimDays"`
	ReturnDays     int                          `json:"returnDays"`
}

// Name is its name, in the caller's language.
func (p *ReferralProgram) Name(ctx context.Context) string {
	return scalar.Pick(p.Texts, scalar.TextName, languages(ctx)...)
}

// Description is what it is about, in the caller's language.
func (p *ReferralProgram) Description(ctx context.Context) *string {
	return p.text(ctx, scalar.TextDescription)
}

// Terms are its terms, in the caller's language.
func (p *ReferralProgram) Terms(ctx context.Context) *string { return p.text(ctx, scalar.TextTerms) }

func (p *ReferralProgram) text(ctx context.Context, key string) *string {
	if text := scalar.Pick(p.Texts, key, languages(ctx)...); text != "" {
		return &text
	}
	return nil
}

func languages(ctx context.Context) []string {
	return []string{locale.Match(viewer.From(ctx).Locale), locale.Default}
}

// ProgramID is the edge id of the programme of the points.
func (p *ReferralProgram) ProgramID() *scalar.ID {
	if p.Program == nil {
		return nil
	}
	return &scalar.ID{Prefix: "prog", UUID: *p.Program}
}

// MinimumOrder is what the friend's first order must come to.
func (p *ReferralProgram) MinimumOrder() *scalar.Money {
	if p.MinimumMinor == 0 {
		return nil
	}
	return &scalar.Money{Minor: p.MinimumMinor, Currency: p.Currency}
}

// Translations are its texts in each language.
func (p *ReferralProgram) Translations() []*scalar.Translation {
	all := scalar.Translations(p.Texts)
	out := make([]*scalar.Translation, len(all))
	for i := range all {
		out[i] = &all[i]
	}
	return out
}
