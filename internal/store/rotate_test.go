package store_test

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"kabinet/ent/generated/identity"
	entuser "kabinet/ent/generated/user"
	"kabinet/internal/fault"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
)

func sealers(t *testing.T) (before, both, after *store.Sealer) {
	t.Helper()
	older, newer := bytes.Repeat([]byte("0123456789abcdef"), 2), bytes.Repeat([]byte("fedcba9876543210"), 2)
	make := func(secret []byte, older ...[]byte) *store.Sealer {
		s, err := store.NewSealer(secret, older...)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	return make(older), make(newer, older), make(newer)
}

// What is under way goes on while a new key stands before the old one.
func TestRotateChallenges(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		before, both, after := sealers(t)
		ctx := context.Background()
		made := func(s *store.Sealer) (c store.Challenge) {
			if err := db.InTx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
				c, err = tx.MakeChallenge(ctx, s, store.NewChallenge{Purpose: "p", Secret: "123456", Data: "kept", Tries: 5, Life: time.Hour})
				return err
			}); err != nil {
				t.Fatal(err)
			}
			return c
		}
		use := func(s *store.Sealer, c store.Challenge) (kept string, err error) {
			right, err := db.TryChallenge(ctx, s, c.ID, "p", "123456")
			if err != nil || !right {
				return "", errors.Join(fault.ErrNotFound, err)
			}
			wrong, err := db.TryChallenge(ctx, s, c.ID, "p", "654321")
			if err != nil || wrong {
				t.Errorf("a wrong code: %v", err)
			}
			err = db.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
				used, err := tx.UseChallenge(ctx, s, c.ID, "p", "123456")
				if err != nil {
					return err
				}
				return used.Read(&kept)
			})
			return kept, err
		}
		old, lost := made(before), made(before)
		if n, until, err := db.ChallengesBefore(ctx, both); n != 2 || !until.Equal(lost.ExpiresAt) || err != nil {
			t.Errorf("%d until %v: %v", n, until, err)
		}
		if kept, err := use(both, old); kept != "kept" || err != nil {
			t.Errorf("made by the old key: %q %v", kept, err)
		}
		if kept, err := use(after, made(both)); kept != "kept" || err != nil {
			t.Errorf("made by the new key: %q %v", kept, err)
		}
		if _, err := use(after, lost); !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("without the old key: %v", err)
		}
	})
}

// What is kept is sealed anew, once; what nobody opens is left as it is.
func TestReseal(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		before, both, after := sealers(t)
		place := func(id uuid.UUID) string { return "identity/totp/" + id.String() }
		stranger, _ := store.NewSealer(bytes.Repeat([]byte("a stranger's key"), 2))
		var people []uuid.UUID
		if err := db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
			for _, s := range []*store.Sealer{before, both, stranger} {
				u, err := tx.User.Create().SetDisplayName("Anna").SetStatus(entuser.StatusACTIVE).Save(ctx)
				if err != nil {
					return err
				}
				people = append(people, u.ID)
				err = tx.Identity.Create().SetUserID(u.ID).SetKind(identity.KindTOTP).SetSubject(u.ID.String()).SetSecret(s.Seal([]byte("secret"), place(u.ID))).Exec(ctx)
				if err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		what := store.Sealed{Table: "identities", Column: "secret", Where: `kind = 'TOTP'`, PlaceColumn: "user_id", Place: place}
		for round, want := range []int{1, 0} {
			if anew, lost, err := db.Reseal(storetest.System(), both, what); anew != want || lost != 1 || err != nil {
				t.Errorf("round %d: %d anew, %d lost: %v", round, anew, lost, err)
			}
		}
		for i, id := range people[:2] {
			row, err := db.Client.Identity.Query().Where(identity.UserID(id)).Select(identity.FieldSecret).Only(storetest.System())
			if err != nil {
				t.Fatal(err)
			}
			if plain, err := after.Open(row.Secret, place(id)); string(plain) != "secret" || err != nil {
				t.Errorf("person %d: %q %v", i, plain, err)
			}
		}
	})
}
