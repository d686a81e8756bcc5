package endpoint

import (
	"crypto/ecdh"
	"encoding/base64"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"kabinet/internal/fault"
)

const (
	mostEndpoints = 20   // of a person that are sent to
	longestLabel  = 100  // characters
	longestToken  = 4096 // bytes
	keyBytes      = 65   // of a point on P-256, not compressed
	secretBytes   = 16   // RFC 8291, section 3.2
)

var (
	platforms = regexp.MustCompile(`^[A-Za-z0-9-]{1,20}$`)
	tokens    = regexp.MustCompile(`^[!-~]+$`)
)

// registration is an endpoint as it is to be.
type registration struct {
	kind     string
	platform *string
	label    *string
	address  any    // sealed: a Subscription or a Device
	key      string // by what it is known again: the same browser, the same device
}

// read checks what of an input can be checked without asking anybody.
//
// Faults: REQUIRED, INVALID_VALUE, TOO_LONG.
func read(in RegisterPushEndpointInput) (r registration, err error) {
	if r.label, err = readLabel(in.Label); err != nil {
		return r, err
	}
	switch {
	case in.Web == nil && in.Mobile == nil:
		return r, fault.ErrRequired.At("input", "web")
	case in.Web != nil && in.Mobile != nil:
		return r, fault.ErrInvalidValue.At("input", "mobile")
	case in.Web != nil:
		return r, r.readWeb(*in.Web)
	}
	return r, r.readMobile(*in.Mobile)
}

func (r *registration) readWeb(in WebPushInput) error {
	key, err := fromBase64(in.P256dh)
	if err != nil || len(key) != keyBytes {
		return fault.ErrInvalidValue.At("input", "web", "p256dh")
	}
	if _, err := ecdh.P256().NewPublicKey(key); err != nil { // not on the curve
		return fault.ErrInvalidValue.At("input", "web", "p256dh")
	}
	secret, err := fromBase64(in.Auth)
	if err != nil || len(secret) != secretBytes {
		return fault.ErrInvalidValue.At("input", "web", "auth")
	}
	r.kind, r.key = "WEB", in.Endpoint
	r.address = Subscription{Endpoint: in.Endpoint, P256dh: toBase64(key), Auth: toBase64(secret)}
	return nil
}

func (r *registration) readMobile(in MobilePushInput) error {
	switch {
	case !platforms.MatchString(in.Platform):
		return fault.ErrInvalidValue.At("input", "mobile", "platform")
	case in.Token == "":
		return fault.ErrRequired.At("input", "mobile", "token")
	case len(in.Token) > longestToken:
		return fault.ErrTooLong.At("input", "mobile", "token").With("limit", longestToken)
	case !tokens.MatchString(in.Token):
		return fault.ErrInvalidValue.At("input", "mobile", "token")
	}
	platform := strings.ToLower(in.Platform)
	r.kind, r.platform, r.key = "MOBILE", &platform, platform+"\n"+in.Token
	r.address = Device{Platform: platform, Token: in.Token}
	return nil
}

// readLabel gives what the person is to know it by; nil for nothing.
func readLabel(text *string) (*string, error) {
	if text == nil {
		return nil, nil
	}
	label := strings.TrimSpace(*text)
	switch {
	case label == "":
		return nil, nil
	case utf8.RuneCountInString(label) > longestLabel:
		return nil, fault.ErrTooLong.At("input", "label").With("limit", longestLabel)
	case strings.ContainsFunc(label, unicode.IsControl):
		return nil, fault.ErrInvalidValue.At("input", "label")
	}
	return &label, nil
}

// fromBase64 reads base64url as browsers write it, and the plain alphabet and
// padding, which some libraries of pages add.
func fromBase64(text string) ([]byte, error) {
	text = strings.NewReplacer("+", "-", "/", "_").Replace(strings.TrimRight(text, "="))
	return base64.RawURLEncoding.Strict().DecodeString(text)
}

func toBase64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
