package report

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Context says under what a section was measured.
type Context struct {
	Date, Commit, Command, Machine, Software, Data string
	Load                                           float64 // average of the machine at the end
}

func (c Context) String() string {
	return fmt.Sprintf("%s, commit %s, `%s`\n%s; %s\n%s; load average %.1f at the end\n", c.Date, c.Commit, c.Command, c.Machine, c.Software, c.Data, c.Load)
}

// sections are the parts of RESULTS.md, each written by one mode.
var sections = []struct{ name, title string }{
	{"aims", "Against the aims"}, // by hand, from the rest
	{"table", "Side by side"},
	{"scales", "As the data grows"},
	{"curve", "As the clients grow"},
	{"soak", "Over time"},
	{"idle", "Idle sockets"},
	{"idle-postgres", "Idle sockets, on PostgreSQL"},
	{"idle-sse", "Idle event streams"},
	{"idle-sse-postgres", "Idle event streams, on PostgreSQL"},
	{"relay", "The relay"},
	{"ledger", "The ledger"},
	{"batches", "Batches of outside systems"},      // by hand, from intake.md
	{"pages", "Order history, search and support"}, // by hand, from orders.md and support.md
	{"losses", "Is anything lost"},                 // by hand, from chaos.md
}

const preface = `# Results of the bench

Written by ` + "`make bench`" + ` and its modes; each section says when and where. Speed is CPU of a request, application and database together, against kabinet on
PostgreSQL: 2.00 is half the CPU. Only ratios inside one section mean anything. How and why: README.md here and docs/adr/0022.
`

// Write keeps a section and makes RESULTS.md anew of all that there are.
func Write(name string, c Context, text string) error {
	if err := os.MkdirAll("results", 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join("results", name+".md"), []byte(c.String()+"\n"+strings.TrimLeft(text, "\n")), 0o644); err != nil {
		return err
	}
	return Renew(".")
}

// Renew makes RESULTS.md anew of the sections that there are; dir is that of the
// bench.
func Renew(dir string) error {
	var all strings.Builder
	all.WriteString(preface)
	for _, s := range sections {
		b, err := os.ReadFile(filepath.Join(dir, "results", s.name+".md"))
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		text := string(b)
		if strings.HasPrefix(text, "# ") { // of the file, where it stands alone
			_, text, _ = strings.Cut(text, "\n\n")
		}
		fmt.Fprintf(&all, "\n## %s\n\n%s", s.title, text)
	}
	return os.WriteFile(filepath.Join(dir, "RESULTS.md"), []byte(all.String()), 0o644)
}
