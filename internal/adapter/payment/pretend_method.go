package payment

import (
	"crypto/hmac"
	"encoding/base64"
	"encoding/json"
	"html/template"
	"io"
	"net/http"
	"net/url"
	"time"
)

// pretended are the cards one can choose from, by their button; their years are
// counted from now. No number is asked for anywhere.
var pretended = map[string]struct {
	Brand, Last4 string
	Years        int
}{"visa": {"visa", "4242", 3}, "mir": {"mir", "0004", 0}}

// method is the provider's API of saved methods.
func (p *Pretend) method(w http.ResponseWriter, r *http.Request, path string) {
	body, err := io.ReadAll(io.LimitReader(r.Body, MaxMessage))
	if err == nil {
		_, err = Verify(r.Header, [][]byte{p.Secret}, p.now(), body)
	}
	var req struct {
		SetupRequest
		ID string `json:"id"`
	}
	if err != nil || json.Unmarshal(body, &req) != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	switch path {
	case "/setups":
		plain, _ := json.Marshal(req.SetupRequest)
		q := url.Values{"p": {base64.RawURLEncoding.EncodeToString(plain)}, "s": {p.sealSave(plain)}}
		_ = json.NewEncoder(w).Encode(Created{ID: "pretend_" + req.Reference, URL: p.Base + "/save?" + q.Encode()})
	case "/setups/describe":
		state := SetupState{State: SetupPending, Data: Data{ID: "pretend_" + req.Reference, Reference: req.Reference}}
		if kept, ok := p.setups.Load(req.Reference); ok {
			state, _ = kept.(SetupState)
		}
		_ = json.NewEncoder(w).Encode(state)
	default:
		w.WriteHeader(http.StatusNoContent)
	}
}

func (p *Pretend) sealSave(plain []byte) string {
	return base64.RawURLEncoding.EncodeToString(mac(p.Secret, "save", "", plain))
}

func (p *Pretend) askedSave(r *http.Request) (req SetupRequest, ok bool) {
	plain, err := base64.RawURLEncoding.DecodeString(r.URL.Query().Get("p"))
	if err != nil || !hmac.Equal([]byte(p.sealSave(plain)), []byte(r.URL.Query().Get("s"))) {
		return req, false
	}
	return req, json.Unmarshal(plain, &req) == nil
}

var savePage = template.Must(template.New("save").Parse(`<!doctype html><html lang="en"><meta charset="utf-8"><title>Pretend card</title>
<h1>Save a card</h1>{{if .Done}}<p>{{.Done}}</p>{{with .ReturnURL}}<p><a href="{{.}}">Back to the shop</a></p>{{end}}
{{else}}<p>No card is asked for: this page is part of the demonstration.</p>
<form method="post"><button name="press" value="visa">Save Visa 4242</button> <button name="press" value="mir">Save Mir 0004, good until the end of the month</button> <button name="press" value="decline">Decline</button></form>{{end}}</html>
`))

func (p *Pretend) savePage(w http.ResponseWriter, r *http.Request) {
	req, ok := p.askedSave(r)
	if !ok {
		http.NotFound(w, r)
		return
	}
	showSave(w, req, "")
}

func showSave(w http.ResponseWriter, req SetupRequest, done string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	_ = savePage.Execute(w, struct {
		SetupRequest
		Done string
	}{req, done})
}

// pressSave tells the webhook what was chosen.
func (p *Pretend) pressSave(w http.ResponseWriter, r *http.Request) {
	req, ok := p.askedSave(r)
	if !ok || r.ParseForm() != nil {
		http.NotFound(w, r)
		return
	}
	now := p.now().UTC()
	state := SetupState{State: SetupFailed, Data: Data{ID: "pretend_" + req.Reference, Reference: req.Reference, Reason: "Declined"}}
	typ, done := "payment_method.failed", "Declined."
	if card, ok := pretended[r.PostForm.Get("press")]; ok {
		typ, done = "payment_method.saved", "Saved."
		state.State, state.Reason = SetupSaved, ""
		state.Token, state.Brand, state.Last4 = "pretend_card_"+req.Reference, card.Brand, card.Last4
		state.ExpMonth, state.ExpYear = int(now.Month()), now.Year()+card.Years
	}
	p.setups.Store(req.Reference, state)
	body, _ := json.Marshal(map[string]any{"type": typ, "timestamp": now.Format(time.RFC3339), "data": state.Data})
	if p.tell(w, r, "msg_"+typ+"_"+req.Reference, body) {
		showSave(w, req, done)
	}
}
