package privacy_test

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"kabinet/ent/generated/contactpoint"
	"kabinet/ent/generated/document"
	"kabinet/ent/generated/user"
	"kabinet/internal/account/desk"
	"kabinet/internal/bonus"
	"kabinet/internal/fault"
	"kabinet/internal/privacy"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
)

// world is the domain with what server.go ties to it: the bonus domain itself,
// and plain stand-ins for letters, codes and files.
type world struct {
	*privacy.Privacy
	t      *testing.T
	db     *storetest.DB
	points *bonus.Points

	mu    sync.Mutex
	news  []string // change of person
	files map[uuid.UUID][]byte
	codes map[uuid.UUID]uuid.UUID // challenge -> person
	why   map[uuid.UUID]string    // challenge -> reason
}

const theCode = "123456"

func open(t *testing.T, db *storetest.DB) *world {
	w := &world{t: t, db: db, points: &bonus.Points{Store: db.Store}, files: map[uuid.UUID][]byte{}, codes: map[uuid.UUID]uuid.UUID{}, why: map[uuid.UUID]string{}}
	if err := w.points.EnsureDefaultProgram(storetest.System()); err != nil {
		t.Fatal(err)
	}
	w.Privacy = &privacy.Privacy{
		Store: db.Store, Delay: 14 * 24 * time.Hour, Forfeit: w.points.Forfeit, MayGo: (&desk.Desk{Store: db.Store}).MayGo,
		Ask: func(ctx context.Context, tx *store.Tx, user uuid.UUID, _, reason string) (*privacy.Asked, error) {
			n, err := tx.ContactPoint.Query().Where(contactpoint.UserID(user), contactpoint.VerifiedAtNotNil()).Count(storetest.System())
			if err != nil || n == 0 {
				return nil, err
			}
			id := uuid.Must(uuid.NewV7())
			w.codes[id], w.why[id] = user, reason
			return &privacy.Asked{ID: scalar.ID{Prefix: "chl", UUID: id}, Kind: "EMAIL_CODE"}, nil
		},
		Try: func(_ context.Context, id scalar.ID, _, code string) (uuid.UUID, error) {
			if w.codes[id.UUID] == uuid.Nil || code != theCode {
				return uuid.Nil, fault.New(fault.Refused, "INVALID_CODE").At("input", "code")
			}
			return id.UUID, nil
		},
		Use: func(_ context.Context, _ *store.Tx, id uuid.UUID, _, _ string) (uuid.UUID, string, error) {
			return w.codes[id], w.why[id], nil
		},
		News: func(ctx context.Context, tx *store.Tx, user uuid.UUID, change string, subject scalar.ID, details map[string]any) error {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.news = append(w.news, change)
			return tx.Audit(ctx, "account."+change, user, subject, details)
		},
		End: func(ctx context.Context, tx *store.Tx, user uuid.UUID) error {
			_, err := tx.Exec(ctx, `UPDATE sessions SET revoked_at = ? WHERE user_id = ?`, tx.Now, user)
			return err
		},
		Write: func(_ context.Context, content io.Reader) (privacy.Kept, error) {
			b, err := io.ReadAll(content)
			return w.kept(b), err
		},
		Open: func(_ context.Context, key string) (io.ReadCloser, error) {
			return io.NopCloser(strings.NewReader("its bytes, not " + fmt.Sprint(len(key)))), nil
		},
		Drop: func(context.Context, *store.Tx, uuid.UUID) error { return nil },
	}
	return w
}

// kept makes a document of an export, as server.go does.
func (w *world) kept(b []byte) privacy.Kept {
	return func(ctx context.Context, tx *store.Tx, user uuid.UUID, name string, about scalar.ID, until time.Time) error {
		d, err := tx.Document.Create().SetOwnerID(user).SetKind(document.KindEXPORT).SetStatus(document.StatusREADY).SetTitle(name).
			SetSubjectKind(about.Prefix).SetSubjectID(about.UUID).SetExpiresAt(until).SetBlobKey(uuid.NewString()).Save(ctx)
		if err == nil {
			w.files[d.ID] = b
		}
		return err
	}
}

// person makes somebody with a proven address.
func (w *world) person(name string) uuid.UUID {
	w.t.Helper()
	id := uuid.Must(uuid.NewV7())
	w.do(func(ctx context.Context, tx *store.Tx) error {
		if err := tx.User.Create().SetID(id).SetDisplayName(name).SetStatus(user.StatusACTIVE).Exec(ctx); err != nil {
			return err
		}
		return tx.ContactPoint.Create().SetUserID(id).SetKind(contactpoint.KindEMAIL).SetValue(name + "@example.com").SetValueKey(id.String() + "@example.com").
			SetVerifiedAt(tx.Now).SetIsPrimary(true).Exec(ctx)
	})
	return id
}

// do writes past the domain.
func (w *world) do(write func(ctx context.Context, tx *store.Tx) error) {
	w.t.Helper()
	if err := w.db.InTx(storetest.System(), write); err != nil {
		w.t.Fatal(err)
	}
}

// schedule asks for a deletion and confirms it.
func (w *world) schedule(id uuid.UUID) *privacy.AccountDeletion {
	w.t.Helper()
	ctx := storetest.As(id)
	done, err := w.RequestDeletion(ctx, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	if done.Deletion != nil {
		return done.Deletion
	}
	d, err := w.ConfirmDeletion(ctx, privacy.ConfirmAccountDeletionInput{ChallengeID: done.Challenge.ID, Code: theCode})
	if err != nil {
		w.t.Fatal(err)
	}
	return d
}

// hear marks all facts as heard, as the relay does.
func (w *world) hear() {
	w.t.Helper()
	w.exec(`UPDATE account_events SET heard = true, relayed = true`)
}

func (w *world) exec(query string, args ...any) {
	w.t.Helper()
	w.do(func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Exec(ctx, query, args...)
		return err
	})
}

// run lets the clock do its work until nothing moves.
func (w *world) run() {
	w.t.Helper()
	for range 20 {
		w.hear()
		n, err := w.DeletionsDue(context.Background(), 10)
		if err != nil {
			w.t.Fatal(err)
		}
		if n == 0 {
			return
		}
	}
	w.t.Fatal("the deletions do not come to an end")
}
