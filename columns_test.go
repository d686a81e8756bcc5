package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	ent "kabinet/ent/generated"
	"kabinet/internal/compiled"
	"kabinet/internal/store/storetest"
)

// Every field of every type the SDL shows of a table is asked for alone, on
// every way to the type. Alone it must be what it is among all fields: then no
// column is missing behind it. And its statements must select no column that
// nothing asked for: then none is read too much.
func TestNoColumnIsReadUnasked(t *testing.T) {
	for name, look := range map[string]func(graphql.ExecutableSchema) graphql.ExecutableSchema{"compiled": nil, "resolved": compiled.Ordinary} {
		t.Run(name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, db *storetest.DB) {
				w := newWorldWith(t, db, look)
				w.fill(t)
				a := &asking{w: w, schema: sdl(t), shown: map[string]bool{}, as: map[string]ent.StoredType{}}
				for _, s := range ent.Stored {
					for _, name := range s.As {
						if !slices.Contains(whole, name) {
							a.as[name] = s
						}
					}
				}
				for _, way := range a.ways(t) {
					a.try(t, way)
				}
				a.provesSomething(t)
			})
		})
	}
}

// whole are the types whose rows are read whole: what is shown of them is
// worked out from nearly all their columns, and none is on a screen that is
// read as often as orders, points, tickets and the feed.
var whole = []string{
	"Achievement", "Benefit", "BonusExplanation", "BonusNextExpiry", "BonusStatement", "Campaign", "CampaignEntry", "CampaignPhoto", "Club", "ClubMember", "Consent", "ConsentDocument", "Document", "EarningRule", "FeeRule", "GiftCard", "Goal",
	"Family", "FamilyInvitation", "Offer", "Passkey", "PaymentMethod", "PaymentNotice", "ProgressItem", "PromoCode", "Promotion", "Referral", "ReferralStanding", "Reward", "RewardRedemption", "Tier", "TierChange", "TopUp", "WalletAccount", "WalletEntry",
	"Cart", "Invoice", "ListItem", "PaymentQuote", "PaymentRecord", "Reason", "Recommendation", "Review", "ShoppingList", "SpendingReport", "TrackingEvent", "ViewedProduct", "WebhookDelivery", "WebhookEndpoint", "WishlistItem",
	"Announcement", "Broadcast", "Delivery", "NotificationDelivery", "MessengerLink", "NotificationRule", "NotificationTemplate", "PushEndpoint", "Reminder", "Segment",
	"Article", "ArticleCategory", "ArticleVote", "BusinessCalendar", "CannedReply", "CardSource", "ClockEvent", "CustomerNote", "Letter", "Macro", "Operator", "ServiceLevel", "SupportTeam", "Survey", "TicketEdit", "TicketLink", "TicketRating", "TicketSurvey", "TicketView",
}

// asking is the test at work.
type asking struct {
	w      *world
	schema *ast.Schema
	as     map[string]ent.StoredType // by the SDL's type
	shown  map[string]bool           // Type.field that had a value somewhere
}

// way leads to rows of a type; %s is what is selected of them.
type way struct {
	who, path string
	typ       *ast.Definition
}

func (a *asking) try(t *testing.T, way way) {
	t.Helper()
	var all []string
	fields := slices.DeleteFunc(own(way.typ.Fields), func(f *ast.FieldDefinition) bool {
		return f.Name == "streamPosition" && (strings.Contains(way.path, "{ user") || strings.Contains(way.path, "segmentCustomers")) || // another person's is refused
			slices.Contains(refused, way.typ.Name+"."+f.Name) || a.isWhole(f.Type.Name(), 0)
	})
	for _, f := range fields {
		all = append(all, a.selection(f))
	}
	full := a.ask(t, way, strings.Join(all, " "), false)
	if len(full) == 0 {
		t.Errorf("%s: as %s: no %s is there: the test proves nothing", way.path, way.who, way.typ.Name)
	}
	for _, f := range fields {
		alone := a.ask(t, way, a.selection(f), true)
		if len(alone) != len(full) {
			t.Errorf("%s: %d rows with %s alone, %d with all", way.path, len(alone), f.Name, len(full))
			continue
		}
		for i, row := range alone {
			got, want := spelled(t, row[f.Name]), spelled(t, full[i][f.Name])
			if got != want {
				t.Errorf("%s: %s alone is %s, with all %s", way.path, f.Name, got, want)
			}
			if !slices.Contains([]string{"null", `""`, "[]", "0", "false", "{}"}, want) {
				a.shown[way.typ.Name+"."+f.Name] = true
			}
		}
	}
}

