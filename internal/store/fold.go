package store

import (
	"strings"

	"entgo.io/ent"
	"golang.org/x/text/unicode/norm"

	generated "kabinet/ent/generated"
	"kabinet/ent/generated/user"
)

// Fold is how a name is found by its beginning, whatever the letter case: the
// same in both databases, neither of which folds Cyrillic by itself. Letters
// of another width are those of this one, ё is е, blanks are one blank.
func Fold(name string) string {
	name = strings.ToLower(norm.NFKC.String(name))
	return strings.ReplaceAll(strings.Join(strings.Fields(name), " "), "ё", "е")
}

// foldNames keeps the folded names of a person beside his names, whoever
// writes them.
func foldNames(m ent.Mutation) {
	u, ok := m.(*generated.UserMutation)
	if !ok {
		return
	}
	if name, set := u.DisplayName(); set {
		u.SetNameKey(Fold(name))
	}
	family, set := u.FamilyName()
	if set || u.FieldCleared(user.FieldFamilyName) || m.Op().Is(ent.OpCreate) {
		u.SetFamilyKey(Fold(family))
	}
}
