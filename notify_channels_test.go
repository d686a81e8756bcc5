package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"kabinet/ent/generated/contactpoint"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
)

// hasNumber gives a customer a proven number.
func (w *world) hasNumber(t *testing.T, who string) {
	t.Helper()
	id, err := scalar.ParseID(w.vars[who])
	check(t, err)
	check(t, w.db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
		return tx.ContactPoint.Create().SetUserID(id.UUID).SetKind(contactpoint.KindPHONE).SetValue("+44 20 7946 0018").SetValueKey("+442079460018").SetVerifiedAt(tx.Now).SetIsPrimary(true).Exec(ctx)
	}))
}

// word is a provider's word on one of our messages, by our id.
func word(what, id string) string {
	return `{"type": "message.` + what + `", "data": {"id": "` + id + `"}}`
}

// A text message: from a fact through the gateway to what staff and the
// customer see of it.
func TestTextMessages(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		p := newProvider(t, db.Clock.Now)
		w := newWorldOf(t, db, map[string]string{"KABINET_SMS_URL": p.url + "/sms", "KABINET_SMS_SECRET": deliverySecret, "KABINET_DELIVERY_SECRET": deliverySecret}, nil)
		w.hasNumber(t, "alice")
		w.ordersTea(t, "alice")
		if s := w.newest(t, "alice", "SMS", "id"); !strings.Contains(s, `"nodes":[]`) {
			t.Fatalf("nobody asked for texts of orders: %s", s)
		}
		w.do(t, "alice", `mutation { updateNotificationPreferences(input: {choices: [{type: "order.placed", channel: SMS, wanted: true}]}) { userErrors { code } } }`)
		w.ordersTea(t, "alice")
		got, ids := p.taken()
		if len(got) != 1 {
			t.Fatalf("%d texts", len(got))
		}
		data, _ := got[0]["data"].(map[string]any)
		id, _ := data["id"].(string)
		text, _ := data["text"].(string)
		if got[0]["type"] != "sms.send" || ids[0] != "sms_"+id || !strings.HasPrefix(id, "dly_") || data["to"] != "+442079460018" || !strings.Contains(text, "3.50") {
			t.Errorf("%s: %v", ids[0], got[0])
		}
		const fields = "id status reason provider providerRef address sentAt deliveredAt attempts { provider status failure }"
		s := w.newest(t, "alice", "SMS", fields)
		for _, want := range []string{`"id":"` + id + `"`, `"status":"SENT"`, `"provider":"sms-hook"`, `"providerRef":"theirs-1"`, `"address":"+44***18"`, `"status":200`, `"deliveredAt":null`} {
			if !strings.Contains(s, want) {
				t.Errorf("no %s: %s", want, s)
			}
		}
		if strings.Contains(s, "7946") {
			t.Errorf("the number is shown: %s", s)
		}
		if got := w.tells(t, "sms", word("delivered", id), deliverySecret, 0); got != http.StatusNoContent {
			t.Fatal(got)
		}
		if s := w.newest(t, "alice", "SMS", "status deliveredAt"); !strings.Contains(s, `"DELIVERED"`) || strings.Contains(s, `"deliveredAt":null`) {
			t.Error(s)
		}
		if s := w.say(t, "alice", `{ me { notifications(first: 1) { nodes { type deliveries { channel status } } } } }`, ""); !strings.Contains(s, `{"channel":"SMS","status":"DELIVERED"}`) {
			t.Errorf("the customer is not shown it: %s", s)
		}
		p.answers(http.StatusServiceUnavailable, "")
		w.ordersTea(t, "alice")
		if s := w.newest(t, "alice", "SMS", fields); !strings.Contains(s, `"status":"FAILED"`) || !strings.Contains(s, `"status":503`) {
			t.Error(s)
		}
		p.answers(http.StatusUnprocessableEntity, "")
		w.ordersTea(t, "alice")
		db.Clock.Add(90 * time.Minute) // the one that failed is due since
		rec := httptest.NewRecorder()
		w.app.edge.MetricsHandler().ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/metrics", nil))
		for _, want := range []string{
			`kabinet_deliveries_total{channel="SMS",outcome="sent",provider="sms-hook"} 1`, `kabinet_deliveries_total{channel="SMS",outcome="failed",provider="sms-hook"} 2`,
			`kabinet_deliveries_total{channel="SMS",outcome="dead",provider="sms-hook"} 1`, `kabinet_deliveries_behind_seconds 5`,
		} {
			if !strings.Contains(rec.Body.String(), want) {
				t.Errorf("no %s in\n%s", want, rec.Body)
			}
		}
	})
}

