package arrival

import (
	"strconv"
	"strings"
	"time"

	"github.com/99designs/gqlgen/graphql"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/contactpoint"
	"kabinet/ent/generated/user"
	"kabinet/internal/account"
	"kabinet/internal/batch"
	"kabinet/internal/credential"
	"kabinet/internal/fault"
	"kabinet/internal/locale"
)

// The bounds of one person; the SDL says the same.
const (
	longestName   = 100
	mostContacts  = 10
	mostClubs     = 20
	mostAddresses = 20
	mostKept      = 100 // addresses that one person keeps; profile owns them
)

// person is one person as a batch says it, judged by itself.
type person struct {
	batch.Item
	in     *UpsertUserInput
	points []point
	clubs  []string
}

// point is an address or a number, checked.
type point struct {
	at         int
	kind       contactpoint.Kind
	value, key string
	verified   bool
}

// read judges an item by itself.
func (p *person) read(a *Arrivals, now time.Time) {
	in := p.in
	for _, err := range []error{
		batch.Key(in.External, p.Path("external")...),
		batch.NotAhead(in.SourceUpdatedAt, now, p.Path("sourceUpdatedAt")...),
	} {
		if err != nil {
			p.Refuse(err)
			return
		}
	}
	p.readName("displayName", &in.DisplayName)
	for field, name := range map[string]*graphql.Omittable[*string]{"givenName": &in.GivenName, "familyName": &in.FamilyName, "middleName": &in.MiddleName} {
		if value := name.Value(); name.IsSet() {
			p.readName(field, &value)
			if *name = graphql.OmittableOf(value); value == nil && name.Value() != nil {
				*name = graphql.Omittable[*string]{}
			}
		}
	}
	if err := credential.CheckBirth(in.BirthOn.Value(), now); err != nil && p.Spare(fault.ErrOutOfRange.At(p.Path("birthOn")...)) {
		in.BirthOn = graphql.Omittable[*string]{}
	}
	if in.Locale != nil && *in.Locale != locale.English && *in.Locale != locale.Russian {
		if p.Spare(fault.ErrInvalidValue.With("allowed", locale.Supported()).At(p.Path("locale")...)) {
			in.Locale = nil
		}
	}
	if err := batch.Metadata(in.Metadata, p.Path("metadata")...); err != nil && p.Spare(err) {
		in.Metadata = nil
	}
	p.readPoints(a.Country)
	p.readClubs()
	p.readAddresses(a)
}

// readName makes a name one line without space around it; one that is nothing
// but space is none.
func (p *person) readName(field string, name **string) {
	text, err := account.Text(*name, longestName, false, p.Path(field)...)
	if err != nil {
		text = nil
		p.Spare(err)
	}
	*name = text
}

func (p *person) readPoints(country string) {
	if n := len(p.in.ContactPoints); n > mostContacts {
		p.Spare(account.ErrTooManyItems.With("limit", mostContacts).At(p.Path("contactPoints")...))
		return
	}
	seen := map[string]bool{}
	for i, c := range p.in.ContactPoints {
		got := point{at: i, kind: c.Kind, verified: c.Verified != nil && *c.Verified}
		err := error(nil)
		if c.Kind == contactpoint.KindPHONE {
			number, ok := credential.ParsePhone(c.Value, country)
			if got.value, got.key = number, number; !ok {
				err = account.ErrInvalidPhone.At(p.point(i)...)
			}
		} else {
			address, ok := credential.ParseEmail(c.Value)
			if got.value, got.key = address.Value, address.Key; !ok {
				err = account.ErrInvalidEmail.At(p.point(i)...)
			}
		}
		if err != nil {
			p.Spare(err)
			continue
		}
		if !seen[string(got.kind)+got.key] {
			seen[string(got.kind)+got.key] = true
			p.points = append(p.points, got)
		}
	}
}

// Contacts are the addresses and numbers of an item as they are compared with
// those of others, in their order; empty for what is none or stands twice.
func (a *Arrivals) Contacts(in *UpsertUserInput) []string {
	p := &person{in: in}
	p.readPoints(a.Country)
	keys := make([]string, len(in.ContactPoints))
	for _, c := range p.points {
		keys[c.at] = string(c.kind) + c.key
	}
	return keys
}

