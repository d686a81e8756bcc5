package card_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/ticket"
	"kabinet/ent/generated/ticketmessage"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/support/card"
)

// model are the same figures, counted slowly and obviously.
type model struct {
	tickets  []*ent.Ticket
	messages []*ent.TicketMessage
	zone     *time.Location
}

func (m *model) groupOf(by card.SupportGroup, t *ent.Ticket, at time.Time, operator *uuid.UUID, from string) string {
	day := at.In(m.zone)
	switch by {
	case card.ByDay:
		return day.Format("2006-01-02")
	case card.ByWeek:
		for day.Weekday() != time.Monday {
			day = day.AddDate(0, 0, -1)
		}
		return max(day.Format("2006-01-02"), from)
	case card.ByMonth:
		return max(day.Format("2006-01")+"-01", from)
	case card.ByTeam:
		return edge("team", t.TeamID)
	case card.ByOperator:
		return edge("usr", operator)
	case card.ByKind:
		return string(t.Kind)
	case card.ByChannel:
		return string(t.Channel)
	}
	return ""
}

func edge(prefix string, id *uuid.UUID) string {
	if id == nil {
		return ""
	}
	return scalar.ID{Prefix: prefix, UUID: *id}.String()
}

// sums are the values of one group.
type sums struct {
	card.SupportFigures
	first, resolve         []int
	firstKept, resolveKept int
	ratings                []int
}

func (m *model) figures(by card.SupportGroup, from, to string, team, operator *uuid.UUID) map[string]string {
	all := map[string]*sums{}
	in := func(at *time.Time) bool {
		if at == nil {
			return false
		}
		day := at.In(m.zone).Format("2006-01-02")
		return day >= from && day <= to
	}
	of := func(t *ent.Ticket, at time.Time, who *uuid.UUID) *sums {
		key := m.groupOf(by, t, at, who, from)
		if all[key] == nil {
			all[key] = &sums{SupportFigures: card.SupportFigures{FirstReply: &card.SupportTimes{}, Resolution: &card.SupportTimes{}, Breaches: &card.SupportBreaches{}, Satisfaction: &card.SupportSatisfaction{}}}
		}
		return all[key]
	}
	is := func(t *ent.Ticket, who *uuid.UUID) bool {
		return (team == nil || t.TeamID != nil && *t.TeamID == *team) && (operator == nil || who != nil && *who == *operator)
	}
	for _, t := range m.tickets {
		if t.MergedIntoID != nil || !is(t, t.AssigneeID) {
			continue
		}
		if in(&t.CreatedAt) {
			s := of(t, t.CreatedAt, t.AssigneeID)
			s.Opened++
			s.Reopened += t.Reopened
			s.Breaches.FirstReply += t.FirstReplyBreaches
			s.Breaches.NextReply += t.NextReplyBreaches
			s.Breaches.Resolution += t.ResolveBreaches
		}
		if in(t.ClosedAt) {
			s := of(t, *t.ClosedAt, t.AssigneeID)
			s.Closed++
			if t.ResolveSeconds != nil {
				s.resolve = append(s.resolve, *t.ResolveSeconds)
				if t.ResolveBreaches == 0 {
					s.resolveKept++
				}
			}
		}
		if in(t.FirstRepliedAt) {
			s := of(t, *t.FirstRepliedAt, t.AssigneeID)
			if t.FirstReplySeconds != nil {
				s.first = append(s.first, *t.FirstReplySeconds)
				if t.FirstReplyBreaches == 0 {
					s.firstKept++
				}
			}
		}
		if in(t.RatedAt) {
			if s := of(t, *t.RatedAt, t.AssigneeID); t.Rating != nil {
				s.ratings = append(s.ratings, *t.Rating)
			}
		}
	}
	byID := map[uuid.UUID]*ent.Ticket{}
	for _, t := range m.tickets {
		byID[t.ID] = t
	}
	for _, x := range m.messages {
		t := byID[x.TicketID]
		if x.Kind == "MESSAGE" && x.AuthorKind == "STAFF" && x.Visibility == "ALL" && x.CopiedFromID == nil && x.RemovedAt == nil && in(&x.CreatedAt) && is(t, x.AuthorID) {
			of(t, x.CreatedAt, x.AuthorID).Replies++
		}
	}
	shown := map[string]string{}
	for key, s := range all {
		times(s.FirstReply, s.first, s.firstKept)
		times(s.Resolution, s.resolve, s.resolveKept)
		if n := len(s.ratings); n > 0 {
			sum, good := 0, 0
			for _, r := range s.ratings {
				sum += r
				if r >= 4 {
					good++
				}
			}
			s.Satisfaction.Answers = n
			s.Satisfaction.Average = ptr(fmt.Sprintf("%.2f", float64(half(sum*100, n))/100))
			s.Satisfaction.GoodBasisPoints = ptr(half(good*10_000, n))
		}
		shown[key] = show(&s.SupportFigures)
	}
	return shown
}

