package campaign_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entcampaign "kabinet/ent/generated/campaign"
	"kabinet/internal/campaign"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store/storetest"
)

// verify draws again from nothing but what the API publishes, as docs/raffle.md
// says; it shares no line with the drawing code. It gives the entries that win.
func verify(t *testing.T, campaignID, seedHash, algorithm, seed, entropy, entriesHash string, ids, persons []string, prizes int, many bool) (winners []string) {
	t.Helper()
	secret, err := hex.DecodeString(seed)
	check(t, err)
	if sum := sha256.Sum256(secret); hex.EncodeToString(sum[:]) != seedHash {
		t.Fatal("the seed is not the one that was announced")
	}
	list := ""
	for _, id := range ids {
		list += id + "\n"
	}
	if sum := sha256.Sum256([]byte(list)); hex.EncodeToString(sum[:]) != entriesHash || !slices.IsSorted(ids) {
		t.Fatal("the list of entries is another")
	}
	mac := func(key, text []byte) []byte {
		h := hmac.New(sha256.New, key)
		h.Write(text)
		return h.Sum(nil)
	}
	key := mac(secret, []byte(algorithm+"\n"+campaignID+"\n"+entriesHash+"\n"+entropy))
	all := new(big.Int).Lsh(big.NewInt(1), 64)
	pool := make([]int, len(ids))
	for i := range pool {
		pool[i] = i
	}
	had := map[string]bool{}
	for counter := uint64(0); len(winners) < prizes && len(pool) > 0; counter++ {
		x := new(big.Int).SetBytes(mac(key, binary.BigEndian.AppendUint64(nil, counter))[:8])
		n := big.NewInt(int64(len(pool)))
		if x.Cmp(new(big.Int).Sub(all, new(big.Int).Mod(all, n))) >= 0 {
			continue
		}
		at := int(new(big.Int).Mod(x, n).Int64())
		chosen := pool[at]
		pool[at] = pool[len(pool)-1]
		pool = pool[:len(pool)-1]
		if had[persons[chosen]] && !many {
			continue
		}
		had[persons[chosen]] = true
		winners = append(winners, ids[chosen])
	}
	return winners
}

func (w *world) verify(t *testing.T, c *ent.Campaign, announced string, prizes int, many bool) *campaign.RaffleResult {
	t.Helper()
	r := campaign.Result(w.as(0), c)
	if r == nil {
		t.Fatal("there is no result")
	}
	var ids, persons []string
	for after := (*scalar.ID)(nil); ; {
		page, err := w.s.Entries(w.as(0), r, after, ptr(7))
		check(t, err)
		if len(page) == 0 {
			break
		}
		for _, e := range page {
			ids, persons = append(ids, e.ID.String()), append(persons, e.Person)
			after = &e.ID
		}
	}
	if r.EntriesCount != len(ids) {
		t.Errorf("%d entries, %d listed", r.EntriesCount, len(ids))
	}
	var drawn []string
	for _, x := range r.Winners {
		drawn = append(drawn, x.EntryID.String())
	}
	if again := verify(t, c.GlobalID().String(), announced, r.Algorithm, r.Seed, r.PublicEntropy, r.EntriesHash, ids, persons, prizes, many); !slices.Equal(again, drawn) {
		t.Errorf("drawn %v, drawn again %v", drawn, again)
	}
	return r
}

// A raffle from its announcement to its prizes: what is published before binds
// the seed, a dry run tells nothing, two draws at once draw once, late approvals
// take no part, and whoever reads the API draws the same winners again.
func TestRaffle(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db, 12)
		in := w.input(campaign.KindRaffle, "raffle")
		in.Prizes, in.EntryRules.AutoApprove = prizes(2, 3), ptr(false)
		in.Prizes[1].Points = ptr(int64(100))
		in.EntryRules.EntropySource = ptr("The lottery of 22 November")
		c := w.open(t, in)
		if c.SeedHash == nil || c.Result != nil || campaign.Result(w.as(0), c) != nil {
			t.Fatalf("%+v", c)
		}
		announced := *c.SeedHash
		late := w.fill(t, c)
		draw := func(change func(*campaign.DrawRaffleInput)) (campaign.Drawn, error) {
			in := campaign.DrawRaffleInput{CampaignID: c.GlobalID(), IdempotencyKey: uuid.NewString(), PublicEntropy: ptr("6 12 17")}
			if change != nil {
				change(&in)
			}
			return w.s.Draw(staff(), in)
		}
		_, err := draw(nil)
		wantCode(t, err, campaign.ErrIllegalTransition) // it is open
		w.Clock.Add(time.Hour)
		n, err := w.s.MoveDue(storetest.System(), 100)
		check(t, err)
		if n != 1 {
			t.Errorf("%d moved", n)
		}
		_, err = w.s.Draw(w.as(0), campaign.DrawRaffleInput{CampaignID: c.GlobalID(), IdempotencyKey: "x"})
		wantCode(t, err, fault.ErrForbidden)
		_, err = draw(func(in *campaign.DrawRaffleInput) { in.PublicEntropy = nil })
		wantCode(t, err, fault.ErrRequired)
		dry, err := draw(func(in *campaign.DrawRaffleInput) { in.DryRun = ptr(true) })
		check(t, err)
		if *dry.Entries != 23 || *dry.Prizes != 5 || dry.Campaign.Result != nil || dry.Campaign.DrawnAt != nil {
			t.Errorf("dry run: %+v", dry)
		}
		w.race(t, draw)
		_, err = w.s.Moderate(staff(), campaign.ModerateCampaignEntryInput{EntryID: *late, Decision: campaign.DecideApprove, IdempotencyKey: "late"})
		wantCode(t, err, campaign.ErrIllegalTransition)
		c, err = w.s.Find(w.as(0), c.GlobalID())
		check(t, err)
		if c.Status != entcampaign.StatusFINISHED || *c.SeedHash != announced {
			t.Errorf("%+v", c)
		}
		r := w.verify(t, c, announced, 5, false)
		persons := map[string]bool{}
		for _, x := range r.Winners {
			persons[x.Person] = true
		}
		if len(persons) != 5 {
			t.Errorf("%d persons won 5 prizes", len(persons))
		}
		for range 2 {
			w.hear(t)
		}
		w.prizesCame(t, r)
		w.checked(t)
	})
}

