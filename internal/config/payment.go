package config

import (
	"encoding/base64"
	"errors"
	"net/url"
	"strings"
)

// Payment says where the payment provider is. URL is nil when there is none.
type Payment struct {
	URL     *url.URL
	Secrets [][]byte // the first signs, all are believed
}

const groupPayment = "Payment settings:"

var paymentSettings = []setting{
	{env: "KABINET_PAYMENT_URL", group: groupPayment,
		meaning: "Address of the payment provider through which wallets are topped up, as docs/payments.md says; without it they are not, but in a demonstration, which pretends", example: "https://pay.example.com/v1",
		set: func(c *Config, v string) (err error) { c.Payment.URL, err = parsePublicURL(v); return err }},
	{env: "KABINET_PAYMENT_SECRET", group: groupPayment, secret: true,
		meaning: "Signs what is sent to the payment provider and proves what it sends: whsec_ and 24 to 64 bytes in base64; older ones, still believed, follow with commas between; better given as a variable than as a flag",
		example: "whsec_ and the output of: openssl rand -base64 32",
		set:     func(c *Config, v string) (err error) { c.Payment.Secrets, err = parseWebhookSecrets(v); return err }},
}

func parseWebhookSecrets(v string) (secrets [][]byte, err error) {
	for _, part := range commaList(v) {
		b, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(part, "whsec_"))
		if err != nil || len(b) < 24 || len(b) > 64 {
			return nil, errors.New("each is whsec_ and 24 to 64 bytes in base64")
		}
		secrets = append(secrets, b)
	}
	if len(secrets) == 0 {
		return nil, errors.New("it holds none")
	}
	return secrets, nil
}
