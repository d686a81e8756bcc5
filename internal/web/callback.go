package web

import (
	"net/http"
	"net/url"
)

// CallbackPattern is the route to which outside providers of sign-in send
// browsers back; the last part is the provider's name.
const CallbackPattern = "GET /auth/callback/{provider}"

// longestCallback is in bytes: no provider needs more, and what it says goes on
// into another address.
const longestCallback = 8 << 10

// passed are what a provider says in the address that goes on to the page.
var passed = []string{"code", "state", "iss", "error"}

// Callback is the door for browsers that come back from a provider. It signs
// nobody in and changes nothing (security D6): it hands what the provider said
// to a page of ours in the fragment, which no server and no log sees, and the
// page goes on by GraphQL. to says where that page is: an address that was
// allowed when the way began, named by the sealed state; false where there is none.
func Callback(to func(provider, state string) (string, bool)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q, err := url.ParseQuery(r.URL.RawQuery)
		if err != nil || len(r.URL.RawQuery) > longestCallback {
			http.Error(w, "this address is not complete", http.StatusBadRequest)
			return
		}
		on := url.Values{}
		for _, name := range passed {
			if len(q[name]) > 1 { // which of two is meant, nobody knows
				http.Error(w, "this address is not complete", http.StatusBadRequest)
				return
			}
			if v := q.Get(name); v != "" {
				on.Set(name, v)
			}
		}
		page, ok := to(r.PathValue("provider"), q.Get("state"))
		if !ok {
			http.Error(w, "this sign-in was not begun here or took too long; please begin again", http.StatusBadRequest)
			return
		}
		w.Header().Set("Location", page+"#"+on.Encode())
		w.WriteHeader(http.StatusSeeOther)
	})
}
