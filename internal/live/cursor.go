package live

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
	"maps"
	"slices"

	"github.com/google/uuid"

	"kabinet/internal/event"
)

// Cursor is where a client stands. It carries no right: the streams to listen
// to come from the viewer, a cursor only says where to go on in each.
type Cursor struct {
	Epoch string              // of the log; another epoch than the log's is ErrExpired to its reader
	Seqs  map[uuid.UUID]int64 // the last seq received of each stream
}

// Advance notes that e was received.
func (c *Cursor) Advance(e event.Stored) {
	if c.Seqs == nil {
		c.Seqs = map[uuid.UUID]int64{}
	}
	c.Seqs[e.StreamID] = e.Seq
}

// Clone is a copy that does not move with c.
func (c Cursor) Clone() Cursor { return Cursor{Epoch: c.Epoch, Seqs: maps.Clone(c.Seqs)} }

// The bytes: version, length and text of the epoch, number of streams, then
// each stream (ascending) with its seq as a varint, then a checksum. There is
// one string for one cursor, so strings may be compared.
const (
	cursorVersion = 1
	maxEpoch      = 36 // a UUID's text
	checksumSize  = 4
	maxCursorSize = 1 + 1 + maxEpoch + 1 + MaxStreams*(16+binary.MaxVarintLen64) + checksumSize
)

var (
	cursorText = base64.RawURLEncoding.Strict()
	cursorSum  = crc32.MakeTable(crc32.Castagnoli)
)

// EncodeCursor gives the opaque, URL-safe form. A cursor beyond the bounds (an
// epoch above 36 bytes, more than MaxStreams streams, a negative seq) gives a
// string that DecodeCursor refuses: never one that stands for less.
func EncodeCursor(c Cursor) string { return c.trail().encode() }

// trail is a cursor as it is kept for as long as somebody listens: a fifth of
// the map's size, and in the order of the bytes already.
type trail struct {
	epoch string
	steps []step
}

type step struct {
	stream uuid.UUID
	seq    int64
}

func (c Cursor) trail() trail {
	t := trail{epoch: c.Epoch, steps: make([]step, 0, len(c.Seqs))}
	for stream, seq := range c.Seqs {
		t.steps = append(t.steps, step{stream, seq})
	}
	slices.SortFunc(t.steps, func(x, y step) int { return bytes.Compare(x.stream[:], y.stream[:]) })
	return t
}

// advance notes that e was received, of a stream that t has.
func (t trail) advance(e event.Stored) {
	for i := range t.steps {
		if t.steps[i].stream == e.StreamID {
			t.steps[i].seq = e.Seq
		}
	}
}

func (t trail) encode() string {
	b := make([]byte, 0, 64+len(t.steps)*(16+binary.MaxVarintLen64))
	b = append(b, cursorVersion)
	b = binary.AppendUvarint(b, uint64(len(t.epoch)))
	b = append(b, t.epoch...)
	b = binary.AppendUvarint(b, uint64(len(t.steps)))
	for i := range t.steps {
		b = append(b, t.steps[i].stream[:]...)
		b = binary.AppendUvarint(b, uint64(t.steps[i].seq))
	}
	b = binary.BigEndian.AppendUint32(b, crc32.Checksum(b, cursorSum))
	return cursorText.EncodeToString(b)
}

// DecodeCursor reads what EncodeCursor made; anything else is ErrBadCursor. It
// costs nothing much whatever it is given.
func DecodeCursor(s string) (Cursor, error) {
	if len(s) > cursorText.EncodedLen(maxCursorSize) {
		return Cursor{}, ErrBadCursor
	}
	b, err := cursorText.DecodeString(s)
	if err != nil || len(b) < checksumSize+1 {
		return Cursor{}, ErrBadCursor
	}
	body, sum := b[:len(b)-checksumSize], b[len(b)-checksumSize:]
	if binary.BigEndian.Uint32(sum) != crc32.Checksum(body, cursorSum) || body[0] != cursorVersion {
		return Cursor{}, ErrBadCursor
	}
	c, ok := decodeBody(body[1:])
	// Only the canonical form is ours: sorted, no stream twice, shortest
	// numbers, and no line ends, which base64 would overlook.
	if !ok || EncodeCursor(c) != s {
		return Cursor{}, ErrBadCursor
	}
	return c, nil
}

func decodeBody(b []byte) (Cursor, bool) {
	n, b, ok := takeUvarint(b)
	if !ok || n > maxEpoch || uint64(len(b)) < n {
		return Cursor{}, false
	}
	c := Cursor{Epoch: string(b[:n])}
	n, b, ok = takeUvarint(b[n:])
	if !ok || n > MaxStreams {
		return Cursor{}, false
	}
	c.Seqs = make(map[uuid.UUID]int64, n)
	for range n {
		if len(b) < 16 {
			return Cursor{}, false
		}
		stream := uuid.UUID(b[:16])
		var seq uint64
		if seq, b, ok = takeUvarint(b[16:]); !ok || int64(seq) < 0 {
			return Cursor{}, false
		}
		c.Seqs[stream] = int64(seq)
	}
	return c, len(b) == 0
}

func takeUvarint(b []byte) (uint64, []byte, bool) {
	v, n := binary.Uvarint(b)
	if n <= 0 {
		return 0, nil, false
	}
	return v, b[n:], true
}
