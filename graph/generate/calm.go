package main

import (
	"fmt"
	"go/ast"
	"slices"
	"strings"
)

// calm are the fields that gqlgen resolves in a goroutine of their own though
// they have nothing to wait for: their value is at hand, or is an edge that was
// read with its parent. A field that is not named here may wait, and so does
// every list that is asked for it.
var calm = []string{
	"AuditEntry.actorId", "AuditEntry.subjectId",
	"BonusAccrual.label", "BonusAdjustment.label", "BonusExpiry.label", "BonusHold.label",
	"BonusRedemption.label", "BonusReversal.label", "BonusTransfer.label",
	"BonusProgram.name", "BonusProgram.terms", "BonusProgram.unitName",
	"Notification.actions", "Notification.subjectId",
	"Order.availableActions", "Order.companyId", "Order.customer", "Order.events", "Order.lines", "Order.payments",
	"Order.refunds", "Order.returns", "Order.shipments", "Order.statusLabel",
	"OrderLine.product",
	"ReturnRequest.lines", "ReturnRequest.orderId",
	"Session.current",
	"Ticket.assignee", "Ticket.availableActions", "Ticket.customer", "Ticket.entryId", "Ticket.isAssigned", "Ticket.lastMessage",
	"Ticket.messages", "Ticket.order", "Ticket.statusLabel", "Ticket.unreadCount",
	"TicketMessage.isMine",
	"User.preferences",
}

// concurrent says whether a clause hands its field to a goroutine.
func concurrent(c *ast.CaseClause) bool {
	for _, s := range c.Body {
		if e, ok := s.(*ast.ExprStmt); ok {
			if _, ok := isCall(e.X, "out", "Concurrently", 2); ok {
				return true
			}
		}
	}
	return false
}

// calmFields resolves calm fields at once, unless they are deferred.
func calmFields(p *pkg) (int, error) {
	n := 0
	for _, name := range calm {
		object, field, _ := strings.Cut(name, ".")
		m, ok := p.methods["_"+object]
		if !ok {
			return 0, fmt.Errorf("%s: there is no such object", name)
		}
		c, ok := m.cases()[field]
		if !ok || !concurrent(c) {
			return 0, fmt.Errorf("%s is not resolved in a goroutine, or is not there: strike it from the list", name)
		}
		null, err := nullOf(p, m.in, c)
		if err != nil {
			return 0, fmt.Errorf("%s: %w", name, err)
		}
		p.insert(m.in, c.Body[0].Pos(), fmt.Sprintf(`if len(field.Deferrables) == 0 {
				out.Values[i] = ec._%s_%s(ctx, field, obj)
				if out.Values[i] == %s {
					atomic.AddUint32(&out.Invalids, 1)
				}
				continue
			}
			`, object, field, null))
		n++
	}
	return n, nil
}

// nullOf gives the answer that makes the whole object null.
func nullOf(p *pkg, f *source, c *ast.CaseClause) (string, error) {
	found := ""
	ast.Inspect(c, func(n ast.Node) bool {
		if test, ok := n.(*ast.IfStmt); ok {
			if b, ok := test.Cond.(*ast.BinaryExpr); ok && isIdent(b.X, "res") {
				found = p.of(f, b.Y)
			}
		}
		return true
	})
	if found != "graphql.Null" && found != "graphql.RequiredNull" {
		return "", fmt.Errorf("no test of the result against null, found %q", found)
	}
	return found, nil
}

// waiting gives the fields that may wait, by object: what has a goroutine and
// is not calm. The fields of the roots are never below a list.
func waiting(p *pkg) map[string][]string {
	found := map[string][]string{}
	for _, m := range sortedMethods(p) {
		object, ok := m.object()
		if !ok || object == "Query" {
			continue
		}
		for field, c := range m.cases() {
			if concurrent(c) && !slices.Contains(calm, object+"."+field) {
				found[object] = append(found[object], field)
			}
		}
		slices.Sort(found[object])
	}
	return found
}
