package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"kabinet/internal/adapter/payment"
	"kabinet/internal/store/storetest"
)

// here is an address of ours as the test's server answers it.
func (w *world) here(t testing.TB, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	check(t, err)
	return w.url + u.RequestURI()
}

// bytes sends a request without GraphQL; who is the bearer, or nobody.
func (w *world) bytes(t testing.TB, who, method, address, body string) (reply, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(context.Background(), method, w.here(t, address), strings.NewReader(body))
	check(t, err)
	if who != "nobody" {
		r.Header.Set("Authorization", "Bearer "+w.token(t, who))
	}
	resp, err := http.DefaultClient.Do(r)
	check(t, err)
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	check(t, err)
	return reply{resp.StatusCode, resp.Header}, string(b)
}

// reply is an answer whose body was read.
type reply struct {
	StatusCode int
	Header     http.Header
}

func drawing(t testing.TB, side int) string {
	t.Helper()
	var b bytes.Buffer
	check(t, png.Encode(&b, image.NewGray(image.Rect(0, 0, side, side))))
	return b.String()
}

// A file from the mutation over the link to the list and back, and what others
// get of it.
//
// security J1, J2, J5
func TestFilesOverHTTP(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		w.say(t, "alice", `mutation { uploadDocument(input: {title: "../Счёт.html", size: 1000}) { link { url } userErrors { code } } }`, "uploadDocument.link.url")
		link := w.vars["uploadDocument.link.url"]
		resp, body := w.bytes(t, "nobody", http.MethodPut, link, "<!doctype html><script>alert(1)</script>")
		if resp.StatusCode != 415 || !strings.Contains(body, `"FILE_TYPE_REFUSED"`) {
			t.Errorf("%d %s", resp.StatusCode, body)
		}
		if resp, body = w.bytes(t, "nobody", http.MethodPut, link, strings.Repeat("x", 1001)); resp.StatusCode != 413 || !strings.Contains(body, `"FILE_TOO_LARGE"`) {
			t.Errorf("%d %s", resp.StatusCode, body)
		}
		if resp, body = w.bytes(t, "bob", http.MethodPut, link, "%PDF-1.7\nBob's"); resp.StatusCode != 404 {
			t.Errorf("Bob sends: %d %s", resp.StatusCode, body)
		}
		resp, body = w.bytes(t, "nobody", http.MethodPut, link, "%PDF-1.7\nhello")
		var got struct {
			Document struct{ ID, Title, Mime, DownloadURL string }
		}
		if err := json.Unmarshal([]byte(body), &got); err != nil || resp.StatusCode != 200 || got.Document.Mime != "application/pdf" {
			t.Fatalf("%d %s", resp.StatusCode, body)
		}
		for _, who := range []string{"nobody", "alice"} {
			resp, body = w.bytes(t, who, http.MethodGet, got.Document.DownloadURL, "")
			if h := resp.Header; resp.StatusCode != 200 || body != "%PDF-1.7\nhello" || h.Get("X-Content-Type-Options") != "nosniff" || !strings.Contains(h.Get("Content-Security-Policy"), "sandbox") ||
				!strings.HasPrefix(h.Get("Content-Disposition"), `attachment; filename="`) || !strings.HasSuffix(h.Get("Content-Disposition"), "%D0%A1%D1%87%D1%91%D1%82.html.pdf") {
				t.Errorf("%s: %d %s %v", who, resp.StatusCode, body, h)
			}
		}
		if resp, _ = w.bytes(t, "bob", http.MethodGet, got.Document.DownloadURL, ""); resp.StatusCode != 404 {
			t.Errorf("Bob: %d", resp.StatusCode)
		}
		if resp, _ = w.bytes(t, "nobody", http.MethodPut, link, "%PDF-1.7\nagain"); resp.StatusCode != 404 {
			t.Errorf("the link twice: %d", resp.StatusCode)
		}
		list := w.say(t, "alice", `{ me { documents(kind: [UPLOAD]) { totalCount nodes { title status size } } } }`, "")
		if want := `{"me":{"documents":{"nodes":[{"size":14,"status":"READY","title":"../Счёт.html.pdf"}],"totalCount":1}}}`; list != want {
			t.Errorf("%s", list)
		}
		w.say(t, "alice", `mutation { signOutEverywhere(input: {keepCurrent: false}) { userErrors { code } } }`, "")
		if resp, _ = w.bytes(t, "nobody", http.MethodGet, got.Document.DownloadURL, ""); resp.StatusCode != 404 {
			t.Errorf("after the session: %d", resp.StatusCode)
		}
	})
}

