package ledger

import (
	"testing"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
)

func TestAllot(t *testing.T) {
	t.Parallel()
	a, b, c := uuid.New(), uuid.New(), uuid.New()
	moves, wanted := allot([]lot{{a, 10, nil}, {b, 0, nil}, {c, 5, nil}}, 12)
	if wanted != 0 || len(moves) != 2 || moves[0] != (move{a, -10, true, nil}) || moves[1] != (move{c, -2, false, nil}) {
		t.Errorf("%v, %d wanted", moves, wanted)
	}
	if moves, wanted = allot([]lot{{a, 3, nil}}, 5); wanted != 2 || len(moves) != 1 {
		t.Errorf("%v, %d wanted", moves, wanted)
	}
}

// The canonical form is fixed for ever: entries written today must be provable
// in ten years. A change here is another chainForm.
func TestCanonicalForm(t *testing.T) {
	t.Parallel()
	id := func(n byte) uuid.UUID { return uuid.UUID{6: 0x70, 8: 0x80, 15: n} }
	parent, note := id(4), "a \"note\" <&>\n"
	e := &ent.LedgerEntry{
		ID: id(1), OwnerID: id(2), AccountID: id(3), Seq: 7, Kind: "REVERSAL", Amount: -5, Bucket: "ACTIVE",
		ContraID: systemID("PTS:points", Issued), ContraBucket: "ACTIVE", Unit: "PTS:points", BalanceAfter: 12, ParentID: &parent,
		CauseKey: "order:x", Explain: map[string]any{"b": int64(2), "a": []any{map[string]any{"z": 1, "y": "я"}}}, Note: &note,
		CreatedAt: time.Date(2026, 11, 21, 14, 0, 0, 5000, time.FixedZone("", 7200)),
	}
	const want = `["kabinet-ledger-2","00000000-0000-7000-8000-000000000001","00000000-0000-7000-8000-000000000002","00000000-0000-7000-8000-000000000003",7,null,"REVERSAL",-5,"ACTIVE","00000000-0000-74e9-8938-9325eb40995b","ACTIVE","PTS:points",12,"00000000-0000-7000-8000-000000000004",null,"order:x",{"a":[{"y":"я","z":1}],"b":2},null,"2026-11-21T12:00:00.000005Z"]`
	got, err := canonical(e)
	if err != nil || string(got) != want {
		t.Errorf("%v\n%s\nwant\n%s", err, got, want)
	}
	e.Note = nil // its writer was erased
	if bare, err := canonical(e); err != nil || string(bare) != want {
		t.Errorf("%v: the note is in the chain", err)
	}
	first, _ := hashEntry(nil, e)
	second, _ := hashEntry(first, e)
	if len(first) != 32 || string(first) == string(second) {
		t.Error("the hash does not depend on the one before")
	}
}
