package campaign

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"kabinet/ent/schema"
	"kabinet/internal/scalar"
)

func seedOf(n uint64) []byte {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], n)
	sum := sha256.Sum256(b[:])
	return sum[:]
}

func ticketsOf(n, persons int) []ticket {
	all := make([]ticket, n)
	for i := range all {
		var id uuid.UUID
		binary.BigEndian.PutUint64(id[8:], uint64(i)+1)
		all[i] = ticket{id: id, person: personSign([]byte("salt"), uuid.UUID{byte(i % persons), byte(i % persons >> 8)})}
	}
	return all
}

// Each of 20 entries wins as often as chance says: chi-square over 20,000
// draws with fixed seeds stays below the bound that chance passes once in 1,000
// times (43.8 of 19 degrees).
func TestDrawIsUniform(t *testing.T) {
	const entries, draws = 20, 20_000
	tickets := ticketsOf(entries, entries)
	hash := hashEntries(tickets)
	var first, third [entries]int
	for n := range uint64(draws) {
		w := drawWinners(newLots(seedOf(n), scalar.ID{Prefix: "cmp"}, hash, ""), tickets, []schema.CampaignPrize{{Count: 3}}, false)
		first[binary.BigEndian.Uint64(w[0].Entry[8:])-1]++
		third[binary.BigEndian.Uint64(w[2].Entry[8:])-1]++
	}
	for name, seen := range map[string][entries]int{"first": first, "third": third} {
		var chi float64
		for _, n := range seen {
			d := float64(n) - draws/entries
			chi += d * d / (draws / entries)
		}
		if chi > 43.8 {
			t.Errorf("%s prize: chi-square %.1f: %v", name, chi, seen)
		}
	}
}

// Numbers below n have no bias where n does not divide 2^64, and stay below n.
func TestLotsBelow(t *testing.T) {
	l := newLots(seedOf(1), scalar.ID{Prefix: "cmp"}, "", "")
	var seen [3]int
	for range 30_000 {
		seen[l.below(3)]++
	}
	for _, n := range seen {
		if n < 9_700 || n > 10_300 {
			t.Errorf("%v", seen)
		}
	}
	if l.below(1) != 0 {
		t.Error("below 1")
	}
}

// Whatever the entries, persons and prizes: the same again for the same seed,
// no entry twice, no person twice unless allowed, places in order, and no prize
// left while somebody could have it.
func TestDrawProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 60).Draw(t, "entries")
		persons := rapid.IntRange(1, 20).Draw(t, "persons")
		many := rapid.Bool().Draw(t, "many")
		prizes := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) schema.CampaignPrize {
			return schema.CampaignPrize{Count: rapid.IntRange(1, 10).Draw(t, "count")}
		}), 1, 4).Draw(t, "prizes")
		tickets := ticketsOf(n, persons)
		before := slices.Clone(tickets)
		seed := seedOf(rapid.Uint64().Draw(t, "seed"))
		draw := func() []schema.CampaignWinner {
			return drawWinners(newLots(seed, scalar.ID{Prefix: "cmp"}, hashEntries(tickets), "x"), tickets, prizes, many)
		}
		w := draw()
		if !slices.Equal(w, draw()) || !slices.Equal(before, tickets) {
			t.Fatal("not the same again")
		}
		entries, people := map[uuid.UUID]bool{}, map[string]bool{}
		perPrize := make([]int, len(prizes))
		for i, x := range w {
			if entries[x.Entry] || people[x.Person] && !many || x.Place != i+1 {
				t.Fatalf("%+v", w)
			}
			entries[x.Entry], people[x.Person] = true, true
			perPrize[x.Prize]++
		}
		total := 0
		for i, p := range prizes {
			total += p.Count
			if perPrize[i] > p.Count || i > 0 && perPrize[i] > 0 && perPrize[i-1] < prizes[i-1].Count {
				t.Fatalf("prizes %v of %v", perPrize, prizes)
			}
		}
		could := n
		if !many {
			could = min(n, persons)
		}
		if len(w) != min(total, could) {
			t.Fatalf("%d winners of %d prizes, %d could", len(w), total, could)
		}
	})
}

// The procedure has a name: whoever changes a byte of it must give it another.
func TestDrawVector(t *testing.T) {
	tickets := ticketsOf(5, 5)
	w := drawWinners(newLots(seedOf(42), scalar.ID{Prefix: "cmp", UUID: uuid.UUID{15: 7}}, hashEntries(tickets), "6 12 17"), tickets, []schema.CampaignPrize{{Count: 5}}, false)
	var order []byte
	for _, x := range w {
		order = append(order, x.Entry[15])
	}
	if got := hashEntries(tickets); got != vectorHash {
		t.Errorf("hash of entries %s", got)
	}
	if !slices.Equal(order, vectorOrder) {
		t.Errorf("order %v", order)
	}
}

// Worked out by an independent program from docs/raffle.md.
const vectorHash = "2ab56c5d962fbcf3d2ec8bfc81538c74343aef591c3b28adf0a29b7b16341807"

var vectorOrder = []byte{2, 4, 3, 1, 5}
