package web

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"kabinet/internal/fault"
	"kabinet/internal/viewer"
	"kabinet/internal/web/socket"
)

// CookieName is the session cookie's; the prefix makes browsers insist on
// Secure, Path=/ and no Domain.
const CookieName = "__Host-kabinet"

// DeviceCookie is the cookie's by which a browser is known again at a later
// sign-in; it opens nothing.
const DeviceCookie = "__Host-kabinet-device"

// deviceAge is as long as browsers keep a cookie.
const deviceAge = 400 * 24 * time.Hour

// longestText is what is kept of a header that goes into an audit row.
const longestText = 256

// credentials reads what a request presents; a bearer token goes before a
// cookie, and a token in the URL is never looked at (security B5).
func credentials(r *http.Request) Credentials {
	cred := Credentials{
		Company:   clip(r.Header.Get("X-Kabinet-Company")),
		Locale:    clip(r.Header.Get("Accept-Language")),
		UserAgent: clip(r.Header.Get("User-Agent")),
	}
	if c := callOf(r); c != nil {
		cred.IP, cred.RequestID, cred.Place = c.ip, c.id, c.place
	}
	cred.Device = device(r)
	if h := r.Header.Get("Authorization"); h != "" {
		cred.Token = bearer(h)
		return cred
	}
	cred.Token = cookieToken(r)
	cred.FromCookie = cred.Token != ""
	return cred
}

// CallerIP is the address of who asks, past the proxies that are trusted; empty
// outside of the edge.
func CallerIP(r *http.Request) string {
	if c := callOf(r); c != nil {
		return c.ip
	}
	return ""
}

// device is what a client calls the machine it runs on, itself or by the cookie.
// What is short enough to be guessed is none.
func device(r *http.Request) string {
	name := r.Header.Get("X-Kabinet-Device")
	if c, err := r.Cookie(DeviceCookie); name == "" && err == nil {
		name = c.Value
	}
	if len(name) < shortestDevice || len(name) > longestDevice {
		return ""
	}
	return clip(name)
}

const shortestDevice, longestDevice = 16, 128

func cookieToken(r *http.Request) string {
	c, err := r.Cookie(CookieName)
	if err != nil {
		return ""
	}
	return c.Value
}

// notBearer stands for an Authorization header that holds no bearer token: no
// session has it, so that the header is refused and not ignored.
const notBearer = "not a bearer token"

func bearer(header string) string {
	scheme, token, ok := strings.Cut(header, " ")
	if token = strings.TrimSpace(token); !ok || token == "" || !strings.EqualFold(scheme, "Bearer") {
		return notBearer
	}
	return token
}

func clip(s string) string {
	s = strings.ToValidUTF8(s, "")
	if len(s) > longestText {
		s = strings.ToValidUTF8(s[:longestText], "")
	}
	return s
}

// signIn makes the viewer of an HTTP request and puts it into the context; a
// mutation gets the cookies as well. It has answered when ok is false.
func (e *Edge) signIn(w http.ResponseWriter, r *http.Request, cred Credentials) (ctx context.Context, ok bool) {
	ctx = r.Context()
	who, err := e.o.SignIn(ctx, cred)
	if err != nil {
		switch fault.KindOf(err) {
		case fault.Unauthenticated, fault.Locked:
			ctx = viewer.WithReason(ctx, err)
			if who.SessionID != uuid.Nil && fault.KindOf(err) == fault.Locked { // what unlocks it must know whose it is
				ctx = viewer.WithLocked(ctx, arriving(who, cred))
			}
			who.UserID, who.OwnerID, who.SessionID = uuid.Nil, uuid.Nil, uuid.Nil
			who.Staff, who.Grants, who.System, who.SteppedUp, who.AAL, who.Pending, who.ActingStaff, who.TokenUntil = false, nil, "", false, 0, false, uuid.Nil, time.Time{}
		default:
			e.refuseSignIn(w, r, err)
			return nil, false
		}
	}
	return viewer.With(ctx, arriving(who, cred)), true
}

// arriving is a viewer with what the request says of its own way here.
func arriving(who viewer.Viewer, cred Credentials) viewer.Viewer {
	who.RequestID, who.IP, who.UserAgent, who.Device, who.Place = cred.RequestID, cred.IP, cred.UserAgent, cred.Device, cred.Place
	return who
}

func (e *Edge) refuseSignIn(w http.ResponseWriter, r *http.Request, err error) {
	f, _ := fault.As(err)
	switch fault.KindOf(err) {
	case fault.Invalid, fault.NotFound, fault.Refused, fault.Conflict:
		e.refuse(w, r, http.StatusBadRequest, f, "the request cannot be made like this")
	case fault.Forbidden:
		e.refuse(w, r, http.StatusForbidden, f, "you may not act for this company")
	case fault.TooMany:
		retryAfter(w, f)
		e.refuse(w, r, http.StatusTooManyRequests, f, "too many requests, try again later")
	default:
		if r.Context().Err() == nil {
			e.log.Error("sign-in failed", "requestId", callOf(r).id, "error", err)
		}
		e.refuse(w, r, http.StatusServiceUnavailable, fault.ErrUnavailable, "the session cannot be checked now")
	}
}

// cookies writes the session cookie into the answer of one request.
func cookies(w http.ResponseWriter) viewer.Cookies {
	j := &jar{w: w}
	return viewer.Cookies{Set: j.set, Clear: j.clear, Device: j.device}
}

type jar struct {
	mu sync.Mutex // fields of a query are resolved side by side
	w  http.ResponseWriter
}

func (j *jar) set(token string, expires time.Time) {
	j.put(CookieName, token, expires, max(1, int(time.Until(expires).Seconds())))
}

func (j *jar) clear() { j.put(CookieName, "", time.Unix(1, 0).UTC(), -1) }

func (j *jar) device(name string) {
	j.put(DeviceCookie, name, time.Now().Add(deviceAge).UTC(), int(deviceAge.Seconds()))
}

func (j *jar) put(name, value string, expires time.Time, age int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	h := j.w.Header()
	kept := h.Values("Set-Cookie")[:0:0]
	for _, old := range h.Values("Set-Cookie") {
		if !strings.HasPrefix(old, name+"=") {
			kept = append(kept, old)
		}
	}
	h["Set-Cookie"] = kept
	http.SetCookie(j.w, &http.Cookie{
		Name: name, Value: value, Path: "/", Expires: expires, MaxAge: age,
		Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
}

// openSocket judges an upgrade request and keeps what is needed of it.
func (e *Edge) openSocket(w http.ResponseWriter, r *http.Request) (socket.Caller, bool) {
	cookie := cookieToken(r)
	if !e.origins.socket(r, cookie != "") {
		e.refuse(w, r, http.StatusForbidden, fault.ErrForbidden, "this origin may not open a socket")
		return socket.Caller{}, false
	}
	from := kept(credentials(r))
	from.Token, from.FromCookie = "", false
	cookie = strings.Clone(cookie)
	signIn := func(ctx context.Context, hello socket.Hello) (viewer.Viewer, error) {
		cred := from
		cred.Passive = hello.Passive
		if hello.Company != "" {
			cred.Company = clip(hello.Company)
		}
		if hello.RequestID != "" {
			cred.RequestID = hello.RequestID
		}
		switch {
		case hello.Authorization != "":
			cred.Token = bearer(hello.Authorization)
		case cookie != "":
			cred.Token, cred.FromCookie = cookie, true
		}
		who, err := e.o.SignIn(ctx, cred)
		return arriving(who, cred), err
	}
	return socket.Caller{IP: from.IP, RequestID: from.RequestID, SignIn: signIn}, true
}
