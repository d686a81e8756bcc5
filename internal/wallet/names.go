package wallet

import (
	"context"
	"database/sql"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/internal/store"
)

// nameOf is an owner as strangers may see him: a person as Emma W., a company
// or family by its name. ok is false for one that is not active.
func nameOf(ctx context.Context, tx *store.Tx, owner uuid.UUID) (name string, ok bool, err error) {
	names, err := namesOf(owner, func(query string, args ...any) (*sql.Rows, error) { return tx.Query(ctx, query, args...) })
	name, ok = names[owner]
	return name, ok, err
}

// namesOf are those of several owners, in one statement; one that is not active
// is not among them.
func namesOf(owner uuid.UUID, query func(string, ...any) (*sql.Rows, error), more ...uuid.UUID) (map[uuid.UUID]string, error) {
	args := []any{owner}
	for _, id := range more {
		args = append(args, id)
	}
	marks := "?" + strings.Repeat(", ?", len(more))
	rows, err := query(`SELECT id, display_name, 1 FROM users WHERE status = 'ACTIVE' AND id IN (`+marks+`)
		UNION ALL SELECT id, name, 0 FROM companies WHERE status = 'ACTIVE' AND id IN (`+marks+`)`, append(args, args...)...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	names := map[uuid.UUID]string{}
	for rows.Next() {
		var id uuid.UUID
		var name string
		var isPerson int
		if err := rows.Scan(&id, &name, &isPerson); err != nil {
			return nil, err
		}
		if isPerson == 1 {
			name = masked(name)
		}
		names[id] = name
	}
	return names, rows.Err()
}

// masked shows a person's name so that who knows him knows him again: the first
// name and the first letter of the last one. Of a name that is one word, or an
// address, little is shown.
func masked(name string) string {
	words := strings.Fields(name)
	switch {
	case len(words) == 0:
		return "•••"
	case len(words) == 1 || strings.Contains(name, "@"):
		first, _ := utf8.DecodeRuneInString(words[0])
		return string(first) + "•••"
	}
	last, _ := utf8.DecodeRuneInString(words[len(words)-1])
	return words[0] + " " + string(last) + "."
}

// ownName is one's own wallet: by its name, else by its number.
func ownName(a *ent.LedgerAccount) string {
	if a.Label != nil {
		return *a.Label
	}
	return maskedNumber(a)
}
