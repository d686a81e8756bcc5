package referral

import (
	"context"
	"net/url"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/referralcode"
	"kabinet/internal/store"
)

// guesses is how often a person may give a code that nobody has.
var guesses = store.Limit{Name: "referral.code", Free: 10, Forget: time.Hour, Window: true}

// CreateLink gives the caller a link, the same one each time.
//
// Faults: UNAUTHENTICATED.
func (r *Referrals) CreateLink(ctx context.Context) (*ReferralLink, error) {
	me, err := person(ctx)
	if err != nil {
		return nil, err
	}
	err = r.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		for range 8 { // a code that somebody has is made anew
			code := newCode()
			n, err := tx.Exec(ctx, `INSERT INTO referral_codes (id, created_at, updated_at, user_id, code, code_key) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
				uuid.Must(uuid.NewV7()), tx.Now, tx.Now, me, code, fold(code))
			if err != nil || n > 0 {
				return err
			}
			there, err := tx.ReferralCode.Query().Where(referralcode.UserID(me)).Exist(ctx)
			if err != nil || there {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return r.Link(ctx, me)
}

// Link is a person's link; nil where there is none.
func (r *Referrals) Link(ctx context.Context, user uuid.UUID) (*ReferralLink, error) {
	c, err := r.Store.Client.ReferralCode.Query().Where(referralcode.UserID(user)).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, store.Translate(err)
	}
	return &ReferralLink{Code: c.Code, URL: r.address(c.Code), CreatedAt: c.CreatedAt}, nil
}

// address is the front end's with the code, which it passes to register.
func (r *Referrals) address(code string) string {
	u := url.URL{Path: "/"}
	if r.Public != nil {
		u = *r.Public.JoinPath("/")
	}
	u.RawQuery = url.Values{"ref": {code}}.Encode()
	return u.String()
}
