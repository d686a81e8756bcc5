package account_test

import (
	"errors"
	"testing"
	"time"

	"kabinet/internal/account"
	"kabinet/internal/store/storetest"
)

// Who makes families and leaves them again makes five a day.
func TestFamiliesOfADay(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		as := storetest.As(w.person("anna@example.com"))
		for range 5 {
			f, err := w.CreateFamily(as, account.CreateFamilyInput{Name: "Smith"})
			w.must(err)
			_, err = w.LeaveFamily(as, account.LeaveFamilyInput{FamilyID: f.ID})
			w.must(err)
		}
		if _, err := w.CreateFamily(as, account.CreateFamilyInput{Name: "Smith"}); !errors.Is(err, account.ErrTooManyAttempts) {
			t.Error(err)
		}
		db.Clock.Add(25 * time.Hour)
		_, err := w.CreateFamily(as, account.CreateFamilyInput{Name: "Smith"})
		w.must(err)
	})
}
