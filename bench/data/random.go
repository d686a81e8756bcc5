package data

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/google/uuid"
	"go.jetify.com/typeid"
)

// random is one thing's own source: users are made in any order, or alone.
type random struct{ *rand.Rand }

func (p Plan) random(kind uint64, i int) random {
	return random{rand.New(rand.NewPCG(p.Seed<<8|kind, uint64(i)))}
}

// The kinds of things that have a source.
const (
	kindUser = iota + 1
	kindProduct
)

// between is a number from least to most, both included.
func (r random) between(least, most int) int { return least + r.IntN(most-least+1) }

func (r random) percent(n int) bool { return r.IntN(100) < n }

// id is a UUIDv7 of a moment, so that ids rise as the rows do.
func (r random) id(at time.Time) uuid.UUID {
	var id uuid.UUID
	binary.BigEndian.PutUint64(id[:], uint64(at.UnixMilli())<<16|uint64(r.IntN(1<<16)))
	binary.BigEndian.PutUint64(id[8:], r.Uint64())
	id[6] = 0x70 | id[6]&0x0f
	id[8] = 0x80 | id[8]&0x3f
	return id
}

func pick[T any](r random, of []T) T { return of[r.IntN(len(of))] }

// words gives n words.
func (r random) words(n int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(pick(r, lexicon))
	}
	return b.String()
}

// sentence is words with a capital and a full stop.
func (r random) sentence(n int) string {
	s := r.words(n)
	return strings.ToUpper(s[:1]) + s[1:] + "."
}

// TypeID is an id as kabinet shows it.
func TypeID(prefix string, id uuid.UUID) string {
	t, err := typeid.FromUUIDBytesWithPrefix(prefix, id[:])
	if err != nil {
		panic(err) // a prefix of ours is malformed
	}
	return t.String()
}

// token is a session's secret that the bench can work out again.
func (p Plan) token(user int) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "kabinet bench %d %d", p.Seed, user))
	return "kab_" + strings.ToLower(base32.StdEncoding.EncodeToString(sum[:20]))
}

func tokenHash(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}

var lexicon = strings.Fields(`red white blue green small large vintage metal wooden glass paper cotton holder lantern
	bag box mug plate heart star bird rose garden kitchen set of in with retro spot design party bunting cake tin case
	clock alarm candle light string hanging sign door mat cushion cover hot water bottle hand warmer jumbo storage lunch`)

var givenNames = strings.Fields(`Emma Olivia Ava Mia Sofia Grace Lily Ella Chloe Lucy Oliver Jack Harry George Noah Leo Arthur Oscar Henry Theo`)

var familyNames = strings.Fields(`Smith Jones Taylor Brown Williams Wilson Johnson Davies Robinson Wright Thompson Evans Walker White Roberts Green Hall Wood Clarke Hill`)