// A message to an app: to the address that it registered, which ends when the
// push service says that it is gone.
func TestMobilePush(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		p := newProvider(t, db.Clock.Now)
		w := newWorldOf(t, db, map[string]string{"KABINET_MOBILE_PUSH_URL": p.url + "/push", "KABINET_MOBILE_PUSH_SECRET": deliverySecret, "KABINET_DELIVERY_SECRET": deliverySecret}, nil)
		const token = "d3v1c3-t0k3n-of-alice:APA91bHun4MxP5egoKMwt2KZFBaFUH"
		registers := func() {
			w.do(t, "alice", `mutation { registerPushEndpoint(input: {mobile: {platform: "android", token: "`+token+`"}, label: "Pixel"}) { endpoint { status } userErrors { code } } }`)
		}
		registers()
		w.ordersTea(t, "alice")
		got, ids := p.taken()
		if len(got) != 1 {
			t.Fatalf("%d messages", len(got))
		}
		data, _ := got[0]["data"].(map[string]any)
		to, _ := data["to"].(map[string]any)
		about, _ := data["data"].(map[string]any)
		if got[0]["type"] != "message.send" || data["id"] != ids[0] || data["channel"] != "MOBILE_PUSH" || to["platform"] != "android" || to["token"] != token || data["title"] == "" || about["type"] != "order.placed" || about["unreadCount"] == nil {
			t.Errorf("%v", got[0])
		}
		const fields = "id status reason provider address attempts { status }"
		s := w.newest(t, "alice", "MOBILE_PUSH", fields)
		if !strings.Contains(s, `"id":"`+ids[0]+`"`) || !strings.Contains(s, `"status":"SENT"`) || !strings.Contains(s, `"provider":"mobile-push-hook"`) || strings.Contains(s, "t0k3n") {
			t.Error(s)
		}
		for _, said := range []string{"delivered", "opened"} {
			if got := w.tells(t, "mobile-push", word(said, ids[0]), deliverySecret, 0); got != http.StatusNoContent {
				t.Errorf("%s: %d", said, got)
			}
		}
		if s := w.newest(t, "alice", "MOBILE_PUSH", "status openedAt"); !strings.Contains(s, `"DELIVERED"`) || strings.Contains(s, `"openedAt":null`) {
			t.Error(s)
		}
		p.answers(http.StatusGone, "")
		w.ordersTea(t, "alice")
		if s := w.newest(t, "alice", "MOBILE_PUSH", "status reason"); !strings.Contains(s, `"DEAD"`) || !strings.Contains(s, `"GONE"`) {
			t.Error(s)
		}
		if s := w.say(t, "alice", `{ me { pushEndpoints { status } } }`, ""); !strings.Contains(s, `"pushEndpoints":[]`) {
			t.Errorf("the device is still told: %s", s)
		}
		p.answers(http.StatusOK, "")
		w.ordersTea(t, "alice")
		if all, _ := p.taken(); len(all) != 2 {
			t.Errorf("%d messages, the last to a device that is gone", len(all))
		}
		registers() // the app is installed again
		w.ordersTea(t, "alice")
		if all, _ := p.taken(); len(all) != 3 {
			t.Errorf("%d messages, none to the device that came back", len(all))
		}
	})
}
