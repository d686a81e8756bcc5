package table

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"
)

// lines reads NDJSON: an object a line. What is inside objects is named by its
// path, as in customer.id.
type lines struct {
	file *os.File
	in   *bufio.Reader
	line int
	read int64
}

func newLines(f *os.File) *lines { return &lines{file: f, in: bufio.NewReaderSize(f, 64<<10)} }

func (l *lines) Columns() []string { return nil }
func (l *lines) Offset() int64     { return l.read }
func (l *lines) Close() error      { return l.file.Close() }

// Next gives the next row that is not empty.
func (l *lines) Next() (Row, error) {
	for {
		text, err := l.take()
		row := Row{Line: l.line}
		var bad *Problem
		switch {
		case errors.As(err, &bad):
			return row, err
		case err != nil && (!errors.Is(err, io.EOF) || len(text) == 0):
			return row, err
		}
		if l.line == 1 {
			text = bytes.TrimPrefix(text, []byte("\ufeff"))
		}
		if text = bytes.TrimSpace(text); len(text) == 0 {
			continue
		}
		if !utf8.Valid(text) {
			return row, &Problem{"the line is not UTF-8"}
		}
		row.cells, err = object(text)
		return row, err
	}
}

// take reads a line; of one that is too long the rest is passed over.
func (l *lines) take() (text []byte, err error) {
	l.line++
	for {
		part, err := l.in.ReadSlice('\n')
		l.read += int64(len(part))
		if text = append(text, part...); len(text) > MaxRow {
			for errors.Is(err, bufio.ErrBufferFull) {
				part, err = l.in.ReadSlice('\n')
				l.read += int64(len(part))
			}
			if err != nil && !errors.Is(err, io.EOF) {
				return nil, err
			}
			return nil, &Problem{"the line is longer than 1 MB"}
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return text, err
		}
	}
}

// deepest is how deep objects lie in each other.
const deepest = 8

// object reads one object flat. A name that stands twice is a problem: nobody
// can say which is meant.
func object(text []byte) (map[string]Cell, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	cells := map[string]Cell{}
	t, err := d.Token()
	if err != nil || t != json.Delim('{') {
		return nil, &Problem{"the line is not a JSON object"}
	}
	if err := members(d, "", cells, 1); err != nil {
		var bad *Problem
		if !errors.As(err, &bad) {
			err = &Problem{"the line is not JSON: " + err.Error()}
		}
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, &Problem{"something stands behind the object"}
	}
	return cells, nil
}

func members(d *json.Decoder, under string, cells map[string]Cell, depth int) error {
	if depth > deepest {
		return &Problem{fmt.Sprintf("objects lie in each other more than %d deep", deepest)}
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return err
		}
		name := under + key.(string)
		if _, twice := cells[name]; twice {
			return &Problem{fmt.Sprintf("%q stands twice", name)}
		}
		if len(cells) >= MaxColumns {
			return &Problem{"the object has more than 1,000 members"}
		}
		cells[name] = Cell{}
		if err := value(d, name, cells, depth); err != nil {
			return err
		}
	}
	_, err := d.Token() // the closing brace
	return err
}

func value(d *json.Decoder, name string, cells map[string]Cell, depth int) error {
	t, err := d.Token()
	if err != nil {
		return err
	}
	switch t := t.(type) {
	case json.Delim:
		if t == '{' {
			cells[name] = Cell{} // so that name and its members do not both mean something
			return members(d, name+".", cells, depth+1)
		}
		list := []string{}
		for d.More() {
			v, err := d.Token()
			if err != nil {
				return err
			}
			text, ok := scalar(v)
			if !ok {
				return &Problem{fmt.Sprintf("%q: lists hold texts and numbers here, nothing else", name)}
			}
			list = append(list, text)
		}
		cells[name] = Cell{List: list, Text: strings.Join(list, "\n")}
		_, err := d.Token()
		return err
	case nil:
		cells[name] = Cell{Null: true}
	default:
		text, _ := scalar(t)
		_, number := t.(json.Number)
		cells[name] = Cell{Text: text, Number: number}
	}
	return nil
}

func scalar(t json.Token) (string, bool) {
	switch t := t.(type) {
	case string:
		return t, true
	case json.Number:
		return t.String(), true
	case bool:
		return fmt.Sprint(t), true
	}
	return "", false
}
