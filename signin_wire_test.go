package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"kabinet/internal/store/storetest"
)

// wired is an answer as it came over the wire.
type wired struct {
	status  int
	body    string
	cookies map[string]string
}

// wire posts an operation with headers, by pairs.
func (w *world) wire(t testing.TB, query string, headers ...string) wired {
	t.Helper()
	body, err := json.Marshal(map[string]any{"query": query})
	check(t, err)
	return w.request(t, http.MethodPost, w.url+"/graphql", string(body), headers...)
}

func (w *world) request(t testing.TB, method, address, body string, headers ...string) wired {
	t.Helper()
	req, err := http.NewRequest(method, address, bytes.NewReader([]byte(body)))
	check(t, err)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	check(t, err)
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	check(t, err)
	a := wired{resp.StatusCode, string(b), map[string]string{}}
	for _, c := range resp.Cookies() {
		a.cookies[c.Name] = c.Value
	}
	return a
}

// at is what stands at a path of the answer's data.
func (a wired) at(t testing.TB, path string) string {
	t.Helper()
	var answer map[string]any
	check(t, json.Unmarshal([]byte(a.body), &answer))
	v, ok := dig(answer["data"], path)
	if !ok {
		t.Fatalf("no %s in %s", path, a.body)
	}
	return fmt.Sprint(v)
}

// One password for a thousand accounts, by mutations of ten: fifty are looked
// at, whatever X-Forwarded-For says (security A4).
func TestSprayingOverTheWire(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		tried, looked, delayed := 0, 0, 0
		for i := range 100 {
			var q strings.Builder
			for j := range 10 {
				fmt.Fprintf(&q, ` a%d: signIn(input: {login: "customer-%d@example.com", password: "sommer2026!"}) { userErrors { code } }`, j, 10*i+j)
			}
			a := w.wire(t, "mutation {"+q.String()+"}", "X-Forwarded-For", fmt.Sprintf("198.51.%d.7", i%50))
			tried += 10
			looked, delayed = looked+strings.Count(a.body, "INVALID_CREDENTIALS"), delayed+strings.Count(a.body, "TOO_MANY_ATTEMPTS")
		}
		if looked != 50 || delayed != tried-50 {
			t.Errorf("%d of %d looked at, %d delayed", looked, tried, delayed)
		}
	})
}

// Behind a proxy that is trusted each network has a count of its own, by the
// address that the proxy gives (security A4).
func TestSprayingThroughAProxy(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorldOf(t, db, map[string]string{"KABINET_TRUSTED_PROXIES": "127.0.0.0/8"}, nil)
		guess := func(ip string, i int) string {
			return w.wire(t, fmt.Sprintf(`mutation { signIn(input: {login: "customer-%d@example.com", password: "sommer2026!"}) { userErrors { code } } }`, i), "X-Forwarded-For", ip).body
		}
		for i := range 50 {
			guess("9.9.9.9, 198.51.100.7", i)
		}
		if a := guess("10.1.2.3, 198.51.100.8", 50); !strings.Contains(a, "TOO_MANY_ATTEMPTS") {
			t.Errorf("another address of the network: %s", a)
		}
		if a := guess("198.51.100.7, 203.0.113.7", 51); !strings.Contains(a, "INVALID_CREDENTIALS") {
			t.Errorf("another network: %s", a)
		}
	})
}

var wiredID = regexp.MustCompile(`kab_[a-z2-7]{32}|[a-z]{3}_[0-7][0-9a-hjkmnp-tv-z]{25}`)

