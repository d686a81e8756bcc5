package compiled

import (
	"entgo.io/ent/dialect/sql"
	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

	"kabinet/internal/viewer"
)

// roots are the root fields that are understood. Who may ask for them, @access
// says; whose rows they show, the fence.
var roots = map[string]field{
	"me": one{must: true, listing: func(int, map[string]any) (listing, error) {
		return where(sql.FieldEQ("id", param((*call).userID))), nil
	}},
	"order":  orderRoot,
	"ticket": ticketRoot,
}

// where is a listing of one condition.
func where[P ~func(*sql.Selector)](p P) listing { return listing{where: []func(*sql.Selector){p}} }

// all makes conditions of ent's predicates.
func all[P ~func(*sql.Selector)](ps []P) []func(*sql.Selector) {
	out := make([]func(*sql.Selector), len(ps))
	for i, p := range ps {
		out[i] = p
	}
	return out
}

var accountObjects = map[string]*object{
	"User": {typ: "User", fields: map[string]field{
		"preferences":    within{"locale": "locale", "timeZone": "time_zone"},
		"streamPosition": streamPosition{},
		"orders":         connection{from: "id", on: "owner_id", sorts: orderSorts, listing: ordersListing},
		"returns":        connection{from: "id", on: "owner_id", sorts: []string{"requested_at"}, listing: newest("requested_at")},
		"tickets":        connection{from: "id", on: "owner_id", sorts: []string{"last_activity_at"}, listing: ticketsListing},
		"notifications":  connection{from: "id", on: "user_id", listing: notificationsListing},
		"bonusAccount":   bonusAccount,
	}},
}

// newest sorts by a column, last first.
func newest(by string) listingOf {
	return func(int, map[string]any) (listing, error) { return listing{by: by, desc: true}, nil }
}

// streamPosition is where the caller's own stream stands, read in the same
// statement as all the rest. Acting for a company there are two streams, and
// somebody else's is refused: both are for the ordinary way.
type streamPosition struct{}

func (streamPosition) compile(_ *compiler, src *source, _ string, _ graphql.CollectedField) (writer, error) {
	at := src.all([]string{"id", "stream_seq"})
	return func(c *call, row []int32) error {
		v := c.columns(row, at)
		id, err := v[0].uuid()
		if err != nil {
			return err
		}
		seq, err := v[1].int()
		if err != nil {
			return err
		}
		if id != c.who.UserID || c.who.OwnerID != c.who.UserID && c.who.OwnerID != viewer.House {
			return errOdd
		}
		position, err := c.reads.o.Streams.At(c.ctx, map[uuid.UUID]int64{id: seq})
		if err != nil {
			return err
		}
		return c.writeString(position)
	}, nil
}
