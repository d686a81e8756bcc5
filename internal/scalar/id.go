package scalar

import (
	"encoding/binary"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"
	"go.jetify.com/typeid"
)

// ID is a TypeID: the kind of a thing and its UUIDv7, "order_01h455vb4pex…".
type ID struct {
	Prefix string
	UUID   uuid.UUID
}

// String is the text at the edge.
func (id ID) String() string {
	return string(AppendID(make([]byte, 0, len(id.Prefix)+27), id.Prefix, id.UUID))
}

// AppendID appends the text of an id: the prefix and the 128 bits of the UUID
// in Crockford's base 32, as the TypeID specification 0.3 says.
func AppendID(b []byte, prefix string, id uuid.UUID) []byte {
	const digits = "0123456789abcdefghjkmnpqrstvwxyz"
	b = append(append(b, prefix...), '_')
	hi, lo := binary.BigEndian.Uint64(id[:8]), binary.BigEndian.Uint64(id[8:])
	var text [26]byte
	for i := len(text) - 1; i >= 0; i-- { // five bits a digit, from the low end
		text[i] = digits[lo&31]
		lo = lo>>5 | hi<<59
		hi >>= 5
	}
	return append(b, text[:]...)
}

// ParseID reads a TypeID of any kind.
func ParseID(s string) (ID, error) {
	t, err := typeid.FromString(s)
	if err != nil || t.Prefix() == "" || len(s) > 64 {
		return ID{}, refuse("INVALID_ID", "an id looks like order_01h455vb4pex5vsknk084sn02q, this one does not")
	}
	u, err := uuid.FromBytes(t.UUIDBytes())
	if err != nil {
		return ID{}, refuse("INVALID_ID", "the id is malformed")
	}
	return ID{t.Prefix(), u}, nil
}

// As gives the UUID when the id is of one of the wanted kinds.
func (id ID) As(prefixes ...string) (uuid.UUID, error) {
	for _, p := range prefixes {
		if id.Prefix == p {
			return id.UUID, nil
		}
	}
	return uuid.Nil, refuse("INVALID_ID", "the id is of kind %q, wanted %s", id.Prefix, strings.Join(prefixes, " or "))
}

// MarshalID writes a TypeID.
func MarshalID(id ID) graphql.Marshaler { return quoted(id.String()) }

// UnmarshalID reads a TypeID; what is not one is INVALID_ID.
func UnmarshalID(v any) (ID, error) {
	s, ok := v.(string)
	if !ok {
		return ID{}, refuse("INVALID_ID", "an id must be a string")
	}
	return ParseID(s)
}

// ExternalKey is an outside system's key of an object.
type ExternalKey struct {
	Source string
	ID     string
}
