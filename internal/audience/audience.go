// Package audience says who may have a thing: it reads the facts of a customer
// through ent and holds them against an audience. It owns no table and writes
// nothing; the things themselves belong to the domains above it.
package audience

import (
	"context"
	"strconv"
	"sync"
	"unicode/utf8"

	"github.com/google/uuid"

	"kabinet/ent/schema"
	"kabinet/internal/fault"
	"kabinet/internal/rule"
	"kabinet/internal/scalar"
)

// Why a customer is not admitted, for programs.
const (
	NotSignedIn = "NOT_SIGNED_IN"
	NotNamed    = "NOT_NAMED"
	NotInClub   = "NOT_IN_CLUB"
	NotInTier   = "NOT_IN_TIER"
	Condition   = "CONDITION" // the condition does not hold
)

// The bounds of an audience.
const (
	MaxNamed   = 1000 // people or companies
	MaxHandles = 100  // clubs or tiers
	maxHandle  = 50
)

// Vars are what conditions may name of a customer; domains add their own.
func Vars() []rule.Var {
	return []rule.Var{
		{Name: "customer.id", Type: "string", Doc: "the id, usr_… or com_…; empty for nobody"},
		{Name: "customer.company", Type: "bool", Doc: "whether it is a company"},
		{Name: "customer.locale", Type: "string", Doc: "en or ru"},
		{Name: "customer.registeredDays", Type: "int", Doc: "whole days since the registration"},
		{Name: "customer.age", Type: "int", Doc: "whole years; -1 where the birthday is not known"},
		{Name: "customer.birthMonth", Type: "int", Doc: "1 to 12; 0 where it is not known"},
		{Name: "customer.daysToBirthday", Type: "int", Doc: "0 on the day; -1 where it is not known"},
		{Name: "customer.tiers", Type: "list(string)", Doc: "handles of the tiers held"},
		{Name: "customer.clubs", Type: "list(string)", Doc: "handles of the clubs joined"},
		{Name: "customer.spent", Type: "map", Doc: "by currency, minor units: paid and not given back"},
		{Name: "customer.orders", Type: "int", Doc: "orders that were not cancelled"},
		{Name: "customer.lastOrderDays", Type: "int", Doc: "whole days since the last one; -1 where there is none"},
		{Name: "customer.metadata", Type: "map", Doc: "the public free data"},
	}
}

var env = sync.OnceValues(func() (*rule.Env, error) { return rule.NewEnv(Vars()...) })

// Open says whether an audience admits everyone, so that nothing of the
// customer need be known.
func Open(a schema.Audience) bool {
	return a.Condition == "" && everyone(a)
}

func everyone(a schema.Audience) bool {
	return len(a.UserIDs)+len(a.CompanyIDs)+len(a.Clubs)+len(a.Tiers) == 0
}

// Check judges an audience before it is kept. Faults: TOO_LONG, REQUIRED,
// RULE_INVALID at the field below the audience.
func Check(a schema.Audience) error {
	for _, l := range []struct {
		name    string
		n, most int
	}{{"userIds", len(a.UserIDs), MaxNamed}, {"companyIds", len(a.CompanyIDs), MaxNamed}, {"clubs", len(a.Clubs), MaxHandles}, {"tiers", len(a.Tiers), MaxHandles}} {
		if l.n > l.most {
			return fault.ErrTooLong.With("limit", l.most).At(l.name)
		}
	}
	for name, handles := range map[string][]string{"clubs": a.Clubs, "tiers": a.Tiers} {
		for i, h := range handles {
			switch {
			case h == "":
				return fault.ErrRequired.At(name, strconv.Itoa(i))
			case utf8.RuneCountInString(h) > maxHandle:
				return fault.ErrTooLong.With("limit", maxHandle).At(name, strconv.Itoa(i))
			}
		}
	}
	if a.Condition == "" {
		return nil
	}
	e, err := env()
	if err != nil {
		return err
	}
	if _, err := e.Compile(a.Condition, "bool"); err != nil {
		return under(err, "condition")
	}
	return nil
}

// under puts a path before that of a fault.
func under(err error, path ...string) error {
	if f, ok := fault.As(err); ok {
		return f.At(append(path, f.Path...)...)
	}
	return err
}

// Admits says whether a customer, nil for nobody signed in, may have a thing,
// and else why not. An error is a condition that could not be worked out.
func Admits(ctx context.Context, a schema.Audience, c *Customer) (ok bool, why string, err error) {
	switch {
	case Open(a):
		return true, "", nil
	case c == nil:
		return false, NotSignedIn, nil
	}
	if why := c.stranger(a); why != "" {
		return false, why, nil
	}
	if a.Condition == "" {
		return true, "", nil
	}
	e, err := env()
	if err != nil {
		return false, "", err
	}
	x, err := e.Compile(a.Condition, "bool")
	if err != nil {
		return false, Condition, err
	}
	holds, err := x.Bool(ctx, c.Vars())
	if err != nil || !holds {
		return false, Condition, err
	}
	return true, "", nil
}

// Input is the SDL's AudienceInput.
type Input struct {
	// These people, at most 1,000.
	UserIDs []scalar.ID
	// These companies, at most 1,000.
	CompanyIDs []scalar.ID
	// Members of these clubs, by handle, at most 100.
	Clubs []string
	// Those of these tiers, by handle, at most 100.
	Tiers []string
	// CEL over customer.…, a bool.
	Condition *string
}

// Read gives the audience of an input, everyone for nil. Faults: as of Check,
// and INVALID_ID, below path.
func (in *Input) Read(path ...string) (schema.Audience, error) {
	var a schema.Audience
	if in == nil {
		return a, nil
	}
	for i, id := range in.UserIDs {
		u, err := id.As("usr")
		if err != nil {
			return a, fault.ErrInvalidID.At(append(path, "userIds", strconv.Itoa(i))...)
		}
		a.UserIDs = append(a.UserIDs, u)
	}
	for i, id := range in.CompanyIDs {
		u, err := id.As("com")
		if err != nil {
			return a, fault.ErrInvalidID.At(append(path, "companyIds", strconv.Itoa(i))...)
		}
		a.CompanyIDs = append(a.CompanyIDs, u)
	}
	a.Clubs, a.Tiers = in.Clubs, in.Tiers
	if in.Condition != nil {
		a.Condition = *in.Condition
	}
	return a, under(Check(a), path...)
}

// View is the SDL's CustomerAudience.
type View struct {
	// These people.
	UserIDs []scalar.ID
	// These companies.
	CompanyIDs []scalar.ID
	// Members of these clubs, by handle.
	Clubs []string
	// Those of these tiers, by handle.
	Tiers []string
	// CEL over customer.…
	Condition *string
}

// Show gives an audience as staff sees it.
func Show(a schema.Audience) *View {
	v := &View{UserIDs: ids("usr", a.UserIDs), CompanyIDs: ids("com", a.CompanyIDs), Clubs: a.Clubs, Tiers: a.Tiers}
	if v.Clubs == nil {
		v.Clubs = []string{}
	}
	if v.Tiers == nil {
		v.Tiers = []string{}
	}
	if a.Condition != "" {
		v.Condition = &a.Condition
	}
	return v
}

func ids(prefix string, of []uuid.UUID) []scalar.ID {
	all := make([]scalar.ID, len(of))
	for i, id := range of {
		all[i] = scalar.ID{Prefix: prefix, UUID: id}
	}
	return all
}
