package send

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"kabinet/internal/audience"
	"kabinet/internal/event"
	"kabinet/internal/rule"
	"kabinet/internal/scalar"
)

// factKind is a kind of facts that rules may hear.
type factKind struct {
	kind   string
	fields []factField
	money  []string // fields that are minor units of event.currency, beside those called …Minor
	shared bool     // of a ticket, in which several take part
	env    func() (*rule.Env, error)
}

// factField is what expressions and texts may name of a fact.
type factField struct {
	name   string // in the payload
	typ    string // as rule.Var says it
	prefix string // of an id
}

// idKinds says what the ids in facts are ids of. What is not listed is shown to
// nobody.
var idKinds = map[string]string{
	"accountId": "acc", "achievementId": "ach", "campaignId": "cmp", "changeId": "tch", "contactPointId": "cpt", "entryId": "ent", "exchangeOrderId": "order", "invoiceId": "bill",
	"messageId": "msg", "orderId": "order", "productId": "prd", "programId": "prog", "redemptionId": "rdm", "referralId": "ref", "returnId": "ret", "rewardId": "rwd",
	"ticketId": "tkt", "userId": "usr",
}

// hidden are fields that nobody needs: whose fact it is says who is told, and
// who was given a ticket does not leave the house.
var hidden = []string{"ownerId", "assigneeId", "joinedId", "note", "quiet"}

// kinds are the facts that rules may hear: those that webhooks tell.
var kinds = sync.OnceValue(func() []*factKind {
	var all []*factKind
	for _, f := range []event.Fact{
		event.ContactConfirmed{}, event.ProfileUpdated{},
		event.OrderPlaced{}, event.OrderStatusChanged{}, event.OrderEdited{}, event.OrderCancelled{},
		event.InvoiceIssued{}, event.InvoicePaid{}, event.InvoiceOverdue{}, event.ReturnChanged{},
		event.PointsAccrued{}, event.PointsRedeemed{}, event.PointsExpired{}, event.PointsReversed{}, event.PointsAdjusted{},
		event.PointsHeld{}, event.PointsReleased{}, event.PointsTransferred{}, event.TierChanged{}, event.TierWillDowngrade{},
		event.WalletChanged{},
		event.TicketOpened{}, event.TicketReplied{}, event.TicketChanged{}, event.TicketMessageChanged{},
		event.CampaignEntered{}, event.CampaignEntryChanged{}, event.RewardExchanged{}, event.RewardRedemptionChanged{}, event.ReferralChanged{},
	} {
		k := &factKind{kind: f.Kind(), fields: fieldsOf(reflect.TypeOf(f))}
		if k.kind == (event.WalletChanged{}).Kind() {
			k.money = []string{"amount", "balance", "available"}
		}
		subject, _ := f.Subject()
		k.shared = subject == "tkt"
		k.env = sync.OnceValues(func() (*rule.Env, error) { return rule.NewEnv(append(k.vars(), audience.Vars()...)...) })
		all = append(all, k)
	}
	slices.SortFunc(all, func(a, b *factKind) int { return strings.Compare(a.kind, b.kind) })
	return all
})

func kindOf(name string) *factKind {
	i, found := slices.BinarySearchFunc(kinds(), name, func(k *factKind, name string) int { return strings.Compare(k.kind, name) })
	if !found {
		return nil
	}
	return kinds()[i]
}

// fieldsOf are the fields of a fact by its JSON, embedded ones too.
func fieldsOf(t reflect.Type) (all []factField) {
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Anonymous {
			all = append(all, fieldsOf(f.Type)...)
			continue
		}
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		field := factField{name: name, typ: typeOf(f.Type)}
		if field.typ == "id" {
			field.typ, field.prefix = "string", idKinds[name]
			if field.prefix == "" {
				continue
			}
		}
		if name == "" || name == "-" || field.typ == "" || slices.Contains(hidden, name) {
			continue
		}
		all = append(all, field)
	}
	return all
}

// typeOf is the type of a field in expressions; empty: it has none there.
func typeOf(t reflect.Type) string {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t {
	case reflect.TypeFor[uuid.UUID]():
		return "id"
	case reflect.TypeFor[time.Time]():
		return "timestamp"
	case reflect.TypeFor[[]string]():
		return "list(string)"
	}
	switch t.Kind() {
	case reflect.String:
		return "string"
	case reflect.Bool:
		return "bool"
	case reflect.Int, reflect.Int64:
		return "int"
	}
	return ""
}

