package live_test

import (
	"encoding/base64"
	"errors"
	"maps"
	"math"
	"net/url"
	"strings"
	"testing"

	"github.com/google/uuid"

	"kabinet/internal/event"
	"kabinet/internal/live"
)

func cursorOf(t testing.TB, streams int) live.Cursor {
	c := live.Cursor{Epoch: "0192f0c1-2b3c-7d4e-8f90-a1b2c3d4e5f6", Seqs: map[uuid.UUID]int64{}}
	for i := range streams {
		c.Seqs[newID(t)] = int64(i) * 1_000_003
	}
	return c
}

func TestCursorRoundTrip(t *testing.T) {
	t.Parallel()
	largest := cursorOf(t, 1)
	for s := range largest.Seqs {
		largest.Seqs[s] = math.MaxInt64
	}
	for name, c := range map[string]live.Cursor{
		"one": cursorOf(t, 1), "most": cursorOf(t, live.MaxStreams), "largest": largest,
		"no epoch": {Seqs: cursorOf(t, 2).Seqs}, "nothing": {},
	} {
		s := live.EncodeCursor(c)
		got, err := live.DecodeCursor(s)
		if err != nil || got.Epoch != c.Epoch || !maps.Equal(got.Seqs, c.Seqs) {
			t.Errorf("%s: got %v, %v; want %v", name, got, err, c)
		}
		if url.QueryEscape(s) != s {
			t.Errorf("%s: %q is not URL-safe", name, s)
		}
	}
}

func TestCursorAdvance(t *testing.T) {
	t.Parallel()
	var c live.Cursor
	a := newID(t)
	c.Advance(event.Stored{StreamID: a, Seq: 1})
	before := c.Clone()
	c.Advance(event.Stored{StreamID: a, Seq: 2})
	if c.Seqs[a] != 2 || before.Seqs[a] != 1 {
		t.Errorf("now %v, before %v", c, before)
	}
}

// security G13
func TestBadCursors(t *testing.T) {
	t.Parallel()
	good := live.EncodeCursor(cursorOf(t, 2))
	flip := func(i int) string {
		b, _ := base64.RawURLEncoding.DecodeString(good)
		b[i] ^= 1
		return base64.RawURLEncoding.EncodeToString(b)
	}
	negative := cursorOf(t, 1)
	for s := range negative.Seqs {
		negative.Seqs[s] = -1
	}
	bad := map[string]string{
		"empty": "", "words": "not a cursor", "NUL": "\x00", "cut": good[:len(good)-3], "longer": good + "AAAA",
		"line end": good[:10] + "\n" + good[10:], "version": flip(0), "epoch": flip(5), "stream": flip(45),
		"too many streams": live.EncodeCursor(cursorOf(t, live.MaxStreams+1)),
		"long epoch":       live.EncodeCursor(live.Cursor{Epoch: strings.Repeat("e", 37)}),
		"negative":         live.EncodeCursor(negative),
		"huge":             strings.Repeat("A", 1<<20),
	}
	for name, s := range bad {
		if c, err := live.DecodeCursor(s); !errors.Is(err, live.ErrBadCursor) {
			t.Errorf("%s: got %v, %v", name, c, err)
		}
	}
}

func FuzzDecodeCursor(f *testing.F) {
	f.Add("")
	f.Add(live.EncodeCursor(live.Cursor{}))
	f.Add(live.EncodeCursor(cursorOf(f, 3)))
	f.Add(live.EncodeCursor(cursorOf(f, live.MaxStreams+1)))
	f.Fuzz(func(t *testing.T, s string) {
		c, err := live.DecodeCursor(s)
		if err != nil {
			if !errors.Is(err, live.ErrBadCursor) {
				t.Errorf("%q: %v", s, err)
			}
			return
		}
		if back := live.EncodeCursor(c); back != s {
			t.Errorf("%q decodes to %v, which encodes to %q", s, c, back)
		}
		if len(c.Seqs) > live.MaxStreams || len(c.Epoch) > 36 {
			t.Errorf("out of bounds: %v", c)
		}
	})
}

// FuzzEncodeCursor reaches the inside, past the checksum.
func FuzzEncodeCursor(f *testing.F) {
	f.Add("e1", []byte("0123456789abcdef0123456789abcdef"), int64(7))
	f.Fuzz(func(t *testing.T, epoch string, streams []byte, seq int64) {
		c := live.Cursor{Epoch: epoch, Seqs: map[uuid.UUID]int64{}}
		for len(streams) >= 16 {
			c.Seqs[uuid.UUID(streams[:16])] = seq
			streams = streams[16:]
			seq = seq*31 + 1
		}
		fits := len(epoch) <= 36 && len(c.Seqs) <= live.MaxStreams
		for _, v := range c.Seqs {
			fits = fits && v >= 0
		}
		got, err := live.DecodeCursor(live.EncodeCursor(c))
		switch {
		case !fits && err == nil:
			t.Errorf("%v is beyond the bounds and decodes to %v", c, got)
		case fits && (err != nil || got.Epoch != c.Epoch || !maps.Equal(got.Seqs, c.Seqs)):
			t.Errorf("%v became %v, %v", c, got, err)
		}
	})
}
