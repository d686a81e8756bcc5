package scalar

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"entgo.io/contrib/entgql"
	"entgo.io/ent/dialect/sql"
	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"
	"github.com/vmihailenco/msgpack/v5"
)

// Cursor is a place in a list: the sort value and the id of a row.
type Cursor = entgql.Cursor[uuid.UUID]

type cursorText struct {
	List  string    `msgpack:"l"` // ParentType.field
	Sort  string    `msgpack:"s"`
	ID    uuid.UUID `msgpack:"i"`
	Value any       `msgpack:"v"` // not omitempty: a zero is a place too
}

// EncodeCursor writes a cursor that is good for one list in one sort only.
func EncodeCursor(list, sort string, c Cursor) string {
	b, err := msgpack.Marshal(cursorText{list, sort, c.ID, c.Value})
	if err != nil {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

// DecodeCursor reads what EncodeCursor wrote and nothing else.
func DecodeCursor(s string) (list, sort string, c Cursor, err error) {
	bad := refuse("INVALID_CURSOR", "the cursor is not one that this list gave")
	if len(s) > 512 {
		return "", "", c, bad
	}
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		return "", "", c, bad
	}
	var t cursorText
	if err := msgpack.Unmarshal(b, &t); err != nil || t.ID == uuid.Nil || t.List == "" {
		return "", "", c, bad
	}
	switch v := t.Value.(type) {
	case nil, string, bool, int8, int16, int32, int64, uint8, uint16, uint32:
	case time.Time:
		t.Value = v.UTC()
	default:
		return "", "", c, bad
	}
	return t.List, t.Sort, Cursor{ID: t.ID, Value: t.Value}, nil
}

// CheckPlaces is the fault of a cursor whose value no row can have in a list
// sorted by a column of a kind (string, enum, int, bool, time or uuid): cursors
// are whatever the client writes. A list by id needs no value.
func CheckPlaces(kind string, cursors ...*Cursor) error {
	for _, c := range cursors {
		if c == nil {
			continue
		}
		got := ""
		switch c.Value.(type) {
		case nil:
			got = "uuid"
		case string:
			if got = kind; kind != "enum" {
				got = "string"
			}
		case bool:
			got = "bool"
		case time.Time:
			got = "time"
		case int8, int16, int32, int64, uint8, uint16, uint32:
			got = "int"
		}
		if got != kind {
			return refuse("INVALID_CURSOR", "the cursor is not one that this list gave")
		}
	}
	return nil
}

// Between gives the predicates of the rows after one cursor and before another
// in a list of that direction; a cursor that is not given is no bound.
func Between(after, before *Cursor, idField, field string, direction entgql.OrderDirection) []func(*sql.Selector) {
	return append(
		entgql.CursorsPredicate(after, nil, idField, field, direction),
		entgql.CursorsPredicate(nil, before, idField, field, direction.Reverse())...,
	)
}

// CheckCursor is the fault of a cursor that is malformed or of another list.
func CheckCursor(list, s string) error {
	got, _, _, err := DecodeCursor(s)
	if err != nil {
		return err
	}
	if got != list {
		return refuse("INVALID_CURSOR", "the cursor is of the list %s, not of %s", got, list)
	}
	return nil
}

// listOf finds the connection field above (or at) the current field.
func listOf(ctx context.Context) (list, sort string) {
	fc := graphql.GetFieldContext(ctx)
	for fc != nil {
		if fc.Field.Field != nil && fc.Field.Definition != nil && strings.HasSuffix(fc.Field.Definition.Type.Name(), "Connection") {
			return fc.Object + "." + fc.Field.Name, sortOf(ctx, fc)
		}
		fc = fc.Parent
	}
	return "", ""
}

func sortOf(ctx context.Context, fc *graphql.FieldContext) string {
	v := fc.Field.ArgumentMap(graphql.GetOperationContext(ctx).Variables)["sort"]
	if v == nil {
		return ""
	}
	return fmt.Sprint(v)
}

// MarshalCursor writes the cursor of the list it is given in.
func MarshalCursor(c Cursor) graphql.ContextMarshaler {
	return graphql.ContextWriterFunc(func(ctx context.Context, w io.Writer) error {
		list, sort := listOf(ctx)
		_, err := io.WriteString(w, strconv.Quote(EncodeCursor(list, sort, c)))
		return err
	})
}

// UnmarshalCursor reads a cursor of the list whose argument it is; another
// list's, or the same list's in another sort, is INVALID_CURSOR.
func UnmarshalCursor(ctx context.Context, v any) (Cursor, error) {
	s, ok := v.(string)
	if !ok {
		return Cursor{}, refuse("INVALID_CURSOR", "a cursor must be a string")
	}
	gotList, gotSort, c, err := DecodeCursor(s)
	if err != nil {
		return c, err
	}
	if list, sort := listOf(ctx); list != "" && (list != gotList || sort != gotSort) {
		return c, refuse("INVALID_CURSOR", "the cursor is of another list or another sort")
	}
	return c, nil
}
