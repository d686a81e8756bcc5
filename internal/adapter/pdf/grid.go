package pdf

// pad is between a cell's letters and its edges, in mm.
const pad = 1.1

// grid draws a table. Its heads stand on each page that it reaches, a row stays
// on one page where it can, and its totals never stand alone.
func (p *page) grid(g Grid) {
	widths := shares(g.Columns)
	heads := p.lines(headsOf(g.Columns), widths, header)
	if g.Caption != "" {
		p.room(caption.line + 1 + p.tall(heads, header) + 2*cell.line)
		p.paragraph(g.Caption, caption, left, inner)
		p.y += 1
	}
	p.heads(g, heads, widths)
	for i, row := range g.Rows {
		lines := p.lines(row, widths, cell)
		with := 0.0
		if i == len(g.Rows)-1 { // the last row and what it comes to
			with = float64(min(len(g.Totals), 8)) * strong.line
		}
		if need := p.tall(lines, cell); p.y+need+with > floor && need+with < (floor-top)/2 {
			p.next()
			p.heads(g, heads, widths)
		}
		p.row(g, lines, heads, widths)
	}
	if len(g.Rows) == 0 && g.Empty != "" {
		p.y += 1
		p.paragraph(g.Empty, normal, left+pad, inner-2*pad)
		p.y += 1
		p.rule(left, p.y, inner)
	}
	p.totals(g.Totals)
	p.y += 4
}

func headsOf(columns []Column) []string {
	all := make([]string, len(columns))
	for i, c := range columns {
		all[i] = c.Head
	}
	return all
}

// shares are the widths of columns in mm.
func shares(columns []Column) []float64 {
	sum := 0
	for _, c := range columns {
		sum += c.Share
	}
	all := make([]float64, len(columns))
	for i, c := range columns {
		all[i] = inner * float64(c.Share) / float64(max(1, sum))
	}
	return all
}

// lines are those of each cell of a row.
func (p *page) lines(row []string, widths []float64, st style) [][]string {
	all := make([][]string, len(widths))
	for i := range widths {
		if i < len(row) {
			all[i] = p.wrap(row[i], st, widths[i]-2*pad)
		}
	}
	return all
}

func longest(cells [][]string) (n int) {
	for _, lines := range cells {
		n = max(n, len(lines))
	}
	return n
}

// tall is the height of a row.
func (p *page) tall(cells [][]string, st style) float64 {
	return float64(longest(cells))*st.line + 2*pad
}

func (p *page) heads(g Grid, heads [][]string, widths []float64) {
	height := p.tall(heads, header)
	p.room(height + cell.line + 2*pad)
	p.SetFillColor(236, 238, 241)
	p.Rect(left, p.y, inner, height, "F")
	p.cells(g, heads, widths, header, 0, longest(heads))
	p.y += height
}

// row draws a row; one that is higher than a page goes on over several.
func (p *page) row(g Grid, lines, heads [][]string, widths []float64) {
	all := longest(lines)
	for from := 0; from < all || from == 0; {
		fits := int((floor - p.y - 2*pad) / cell.line)
		if fits < 1 || fits < all-from && fits < 3 {
			p.next()
			p.heads(g, heads, widths)
			continue
		}
		to := min(all, from+fits)
		p.cells(g, lines, widths, cell, from, to)
		p.y += float64(to-from)*cell.line + 2*pad
		p.rule(left, p.y, inner)
		if from = max(to, 1); to < all {
			p.next()
			p.heads(g, heads, widths)
		}
	}
}

// cells writes lines of the cells of a row.
func (p *page) cells(g Grid, cells [][]string, widths []float64, st style, from, to int) {
	x := left
	for i, lines := range cells {
		for n := from; n < min(to, len(lines)); n++ {
			at := x + pad
			if g.Columns[i].Right {
				at = x + widths[i] - pad - p.width(lines[n], st)
			}
			p.write(lines[n], st, at, p.y+pad+float64(n-from)*st.line)
		}
		x += widths[i]
	}
}

// totals stand below a table at its right, the last one strong.
func (p *page) totals(all []Fact) {
	if len(all) == 0 {
		return
	}
	const column = 42.0
	p.y += 1.5
	for i, t := range all {
		st := normal
		if i == len(all)-1 {
			st = strong
		}
		names := p.wrap(t.Name, st, inner-column)
		values := p.wrap(t.Value, st, column)
		for n := range max(len(names), len(values)) {
			p.room(st.line)
			if n < len(names) {
				p.write(names[n], st, left+inner-column-p.width(names[n], st), p.y)
			}
			if n < len(values) {
				p.write(values[n], st, left+inner-pad-p.width(values[n], st), p.y)
			}
			p.y += st.line
		}
	}
}
