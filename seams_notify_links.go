package main

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"

	"kabinet/internal/fault"
	"kabinet/internal/notify/preference"
	"kabinet/internal/viewer"
)

// longestLinkForm is in bytes: the page of all preferences, ticked.
const longestLinkForm = 256 << 10

// withNotifyLinks adds the pages behind the links in letters. A GET changes
// nothing; a POST stops letters, by one click of a mail program (RFC 8058) or
// of a person, or keeps what was ticked. The link is the proof, so no session
// is asked for, and paths are logged nowhere (internal/web).
func (k *kabinet) withNotifyLinks(routes map[string]http.Handler) map[string]http.Handler {
	if routes == nil {
		routes = map[string]http.Handler{}
	}
	p := k.preferences
	show := func(page func(context.Context, string) ([]byte, error)) http.Handler {
		return k.linkPage(func(ctx context.Context, token string, _ url.Values) ([]byte, error) { return page(ctx, token) })
	}
	routes["GET "+preference.UnsubscribePath+"{token}"] = show(p.UnsubscribePage)
	routes["POST "+preference.UnsubscribePath+"{token}"] = k.linkPage(p.Unsubscribe)
	routes["GET "+preference.PreferencesPath+"{token}"] = show(p.PreferencesPage)
	routes["POST "+preference.PreferencesPath+"{token}"] = k.linkPage(p.SavePage)
	return routes
}

// linkPage is the door of one of them.
func (k *kabinet) linkPage(page func(ctx context.Context, token string, form url.Values) ([]byte, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := viewer.With(r.Context(), viewer.Viewer{Locale: k.cfg.Locale, UserAgent: r.UserAgent(), RequestID: w.Header().Get("X-Request-Id")})
		h := w.Header()
		h.Set("Content-Type", "text/html; charset=utf-8")
		h.Set("Content-Security-Policy", preference.PagesPolicy)
		h.Set("X-Robots-Tag", "noindex")
		r.Body = http.MaxBytesReader(w, r.Body, longestLinkForm)
		html, err := []byte(nil), error(fault.ErrInvalidValue)
		if form, ok := linkForm(r); ok {
			html, err = page(ctx, r.PathValue("token"), form)
		}
		status := http.StatusOK
		if err != nil {
			status = k.refusedLink(h, err)
			html = preference.RefusedPage(preference.LinkLanguage(ctx, r.Header.Get("Accept-Language")), err)
		}
		w.WriteHeader(status)
		_, _ = w.Write(html)
	})
}

// linkForm is what was posted, of either kind that a mail program may send.
func linkForm(r *http.Request) (url.Values, bool) {
	if r.Method != http.MethodPost {
		return nil, true
	}
	if r.ParseForm() != nil {
		return nil, false
	}
	if err := r.ParseMultipartForm(longestLinkForm); err != nil && !errors.Is(err, http.ErrNotMultipart) {
		return nil, false
	}
	return r.PostForm, true
}

// refusedLink is the status of a refusal; what is ours is logged, without the link.
func (k *kabinet) refusedLink(h http.Header, err error) int {
	f, ok := fault.As(err)
	switch {
	case !ok || f.Kind == fault.Internal:
		k.log.Error("a link in a letter could not be followed", "requestId", h.Get("X-Request-Id"), "error", err.Error())
		return http.StatusInternalServerError
	case f.Kind == fault.NotFound:
		return http.StatusNotFound
	case f.Kind == fault.TooMany:
		h.Set("Retry-After", strconv.Itoa(int(f.RetryAfter.Seconds())+1))
		return http.StatusTooManyRequests
	case f.Kind == fault.Unavailable:
		return http.StatusServiceUnavailable
	case f.Kind == fault.Invalid:
		return http.StatusBadRequest
	}
	return http.StatusConflict
}
