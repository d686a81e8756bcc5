package campaign_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"image"
	"image/png"
	"sync"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

	"kabinet/ent/generated/campaignentry"
	"kabinet/internal/campaign"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store/storetest"
)

func receipt(number, date, sum string) func(*campaign.EnterCampaignInput) {
	return func(in *campaign.EnterCampaignInput) {
		in.Receipt = &campaign.CampaignReceiptInput{Number: number, Date: date, Sum: scalar.MoneyInput{Amount: sum, Currency: "GBP"}}
	}
}

// The same receipt by 50 people at once counts once, for whoever was first.
func TestReceiptCountsOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db, 50)
		c := w.open(t, w.input(campaign.KindReceipt, "receipts"))
		errs := make([]error, len(w.people))
		var wg sync.WaitGroup
		for i := range w.people {
			wg.Go(func() { _, errs[i] = w.enter(i, c, receipt(" ab 17", "2026-11-20", "12.50")) })
		}
		wg.Wait()
		won := 0
		for _, err := range errs { // security K10
			if err == nil {
				won++
			} else if !errors.Is(err, campaign.ErrEntryDuplicate) {
				t.Error(err)
			}
		}
		if won != 1 {
			t.Errorf("%d entered it", won)
		}
		_, err := w.enter(0, c, receipt("AB17", "2026-11-20", "99.00")) // another sum is the same receipt
		wantCode(t, err, campaign.ErrEntryDuplicate)
		_, err = w.enter(0, c, receipt("AB17", "2026-11-19", "12.50"))
		check(t, err)
	})
}

// Limits of a person hold when he enters 40 times at once.
func TestLimitsHold(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db, 1)
		in := w.input(campaign.KindRaffle, "limited")
		in.Prizes, in.EntryRules.PerPerson, in.EntryRules.PerDay = prizes(1), ptr(5), ptr(3)
		in.EndsAt = graphql.OmittableOf(ptr(w.Clock.Now().Add(72 * time.Hour)))
		c := w.open(t, in)
		flood := func() (won int) {
			var wg sync.WaitGroup
			var mu sync.Mutex
			for range 40 {
				wg.Go(func() {
					_, err := w.enter(0, c)
					mu.Lock()
					defer mu.Unlock()
					if err == nil {
						won++
					} else if !errors.Is(err, campaign.ErrEntryLimit) {
						t.Error(err)
					}
				})
			}
			wg.Wait()
			return won
		}
		if n := flood(); n != 3 {
			t.Errorf("%d on the first day", n)
		}
		st, err := w.s.Standing(w.as(0), c)
		check(t, err)
		if st.Err == nil || st.NextAt == nil || *st.Remaining != 2 {
			t.Errorf("%+v", st)
		}
		w.Clock.Add(24 * time.Hour)
		if n := flood(); n != 2 {
			t.Errorf("%d on the second day", n)
		}
		mine, err := w.s.Mine(w.as(0), c.ID, campaign.Page{})
		check(t, err)
		_, err = w.s.Withdraw(w.as(0), campaign.WithdrawCampaignEntryInput{EntryID: mine.Edges[0].Node.GlobalID()})
		check(t, err)
		_, err = w.enter(0, c) // what was taken back does not count against the limit
		check(t, err)
	})
}

