package main

import (
	"crypto/hmac"
	"crypto/sha256"
	bigendian "encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"kabinet/internal/store/storetest"
)

// published is what anybody reads of a raffle that was drawn.
type published struct {
	ID, SeedHash string
	Prizes       []struct{ Count int }
	EntryRules   struct{ ManyPrizes bool }
	RaffleResult struct {
		Algorithm, Seed, PublicEntropy, EntriesHash string
		EntriesCount                                int
		Winners                                     []struct{ EntryID string }
		Entries                                     []struct{ ID, Person string }
	}
}

const publishedQuery = `{ campaign(id: "%s") { id seedHash prizes { count } entryRules { manyPrizes } raffleResult { algorithm seed publicEntropy entriesHash entriesCount winners { entryId } entries(count: 5%s) { id person } } } }`

// Whoever reads the API draws a raffle again, as docs/raffle.md says, and finds
// the same winners: by Go here, and by the script of that page.
func TestRaffleCanBeDrawnAgain(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		id, announced := w.raffle(t)
		var p published
		var answer map[string]any
		for after := ""; ; {
			var page published
			answer = w.send(t, step{as: "nobody"}, fmt.Sprintf(publishedQuery, id, after))
			text, err := json.Marshal(answer["data"].(map[string]any)["campaign"])
			check(t, err)
			check(t, json.Unmarshal(text, &page))
			if len(page.RaffleResult.Entries) == 0 {
				break
			}
			all := slices.Concat(p.RaffleResult.Entries, page.RaffleResult.Entries)
			p = page
			p.RaffleResult.Entries = all
			after = fmt.Sprintf(`, after: "%s"`, all[len(all)-1].ID)
		}
		if p.SeedHash != announced || len(p.RaffleResult.Winners) != 3 || len(p.RaffleResult.Entries) != 16 {
			t.Fatalf("%+v", p)
		}
		var drawn []string
		for _, x := range p.RaffleResult.Winners {
			drawn = append(drawn, x.EntryID)
		}
		if again := p.drawAgain(t); !slices.Equal(again, drawn) {
			t.Errorf("drawn %v, drawn again %v", drawn, again)
		}
		p.script(t, answer)
		// Whoever adds an entry to the list, or takes another seed, is found out.
		p.RaffleResult.Entries = p.RaffleResult.Entries[1:]
		if again := p.drawAgain(t); again != nil {
			t.Error("an entry less was not noticed")
		}
	})
}

// raffle makes, fills, closes and draws one over the API.
func (w *world) raffle(t *testing.T) (id, announced string) {
	t.Helper()
	ask := func(who, query string) map[string]any {
		t.Helper()
		answer := w.send(t, step{as: who}, query)
		if text := fmt.Sprint(answer); answer["errors"] != nil || strings.Contains(text, "code:") {
			t.Fatal(text)
		}
		return answer
	}
	text := func(answer map[string]any, path string) string {
		v, ok := dig(answer["data"], path)
		if !ok {
			t.Fatalf("no %s in %v", path, answer)
		}
		return fmt.Sprint(v)
	}
	saved := ask("staff", `mutation { saveCampaign(input: {kind: RAFFLE, handle: "advent", texts: [{locale: "en", name: "Advent"}], endsAt: "2026-12-24T00:00:00Z",
		entryRules: {autoApprove: true, entropySource: "A lottery"}, prizes: [{texts: [{locale: "en", name: "A"}], count: 1}, {texts: [{locale: "en", name: "B"}], count: 2}]}) { campaign { id } userErrors { code } } }`)
	id = text(saved, "saveCampaign.campaign.id")
	opened := ask("staff", fmt.Sprintf(`mutation { setCampaignStatus(input: {campaignId: "%s", status: OPEN}) { campaign { seedHash } userErrors { code } } }`, id))
	announced = text(opened, "setCampaignStatus.campaign.seedHash")
	for n := range 4 {
		for _, who := range []string{"alice", "bob", "carol", "support"} {
			ask(who, fmt.Sprintf(`mutation { enterCampaign(input: {campaignId: "%s", idempotencyKey: "e%d"}) { entry { id } userErrors { code } } }`, id, n))
		}
	}
	w.db.Clock.Add(time.Minute)
	ask("staff", fmt.Sprintf(`mutation { setCampaignStatus(input: {campaignId: "%s", status: CLOSED}) { campaign { id } userErrors { code } } }`, id))
	ask("staff", fmt.Sprintf(`mutation { drawRaffle(input: {campaignId: "%s", publicEntropy: "6 12 17", idempotencyKey: "d"}) { entriesCount userErrors { code } } }`, id))
	return id, announced
}

