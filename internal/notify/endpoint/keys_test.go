package endpoint_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"kabinet/ent/generated/setting"
	"kabinet/internal/notify/endpoint"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
)

// Of instances that start at once one makes the key pair, and it stays through
// a change of the secret key; so do addresses and by what they are known again.
// security J
func TestSecretKeyChanges(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		if w.endpoints.VAPIDPublicKey() != nil {
			t.Error("a key before there is one")
		}
		var wg sync.WaitGroup
		instances := make([]*endpoint.Endpoints, 3)
		for i := range instances {
			instances[i] = &endpoint.Endpoints{Store: db.Store, Sealer: w.endpoints.Sealer}
			made := endpoint.Keys{Public: "public" + string(rune('a'+i)), Private: "private" + string(rune('a'+i))}
			wg.Go(func() {
				if err := instances[i].EnsureKeys(storetest.System(), func() (endpoint.Keys, error) { return made, nil }); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		want := *instances[0].KeyPair()
		for _, i := range instances {
			if *i.KeyPair() != want || want.Private[len("private"):] != want.Public[len("public"):] {
				t.Errorf("%+v, %+v", i.KeyPair(), want)
			}
		}
		in := browser(t)
		id := w.register(t, w.alice, in)
		says(t, w.say(t, "7", "/start "+w.code(t, w.alice)), "en", "linked")

		both, err := store.NewSealer([]byte("abcdefghijklmnopqrstuvwxyzabcdef"), []byte(secret))
		check(t, err)
		w.endpoints.Sealer = both
		if again := w.register(t, w.alice, in); again != id { // known by the older key
			t.Error("the browser came in twice")
		}
		dev := endpoint.RegisterPushEndpointInput{Mobile: &endpoint.MobilePushInput{Platform: "ios", Token: "abc"}}
		w.endpoints.Sealer, err = store.NewSealer([]byte(secret))
		check(t, err)
		device := w.register(t, w.alice, dev)
		w.endpoints.Sealer = both
		anew, lost, err := w.endpoints.Reseal(storetest.System())
		if err != nil || lost != 0 || anew != 3 { // the device, the chat, the key pair
			t.Errorf("%d anew, %d lost, %v", anew, lost, err)
		}
		if anew, lost, err = w.endpoints.Reseal(storetest.System()); err != nil || anew+lost != 0 {
			t.Errorf("again: %d anew, %d lost, %v", anew, lost, err)
		}
		w.endpoints.Sealer, err = store.NewSealer([]byte("abcdefghijklmnopqrstuvwxyzabcdef"))
		check(t, err)
		if again := w.register(t, w.alice, dev); again != device {
			t.Error("the device came in twice")
		}
		if again := w.register(t, w.alice, in); again != id {
			t.Error("the browser came in twice")
		}
		says(t, w.say(t, "7", "hello"), "en", "help")
		if err := w.endpoints.EnsureKeys(storetest.System(), func() (endpoint.Keys, error) { return endpoint.Keys{}, errors.New("there is one") }); err != nil || *w.endpoints.KeyPair() != want {
			t.Errorf("%+v, %v", w.endpoints.KeyPair(), err)
		}
		w.addresses(t, w.alice.UserID, endpoint.ChannelWebPush) // and all of them open
		w.addresses(t, w.alice.UserID, endpoint.ChannelMobilePush)
		w.addresses(t, w.alice.UserID, endpoint.ChannelTelegram)

		// With no key at all it is said, not overwritten.
		w.endpoints.Sealer, err = store.NewSealer([]byte("another key that nobody has here"))
		check(t, err)
		if err := w.endpoints.EnsureKeys(context.Background(), nil); !errors.Is(err, store.ErrSeal) {
			t.Errorf("%v", err)
		}
		if _, lost, err := w.endpoints.Reseal(storetest.System()); err != nil || lost != 4 {
			t.Errorf("%d lost, %v", lost, err)
		}
		if n, err := w.Client.Setting.Query().Where(setting.Kind("push"), setting.RetiredAtIsNil()).Count(storetest.System()); err != nil || n != 1 {
			t.Errorf("%d, %v", n, err)
		}
	})
}
