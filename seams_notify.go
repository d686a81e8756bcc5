package main

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"kabinet/internal/fault"
	"kabinet/internal/job"
	"kabinet/internal/live"
	"kabinet/internal/notify"
	"kabinet/internal/notify/broadcast"
	"kabinet/internal/notify/delivery"
	"kabinet/internal/notify/preference"
	"kabinet/internal/notify/send"
	"kabinet/internal/notify/template"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// wireNotify builds the feed and what stands around it.
func (k *kabinet) wireNotify(streams *live.Streams, sealer *store.Sealer) {
	public := ""
	if k.cfg.PublicURL != nil {
		public = strings.TrimSuffix(k.cfg.PublicURL.String(), "/")
	}
	k.preferences = &preference.Preferences{Store: k.store, Settings: &preference.Settings{Store: k.store}, Sealer: sealer, Public: public}
	k.templates = &template.Templates{Store: k.store, Preferences: k.preferences, Log: k.log}
	k.inbox = &notify.Inbox{Store: k.store, Streams: streams, Retention: k.cfg.Notifications, Wants: k.wantsInFeed, Off: k.typeIsOff, Words: k.wordsInFeed}
	k.deliveries = &delivery.Deliveries{Store: k.store, Preferences: k.preferences, Templates: k.templates, Endpoints: k.endpoints, Sealer: sealer,
		Narrowed: func(ctx context.Context, tx *store.Tx, id uuid.UUID) ([]string, error) {
			return broadcast.Narrowed(ctx, tx.Client, id)
		}}
	k.templates.Try = k.deliveries.SendTest
	k.sending = &send.Sending{Store: k.store, Inbox: k.inbox, Preferences: k.preferences, Log: k.log, Offer: k.offerEnds}
	k.broadcasts = &broadcast.Broadcasts{Store: k.store, Streams: streams, Inbox: k.inbox, Settings: k.preferences.Settings,
		Going: func(at time.Time) (string, []any) { return k.endpoints.Going(at) }}
}

// wantsInFeed says whether a person wants a type of notifications in the feed.
func (k *kabinet) wantsInFeed(ctx context.Context, tx *store.Tx, w notify.Wish) (bool, error) {
	return k.preferences.InFeed(ctx, tx, w.Type, w.Preferences)
}

// typeIsOff says whether the House turned a type of notifications off.
func (k *kabinet) typeIsOff(ctx context.Context, tx *store.Tx, typ string) (bool, error) {
	s, found, err := k.preferences.Settings.Of(ctx, tx.Client, typ)
	return found && !s.Active, err
}

// wordsInFeed is how the House words a notification of the feed.
func (k *kabinet) wordsInFeed(ctx context.Context, tx *store.Tx, w notify.Wording) (title, body string) {
	return k.templates.InApp(ctx, tx.Client, template.Ask{Type: w.Type, Locale: w.Locale, TimeZone: w.TimeZone, Params: w.Params, Title: w.Title, Body: w.Body, URL: w.URL, Name: w.Name})
}

// offerEnds finds an offer of a person: what it is called and when it ends for
// him.
func (k *kabinet) offerEnds(ctx context.Context, user, offer uuid.UUID, lang string) (o send.OfferEnd, found bool, err error) {
	mine := viewer.With(ctx, viewer.Viewer{UserID: user, OwnerID: user, Locale: lang})
	page, err := k.promotions.OffersOf(mine, user, nil, nil, nil, nil, nil)
	for after := (*scalar.Cursor)(nil); err == nil; page, err = k.promotions.OffersOf(mine, user, nil, after, nil, nil, nil) {
		for _, e := range page.Edges {
			if e.Node.ID.UUID == offer {
				return send.OfferEnd{Title: e.Node.Name, EndsAt: e.Node.ExpiresAt}, true, nil
			}
		}
		if !page.PageInfo.HasNextPage {
			return o, false, nil
		}
		after = page.PageInfo.EndCursor
	}
	return o, false, err
}

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

// notifyHousework is what is done by the clock about notifications.
func (k *kabinet) notifyHousework(batch func(do func(context.Context, int) (int, error)) func(context.Context) error) []job.Housework {
	return []job.Housework{
		{Name: "run-broadcasts", Every: 5 * time.Second, Timeout: broadcast.RunTime, Do: batch(k.broadcasts.Due)},
		{Name: "tell-announcements", Every: 5 * time.Second, Do: batch(k.broadcasts.AnnouncementsDue)},
		{Name: "wake-notifications", Every: 15 * time.Second, Do: batch(k.inbox.WakeDue)},
		{Name: "trim-notifications", Every: time.Hour, Timeout: 10 * time.Minute, Do: batch(k.inbox.TrimDue)},
		{Name: "remind-people", Every: time.Minute, Do: batch(k.sending.RemindersDue)},
		{Name: "send-deliveries", Every: 5 * time.Second, Do: batch(k.deliveries.Due)},
		{Name: "trim-deliveries", Every: time.Hour, Do: batch(k.deliveries.TrimDue)},
		{Name: "tidy-endpoints", Every: time.Hour, Do: batch(k.endpoints.TidyDue)},
	}
}
