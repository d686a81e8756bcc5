package table

import (
	"bufio"
	"encoding/json"
	"io"
	"time"
)

// Lines writes NDJSON: an object a row, its members called as the columns are.
type Lines struct {
	out   *bufio.Writer
	heads [][]byte
}

// NewLines begins a file.
func NewLines(w io.Writer, heads []string) (*Lines, error) {
	l := &Lines{out: bufio.NewWriterSize(w, 64<<10)}
	for _, h := range heads {
		name, err := json.Marshal(h)
		if err != nil {
			return nil, err
		}
		l.heads = append(l.heads, name)
	}
	return l, nil
}

// Row writes one row; nil cells are null.
func (l *Lines) Row(cells []any) error {
	_ = l.out.WriteByte('{') // the writer keeps its first error for the last call
	for i, c := range cells {
		if i > 0 {
			_ = l.out.WriteByte(',')
		}
		if t, ok := c.(time.Time); ok {
			c = t.UTC().Format(time.RFC3339Nano)
		}
		value, err := json.Marshal(c)
		if err != nil {
			return err
		}
		_, _ = l.out.Write(l.heads[i])
		_ = l.out.WriteByte(':')
		_, _ = l.out.Write(value)
	}
	_, err := l.out.WriteString("}\n")
	return err
}

// Close writes what is left, and not the writer below.
func (l *Lines) Close() error { return l.out.Flush() }
