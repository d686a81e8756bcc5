package compiled

import (
	"bytes"
	"encoding/json"
	"strconv"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"kabinet/internal/scalar"
)

// The writers of values. They write what the scalars of internal/scalar and
// gqlgen write.

// typename writes the name of a type.
func typename[T any](name string) func(c *call, from T) error {
	text := strconv.Quote(name)
	return func(c *call, _ T) error {
		c.out = append(c.out, text...)
		return nil
	}
}

// cell is one field of an object in the answer: its "alias": and its value,
// made from T.
type cell[T any] struct {
	key   []byte
	write func(c *call, from T) error
}

func writeObject[T any](cells []cell[T]) func(c *call, from T) error {
	return func(c *call, from T) error {
		c.out = append(c.out, '{')
		for i := range cells {
			if i > 0 {
				c.out = append(c.out, ',')
			}
			c.out = append(c.out, cells[i].key...)
			if err := cells[i].write(c, from); err != nil {
				return err
			}
		}
		c.out = append(c.out, '}')
		return nil
	}
}

// items hands over the tokens of a list.
func (c *call) items(i int32, do func(items []int32) error) error {
	base := len(c.at)
	at, err := c.tape.items(i, c.at)
	if err != nil {
		return err
	}
	c.at = at
	err = do(at[base:])
	c.at = c.at[:base]
	return err
}

// writeList writes rows as a list.
func (c *call) writeList(src *source, items []int32, write writer) error {
	c.out = append(c.out, '[')
	for n, i := range items {
		if n > 0 {
			c.out = append(c.out, ',')
		}
		if err := c.row(src, i, write); err != nil {
			return err
		}
	}
	c.out = append(c.out, ']')
	return nil
}

func (c *call) null() error {
	c.out = append(c.out, "null"...)
	return nil
}

// writeText takes a text over as it is where it needs no escapes; those of
// the database may be others than gqlgen's.
func writeText(c *call, v value) error {
	switch {
	case v.null():
		return c.null()
	case len(v) < 2 || v[0] != '"':
		return errOdd
	case bytes.IndexByte(v, '\\') < 0:
		c.out = append(c.out, v...)
		return nil
	}
	text, err := v.str()
	if err != nil {
		return err
	}
	return c.writeString(text)
}

func (c *call) writeString(text string) error {
	graphql.MarshalString(text).MarshalGQL((*appender)(c))
	return nil
}

// appender writes to the answer.
type appender call

func (a *appender) Write(p []byte) (int, error) {
	a.out = append(a.out, p...)
	return len(p), nil
}

func (a *appender) WriteString(p string) (int, error) {
	a.out = append(a.out, p...)
	return len(p), nil
}

func writeNumber(c *call, v value) error {
	if v.null() {
		return c.null()
	}
	if _, err := v.int(); err != nil {
		return err
	}
	c.out = append(c.out, v...)
	return nil
}

func (c *call) writeInt(n int64) error {
	c.out = strconv.AppendInt(c.out, n, 10)
	return nil
}

func writeBool(c *call, v value) error {
	if v.null() {
		return c.null()
	}
	yes, err := v.bool()
	if err != nil {
		return err
	}
	return c.writeBool(yes)
}

func (c *call) writeBool(yes bool) error {
	if yes {
		c.out = append(c.out, "true"...)
	} else {
		c.out = append(c.out, "false"...)
	}
	return nil
}

// writeTime writes RFC 3339 in UTC. What PostgreSQL and SQLite write for UTC
// needs a T, a Z and no zeros at the end; anything else is read and formatted.
func writeTime(c *call, v value) error {
	if v.null() {
		return c.null()
	}
	const date, offset = len(`"2006-01-02T15:04:05`), len(`+00:00"`)
	n := len(v)
	if n >= date+offset && string(v[n-offset:]) == `+00:00"` && (v[11] == 'T' || v[11] == ' ') && v[5] == '-' {
		at := len(c.out)
		c.out = append(c.out, v[:n-offset]...)
		c.out[at+11] = 'T'
		if n > date+offset {
			c.out = bytes.TrimRight(c.out, "0")
			c.out = bytes.TrimSuffix(c.out, []byte{'.'})
		}
		c.out = append(c.out, 'Z', '"')
		return nil
	}
	at, err := v.time()
	if err != nil {
		return err
	}
	c.out = append(c.out, '"')
	c.out = at.AppendFormat(c.out, time.RFC3339Nano)
	c.out = append(c.out, '"')
	return nil
}

// writeJSON goes through Go, whose numbers and order of keys are the ordinary
// way's.
func writeJSON(c *call, v value) error {
	if v.null() {
		return c.null()
	}
	var object map[string]any
	if err := json.Unmarshal(v, &object); err != nil {
		return errOdd
	}
	scalar.MarshalJSON(object).MarshalGQL((*appender)(c))
	return nil
}

func (c *call) writeID(prefix string, v value) error {
	id, err := v.uuid()
	if err != nil {
		return err
	}
	c.out = append(c.out, '"')
	c.out = scalar.AppendID(c.out, prefix, id)
	c.out = append(c.out, '"')
	return nil
}

// writeOptionalID is null for none.
func (c *call) writeOptionalID(prefix string, v value) error {
	if v.null() {
		return c.null()
	}
	return c.writeID(prefix, v)
}

func (c *call) writeAmount(minor, currency value) error {
	n, err := minor.int()
	if err != nil {
		return err
	}
	code, err := currency.str()
	if err != nil {
		return err
	}
	c.out = append(c.out, '"')
	c.out = scalar.AppendAmount(c.out, n, code)
	c.out = append(c.out, '"')
	return nil
}

// writeStrings writes a list of enum values.
func writeStrings[T ~string](c *call, list []T) error {
	c.out = append(c.out, '[')
	for i, s := range list {
		if i > 0 {
			c.out = append(c.out, ',')
		}
		if err := c.writeString(string(s)); err != nil {
			return err
		}
	}
	c.out = append(c.out, ']')
	return nil
}
