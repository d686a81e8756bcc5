package card

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"kabinet/ent/generated/supportteam"
	entuser "kabinet/ent/generated/user"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
)

// mostGroups is how many teams or operators are told apart.
const mostGroups = 400

// SupportStatistics are the figures of support in a period; total and groups
// are read as they are asked for, by five statements each, and one more for names.
type SupportStatistics struct {
	From, To time.Time
	TimeZone string
	GroupBy  SupportGroup

	cards          *Cards
	whole          []span
	spans          []span
	team, operator *uuid.UUID
}

// Statistics are the figures of support, for staff who read its settings.
// Faults: INVALID_VALUE, OUT_OF_RANGE, INVALID_ID; UNAUTHENTICATED, FORBIDDEN.
func (c *Cards) Statistics(ctx context.Context, period SupportPeriod, by SupportGroup, filter *SupportStatisticsFilter, timeZone *string) (*SupportStatistics, error) {
	if err := need(ctx, "support", "read"); err != nil {
		return nil, err
	}
	zone, err := zoneOf(ctx, timeZone)
	if err != nil {
		return nil, err
	}
	spans, err := spansOf(period, by, zone)
	if err != nil {
		return nil, err
	}
	s := &SupportStatistics{From: spans[0].from, To: spans[len(spans)-1].to, TimeZone: zone.String(), GroupBy: by, cards: c, spans: spans}
	s.whole = []span{{from: s.From, to: s.To}}
	if filter == nil {
		return s, nil
	}
	if s.team, err = keyOf(filter.TeamID, "team", "teamId"); err != nil {
		return nil, err
	}
	s.operator, err = keyOf(filter.OperatorID, "usr", "operatorId")
	return s, err
}

func keyOf(id *scalar.ID, prefix, field string) (*uuid.UUID, error) {
	if id == nil {
		return nil, nil
	}
	key, err := id.As(prefix)
	if err != nil {
		return nil, fault.ErrInvalidID.At("filter", field)
	}
	return &key, nil
}

// Total are all of them together.
func (s *SupportStatistics) Total(ctx context.Context) (*SupportFigures, error) {
	all, err := s.read(ctx, s.whole, ByDay)
	if err != nil {
		return nil, err
	}
	return all.of("0").shown(), nil
}

// Groups are they, divided.
func (s *SupportStatistics) Groups(ctx context.Context) ([]*SupportFiguresGroup, error) {
	all, err := s.read(ctx, s.spans, s.GroupBy)
	if err != nil {
		return nil, err
	}
	if s.byTime() {
		groups := make([]*SupportFiguresGroup, len(s.spans))
		for i, sp := range s.spans {
			groups[i] = &SupportFiguresGroup{Key: sp.day, Label: sp.day, Figures: all.of(number(i)).shown()}
		}
		return groups, nil
	}
	groups := []*SupportFiguresGroup{}
	for key, c := range all {
		groups = append(groups, &SupportFiguresGroup{Key: key, Label: key, Figures: c.shown()})
	}
	slices.SortFunc(groups, func(a, b *SupportFiguresGroup) int {
		if a.Figures.Opened != b.Figures.Opened {
			return b.Figures.Opened - a.Figures.Opened
		}
		return strings.Compare(a.Key, b.Key)
	})
	groups = groups[:min(len(groups), mostGroups)]
	return groups, s.name(ctx, groups)
}

func (s *SupportStatistics) byTime() bool {
	return s.GroupBy == ByDay || s.GroupBy == ByWeek || s.GroupBy == ByMonth
}

// name puts the names and the edge ids of teams and operators in. Who or what
// is gone keeps the id for a name.
func (s *SupportStatistics) name(ctx context.Context, groups []*SupportFiguresGroup) error {
	prefix := map[SupportGroup]string{ByTeam: "team", ByOperator: "usr"}[s.GroupBy]
	if prefix == "" {
		return nil
	}
	var ids []uuid.UUID
	for _, g := range groups {
		if id, err := uuid.Parse(g.Key); err == nil {
			ids = append(ids, id)
		}
	}
	names := map[uuid.UUID]string{}
	if s.GroupBy == ByTeam {
		teams, err := s.cards.Store.Client.SupportTeam.Query().Where(supportteam.IDIn(ids...)).Select(supportteam.FieldID, supportteam.FieldName).All(ctx)
		if err != nil {
			return store.Translate(err)
		}
		for _, t := range teams {
			names[t.ID] = t.Name
		}
	} else {
		people, err := s.cards.Store.Client.User.Query().Where(entuser.IDIn(ids...)).Select(entuser.FieldID, entuser.FieldDisplayName).All(asSystem(ctx))
		if err != nil {
			return store.Translate(err)
		}
		for _, u := range people {
			names[u.ID] = u.DisplayName
		}
	}
	for _, g := range groups {
		id, err := uuid.Parse(g.Key)
		if err != nil {
			continue
		}
		g.Key = idOf(prefix, id).String()
		if g.Label = names[id]; g.Label == "" {
			g.Label = g.Key
		}
	}
	return nil
}
