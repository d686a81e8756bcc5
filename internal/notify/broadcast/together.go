package broadcast

import (
	"bytes"
	"context"
	"slices"
	"sync"
	"unique"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	ent "kabinet/ent/generated"
	entannouncement "kabinet/ent/generated/announcement"
	"kabinet/internal/locale"
	"kabinet/internal/scalar"
)

// root is the field that many follow.
const root = "announcementAdded"

// common says by type which fields everybody who speaks a language is answered
// the same on, and of what type they are; "" has no fields. None of them takes
// an argument. What is not named here, such as who read it when and what only
// staff is shown, is each person's own: who asks for it is answered alone.
var common = map[string]map[string]string{
	"Subscription":      {root: "AnnouncementAdded"},
	"AnnouncementAdded": {"__typename": "", "cursor": "", "change": "", "announcementId": "", "announcement": "Announcement"},
	"Announcement": {"__typename": "", "id": "", "severity": "", "audience": "", "title": "", "body": "", "url": "", "dismissible": "",
		"startsAt": "", "endsAt": ""},
}

// isCommon says whether a selection of a type is answered the same for everybody
// who speaks a language. A directive may hang on a variable: then it is not.
func isCommon(selection ast.SelectionSet, typ string) bool {
	return !slices.ContainsFunc(selection, func(s ast.Selection) bool {
		switch s := s.(type) {
		case *ast.Field:
			below, known := common[typ][s.Name]
			return !known || len(s.Directives) > 0 || !isCommon(s.SelectionSet, below)
		case *ast.InlineFragment:
			return s.TypeCondition != "" && s.TypeCondition != typ || len(s.Directives) > 0 || !isCommon(s.SelectionSet, typ)
		case *ast.FragmentSpread:
			return s.Definition == nil || s.Definition.TypeCondition != typ || len(s.Directives) > 0 || !isCommon(s.Definition.SelectionSet, typ)
		}
		return true
	})
}

// question is what an answer to many hangs on, beside what is told. The
// variables are not of it: they can only say where to begin, and whether to send
// messages that are not shared.
type question struct{ query, operation, language string }

// questionOf is what an operation asks in common with others; not ok: it asks for what is
// its caller's own, or for something else altogether.
func questionOf(ctx context.Context, op *graphql.OperationContext) (q question, ok bool) {
	if op.Operation.Operation != ast.Subscription || op.RawQuery == "" || len(op.Operation.Directives) > 0 || !isCommon(op.Operation.SelectionSet, "Subscription") {
		return q, false
	}
	return question{op.RawQuery, op.Operation.Name, locale.Match(languageOf(ctx))}, true
}

// news is what an event of the stream tells, read for all who hear of it in one
// moment, with the answers that it was put into.
type news struct {
	audience entannouncement.Audience
	change   AnnouncementChange
	id       scalar.ID
	row      *ent.Announcement // nil: it is gone

	mu      sync.Mutex
	answers map[answerKey][]byte
}

type answerKey struct {
	asked  unique.Handle[question]
	cursor string
}

// mostAnswers bounds what is kept of one event; further questions are answered
// one by one.
const mostAnswers = 32

func (n *news) answer(key answerKey) []byte {
	if n == nil {
		return nil
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.answers[key]
}

// keep keeps a copy of an answer, whose buffer is written anew for the next.
func (n *news) keep(key answerKey, data []byte) {
	if n == nil {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.answers == nil {
		n.answers = map[answerKey][]byte{}
	}
	if len(n.answers) < mostAnswers {
		n.answers[key] = bytes.Clone(data)
	}
}

// follower is one subscription whose answers are those of others too: what is
// told goes by it on the way to where answers are made, and stops where the
// answer is there already.
type follower struct {
	asked unique.Handle[question]
	in    <-chan *AnnouncementAdded // nil until the subscription has begun
	out   chan *AnnouncementAdded
}

type followerKey struct{}

func followerFrom(ctx context.Context) *follower {
	f, _ := ctx.Value(followerKey{}).(*follower)
	return f
}

// through is what the resolver gives in place of its messages.
func (f *follower) through(messages <-chan *AnnouncementAdded) <-chan *AnnouncementAdded {
	f.in, f.out = messages, make(chan *AnnouncementAdded, 1)
	return f.out
}

// next is the next answer; answer makes it of the next message in out.
func (f *follower) next(ctx context.Context, answer graphql.ResponseHandler) *graphql.Response {
	if f.in == nil { // refused at the start
		return answer(ctx)
	}
	var m *AnnouncementAdded
	select {
	case m = <-f.in:
	case <-ctx.Done():
		return nil
	}
	if m == nil { // the source has ended, and says so once
		close(f.out)
		f.in = nil
		return answer(ctx)
	}
	key := answerKey{f.asked, m.Cursor}
	if data := m.news.answer(key); data != nil {
		return &graphql.Response{Data: data}
	}
	f.out <- m // there is room: the one before was taken
	r := answer(ctx)
	if r != nil && len(r.Errors) == 0 && len(graphql.GetErrors(ctx)) == 0 {
		m.news.keep(key, r.Data)
	}
	return r
}

// Together lets those who follow announcements with the same question share its
// answers: they are resolved and written once, whoever is first, and given to
// all who hear of them in the same moment.
func (b *Broadcasts) Together(es graphql.ExecutableSchema) graphql.ExecutableSchema {
	if _, events := es.(graphql.ExecutableSchemaWithEventContext); events {
		return es // whose answers have contexts of their own
	}
	return &together{es}
}

type together struct{ graphql.ExecutableSchema }

// Unwrap is the schema inside.
func (t *together) Unwrap() graphql.ExecutableSchema { return t.ExecutableSchema }

// Exec answers the operation of ctx.
func (t *together) Exec(ctx context.Context) graphql.ResponseHandler {
	q, ok := questionOf(ctx, graphql.GetOperationContext(ctx))
	if !ok {
		return t.ExecutableSchema.Exec(ctx)
	}
	f := &follower{asked: unique.Make(q)}
	answer := t.ExecutableSchema.Exec(context.WithValue(ctx, followerKey{}, f))
	return func(ctx context.Context) *graphql.Response { return f.next(ctx, answer) }
}