// vars are the fields as conditions name them.
func (k *factKind) vars() []rule.Var {
	all := make([]rule.Var, len(k.fields))
	for i, f := range k.fields {
		all[i] = rule.Var{Name: "event." + f.name, Type: f.typ, Doc: f.doc()}
	}
	return all
}

var docs = map[string]string{
	"number": "the number that people read out", "changed": "which of its fields changed", "byStaff": "whether staff did it", "unit": "the programme's unit of points",
	"amount": "signed; points, or minor units of event.currency", "bucket": "PENDING, ACTIVE or HELD", "balance": "what is there after it", "pending": "what will be there, after it",
	"currency": "ISO 4217", "authorKind": "CUSTOMER, STAFF, BOT or SYSTEM", "from": "the state or tier before; empty: none", "to": "the tier after; empty: none",
	"days": "whole days before it happens", "registered": "whether it completed the registration",
}

func (f factField) doc() string {
	switch {
	case docs[f.name] != "":
		return docs[f.name]
	case f.prefix != "":
		return "the id, " + f.prefix + "_…; empty where there is none"
	case strings.HasSuffix(f.name, "Minor"):
		return "minor units of event.currency"
	case f.typ == "timestamp":
		return "a moment; the year 1 where there is none"
	}
	return "as webhooks tell it"
}

// texts are what texts may name.
func (k *factKind) texts() []string {
	all := []string{"customer.name", "event.at"}
	for _, f := range k.fields {
		if short, money := strings.CutSuffix(f.name, "Minor"); money {
			all = append(all, "event."+short)
		} else if f.name != "currency" {
			all = append(all, "event."+f.name)
		}
	}
	return all
}

// fact is a fact read for expressions and texts.
type fact struct {
	vars   map[string]any // event.… of conditions
	values map[string]any // event.… of texts
	owner  uuid.UUID      // whose it is; Nil where the fact does not say
	user   uuid.UUID      // who acted for the owner; Nil where the fact does not say
	silent bool           // a note of the staff, or part of a change that another fact tells of
}

// read reads a fact. An error is a payload that is none of the kind.
func (k *factKind) read(payload json.RawMessage, at time.Time) (*fact, error) {
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(payload, &raw); err != nil {
		return nil, fmt.Errorf("send: read %s: %w", k.kind, err)
	}
	f := &fact{vars: map[string]any{}, values: map[string]any{"event.at": at}}
	currency := text(raw["currency"])
	for _, field := range k.fields {
		v, err := field.value(raw[field.name])
		if err != nil {
			return nil, fmt.Errorf("send: read %s of %s: %w", field.name, k.kind, err)
		}
		f.vars["event."+field.name] = v
		name, minor := strings.CutSuffix(field.name, "Minor")
		switch n, isInt := v.(int64); {
		case isInt && (minor || slices.Contains(k.money, name)) && currency != "":
			f.values["event."+name] = map[string]any{"amount": scalar.Money{Minor: n, Currency: currency}.Amount(), "currency": currency}
		case field.typ == "list(string)":
			f.values["event."+name] = strings.Join(v.([]string), ", ")
		default:
			f.values["event."+name] = v
		}
	}
	f.owner, f.user = id(raw["ownerId"]), id(raw["userId"])
	f.silent = string(raw["note"]) == "true" || string(raw["quiet"]) == "true"
	return f, nil
}

// value is a field as expressions want it; one that is not there is empty.
func (f factField) value(raw json.RawMessage) (any, error) {
	if len(raw) == 0 || string(raw) == "null" {
		switch f.typ {
		case "int":
			return int64(0), nil
		case "bool":
			return false, nil
		case "timestamp":
			return time.Time{}, nil
		case "list(string)":
			return []string{}, nil
		}
		return "", nil
	}
	switch f.typ {
	case "int":
		return into[int64](raw)
	case "bool":
		return into[bool](raw)
	case "timestamp":
		return into[time.Time](raw)
	case "list(string)":
		return into[[]string](raw)
	}
	s, err := into[string](raw)
	if err != nil || f.prefix == "" {
		return s, err
	}
	key, err := uuid.Parse(s.(string))
	if err != nil {
		return s, nil // made up, as the API writes it
	}
	return scalar.ID{Prefix: f.prefix, UUID: key}.String(), nil
}

func into[T any](raw json.RawMessage) (any, error) {
	var v T
	err := json.Unmarshal(raw, &v)
	return v, err
}

func text(raw json.RawMessage) (s string) {
	if json.Unmarshal(raw, &s) != nil {
		return ""
	}
	return s
}

func id(raw json.RawMessage) uuid.UUID {
	key, err := uuid.Parse(text(raw))
	if err != nil {
		return uuid.Nil
	}
	return key
}
