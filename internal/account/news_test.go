package account_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"kabinet/ent/generated/contactpoint"
	"kabinet/internal/account"
	"kabinet/internal/fault"
	"kabinet/internal/locale"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
)

// Every change has its words in every language.
func TestChangesHaveTexts(t *testing.T) {
	t.Parallel()
	for _, lang := range locale.Supported() {
		for _, c := range account.Changes {
			for _, part := range []string{".title", ".body"} {
				id := "security." + string(c) + part
				if text := locale.Text(lang, id, map[string]any{"date": "today"}); text == id || text == "" || strings.Contains(text, "<no value>") {
					t.Errorf("%s in %s: %q", id, lang, text)
				}
			}
		}
	}
}

// News goes on record, to the stream, and to all proven addresses and numbers,
// also those that are not the person's any more; what a device calls itself
// goes nowhere.
func TestNews(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorldWith(t, db, func(o *account.Options) { o.SMS = true })
		anna := w.person("anna@example.com")
		claim := func(kind contactpoint.Kind, value string) {
			w.must(db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
				_, err := w.Claim(ctx, tx, anna, kind, value)
				return err
			}))
		}
		claim(contactpoint.KindPHONE, "+44 20 7946 0018")
		claim(contactpoint.KindEMAIL, "second@example.com")
		ctx := account.As(from("203.0.113.7", "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0 evil.example.com"), anna, anna)
		subject := scalar.ID{Prefix: "usr", UUID: anna}
		w.must(db.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
			return w.NewsTo(ctx, tx, anna, account.ChangeContactRemoved, subject, map[string]any{"kind": "EMAIL"}, account.SentTo{Kind: contactpoint.KindEMAIL, To: "old@example.com"})
		}))
		var to []string
		deliver := w.SendLetter(account.Senders{
			Mail: func(_ context.Context, address, subject, text, html, id string) error {
				to = append(to, address+" "+id[36:])
				if subject != "An address or number was removed" || !strings.Contains(text, "Firefox on Linux from 203.0.113.7") || strings.Contains(text+html, "evil") {
					t.Errorf("%s: %s", subject, text)
				}
				return nil
			},
			SMS: func(_ context.Context, number, text, _ string) error {
				to = append(to, number)
				if !strings.HasPrefix(text, "An address or number was removed. ") {
					t.Error(text)
				}
				return nil
			},
		})
		for _, l := range w.letters {
			w.must(deliver(context.Background(), l))
		}
		slices.Sort(to)
		if !slices.Equal(to, []string{"+442079460018", "anna@example.com ", "old@example.com -d", "second@example.com -c"}) {
			t.Errorf("%q", to)
		}
		if n := w.number(`SELECT count(*) FROM audit_entries WHERE action = 'account.contact_removed' AND owner_id = ? AND actor_id = ?`, anna, anna); n != 1 {
			t.Errorf("%d on record", n)
		}
		if n := w.number(`SELECT count(*) FROM account_events WHERE kind = 'account.security_changed'`); n != 1 {
			t.Errorf("%d told", n)
		}
	})
}

