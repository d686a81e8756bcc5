package main

import (
	"bytes"
	"context"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/99designs/gqlgen/graphql"

	"kabinet/internal/compiled"
	"kabinet/internal/store/storetest"
)

// twin answers every query both ways and compares: what compiled reads give
// must be what the resolvers give, byte for byte.
type twin struct {
	graphql.ExecutableSchema
	ordinary graphql.ExecutableSchema

	mu            sync.Mutex
	short, all    int
	disagreements []string
}

func (w *twin) Exec(ctx context.Context) graphql.ResponseHandler {
	op := graphql.GetOperationContext(ctx)
	data, ok := w.ExecutableSchema.(interface {
		Answer(context.Context) ([]byte, bool)
	}).Answer(ctx)
	respond := w.ordinary.Exec(ctx)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.all++; !ok {
		return respond
	}
	w.short++
	return func(ctx context.Context) *graphql.Response {
		resp := respond(ctx)
		w.mu.Lock()
		defer w.mu.Unlock()
		if resp == nil || graphql.GetErrors(ctx) != nil || !bytes.Equal(compact(resp.Data), compact(data)) {
			w.disagreements = append(w.disagreements, op.RawQuery)
			if resp != nil {
				w.disagreements = append(w.disagreements, "--- resolvers", string(resp.Data), "--- compiled", string(data))
			}
		}
		return resp
	}
}

// compact drops the line ends that gqlgen leaves after JSON values.
func compact(b []byte) []byte { return bytes.ReplaceAll(b, []byte("\n"), nil) }

// Every story is told with both ways side by side.
func TestCompiledReadsAgreeOnStories(t *testing.T) {
	files, err := filepath.Glob("graph/testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no stories", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, db *storetest.DB) {
				w, both := newTwins(t, db, settingsOf(t, file))
				tell(t, w, file)
				both.check(t)
			})
		})
	}
}

// newTwins is a world whose queries are answered both ways.
func newTwins(t *testing.T, db *storetest.DB, more map[string]string) (*world, *twin) {
	t.Helper()
	both := &twin{}
	w := newWorldOf(t, db, more, func(es graphql.ExecutableSchema) graphql.ExecutableSchema {
		both.ExecutableSchema, both.ordinary = es, compiled.Ordinary(es)
		return both
	})
	w.twice = true
	return w, both
}

func (w *twin) check(t *testing.T) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	t.Logf("%d of %d queries were compiled", w.short, w.all)
	if len(w.disagreements) > 0 {
		t.Errorf("the two ways disagree:\n%s", strings.Join(w.disagreements, "\n"))
	}
}
