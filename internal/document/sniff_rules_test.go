package document

import (
	"archive/zip"
	"bytes"
	"testing"
)

func zipped(t *testing.T) string {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	if w, err := z.Create("a.txt"); err != nil {
		t.Fatal(err)
	} else if _, err := w.Write([]byte("hello")); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// security J2, J3
func TestMime(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		head string
		kind string
		kept bool
	}{
		"pdf":                 {"%PDF-1.7\n1 0 obj", "application/pdf", true},
		"pdf with script":     {"%PDF-1.7\n/JS (app.alert(1))", "application/pdf", true}, // attachment, sandbox
		"png":                 {"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "image/png", true},
		"text":                {"Привет, мир", "text/plain", true},
		"csv":                 {"a,b,c\n1,2,3\n4,5,6\n", "text/csv", true},
		"zip":                 {zipped(t), "application/zip", true},
		"svg":                 {`<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`, "image/svg+xml", false},
		"html":                {"<!doctype html><script>alert(1)</script>", "text/html", false},
		"html late":           {"hello, this is a text\n\n<ScRipt>alert(1)</script>", "text/html", false},
		"xml":                 {`<?xml version="1.0"?><x/>`, "", false},
		"php":                 {"<?php system($_GET['x']);", "", false},
		"exe":                 {"MZ\x90\x00\x03\x00\x00\x00\x04\x00\x00\x00\xff\xff", "", false},
		"elf":                 {"\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\x3e\x00", "", false},
		"shell":               {"#!/bin/sh\nrm -rf /", "", false},
		"javascript":          {"javascript:alert(1)", "text/html", false},
		"nothing known":       {"\x00\x01\x02\x03", "application/octet-stream", false},
		"gif that is a jar":   {"GIF89aPK\x03\x04", "image/gif", true}, // given out as a GIF and nothing else
		"jar":                 {"PK\x03\x04\x14\x00\x08\x08\x08\x00" + string(make([]byte, 16)) + "\x14\x00\x00\x00META-INF/MANIFEST.MF", "", false},
		"windows directories": {"[InternetShortcut]\nURL=file:///x", "text/plain", true},
	} {
		got := mimeOf([]byte(c.head))
		if c.kind != "" && got != c.kind || allowed(got, papers) != c.kept {
			t.Errorf("%s: %s, kept %v", name, got, allowed(got, papers))
		}
	}
}

// A name says what the bytes are, whatever it was.
func TestNamed(t *testing.T) {
	t.Parallel()
	for _, c := range [][3]string{
		{"a.pdf", "application/pdf", "a.pdf"}, {"A.PDF", "application/pdf", "A.PDF"}, {"a.exe", "text/plain", "a.exe.txt"}, {"a.png", "application/pdf", "a.png.pdf"},
		{"photo.jpeg", "image/jpeg", "photo.jpeg"}, {"a", "image/png", "a.png"}, {"a.url", "text/plain", "a.url.txt"}, {"notes.md", "text/plain", "notes.md"}, {"x.zip", "application/zip", "x.zip"},
		{"x", "application/x-unknown", "x"},
	} {
		if got := named(c[0], c[1]); got != c[2] {
			t.Errorf("%s as %s: %s, want %s", c[0], c[1], got, c[2])
		}
	}
}
