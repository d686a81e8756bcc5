// Command testsum shows what "go test -json" says, read from standard input,
// as a person wants it: a line for each package and the output of what failed.
// With -counts FILE it writes "passed failed skipped" there, for tools/test.sh
// to add up. Its exit code is 1 when anything failed or nothing ran.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

// event is a line of go test -json; go doc cmd/test2json has its meaning.
type event struct {
	Action     string
	Package    string
	ImportPath string
	Test       string
	Output     string
	Elapsed    float64
}

// counts are of tests that have no subtests of their own, and of packages that
// failed without a test that did: they do not build, or end outside a test.
type counts struct{ passed, failed, skipped int }

// slow is how long a test takes, in seconds, whose name is shown.
const slow = 30

// suite is one package while it runs.
type suite struct {
	slow    []string
	outcome map[string]string           // of each test
	output  map[string]*strings.Builder // the package's own under ""
}

type summary struct {
	counts
	out    io.Writer
	suites map[string]*suite
	build  map[string]*strings.Builder // compiler output by import path
}

func main() {
	file := flag.String("counts", "", "file to write the counts to")
	flag.Parse()
	s := newSummary(os.Stdout)
	err := s.read(os.Stdin)
	if err == nil && *file != "" {
		err = os.WriteFile(*file, fmt.Appendf(nil, "%d %d %d\n", s.passed, s.failed, s.skipped), 0o644)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "testsum:", err)
		os.Exit(1)
	}
	if s.failed > 0 || s.passed == 0 {
		os.Exit(1)
	}
}

func newSummary(out io.Writer) *summary {
	return &summary{out: out, suites: map[string]*suite{}, build: map[string]*strings.Builder{}}
}

func (s *summary) read(r io.Reader) error {
	in := bufio.NewReader(r)
	for {
		line, err := in.ReadBytes('\n')
		if len(line) > 0 {
			var e event
			if json.Unmarshal(line, &e) != nil {
				_, _ = s.out.Write(line) // not for us: a wrapper's own words
			} else {
				s.add(e)
			}
		}
		if err == io.EOF {
			s.unfinished()
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (s *summary) add(e event) {
	if e.Action == "build-output" {
		appendTo(s.build, e.ImportPath, e.Output)
		return
	}
	if e.Package == "" {
		return
	}
	p := s.suites[e.Package]
	if p == nil {
		p = &suite{outcome: map[string]string{}, output: map[string]*strings.Builder{}}
		s.suites[e.Package] = p
	}
	switch e.Action {
	case "output":
		appendTo(p.output, e.Test, e.Output)
	case "run":
		p.outcome[e.Test] = "run"
	case "pass", "fail", "skip":
		if e.Test != "" {
			p.outcome[e.Test] = e.Action
			if e.Elapsed >= slow && !strings.Contains(e.Test, "/") {
				p.slow = append(p.slow, fmt.Sprintf("%s %.0fs", e.Test, e.Elapsed))
			}
			return
		}
		s.finish(e, p)
		delete(s.suites, e.Package)
	}
}

// finish counts a package that has ended and says so.
func (s *summary) finish(e event, p *suite) {
	c := p.count()
	if e.Action == "fail" {
		if c.failed == 0 {
			c.failed = 1
		}
		s.explain(e.Package, p)
	}
	s.passed, s.failed, s.skipped = s.passed+c.passed, s.failed+c.failed, s.skipped+c.skipped
	if c == (counts{}) {
		return // no tests in it
	}
	word := map[string]string{"pass": "ok  ", "fail": "FAIL", "skip": "skip"}[e.Action]
	_, _ = fmt.Fprintf(s.out, "%s  %s  %.1fs  %s\n", word, e.Package, e.Elapsed, c)
	if len(p.slow) > 0 {
		_, _ = fmt.Fprintf(s.out, "      slow: %s\n", strings.Join(p.slow, ", "))
	}
}

// count looks at the leaves, and at a parent that failed of itself.
func (p *suite) count() counts {
	var c counts
	for name, outcome := range p.outcome {
		parent, childFailed := false, false
		for other, o := range p.outcome {
			if strings.HasPrefix(other, name+"/") {
				parent = true
				childFailed = childFailed || o != "pass" && o != "skip"
			}
		}
		switch {
		case outcome == "pass" && !parent:
			c.passed++
		case outcome == "skip" && !parent:
			c.skipped++
		case outcome == "fail" && !childFailed, outcome == "run" && !parent: // "run" never ended: a panic
			c.failed++
		}
	}
	return c
}

// explain prints the compiler's words, then those of the tests that failed,
// then the package's own, where a panic or a data race stands.
func (s *summary) explain(pkg string, p *suite) {
	for path, text := range s.build {
		if path == pkg || strings.HasPrefix(path, pkg+" [") {
			_, _ = io.WriteString(s.out, text.String())
		}
	}
	var names []string
	for name, outcome := range p.outcome {
		if outcome == "fail" || outcome == "run" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range append(names, "") {
		if text := p.output[name]; text != nil {
			_, _ = io.WriteString(s.out, text.String())
		}
	}
}

// unfinished counts packages whose end was never told: go test was killed.
func (s *summary) unfinished() {
	for pkg, p := range s.suites {
		s.finish(event{Action: "fail", Package: pkg}, p)
	}
}

func appendTo(m map[string]*strings.Builder, key, text string) {
	if m[key] == nil {
		m[key] = &strings.Builder{}
	}
	m[key].WriteString(text)
}

// String is the form of tools/test.sh's last line too.
func (c counts) String() string {
	text := fmt.Sprintf("%d passed, %d failed", c.passed, c.failed)
	if c.skipped > 0 {
		text += fmt.Sprintf(", %d skipped", c.skipped)
	}
	return text
}
