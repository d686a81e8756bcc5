package socket

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"kabinet/internal/fault"
	"kabinet/internal/viewer"
	"kabinet/internal/web/lasting"
	"kabinet/internal/web/wire"
)

// operation is one "subscribe" and the goroutine that answers it.
type operation struct {
	c      *conn
	id     string
	ctx    context.Context
	cancel context.CancelFunc
	stream bool // guarded by c.mu
}

// run answers one operation. Queries and mutations are as good as a request of
// their own: the session is looked at anew, and counts as used.
func (op *operation) run(params *graphql.RawParams, who viewer.Viewer, hello Hello, serial int) {
	c := op.c
	hello.RequestID = c.caller.RequestID + "." + strconv.Itoa(serial)
	who.RequestID = hello.RequestID
	out := Outcome{Viewer: who, Started: time.Now(), Refused: true}
	ctx := graphql.StartOperationTrace(viewer.With(op.ctx, who))
	followed := false
	defer func() {
		if !followed {
			op.finish(ctx, out)
		}
	}()
	defer op.recovered()

	leave, refused := c.t.Enter(ctx)
	if refused != nil {
		op.fail(refused)
		return
	}
	defer leave()
	rc, ok := op.read(ctx, params, &out)
	if !ok {
		return
	}
	stream := rc.Operation.Operation == ast.Subscription
	hello.Passive = stream
	session := who.SessionID
	who, err := c.caller.SignIn(ctx, hello)
	if err != nil {
		op.signedOut(session, stream, err)
		return
	}
	who.RequestID = hello.RequestID
	c.watchAs(who)
	out.Viewer, out.Refused = who, false
	ctx = viewer.With(ctx, who)
	if !stream {
		out.Errors = op.once(ctx, rc)
		return
	}
	if op.becomeStream() {
		return
	}
	ctx, ended := viewer.WithStream(ctx)
	responses, ctx := c.exec.DispatchOperation(ctx, rc)
	// All that came before has grown this goroutine's stack; the long wait is
	// for a new one, half as big.
	followed = true
	go op.follow(ctx, responses, ended, &out)
}

// read parses and checks the operation; not ok: it has answered.
func (op *operation) read(ctx context.Context, params *graphql.RawParams, out *Outcome) (rc *graphql.OperationContext, ok bool) {
	exec := op.c.exec
	rc, errs := exec.CreateOperationContext(ctx, params)
	out.Operation = rc
	if len(errs) > 0 {
		out.Errors = len(errs)
		errs = errs[:min(len(errs), op.c.t.Limits.Errors)]
		op.fail(exec.DispatchError(graphql.WithOperationContext(ctx, rc), errs).Errors...)
		return nil, false
	}
	return rc, true
}

// once answers a query or mutation; errors is how many the answer had.
func (op *operation) once(ctx context.Context, rc *graphql.OperationContext) (errors int) {
	responses, ctx := op.c.exec.DispatchOperation(ctx, rc)
	resp := responses(ctx)
	if op.ctx.Err() != nil {
		return 0
	}
	if resp == nil {
		op.complete()
		return 0
	}
	if resp.Data == nil && len(resp.Errors) > 0 {
		op.fail(resp.Errors...)
		return len(resp.Errors)
	}
	op.next(resp)
	op.complete()
	return len(resp.Errors)
}

// follow answers a subscription until its source or its client ends it.
func (op *operation) follow(ctx context.Context, responses graphql.ResponseHandler, ended func() error, out *Outcome) {
	op.c.t.Count(0, 1)
	defer func() {
		op.c.t.Count(0, -1)
		op.finish(ctx, *out)
	}()
	defer op.recovered()
	for op.goesOn(ctx, responses(ctx), ended, out) {
	}
}

