package compiled

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"time"

	"github.com/google/uuid"
)

// errOdd says that the database's JSON, or a value in it, is not what this
// package expects; the query goes the ordinary way.
var errOdd = errors.New("compiled: unexpected value")

// tape is the database's JSON cut into tokens, without a copy of its text.
type tape struct {
	text   []byte
	tokens []token
}

// token is one value. What lies inside a list comes right after it; next is
// the token after all of that.
type token struct{ start, end, next int32 }

// read cuts text; the tokens of an earlier text are forgotten.
func (t *tape) read(text []byte) error {
	t.text, t.tokens = text, t.tokens[:0]
	end, err := t.value(t.space(0))
	if err == nil && t.space(end) != len(text) {
		err = errOdd
	}
	return err
}

func (t *tape) space(i int) int {
	for i < len(t.text) && (t.text[i] == ' ' || t.text[i] == '\n' || t.text[i] == '\t' || t.text[i] == '\r') {
		i++
	}
	return i
}

// value reads the value at i and gives where it ends. Objects are kept whole:
// they are values of JSON columns.
func (t *tape) value(i int) (int, error) {
	if i >= len(t.text) {
		return i, errOdd
	}
	at, end := len(t.tokens), i
	var err error
	t.tokens = append(t.tokens, token{start: int32(i)})
	switch t.text[i] {
	case '[':
		end, err = t.list(i)
	case '{':
		end, err = t.object(i)
	case '"':
		end, err = t.quoted(i)
	default:
		for end < len(t.text) && t.text[end] != ',' && t.text[end] != ']' && t.text[end] != '}' && t.text[end] > ' ' {
			end++
		}
		if end == i {
			err = errOdd
		}
	}
	t.tokens[at].end, t.tokens[at].next = int32(end), int32(len(t.tokens))
	return end, err
}

func (t *tape) list(i int) (int, error) {
	if i = t.space(i + 1); i < len(t.text) && t.text[i] == ']' {
		return i + 1, nil
	}
	for {
		end, err := t.value(i)
		if err != nil {
			return i, err
		}
		if i = t.space(end); i >= len(t.text) {
			return i, errOdd
		}
		switch t.text[i] {
		case ']':
			return i + 1, nil
		case ',':
			i = t.space(i + 1)
		default:
			return i, errOdd
		}
	}
}

func (t *tape) object(i int) (int, error) {
	for depth := 0; i < len(t.text); i++ {
		switch t.text[i] {
		case '"':
			end, err := t.quoted(i)
			if err != nil {
				return i, err
			}
			i = end - 1
		case '{':
			depth++
		case '}':
			if depth--; depth == 0 {
				return i + 1, nil
			}
		}
	}
	return i, errOdd
}

func (t *tape) quoted(i int) (int, error) {
	for i++; i < len(t.text); i++ {
		switch t.text[i] {
		case '"':
			return i + 1, nil
		case '\\':
			i++ // what is escaped
		}
	}
	return i, errOdd
}

// items appends the tokens that lie directly in the list at i.
func (t *tape) items(i int32, to []int32) ([]int32, error) {
	if t.text[t.tokens[i].start] != '[' {
		return to, errOdd
	}
	for j := i + 1; j < t.tokens[i].next; j = t.tokens[j].next {
		to = append(to, j)
	}
	return to, nil
}

// value is one value as the database wrote it.
type value []byte

func (t *tape) at(i int32) value { return value(t.text[t.tokens[i].start:t.tokens[i].end]) }

func (v value) null() bool { return len(v) == 4 && v[0] == 'n' }

// str is a text without its quotes.
func (v value) str() (string, error) {
	if len(v) < 2 || v[0] != '"' {
		return "", errOdd
	}
	if bytes.IndexByte(v, '\\') < 0 {
		return string(v[1 : len(v)-1]), nil
	}
	var s string
	if err := json.Unmarshal(v, &s); err != nil {
		return "", errOdd
	}
	return s, nil
}

func (v value) int() (int64, error) {
	n, err := strconv.ParseInt(string(v), 10, 64)
	if err != nil {
		return 0, errOdd
	}
	return n, nil
}

// bool reads SQLite's 0 and 1 too.
func (v value) bool() (bool, error) {
	switch string(v) {
	case "true", "1":
		return true, nil
	case "false", "0":
		return false, nil
	}
	return false, errOdd
}

func (v value) uuid() (uuid.UUID, error) {
	if len(v) != 38 {
		return uuid.Nil, errOdd
	}
	id, err := uuid.ParseBytes(v[1:37])
	if err != nil {
		return uuid.Nil, errOdd
	}
	return id, nil
}

// optionalUUID is nil for null.
func (v value) optionalUUID() (*uuid.UUID, error) {
	if v.null() {
		return nil, nil
	}
	id, err := v.uuid()
	return &id, err
}

// time reads what PostgreSQL and SQLite write: a T or a space, an offset.
func (v value) time() (time.Time, error) {
	s, err := v.str()
	if err != nil {
		return time.Time{}, err
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02 15:04:05.999999999Z07:00"} {
		if at, err := time.Parse(layout, s); err == nil {
			return at.UTC(), nil
		}
	}
	return time.Time{}, errOdd
}

// optionalTime is nil for null.
func (v value) optionalTime() (*time.Time, error) {
	if v.null() {
		return nil, nil
	}
	at, err := v.time()
	return &at, err
}