func spelled(t *testing.T, v any) string {
	b, err := json.Marshal(v)
	check(t, err)
	return string(b)
}

// selection is a field with all that is plain under it, and ids of rows.
func (a *asking) selection(f *ast.FieldDefinition) string {
	text := f.Name
	if arg := required[f.Name]; arg != "" && len(f.Arguments) > 0 && f.Arguments[0].Type.NonNull {
		text += arg
	}
	def := a.schema.Types[f.Type.Name()]
	switch {
	case def.Kind == ast.Scalar || def.Kind == ast.Enum:
		return text
	case a.isRow(def):
		return text + " { id }"
	case strings.HasSuffix(def.Name, "Connection"):
		return text + " { nodes { id } }"
	}
	var under []string
	for _, g := range own(def.Fields) {
		under = append(under, a.selection(g))
	}
	return text + " { " + strings.Join(under, " ") + " }"
}

// isWhole says whether a type is one that is read whole, or shows one.
func (a *asking) isWhole(name string, depth int) bool {
	name = strings.TrimSuffix(name, "Connection")
	def := a.schema.Types[name]
	if slices.Contains(whole, name) || depth > 3 || def == nil || a.isRow(def) && def.Kind != ast.Interface {
		return slices.Contains(whole, name)
	}
	if def.Kind == ast.Interface {
		return false
	}
	return slices.ContainsFunc(own(def.Fields), func(f *ast.FieldDefinition) bool { return a.isWhole(f.Type.Name(), depth+1) })
}

func (a *asking) isRow(def *ast.Definition) bool {
	_, stored := a.as[def.Name]
	return stored || def.Kind == ast.Interface
}

// required are the arguments that cannot be left out.
var required = map[string]string{
	"expiring": `(before: "2100-01-01T00:00:00Z")`, "order": `(by: {id: "%aliceOrder"})`, "product": `(by: {sku: "TEA"})`,
	"ticket": `(id: "%ticket")`, "company": `(id: "%acme")`, "customerBonusAccount": `(userId: "%alice")`, "user": `(id: "%alice")`,
	"unreadCounts": `(filters: [{name: "all"}])`, "segmentCustomers": `(filter: {})`,
}

// ask gives the rows of the way's type, and with strict looks at what was read.
func (a *asking) ask(t *testing.T, way way, selection string, strict bool) (rows []map[string]any) {
	t.Helper()
	query := strings.Replace(way.path, "%s", selection, 1)
	for name, v := range a.w.vars {
		query = strings.ReplaceAll(query, "%"+name+`"`, v+`"`)
	}
	var answer map[string]any
	_, log := a.w.db.RequestStatements(func() { answer = a.w.send(t, step{name: "column", as: way.who, company: acting[way.who]}, query) })
	if answer["errors"] != nil {
		t.Fatalf("%s as %s: %v", query, way.who, answer["errors"])
	}
	if strict {
		allowed := a.allowed(t, query)
		for _, statement := range log {
			for _, column := range selected(statement) {
				if !allowed[column] {
					t.Errorf("%s reads %s, which nothing asked for:\n%s", query, column, statement)
				}
			}
		}
	}
	return rowsAt(answer["data"], keys(way.path))
}

var key = regexp.MustCompile(`[A-Za-z]+`)

// keys are the names on a path: its braces and arguments are cut off.
func keys(path string) (names []string) {
	path = regexp.MustCompile(`\([^)]*\)|\.\.\. on \w+`).ReplaceAllString(path, "")
	return key.FindAllString(strings.Replace(path, "%s", "", 1), -1)
}

