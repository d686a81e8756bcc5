package sse

import (
	"bytes"
	"context"
	"math/rand/v2"
	"net"
	"net/http"
	"runtime/debug"
	"strconv"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"kabinet/internal/fault"
	"kabinet/internal/viewer"
	"kabinet/internal/web/lasting"
	"kabinet/internal/web/wire"
)

// stream is one subscription: the goroutine that waits for its events, the one
// that notices that the client has gone, and a timer for the comments that keep
// proxies from thinking so.
type stream struct {
	t      *Transport
	exec   graphql.GraphExecutor
	caller Caller
	at     place
	cancel context.CancelFunc

	writing sync.Mutex

	mu      sync.Mutex
	nc      net.Conn // nil until it is taken over
	closing bool
	timer   *time.Timer
}

// chatter is how much a client may send after its request, in bytes, before it
// is taken for somebody who does not speak HTTP.
const chatter = 4 << 10

// open takes the connection over and says that the stream begins; status is
// that of a refusal.
func (s *stream) open(w http.ResponseWriter) (status int) {
	s.mu.Lock()
	closing := s.closing
	s.mu.Unlock()
	if closing { // a drain came in between
		return http.StatusServiceUnavailable
	}
	head := s.head(w.Header())
	nc, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return http.StatusHTTPVersionNotSupported
	}
	_ = nc.SetDeadline(time.Time{})
	giveUpSilence(nc, 2*s.t.Limits.SocketPing+s.t.Limits.SocketWrite)
	s.writing.Lock() // whoever wants to end it waits for the head
	defer s.writing.Unlock()
	s.mu.Lock()
	s.nc = nc
	closing = s.closing
	s.mu.Unlock()
	if closing || s.write(head) != nil {
		s.Kill()
		return 0
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closing {
		s.timer = time.AfterFunc(s.t.Limits.SocketPing, s.tick)
	}
	return 0
}

// head is the start of the answer. It has no length: the end of the connection
// is the end of the stream, and one that ends without "complete" is to be
// begun again. Browsers wait before they do, each for another time, so that
// they do not come back from a restart as one.
func (s *stream) head(h http.Header) []byte {
	h["Content-Type"] = []string{wire.EventStream + "; charset=utf-8"}
	h["Cache-Control"] = []string{"no-store, no-transform"} // nothing on the way may pack it, and so hold it back
	h["X-Accel-Buffering"] = []string{"no"}
	h["Connection"] = []string{"close"}
	h["Date"] = []string{time.Now().UTC().Format(http.TimeFormat)}
	var b bytes.Buffer
	b.WriteString("HTTP/1.1 200 OK\r\n")
	_ = h.Write(&b)
	b.WriteString("\r\nretry: ")
	b.WriteString(strconv.Itoa(1000 + rand.IntN(3000))) //nolint:gosec // no secret
	b.WriteString("\n\n")
	return b.Bytes()
}

// read waits for the end of the connection: after its request a client has
// nothing to say.
func (s *stream) read() {
	var b [64]byte
	for left := chatter; left > 0; {
		n, err := s.nc.Read(b[:])
		if err != nil {
			break
		}
		left -= n
	}
	s.kill()
}

// tick is the timer.
func (s *stream) tick() {
	s.send([]byte(":\n\n"))
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closing {
		s.timer.Reset(s.t.Limits.SocketPing)
	}
}

