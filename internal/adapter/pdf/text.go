package pdf

import (
	"strings"
	"unicode"
)

// clean makes a text one that can be drawn: of letters that the font may know,
// without what controls a line.
func clean(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return r
		case r == '\t', r == '\u2028', r == '\u2029':
			return ' '
		case r == '\u202f', r == '\u2007': // no-break spaces of other widths
			return '\u00a0'
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r):
			return -1
		case r > 0xFFFF:
			return '\ufffd'
		}
		return r
	}, text)
}

// width is that of a line in mm.
func (p *page) width(line string, st style) (w float64) {
	for _, r := range line {
		w += p.letter(r, st)
	}
	return w
}

// letter is the width of one letter in mm.
func (p *page) letter(r rune, st style) float64 {
	weight := 0
	if st.bold {
		weight = 1
	}
	w, known := p.widths[weight][r]
	if !known {
		p.font(st)
		w = float64(p.GetStringSymbolWidth(string(r)))
		p.widths[weight][r] = w
	}
	return w * st.size * 25.4 / 72 / 1000
}

// wrap cuts a text into lines of a width: at spaces, after hyphens and
// strokes, and where there is none of them between letters.
func (p *page) wrap(text string, st style, width float64) (lines []string) {
	for part := range strings.SplitSeq(clean(text), "\n") {
		lines = append(lines, p.wrapPart([]rune(strings.TrimRight(part, " ")), st, width)...)
	}
	return lines
}

func (p *page) wrapPart(s []rune, st style, width float64) (lines []string) {
	begin, cut, used := 0, -1, 0.0 // cut: where the line could end
	for i := 0; i < len(s); i++ {
		w := p.letter(s[i], st)
		if used+w > width && i > begin && s[i] != ' ' {
			if cut <= begin {
				cut = i
			}
			lines = append(lines, strings.TrimRight(string(s[begin:cut]), " "))
			for begin = cut; begin < len(s) && s[begin] == ' '; begin++ {
			}
			i, cut, used = begin-1, -1, 0
			continue
		}
		used += w
		switch s[i] {
		case ' ', '-', '/', ',', ';', '_', '@':
			cut = i + 1
		}
	}
	return append(lines, string(s[begin:]))
}

// cut is as much of one line as fits a width.
func (p *page) cut(text string, st style, width float64) string {
	line, _, _ := strings.Cut(text, "\n")
	used := 0.0
	for i, r := range line {
		if used += p.letter(r, st); used > width-2 {
			return strings.TrimRight(line[:i], " ") + "…"
		}
	}
	return line
}