func TestEnterRefusals(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db, 2)
		in := w.input(campaign.KindReceipt, "receipts")
		in.EntryRules.MinReceipt = &scalar.MoneyInput{Amount: "10.00", Currency: "GBP"}
		in.EntryRules.ReceiptFrom = ptr("2026-11-01")
		c := w.open(t, in)
		euros := func(in *campaign.EnterCampaignInput) {
			in.Receipt = &campaign.CampaignReceiptInput{Number: "1", Date: "2026-11-20", Sum: scalar.MoneyInput{Amount: "12.00", Currency: "EUR"}}
		}
		for name, r := range map[string]struct {
			change func(*campaign.EnterCampaignInput)
			want   *fault.Fault
		}{
			"no receipt":       {func(*campaign.EnterCampaignInput) {}, fault.ErrRequired},
			"no number":        {receipt("  ", "2026-11-20", "12.00"), fault.ErrRequired},
			"too small":        {receipt("1", "2026-11-20", "9.99"), fault.ErrOutOfRange},
			"negative":         {receipt("1", "2026-11-20", "-12.00"), fault.ErrOutOfRange}, // security K7
			"to come":          {receipt("1", "2026-12-20", "12.00"), fault.ErrOutOfRange},  // security K15
			"too old":          {receipt("1", "2026-10-31", "12.00"), fault.ErrOutOfRange},
			"another currency": {euros, campaign.ErrCurrencyMismatch}, // security K8
			"a code too": {func(in *campaign.EnterCampaignInput) {
				receipt("1", "2026-11-20", "12.00")(in)
				in.Code = ptr("x")
			}, fault.ErrInvalidValue},
			"no such campaign": {func(in *campaign.EnterCampaignInput) { in.CampaignID.UUID = uuid.New() }, fault.ErrNotFound},
			"another id":       {func(in *campaign.EnterCampaignInput) { in.CampaignID.Prefix = "usr" }, fault.ErrInvalidID},
		} {
			_, err := w.enter(0, c, r.change)
			if !errors.Is(err, r.want) {
				t.Errorf("%s: %v, want %s", name, err, r.want.Code)
			}
		}
		// The same key and input is the same entry; another input is refused. security K4, K5
		same := func(in *campaign.EnterCampaignInput) {
			receipt("2", "2026-11-20", "12.00")(in)
			in.IdempotencyKey = "same"
		}
		first, err := w.enter(0, c, same)
		check(t, err)
		again, err := w.enter(0, c, same)
		check(t, err)
		if again.Entry.ID != first.Entry.ID || !*again.Replayed || *first.Replayed {
			t.Errorf("%+v, %+v", first, again)
		}
		_, err = w.enter(0, c, same, receipt("3", "2026-11-20", "12.00"))
		wantCode(t, err, fault.ErrIdempotencyKeyReused)
		dry, err := w.enter(0, c, receipt("4", "2026-11-20", "12.00"), func(in *campaign.EnterCampaignInput) { in.DryRun = ptr(true) })
		check(t, err)
		if n := db.Client.CampaignEntry.Query().CountX(storetest.System()); n != 1 || dry.Entry == nil {
			t.Errorf("%d entries, %+v", n, dry)
		}
		_, err = w.s.Withdraw(w.as(1), campaign.WithdrawCampaignEntryInput{EntryID: first.Entry.GlobalID()})
		wantCode(t, err, fault.ErrNotFound) // somebody else's
		w.Clock.Add(2 * time.Hour)
		_, err = w.enter(0, c, receipt("5", "2026-11-20", "12.00"))
		wantCode(t, err, campaign.ErrCampaignClosed)
	})
}

// Codes of a pack: each once, wrong ones are not tried for ever.
func TestCodes(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db, 3)
		in := w.input(campaign.KindCode, "packs")
		in.EntryRules.Codes, in.EntryRules.Points = ptr(1_000_000), ptr(int64(7))
		c := w.open(t, in)
		codes, err := w.s.Codes(staff(), c.GlobalID(), 999_999, 10)
		check(t, err)
		if len(codes) != 2 {
			t.Fatalf("%v", codes)
		}
		with := func(code string) func(*campaign.EnterCampaignInput) {
			return func(in *campaign.EnterCampaignInput) { in.Code = &code }
		}
		e, err := w.enter(0, c, with(codes[0]))
		check(t, err)
		if e.Entry.Status != campaignentry.StatusAPPROVED || e.Entry.Data.Code != codes[0][15:] {
			t.Errorf("%+v", e.Entry)
		}
		_, err = w.enter(1, c, with(codes[0]))
		wantCode(t, err, campaign.ErrEntryDuplicate)
		w.hear(t)
		w.hear(t)
		if n := w.balance(t, 0); n != 7 {
			t.Errorf("balance %d", n)
		}
		w.checked(t)
		var last error
		for range 20 {
			_, last = w.enter(2, c, with("0000-0000-0000-0000"))
			if errors.Is(last, campaign.ErrTooManyAttempts) {
				break
			}
			wantCode(t, last, campaign.ErrInvalidCode)
		}
		wantCode(t, last, campaign.ErrTooManyAttempts)
		_, err = w.s.Codes(w.as(0), c.GlobalID(), 1, 10)
		wantCode(t, err, fault.ErrForbidden)
	})
}

