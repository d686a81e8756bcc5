package post

import (
	"context"
	"crypto/hmac"
	"encoding/base32"
	"slices"
	"strings"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/ticket"
	"kabinet/ent/generated/ticketparticipant"
	"kabinet/internal/store"
	"kabinet/internal/support"
	"kabinet/internal/viewer"
)

// A signed address names a ticket and a person: support+t261121-4f7k2q-<mac>@…
// Whoever has it and writes from an address of that person is that person; to
// everybody else it is worth a note for staff. All of it is ASCII in lower case,
// for relays fold what stands before the @, of which there is room for 64.

// macBytes are so many that nobody guesses them: 96 bits, 20 characters.
const macBytes = 12

var alphabet = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// person is who a signed address is for: an account, or an address without one.
type person string

func ofUser(id uuid.UUID) person { return person("usr:" + id.String()) }
func ofMail(key string) person   { return person("mail:" + key) }

func (p *Post) mac(t uuid.UUID, of person) string {
	return alphabet.EncodeToString(p.Sealer.MAC(t.String()+"\x00"+string(of), "letter/reply")[:macBytes])
}

// address is the signed address of a person in a ticket.
func (p *Post) address(t *ent.Ticket, of person) string {
	local, domain, _ := strings.Cut(p.Address, "@")
	return local + "+" + strings.ToLower(t.Number) + "-" + p.mac(t.ID, of) + "@" + domain
}

// names says whether an address was given to a person in a ticket, by any of
// the keys.
func (p *Post) names(mac []byte, t uuid.UUID, of person) bool {
	found := false
	for _, kept := range p.Sealer.MACs(t.String()+"\x00"+string(of), "letter/reply") {
		found = hmac.Equal(kept[:macBytes], mac) || found
	}
	return found
}

// Ours says whether letters to an address are for us: where people write, with
// or without something behind a +.
func (p *Post) Ours(address string) bool {
	_, ok := p.behind(address)
	return ok
}

// behind is what stands behind the + of an address of ours.
func (p *Post) behind(address string) (string, bool) {
	if p.Address == "" || strings.Count(address, "@") != 1 {
		return "", false
	}
	address = strings.ToLower(strings.TrimSpace(address))
	local, domain, _ := strings.Cut(address, "@")
	ours, at, _ := strings.Cut(p.Address, "@")
	base, behind, _ := strings.Cut(local, "+")
	return behind, base == ours && strings.TrimSuffix(domain, ".") == at
}

// token reads what stands behind a +: the number of a ticket, and a signature.
func token(behind string) (number string, mac []byte, ok bool) {
	at := strings.LastIndexByte(behind, '-')
	if at < 1 || len(behind) > 60 {
		return "", nil, false
	}
	mac, err := alphabet.DecodeString(behind[at+1:])
	return strings.ToUpper(behind[:at]), mac, err == nil && len(mac) == macBytes
}

// signed is a ticket that a letter was addressed to by a signature of ours.
type signed struct {
	ticket *ent.Ticket
	mac    []byte
	his    bool // the signature names the writer
}

// signedFor finds the ticket that one of the addresses names. A signature that
// names nobody of the ticket is none: whoever guesses learns nothing.
func (p *Post) signedFor(ctx context.Context, tx *store.Tx, to []string, w writer) (found signed, err error) {
	for _, address := range to {
		behind, _ := p.behind(address)
		number, mac, ok := token(behind)
		if !ok {
			continue
		}
		t, err := tx.Ticket.Query().Where(ticket.Number(number)).Only(ctx)
		if ent.IsNotFound(err) {
			continue
		}
		if err != nil {
			return found, err
		}
		his := w.key != "" && p.names(mac, t.ID, ofMail(w.key)) || w.user != nil && p.names(mac, t.ID, ofUser(*w.user))
		if his {
			return signed{t, mac, true}, nil
		}
		if found.ticket != nil {
			continue
		}
		of, err := p.named(ctx, tx, t, mac)
		if err != nil {
			return found, err
		}
		if of != "" {
			found = signed{t, mac, false}
		}
	}
	return found, nil
}

// named is whom of a ticket a signature names; empty for nobody.
func (p *Post) named(ctx context.Context, tx *store.Tx, t *ent.Ticket, mac []byte) (person, error) {
	const most = 200
	part, err := tx.TicketParticipant.Query().Where(ticketparticipant.TicketID(t.ID)).Limit(most).All(ctx)
	if err != nil {
		return "", err
	}
	var all []person
	if t.ContactEmail != nil {
		all = append(all, ofMail(*t.ContactEmail))
	}
	if t.UserID != nil {
		all = append(all, ofUser(*t.UserID))
	}
	for _, x := range part {
		all = append(all, ofUser(x.UserID))
	}
	for _, of := range all {
		if p.names(mac, t.ID, of) {
			return of, nil
		}
	}
	return "", nil
}

// ReplyAddress is where the caller can write to by mail so that his letter
// joins a ticket; nil to who may not write, to staff, and where no mail is
// taken in. It reads no table.
func (p *Post) ReplyAddress(ctx context.Context, t *ent.Ticket) *string {
	v := viewer.From(ctx)
	if p.Address == "" || !v.SignedIn() || v.ActingStaff != uuid.Nil || v.Represents {
		return nil
	}
	mine := t.OwnerID == v.UserID || t.OwnerID == v.OwnerID || t.UserID != nil && *t.UserID == v.UserID
	if v.Staff && !mine && v.Reach("ticket", "read") == viewer.ReachAll {
		return nil
	}
	if !slices.Contains(support.Actions(v, t), support.TicketActionReply) {
		return nil
	}
	address := p.address(t, ofUser(v.UserID))
	return &address
}
