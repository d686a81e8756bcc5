// Package progress shows how far a long command is: a bar on a terminal, else
// a plain line now and then, so that logs stay readable. It draws and decides
// nothing, and writes no table.
package progress

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
	"golang.org/x/term"
)

// every is how often a plain line is written at most.
const every = 5 * time.Second

// Bar shows one piece of work. It may be used by several goroutines.
type Bar struct {
	mu    sync.Mutex
	total int64
	done  int64
	note  string
	ended bool

	pool *mpb.Progress // on a terminal
	bar  *mpb.Bar

	out   io.Writer // elsewhere
	title string
	began time.Time
	last  time.Time
	now   func() time.Time
}

// New begins to show work of total units on w.
func New(w io.Writer, title string, total int64) *Bar {
	b := &Bar{total: max(total, 1), title: title, out: w, now: time.Now}
	b.began = b.now()
	b.last = b.began
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		b.draw(w)
	}
	return b
}

func (b *Bar) draw(w io.Writer) {
	b.pool = mpb.New(mpb.WithOutput(w), mpb.WithWidth(48), mpb.WithAutoRefresh())
	b.bar = b.pool.AddBar(b.total,
		mpb.PrependDecorators(decor.Name(b.title+" "), decor.Percentage()),
		mpb.AppendDecorators(decor.Any(func(decor.Statistics) string {
			b.mu.Lock()
			defer b.mu.Unlock()
			return " " + b.note + " "
		}), decor.Elapsed(decor.ET_STYLE_MMSS)))
}

// Set says how many units are done, and something about them.
func (b *Bar) Set(done int64, note string) {
	b.mu.Lock()
	b.done, b.note = min(done, b.total), note
	due := b.bar == nil && b.now().Sub(b.last) >= every
	if due {
		b.line()
	}
	b.mu.Unlock()
	if b.bar != nil { // draws in its own goroutine, which asks for the note
		b.bar.SetCurrent(min(done, b.total-1)) // full is End's to say
	}
}

// End stops showing; whole says that all of it was done.
func (b *Bar) End(whole bool) {
	b.mu.Lock()
	if b.ended {
		b.mu.Unlock()
		return
	}
	b.ended = true
	if whole {
		b.done = b.total
	}
	if b.bar == nil && b.done > 0 { // what never began has nothing to show
		b.line()
	}
	b.mu.Unlock()
	if b.bar == nil {
		return
	}
	if whole {
		b.bar.SetCurrent(b.total)
	} else {
		b.bar.Abort(false)
	}
	b.pool.Wait()
}

// line writes where it stands; b.mu is held.
func (b *Bar) line() {
	b.last = b.now()
	_, _ = fmt.Fprintf(b.out, "%s: %d %%, %s, %s\n", b.title, b.done*100/b.total, b.note, b.last.Sub(b.began).Round(time.Second))
}
