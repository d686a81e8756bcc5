package main

import (
	"strings"
	"testing"
)

func TestRead(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		lines string
		want  counts
		says  []string
		hides []string
	}{
		{"leaves are counted, parents are not", `
{"Action":"run","Package":"p","Test":"A"}
{"Action":"run","Package":"p","Test":"A/x"}
{"Action":"output","Package":"p","Test":"A/x","Output":"quiet words\n"}
{"Action":"pass","Package":"p","Test":"A/x"}
{"Action":"run","Package":"p","Test":"A/y"}
{"Action":"skip","Package":"p","Test":"A/y"}
{"Action":"pass","Package":"p","Test":"A"}
{"Action":"run","Package":"p","Test":"AB"}
{"Action":"pass","Package":"p","Test":"AB","Elapsed":31.2}
{"Action":"pass","Package":"p","Elapsed":1.25}`,
			counts{2, 0, 1}, []string{"ok    p  1.2s  2 passed, 0 failed, 1 skipped\n      slow: AB 31s\n"}, []string{"quiet"}},
		{"a failed subtest is one failure", `
{"Action":"run","Package":"p","Test":"A"}
{"Action":"run","Package":"p","Test":"A/x"}
{"Action":"output","Package":"p","Test":"A/x","Output":"the reason\n"}
{"Action":"fail","Package":"p","Test":"A/x"}
{"Action":"fail","Package":"p","Test":"A"}
{"Action":"fail","Package":"p","Elapsed":0}`,
			counts{0, 1, 0}, []string{"the reason\n", "FAIL  p"}, nil},
		{"a parent that fails after its subtests", `
{"Action":"run","Package":"p","Test":"A"}
{"Action":"run","Package":"p","Test":"A/x"}
{"Action":"pass","Package":"p","Test":"A/x"}
{"Action":"fail","Package":"p","Test":"A"}
{"Action":"fail","Package":"p"}`,
			counts{1, 1, 0}, nil, nil},
		{"a panic leaves its test without an end", `
{"Action":"run","Package":"p","Test":"A"}
{"Action":"output","Package":"p","Test":"A","Output":"panic: oh\n"}
{"Action":"fail","Package":"p"}`,
			counts{0, 1, 0}, []string{"panic: oh\n"}, nil},
		{"a package that does not build", `
{"ImportPath":"p [p.test]","Action":"build-output","Output":"p/a.go:1: bad\n"}
{"Action":"start","Package":"p"}
{"Action":"output","Package":"p","Output":"FAIL\tp [build failed]\n"}
{"Action":"fail","Package":"p"}`,
			counts{0, 1, 0}, []string{"p/a.go:1: bad\n", "[build failed]"}, nil},
		{"a package without tests says nothing", `
{"Action":"start","Package":"p"}
{"Action":"output","Package":"p","Output":"?   \tp\t[no test files]\n"}
{"Action":"skip","Package":"p"}`,
			counts{}, nil, []string{"p"}},
		{"go test was killed", `
{"Action":"run","Package":"p","Test":"A"}
{"Action":"pass","Package":"p","Test":"A"}
words of a wrapper`,
			counts{1, 1, 0}, []string{"words of a wrapper"}, nil},
	}
	for _, tt := range tests {
		var out strings.Builder
		s := newSummary(&out)
		if err := s.read(strings.NewReader(strings.TrimPrefix(tt.lines, "\n"))); err != nil {
			t.Fatal(err)
		}
		if s.counts != tt.want {
			t.Errorf("%s: %+v; want %+v\n%s", tt.name, s.counts, tt.want, &out)
		}
		for _, text := range tt.says {
			if !strings.Contains(out.String(), text) {
				t.Errorf("%s: no %q in\n%s", tt.name, text, &out)
			}
		}
		for _, text := range tt.hides {
			if strings.Contains(out.String(), text) {
				t.Errorf("%s: %q in\n%s", tt.name, text, &out)
			}
		}
	}
}
