package compiled

import (
	"strconv"

	"entgo.io/ent/dialect/sql"
	"github.com/99designs/gqlgen/graphql"

	ent "kabinet/ent/generated"
	entticket "kabinet/ent/generated/ticket"
	"kabinet/internal/scalar"
	"kabinet/internal/support"
)

var supportObjects = map[string]*object{
	"Ticket": {typ: "Ticket", fields: map[string]field{
		"messages":         connection{from: "id", on: "ticket_id", listing: oldest},
		"statusLabel":      computed(ticketLabel),
		"availableActions": ticketActions{},
		"unreadCount":      ticketUnread{},
		"isAssigned":       computed(func(c *call, v []value) error { return c.writeBool(!v[0].null()) }),
		"entryId":          computed(func(c *call, v []value) error { return c.writeOptionalID("ent", v[0]) }),
		"assignee":         never{}, // for staff, by a rule of its own
		"contactEmail":     never{}, // for staff
		"replyAddress":     never{}, // signed for the caller
		"streamPosition":   never{}, // of its own stream
	}},
	"TicketMessage": {typ: "TicketMessage", fields: map[string]field{
		"isMine":          computed(messageIsMine),
		"authorId":        never{}, // for staff, by the side of its ticket on which they stand
		"clientMessageId": computed(func(c *call, v []value) error { return writeText(c, v[0]) }),
		"isRemoved":       computed(func(c *call, v []value) error { return c.writeBool(!v[0].null()) }),
		"seenByOtherSide": never{}, // by the marks of its ticket
		"attachments":     never{}, // in their order, of what is not removed, by links of the session
	}},
}

// ticketRoot is ticket(id:).
var ticketRoot = one{
	settle: func(g *given, _ map[string]any) error {
		_, err := support.Named(g.args["id"].(scalar.ID)) // what cannot be is told by the ordinary way
		return err
	},
	listing: func(n int, _ map[string]any) (listing, error) {
		return where(sql.FieldEQ("id", param(func(c *call) (any, error) { return c.given[n].args["id"].(scalar.ID).UUID, nil }))), nil
	},
}

func ticketsListing(_ int, args map[string]any) (listing, error) {
	filter, _ := args["filter"].(*support.TicketFilter)
	if filter.Personal() {
		return listing{}, errNot // by marks and rows of others
	}
	where, err := filter.Predicates()
	return listing{where: all(where), by: "last_activity_at", desc: true}, err
}

func ticketLabel(c *call, v []value) error {
	reason, err := v[0].str()
	if err != nil {
		return err
	}
	return c.writeString(support.Label(c.who.Locale, entticket.StatusReason(reason)))
}

// owned fills in whose a ticket is.
func owned(t *ent.Ticket, owner, user value) (err error) {
	if t.OwnerID, err = owner.uuid(); err != nil {
		return err
	}
	t.UserID, err = user.optionalUUID()
	return err
}

// ticketActions needs to know of staff on which side of a ticket they stand.
type ticketActions struct{}

func (ticketActions) compile(_ *compiler, src *source, _ string, f graphql.CollectedField) (writer, error) {
	at := src.all(src.object.stored().Fields[f.Name])
	src.key("id")
	src.key("owner_id")
	takesPart := src.part(side{participant, "ticket_id", "id", func(s *sql.Selector) { s.Where(sql.IsNull(s.C("left_at"))) }})
	belongs := src.part(side{membership, "owner_id", "owner_id", func(s *sql.Selector) {
		s.Where(sql.And(sql.EQ(s.C("status"), "ACTIVE"), sql.NEQ(s.C("kind"), "STAFF")))
	}})
	return func(c *call, row []int32) error {
		v := c.columns(row, at)
		status, err := v[0].str()
		if err != nil {
			return err
		}
		t := &ent.Ticket{Status: entticket.Status(status)}
		if err := owned(t, v[1], v[2]); err != nil {
			return err
		}
		if t.MergedIntoID, err = v[3].optionalUUID(); err != nil {
			return err
		}
		customer := !c.tape.at(takesPart(row)).null() || !c.tape.at(belongs(row)).null()
		if customer && support.OnStaffSide(c.who, t) {
			return writeStrings(c, []support.TicketAction{})
		}
		return writeStrings(c, support.Actions(c.who, t))
	}, nil
}

// side is a row by which staff stand on the customer's side of a ticket; null
// where there is none, and to everybody else.
type side struct {
	of      *object
	on, key string // its column, and that of the ticket
	open    func(*sql.Selector)
}

var membership = &object{typ: "Membership"}

func (p side) sql(st *statement, c *call, parent string) error {
	if !c.who.Staff {
		st.text.WriteString("NULL")
		return nil
	}
	st.names++
	s, err := st.selector(c, p.of, "s"+strconv.Itoa(st.names), p.on, parent, p.key)
	if err != nil {
		return err
	}
	p.open(s)
	st.selected(s.Select(s.C("user_id")).Where(sql.EQ(s.C("user_id"), param((*call).userID))))
	return nil
}

func messageIsMine(c *call, v []value) error {
	author, err := v[0].optionalUUID()
	if err != nil {
		return err
	}
	return c.writeBool(author != nil && c.who.SignedIn() && *author == c.who.UserID)
}

// ticketUnread needs the caller's own mark in the ticket.
type ticketUnread struct{}

func (ticketUnread) compile(_ *compiler, src *source, _ string, f graphql.CollectedField) (writer, error) {
	at := src.all(src.object.stored().Fields[f.Name])
	src.key("id")
	mark := src.part(readMark{})
	return func(c *call, row []int32) error {
		var seq [3]int64
		v := c.columns(row, at)
		for i := range seq {
			var err error
			if seq[i], err = v[i].int(); err != nil {
				return err
			}
		}
		t := &ent.Ticket{PublicSeq: seq[0], StaffSeq: seq[1], StaffReadSeq: seq[2]}
		if err := owned(t, v[3], v[4]); err != nil {
			return err
		}
		var read int64
		if m := c.tape.at(mark(row)); !m.null() {
			var err error
			if read, err = m.int(); err != nil {
				return err
			}
		}
		return c.writeInt(int64(support.Unread(c.who, t, read)))
	}, nil
}

// readMark is the number up to which the caller has read a ticket.
type readMark struct{}

var participant = &object{typ: "TicketParticipant"}

func (readMark) sql(st *statement, c *call, parent string) error {
	st.names++
	s, err := st.selector(c, participant, "s"+strconv.Itoa(st.names), "ticket_id", parent, "id")
	if err != nil {
		return err
	}
	st.selected(s.Select(s.C("read_seq")).Where(sql.EQ(s.C("user_id"), param((*call).userID))))
	return nil
}
