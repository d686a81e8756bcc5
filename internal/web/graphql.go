package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime/debug"
	"strconv"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"kabinet/internal/fault"
	"kabinet/internal/viewer"
	"kabinet/internal/web/limit"
	"kabinet/internal/web/wire"
)

const allowed = "GET, POST, OPTIONS"

var varies = []string{"Origin", "Accept"}

// overHTTP is gqlgen's transport for GraphQL over HTTP. It comes last and takes
// every request no other transport wants.
type overHTTP struct{ e *Edge }

var _ graphql.Transport = overHTTP{}

// Supports is gqlgen's.
func (overHTTP) Supports(*http.Request) bool { return true }

// Do answers one request: first everything that needs no body, then who calls,
// then the body, then the operation.
func (t overHTTP) Do(w http.ResponseWriter, r *http.Request, exec graphql.GraphExecutor) {
	e := t.e
	defer t.recovered(w, r)
	if h := w.Header(); len(h["Vary"]) == 1 && h["Vary"][0] == "Origin" {
		h["Vary"] = varies // as one with what the handler of origins said
	} else {
		h.Add("Vary", "Accept")
	}
	accept := wire.Negotiate(r.Header.Values("Accept"))
	if !t.acceptable(w, r, accept) {
		return
	}
	cred := credentials(r)
	cred.Passive = accept == wire.EventStream // until it turns out to be no subscription
	if cred.FromCookie && e.origins.forged(r) {
		e.refuse(w, r, http.StatusForbidden, fault.ErrForbidden, "a request with a cookie may not come from this origin")
		return
	}
	ctx, ok := e.signIn(w, r, cred)
	if !ok {
		return
	}
	params, ok := t.params(ctx, w, r)
	if !ok {
		return
	}
	t.run(ctx, w, r, accept, exec, params)
}

// acceptable looks at method and media types.
func (t overHTTP) acceptable(w http.ResponseWriter, r *http.Request, accept string) bool {
	e := t.e
	switch {
	case r.Method == http.MethodOptions:
		w.Header().Set("Allow", allowed)
		w.WriteHeader(http.StatusNoContent)
	case r.Method != http.MethodGet && r.Method != http.MethodPost:
		w.Header().Set("Allow", allowed)
		e.refuse(w, r, http.StatusMethodNotAllowed, fault.ErrInvalidRequest, "use GET for queries or POST")
	case accept == "":
		e.refuse(w, r, http.StatusNotAcceptable, fault.ErrInvalidRequest,
			"accept "+wire.GraphQLResponse+", "+wire.JSON+" or, for a stream, "+wire.EventStream)
	case r.Method == http.MethodGet:
		return true
	// Forms and plain text are what a foreign page may send without asking;
	// a packed body would grow past every limit (security S4, G10, H1).
	case len(r.Header.Values("Content-Type")) != 1 || !wire.IsJSON(r.Header.Get("Content-Type")):
		e.refuse(w, r, http.StatusUnsupportedMediaType, fault.ErrInvalidRequest, "the content type must be "+wire.JSON)
	case r.Header.Get("Content-Encoding") != "":
		w.Header().Set("Accept-Encoding", "identity")
		e.refuse(w, r, http.StatusUnsupportedMediaType, fault.ErrInvalidRequest, "the body must not be packed")
	default:
		return true
	}
	return false
}

// params reads the operation out of the URL or the body.
func (t overHTTP) params(ctx context.Context, w http.ResponseWriter, r *http.Request) (*graphql.RawParams, bool) {
	var (
		params *graphql.RawParams
		err    error
	)
	if r.Method == http.MethodGet {
		params, err = fromURL(r)
	} else {
		params, err = t.fromBody(ctx, w, r)
	}
	switch {
	case err != nil:
		t.refuseBody(w, r, err)
	case !wire.HasDocument(params):
		t.e.refuse(w, r, http.StatusBadRequest, fault.ErrInvalidRequest, `"query" is missing`)
	default:
		return params, true
	}
	return nil, false
}

// refuseBody says what kept the operation from being read.
func (t overHTTP) refuseBody(w http.ResponseWriter, r *http.Request, err error) {
	var (
		tooBig *http.MaxBytesError
		slow   net.Error
		bad    *wire.ErrBadParameters
	)
	e := t.e
	switch {
	case errors.As(err, &tooBig):
		w.Header().Set("Connection", "close")
		e.refuse(w, r, http.StatusRequestEntityTooLarge, fault.ErrInvalidRequest,
			fmt.Sprintf("the body is larger than the %d bytes allowed", tooBig.Limit))
	case errors.As(err, &slow) && slow.Timeout():
		w.Header().Set("Connection", "close")
		e.refuse(w, r, http.StatusRequestTimeout, fault.ErrInvalidRequest, "the body did not arrive in time")
	case errors.As(err, &bad):
		e.refuse(w, r, http.StatusBadRequest, fault.ErrInvalidRequest, bad.Reason)
	default:
		w.Header().Set("Connection", "close")
		e.refuse(w, r, http.StatusBadRequest, fault.ErrInvalidRequest, "the body could not be read")
	}
}

