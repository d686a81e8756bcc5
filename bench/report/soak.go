package report

import (
	"fmt"
	"strings"
	"time"

	"kabinet/bench/load"
)

// Moment is a target's memory at a time of the soak, in bytes.
type Moment struct {
	At                    time.Duration
	Resident, Heap, Alloc float64
	Goroutines            float64
}

// Soak tells how memory went; the first fifth, in which caches fill, is left
// out of the slopes.
func Soak(moments []Moment, res load.Result) string {
	if len(moments) < 5 {
		return "too short to say anything\n"
	}
	kept := moments[len(moments)/5:]
	var b strings.Builder
	fmt.Fprintf(&b, "%s of mixed load, %d requests, %.0f a second, p50 %.1f ms, p99 %.1f ms; %d samples, slopes over the last %d.\n\n",
		res.Wall.Round(time.Second), res.Requests, float64(res.Requests)/res.Wall.Seconds(),
		float64(res.Quantile(0.5))/1e6, float64(res.Quantile(0.99))/1e6, len(moments), len(kept))
	b.WriteString("| | at the start | in the middle | at the end | most | slope an hour |\n|---|---|---|---|---|---|\n")
	for _, row := range []struct {
		name string
		unit float64
		of   func(Moment) float64
	}{
		{"resident, MiB", 1 << 20, func(m Moment) float64 { return m.Resident }},
		{"heap in use, MiB", 1 << 20, func(m Moment) float64 { return m.Heap }},
		{"heap allocated, MiB", 1 << 20, func(m Moment) float64 { return m.Alloc }},
		{"goroutines", 1, func(m Moment) float64 { return m.Goroutines }},
	} {
		most := 0.0
		for _, m := range moments {
			most = max(most, row.of(m))
		}
		at := func(m Moment) float64 { return row.of(m) / row.unit }
		fmt.Fprintf(&b, "| %s | %.1f | %.1f | %.1f | %.1f | %+.1f |\n", row.name, at(kept[0]), at(kept[len(kept)/2]), at(kept[len(kept)-1]), most/row.unit,
			slope(kept, at))
	}
	return b.String()
}

// slope is the least-squares line's, in units an hour.
func slope(moments []Moment, of func(Moment) float64) float64 {
	var n, x, y, xx, xy float64
	for _, m := range moments {
		h := m.At.Hours()
		n, x, y, xx, xy = n+1, x+h, y+of(m), xx+h*h, xy+h*of(m)
	}
	if d := n*xx - x*x; d != 0 {
		return (n*xy - x*y) / d
	}
	return 0
}