// Whether somebody has an address: status, length and every byte of the answer
// but ids are the same, at each door where one is given, and when the code is
// wrong or asked for again; letters go to owners alone (security A6).
func TestKnownTellsNothingOverTheWire(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		own := []string{"Authorization", "Bearer " + w.token(t, "alice")}
		walk := func(who string) (seen []string, letters int) {
			say := func(query string, headers ...string) wired {
				a := w.wire(t, strings.ReplaceAll(query, "WHO", who), headers...)
				seen = append(seen, fmt.Sprint(a.status, len(a.body), strings.ReplaceAll(wiredID.ReplaceAllString(a.body, "<id>"), who, "<who>")))
				return a
			}
			wait := func() {
				w.settle(t)
				db.Clock.Add(61 * time.Second)
			}
			w.letters = nil
			say(`mutation { signIn(input: {login: "WHO@example.com", password: "a wrong password"}) { session { token } challenge { id } user { id } userErrors { path code message params } } }`)
			made := say(`mutation { register(input: {email: "WHO@example.com", password: "correct horse battery"}) { session { token } challenge { id kind sentTo expiresAt } user { status displayName } warnings { code } userErrors { path code message params } } }`)
			say(`mutation { register(input: {email: "WHO@example.com", password: "correct horse battery"}) { session { token } userErrors { path code message params } } }`)
			wait()
			say(`{ me { status displayName contactPoints { value } identities { kind login } sessions { kind current } twoFactor { enabled } } }`, "Authorization", "Bearer "+made.at(t, "register.session.token"))
			again := say(`mutation { resendCode(input: {challengeId: "` + made.at(t, "register.challenge.id") + `"}) { challenge { id kind sentTo expiresAt } userErrors { path code message params } } }`)
			say(`mutation { confirmContact(input: {challengeId: "` + again.at(t, "resendCode.challenge.id") + `", code: "000000"}) { session { token } userErrors { path code message params } } }`)
			wait()
			reset := say(`mutation { requestPasswordReset(input: {login: "WHO@example.com"}) { challenge { id kind methods sentTo expiresAt } userErrors { path code message params } } }`)
			say(`mutation { requestPasswordReset(input: {login: "WHO@example.com"}) { challenge { id } userErrors { path code message params } } }`)
			wait()
			again = say(`mutation { resendCode(input: {challengeId: "` + reset.at(t, "requestPasswordReset.challenge.id") + `"}) { challenge { id kind sentTo expiresAt } userErrors { path code message params } } }`)
			say(`mutation { resetPassword(input: {challengeId: "` + again.at(t, "resendCode.challenge.id") + `", code: "000000", newPassword: "another pair of shoes"}) { session { token } userErrors { path code message params } } }`)
			wait()
			letters = len(w.letters)
			added := say(`mutation { addContactPoint(input: {email: "WHO@example.com"}) { challenge { id kind sentTo expiresAt } userErrors { path code message params } } }`, own...)
			say(`mutation { confirmContact(input: {challengeId: "`+added.at(t, "addContactPoint.challenge.id")+`", code: "000000"}) { userErrors { path code message params } } }`, own...)
			wait()
			changed := say(`mutation { requestLoginChange(input: {email: "WHO@example.com"}) { challenge { id kind sentTo expiresAt } userErrors { path code message params } } }`, own...)
			say(`mutation { confirmLoginChange(input: {challengeId: "`+changed.at(t, "requestLoginChange.challenge.id")+`", code: "000000"}) { userErrors { path code message params } } }`, own...)
			wait()
			return seen, letters
		}
		own[1] = "Bearer " + w.anew(t, "alice", password)
		known, toOwner := walk("bob")
		own[1] = "Bearer " + w.anew(t, "alice", password)
		unknown, toNobody := walk("bub")
		for i := range known {
			a, b := regexp.MustCompile(`T\d\d:\d\d:\d\d`).ReplaceAllString(known[i], "T"), regexp.MustCompile(`T\d\d:\d\d:\d\d`).ReplaceAllString(unknown[i], "T")
			if a != b {
				t.Errorf("step %d\nknown   %s\nunknown %s", i, a, b)
			}
		}
		if toOwner != 4 || toNobody != 2 { // of registrations both get letters, of resets the owner alone
			t.Errorf("%d letters to the owner, %d to the other", toOwner, toNobody)
		}
	})
}

// anew signs somebody in once more: a token that is fresh and known to nobody.
func (w *world) anew(t testing.TB, who, password string) string {
	t.Helper()
	a := w.wire(t, fmt.Sprintf(`mutation { signIn(input: {login: "%s@example.com", password: "%s"}) { session { token } userErrors { code } } }`, who, password))
	return a.at(t, "signIn.session.token")
}