func rowsAt(v any, path []string) (rows []map[string]any) {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			rows = append(rows, rowsAt(e, path)...)
		}
	case map[string]any:
		if len(path) > 0 {
			return rowsAt(v[path[0]], path[1:])
		}
		if len(v) > 0 { // else a fragment that is not of this row
			return []map[string]any{v}
		}
	}
	return rows
}

var (
	lists     = regexp.MustCompile(`(?s)SELECT (.*?) FROM`)
	qualified = regexp.MustCompile("[\"`](\\w+)[\"`]\\.(?:[\"`](\\w+)[\"`]|(\\*))")
	secrets   = regexp.MustCompile(`\b(secret|token_hash|private_metadata|head_hash)\b`)
)

var named = regexp.MustCompile("[\"`](\\w+)[\"`] AS [\"`](\\w+)[\"`]")

// selected are the columns in a statement's lists, table.column; of those that
// are written by hand the secret ones alone.
func selected(statement string) (columns []string) {
	tables := map[string]string{}
	for _, n := range named.FindAllStringSubmatch(statement, -1) {
		if n[1] != "few" {
			tables[n[2]] = n[1]
		}
	}
	for _, list := range lists.FindAllStringSubmatch(statement, -1) {
		for _, c := range qualified.FindAllStringSubmatch(list[1], -1) {
			columns = append(columns, cmp.Or(tables[c[1]], c[1])+"."+c[2]+c[3])
		}
		if s := secrets.FindString(list[1]); s != "" && len(columns) == 0 {
			columns = append(columns, s)
		}
	}
	return columns
}

// proving are the mutations whose work it is to look at secrets: somebody
// proves himself there, or what is due next is decided.
var proving = regexp.MustCompile(`\b(signIn|changePassword|stepUp|refreshSession|unlockSession|completeSecondFactor|confirmContact|confirmIdentityLink|finishProviderSignIn|finishPasskeySignIn|resetPassword|enrollTotp|confirmTotp|disableTotp|regenerateRecoveryCodes|startPasskeyEnrollment|finishPasskeyEnrollment|removePasskey)\(`)

// readsNoSecret fails for an operation that reads the secret of an identity or
// the hash of a token, but for those that compare it.
func readsNoSecret(t *testing.T, query string, log []string) {
	t.Helper()
	if proving.MatchString(query) {
		return
	}
	for _, statement := range log {
		for _, column := range selected(statement) {
			if regexp.MustCompile(`\b(secret|token_hash)$`).MatchString(column) {
				t.Errorf("%s reads %s:\n%s", query, column, statement)
			}
		}
	}
}

// allowed are the columns behind the fields of a query.
func (a *asking) allowed(t *testing.T, query string) map[string]bool {
	t.Helper()
	doc, errs := gqlparser.LoadQueryWithRules(a.schema, query, nil)
	if errs != nil {
		t.Fatalf("%s: %v", query, errs)
	}
	allowed := map[string]bool{}
	allow := func(s ent.StoredType, columns ...string) {
		for _, c := range append(append([]string{"id"}, columns...), s.Always...) {
			allowed[s.Table+"."+c] = true
		}
	}
	for _, s := range ent.Stored {
		allowed[s.Table+".id"] = true
	}
	var walk func(set ast.SelectionSet)
	walk = func(set ast.SelectionSet) {
		for _, sel := range set {
			switch sel := sel.(type) {
			case *ast.InlineFragment:
				walk(sel.SelectionSet)
			case *ast.Field:
				for _, p := range append(a.schema.PossibleTypes[sel.ObjectDefinition.Name], sel.ObjectDefinition) {
					s := a.as[p.Name]
					allow(s, s.Fields[sel.Name]...)
					if e, ok := s.Edges[sel.Name]; ok && !e.Own {
						allow(ent.Stored[e.Type], e.Column)
					}
				}
				if far, ok := strings.CutSuffix(sel.Definition.Type.Name(), "Connection"); ok {
					allow(a.as[far], sortedBy[far]...)
				}
				for _, c := range besides[sel.ObjectDefinition.Name+"."+sel.Name] {
					allowed[c] = true
				}
				walk(sel.SelectionSet)
			}
		}
	}
	walk(doc.Operations[0].SelectionSet)
	// Programmes and roles are held in memory as they are.
	for _, name := range []string{"BonusProgram", "Role"} {
		for c := range ent.Stored[name].Columns {
			allowed[ent.Stored[name].Table+"."+c] = true
		}
	}
	return allowed
}

