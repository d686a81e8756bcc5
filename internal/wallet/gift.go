package wallet

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"entgo.io/contrib/entgql"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/giftcard"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// Issued are gift cards just issued, with their codes.
type Issued struct {
	Cards    []IssuedCard // none where this is the first answer again
	Count    *int
	Replayed *bool
}

// IssuedCard is one of them.
type IssuedCard struct {
	Code string
	Card *ent.GiftCard
}

const mostCards = 1000 // in one call

// Issue makes gift cards and gives their codes, which are not stored: only what
// proves them is. Staff only; it is put on record. All together are worth no
// more than one member of staff corrects alone. Faults: OUT_OF_RANGE of the
// count, of the amount and of an end in the past, INVALID_VALUE, INVALID_ID, NOT_FOUND, those
// of texts and of store.Tx.Once; UNAUTHENTICATED, FORBIDDEN.
func (s *Wallets) Issue(ctx context.Context, in IssueGiftCardsInput) (Issued, error) {
	if err := staff(ctx, "write"); err != nil {
		return Issued{}, err
	}
	if in.Count < 1 || in.Count > mostCards {
		return Issued{}, fault.ErrOutOfRange.At("input", "count").With("min", 1).With("max", mostCards)
	}
	minor, err := positive(in.Amount, "", "input", "amount")
	if err != nil {
		return Issued{}, err
	}
	if most := s.alone(in.Amount.Currency); minor > most/int64(in.Count) { // all of them together
		return Issued{}, fault.ErrOutOfRange.At("input", "amount").With("max", scalar.Money{Minor: most / int64(in.Count), Currency: in.Amount.Currency}.Amount())
	}
	if in.ExpiresAt != nil && !in.ExpiresAt.After(s.Store.Now()) {
		return Issued{}, fault.ErrOutOfRange.At("input", "expiresAt")
	}
	if in.Note != nil {
		note, err := text(*in.Note, 500, "input", "note")
		if err != nil {
			return Issued{}, err
		}
		in.Note = &note
	}
	input := in
	input.IdempotencyKey, input.DryRun = "", nil
	var cards []IssuedCard
	done, _, err := s.once(ctx, "issueGiftCards", in.IdempotencyKey, in.DryRun, input, func(ctx context.Context, tx *store.Tx) (Done, uuid.UUID, error) {
		var err error
		cards, err = issue(ctx, tx, in, minor)
		return Done{}, uuid.Nil, err
	})
	if err != nil {
		return Issued{}, err
	}
	if *done.Replayed {
		cards = nil
	}
	return Issued{cards, &in.Count, done.Replayed}, nil
}

func issue(ctx context.Context, tx *store.Tx, in IssueGiftCardsInput, minor int64) ([]IssuedCard, error) {
	owner := viewer.House
	var buyer, to *uuid.UUID
	for _, p := range []struct {
		id   *scalar.ID
		at   string
		into **uuid.UUID
	}{{in.BuyerID, "buyerId", &buyer}, {in.RecipientID, "recipientId", &to}} {
		if p.id == nil {
			continue
		}
		id, err := person(ctx, tx, *p.id, "input", p.at)
		if err != nil {
			return nil, err
		}
		owner, *p.into = id, &id
	}
	status := giftcard.StatusACTIVE
	if in.Active != nil && !*in.Active {
		status = giftcard.StatusISSUED
	}
	cards := make([]IssuedCard, in.Count)
	builders := make([]*ent.GiftCardCreate, in.Count)
	for i := range cards {
		code := newCode()
		cards[i].Code = code
		builders[i] = tx.GiftCard.Create().SetOwnerID(owner).SetNillableUserID(viewer.From(ctx).Actor()).SetCodeKey(codeKey(code)).SetHint(code[len(code)-4:]).
			SetStatus(status).SetCurrency(in.Amount.Currency).SetInitialMinor(minor).SetRemainingMinor(minor).SetNillableExpiresAt(in.ExpiresAt).
			SetNillableBuyerID(buyer).SetNillableRecipientID(to).SetNillableNote(in.Note)
	}
	const atOnce = 200
	for at := 0; at < len(builders); at += atOnce {
		rows, err := tx.GiftCard.CreateBulk(builders[at:min(at+atOnce, len(builders))]...).Save(system(ctx))
		if err != nil {
			return nil, err
		}
		for i, g := range rows {
			cards[at+i].Card = g
		}
	}
	return cards, tx.Audit(ctx, "wallet.issue_gift_cards", owner, scalar.ID{}, map[string]any{
		"count": in.Count, "amount": in.Amount.Amount, "currency": in.Amount.Currency, "first": cards[0].Card.GlobalID().String()})
}

// letters are Crockford's: none looks like another.
const letters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// newCode makes a code of 24 letters, 120 random bits, in groups of four: more
// than anybody can try, so a plain hash of it is enough.
func newCode() string {
	var b [24]byte
	_, _ = rand.Read(b[:]) // never fails
	var code strings.Builder
	for i, n := range b {
		if i > 0 && i%4 == 0 {
			code.WriteByte('-')
		}
		code.WriteByte(letters[n&31])
	}
	return code.String()
}

