package account_test

import (
	"context"
	"encoding/json"
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/riverqueue/river"

	"kabinet/internal/account"
	"kabinet/internal/store/storetest"
)

type sent struct{ to, subject, text, html, id string }

var errPermanent = errors.New("no such mailbox")

// The job of a letter opens the sealed challenge and sends the code to its
// address, in the person's language.
func TestLetter(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		w.person("known@example.com")
		var got []sent
		var fail error
		deliver := w.SendLetter(account.Senders{Mail: func(_ context.Context, to, subject, text, html, id string) error {
			got = append(got, sent{to, subject, text, html, id})
			return fail
		}, Permanent: func(err error) bool { return errors.Is(err, errPermanent) }})

		ru, evil := "ru", `<b>Prize!</b> https://evil.example.com`
		made, err := w.Register(from("", ""), account.RegisterInput{Email: ptr("Anna@bücher.example"), Password: password, Locale: &ru, DisplayName: &evil})
		w.must(err)
		c := made.Challenge
		w.register(from("", ""), "known@example.com")
		for _, l := range w.letters {
			args, err := json.Marshal(l)
			w.must(err)
			if strings.Contains(string(args), "@") || strings.Contains(string(args), w.code(c.ID)) { // security J9
				t.Errorf("the job holds %s", args)
			}
			w.must(deliver(context.Background(), l))
		}
		first, second := got[0], got[1]
		if first.to != "Anna@xn--bcher-kva.example" || first.subject != "Ваш код подтверждения" || first.id != c.ID.UUID.String() ||
			!strings.Contains(first.text, w.code(c.ID)) || !strings.Contains(first.html, w.code(c.ID)) || !strings.Contains(first.text, "10 минут") {
			t.Errorf("%+v", first)
		}
		if second.to != "known@example.com" || second.subject != "You already have an account" || regexp.MustCompile(`\b\d{6}\b`).MatchString(second.text) {
			t.Errorf("%+v", second)
		}
		for _, l := range got { // security J10: nothing that a stranger typed goes to somebody else
			if strings.Contains(l.text+l.html+l.subject, "evil") || strings.Contains(l.text+l.html, "http") {
				t.Errorf("%+v", l)
			}
		}
		// A link could be followed by whoever scans the mail; a code cannot (security D6).
		if strings.Contains(first.html, "href") {
			t.Error("the letter has a link")
		}

		fail = errors.New("connection refused")
		if err := deliver(context.Background(), w.letters[0]); !errors.Is(err, fail) {
			t.Errorf("for now: %v", err)
		}
		fail = errPermanent
		var given *river.JobCancelError
		if err := deliver(context.Background(), w.letters[0]); !errors.As(err, &given) || errors.Is(err, fail) {
			t.Errorf("for good: %v", err)
		}
		if strings.Contains(w.log.String(), "bücher") || strings.Contains(w.log.String(), "Anna") || w.log.Len() == 0 {
			t.Errorf("the log names the address: %s", w.log.String())
		}
		n := len(got)
		db.Clock.Add(11 * time.Minute) // expired: not sent
		if err := deliver(context.Background(), w.letters[0]); err != nil || len(got) != n {
			t.Errorf("expired: %v", err)
		}
		if err := deliver(context.Background(), account.Letter{ChallengeID: "nonsense"}); err == nil {
			t.Error("nonsense is delivered")
		}
	})
}