// drawAgain knows docs/raffle.md and no line of internal/campaign; nil where
// what was published does not fit together.
func (p published) drawAgain(t *testing.T) (winners []string) {
	t.Helper()
	r := p.RaffleResult
	seed, err := hex.DecodeString(r.Seed)
	check(t, err)
	list, ids := "", []string{}
	for _, e := range r.Entries {
		ids = append(ids, e.ID)
		list += e.ID + "\n"
	}
	hash := func(b []byte) string { sum := sha256.Sum256(b); return hex.EncodeToString(sum[:]) }
	if hash(seed) != p.SeedHash || hash([]byte(list)) != r.EntriesHash || !slices.IsSorted(ids) || len(ids) != r.EntriesCount {
		return nil
	}
	mac := func(key, text []byte) []byte {
		h := hmac.New(sha256.New, key)
		h.Write(text)
		return h.Sum(nil)
	}
	key := mac(seed, []byte(r.Algorithm+"\n"+p.ID+"\n"+r.EntriesHash+"\n"+r.PublicEntropy))
	all := new(big.Int).Lsh(big.NewInt(1), 64)
	prizes, pool, won := 0, slices.Clone(r.Entries), map[string]bool{}
	for _, prize := range p.Prizes {
		prizes += prize.Count
	}
	for counter := uint64(0); len(winners) < prizes && len(pool) > 0; counter++ {
		x := new(big.Int).SetBytes(mac(key, bigendian.BigEndian.AppendUint64(nil, counter))[:8])
		n := big.NewInt(int64(len(pool)))
		if x.Cmp(new(big.Int).Sub(all, new(big.Int).Mod(all, n))) >= 0 {
			continue
		}
		at, last := new(big.Int).Mod(x, n).Int64(), len(pool)-1
		chosen := pool[at]
		pool[at] = pool[last]
		pool = pool[:last]
		if won[chosen.Person] && !p.EntryRules.ManyPrizes {
			continue
		}
		won[chosen.Person] = true
		winners = append(winners, chosen.ID)
	}
	return winners
}

// script runs the one of docs/raffle.md, where there is a Python.
func (p published) script(t *testing.T, answer map[string]any) {
	t.Helper()
	python, err := exec.LookPath("python3")
	if err != nil {
		return
	}
	page, err := os.ReadFile("docs/raffle.md")
	check(t, err)
	_, code, _ := strings.Cut(string(page), "```python\n")
	code, _, _ = strings.Cut(code, "```")
	campaign := answer["data"].(map[string]any)["campaign"].(map[string]any)
	entries := []map[string]string{}
	for _, e := range p.RaffleResult.Entries {
		entries = append(entries, map[string]string{"id": e.ID, "person": e.Person})
	}
	campaign["raffleResult"].(map[string]any)["entries"] = entries
	text, err := json.Marshal(answer)
	check(t, err)
	file := filepath.Join(t.TempDir(), "raffle.json")
	check(t, os.WriteFile(file, text, 0o600))
	out, err := exec.Command(python, "-c", code, file).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "3 winners of 16 entries: the draw is right") {
		t.Errorf("%v: %s", err, out)
	}
}
