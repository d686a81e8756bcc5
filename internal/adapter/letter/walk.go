package letter

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"path"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/emersion/go-message"
	"golang.org/x/text/encoding/charmap"
)

// texts are what a part says: all of it, and without what was quoted.
type texts struct{ whole, own string }

func (t texts) empty() bool { return strings.TrimSpace(t.whole) == "" }

func (t texts) add(more texts) texts {
	if t.empty() {
		return more
	}
	if more.empty() {
		return t
	}
	return texts{t.whole + "\n\n" + more.whole, t.own + "\n\n" + more.own}
}

// walker goes through the parts of a letter.
type walker struct {
	letter *Letter
	parts  int
}

// logo is how small a picture inside a page may be that is no attachment: what
// signatures are decorated with.
const logo = 10 << 10

// walk reads a part; inside is the kind of multipart it stands in.
func (w *walker) walk(e *message.Entity, depth int, inside string) (texts, error) {
	if w.parts++; w.parts > maxParts || depth > maxDepth {
		return texts{}, ErrTooMany
	}
	kind, params, err := e.Header.ContentType()
	if err != nil || kind == "" {
		kind, params = "text/plain", nil
	}
	kind = strings.ToLower(kind)
	if strings.HasPrefix(kind, "multipart/") && params["boundary"] != "" {
		return w.multipart(e, kind, params, depth)
	}
	disposition, given, _ := e.Header.ContentDisposition()
	name := fileName(given["filename"], params["name"])
	switch {
	case kind == "message/delivery-status" && inside == "multipart/report":
		return texts{}, w.report(e)
	case (kind == "text/rfc822-headers" || kind == "message/rfc822") && inside == "multipart/report":
		return texts{}, w.reported(e)
	case strings.EqualFold(disposition, "attachment"), name != "", !strings.HasPrefix(kind, "text/"):
		return texts{}, w.file(e, kind, name, inside == "multipart/related" && !strings.EqualFold(disposition, "attachment"))
	case kind == "text/html":
		return page(w.readText(e, maxPage)), nil
	case kind == "text/plain":
		s := flowed(w.readText(e, maxText), params)
		return texts{s, cut(s)}, nil
	}
	return texts{}, w.file(e, kind, name, false)
}

func (w *walker) multipart(e *message.Entity, kind string, params map[string]string, depth int) (all texts, err error) {
	if kind == "multipart/report" && strings.EqualFold(params["report-type"], "delivery-status") && w.letter.Report == nil {
		w.letter.Report = &Report{}
	}
	mr := e.MultipartReader()
	var plain texts
	for {
		part, err := mr.NextPart()
		switch {
		case errors.Is(err, io.EOF):
			return choose(kind, plain, all), nil
		case part == nil || err != nil && !message.IsUnknownCharset(err) && !message.IsUnknownEncoding(err):
			// It breaks off here; what came is kept.
			w.letter.Left = append(w.letter.Left, "")
			return choose(kind, plain, all), nil
		}
		t, err := w.walk(part, depth+1, kind)
		if err != nil {
			return texts{}, err
		}
		if kind != "multipart/alternative" {
			all = all.add(t)
			continue
		}
		if of, _, _ := part.Header.ContentType(); strings.EqualFold(of, "text/plain") && plain.empty() {
			plain = t
		}
		if !t.empty() {
			all = t // the last is the best
		}
	}
}

// choose takes of alternatives the plain one, which hides nothing.
func choose(kind string, plain, best texts) texts {
	if kind == "multipart/alternative" && !plain.empty() {
		return plain
	}
	return best
}

