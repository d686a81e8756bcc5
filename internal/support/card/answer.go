package card

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"unicode"

	"kabinet/ent/schema"
)

// The bounds of what an address of the business tells.
const (
	mostAnswer   = 64 << 10 // bytes
	mostRows     = 50
	longestTitle = 200 // characters
	longestLabel = 100
	longestValue = 1000
)

// The words for an answer that cannot be shown; the others are Ask's.
const (
	errorTooLarge = "ANSWER_TOO_LARGE"
	errorInvalid  = "ANSWER_INVALID"
)

// told is what an answer says, brought into bounds.
type told struct {
	title string
	rows  []schema.CardRow
	link  *string
}

// readAnswer reads an answer; a word where it cannot be shown. Of what is too
// long the beginning is shown; a link that is not of the web is none. 204 is an
// empty card: nothing is known of the customer.
func readAnswer(a Answer) (t told, failure string) {
	switch {
	case a.Failure != "":
		return t, a.Failure
	case len(a.Body) > mostAnswer:
		return t, errorTooLarge
	case a.Status == 204:
		return told{rows: []schema.CardRow{}}, ""
	}
	var said struct {
		Title *string `json:"title"`
		Rows  []struct {
			Label *string `json:"label"`
			Value *string `json:"value"`
			Link  *string `json:"link"`
		} `json:"rows"`
		Link *string `json:"link"`
	}
	d := json.NewDecoder(bytes.NewReader(a.Body))
	if d.Decode(&said) != nil || said.Title == nil {
		return t, errorInvalid
	}
	if _, err := d.Token(); err != io.EOF { // something follows
		return t, errorInvalid
	}
	t = told{title: plain(*said.Title, longestTitle), rows: []schema.CardRow{}, link: linkOf(said.Link)}
	for _, r := range said.Rows[:min(len(said.Rows), mostRows)] {
		if r.Label == nil || r.Value == nil {
			return told{}, errorInvalid
		}
		row := schema.CardRow{Label: plain(*r.Label, longestLabel), Value: plain(*r.Value, longestValue)}
		if l := linkOf(r.Link); l != nil {
			row.Link = *l
		}
		t.rows = append(t.rows, row)
	}
	return t, ""
}

// plain is text without control characters and marks that turn its direction
// round, and no longer than so many characters. Markup in it is text.
func plain(s string, most int) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\n', r == '\t':
			return ' '
		case unicode.IsControl(r), r >= '\u202a' && r <= '\u202e', r >= '\u2066' && r <= '\u2069', r == '\u2028', r == '\u2029':
			return -1
		}
		return r
	}, s)
	n := 0
	for i := range s {
		if n++; n > most {
			return s[:i]
		}
	}
	return s
}

func linkOf(s *string) *string {
	if s == nil {
		return nil
	}
	return webLink(*s)
}
