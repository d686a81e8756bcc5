package webhook

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"kabinet/internal/fault"
	"kabinet/internal/viewer"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func TestPause(t *testing.T) {
	t.Parallel()
	var least, most time.Duration
	for try := 1; try < tries; try++ {
		low, ok1 := pause(try, 0, 0)
		high, ok2 := pause(try, 0.999999, 0)
		if !ok1 || !ok2 || low >= high || low <= 0 {
			t.Errorf("%d: %s to %s", try, low, high)
		}
		least, most = least+low, most+high
	}
	if tries != 8 || least < 48*time.Hour || most > 4*24*time.Hour {
		t.Errorf("%d tries in %s to %s", tries, least, most)
	}
	if d, ok := pause(1, 0.5, time.Hour); !ok || d != time.Hour {
		t.Errorf("what is asked for: %s", d)
	}
	for _, try := range []int{-1, 0, tries, tries + 1} {
		if d, ok := pause(try, 0.5, time.Hour); ok || d != 0 {
			t.Errorf("%d: %s", try, d)
		}
	}
}

func TestPausesNow(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		failures int
		over     time.Duration
		want     bool
	}{{20, time.Hour, true}, {1000, 30 * time.Hour, true}, {19, 30 * time.Hour, false}, {1000, 59 * time.Minute, false}, {0, 0, false}} {
		if got := pausesNow(c.failures, noon.Add(-c.over), noon); got != c.want {
			t.Errorf("%d over %s: %v", c.failures, c.over, got)
		}
	}
}

// security I5: 24 to 64 bytes, and never more than two sign.
func TestSecrets(t *testing.T) {
	t.Parallel()
	first, second, third := newSecret(), newSecret(), newSecret()
	if len(first) < 24 || len(first) > 64 || slices.Equal(first, second) || !strings.HasPrefix(shown(first), "whsec_") {
		t.Fatal("no secret")
	}
	s := secrets{Now: first}
	same := func(name string, got [][]byte, want ...[]byte) {
		t.Helper()
		if !slices.EqualFunc(got, want, slices.Equal[[]byte]) {
			t.Errorf("%s: %d sign", name, len(got))
		}
	}
	same("one", s.signing(noon), first)
	s = s.rotated(second, noon, noon.Add(24*time.Hour))
	same("both", s.signing(noon), second, first)
	same("both, at last", s.signing(noon.Add(24*time.Hour-1)), second, first)
	same("the former has ended", s.signing(noon.Add(24*time.Hour)), second)
	same("again", s.rotated(third, noon, noon.Add(time.Hour)).signing(noon), third, second)
	same("at once", s.rotated(third, noon, noon).signing(noon), third)
}

func TestCheckEvents(t *testing.T) {
	t.Parallel()
	staff := viewer.Viewer{Staff: true, Grants: map[viewer.Permission]viewer.Reach{
		{Resource: "order", Operation: "read"}: viewer.ReachAll, {Resource: "bonus", Operation: "write"}: viewer.ReachAll, {Resource: "wallet", Operation: "read"}: viewer.ReachOwner,
	}}
	customer := staff
	customer.Staff = false
	for _, c := range []struct {
		of     viewer.Viewer
		events []string
		want   error
	}{
		{staff, []string{"order.placed", "order.cancelled", "order.placed"}, nil},
		{staff, nil, fault.ErrRequired}, {staff, []string{"order.exploded"}, fault.ErrInvalidValue}, {staff, []string{""}, fault.ErrInvalidValue},
		{staff, []string{"points.accrued"}, ErrEventNotAllowed}, {staff, []string{"order.placed", "wallet.changed"}, ErrEventNotAllowed},
		{staff, []string{"family.joined"}, fault.ErrInvalidValue}, {staff, []string{"account.signed_in"}, fault.ErrInvalidValue},
		{customer, []string{"order.placed"}, ErrEventNotAllowed}, {viewer.Viewer{}, []string{"order.placed"}, ErrEventNotAllowed},
	} {
		got, err := checkEvents(c.of, c.events)
		if !errors.Is(err, c.want) || c.want == nil && (err != nil || !slices.Equal(got, []string{"order.cancelled", "order.placed"})) {
			t.Errorf("%v: %v %v", c.events, got, err)
		}
	}
	for _, k := range kinds {
		if found, ok := kindOf(k.Kind); !ok || found.Kind != k.Kind || k.prefix == "" || k.resource == "" {
			t.Errorf("%+v", k)
		}
	}
}

func TestBody(t *testing.T) {
	t.Parallel()
	b := body{Type: "order.placed", Timestamp: noon.In(time.FixedZone("x", 3600)), EventID: uuid.Must(uuid.NewV7()), SubjectID: "order_01h455vb4pex5vsknk084sn02q", Data: json.RawMessage(`{"node":null}`)}
	text, fits, err := b.bytes()
	want := `{"type":"order.placed","timestamp":"2026-11-21T12:00:00Z","eventId":"` + b.EventID.String() + `","subjectId":"order_01h455vb4pex5vsknk084sn02q","data":{"node":null}}`
	if err != nil || !fits || string(text) != want {
		t.Errorf("%s %v", text, err)
	}
	b.Data = nil
	if text, fits, err = b.bytes(); err != nil || !fits || !strings.HasSuffix(string(text), `"data":null}`) {
		t.Errorf("%s %v", text, err)
	}
	b.Data = json.RawMessage(`"` + strings.Repeat("x", largestBody) + `"`)
	if _, fits, _ = b.bytes(); fits {
		t.Error("it is too large")
	}
}
