package main

import (
	"context"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/bonusprogram"
	"kabinet/ent/generated/ledgeraccount"
	"kabinet/internal/account"
	"kabinet/internal/bonus"
	"kabinet/internal/ledger"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// bonusAccount makes an owner's account in a programme, the default one for
// nil, at first need: a tier may be reached before a point was earned.
func (k *kabinet) bonusAccount(ctx context.Context, tx *store.Tx, owner uuid.UUID, program *uuid.UUID) (uuid.UUID, error) {
	q := tx.BonusProgram.Query().Where(bonusprogram.RetiredAtIsNil())
	if program == nil {
		q.Where(bonusprogram.IsDefault(true))
	} else {
		q.Where(bonusprogram.KeyID(*program))
	}
	p, err := q.Only(ctx)
	if ent.IsNotFound(err) {
		err = bonus.ErrProgramNotFound
	}
	if err != nil {
		return uuid.Nil, err
	}
	b, err := k.points.Books().Open(ctx, tx, ledger.Key{Owner: owner, Unit: p.Unit, Kind: ledgeraccount.KindBONUS, Program: &p.KeyID}, viewer.From(ctx).Actor())
	if err != nil {
		return uuid.Nil, err
	}
	return b.Account().ID, b.Close(ctx)
}

// familyCards are the balances of a family's shared card, for a member, who
// need not act for the family to see them.
func (k *kabinet) familyCards(ctx context.Context, family uuid.UUID) ([]*account.FamilyCard, error) {
	ctx = viewer.AsSystem(ctx, "family.cards")
	rows, err := k.store.Client.LedgerAccount.Query().
		Where(ledgeraccount.OwnerID(family), ledgeraccount.KindEQ(ledgeraccount.KindBONUS)).Order(ledgeraccount.ByID()).Limit(100).All(ctx)
	if err != nil {
		return nil, store.Translate(err)
	}
	cards := make([]*account.FamilyCard, 0, len(rows))
	for _, row := range rows {
		a, err := k.points.Settled(ctx, row)
		if err != nil {
			return nil, err
		}
		p, err := k.points.ProgramOf(ctx, a)
		if err != nil {
			return nil, err
		}
		cards = append(cards, &account.FamilyCard{
			AccountID: a.GlobalID(), ProgramID: p.GlobalID(), ProgramName: bonus.ProgramText(ctx, p, "name"),
			Balance: a.Balance(), Available: a.Available(), Pending: a.Pending,
		})
	}
	return cards, nil
}

// earnTo is whose card an order earns into: a person may have chosen that of
// his family for his own orders.
func (k *kabinet) earnTo(ctx context.Context, tx *store.Tx, owner uuid.UUID, user *uuid.UUID) (uuid.UUID, error) {
	if user == nil || owner != *user {
		return owner, nil
	}
	return k.people.EarnOwner(ctx, tx, owner)
}