// A cookie that somebody else has put into the browser is worth nothing after
// the sign-in, invented or a session of his; each fresh proof changes it again
// (security B1).
func TestPlantedCookie(t *testing.T) {
	const cookie, in = "__Host-kabinet", `mutation { signIn(input: {login: "bob@example.com", password: "correct horse battery", mode: COOKIE}) { user { displayName } userErrors { code } } }`
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		whose := func(value string) string { return w.wire(t, `{ me { displayName } }`, "Cookie", cookie+"="+value).body }
		thief := w.wire(t, strings.Replace(in, "bob@", "alice@", 1)).cookies[cookie]
		if !strings.Contains(whose(thief), "Alice") {
			t.Fatal("the thief has no session")
		}
		for name, planted := range map[string]string{"invented": "kab_" + strings.Repeat("a", 32), "the thief's": thief} {
			fresh := w.wire(t, in, "Cookie", cookie+"="+planted).cookies[cookie]
			if fresh == "" || fresh == planted || !strings.Contains(whose(fresh), "Bob") || !strings.Contains(whose(planted), "UNAUTHENTICATED") {
				t.Errorf("%s: %s, %s", name, whose(fresh), whose(planted))
			}
			again := w.wire(t, `mutation { stepUp(input: {password: "correct horse battery"}) { session { expiresAt } userErrors { code } } }`, "Cookie", cookie+"="+fresh).cookies[cookie]
			if again == "" || again == fresh || !strings.Contains(whose(again), "Bob") || !strings.Contains(whose(fresh), "UNAUTHENTICATED") {
				t.Errorf("%s, after a fresh proof: %s, %s", name, whose(again), whose(fresh))
			}
		}
	})
}

// A session that was taken changes neither password nor address without a
// fresh proof, and the old address hears of what is asked (security A12).
func TestStolenSessionOverTheWire(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		stolen := []string{"Authorization", "Bearer " + w.anew(t, "alice", password)}
		db.Clock.Add(11 * time.Minute)
		for query, want := range map[string]string{
			`changePassword(input: {currentPassword: "a wild guess", newPassword: "another pair of shoes"})`: "INVALID_CREDENTIALS",
			`changePassword(input: {currentPassword: "", newPassword: "another pair of shoes"})`:             "INVALID_CREDENTIALS",
			`requestLoginChange(input: {email: "thief@example.com"})`:                                        "STEP_UP_REQUIRED",
			`addContactPoint(input: {email: "thief@example.com"})`:                                           "STEP_UP_REQUIRED",
			`changeLogin(input: {login: "thief"})`:                                                           "STEP_UP_REQUIRED",
			`requestAccountDeletion`:                                                                         "STEP_UP_REQUIRED",
		} {
			if a := w.wire(t, `mutation { `+query+` { userErrors { code } } }`, stolen...); !strings.Contains(a.body, want) {
				t.Errorf("%s: %s", query, a.body)
			}
		}
		w.settle(t)
		w.letters = nil
		proven := w.wire(t, `mutation { stepUp(input: {password: "correct horse battery"}) { session { token } userErrors { code } } }`, stolen...).at(t, "stepUp.session.token")
		w.wire(t, `mutation { requestLoginChange(input: {email: "thief@example.com"}) { userErrors { code } } }`, "Authorization", "Bearer "+proven)
		w.settle(t)
		if all := strings.Join(w.letters, "\n"); len(w.letters) != 2 || !strings.Contains(all, "Somebody wants to change your login") {
			t.Errorf("told: %s", all)
		}
		if a := w.wire(t, `{ me { contactPoints { value } } }`, "Authorization", "Bearer "+proven); strings.Contains(a.body, "thief") {
			t.Errorf("without the code: %s", a.body)
		}
	})
}

// Fetching does nothing: neither the page of a link, whose code stands where no
// server is sent it, nor an operation by GET or HEAD (security D6).
func TestFetchingDoesNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		w.wire(t, `mutation { requestPasswordReset(input: {login: "alice@example.com"}) { challenge { id } } }`)
		w.settle(t)
		act := fmt.Sprintf(`mutation { resetPassword(input: {challengeId: "%s", code: "%s", newPassword: "another pair of shoes"}) { user { displayName } userErrors { code } } }`, w.vars["linkChallenge"], w.vars["linkCode"])
		page := link.FindString(strings.Join(w.letters, "\n"))
		if !strings.HasPrefix(page, "#challenge=") || w.vars["linkCode"] == "" {
			t.Fatalf("no link: %q", page)
		}
		for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodOptions} {
			for _, address := range []string{"/graphql?query=" + url.QueryEscape(act), "/reset-password" + page, "/reset-password?" + page[1:]} {
				if a := w.request(t, method, w.url+address, ""); len(a.cookies) != 0 || strings.Contains(a.body, "Alice") {
					t.Errorf("%s %.20s: %d %s", method, address, a.status, a.body)
				}
			}
		}
		if a := w.wire(t, act); !strings.Contains(a.body, "Alice") {
			t.Errorf("afterwards: %s", a.body)
		}
	})
}