func TestSurvey(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db, 2)
		in := w.input(campaign.KindSurvey, "survey")
		options := []*campaign.CampaignOptionInput{{Key: "sea", Texts: texts("Sea")}, {Key: "hills", Texts: texts("Hills")}, {Key: "town", Texts: texts("Town")}}
		in.Questions = []*campaign.CampaignQuestionInput{
			{Key: "where", Kind: campaign.QuestionSingle, Texts: texts("Where to?"), Options: options},
			{Key: "all", Kind: campaign.QuestionMultiple, Texts: texts("Which?"), Options: options, Max: ptr(2), Required: ptr(false)},
			{Key: "days", Kind: campaign.QuestionNumber, Texts: texts("How long?"), Min: ptr(1), Max: ptr(30)},
			{Key: "why", Kind: campaign.QuestionText, Texts: texts("Why?"), Max: ptr(10), Required: ptr(false)},
		}
		c := w.open(t, in)
		type A = campaign.CampaignAnswerInput
		good := []*A{{QuestionKey: "where", OptionKeys: []string{"sea"}}, {QuestionKey: "days", Number: ptr(int64(7))}, {QuestionKey: "why", Text: ptr(" sun ")}}
		for name, r := range map[string]struct {
			answers []*A
			want    *fault.Fault
		}{
			"one missing":  {good[:1], fault.ErrRequired},
			"unknown":      {append(good[:2:2], &A{QuestionKey: "what", Text: ptr("x")}), fault.ErrNotFound},
			"twice":        {append(good[:2:2], good[0]), campaign.ErrDuplicateKey},
			"two of one":   {[]*A{{QuestionKey: "where", OptionKeys: []string{"sea", "town"}}, good[1]}, fault.ErrOutOfRange},
			"no option":    {[]*A{{QuestionKey: "where", OptionKeys: []string{"moon"}}, good[1]}, fault.ErrNotFound},
			"too many":     {append(good[:2:2], &A{QuestionKey: "all", OptionKeys: []string{"sea", "town", "hills"}}), fault.ErrOutOfRange},
			"out of range": {[]*A{good[0], {QuestionKey: "days", Number: ptr(int64(31))}}, fault.ErrOutOfRange},
			"too long":     {append(good[:2:2], &A{QuestionKey: "why", Text: ptr("01234567890")}), fault.ErrTooLong},
			"of a kind":    {[]*A{good[0], {QuestionKey: "days", Text: ptr("7")}}, fault.ErrInvalidValue},
		} {
			_, err := w.enter(0, c, func(in *campaign.EnterCampaignInput) { in.Answers = r.answers })
			if !errors.Is(err, r.want) {
				t.Errorf("%s: %v, want %s", name, err, r.want.Code)
			}
		}
		e, err := w.enter(0, c, func(in *campaign.EnterCampaignInput) { in.Answers = good })
		check(t, err)
		if a := campaign.Answers(e.Entry); len(a) != 3 || *a[2].Text != "sun" || a[0].OptionKeys[0] != "sea" || *a[1].Number != 7 {
			t.Errorf("%+v", a)
		}
		_, err = w.enter(0, c, func(in *campaign.EnterCampaignInput) { in.Answers = good })
		wantCode(t, err, campaign.ErrEntryLimit) // a survey is answered once
	})
}

// A photo comes in parts, again if need be, and is a picture at the end; nobody
// else can use or read it.
func TestPhotos(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db, 2)
		in := w.input(campaign.KindContest, "photos")
		in.EntryRules.MaxPhotos, in.Prizes = ptr(2), prizes(1)
		c := w.open(t, in)
		var b bytes.Buffer
		img := image.NewNRGBA(image.Rect(0, 0, 200, 100))
		for i := range img.Pix {
			img.Pix[i] = byte(i * i >> 3)
		}
		check(t, png.Encode(&b, img))
		raw := b.Bytes()
		send := func(i int, photo *scalar.ID, from, to int) (p *scalar.ID, err error) {
			got, err := w.s.Upload(w.as(i), campaign.UploadCampaignPhotoInput{CampaignID: c.GlobalID(), PhotoID: photo, Offset: from,
				Data: base64.StdEncoding.EncodeToString(raw[from:to]), Last: to == len(raw)})
			if err != nil {
				return nil, err
			}
			return ptr(got.GlobalID()), nil
		}
		half := len(raw) / 2
		id, err := send(0, nil, 0, half)
		check(t, err)
		_, err = send(0, id, half+1, len(raw))
		wantCode(t, err, fault.ErrOutOfRange)
		_, err = send(1, id, half, len(raw))
		wantCode(t, err, fault.ErrNotFound)
		_, err = w.enter(0, c, func(in *campaign.EnterCampaignInput) { in.PhotoIDs = []*scalar.ID{id} })
		wantCode(t, err, fault.ErrNotFound) // not whole yet
		for range 2 {                       // the second time it is there already
			_, err = send(0, id, half, len(raw))
			check(t, err)
		}
		p, err := w.s.Photo(w.as(0), *id)
		check(t, err)
		if !p.IsReady || p.Width != 200 || p.Height != 100 || p.ContentType != "image/png" {
			t.Errorf("%+v", p)
		}
		data, err := w.s.PhotoData(w.as(0), p)
		check(t, err)
		back, err := base64.StdEncoding.DecodeString(*data)
		check(t, err)
		if img, err := png.Decode(bytes.NewReader(back)); err != nil || img.Bounds().Dx() != 200 {
			t.Errorf("%v", err)
		}
		_, err = w.s.Photo(w.as(1), *id)
		wantCode(t, err, fault.ErrNotFound)
		_, err = w.enter(1, c, func(in *campaign.EnterCampaignInput) { in.PhotoIDs = []*scalar.ID{id} })
		wantCode(t, err, fault.ErrNotFound)
		_, err = w.enter(0, c)
		wantCode(t, err, fault.ErrRequired)
		e, err := w.enter(0, c, func(in *campaign.EnterCampaignInput) { in.PhotoIDs = []*scalar.ID{id} })
		check(t, err)
		if photos := campaign.Photos(e.Entry); len(photos) != 1 || photos[0].Width != 200 {
			t.Errorf("%+v", photos)
		}
		_, err = w.enter(0, c, func(in *campaign.EnterCampaignInput) { in.PhotoIDs = []*scalar.ID{id} })
		wantCode(t, err, fault.ErrNotFound) // used
		_, err = w.s.Photo(staff(), *id)
		check(t, err)
		raw = []byte("GIF89a no picture")
		_, err = send(0, nil, 0, len(raw))
		wantCode(t, err, campaign.ErrPhotoInvalid)
		w.Clock.Add(25 * time.Hour)
		check(t, w.s.ForgetPhotos(storetest.System()))
		if n := db.Client.CampaignPhoto.Query().CountX(storetest.System()); n != 1 {
			t.Errorf("%d photos are left", n)
		}
	})
}

