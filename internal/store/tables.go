package store

import (
	"entgo.io/ent/dialect/sql/schema"

	"kabinet/ent/generated/migrate"
)

// aggregates are the tables whose children hold a foreign key to them. All
// other references are plain ids: an insert locks no owner, rows may move.
var aggregates = map[string][]string{
	"orders":  {"order_lines", "order_events", "payments", "shipments", "return_requests"},
	"tickets": {"ticket_messages", "ticket_participants"},
}

// Tables are ent's tables with the foreign keys between aggregates dropped.
func Tables() []*schema.Table {
	for _, t := range migrate.Tables {
		kept := t.ForeignKeys[:0:0]
		for _, fk := range t.ForeignKeys {
			for _, child := range aggregates[fk.RefTable.Name] {
				if child == t.Name {
					kept = append(kept, fk)
				}
			}
		}
		t.ForeignKeys = kept
	}
	return migrate.Tables
}