// goesOn hands on what came; false: that was the last. It is not inlined: what
// it needs of the stack would be held all the time that follow waits.
//
//go:noinline
func (op *operation) goesOn(ctx context.Context, resp *graphql.Response, ended func() error, out *Outcome) bool {
	if op.ctx.Err() != nil {
		return false
	}
	if resp == nil {
		op.over(ctx, ended(), out)
		return false
	}
	out.Errors += len(resp.Errors)
	if lasting.Away(resp.Errors...) {
		op.c.tryLater()
		return false
	}
	if resp.Data == nil && len(resp.Errors) > 0 {
		op.fail(resp.Errors...)
		return false
	}
	may, err := op.c.t.Hub.StillMay(op.ctx, op.c)
	if err != nil {
		op.signedOut(op.c.Viewer().SessionID, true, err)
		return false
	}
	if may { // else not told what came after
		op.next(resp)
	}
	return may
}

// over says how the source ended.
func (op *operation) over(ctx context.Context, err error, out *Outcome) {
	if err == nil {
		op.complete()
		return
	}
	out.Errors++
	errs := op.c.exec.DispatchError(ctx, gqlerror.List{gqlerror.Wrap(err)}).Errors
	if lasting.Away(errs...) {
		op.c.tryLater()
	} else {
		op.fail(errs...)
	}
}

// signedOut ends the socket. Where the sign-in could not be looked up now, it
// stays for a query, which hears so; a stream would be over for good.
func (op *operation) signedOut(session uuid.UUID, stream bool, err error) {
	switch fault.KindOf(err) {
	case fault.Internal, fault.Unavailable, fault.TooMany:
		if op.ctx.Err() != nil { // the client does not wait for it any more
			return
		}
		op.c.t.Log.Error("sign-in on a socket failed", "requestId", op.c.caller.RequestID, "error", err)
		if stream {
			op.c.tryLater()
			return
		}
		op.fail(wire.Refusal(fault.ErrUnavailable, "the session cannot be checked now"))
	default:
		op.c.refuse(session, err)
	}
}

func (op *operation) head(kind string) []byte {
	b := make([]byte, 0, 256)
	b = append(b, `{"id":`...)
	b = wire.AppendJSON(b, op.id)
	b = append(b, `,"type":"`...)
	b = append(b, kind...)
	return append(b, '"')
}

func (op *operation) next(r *graphql.Response) {
	b := append(op.head("next"), `,"payload":`...)
	op.c.send(append(wire.AppendResponse(b, r), '}'))
}

// fail ends the operation with errors instead of an answer.
func (op *operation) fail(errs ...*gqlerror.Error) {
	op.c.forget(op)
	b := append(op.head("error"), `,"payload":`...)
	op.c.send(append(wire.AppendJSON(b, errs), '}'))
}

func (op *operation) complete() {
	op.c.forget(op)
	op.c.send(append(op.head("complete"), '}'))
}

// recovered answers INTERNAL for a panic outside of resolvers, whose panics
// gqlgen catches itself.
func (op *operation) recovered() {
	p := recover()
	if p == nil {
		return
	}
	ctx := graphql.StartOperationTrace(op.ctx)
	err := gqlerror.Wrap(fault.ErrInternal)
	if e, ok := op.c.exec.(interface {
		PresentRecoveredError(context.Context, any) error
	}); ok {
		_ = errors.As(e.PresentRecoveredError(ctx, p), &err)
	}
	op.fail(err)
}

// becomeStream says that nothing waits for op any more; over when that was the
// last thing a draining socket waited for.
func (op *operation) becomeStream() (over bool) {
	c := op.c
	c.mu.Lock()
	op.stream = true
	c.awaited--
	over = c.draining && c.awaited == 0
	c.mu.Unlock()
	if over {
		c.close(CloseRestart, "Service restart")
	}
	return over
}

// finish lets the operation go; the last one awaited ends a draining socket.
func (op *operation) finish(ctx context.Context, out Outcome) {
	c := op.c
	c.t.Done(ctx, out)
	op.cancel()
	c.forget(op)
	c.mu.Lock()
	if !op.stream {
		c.awaited--
	}
	over := c.draining && c.awaited == 0
	c.mu.Unlock()
	if over {
		c.close(CloseRestart, "Service restart")
	}
	c.running.Done()
}

// forget frees the id of op, before the client hears that it is free.
func (c *conn) forget(op *operation) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ops[op.id] == op {
		delete(c.ops, op.id)
	}
}
