// Package pdf draws papers: A4, upright, in DejaVu Sans, which has Cyrillic, ₽
// and №. Tables break over pages and have their heads on each; long words and
// titles wrap; each page says which of how many it is. The same sheet gives the
// same bytes. It knows nothing of what a paper means, and no table.
//
// The fonts come from the module go-fonts/dejavu, under the licence of Bitstream
// Vera and DejaVu, which lets them be embedded; what of them a paper uses is
// embedded in it.
package pdf

import (
	"fmt"
	"io"
	"time"

	"codeberg.org/go-pdf/fpdf"
	"github.com/go-fonts/dejavu/dejavusans"
	"github.com/go-fonts/dejavu/dejavusansbold"
)

// Sheet is what stands on a paper, in its order.
type Sheet struct {
	Lang    string // BCP 47
	Title   string
	Notes   []string // below the title
	Parties []Party  // two beside each other
	Facts   []Fact
	Text    []string // paragraphs
	Grids   []Grid
	Words   []string // below the grids
	Remarks []string // small, at the end
	Signs   []string // below which lines are left to be signed
	Page    func(page, of int) string
	Made    time.Time
	Author  string
}

// Party is one side of a paper.
type Party struct {
	Role  string
	Lines []string
}

// Fact is a name and its value.
type Fact struct{ Name, Value string }

// Grid is a table.
type Grid struct {
	Caption string
	Columns []Column
	Rows    [][]string
	Totals  []Fact
	Empty   string // instead of rows where there are none
}

// Column is one column of a grid.
type Column struct {
	Head  string
	Share int // of the width
	Right bool
}

// Measures of the page, in mm.
const (
	left, right, top, bottom = 18.0, 14.0, 15.0, 18.0
	wide, high               = 210.0, 297.0
	inner                    = wide - left - right
	floor                    = high - bottom // nothing but the foot is below
)

const family = "dejavu"

// style is a font of the paper.
type style struct {
	bold bool
	size float64 // points
	line float64 // mm from one line to the next
	gray int     // 0 black
}

var (
	titled  = style{bold: true, size: 14, line: 6.4}
	caption = style{bold: true, size: 9.5, line: 4.8}
	normal  = style{size: 8.5, line: 4.1}
	strong  = style{bold: true, size: 8.5, line: 4.1}
	cell    = style{size: 7.8, line: 3.7}
	header  = style{bold: true, size: 7.4, line: 3.5}
	small   = style{size: 7, line: 3.4, gray: 90}
)

// page draws on one file.
type page struct {
	*fpdf.Fpdf
	y      float64
	widths [2]map[rune]float64 // of a letter in thousandths of the size, by weight
}

// Draw writes a sheet. An error is the writer's, or ours.
func Draw(w io.Writer, s Sheet) (err error) {
	defer func() {
		if p := recover(); p != nil { // the library does so on what it cannot draw
			err = fmt.Errorf("pdf: %v", p)
		}
	}()
	f := fpdf.New("P", "mm", "A4", "")
	f.SetCatalogSort(true)
	f.SetCreationDate(s.Made.UTC())
	f.SetModificationDate(s.Made.UTC())
	f.SetProducer("Kabinet", true)
	f.SetTitle(clean(s.Title), true)
	f.SetAuthor(clean(s.Author), true)
	f.SetLang(s.Lang)
	f.SetMargins(0, 0, 0)
	f.SetCellMargin(0)
	f.SetAutoPageBreak(false, 0)
	f.AddUTF8FontFromBytes(family, "", dejavusans.TTF)
	f.AddUTF8FontFromBytes(family, "B", dejavusansbold.TTF)
	p := &page{Fpdf: f, widths: [2]map[rune]float64{{}, {}}}
	p.next()
	p.sheet(s)
	p.feet(s)
	if err := f.Error(); err != nil {
		return fmt.Errorf("pdf: %w", err)
	}
	return f.Output(w)
}

func (p *page) sheet(s Sheet) {
	p.paragraph(s.Title, titled, left, inner)
	p.y += 1
	for _, note := range s.Notes {
		p.paragraph(note, normal, left, inner)
	}
	p.y += 3
	p.parties(s.Parties)
	p.facts(s.Facts)
	for _, text := range s.Text {
		p.paragraph(text, normal, left, inner)
		p.y += 1.6
	}
	for _, g := range s.Grids {
		p.grid(g)
	}
	for _, words := range s.Words {
		p.paragraph(words, strong, left, inner)
		p.y += 0.8
	}
	p.y += 2
	for _, remark := range s.Remarks {
		p.paragraph(remark, small, left, inner)
		p.y += 0.6
	}
	p.signs(s.Signs)
}

// next begins a page.
func (p *page) next() {
	p.AddPage()
	p.y = top
}

// room makes sure that so much fits on the page, and says whether a new one
// was begun.
func (p *page) room(height float64) bool {
	if p.y+height <= floor || p.y == top {
		return false
	}
	p.next()
	return true
}

// paragraph writes a text in lines of a width.
func (p *page) paragraph(text string, st style, x, width float64) {
	for _, line := range p.wrap(text, st, width) {
		p.room(st.line)
		p.write(line, st, x, p.y)
		p.y += st.line
	}
}

// write puts one line at a place: y is its upper edge.
func (p *page) write(line string, st style, x, y float64) {
	if line == "" {
		return
	}
	p.font(st)
	p.Text(x, y+st.line*0.76, line)
}

func (p *page) font(st style) {
	weight := ""
	if st.bold {
		weight = "B"
	}
	p.SetFont(family, weight, st.size)
	p.SetTextColor(st.gray, st.gray, st.gray)
}

// feet writes on each page which one it is, once it is known how many there are.
func (p *page) feet(s Sheet) {
	if s.Page == nil {
		return
	}
	pages := p.PageCount()
	for n := 1; n <= pages; n++ {
		p.SetPage(n)
		p.rule(left, high-12.5, inner)
		p.font(small)
		p.SetFontSize(small.size) // into this page's own bytes: it is the font already
		p.write(p.cut(clean(s.Title), small, inner*0.75), small, left, high-11)
		text := s.Page(n, pages)
		p.write(text, small, left+inner-p.width(text, small), high-11)
	}
}

func (p *page) rule(x, y, width float64) {
	p.SetDrawColor(190, 190, 190)
	p.SetLineWidth(0.15)
	p.Line(x, y, x+width, y)
}