func half(sum, n int) int { return (2*sum + n) / (2 * n) }

func times(v *card.SupportTimes, all []int, kept int) {
	if v.Count = len(all); v.Count == 0 {
		return
	}
	slices.Sort(all)
	sum := 0
	for _, s := range all {
		sum += s
	}
	n := len(all)
	v.AverageSeconds, v.WithinTargetBasisPoints = ptr(half(sum, n)), ptr(half(kept*10_000, n))
	if v.MedianSeconds = &all[n/2]; n%2 == 0 {
		v.MedianSeconds = ptr(half(all[n/2-1]+all[n/2], 2))
	}
}

func show(f *card.SupportFigures) string {
	b, _ := json.Marshal(f)
	return string(b)
}

// random fills the database with tickets whose times lie around some months.
func (w *world) random(r *rand.Rand, n int) *model {
	w.t.Helper()
	ctx := storetest.System()
	var teams []uuid.UUID
	w.write(func(ctx context.Context, tx *store.Tx) error {
		teams = nil
		for _, name := range []string{"first", "second"} {
			team, err := tx.SupportTeam.Create().SetName(name).Save(ctx)
			if err != nil {
				return err
			}
			teams = append(teams, team.ID)
		}
		return nil
	})
	begin := time.Date(2026, 9, 20, 0, 0, 0, 0, time.UTC)
	moment := func() time.Time { return begin.Add(time.Duration(r.IntN(70*24*60)) * time.Minute) }
	some := func(of int) bool { return r.IntN(of) == 0 }
	kinds, channels := []ticket.Kind{"QUESTION", "COMPLAINT", "CALLBACK"}, []ticket.Channel{"ACCOUNT", "EMAIL"}
	into := w.ticket(w.bob, nil)
	for range n {
		id := w.ticket(w.alice, func(c *ticketCreate) {
			c.SetCreatedAt(moment()).SetKind(kinds[r.IntN(3)]).SetChannel(channels[r.IntN(2)])
			if !some(4) {
				c.SetTeamID(teams[r.IntN(2)])
			}
			if !some(3) {
				c.SetAssigneeID([]uuid.UUID{w.sue, w.victor}[r.IntN(2)])
			}
			if some(2) {
				c.SetClosedAt(moment()).SetStatus(ticket.StatusCLOSED)
				if !some(5) {
					c.SetResolveSeconds(r.IntN(1000)).SetResolveBreaches(r.IntN(2))
				}
			}
			if some(2) {
				c.SetFirstRepliedAt(moment()).SetFirstReplySeconds(r.IntN(5)).SetFirstReplyBreaches(r.IntN(2))
			}
			if some(3) {
				c.SetRatedAt(moment()).SetRating(1 + r.IntN(5))
			}
			c.SetReopened(r.IntN(3)).SetNextReplyBreaches(r.IntN(4))
		})
		merged := some(10)
		w.write(func(ctx context.Context, tx *store.Tx) error {
			if merged {
				if _, err := tx.Exec(ctx, `UPDATE tickets SET merged_into_id = ? WHERE id = ?`, into, id); err != nil {
					return err
				}
			}
			for seq := range r.IntN(4) {
				c := tx.TicketMessage.Create().SetTicketID(id).SetOwnerID(w.alice).SetSeq(int64(seq + 1)).SetBody("x").SetCreatedAt(moment()).
					SetKind([]ticketmessage.Kind{"MESSAGE", "MESSAGE", "NOTE"}[r.IntN(3)]).SetAuthorKind([]ticketmessage.AuthorKind{"STAFF", "STAFF", "CUSTOMER"}[r.IntN(3)]).
					SetVisibility([]ticketmessage.Visibility{"ALL", "ALL", "STAFF"}[r.IntN(3)])
				if !some(5) {
					c.SetAuthorID([]uuid.UUID{w.sue, w.victor}[r.IntN(2)])
				}
				if some(8) {
					c.SetCopiedFromID(uuid.New())
				}
				if some(6) {
					c.SetRemovedAt(moment())
				}
				if err := c.Exec(ctx); err != nil {
					return err
				}
			}
			return nil
		})
	}
	m := &model{}
	var err error
	m.tickets, err = w.Store.Client.Ticket.Query().All(ctx)
	w.must(err)
	m.messages, err = w.Store.Client.TicketMessage.Query().All(ctx)
	w.must(err)
	return m
}

