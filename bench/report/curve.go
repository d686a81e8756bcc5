package report

import (
	"fmt"
	"math"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/plotutil"
	"gonum.org/v1/plot/vg"

	"kabinet/bench/measure"
)

// Line is one target's samples by the number of clients.
type Line struct {
	Name   string
	Points map[int][]measure.Sample
}

func rps(s measure.Sample) float64 { return s.RPS }

// CurveTable is throughput over clients; below each target, the p99.
func CurveTable(lines []Line, clients []int) string {
	var b strings.Builder
	b.WriteString("Requests a second (p99, ms) by the number of clients.\n\n| target |")
	for _, c := range clients {
		fmt.Fprintf(&b, " %d |", c)
	}
	fmt.Fprintf(&b, "\n|---|%s\n", strings.Repeat("---|", len(clients)))
	for _, l := range lines {
		fmt.Fprintf(&b, "| %s |", l.Name)
		for _, c := range clients {
			fmt.Fprintf(&b, " %.0f (%.1f) |", Median(l.Points[c], rps), Median(l.Points[c], func(s measure.Sample) float64 { return s.P99 }))
		}
		b.WriteString("\n")
	}
	return b.String()
}

// Picture draws the curve into a PNG.
func Picture(file, title string, lines []Line, clients []int) error {
	p := plot.New()
	p.Title.Text = "Throughput: " + title
	p.Title.Padding = vg.Points(8)
	p.X.Label.Text, p.Y.Label.Text = "clients", "requests a second"
	p.X.Scale, p.X.Tick.Marker = plot.LogScale{}, powers(clients)
	p.Y.Min = 0
	p.Legend.Top, p.Legend.Left = true, true
	p.Add(plotter.NewGrid())
	var args []any
	most := 0.0
	for _, l := range lines {
		points := make(plotter.XYs, len(clients))
		for i, c := range clients {
			points[i].X, points[i].Y = float64(c), Median(l.Points[c], rps)
			most = math.Max(most, points[i].Y)
		}
		args = append(args, l.Name, points)
	}
	if err := plotutil.AddLinePoints(p, args...); err != nil {
		return err
	}
	p.Y.Max = most * 1.25 // room for the legend
	return p.Save(8*vg.Inch, 5*vg.Inch, file)
}

// powers marks the counts that were measured.
func powers(clients []int) plot.ConstantTicks {
	var ticks plot.ConstantTicks
	for _, c := range clients {
		ticks = append(ticks, plot.Tick{Value: float64(c), Label: fmt.Sprint(c)})
	}
	return ticks
}