// follow sends what comes, until its source or its client ends it. It breaks
// the connection off, and completes nothing, when a part we need is down.
func (s *stream) follow(ctx context.Context, responses graphql.ResponseHandler, ended func() error, out Outcome) {
	s.t.Count(1)
	defer func() {
		s.kill()
		s.t.Count(-1)
		s.t.Done(ctx, out)
		s.t.Hub.Leave(s)
	}()
	defer s.recovered()
	for {
		resp := responses(ctx)
		if ctx.Err() != nil {
			return
		}
		if resp == nil {
			break
		}
		out.Errors += len(resp.Errors)
		if lasting.Away(resp.Errors...) {
			return
		}
		if resp.Data == nil && len(resp.Errors) > 0 {
			s.fail(resp.Errors...)
			return
		}
		if may, err := s.t.Hub.StillMay(ctx, s); err != nil {
			s.t.Log.Error("sign-in on an event stream failed", "requestId", s.caller.Viewer.RequestID, "error", err)
			return
		} else if !may { // not told what came after
			<-ctx.Done()
			return
		}
		s.send(wire.AppendNext(make([]byte, 0, 512), s.at.cursor(resp.Data), resp))
	}
	if err := ended(); err != nil {
		out.Errors++
		if errs := s.exec.DispatchError(ctx, gqlerror.List{gqlerror.Wrap(err)}).Errors; !lasting.Away(errs...) {
			s.fail(errs...)
		}
		return
	}
	s.finish(wire.AppendComplete(nil))
}

// recovered answers INTERNAL for a panic outside of resolvers, whose panics
// gqlgen catches itself.
func (s *stream) recovered() {
	p := recover()
	if p == nil {
		return
	}
	s.t.Log.Error("panic on an event stream", "panic", p, "requestId", s.caller.Viewer.RequestID, "stack", string(debug.Stack()))
	s.fail(wire.Refusal(fault.ErrInternal, "internal error", "requestId", s.caller.Viewer.RequestID))
}

// send writes some events; a client that does not take them in time is cut off.
func (s *stream) send(b []byte) {
	s.writing.Lock()
	defer s.writing.Unlock()
	s.mu.Lock()
	closing := s.closing
	s.mu.Unlock()
	if !closing && s.write(b) != nil {
		s.kill()
	}
}

func (s *stream) write(b []byte) error {
	_ = s.nc.SetWriteDeadline(time.Now().Add(s.t.Limits.SocketWrite))
	_, err := s.nc.Write(b)
	return err
}

// fail ends the stream for good with errors. Stock clients stop at "complete",
// and would come back again and again without it.
func (s *stream) fail(errs ...*gqlerror.Error) {
	b := wire.AppendNext(nil, "", &graphql.Response{Errors: errs})
	s.finish(wire.AppendComplete(b))
}

// finish ends the stream with these last words.
func (s *stream) finish(words []byte) {
	if !s.stop() {
		return
	}
	s.writing.Lock()
	_ = s.write(words)
	s.writing.Unlock()
	_ = s.nc.Close()
}

// kill ends the stream without a word: the client takes it for a broken
// connection and comes back with its cursor.
func (s *stream) kill() {
	if s.stop() {
		_ = s.nc.Close()
	}
}

// stop ends what is under way; true for the one who is to close the connection.
func (s *stream) stop() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	first := !s.closing
	s.closing = true
	s.cancel()
	if s.nc == nil {
		return false // open will see it
	}
	if s.timer != nil {
		s.timer.Stop()
	}
	return first
}

// Viewer is lasting.Conn's.
func (s *stream) Viewer() viewer.Viewer {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		return viewer.Viewer{}
	}
	return s.caller.Viewer
}

// SignInAgain is lasting.Conn's.
func (s *stream) SignInAgain(ctx context.Context) (viewer.Viewer, error) { return s.caller.SignIn(ctx) }

// End tells a client that may not come back that nobody is signed in any more;
// who may, does so when its connection breaks.
func (s *stream) End(mayComeBack bool) {
	s.mu.Lock()
	open := s.nc != nil
	s.mu.Unlock()
	if mayComeBack || !open {
		s.kill()
		return
	}
	s.fail(wire.Refusal(fault.ErrUnauthenticated, "the session is over"))
}

// Drain breaks the connection: "complete" would end the client for good.
func (s *stream) Drain() { s.kill() }

// Kill breaks the connection, whoever is closing it already.
func (s *stream) Kill() {
	s.kill()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.nc != nil {
		_ = s.nc.Close()
	}
}
