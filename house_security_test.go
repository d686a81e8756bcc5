package main

import (
	"go/ast"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var (
	securityNote = regexp.MustCompile(`\bsecurity((?:[ ,]+(?:and )?[A-LS]\d{1,2}\b)+)`)
	securityID   = regexp.MustCompile(`\b[A-LS]\d{1,2}\b`)
	issueNumber  = regexp.MustCompile(`\bissue \d+\b`)
)

// proofs are the comments of test files that name a case: id -> files.
func proofs(t *testing.T) map[string]map[string]bool {
	t.Helper()
	found := map[string]map[string]bool{}
	for _, f := range goFiles(t) {
		if !f.isTest() {
			continue
		}
		for _, group := range f.ast.Comments {
			for _, id := range idsIn(group) {
				if found[id] == nil {
					found[id] = map[string]bool{}
				}
				found[id][f.path] = true
			}
		}
	}
	return found
}

func idsIn(group *ast.CommentGroup) []string {
	var ids []string
	text := strings.ReplaceAll(group.Text(), "\n", " ")
	for _, note := range securityNote.FindAllStringSubmatch(text, -1) {
		ids = append(ids, securityID.FindAllString(note[1], -1)...)
	}
	return ids
}

// TestHouseSecurity holds docs/security.md and the tests together: a case is
// proven by tests that carry its id, or left to an issue, and never neither.
func TestHouseSecurity(t *testing.T) {
	t.Parallel()
	const page = "docs/security.md"
	proven, cases := proofs(t), map[string]bool{}
	for _, row := range houseTable(t, page, "## Cases") {
		if len(row) != 4 {
			t.Errorf("%s: %s: a row has four cells", page, row[0])
			continue
		}
		id, covered := row[0], row[3]
		if cases[id] || securityID.FindString(id) != id {
			t.Errorf("%s: %q is no id, or stands twice", page, id)
		}
		cases[id] = true
		if len(ticks(covered)) == 0 && !issueNumber.MatchString(covered) {
			t.Errorf("%s: %s: name the test files that prove it, or the issue that will", page, id)
		}
		for _, file := range ticks(covered) {
			if !proven[id][file] {
				t.Errorf("%s: %s is said to be proven by %s: write the comment security %s over the test that does, or take the file out", page, id, file, id)
			}
		}
		for _, file := range slices.Sorted(maps.Keys(proven[id])) {
			if !slices.Contains(ticks(covered), file) {
				t.Errorf("%s: %s: add `%s`, which proves it", page, id, file)
			}
		}
	}
	for _, id := range slices.Sorted(maps.Keys(proven)) {
		if !cases[id] {
			t.Errorf("%s is no case of %s: see %s", id, page, strings.Join(slices.Sorted(maps.Keys(proven[id])), ", "))
		}
	}
	for letter, last := range map[string]int{"S": 14, "A": 13, "B": 10, "C": 9, "D": 6, "E": 7, "F": 15, "G": 17, "H": 8, "I": 8, "J": 10, "K": 16, "L": 16} {
		for n := 1; n <= last; n++ {
			if id := letter + strconv.Itoa(n); !cases[id] {
				t.Errorf("%s: the case %s is missing", page, id)
			}
		}
	}
}
