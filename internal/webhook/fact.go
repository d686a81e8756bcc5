package webhook

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"

	"github.com/google/uuid"

	"kabinet/ent/generated/user"
	"kabinet/internal/scalar"
)

// idKinds says what the ids in facts are ids of. What is not listed does not
// leave the house.
var idKinds = map[string]string{
	"accountId": "acc", "achievementId": "ach", "campaignId": "cmp", "changeId": "tch", "contactPointId": "cpt", "entryId": "ent", "exchangeOrderId": "order", "invoiceId": "bill",
	"messageId": "msg", "orderId": "order", "productId": "prd", "programId": "prog", "redemptionId": "rdm", "referralId": "ref", "returnId": "ret", "rewardId": "rwd",
	"ticketId": "tkt", "userId": "usr",
}

// factAtEdge is the fact as the log has it with ids and amounts as the API
// writes them: the data of an endpoint without a selection.
func (w *Webhooks) factAtEdge(ctx context.Context, raw json.RawMessage) (json.RawMessage, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	facts := map[string]any{}
	if err := d.Decode(&facts); err != nil {
		return nil, err
	}
	owner := ""
	if text, _ := facts["ownerId"].(string); text != "" {
		id, err := uuid.Parse(text)
		if err != nil {
			return nil, err
		}
		person, err := w.Store.Client.User.Query().Where(user.ID(id)).Exist(asSystem(ctx))
		if err != nil {
			return nil, err
		}
		if owner = "com"; person {
			owner = "usr"
		}
	}
	money(facts)
	for name, value := range facts {
		prefix := idKinds[name]
		if name == "ownerId" {
			prefix = owner
		}
		text, is := value.(string)
		if !is {
			if list, is := value.([]any); is && holdsIDs(list) {
				delete(facts, name)
			}
			continue
		}
		id, err := uuid.Parse(text)
		switch {
		case err != nil:
		case prefix == "":
			delete(facts, name)
		default:
			facts[name] = scalar.ID{Prefix: prefix, UUID: id}.String()
		}
	}
	return json.Marshal(facts)
}

// holdsIDs says that a list is one of bare ids.
func holdsIDs(list []any) bool {
	for _, e := range list {
		if text, is := e.(string); is && uuid.Validate(text) == nil {
			return true
		}
	}
	return false
}

// money writes amounts in minor units as they are at the edge: totalMinor
// becomes total, with its currency.
func money(facts map[string]any) {
	code, _ := facts["currency"].(string)
	for name, value := range facts {
		short, is := strings.CutSuffix(name, "Minor")
		n, isNumber := value.(json.Number)
		if !is || !isNumber {
			continue
		}
		delete(facts, name)
		if minor, err := n.Int64(); err == nil && code != "" {
			facts[short] = map[string]any{"amount": scalar.Money{Minor: minor, Currency: code}.Amount(), "currency": code}
		}
	}
}