// file keeps an attachment; inPage: what may be nothing but a page's decoration.
func (w *walker) file(e *message.Entity, kind, name string, inPage bool) error {
	l := w.letter
	if len(l.Files) >= maxFiles {
		l.Left = append(l.Left, name)
		return nil
	}
	b, err := io.ReadAll(io.LimitReader(e.Body, maxFileBytes))
	if err != nil { // broken base64 and the like
		l.Left = append(l.Left, name)
		return nil
	}
	if len(b) == 0 || inPage && strings.HasPrefix(kind, "image/") && len(b) < logo {
		return nil
	}
	if name == "" {
		name = "attachment" + ending(kind)
	}
	l.Files = append(l.Files, File{Name: name, Mime: kind, Bytes: b})
	return nil
}

func ending(kind string) string {
	for _, e := range []struct{ kind, end string }{
		{"image/png", ".png"}, {"image/jpeg", ".jpg"}, {"image/gif", ".gif"}, {"application/pdf", ".pdf"}, {"message/rfc822", ".eml"}, {"text/calendar", ".ics"},
	} {
		if e.kind == kind {
			return e.end
		}
	}
	return ""
}

// fileName is a name without a path, control characters or what turns the
// direction of writing (security J1).
func fileName(names ...string) string {
	for _, name := range names {
		decoder := mime.WordDecoder{CharsetReader: message.CharsetReader}
		if plain, err := decoder.DecodeHeader(name); err == nil {
			name = plain
		}
		name = path.Base(strings.ReplaceAll(asUTF8([]byte(name)), `\`, "/"))
		name = strings.Map(func(r rune) rune {
			if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || unicode.Is(unicode.Zl, r) || unicode.Is(unicode.Zp, r) {
				return -1
			}
			return r
		}, name)
		if name = line(name, 200); name != "" && strings.Trim(name, "./ ") != "" {
			return name
		}
	}
	return ""
}

// readText reads a part's text up to a bound. Of what is longer all is a file
// too: nobody's words are lost. Nothing can be read where its encoding is broken
// from the start, and nothing more from where it breaks.
func (w *walker) readText(e *message.Entity, most int) string {
	b, err := io.ReadAll(io.LimitReader(e.Body, maxFileBytes))
	if err != nil {
		w.letter.Left = append(w.letter.Left, "")
	}
	if len(b) > most {
		if len(w.letter.Files) < maxFiles {
			w.letter.Files = append(w.letter.Files, File{Name: "letter.txt", Mime: "text/plain", Bytes: []byte(asUTF8(b))})
		}
		b = b[:most]
	}
	return asUTF8(b)
}

// asUTF8 reads bytes whose alphabet nobody named: UTF-8, or else what most such
// letters are written in.
func asUTF8(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	cyrillic, high := 0, 0
	for _, c := range b {
		if c >= 0x80 {
			high++
		}
		if c >= 0xc0 {
			cyrillic++
		}
	}
	// A text cut off inside a character is still UTF-8.
	if n := len(b) - len(bytes.ToValidUTF8(b, nil)); n < 4 && high > 8*n {
		return string(bytes.ToValidUTF8(b, nil))
	}
	table := charmap.Windows1252
	if cyrillic*4 > high*3 && high*3 > len(b) {
		table = charmap.Windows1251
	}
	out, err := table.NewDecoder().Bytes(b)
	if err != nil {
		return strings.ToValidUTF8(string(b), "\ufffd")
	}
	return string(out)
}

// flowed joins lines that RFC 3676 has broken.
func flowed(s string, params map[string]string) string {
	s = strings.ReplaceAll(s, "\r\n", "\n")
	if !strings.EqualFold(params["format"], "flowed") {
		return s
	}
	del := strings.EqualFold(params["delsp"], "yes")
	var b strings.Builder
	for l := range strings.SplitSeq(s, "\n") {
		soft := strings.HasSuffix(l, " ") && l != "-- " && !strings.HasPrefix(l, ">")
		if soft && del {
			l = strings.TrimSuffix(l, " ")
		}
		b.WriteString(l)
		if !soft {
			b.WriteByte('\n')
		}
	}
	return strings.TrimSuffix(b.String(), "\n")
}