// fill lets everybody enter twice; the last entry is not approved in time.
func (w *world) fill(t *testing.T, c *ent.Campaign) (late *scalar.ID) {
	t.Helper()
	var ids []*scalar.ID
	for i := range w.people {
		for range 2 {
			e, err := w.enter(i, c)
			check(t, err)
			ids = append(ids, ptr(e.Entry.GlobalID()))
		}
	}
	last := len(ids) - 1
	_, _, err := w.s.ModerateMany(staff(), campaign.ModerateCampaignEntriesInput{EntryIDs: ids[:last], Decision: campaign.DecideApprove, IdempotencyKey: "all"})
	check(t, err)
	return ids[last]
}

// race draws eight times at once, two of them under one key: one draw is made.
func (w *world) race(t *testing.T, draw func(func(*campaign.DrawRaffleInput)) (campaign.Drawn, error)) {
	t.Helper()
	var wg sync.WaitGroup
	errs := make([]error, 8)
	for i := range errs {
		wg.Go(func() {
			_, errs[i] = draw(func(in *campaign.DrawRaffleInput) { in.IdempotencyKey = fmt.Sprint("draw", i) })
		})
	}
	wg.Wait()
	drawn := 0
	for i, err := range errs {
		if err == nil {
			drawn++
			again, err := draw(func(in *campaign.DrawRaffleInput) { in.IdempotencyKey = fmt.Sprint("draw", i) })
			if err != nil || !*again.Replayed || *again.Entries != 23 { // security K4
				t.Errorf("%+v, %v", again, err)
			}
		} else if !errors.Is(err, campaign.ErrIllegalTransition) {
			t.Error(err)
		}
	}
	if drawn != 1 {
		t.Errorf("%d draws", drawn)
	}
}

func (w *world) prizesCame(t *testing.T, r *campaign.RaffleResult) {
	t.Helper()
	got := int64(0)
	for i := range w.people {
		got += w.balance(t, i)
	}
	sent := 0
	for _, e := range w.Client.CampaignEntry.Query().AllX(storetest.System()) {
		if e.Status == "PRIZE_SENT" {
			sent++
		}
	}
	if got != 300 || sent != 3 {
		t.Errorf("%d points, %d prizes sent, of %+v", got, sent, r.Winners)
	}
}

// Who may see what of a campaign.
func TestAudienceAndDrafts(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db, 2)
		in := w.input(campaign.KindRaffle, "secret")
		in.Prizes = prizes(1)
		c, err := w.s.Save(staff(), in)
		check(t, err)
		_, err = w.s.Find(w.as(0), c.GlobalID())
		wantCode(t, err, fault.ErrNotFound)
		_, err = w.enter(0, c)
		wantCode(t, err, fault.ErrNotFound)
		w.write(t, setAudience(c, w.people[0]))
		c, err = w.s.SetStatus(staff(), campaign.SetCampaignStatusInput{CampaignID: c.GlobalID(), Status: campaign.StatusOpen})
		check(t, err)
		_, err = w.s.Find(w.as(0), c.GlobalID())
		check(t, err)
		_, err = w.s.Find(w.as(1), c.GlobalID())
		wantCode(t, err, fault.ErrNotFound)
		_, err = w.enter(1, c)
		wantCode(t, err, campaign.ErrCampaignNotForYou)
		for i, want := range []int{1, 0} {
			list, err := w.s.List(w.as(i), nil, campaign.Page{})
			check(t, err)
			if len(list.Edges) != want {
				t.Errorf("person %d sees %d", i, len(list.Edges))
			}
		}
		_, err = w.s.All(w.as(0), nil, campaign.Page{})
		wantCode(t, err, fault.ErrForbidden)
		_, err = w.s.Save(staff(), campaign.SaveCampaignInput{ID: ptr(c.GlobalID()), Prizes: prizes(5)})
		wantCode(t, err, campaign.ErrCampaignFrozen)
		in.Handle = ptr("secret")
		_, err = w.s.Save(staff(), in)
		wantCode(t, err, campaign.ErrHandleTaken)
	})
}
