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

// articlesFor are the articles a viewer may know of: those published, for an
// audience he belongs to, on no shelf or on one for such an audience. Drafts
// and retired versions are staff's alone.
func articlesFor(v viewer.Viewer) func(*sql.Selector) {
	return func(s *sql.Selector) {
		audience, category := s.C("audience"), s.C("category_id")
		s.Where(sql.P(func(b *sql.Builder) {
			b.Ident(s.C("status")).WriteString(" = 'PUBLISHED' AND ")
			readableBy(b, func() { b.Ident(audience) }, v)
			b.WriteString(" AND (").Ident(category).WriteString(" IS NULL OR ").Ident(category).
				WriteString(" IN (SELECT ac.id FROM article_categories AS ac WHERE ")
			readableBy(b, func() { b.WriteString("ac.shown_to") }, v)
			b.WriteString("))")
		}))
	}
}

// shelvesFor are the categories of articles a viewer may know of. Whom a shelf
// is shown to looks at those it stands in already.
func shelvesFor(v viewer.Viewer) func(*sql.Selector) {
	return func(s *sql.Selector) {
		column := s.C("shown_to")
		s.Where(sql.P(func(b *sql.Builder) { readableBy(b, func() { b.Ident(column) }, v) }))
	}
}

// readableBy is the condition that a column names an audience which a viewer
// belongs to. Who has not proven an address yet is nobody here; partners are
// active members of a company, and staff.
func readableBy(b *sql.Builder, column func(), v viewer.Viewer) {
	is := func(before, audience string) {
		b.WriteString(before)
		column()
		b.WriteString(" = '" + audience + "'")
	}
	is("(", "EVERYBODY")
	if v.SignedIn() && !v.Pending {
		is(" OR ", "SIGNED_IN")
		is(" OR ", "PARTNERS")
		b.WriteString(" AND EXISTS (SELECT 1 FROM memberships AS pm JOIN companies AS pc ON pc.id = pm.owner_id" +
			" WHERE pm.kind IN ('COMPANY', 'STAFF') AND pm.status = 'ACTIVE' AND pc.status = 'ACTIVE' AND pm.user_id = ").
			Arg(v.UserID).WriteString(")")
	}
	b.WriteString(")")
}
