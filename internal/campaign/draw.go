package campaign

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math"

	"github.com/google/uuid"

	"kabinet/ent/schema"
	"kabinet/internal/scalar"
)

// Algorithm is the name of the procedure that docs/raffle.md describes. A
// change of anything below is another name.
const Algorithm = "kabinet-raffle-1"

// seedSize and saltSize are the bytes of a raffle's two secrets.
const (
	seedSize = 32
	saltSize = 32
)

// ticket is an entry that takes part in a draw.
type ticket struct {
	id     uuid.UUID
	person string
}

// hashSeed is what is published of a seed before anybody enters.
func hashSeed(seed []byte) string {
	sum := sha256.Sum256(seed)
	return hex.EncodeToString(sum[:])
}

// personSign is the same for all entries of a person in a raffle. The salt is
// never published, so that a sign leads to nobody; it has no part in the draw
// but for "one prize a person", so that whoever knows the salt gains nothing.
func personSign(salt []byte, owner uuid.UUID) string {
	h := hmac.New(sha256.New, salt)
	h.Write(owner[:])
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// hashEntries is the hash of the list of entries, which stand by ascending id.
func hashEntries(tickets []ticket) string {
	h := sha256.New()
	line := make([]byte, 0, 32)
	for _, t := range tickets {
		line = append(scalar.AppendID(line[:0], "cme", t.id), '\n')
		h.Write(line)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// lots are the numbers of a draw: HMAC-SHA256 of a counter under a key that is
// made of the seed, the raffle, the list of entries and the public value. Who
// holds the seed is bound by its hash; who enters last does not know it.
type lots struct {
	key     []byte
	counter uint64
}

func newLots(seed []byte, campaign scalar.ID, entriesHash, entropy string) *lots {
	h := hmac.New(sha256.New, seed)
	h.Write([]byte(Algorithm + "\n" + campaign.String() + "\n" + entriesHash + "\n" + entropy))
	return &lots{key: h.Sum(nil)}
}

// below is a number from 0 to n-1, each as likely: numbers of the last,
// incomplete round of n are thrown away.
func (l *lots) below(n int) int {
	of := uint64(n)
	over := (math.MaxUint64%of + 1) % of // 2^64 mod n
	for {
		var at [8]byte
		binary.BigEndian.PutUint64(at[:], l.counter)
		l.counter++
		h := hmac.New(sha256.New, l.key)
		h.Write(at[:])
		if x := binary.BigEndian.Uint64(h.Sum(nil)); x <= math.MaxUint64-over {
			return int(x % of)
		}
	}
}

// drawWinners draws the prizes in their order. tickets stand by ascending id;
// each wins at most once, each person too unless many.
func drawWinners(l *lots, tickets []ticket, prizes []schema.CampaignPrize, many bool) (winners []schema.CampaignWinner) {
	pool := append([]ticket(nil), tickets...)
	won := map[string]bool{}
	for prize, p := range prizes {
		for range p.Count {
			t, ok := drawOne(l, &pool, won, many)
			if !ok {
				return winners
			}
			won[t.person] = true
			winners = append(winners, schema.CampaignWinner{Place: len(winners) + 1, Entry: t.id, Person: t.person, Prize: prize})
		}
	}
	return winners
}

// drawOne takes tickets out of the pool until one may win. The last ticket of
// the pool takes the place of the one that was taken.
func drawOne(l *lots, pool *[]ticket, won map[string]bool, many bool) (ticket, bool) {
	for len(*pool) > 0 {
		i, last := l.below(len(*pool)), len(*pool)-1
		t := (*pool)[i]
		(*pool)[i] = (*pool)[last]
		*pool = (*pool)[:last]
		if many || !won[t.person] {
			return t, true
		}
	}
	return ticket{}, false
}
