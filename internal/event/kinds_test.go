package event

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"strconv"
	"strings"
	"testing"
)

// Every fact of the package is either personal or named here, so that a new
// one cannot be forgotten by those who filter by kind.
func TestKindsAreComplete(t *testing.T) {
	t.Parallel()
	others := map[string]bool{
		TicketOverdue{}.Kind():      true,                                                                                                 // of the staff
		TicketQueueChanged{}.Kind(): true, CampaignStatusChanged{}.Kind(): true, RaffleDrawDue{}.Kind(): true, RaffleDrawn{}.Kind(): true, // of the House
		ArticlePublished{}.Kind():    true,
		AnnouncementChanged{}.Kind(): true, // of a stream of its own
		ProductPriceDropped{}.Kind(): true, ProductBackInStock{}.Kind(): true,
	}
	packages, err := parser.ParseDir(token.NewFileSet(), ".", func(f fs.FileInfo) bool { return !strings.HasSuffix(f.Name(), "_test.go") }, 0) //nolint:staticcheck // one directory, no build tags
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	ast.Inspect(packages["event"], func(n ast.Node) bool {
		fn, ok := n.(*ast.FuncDecl)
		if !ok || fn.Name.Name != "Kind" || fn.Recv == nil {
			return true
		}
		found++
		text := fn.Body.List[0].(*ast.ReturnStmt).Results[0].(*ast.BasicLit).Value
		kind, err := strconv.Unquote(text)
		if err != nil {
			t.Fatal(err)
		}
		if IsPersonal(kind) == others[kind] {
			t.Errorf("%s stands in neither list, or in both", kind)
		}
		return true
	})
	if found != len(personal)+len(others) {
		t.Errorf("%d facts in the package, %d in the lists", found, len(personal)+len(others))
	}
}