func TestModeration(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db, 4)
		in := w.input(campaign.KindReceipt, "receipts")
		in.EntryRules.AutoApprove, in.EntryRules.Points = ptr(false), ptr(int64(5))
		c := w.open(t, in)
		var entries []*scalar.ID
		for i := range w.people {
			e, err := w.enter(i, c, receipt(string(rune('A'+i)), "2026-11-20", "12.00"))
			check(t, err)
			entries = append(entries, ptr(e.Entry.GlobalID()))
		}
		decide := func(i int, d campaign.CampaignDecision, reason *string) (campaign.Entered, error) {
			return w.s.Moderate(staff(), campaign.ModerateCampaignEntryInput{EntryID: *entries[i], Decision: d, Reason: reason, IdempotencyKey: w.key()})
		}
		_, err := w.s.Moderate(w.as(0), campaign.ModerateCampaignEntryInput{EntryID: *entries[0], Decision: campaign.DecideApprove, IdempotencyKey: "x"})
		wantCode(t, err, fault.ErrForbidden)
		_, err = decide(0, campaign.DecideReject, nil)
		wantCode(t, err, fault.ErrRequired)
		done, err := decide(0, campaign.DecideReject, ptr("The sum cannot be read."))
		check(t, err)
		if *done.Entry.Reason != "The sum cannot be read." || done.Entry.UniqueKey != nil {
			t.Errorf("%+v", done.Entry)
		}
		_, err = w.enter(1, c, receipt("A", "2026-11-20", "12.00")) // a refused receipt is free again
		check(t, err)
		_, err = decide(0, campaign.DecideApprove, nil)
		wantCode(t, err, campaign.ErrIllegalTransition)
		_, err = decide(1, campaign.DecideAward, nil)
		wantCode(t, err, campaign.ErrIllegalTransition)
		// A bulk with one bad row does the others and says so. security K12
		unknown := ptr(scalar.ID{Prefix: "cme", UUID: uuid.New()})
		bulk := campaign.ModerateCampaignEntriesInput{EntryIDs: []*scalar.ID{entries[3], entries[0], unknown, entries[1], entries[1]}, Decision: campaign.DecideApprove, IdempotencyKey: "bulk"}
		for round := range 2 {
			results, replayed, err := w.s.ModerateMany(staff(), bulk)
			check(t, err)
			var codes []string
			for _, r := range results {
				code := "done"
				if f, ok := fault.As(r.Err); ok {
					code = f.Code
				}
				codes = append(codes, code)
			}
			if len(codes) != 5 || codes[0] != "done" || codes[1] != "ILLEGAL_TRANSITION" || codes[2] != "NOT_FOUND" || codes[3] != "done" || codes[4] != "DUPLICATE_KEY" || *replayed != (round == 1) {
				t.Errorf("%v, replayed %v", codes, *replayed)
			}
		}
		for range 3 { // facts are heard once, and once more
			w.hear(t)
		}
		for i, want := range []int64{0, 5, 0, 5} {
			if n := w.balance(t, i); n != want {
				t.Errorf("person %d has %d", i, n)
			}
		}
		e, err := db.Client.CampaignEntry.Get(storetest.System(), entries[1].UUID)
		check(t, err)
		if e.Points != 5 {
			t.Errorf("%+v", e)
		}
		_, err = decide(1, campaign.DecideReject, ptr("Too late")) // its points were given
		wantCode(t, err, campaign.ErrIllegalTransition)
		w.checked(t)
	})
}