func fromURL(r *http.Request) (*graphql.RawParams, error) {
	q := r.URL.Query()
	vars, err := wire.DecodeObject(q.Get("variables"), `"variables"`)
	if err != nil {
		return nil, err
	}
	ext, err := wire.DecodeObject(q.Get("extensions"), `"extensions"`)
	if err != nil {
		return nil, err
	}
	p := &graphql.RawParams{
		Query: q.Get("query"), OperationName: q.Get("operationName"), Variables: vars, Extensions: ext,
	}
	wire.NameDocument(p, q.Get("documentId"))
	return p, nil
}

func (t overHTTP) fromBody(ctx context.Context, w http.ResponseWriter, r *http.Request) (*graphql.RawParams, error) {
	most := t.e.o.Limits.Body
	if t.e.bulk(ctx) {
		most = t.e.o.Limits.BulkBody
		_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(t.e.o.Limits.BulkRead))
	}
	if r.ContentLength > most {
		return nil, &http.MaxBytesError{Limit: most}
	}
	buf := buffers.Get().(*[]byte)
	defer giveBack(buf)
	if err := readAll(buf, r.Body, most); err != nil {
		return nil, err
	}
	return wire.Decode(*buf) // which keeps nothing of it
}

// readAll fills buf with what r holds, most bytes and no more.
func readAll(buf *[]byte, r io.Reader, most int64) error {
	b := (*buf)[:0]
	defer func() { *buf = b }()
	for {
		if len(b) == cap(b) {
			b = append(b, 0)[:len(b)]
		}
		n, err := r.Read(b[len(b):cap(b)])
		b = b[:len(b)+n]
		switch {
		case int64(len(b)) > most:
			return &http.MaxBytesError{Limit: most}
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
	}
}

// run executes one operation and writes its answer.
func (t overHTTP) run(ctx context.Context, w http.ResponseWriter, r *http.Request, accept string, exec graphql.GraphExecutor, params *graphql.RawParams) {
	e := t.e
	did := &operation{transport: "http", started: time.Now(), outcome: refused, who: viewer.From(ctx)}
	callOf(r).did = did
	defer func() {
		if did.transport != overSSE { // which counts it when it ends
			e.metrics.done(did)
		}
	}()

	leave, full := e.enter(ctx)
	if full != nil {
		retryAfter(w, fault.ErrRateLimited.After(time.Second))
		writeErrors(w, http.StatusTooManyRequests, accept, full)
		return
	}
	defer leave()
	rc, errs := exec.CreateOperationContext(ctx, params)
	did.know(rc)
	allowance(w, rc)
	if len(errs) > 0 {
		t.refuseOperation(w, accept, exec.DispatchError(graphql.WithOperationContext(ctx, rc), errs[:min(len(errs), e.o.Limits.Errors)]), errs[0])
		return
	}
	kind := rc.Operation.Operation
	if !t.fits(w, r, kind, accept) {
		return
	}
	if accept == wire.EventStream {
		if kind == ast.Subscription {
			t.stream(ctx, w, r, exec, rc)
			return
		}
		var ok bool
		if ctx, ok = e.signIn(w, r, credentials(r)); !ok { // it counts as activity after all
			return
		}
	}
	if kind == ast.Mutation {
		ctx = viewer.WithCookies(ctx, cookies(w))
	}
	dispatch(ctx, w, accept, exec, rc, did)
}

// dispatch runs a query or a mutation that nothing speaks against.
func dispatch(ctx context.Context, w http.ResponseWriter, accept string, exec graphql.GraphExecutor, rc *graphql.OperationContext, did *operation) {
	responses, ctx := exec.DispatchOperation(ctx, rc)
	resp := responses(ctx)
	if resp == nil { // the client is gone
		resp = &graphql.Response{Errors: gqlerror.List{wire.Refusal(fault.ErrUnavailable, "the operation was stopped")}}
	}
	did.answered(len(resp.Errors))
	status := http.StatusOK
	if resp.Data == nil && len(resp.Errors) > 0 {
		status = statusOf(accept)
	}
	write(w, status, accept, resp)
}

// refuseOperation answers with what keeps an operation from being run. An event
// stream tells it as an event, for browsers say nothing of answers with
// another status; too much is a status on every media type, as clients wait
// and come back for that.
func (overHTTP) refuseOperation(w http.ResponseWriter, accept string, resp *graphql.Response, first error) {
	status := statusOf(accept)
	if f, _ := fault.As(first); fault.KindOf(first) == fault.TooMany {
		status = http.StatusTooManyRequests
		retryAfter(w, f)
	}
	writeErrors(w, status, accept, resp.Errors...)
}

// fits says whether an operation of this kind may come by this request; if
// not, it has answered.
func (t overHTTP) fits(w http.ResponseWriter, r *http.Request, kind ast.Operation, accept string) bool {
	switch {
	case kind == ast.Subscription && accept != wire.EventStream:
		t.e.refuse(w, r, http.StatusBadRequest, fault.ErrInvalidRequest,
			"subscriptions need a WebSocket that speaks graphql-transport-ws, or to accept "+wire.EventStream)
	case kind == ast.Mutation && r.Method == http.MethodGet:
		w.Header().Set("Allow", http.MethodPost)
		t.e.refuse(w, r, http.StatusMethodNotAllowed, fault.ErrInvalidRequest, "mutations need POST")
	default:
		return true
	}
	return false
}

// statusOf is the status of an answer without data: old clients, who know only
// application/json, take anything but 200 for a broken server.
func statusOf(accept string) int {
	if accept == wire.GraphQLResponse {
		return http.StatusBadRequest
	}
	return http.StatusOK
}

func (t overHTTP) recovered(w http.ResponseWriter, r *http.Request) {
	if p := recover(); p != nil {
		t.e.log.Error("panic", "requestId", callOf(r).id, "panic", p, "stack", string(debug.Stack()))
		t.e.refuse(w, r, http.StatusInternalServerError, fault.ErrInternal, "internal error")
	}
}

var buffers = sync.Pool{New: func() any { b := make([]byte, 0, 16<<10); return &b }}

// slowestReader is how long a client may take to fetch its answer.
const slowestReader = 30 * time.Second

// contentTypes are those of answers; the values are shared.
var contentTypes = map[string][]string{
	wire.JSON:            {wire.JSON + "; charset=utf-8"},
	wire.GraphQLResponse: {wire.GraphQLResponse + "; charset=utf-8"},
	wire.EventStream:     {wire.EventStream + "; charset=utf-8"},
}

func write(w http.ResponseWriter, status int, mediaType string, resp *graphql.Response) {
	if status != http.StatusOK && mediaType == wire.EventStream {
		mediaType = wire.JSON // there is no stream
	}
	buf := buffers.Get().(*[]byte)
	b := (*buf)[:0]
	if mediaType == wire.EventStream {
		b = wire.AppendComplete(wire.AppendNext(b, "", resp))
	} else {
		b = wire.AppendResponse(b, resp)
	}
	h := w.Header()
	h["Content-Type"] = contentTypes[mediaType]
	h["Content-Length"] = []string{strconv.Itoa(len(b))}
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(slowestReader))
	w.WriteHeader(status)
	_, _ = w.Write(b)
	*buf = b
	giveBack(buf)
}

