package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"kabinet/ent/generated/contactpoint"
	"kabinet/ent/generated/membership"
	"kabinet/ent/generated/role"
	"kabinet/ent/generated/session"
	"kabinet/ent/generated/user"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

const (
	staffLogin = "chaos@example.com"
	staffWord  = "correct horse battery staple"
	sku        = "TEA"
)

// person listens and writes.
type person struct {
	id      uuid.UUID
	token   string
	company uuid.UUID // nil: acts for himself alone
}

// streams are what he follows.
func (p person) streams() []uuid.UUID {
	if p.company == uuid.Nil {
		return []uuid.UUID{p.id}
	}
	return []uuid.UUID{p.id, p.company}
}

// acting is what he says of the company he acts for; empty for himself.
func (p person) acting() string {
	if p.company == uuid.Nil {
		return ""
	}
	return scalar.ID{Prefix: "com", UUID: p.company}.String()
}

func (p person) global() string { return scalar.ID{Prefix: "usr", UUID: p.id}.String() }

// house is who is there.
type house struct {
	people []person
	staff  string // the administrator's token
}

// streams are all that anybody follows.
func (h house) streams() []uuid.UUID {
	seen := map[uuid.UUID]bool{}
	var all []uuid.UUID
	for _, p := range h.people {
		for _, id := range p.streams() {
			if !seen[id] {
				seen[id] = true
				all = append(all, id)
			}
		}
	}
	return all
}

// populate writes people, companies and sessions as the system, and something
// to order.
func populate(ctx context.Context, s *store.Store, n int) (h house, err error) {
	err = s.InTx(viewer.AsSystem(ctx, "start"), func(ctx context.Context, tx *store.Tx) error {
		h = house{}
		admin, err := tx.ContactPoint.Query().Where(contactpoint.ValueKey(staffLogin)).Only(ctx)
		if err != nil {
			return fmt.Errorf("the administrator: %w", err)
		}
		if h.staff, err = signIn(ctx, tx, admin.UserID); err != nil {
			return err
		}
		owner, err := tx.Role.Query().Where(role.Name("Owner"), role.AudienceEQ(role.AudienceCOMPANY), role.RetiredAtIsNil()).First(ctx)
		if err != nil {
			return fmt.Errorf("the role of a company's owner: %w", err)
		}
		var company uuid.UUID
		for i := range n {
			u, err := tx.User.Create().SetDisplayName(fmt.Sprintf("Chaos %d", i)).SetStatus(user.StatusACTIVE).Save(ctx)
			if err != nil {
				return err
			}
			p := person{id: u.ID}
			if p.token, err = signIn(ctx, tx, u.ID); err != nil {
				return err
			}
			if i < n/companies {
				if i%inCompany == 0 {
					c, err := tx.Company.Create().SetName(fmt.Sprintf("Company %d", i)).Save(ctx)
					if err != nil {
						return err
					}
					company = c.ID
				}
				p.company = company
				err := tx.Membership.Create().SetUserID(u.ID).SetOwnerID(company).SetKind(membership.KindCOMPANY).SetRoleID(owner.KeyID).Exec(ctx)
				if err != nil {
					return err
				}
			}
			h.people = append(h.people, p)
		}
		return tx.Product.Create().SetSku(sku).SetTitle("Tea").SetPriceMinor(250).SetCurrency("GBP").Exec(ctx)
	})
	return h, err
}

// signIn makes a session that lasts.
func signIn(ctx context.Context, tx *store.Tx, who uuid.UUID) (token string, err error) {
	token = "kab_" + strings.ToLower(rand.Text())
	hash := sha256.Sum256([]byte(token))
	return token, tx.Session.Create().SetUserID(who).SetOwnerID(who).SetKind(session.KindTOKEN).
		SetTokenHash(hash[:]).SetLastUsedAt(tx.Now).SetExpiresAt(tx.Now.Add(24 * time.Hour)).Exec(ctx)
}
