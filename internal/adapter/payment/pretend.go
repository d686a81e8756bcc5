package payment

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"html/template"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// Pretend is a payment provider for demonstrations: it keeps nothing but what
// became of the pages on which cards are saved, and takes no money. Its page of
// a payment has two buttons; either is told to the webhook, signed, as
// a real provider would. A payment is its address, which only it can make.
type Pretend struct {
	Base   string       // where its pages are, without a slash at the end
	Secret []byte       // signs both ways, and its addresses
	Tell   http.Handler // the webhook
	now    func() time.Time
	setups sync.Map // reference -> SetupState of the pages that were answered
}

// NewPretend makes one with a secret of its own.
func NewPretend(base string, now func() time.Time) *Pretend {
	p := &Pretend{Base: base, Secret: make([]byte, 32), now: now}
	_, _ = rand.Read(p.Secret) // never fails
	return p
}

// Client reaches it without a network.
func (p *Pretend) Client() *http.Client {
	return &http.Client{Transport: inProcess{p}}
}

type inProcess struct{ h http.Handler }

func (t inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	w := newAnswer()
	t.h.ServeHTTP(w, r)
	return &http.Response{
		Status: http.StatusText(w.code), StatusCode: w.code, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: w.header,
		Body: io.NopCloser(&w.body), ContentLength: int64(w.body.Len()), Request: r,
	}, nil
}

// answer keeps what a handler of this process says.
type answer struct {
	header http.Header
	code   int
	body   bytes.Buffer
}

func newAnswer() *answer { return &answer{header: http.Header{}, code: http.StatusOK} }

func (a *answer) Header() http.Header         { return a.header }
func (a *answer) WriteHeader(code int)        { a.code = code }
func (a *answer) Write(b []byte) (int, error) { return a.body.Write(b) }

// ServeHTTP answers whatever is under Base: the provider's API, and the page.
func (p *Pretend) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	at, _ := url.Parse(p.Base)
	switch path := strings.TrimPrefix(r.URL.Path, at.Path); {
	case path == "/payments" && r.Method == http.MethodPost:
		p.create(w, r)
	case path == "/refunds" && r.Method == http.MethodPost:
		p.refund(w, r)
	case path == "/pay" && r.Method == http.MethodGet:
		p.page(w, r)
	case path == "/pay" && r.Method == http.MethodPost:
		p.press(w, r)
	case r.Method == http.MethodPost && (path == "/setups" || path == "/setups/describe" || path == "/methods/delete"):
		p.method(w, r, path)
	case path == "/save" && r.Method == http.MethodGet:
		p.savePage(w, r)
	case path == "/save" && r.Method == http.MethodPost:
		p.pressSave(w, r)
	default:
		http.NotFound(w, r)
	}
}

func (p *Pretend) create(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, MaxMessage))
	var req Request
	if err == nil {
		_, err = Verify(r.Header, [][]byte{p.Secret}, p.now(), body)
	}
	if err != nil || json.Unmarshal(body, &req) != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	if req.Token != "" { // a saved card is charged at once; the message comes as from outside
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(Created{ID: "pretend_" + req.Reference})
		go p.charge(context.WithoutCancel(r.Context()), req)
		return
	}
	plain, _ := json.Marshal(req)
	q := url.Values{"p": {base64.RawURLEncoding.EncodeToString(plain)}, "s": {p.seal(plain)}}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(Created{ID: "pretend_" + req.Reference, URL: p.Base + "/pay?" + q.Encode()})
}

func (p *Pretend) seal(plain []byte) string {
	return base64.RawURLEncoding.EncodeToString(mac(p.Secret, "page", "", plain))
}

// asked reads the payment of a page's address.
func (p *Pretend) asked(r *http.Request) (req Request, ok bool) {
	plain, err := base64.RawURLEncoding.DecodeString(r.URL.Query().Get("p"))
	if err != nil || !hmac.Equal([]byte(p.seal(plain)), []byte(r.URL.Query().Get("s"))) {
		return req, false
	}
	return req, json.Unmarshal(plain, &req) == nil
}

var pretendPage = template.Must(template.New("page").Parse(`<!doctype html><html lang="en"><meta charset="utf-8"><title>Pretend payment</title>
<h1>{{.Amount}} {{.Currency}}</h1>{{if .Done}}<p>{{.Done}}</p>{{with .ReturnURL}}<p><a href="{{.}}">Back to the shop</a></p>{{end}}
{{else}}<p>{{.Description}}</p><p>No money moves: this page is part of the demonstration.</p>
<form method="post"><button name="press" value="pay">Pay</button> <button name="press" value="decline">Decline</button></form>{{end}}</html>
`))

func (p *Pretend) page(w http.ResponseWriter, r *http.Request) {
	req, ok := p.asked(r)
	if !ok {
		http.NotFound(w, r)
		return
	}
	show(w, req, "")
}

func show(w http.ResponseWriter, req Request, done string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	_ = pretendPage.Execute(w, struct {
		Request
		Done string
	}{req, done})
}

// press tells the webhook which button was pressed. The message is named by the
// payment and the button: pressing twice is the same message again.
func (p *Pretend) press(w http.ResponseWriter, r *http.Request) {
	req, ok := p.asked(r)
	if !ok || r.ParseForm() != nil {
		http.NotFound(w, r)
		return
	}
	typ, done := "payment.succeeded", "Paid."
	if r.PostForm.Get("press") != "pay" {
		typ, done = "payment.failed", "Declined."
	}
	if p.tell(w, r, "msg_"+typ+"_"+req.Reference, p.message(req, typ, strings.TrimSuffix(done, "."))) {
		show(w, req, done)
	}
}

func (p *Pretend) message(req Request, typ, reason string) []byte {
	body, _ := json.Marshal(map[string]any{"type": typ, "timestamp": p.now().UTC().Format(time.RFC3339), "data": Data{
		ID: "pretend_" + req.Reference, Reference: req.Reference, Amount: req.Amount, Currency: req.Currency, Reason: reason,
	}})
	return body
}

// charge takes a payment by a saved card: it always succeeds.
func (p *Pretend) charge(ctx context.Context, req Request) {
	const typ = "payment.succeeded"
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, p.Base, http.NoBody)
	if err == nil {
		p.tell(newAnswer(), r, "msg_"+typ+"_"+req.Reference, p.message(req, typ, "Paid"))
	}
}

// tell hands a signed message to the webhook; it has answered when false.
func (p *Pretend) tell(w http.ResponseWriter, r *http.Request, id string, body []byte) bool {
	told := newAnswer()
	msg, err := http.NewRequestWithContext(context.WithoutCancel(r.Context()), http.MethodPost, p.Base, bytes.NewReader(body))
	if err != nil || p.Tell == nil {
		http.Error(w, "The webhook is not there.", http.StatusBadGateway)
		return false
	}
	Sign(msg.Header, p.Secret, id, p.now(), body)
	p.Tell.ServeHTTP(told, msg)
	if told.code >= 300 {
		http.Error(w, "The webhook did not take the message.", http.StatusBadGateway)
		return false
	}
	return true
}