func giveBack(buf *[]byte) {
	if cap(*buf) <= 1<<20 { // one giant answer must not stay for ever
		buffers.Put(buf)
	}
}

func writeErrors(w http.ResponseWriter, status int, mediaType string, errs ...*gqlerror.Error) {
	write(w, status, mediaType, &graphql.Response{Errors: errs})
}

func retryAfter(w http.ResponseWriter, f *fault.Fault) {
	seconds := int64(1)
	if f != nil && f.RetryAfter > 0 {
		seconds = wholeSeconds(f.RetryAfter)
	}
	w.Header().Set("Retry-After", strconv.FormatInt(seconds, 10))
}

// allowance says what the caller has left, in the words of the IETF's draft.
func allowance(w http.ResponseWriter, rc *graphql.OperationContext) {
	left, ok := limit.AllowanceOf(rc)
	if !ok {
		return
	}
	v := [...]string{
		strconv.FormatInt(left.Limit, 10), strconv.FormatInt(left.Remaining, 10), strconv.FormatInt(wholeSeconds(left.Reset), 10),
	}
	h := w.Header() // in canonical form; none has room for a second value
	h["Ratelimit-Limit"], h["Ratelimit-Remaining"], h["Ratelimit-Reset"] = v[0:1:1], v[1:2:2], v[2:3:3]
}

// wholeSeconds rounds up, so that nobody comes too early.
func wholeSeconds(d time.Duration) int64 { return int64((d + time.Second - 1) / time.Second) }

// enter waits for one of the few places of callers who have not signed in, so
// that they cannot take all cores from those who have (security S2).
func (e *Edge) enter(ctx context.Context) (leave func(), full *gqlerror.Error) {
	if viewer.From(ctx).SignedIn() {
		return func() {}, nil
	}
	select {
	case e.anonymous <- struct{}{}:
	default:
		wait := time.NewTimer(e.o.Limits.AnonymousWait)
		defer wait.Stop()
		select {
		case e.anonymous <- struct{}{}:
		case <-wait.C:
			return nil, wire.Refusal(fault.ErrRateLimited.After(time.Second), "too many requests at once, try again")
		case <-ctx.Done():
			return nil, wire.Refusal(fault.ErrRateLimited.After(time.Second), "too many requests at once, try again")
		}
	}
	var once sync.Once
	return func() { once.Do(func() { <-e.anonymous }) }, nil
}