// sortedBy are the columns that the cursors of a list hold.
var sortedBy = map[string][]string{"Order": {"placed_at"}, "Ticket": {"last_activity_at"}, "ReturnRequest": {"requested_at"}}

// besides are what a field reads of other tables, or for several askers at once.
var besides = map[string][]string{
	"User.memberships": append(of("Membership", "user_id"), of("Company")...), "User.streamPosition": {"users.stream_seq"}, "Ticket.streamPosition": {"streams.stream_seq"},
	"User.unreadCounts":     wholeRow("Notification"),
	"Ticket.unreadCount":    {"ticket_participants.user_id", "ticket_participants.ticket_id", "ticket_participants.read_seq"},
	"BonusAccount.expiring": {"ledger_lots.remaining"},
	// looked up for all tickets of a page at once, by rows that are shown nearly whole
	"Ticket.participants": append(wholeRow("TicketParticipant"), "users.display_name"), "Ticket.serviceLevel": append(wholeRow("ClockEvent"), wholeRow("ServiceLevel")...),
	"User.personalManager": {"users.display_name", "users.manager_contacts", "users.avatar_id", "users.avatar_width", "users.avatar_height", "memberships.user_id",
		"contact_points.kind", "contact_points.value", "contact_points.user_id"},
	"TicketMessage.seenByOtherSide": {"tickets.read_by_staff_up_to", "tickets.read_by_customer_up_to"},
	"Order.whoBought":               {"users.display_name", "users.status", "companies.name", "companies.kind"},
	"BonusAccount.holds":            wholeRow("LedgerEntry"), // few, with what is left of each
	// few, and what is shown of them is worked out from nearly all
	"User.twoFactor":         slices.DeleteFunc(wholeRow("Identity"), func(c string) bool { return c == "identities.secret" }),
	"SecurityActivity.place": {"sessions.place"}, "User.mustChangePasswordBy": {"identities.must_change_by_at"},
	"User.represents": wholeRow("Membership"), "User.representatives": wholeRow("Membership"),
}

func wholeRow(name string) (columns []string) {
	for c := range ent.Stored[name].Columns {
		columns = append(columns, ent.Stored[name].Table+"."+c)
	}
	return columns
}

// of are all columns that the SDL shows of a table, and more.
func of(name string, more ...string) (columns []string) {
	for _, c := range append(ent.Stored[name].Shown(), more...) {
		columns = append(columns, ent.Stored[name].Table+"."+c)
	}
	return columns
}

// provesSomething fails for a field that had no value on any way: null is null
// whether its column was read or not.
func (a *asking) provesSomething(t *testing.T) {
	t.Helper()
	for name := range a.as {
		for _, f := range own(a.schema.Types[name].Fields) {
			if field := name + "." + f.Name; !a.shown[field] && !slices.Contains(empty, field) && !slices.Contains(refused, field) && !a.isWhole(f.Type.Name(), 0) {
				t.Errorf("%s has no value on any way: fill it, or the test proves nothing", field)
			}
		}
	}
}

// empty are fields without a value on these ways: the feed shows nothing
// archived, the programmes shown are in force, nobody transfers here, is
// blocked, leaves, is acted for or represented, came in by a provider, a login
// name or a printed slip, a Buyer sees no requisites, no mail is taken in, who wrote a message is for staff, and links are for sessions of requests. The stories have them.
var empty = []string{"Notification.archivedAt", "Notification.snoozedUntilAt", "BonusProgram.retiredAt", "BonusTransfer.counterpart", "BonusTransfer.reference",
	"User.represents", "User.representatives", "User.mustChangePasswordBy", "User.deletion", "User.block", "User.actingStaff",
	"Session.locked", "Session.actingStaff", "Ticket.replyAddress", "TicketMessage.authorId", "TicketAttachment.url", "SecurityActivity.staffName", "Company.organisation",
	"Identity.subjectHint", "Identity.provider", "Identity.login", "Identity.mustChangeByAt"}

