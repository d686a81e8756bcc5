package notify

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"kabinet/internal/scalar"
)

// kindsOf says what the ids in facts are ids of. An id that is not listed does
// not leave the house.
var kindsOf = map[string]string{
	"accountId": "acc", "programId": "prog", "invitationId": "inv", "managerId": "usr", "familyId": "com", "changeId": "tch", "contactPointId": "cpt", "entryId": "ent", "messageId": "msg", "notificationId": "ntf",
	"orderId": "order", "invoiceId": "bill", "productId": "prd", "reviewId": "rev", "wishId": "wish", "returnId": "ret", "exchangeOrderId": "order", "redemptionId": "rdm", "referralId": "ref", "rewardId": "rwd", "sessionId": "ses", "sessionIds": "ses", "requestId": "srq", "taskId": "task", "ticketId": "tkt", "intoId": "tkt", "userId": "usr",
}

// edgePayload is the payload of a fact with its ids as they are at the edge.
// me is who reads it: an owner who is neither he nor the person of the fact is
// a company.
func edgePayload(raw json.RawMessage, me uuid.UUID) (map[string]any, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var facts map[string]any
	if err := d.Decode(&facts); err != nil {
		return nil, fmt.Errorf("notify: read payload: %w", err)
	}
	person, _ := facts["userId"].(string)
	exactMoney(facts)
	for key, value := range facts {
		prefix := kindsOf[key]
		if key == "ownerId" {
			if prefix = "com"; value == me.String() || value == person {
				prefix = "usr"
			}
		}
		if v, keep := edgeValue(value, prefix); keep {
			facts[key] = v
		} else {
			delete(facts, key)
		}
	}
	return facts, nil
}

// exactMoney writes amounts in minor units as they are at the edge: totalMinor
// becomes total, with its currency.
func exactMoney(facts map[string]any) {
	code, _ := facts["currency"].(string)
	for key, value := range facts {
		name, is := strings.CutSuffix(key, "Minor")
		n, isNumber := value.(json.Number)
		if !is || !isNumber {
			continue
		}
		delete(facts, key)
		if minor, err := n.Int64(); err == nil && code != "" {
			facts[name] = map[string]any{"amount": scalar.Money{Minor: minor, Currency: code}.Amount(), "currency": code}
		}
	}
	delete(facts, "currency")
}

// edgeValue writes a UUID, or a list of them, as ids of a kind.
func edgeValue(value any, prefix string) (_ any, keep bool) {
	switch v := value.(type) {
	case string:
		id, err := uuid.Parse(v)
		if err != nil {
			return v, true
		}
		return scalar.ID{Prefix: prefix, UUID: id}.String(), prefix != ""
	case []any:
		out := make([]any, 0, len(v))
		for _, e := range v {
			if e, keep := edgeValue(e, prefix); keep {
				out = append(out, e)
			}
		}
		return out, true
	}
	return value, true
}
