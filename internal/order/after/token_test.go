package after

import (
	"bytes"
	"testing"

	"github.com/google/uuid"

	"kabinet/internal/store"
)

func TestGuestToken(t *testing.T) { // security F1
	t.Parallel()
	key := func(b byte) []byte { return bytes.Repeat([]byte{b}, 32) }
	old, err := store.NewSealer(key(1))
	if err != nil {
		t.Fatal(err)
	}
	now, err := store.NewSealer(key(2), key(1))
	if err != nil {
		t.Fatal(err)
	}
	id := uuid.Must(uuid.NewV7())
	token := tokenOf(old, id)
	if got, ok := orderOf(now, token); !ok || got != id { // the key was changed since
		t.Errorf("the token opens %s, %v", got, ok)
	}
	other := tokenOf(old, uuid.Must(uuid.NewV7()))
	for _, forged := range []string{"", "x", id.String(), token[:len(token)-1], token + "A", other[:21] + token[21:], tokenOf(now, id)[:22] + token[22:]} {
		if got, ok := orderOf(old, forged); ok && forged != token {
			t.Errorf("%q opens %s", forged, got)
		}
	}
	if _, ok := orderOf(old, tokenOf(now, id)); ok {
		t.Error("a key that is not known makes tokens")
	}
}
