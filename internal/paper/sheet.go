package paper

import "time"

// Sheet is what stands on a paper, in words and in its order; where it breaks
// over pages is for whoever draws it.
type Sheet struct {
	Locale  string
	Title   string
	Notes   []string // below the title
	Parties []Party  // who issues, and for whom; two beside each other
	Facts   []Fact
	Text    []string // paragraphs
	Grids   []Grid
	Words   []string // below the grids: the sum in words
	Remarks []string // small, at the end
	Signs   []string // below which lines are left to be signed
	Page    string   // what stands at the foot, with {page} and {pages}
	Made    time.Time
}

// Party is one side of a paper.
type Party struct {
	Role  string
	Lines []string
}

// Fact is a name and its value.
type Fact struct{ Name, Value string }

// Grid is a table. Its heads stand on each page that it reaches.
type Grid struct {
	Caption string
	Columns []Column
	Rows    [][]string
	Totals  []Fact // right below
	Empty   string // instead of rows where there are none
}

// Column is one column of a grid.
type Column struct {
	Head  string
	Share int  // of the width, among the shares of all columns
	Right bool // numbers
}