// A picture from the link into every list of people, without a statement more.
func TestAvatarOverHTTP(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		w.say(t, "alice", `mutation { uploadAvatar(input: {}) { link { url maxBytes types } userErrors { code } } }`, "uploadAvatar.link.url")
		resp, body := w.bytes(t, "nobody", http.MethodPut, w.vars["uploadAvatar.link.url"], drawing(t, 1000))
		var got struct {
			Avatar struct {
				URL           string
				Generated     bool
				Width, Height int
			}
		}
		if err := json.Unmarshal([]byte(body), &got); err != nil || resp.StatusCode != 200 || got.Avatar.Generated || got.Avatar.Width != 512 {
			t.Fatalf("%d %s", resp.StatusCode, body)
		}
		shown := w.say(t, "alice", `{ me { avatar { url } } }`, "")
		if want := fmt.Sprintf(`{"me":{"avatar":{"url":%q}}}`, got.Avatar.URL); shown != want {
			t.Errorf("%s, want %s", shown, want)
		}
		resp, body = w.bytes(t, "nobody", http.MethodGet, got.Avatar.URL, "")
		if img, err := png.Decode(strings.NewReader(body)); err != nil || img.Bounds().Dx() != 512 || !strings.Contains(resp.Header.Get("Cache-Control"), "immutable") {
			t.Errorf("%d %v", resp.StatusCode, err)
		}
		w.token(t, "staff")
		plain, _ := db.RequestStatements(func() { w.say(t, "staff", `{ users { nodes { id } } }`, "") })
		with, log := db.RequestStatements(func() {
			all := w.say(t, "staff", `{ users { nodes { id avatar { url initials color generated width height } } } }`, "")
			if !strings.Contains(all, got.Avatar.URL) || !strings.Contains(all, "data:image/svg+xml;base64,") {
				t.Errorf("%s", all)
			}
		})
		if with > plain {
			t.Errorf("%d statements with pictures, %d without:\n%s", with, plain, strings.Join(log, "\n"))
		}
		w.say(t, "alice", `mutation { removeAvatar { user { avatar { generated } } userErrors { code } } }`, "")
		if resp, _ = w.bytes(t, "nobody", http.MethodGet, got.Avatar.URL, ""); resp.StatusCode != 404 {
			t.Errorf("a picture that was removed: %d", resp.StatusCode)
		}
	})
}

// A card is saved at the provider's page, whose webhook says what it is: the
// number is never here.
//
// security I6
func TestCardThroughTheProvider(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		w.app.cfg.Demo = true // the provider pretends
		routes, err := w.app.payments()
		check(t, err)
		mux := http.NewServeMux()
		for pattern, h := range routes {
			mux.Handle(pattern, h)
		}
		srv := httptest.NewServer(mux)
		t.Cleanup(srv.Close)
		const add = `mutation { addPaymentMethod(input: {idempotencyKey: "%s"}) { nextActionUrl paymentMethod { id } userErrors { code } } }`
		page := func(key string) string {
			w.say(t, "alice", fmt.Sprintf(add, key), "addPaymentMethod.nextActionUrl")
			w.say(t, "alice", fmt.Sprintf(add, key), "addPaymentMethod.paymentMethod.id")
			u, err := url.Parse(w.vars["addPaymentMethod.nextActionUrl"])
			check(t, err)
			return srv.URL + u.Path + "?" + u.RawQuery
		}
		first := page("first-card")
		if status, body := fetch(t, http.MethodGet, first, nil); status != 200 || !strings.Contains(body, "No card is asked for") {
			t.Fatalf("%d %s", status, body)
		}
		if status, _ := fetch(t, http.MethodGet, first+"x", nil); status != 404 {
			t.Errorf("a page of nobody's making answers %d", status)
		}
		for range 2 { // pressed twice
			if status, body := fetch(t, http.MethodPost, first, url.Values{"press": {"visa"}}); status != 200 || !strings.Contains(body, "Saved.") {
				t.Fatalf("%d %s", status, body)
			}
		}
		if status, body := fetch(t, http.MethodPost, page("second-card"), url.Values{"press": {"decline"}}); status != 200 || !strings.Contains(body, "Declined.") {
			t.Fatalf("%d %s", status, body)
		}
		confirm := w.say(t, "alice", fmt.Sprintf(`mutation { confirmPaymentMethod(input: {id: "%s"}) { paymentMethod { status failure } userErrors { code } } }`, w.vars["addPaymentMethod.paymentMethod.id"]), "")
		if !strings.Contains(confirm, `"status":"FAILED"`) || !strings.Contains(confirm, `"failure":"Declined"`) {
			t.Errorf("%s", confirm)
		}
		const list = `{ me { paymentMethods { brand last4 isDefault expired expiresSoon status } } }`
		if got, want := w.say(t, "alice", list, ""), `{"me":{"paymentMethods":[{"brand":"visa","expired":false,"expiresSoon":false,"isDefault":true,"last4":"4242","status":"ACTIVE"}]}}`; got != want {
			t.Errorf("%s", got)
		}
		// What is not signed by the provider saves nothing.
		forged := fmt.Appendf(nil, `{"type":"payment_method.saved","data":{"id":"pretend_%[1]s","reference":%[1]q,"token":"mine"}}`, w.vars["addPaymentMethod.paymentMethod.id"])
		r := httptest.NewRequestWithContext(context.Background(), http.MethodPost, paymentWebhook, bytes.NewReader(forged))
		payment.Sign(r.Header, make([]byte, 32), "m1", db.Clock.Now(), forged)
		rec := httptest.NewRecorder()
		if routes["POST "+paymentWebhook].ServeHTTP(rec, r); rec.Code != 401 {
			t.Errorf("unsigned: %d", rec.Code)
		}
		if got := w.count(t, `SELECT count(*) FROM payment_methods WHERE status = 'ACTIVE'`); got != 1 {
			t.Errorf("%d cards", got)
		}
	})
}
