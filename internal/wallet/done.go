package wallet

import (
	"context"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/ledgeraccount"
	"kabinet/ent/generated/ledgerentry"
	"kabinet/internal/fault"
	"kabinet/internal/ledger"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// Done is what a verb that moves money gives: all nil when it was refused.
type Done struct {
	Wallet   *WalletAccount
	Entry    *WalletEntry
	Replayed *bool
}

// kept is what an idempotency key remembers: ids alone, read again later.
type kept struct {
	Wallet uuid.UUID `json:"wallet,omitzero"`
	Entry  uuid.UUID `json:"entry,omitzero"`
	Object uuid.UUID `json:"object,omitzero"` // of the verb: a transfer, a card …
}

// once runs a verb once per idempotency key, of which input is all that it
// stands for. The first time move makes Done inside the transaction; later it
// is read again. object is what move kept beside wallet and entry.
func (s *Wallets) once(ctx context.Context, operation, key string, dry *bool, input any, move func(ctx context.Context, tx *store.Tx) (Done, uuid.UUID, error)) (done Done, object uuid.UUID, err error) {
	var k kept
	var replayed bool
	err = s.Store.InDryTx(ctx, isDry(dry), func(ctx context.Context, tx *store.Tx) (err error) {
		done, k = Done{}, kept{}
		replayed, err = tx.Once(ctx, operation, key, input, &k, func() error {
			var err error
			if done, k.Object, err = move(ctx, tx); err != nil {
				return keyUsedUp(err)
			}
			if done.Wallet != nil {
				k.Wallet = done.Wallet.ID
			}
			if done.Entry != nil {
				k.Entry = done.Entry.ID
			}
			return nil
		})
		return err
	})
	if err != nil {
		return Done{}, uuid.Nil, err
	}
	if replayed {
		if done, err = s.again(ctx, k); err != nil {
			return Done{}, uuid.Nil, err
		}
	}
	done.Replayed = &replayed
	return done, k.Object, nil
}

// again reads what a key remembers: the entry as it was made, the wallet as it
// is now.
func (s *Wallets) again(ctx context.Context, k kept) (done Done, err error) {
	if k.Wallet != uuid.Nil {
		a, err := s.Store.Client.LedgerAccount.Query().Where(ledgeraccount.ID(k.Wallet)).Only(system(ctx))
		if err != nil {
			return Done{}, store.Translate(err)
		}
		done.Wallet = ViewAccount(a)
	}
	if k.Entry != uuid.Nil {
		e, err := s.Store.Client.LedgerEntry.Query().Where(ledgerentry.ID(k.Entry)).Only(system(ctx))
		if err != nil {
			return Done{}, store.Translate(err)
		}
		done.Entry = ViewEntry(e)
	}
	return done, nil
}

// closed ends a book and gives the wallet as it then stands, and the entry.
func closed(ctx context.Context, tx *store.Tx, b *ledger.Book, e *ent.LedgerEntry) (Done, error) {
	if err := b.Close(ctx); err != nil {
		return Done{}, err
	}
	a, err := tx.LedgerAccount.Query().Where(ledgeraccount.ID(b.Account().ID)).Only(system(ctx))
	if err != nil {
		return Done{}, err
	}
	done := Done{Wallet: ViewAccount(a)}
	if e != nil {
		done.Entry = ViewEntry(e)
	}
	return done, nil
}

// cause is that of an entry that somebody asked for under a key.
func cause(ctx context.Context, key string) string {
	who := "system"
	if actor := viewer.From(ctx).Actor(); actor != nil {
		who = actor.String()
	}
	return "mutation:" + who + ":" + key
}

// keyUsedUp: the ledger knows every key for ever, also when the row that kept
// its first answer is long deleted.
func keyUsedUp(err error) error {
	if _, known := fault.As(err); !known && store.IsUnique(err) {
		return fault.ErrIdempotencyKeyReused.At("input", "idempotencyKey").Because(err)
	}
	return err
}
