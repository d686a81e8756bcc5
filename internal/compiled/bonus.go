package compiled

import (
	"bytes"
	"encoding/json"

	"entgo.io/ent/dialect/sql"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/ledgeraccount"
	"kabinet/ent/generated/ledgerentry"
	"kabinet/internal/bonus"
	"kabinet/internal/scalar"
)

var bonusObjects = map[string]*object{
	// An account of which points fell due is settled first, which writes.
	"BonusAccount": {typ: "LedgerAccount", checked: []string{"next_due_at"}, check: accountIsSettled, fields: map[string]field{
		"balance":   computed(accountBalance),
		"available": computed(writeFirst),
		"lots":      many{from: "id", on: "account_id", listing: lotsListing},
		"entries":   connection{from: "id", on: "account_id", listing: entriesListing},
	}},
	"BonusLot":   {typ: "LedgerLot"},
	"BonusEntry": entryObject,
}

// entryObject is an entry, whatever kind of BonusEntry it is seen as.
var entryObject = &object{typ: "LedgerEntry", kindColumn: "kind", kind: entryType, fields: map[string]field{
	"label":   computed(entryLabel),
	"orderId": computed(func(c *call, v []value) error { return c.writeOptionalID("order", v[0]) }),
}}

// entryType is the type of the SDL that an entry of a kind is seen as.
func entryType(kind string) string {
	switch bonus.ViewEntry(&ent.LedgerEntry{Kind: ledgerentry.Kind(kind)}).(type) {
	case *bonus.Accrual:
		return "BonusAccrual"
	case *bonus.Redemption:
		return "BonusRedemption"
	case *bonus.Hold:
		return "BonusHold"
	case *bonus.Expiry:
		return "BonusExpiry"
	case *bonus.Reversal:
		return "BonusReversal"
	case *bonus.Adjustment:
		return "BonusAdjustment"
	}
	return "BonusTransfer"
}

// bonusAccount is the account in a programme, the default one when not said;
// which unit that is, the programmes in force say.
var bonusAccount = one{
	from: "id", on: "owner_id", must: true,
	settle: func(*given, map[string]any) error { return nil },
	listing: func(n int, _ map[string]any) (listing, error) {
		l := where(sql.FieldEQ("unit", param(func(c *call) (any, error) {
			program, _ := c.given[n].args["programId"].(*scalar.ID)
			return c.reads.o.Points.Unit(c.ctx, program)
		})))
		l.where = append(l.where, sql.FieldEQ("kind", ledgeraccount.KindBONUS), sql.FieldEQ("name", ""))
		return l, nil
	},
}

func accountIsSettled(c *call, v []value) error {
	due, err := v[0].optionalTime()
	if err == nil && due != nil && !due.After(c.now) {
		err = errOdd
	}
	return err
}

func accountBalance(c *call, v []value) error {
	active, err := v[0].int()
	if err != nil {
		return err
	}
	held, err := v[1].int()
	if err != nil {
		return err
	}
	return c.writeInt((&bonus.Account{LedgerAccount: &ent.LedgerAccount{Active: active, Held: held}}).Balance())
}

// writeFirst shows a column under another name.
func writeFirst(c *call, v []value) error { return writeNumber(c, v[0]) }

func lotsListing(int, map[string]any) (listing, error) {
	l := where(sql.FieldGT("remaining", 0))
	l.order = append(l.order, sql.OrderByField("due_at", sql.OrderNullsLast()).ToFunc(), sql.OrderByField("id").ToFunc())
	l.limit = bonus.MaxLots
	return l, nil
}

func entriesListing(_ int, args map[string]any) (listing, error) {
	filter, _ := args["filter"].(*bonus.BonusEntryFilter)
	where, err := filter.Predicates()
	return listing{where: all(where), by: "id", desc: true}, err
}

func entryLabel(c *call, v []value) error {
	kind, err := v[0].str()
	if err != nil {
		return err
	}
	bucket, err := v[1].str()
	if err != nil {
		return err
	}
	amount, err := v[3].int()
	if err != nil {
		return err
	}
	e := &ent.LedgerEntry{Kind: ledgerentry.Kind(kind), Bucket: ledgerentry.Bucket(bucket), Amount: amount}
	if bytes.Contains(v[2], []byte("true")) { // only what is true in it changes the label
		if err := json.Unmarshal(v[2], &e.Explain); err != nil {
			return errOdd
		}
	}
	return c.writeString(bonus.Label(c.who.Locale, e))
}