func (p *person) point(i int) []string {
	return p.Path("contactPoints", strconv.Itoa(i), "value")
}

func (p *person) readClubs() {
	if len(p.in.Clubs) > mostClubs {
		p.Spare(account.ErrTooManyItems.With("limit", mostClubs).At(p.Path("clubs")...))
		return
	}
	for i, handle := range p.in.Clubs {
		if err := batch.Said(handle, longestName, p.Path("clubs", strconv.Itoa(i))...); err != nil {
			p.Spare(err)
			continue
		}
		p.clubs = append(p.clubs, handle)
	}
}

func (p *person) readAddresses(a *Arrivals) {
	list := p.in.Addresses
	p.in.Addresses = nil
	if len(list) > mostAddresses {
		p.Spare(account.ErrTooManyItems.With("limit", mostAddresses).At(p.Path("addresses")...))
		return
	}
	labels := map[string]bool{}
	for i, in := range list {
		own := *in
		at := func(fields ...string) []string {
			return p.Path(append([]string{"addresses", strconv.Itoa(i)}, fields...)...)
		}
		err := batch.Said(own.Label, longestName, at("label")...)
		if own.Label = strings.TrimSpace(own.Label); err == nil && labels[own.Label] {
			err = batch.ErrDuplicateKey.With("externalId", own.Label).At(at("label")...)
		}
		if err == nil && a.CheckAddress != nil {
			if err = a.CheckAddress(&own); err != nil {
				if f, ok := fault.As(err); ok {
					err = f.At(at(f.Path...)...)
				}
			}
		}
		if err != nil {
			p.Spare(err)
			continue
		}
		labels[own.Label] = true
		p.in.Addresses = append(p.in.Addresses, &own)
	}
}

// put writes what the item says on a person and names what is other than it was.
func (p *person) put(u *ent.User) (changed []string) {
	in := p.in
	name := func(field string, said graphql.Omittable[*string], at **string) {
		if said.IsSet() && !same(said.Value(), *at) {
			*at = said.Value()
			changed = append(changed, field)
		}
	}
	text := func(field string, said *string, at *string) {
		if said != nil && *said != *at {
			*at = *said
			changed = append(changed, field)
		}
	}
	name("givenName", in.GivenName, &u.GivenName)
	name("familyName", in.FamilyName, &u.FamilyName)
	name("middleName", in.MiddleName, &u.MiddleName)
	name("birthOn", in.BirthOn, &u.BirthOn)
	text("displayName", in.DisplayName, &u.DisplayName)
	text("locale", in.Locale, &u.Locale)
	text("timeZone", in.TimeZone, &u.TimeZone)
	if in.Kind != nil && *in.Kind != u.Kind {
		u.Kind = *in.Kind
		changed = append(changed, "kind")
	}
	if in.Sex.IsSet() && !same(in.Sex.Value(), u.Sex) {
		u.Sex = in.Sex.Value()
		changed = append(changed, "sex")
	}
	if in.Metadata != nil && !sameData(in.Metadata, u.Metadata) {
		u.Metadata = in.Metadata
		changed = append(changed, "metadata")
	}
	return changed
}

// fresh is a person who is new; false where nobody can say how to address him.
func (p *person) fresh(a *Arrivals) (*ent.User, bool) {
	u := &ent.User{
		Kind: user.KindPERSON, Status: user.StatusACTIVE, Locale: a.Locale, TimeZone: a.TimeZone,
		Source: &p.in.External.Source, ExternalID: &p.in.External.ID,
	}
	if u.Locale == "" {
		u.Locale = locale.English
	}
	if u.TimeZone == "" {
		u.TimeZone = "UTC"
	}
	p.put(u)
	if u.DisplayName == "" {
		var names []string
		for _, n := range []*string{u.GivenName, u.FamilyName} {
			if n != nil {
				names = append(names, *n)
			}
		}
		u.DisplayName = strings.Join(names, " ")
		if r := []rune(u.DisplayName); len(r) > longestName {
			u.DisplayName = string(r[:longestName])
		}
	}
	return u, u.DisplayName != ""
}

// same compares values that may be absent.
func same[T comparable](a, b *T) bool {
	return a == nil && b == nil || a != nil && b != nil && *a == *b
}
