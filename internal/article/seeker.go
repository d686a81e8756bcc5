package article

import (
	"context"
	"strings"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entuser "kabinet/ent/generated/user"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// keptOfPerson is how many searches of one person are kept.
const keptOfPerson = 50

// remember keeps what a person looked for, so that the business can tell those
// who looked for something of it, unless he wants nothing made to his measure.
// Staff who act for him look for themselves.
func remember(ctx context.Context, tx *store.Tx, text string) error {
	v := viewer.From(ctx)
	if !v.SignedIn() || v.ActingStaff != uuid.Nil {
		return nil
	}
	u, err := tx.User.Query().Where(entuser.ID(v.UserID), tx.Locking()).Select(entuser.FieldPrivacy).Only(ctx) // or two would forget one too few
	if ent.IsNotFound(err) || err == nil && u.Privacy != nil && u.Privacy.Personalisation != nil && !*u.Privacy.Personalisation {
		return nil
	}
	if err != nil {
		return err
	}
	words := strings.Join(store.SeekWords(text), " ")
	_, err = tx.Exec(ctx, `INSERT INTO article_seekers (id, created_at, updated_at, user_id, words, sought_at) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (user_id, words) DO UPDATE SET sought_at = excluded.sought_at, updated_at = excluded.updated_at`,
		uuid.Must(uuid.NewV7()), tx.Now, tx.Now, v.UserID, words, tx.Now)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `DELETE FROM article_seekers WHERE user_id = ? AND words <> ? AND id NOT IN (
		SELECT id FROM article_seekers WHERE user_id = ? AND words <> ? ORDER BY sought_at DESC, id DESC LIMIT ?)`,
		v.UserID, words, v.UserID, words, keptOfPerson-1)
	return err
}
