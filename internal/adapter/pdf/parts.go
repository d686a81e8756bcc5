package pdf

// parties draws sides of a paper, two beside each other.
func (p *page) parties(all []Party) {
	const gap = 8.0
	width := (inner - gap) / 2
	for i := 0; i < len(all); i += 2 {
		pair := all[i:min(i+2, len(all))]
		columns := make([][]string, len(pair))
		longest := 0
		for k, side := range pair {
			for _, line := range side.Lines {
				columns[k] = append(columns[k], p.wrap(line, normal, width)...)
			}
			longest = max(longest, len(columns[k]))
		}
		p.room(caption.line + float64(min(longest, 12))*normal.line)
		for k, side := range pair {
			p.write(p.cut(clean(side.Role), caption, width), caption, left+float64(k)*(width+gap), p.y)
		}
		p.y += caption.line
		for n := range longest {
			p.room(normal.line)
			for k, lines := range columns {
				if n < len(lines) {
					p.write(lines[n], normal, left+float64(k)*(width+gap), p.y)
				}
			}
			p.y += normal.line
		}
		p.y += 3
	}
}

// facts draws names and their values below each other.
func (p *page) facts(all []Fact) {
	const most = 70.0
	widest := 0.0
	for _, f := range all {
		widest = max(widest, p.width(clean(f.Name), normal))
	}
	widest = min(widest+4, most)
	for _, f := range all {
		names, values := p.wrap(f.Name, normal, widest-4), p.wrap(f.Value, strong, inner-widest)
		for n := range max(len(names), len(values)) {
			p.room(normal.line)
			if n < len(names) {
				p.write(names[n], normal, left, p.y)
			}
			if n < len(values) {
				p.write(values[n], strong, left+widest, p.y)
			}
			p.y += normal.line
		}
	}
	if len(all) > 0 {
		p.y += 3
	}
}

// signs leaves lines to be signed, two beside each other.
func (p *page) signs(all []string) {
	const gap, height = 8.0, 16.0
	width := (inner - gap) / 2
	for i := 0; i < len(all); i += 2 {
		p.room(height)
		p.y += 10
		for k, label := range all[i:min(i+2, len(all))] {
			x := left + float64(k)*(width+gap)
			p.rule(x, p.y, width)
			p.write(p.cut(clean(label), small, width), small, x, p.y+0.6)
		}
		p.y += height - 10
	}
}