// A number registers as an address does, however it is written, where it is
// asked for.
func TestRegisterByPhone(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorldWith(t, db, func(o *account.Options) {
			o.Country, o.SMS = "GB", true
			o.Registration = []account.AskedField{{Name: "phone", Required: true}, {Name: "email", Required: true}, {Name: "givenName", Required: true}}
		})
		form := w.RegistrationForm(from("", ""))
		var names []string
		for _, f := range form.Fields {
			if names = append(names, f.Name); f.Label == "" || f.Required != (f.Name != "email" && f.Name != "phone") {
				t.Errorf("%+v", f)
			}
		}
		if !slices.Equal(names, []string{"phone", "email", "password", "givenName"}) || len(form.Contacts) != 2 || *form.PhoneCountry != "GB" {
			t.Errorf("%v %+v", names, form)
		}
		in := account.RegisterInput{Phone: ptr("020 7946 0018"), Password: password, GivenName: ptr("Anna")}
		made, err := w.Register(from("203.0.113.7", "test"), in)
		w.must(err)
		if made.Challenge.Kind != account.ChallengeKindSmsCode || *made.Challenge.SentTo != "+4…18" || made.User.DisplayName != "Anna" {
			t.Errorf("%+v", made.Challenge)
		}
		in.Phone = ptr("+44 (20) 7946-0018") // the same one
		if _, err := w.Register(from("203.0.113.7", "test"), in); !errors.Is(err, account.ErrCodeSentRecently) {
			t.Errorf("at once: %v", err)
		}
		done, err := w.confirm(made.Challenge.ID, w.code(made.Challenge.ID))
		w.must(err)
		if done.Contact.Kind != contactpoint.KindPHONE || done.Contact.Value != "+442079460018" || done.User.Status != "ACTIVE" {
			t.Errorf("%+v", done.Contact)
		}
		for _, login := range []string{"+442079460018", "020 7946 0018"} {
			if _, err := w.signIn(from("203.0.113.7", "test"), login, password); err != nil {
				t.Errorf("%s: %v", login, err)
			}
		}
		for _, c := range []struct {
			in   account.RegisterInput
			want *fault.Fault
			path string
		}{
			{account.RegisterInput{Phone: ptr("12"), Password: password, GivenName: ptr("A")}, account.ErrInvalidPhone, "phone"},
			{account.RegisterInput{Phone: ptr("020 7946 0018"), Email: ptr("a@example.com"), Password: password, GivenName: ptr("A")}, fault.ErrInvalidValue, "phone"},
			{account.RegisterInput{Password: password, GivenName: ptr("A")}, fault.ErrRequired, "email"},
			{account.RegisterInput{Email: ptr("a@example.com"), Password: password}, fault.ErrRequired, "givenName"},
			{account.RegisterInput{Email: ptr("a@example.com"), Password: password, GivenName: ptr("A"), BirthOn: ptr("2999-01-01")}, fault.ErrOutOfRange, "birthOn"},
			{account.RegisterInput{Email: ptr("a@example.com"), Password: password, GivenName: ptr("A"), ReturnTo: ptr("//evil.example.com")}, fault.New(0, "RETURN_NOT_ALLOWED"), "returnTo"},
		} {
			_, err := w.Register(from("", ""), c.in)
			if f, _ := fault.As(err); !errors.Is(err, c.want) || !slices.Equal(f.Path, []string{"input", c.path}) {
				t.Errorf("%+v: %v, want %s", c.in, err, c.want.Code)
			}
		}
	})
}

// The business may say no before an account is made; that it does not answer
// is another answer. Nothing is made, and no letter goes.
func TestRegisterCheck(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		asked := 0
		w := newWorldWith(t, db, func(o *account.Options) {
			o.Registration = []account.AskedField{{Name: "email", Required: true}, {Name: "precondition.cardNumber", Required: true}}
			o.Check = func(_ context.Context, a account.Applicant) error {
				asked++
				switch a.CardNumber {
				case "1":
					return nil
				case "2":
					return account.ErrCheckUnavailable.With("retryAfter", 30)
				}
				return account.ErrRegistrationRefused.With("reason", "CARD_UNKNOWN")
			}
		})
		if form := w.RegistrationForm(from("", "")); !form.Checked || form.Fields[2].Kind != account.RegistrationFieldKindNumber {
			t.Errorf("%+v", form)
		}
		try := func(email, card string) error {
			in := account.RegisterInput{Email: &email, Password: password}
			if card != "" {
				in.Precondition = &account.RegistrationPreconditionInput{CardNumber: &card}
			}
			_, err := w.Register(from("203.0.113.7", "test"), in)
			return err
		}
		for card, want := range map[string]*fault.Fault{"": fault.ErrRequired, "2": account.ErrCheckUnavailable, "3": account.ErrRegistrationRefused,
			"x\x00": fault.ErrInvalidValue, strings.Repeat("1", 65): fault.ErrTooLong} {
			if err := try("a@example.com", card); !errors.Is(err, want) {
				t.Errorf("%q: %v", card, err)
			}
		}
		if n := w.number(`SELECT count(*) FROM users`) + w.number(`SELECT count(*) FROM challenges`) + len(w.letters); n != 0 || asked != 2 || w.Hashed() != 0 {
			t.Errorf("%d rows, %d asked", n, asked)
		}
		w.must(try("b@example.com", " 1 "))
		for i := range 30 { // numbers are not tried out
			err := try("c@example.com", "3")
			if want := account.ErrRegistrationRefused; i < 17 && !errors.Is(err, want) || i > 18 && !errors.Is(err, account.ErrTooManyAttempts) {
				t.Fatalf("try %d: %v", i, err)
			}
		}
		db.Clock.Add(2 * time.Hour)
		w.must(try("c@example.com", "1"))
	})
}
