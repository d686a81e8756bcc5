package ledger

import (
	"database/sql"
	"fmt"
	"time"
)

// dbTime reads a time that SQLite may give as text, as it does where the
// column comes back from RETURNING.
type dbTime struct{ to *time.Time }

// Scan implements sql.Scanner.
func (t dbTime) Scan(v any) error {
	switch v := v.(type) {
	case time.Time:
		*t.to = cut(v)
		return nil
	case string:
		at, err := time.Parse("2006-01-02 15:04:05.999999999-07:00", v)
		*t.to = cut(at)
		return err
	}
	return fmt.Errorf("ledger: %T is no time", v)
}

// dbTimeOrNull is dbTime for a column that may be null.
type dbTimeOrNull struct{ to **time.Time }

// Scan implements sql.Scanner.
func (t dbTimeOrNull) Scan(v any) error {
	*t.to = nil
	if v == nil {
		return nil
	}
	at := new(time.Time)
	*t.to = at
	return dbTime{at}.Scan(v)
}

// TimeOrNull scans a time that may be null, whatever the database gives it as.
func TimeOrNull(to **time.Time) sql.Scanner { return dbTimeOrNull{to} }
