package payment

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// The headers of Standard Webhooks 1.0.
const (
	headerID        = "webhook-id"
	headerTimestamp = "webhook-timestamp"
	headerSignature = "webhook-signature"
)

// ParseSecret reads a secret as Standard Webhooks writes it: whsec_ and 24 to
// 64 bytes in base64.
func ParseSecret(s string) ([]byte, error) {
	b, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(s, "whsec_"))
	if err != nil || len(b) < 24 || len(b) > 64 {
		return nil, errors.New("a secret is whsec_ and 24 to 64 bytes in base64")
	}
	return b, nil
}

// Sign signs a message; its time is cut to seconds.
func Sign(h http.Header, secret []byte, id string, at time.Time, body []byte) {
	stamp := strconv.FormatInt(at.Unix(), 10)
	h.Set(headerID, id)
	h.Set(headerTimestamp, stamp)
	h.Set(headerSignature, "v1,"+base64.StdEncoding.EncodeToString(mac(secret, id, stamp, body)))
}

func mac(secret []byte, id, stamp string, body []byte) []byte {
	h := hmac.New(sha256.New, secret)
	h.Write([]byte(id + "." + stamp + "."))
	h.Write(body)
	return h.Sum(nil)
}

// Verify proves that one of the secrets signed a message, within Tolerance of
// now, and gives its time. A header that stands twice is nobody's.
func Verify(h http.Header, secrets [][]byte, now time.Time, body []byte) (time.Time, error) {
	id, ok1 := only(h, headerID)
	stamp, ok2 := only(h, headerTimestamp)
	signatures, ok3 := only(h, headerSignature)
	if !ok1 || !ok2 || !ok3 || len(id) > 255 || !utf8.ValidString(id) {
		return time.Time{}, ErrUnsigned
	}
	if !signed(signatures, secrets, id, stamp, body) {
		return time.Time{}, ErrUnsigned
	}
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil {
		return time.Time{}, ErrStale
	}
	at := time.Unix(seconds, 0).UTC()
	if at.Before(now.Add(-Tolerance)) || at.After(now.Add(Tolerance)) {
		return time.Time{}, ErrStale
	}
	return at, nil
}

// signed tries each v1 signature of a list against each secret, so that a
// provider can change its secret; other versions are passed over.
func signed(list string, secrets [][]byte, id, stamp string, body []byte) bool {
	const most = 10
	good := false
	for i, s := range strings.Fields(list) {
		given, isV1 := strings.CutPrefix(s, "v1,")
		got, err := base64.StdEncoding.DecodeString(given)
		if i >= most || !isV1 || err != nil {
			continue
		}
		for _, secret := range secrets {
			good = hmac.Equal(got, mac(secret, id, stamp, body)) || good
		}
	}
	return good
}

// only is a header's value where it stands once.
func only(h http.Header, name string) (string, bool) {
	v := h.Values(name)
	if len(v) != 1 || v[0] == "" {
		return "", false
	}
	return v[0], true
}
