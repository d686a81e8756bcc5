package compiled

import (
	"strings"
	"sync"

	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// text is a finished statement, good for every call of one key.
type text struct {
	sql  string
	args []any // constants, params and ids of the stand-in
	by   []string
}

// texts are those of one plan by key.
type texts struct {
	mu   sync.RWMutex
	kept map[string]*text
}

// A front end asks a document with few combinations of arguments.
const mostTexts = 64

// statement gives the text for a call, kept or written now.
func (p *plan) statement(c *call) (*text, error) {
	key, keep := p.key(c)
	if keep {
		p.texts.mu.RLock()
		t := p.texts.kept[key]
		p.texts.mu.RUnlock()
		if t != nil {
			return t, nil
		}
	}
	st := statement{
		dialect: c.reads.o.Store.Dialect(), ctx: viewer.With(c.ctx, standInFor(c.who)), by: make([]string, len(p.given)),
	}
	if err := st.root(c, p); err != nil {
		return nil, err
	}
	t := &text{sql: st.text.String(), args: st.args, by: st.by}
	if keep {
		p.texts.mu.Lock()
		defer p.texts.mu.Unlock()
		if p.texts.kept == nil || len(p.texts.kept) >= mostTexts {
			p.texts.kept = map[string]*text{}
		}
		p.texts.kept[key] = t
	}
	return t, nil
}

// key is all that the text depends on besides the plan: what the fence looks
// at, and the arguments.
func (p *plan) key(c *call) (key string, keep bool) {
	var b strings.Builder
	b.WriteString(store.FenceKey(c.who))
	for i := range c.given {
		if c.given[i].odd {
			return "", false
		}
		b.WriteByte('|')
		b.WriteString(c.given[i].key)
	}
	return b.String(), true
}
