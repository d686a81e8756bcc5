package onlineretail

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"unicode/utf8"
)

// Bounds that keep memory flat whatever the file holds. The real set needs
// 104 bytes a row, 35 a field, 8 columns and 1,114 lines an invoice.
const (
	MaxRowBytes   = 64 << 10
	MaxFieldBytes = 512
	MaxColumns    = 64
)

// rows cuts the text into lines and lines into fields. A line is a row: the
// format has no line break inside a field, so an open quote costs its own row
// and never swallows the rows after it. encoding/csv cannot promise that, nor
// a bound on a field.
type rows struct {
	src     *bufio.Reader
	number  int      // of the line read last, from 1
	fields  [][]byte // of that line; views, good until the next
	scratch []byte   // unquoted text of fields that need it
}

func newRows(src io.Reader) *rows {
	return &rows{
		src:    bufio.NewReaderSize(src, MaxRowBytes+2), // a row and its CRLF
		fields: make([][]byte, 0, MaxColumns),
	}
}

// line gives the next line without its end. A line beyond the bound comes cut,
// with long set, and is read over.
func (r *rows) line() (line []byte, long bool, err error) {
	line, err = r.src.ReadSlice('\n')
	switch {
	case err == bufio.ErrBufferFull:
		head := bytes.Clone(line[:min(len(line), MaxFieldBytes)])
		for err == bufio.ErrBufferFull {
			_, err = r.src.ReadSlice('\n')
		}
		if err != nil && err != io.EOF {
			return nil, false, err
		}
		r.number++
		return head, true, nil
	case err == io.EOF && len(line) == 0:
		return nil, false, io.EOF
	case err != nil && err != io.EOF:
		return nil, false, err
	}
	r.number++
	line = bytes.TrimSuffix(line, []byte("\n"))
	line = bytes.TrimSuffix(line, []byte("\r"))
	if len(line) > MaxRowBytes {
		return line[:MaxFieldBytes], true, nil
	}
	return line, false, nil
}

// split cuts a line into r.fields. On trouble, r.fields holds what could be
// cut before it.
func (r *rows) split(line []byte) trouble {
	r.fields, r.scratch = r.fields[:0], r.scratch[:0]
	whole := line
	for {
		var field []byte
		var more bool
		if len(line) > 0 && line[0] == '"' {
			var ok bool
			if field, line, more, ok = r.quoted(line[1:]); !ok {
				return trouble{BadQuotes, fmt.Sprintf("a quote is open or out of place in column %d", len(r.fields)+1)}
			}
		} else {
			field, line, more = bytes.Cut(line, []byte(","))
			if bytes.IndexByte(field, '"') >= 0 {
				return trouble{BadQuotes, fmt.Sprintf("a quote is out of place in column %d", len(r.fields)+1)}
			}
		}
		if len(r.fields) == MaxColumns {
			return trouble{TooManyColumns, fmt.Sprintf("more than %d columns", MaxColumns)}
		}
		if len(field) > MaxFieldBytes {
			return trouble{FieldTooLong, fmt.Sprintf("column %d has %d bytes, %d are allowed", len(r.fields)+1, len(field), MaxFieldBytes)}
		}
		r.fields = append(r.fields, field)
		if !more {
			return checkText(whole) // last: the number of a bad row is known then
		}
	}
}

// quoted reads a field whose opening quote is already gone. The bytes are
// gathered in scratch, which is big enough for any row from the first on: it
// must not move while fields point into it.
func (r *rows) quoted(line []byte) (field, rest []byte, more, ok bool) {
	if cap(r.scratch) == 0 {
		r.scratch = make([]byte, 0, MaxRowBytes)
	}
	start := len(r.scratch)
	for {
		end := bytes.IndexByte(line, '"')
		if end < 0 {
			return nil, nil, false, false
		}
		r.scratch = append(r.scratch, line[:end]...)
		line = line[end+1:]
		if len(line) == 0 {
			return r.scratch[start:], nil, false, true
		}
		switch line[0] {
		case '"':
			r.scratch = append(r.scratch, '"')
			line = line[1:]
		case ',':
			return r.scratch[start:len(r.scratch):len(r.scratch)], line[1:], true, true
		default:
			return nil, nil, false, false
		}
	}
}

// checkText refuses what a database or a terminal would choke on.
func checkText(line []byte) trouble {
	for i, c := range line {
		if (c < ' ' && c != '\t') || c == 0x7f {
			return trouble{ControlCharacter, fmt.Sprintf("byte 0x%02x at byte %d of the row", c, i+1)}
		}
	}
	if !utf8.Valid(line) {
		return trouble{BadUTF8, fmt.Sprintf("not UTF-8: %q", quoteable(line, 80))}
	}
	return trouble{}
}
