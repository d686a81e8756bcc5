package store_test

import (
	"database/sql"
	"errors"
	"slices"
	"strings"
	"testing"

	"entgo.io/ent/dialect"

	"kabinet/ent/generated/migrate"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
)

// Every table says what is left of a person in it, and every column that can
// hold his words is blanked or says why it stays. security F15
func TestErasuresNameEverything(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		there := columnsThere(t, db)
		named := map[string][]store.Erasure{}
		for _, e := range store.Erasures {
			named[e.Table] = append(named[e.Table], e)
			if there[e.Table] == nil && !strings.HasPrefix(e.Table, "river_") { // those are made by internal/job
				t.Errorf("%s: no such table", e.Table)
			}
		}
		for table, columns := range there {
			if len(named[table]) == 0 {
				t.Errorf("%s: store.Erasures says nothing of it", table)
			}
			for _, e := range named[table] {
				checkErasure(t, e, columns)
			}
		}
	})
}

// checkErasure holds one row against the columns of its table, name to whether
// anything can stand in it.
func checkErasure(t *testing.T, e store.Erasure, columns map[string]bool) {
	said := map[string]bool{}
	for _, b := range e.Blank {
		said[b.Column] = true
	}
	for c, why := range e.Texts {
		if why == "" {
			t.Errorf("%s.%s stays, and nobody says why", e.Table, c)
		}
		said[c] = true
	}
	for _, c := range append(slices.Clone(e.Hidden), strings.Split(cmpKey(e), ", ")...) {
		if _, ok := columns[c]; !ok {
			t.Errorf("%s.%s: no such column", e.Table, c)
		}
	}
	for c := range said {
		if _, ok := columns[c]; !ok {
			t.Errorf("%s.%s: no such column", e.Table, c)
		}
	}
	if e.Delete && len(e.Blank) > 0 {
		t.Errorf("%s is deleted and blanked", e.Table)
	}
	if e.Delete || e.Mine == "" {
		return
	}
	for c, free := range columns {
		if free && !said[c] {
			t.Errorf("%s.%s: a column of text is neither blanked nor kept for a reason", e.Table, c)
		}
	}
}

func cmpKey(e store.Erasure) string {
	if e.Key == "" {
		return "id"
	}
	return e.Key
}

// columnsThere are all tables of the database with their columns; true for
// those that can hold anything: text, JSON and bytes, but for enums.
func columnsThere(t *testing.T, db *storetest.DB) map[string]map[string]bool {
	query := `SELECT m.name, c.name, c.type FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%'
		AND m.name NOT LIKE 'search\_words%' ESCAPE '\' AND m.name NOT LIKE 'article\_index%' ESCAPE '\' -- the indexes over search_docs and article_words, whose triggers empty them`
	if db.Dialect() == dialect.Postgres {
		query = `SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = current_schema()
			AND table_name IN (SELECT tablename FROM pg_tables WHERE schemaname = current_schema())`
	}
	rows, err := db.Query(storetest.System(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	all := map[string]map[string]bool{}
	for rows.Next() {
		var table, column, typ string
		if err := rows.Scan(&table, &column, &typ); err != nil {
			t.Fatal(err)
		}
		if all[table] == nil {
			all[table] = map[string]bool{}
		}
		typ = strings.ToLower(typ)
		all[table][column] = !isEnum(table, column) && slices.ContainsFunc([]string{"text", "char", "json", "blob", "bytea"}, func(w string) bool { return strings.Contains(typ, w) })
	}
	if err := rows.Err(); err != nil && !errors.Is(err, sql.ErrNoRows) {
		t.Fatal(err)
	}
	return all
}

func isEnum(table, column string) bool {
	for _, tab := range migrate.Tables {
		for _, c := range tab.Columns {
			if tab.Name == table && c.Name == column {
				return len(c.Enums) > 0
			}
		}
	}
	return false
}