// fold brings what people type into the form that was printed: any case,
// without hyphens and spaces, O as 0, I and L as 1.
var fold = strings.NewReplacer("-", "", " ", "", "O", "0", "I", "1", "L", "1")

// codeKey is what a code is found by.
func codeKey(code string) string {
	sum := sha256.Sum256([]byte(fold.Replace(strings.ToUpper(code))))
	return hex.EncodeToString(sum[:])
}

// Activate makes an issued card redeemable. Staff only; put on record. Faults:
// INVALID_ID, NOT_FOUND, ILLEGAL_TRANSITION; UNAUTHENTICATED, FORBIDDEN.
func (s *Wallets) Activate(ctx context.Context, in ActivateGiftCardInput) (*ent.GiftCard, error) {
	return s.change(ctx, in.GiftCardID, "wallet.activate_gift_card", giftcard.StatusACTIVE, nil)
}

// Void ends a card that is not redeemed. Staff only; put on record. Faults as
// of Activate, and those of texts.
func (s *Wallets) Void(ctx context.Context, in VoidGiftCardInput) (*ent.GiftCard, error) {
	reason, err := text(in.Reason, 500, "input", "reason")
	if err != nil {
		return nil, err
	}
	return s.change(ctx, in.GiftCardID, "wallet.void_gift_card", giftcard.StatusVOID, &reason)
}

func (s *Wallets) change(ctx context.Context, id scalar.ID, act string, to giftcard.Status, reason *string) (*ent.GiftCard, error) {
	if err := staff(ctx, "write"); err != nil {
		return nil, err
	}
	if id.Prefix != "gift" {
		return nil, fault.ErrInvalidID.At("input", "giftCardId")
	}
	var g *ent.GiftCard
	err := s.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		g, err = tx.GiftCard.Query().Where(giftcard.ID(id.UUID), tx.Locking()).Only(system(ctx))
		if ent.IsNotFound(err) {
			return fault.ErrNotFound.At("input", "giftCardId")
		}
		if err != nil {
			return err
		}
		from := g.Status
		if from != giftcard.StatusISSUED && (from != giftcard.StatusACTIVE || to == giftcard.StatusACTIVE) {
			return ErrIllegalTransition.At("input", "giftCardId").With("fromState", string(from)).With("toState", string(to))
		}
		u := tx.GiftCard.UpdateOneID(g.ID).SetStatus(to)
		changes := map[string]any{"from": from, "to": to}
		if to == giftcard.StatusVOID {
			u.SetRemainingMinor(0)
			changes["reason"], changes["remaining"], changes["currency"] = *reason, g.Remaining().Amount(), g.Currency
		}
		owner := g.OwnerID
		if g, err = u.Save(system(ctx)); err != nil {
			return err
		}
		return tx.Audit(ctx, act, owner, g.GlobalID(), changes)
	})
	if err != nil {
		return nil, err
	}
	return g, nil
}

// CardsOf is a page of the cards of an owner, newest first.
func (s *Wallets) CardsOf(ctx context.Context, owner uuid.UUID, page Page) (*ent.GiftCardConnection, error) {
	return pageCards(ctx, s.Store.Client.GiftCard.Query().Where(giftcard.OwnerID(owner)), page)
}

// Cards is a page of all cards, newest first. Staff only. Faults: INVALID_ID;
// UNAUTHENTICATED, FORBIDDEN.
func (s *Wallets) Cards(ctx context.Context, f *GiftCardFilter, page Page) (*ent.GiftCardConnection, error) {
	if err := staff(ctx, "read"); err != nil {
		return nil, err
	}
	q := s.Store.Client.GiftCard.Query()
	if f != nil && f.UserID != nil {
		if f.UserID.Prefix != "usr" {
			return nil, fault.ErrInvalidID.At("filter", "userId")
		}
		q.Where(giftcard.OwnerID(f.UserID.UUID))
	}
	if f != nil && f.Code != nil {
		q.Where(giftcard.CodeKey(codeKey(*f.Code)))
	}
	if f != nil && len(f.Status) > 0 {
		states := make([]giftcard.Status, len(f.Status))
		for i, state := range f.Status {
			states[i] = giftcard.Status(state)
		}
		q.Where(giftcard.StatusIn(states...))
	}
	return pageCards(ctx, q, page)
}

func pageCards(ctx context.Context, q *ent.GiftCardQuery, page Page) (*ent.GiftCardConnection, error) {
	c, err := q.Paginate(ctx, page.After, page.First, page.Before, page.Last,
		ent.WithGiftCardOrder(&ent.GiftCardOrder{Direction: entgql.OrderDirectionDesc, Field: ent.DefaultGiftCardOrder.Field}))
	return c, store.Translate(err)
}