// The figures are those of the slow model, on both databases, over a change of
// the clocks, however they are divided and narrowed.
func TestStatistics(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		seed := uint64(7)
		r := rand.New(rand.NewPCG(seed, seed)) //nolint:gosec // a test
		m := w.random(r, 150)
		ctx := lead(w.sue)
		const from, to = "2026-10-01", "2026-11-15"
		for _, zone := range []string{"UTC", "Europe/Berlin", "Pacific/Auckland"} {
			m.zone, _ = time.LoadLocation(zone)
			for i, by := range []card.SupportGroup{card.ByDay, card.ByWeek, card.ByMonth, card.ByTeam, card.ByOperator, card.ByKind, card.ByChannel} {
				var filter *card.SupportStatisticsFilter
				var team, operator *uuid.UUID
				if i%2 == 1 || zone == "UTC" {
					operator, team = &w.victor, nil
					filter = &card.SupportStatisticsFilter{OperatorID: ptr(usr(w.victor))}
				} else if i%3 == 0 {
					team = m.tickets[slices.IndexFunc(m.tickets, func(t *ent.Ticket) bool { return t.TeamID != nil })].TeamID
					filter = &card.SupportStatisticsFilter{TeamID: &scalar.ID{Prefix: "team", UUID: *team}}
				}
				s, err := w.Statistics(ctx, card.SupportPeriod{From: from, To: to}, by, filter, &zone)
				w.must(err)
				groups, err := s.Groups(ctx)
				w.must(err)
				want := m.figures(by, from, to, team, operator)
				for _, g := range groups {
					expect, there := want[g.Key]
					delete(want, g.Key)
					if !there {
						expect = show((&card.SupportFigures{FirstReply: &card.SupportTimes{}, Resolution: &card.SupportTimes{}, Breaches: &card.SupportBreaches{}, Satisfaction: &card.SupportSatisfaction{}}))
					}
					if got := show(g.Figures); got != expect {
						t.Errorf("%s %s %q:\n%s, want\n%s", zone, by, g.Key, got, expect)
					}
				}
				for key := range want {
					t.Errorf("%s %s: no group %q of %d", zone, by, key, len(groups))
				}
				total, err := s.Total(ctx)
				w.must(err)
				whole := m.figures("", from, to, team, operator)[""]
				if got := show(total); got != whole {
					t.Errorf("%s %s in all:\n%s, want\n%s", zone, by, got, whole)
				}
			}
		}
	})
}

// A fixed number of statements, each over an index.
func TestStatisticsStatements(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		for _, by := range []card.SupportGroup{card.ByDay, card.ByOperator} {
			n, list := db.Statements(func() {
				s, err := w.Statistics(lead(w.sue), card.SupportPeriod{From: "2026-01-01", To: "2026-12-31"}, by, nil, nil)
				w.must(err)
				_, err = s.Total(lead(w.sue))
				w.must(err)
				_, err = s.Groups(lead(w.sue))
				w.must(err)
			})
			if want := map[card.SupportGroup]int{card.ByDay: 10, card.ByOperator: 11}[by]; n != want {
				t.Errorf("%s: %d statements: %s", by, n, strings.Join(list, "\n"))
			}
		}
		for name, c := range map[string]struct {
			ctx    context.Context
			period card.SupportPeriod
			filter *card.SupportStatisticsFilter
			zone   *string
			want   *fault.Fault
		}{
			"a customer": {storetest.As(w.bob), card.SupportPeriod{From: "2026-01-01", To: "2026-01-02"}, nil, nil, fault.ErrForbidden},
			"an agent":   {agent(w.sue), card.SupportPeriod{From: "2026-01-01", To: "2026-01-02"}, nil, nil, fault.ErrForbidden},
			"too long":   {lead(w.sue), card.SupportPeriod{From: "2026-01-01", To: "2027-01-02"}, nil, nil, fault.ErrOutOfRange},
			"backwards":  {lead(w.sue), card.SupportPeriod{From: "2026-01-02", To: "2026-01-01"}, nil, nil, fault.ErrOutOfRange},
			"no day":     {lead(w.sue), card.SupportPeriod{From: "2026-02-30", To: "2026-03-01"}, nil, nil, fault.ErrInvalidValue},
			"zone":       {lead(w.sue), card.SupportPeriod{From: "2026-01-01", To: "2026-01-02"}, nil, ptr("Mars/Olympus"), fault.ErrInvalidValue},
			"kind of id": {lead(w.sue), card.SupportPeriod{From: "2026-01-01", To: "2026-01-02"}, &card.SupportStatisticsFilter{TeamID: ptr(usr(w.sue))}, nil, fault.ErrInvalidID},
		} {
			if _, err := w.Statistics(c.ctx, c.period, card.ByDay, c.filter, c.zone); !errors.Is(err, c.want) {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}
