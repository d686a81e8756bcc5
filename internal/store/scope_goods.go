package store

import (
	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"kabinet/internal/viewer"
)

// goodsFor are the products a viewer may know of: all that are not exclusive,
// and those he, the owner he acts for, his club or his tier was admitted to.
func goodsFor(v viewer.Viewer) func(*sql.Selector) {
	return func(s *sql.Selector) {
		open := sql.IsFalse(s.C("exclusive"))
		if !v.SignedIn() {
			s.Where(open)
			return
		}
		subjects := []any{v.UserID}
		if v.OwnerID != uuid.Nil && v.OwnerID != v.UserID {
			subjects = append(subjects, v.OwnerID)
		}
		s.Where(sql.Or(open, sql.P(func(b *sql.Builder) {
			b.WriteString("EXISTS (SELECT 1 FROM product_admissions AS pa WHERE pa.product_id = ").Ident(s.C("id")).
				WriteString(" AND (pa.kind = 'EVERYONE_SIGNED_IN' OR pa.kind = 'CUSTOMER' AND pa.subject_id IN (").Args(subjects...).
				WriteString(") OR pa.kind = 'CLUB' AND EXISTS (SELECT 1 FROM club_members AS cm WHERE cm.club_id = pa.subject_id AND cm.left_at IS NULL AND cm.owner_id IN (").Args(subjects...).
				WriteString(")) OR pa.kind = 'TIER' AND EXISTS (SELECT 1 FROM ledger_accounts AS la WHERE la.tier_id = pa.subject_id AND la.kind = 'BONUS' AND la.owner_id IN (").Args(subjects...).
				WriteString("))))")
		})))
	}
}

// publishedOr are the rows everybody reads, and the viewer's own.
func publishedOr(v viewer.Viewer) func(*sql.Selector) {
	return func(s *sql.Selector) {
		shown := sql.EQ(s.C("status"), "PUBLISHED")
		if v.SignedIn() {
			shown = sql.Or(shown, sql.EQ(s.C("user_id"), v.UserID))
		}
		s.Where(shown)
	}
}
