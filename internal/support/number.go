package support

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"kabinet/internal/store"
)

// digits leave out letters that are misheard or misread: I, L, O, U.
const digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// number makes what people read out: the day and six random digits, such as
// T261121-4F7K2Q. It tells nobody how many tickets there are.
func number(now time.Time) string {
	var b [6]byte
	_, _ = rand.Read(b[:]) // never fails
	for i := range b {
		b[i] = digits[b[i]%byte(len(digits))]
	}
	return "T" + now.Format("060102") + "-" + string(b[:])
}

// freeNumber makes one that no ticket has.
func freeNumber(ctx context.Context, tx *store.Tx) (string, error) {
	for range 8 {
		n := number(tx.Now)
		var one int
		err := tx.QueryRow(ctx, `SELECT 1 FROM tickets WHERE number = ?`, n).Scan(&one)
		if errors.Is(err, sql.ErrNoRows) {
			return n, nil
		}
		if err != nil {
			return "", err
		}
	}
	return "", fmt.Errorf("support: no free ticket number for %s", tx.Now.Format(time.DateOnly))
}
