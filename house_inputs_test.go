package main

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"
)

// grave are names of fields by which a caller could make himself or his rows
// what they are not, and those of inputs that ent would generate.
var grave = regexp.MustCompile(`^(?i:id|key|kind|status|seq|verified.*|.*role.*|.*owner.*|.*user.*|.*compan.*|.*balance|available|permission.*|grants|staff.*|source|external.*|.*createdat|.*updatedat)$|^(add|remove|clear)[A-Z]`)

// mayBeSaid are those that customers say, and why it does no harm.
var mayBeSaid = map[string]string{
	"id": "names the caller's own row", "DisableCodeFactorInput.kind": "of an address", "EnableCodeFactorInput.kind": "of an address", "SendSecondFactorCodeInput.kind": "of an address",
	"SaveReminderInput.kind": "what the caller's own reminder goes by",
	"OpenTicketInput.kind":   "what it is about", "StartTypingInput.kind": "typing, or there", "RequestReturnInput.kind": "for money or for other goods", "UpdateProfileInput.kind": "a person or a business", "ChangeFamilyRoleInput.role": "in the holder's own family", "InviteToFamilyInput.role": "in the holder's own family",
	"GenerateDocumentInput.kind": "which paper of what one may read", "OrderFilter.status": "which of the orders that one may read",
	"AddTicketParticipantInput.userId": "a colleague, if his role lets him", "RemoveTicketParticipantInput.userId": "of the caller's own ticket",
	"InviteToFamilyInput.userId": "who is asked", "TransferRecipientInput.userId": "who gets it", "PointsRecipient.userId": "who gets it",
}

// What customers say to a mutation is written by hand, field by field.
//
// security F7
func TestHouseInputs(t *testing.T) {
	t.Parallel()
	schema, seen, used := sdl(t), map[string]bool{}, map[string]bool{}
	var walk func(typ *ast.Type)
	walk = func(typ *ast.Type) {
		def := schema.Types[typ.Name()]
		if def.Kind != ast.InputObject || seen[def.Name] {
			return
		}
		seen[def.Name] = true
		for _, f := range def.Fields {
			name := def.Name + "." + f.Name
			if f.Name == "id" && f.Type.Name() == "ID" {
				name = "id"
			}
			if used[name] = true; grave.MatchString(f.Name) && mayBeSaid[name] == "" {
				t.Errorf("%s: customers can say %s: take it out, or say in house_inputs_test.go why it does no harm", where(f.Position), name)
			}
			walk(f.Type)
		}
		if strings.HasSuffix(def.Name, "WhereInput") {
			t.Errorf("%s is generated", def.Name)
		}
	}
	for _, f := range own(schema.Mutation.Fields) {
		audience := f.Directives.ForName("access").Arguments.ForName("audience").Value.Children
		if !slices.ContainsFunc(audience, func(c *ast.ChildValue) bool { return c.Value.Raw != "STAFF" }) {
			continue
		}
		for _, a := range f.Arguments {
			walk(a.Type)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(mayBeSaid)) {
		if !used[name] {
			t.Errorf("%s is no field: take it out of the list", name)
		}
	}
	if len(seen) < 50 {
		t.Errorf("%d inputs", len(seen))
	}
}
