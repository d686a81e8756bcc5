package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	ent "kabinet/ent/generated"
	"kabinet/internal/scalar"
	"kabinet/internal/store/storetest"
)

// TestNodesOfEverything asks for an object of each kind that an id can name,
// alone and among others: one that is nowhere is null and no error to anybody,
// one that is there is never our mistake.
func TestNodesOfEverything(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newStrangers(t, db)
		everybody := append([]step{{as: "staff"}, {as: "nobody"}, {as: "alice"}, {as: "carol", company: "acme"}}, rightful...)
		prefixes := append(slices.Collect(maps.Keys(ent.Tables)), "prog", "rule", "rsn", "sla", "cal", "tpl", "nrl", "art", "fee")
		slices.Sort(prefixes)
		for _, prefix := range prefixes {
			var nobody []string
			for range 2 {
				nobody = append(nobody, scalar.ID{Prefix: prefix, UUID: w.newID()}.String())
			}
			query := fmt.Sprintf(`{ node(id: %q) { id } alone: nodes(ids: [%q]) { id } two: nodes(ids: ["%s"]) { id } }`, nobody[0], nobody[0], strings.Join(nobody, `", "`))
			for _, who := range everybody {
				if answer := w.asks(who, query); answer != `{"data":{"alone":[null],"node":null,"two":[null,null]}}` {
					t.Errorf("%s for %q: %s answers %s", who.as, who.company, query, answer)
				}
			}
		}
		w.arrive()
		for _, query := range w.nodes() {
			for _, who := range everybody {
				if answer := w.asks(who, query); strings.Contains(answer, `"INTERNAL"`) {
					t.Errorf("%s for %q: %s answers %s", who.as, who.company, query, answer)
				}
			}
		}
	})
}