// ways are all: for each type the shortest path to it, and from there each
// field that leads to rows; and node and nodes for each type.
func (a *asking) ways(t *testing.T) (all []way) {
	t.Helper()
	paths := map[string]way{"Query": {who: "alice", path: "{ %s }"}, "User": {"alice", "{ me { %s } }", a.schema.Types["User"]}}
	queue := []string{"Query", "User"}
	for len(queue) > 0 {
		from := paths[queue[0]]
		for _, f := range own(a.schema.Types[queue[0]].Fields) {
			for _, w := range a.through(from, queue[0], f) {
				all = append(all, w)
				if _, known := paths[w.typ.Name]; !known {
					paths[w.typ.Name] = w
					queue = append(queue, w.typ.Name)
				}
			}
		}
		queue = queue[1:]
	}
	for name := range a.as {
		w := paths[name]
		if !slices.Contains(a.schema.Types[name].Interfaces, "Node") {
			continue
		}
		if w.path == "" {
			t.Fatalf("no way leads to %s", name)
		}
		rows := a.ask(t, w, "id", false)
		if len(rows) > 0 {
			one, two := rows[0]["id"], rows[len(rows)-1]["id"]
			all = append(all,
				way{w.who, fmt.Sprintf(`{ node(id: "%v") { ... on %s { %%s } } }`, one, name), a.schema.Types[name]},
				way{w.who, fmt.Sprintf(`{ nodes(ids: ["%v", "%v"]) { ... on %s { %%s } } }`, one, two, name), a.schema.Types[name]})
		}
	}
	return all
}

// acting are those who act for a company.
var acting = map[string]string{"carol": "acme"}

// refused are the fields that carol's role as a Buyer does not reach, what
// nobody here has: a person represented, and groups of the feed and the page of
// preferences, which are no rows.
var refused = []string{"Company.bonusAccount", "Company.bonusAccounts", "Query.representedUser", "User.notificationGroups", "User.notificationPreferences"}

// whose are the fields that alice would not see anything of.
var whose = map[string]string{
	"Query.users": "staff", "Query.user": "staff", "Query.orders": "staff", "Query.returns": "staff", "Query.auditEntries": "staff", "Query.ticketQueue": "staff", "Query.segmentCustomers": "staff", "Query.customerBonusAccount": "staff",
	"Query.company": "carol", "User.memberships": "carol", "Ticket.assignee": "staff",
}

// through are the ways over one field: to rows, to the nodes of a connection
// by both its lists, and to each kind of an interface.
func (a *asking) through(from way, parent string, f *ast.FieldDefinition) (all []way) {
	if parent == "Query" && (f.Name == "node" || f.Name == "nodes") || slices.Contains(refused, parent+"."+f.Name) {
		return nil
	}
	who := from.who
	if w := whose[parent+"."+f.Name]; w != "" {
		who = w
	}
	path := from.path
	if parent+"."+f.Name == "Ticket.assignee" {
		path = "{ ticketQueue { nodes { %s } } }"
	}
	text := f.Name
	if f.Name == "segmentCustomers" || slices.ContainsFunc(f.Arguments, func(arg *ast.ArgumentDefinition) bool { return arg.Type.NonNull }) {
		text += required[f.Name]
	}
	far, connection := strings.CutSuffix(f.Type.Name(), "Connection")
	tails := []string{" { %s }"}
	if connection {
		tails = []string{" { nodes { %s } }", " { edges { node { %s } } }"}
	}
	def := a.schema.Types[far]
	if def == nil || !a.isRow(def) || slices.Contains(whole, def.Name) {
		return nil
	}
	for _, tail := range tails {
		to := strings.Replace(path, "%s", text+tail, 1)
		if def.Kind != ast.Interface {
			all = append(all, way{who, to, def})
			continue
		}
		for _, p := range a.schema.PossibleTypes[def.Name] {
			all = append(all, way{who, strings.Replace(to, "%s", "... on "+p.Name+" { %s }", 1), p})
		}
	}
	return all
}
