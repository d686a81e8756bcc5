package document

import (
	"bytes"
	"slices"
	"strings"

	"github.com/gabriel-vasile/mimetype"
)

// pictures are what a person's picture may be sent as.
var pictures = []string{"image/png", "image/jpeg", "image/webp", "image/gif"}

// papers are what an upload may be: nothing that a browser runs, and nothing
// that is only known by its name.
var papers = []string{
	"application/pdf", "image/png", "image/jpeg", "image/webp", "image/gif", "image/heic", "image/tiff",
	"text/plain", "text/csv", "application/zip",
	"application/vnd.openxmlformats-officedocument.wordprocessingml.document",
	"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
	"application/vnd.oasis.opendocument.text", "application/vnd.oasis.opendocument.spreadsheet",
	"application/rtf", "application/pkcs7-signature",
}

// sniffed is how many bytes a type is found from.
const sniffed = 3072

func init() { mimetype.SetLimit(sniffed) }

// mimeOf is the type of bytes by what they begin with, without parameters. What
// it does not know is application/octet-stream.
func mimeOf(head []byte) string {
	m := mimetype.Detect(head)
	kind, _, _ := strings.Cut(m.String(), ";")
	if kind == "text/rtf" {
		kind = "application/rtf"
	}
	// Text that begins innocently may go on as a page: browsers look further.
	if strings.HasPrefix(kind, "text/") && runs(head) {
		return "text/html"
	}
	return kind
}

// allowed says whether bytes may be kept as one of the kinds. A type that is
// another one's special case, such as an XML page, is not taken for it.
func allowed(kind string, kinds []string) bool { return slices.Contains(kinds, kind) }

// runs looks for what makes a browser run a text (security J2).
func runs(text []byte) bool {
	low := bytes.ToLower(text)
	for _, tag := range []string{"<script", "<html", "<svg", "<iframe", "<!doctype", "<?xml", "<?php", "<body", "<img", "javascript:"} {
		if bytes.Contains(low, []byte(tag)) {
			return true
		}
	}
	return false
}

// endings are what files of a type may end with; the first is added to a name
// that ends with anything else, so that no system opens it as another type.
var endings = map[string][]string{
	"application/pdf": {".pdf"}, "image/png": {".png"}, "image/jpeg": {".jpg", ".jpeg"}, "image/webp": {".webp"}, "image/gif": {".gif"},
	"image/heic": {".heic"}, "image/tiff": {".tiff", ".tif"}, "text/plain": {".txt", ".md", ".log", ".csv"}, "text/csv": {".csv", ".txt"},
	"application/zip": {".zip"}, "application/rtf": {".rtf"}, "application/pkcs7-signature": {".p7s", ".sig"},
	"application/vnd.openxmlformats-officedocument.wordprocessingml.document": {".docx"},
	"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet":       {".xlsx"},
	"application/vnd.oasis.opendocument.text":                                 {".odt"},
	"application/vnd.oasis.opendocument.spreadsheet":                          {".ods"},
}

// named is a name whose ending is that of its bytes.
func named(name, kind string) string {
	ends, known := endings[kind]
	if !known || slices.ContainsFunc(ends, func(end string) bool { return strings.HasSuffix(strings.ToLower(name), end) }) {
		return name
	}
	return name + ends[0]
}

// eicar is the file by which scanners are tried out; split, so that this one
// is not taken for it.
var eicar = []byte(`X5O!P%@AP[4\PZX54(P^)7CC)7}$` + `EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*`)
