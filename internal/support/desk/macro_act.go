package desk

import (
	"kabinet/ent/generated/ticket"
	"kabinet/ent/schema"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/support"
)

// checkActs checks the acts of a macro as far as that needs no database.
func checkActs(list []*MacroActInput) ([]schema.MacroAct, error) {
	switch {
	case len(list) == 0:
		return nil, fault.ErrRequired.At("input", "acts")
	case len(list) > mostActs:
		return nil, ErrTooManyItems.At("input", "acts").With("limit", mostActs)
	}
	acts := make([]schema.MacroAct, len(list))
	for i, in := range list {
		path := at([]string{"input", "acts"}, i)
		if err := in.fits(path); err != nil {
			return nil, err
		}
		var err error
		if acts[i], err = in.act(path); err != nil {
			return nil, err
		}
	}
	return acts, nil
}

// uses are the fields that each kind of act has.
var uses = map[MacroActKind][]string{
	ActReply: {"texts", "cannedReplyId"}, ActNote: {"texts"}, ActSetStatus: {"status", "reason", "hours"},
	ActSetPriority: {"priority"}, ActAssign: {"target", "userId"}, ActSetTeam: {"target", "teamId"},
}

// fits refuses a field that the kind of act has no use for.
func (in *MacroActInput) fits(path []string) error {
	given := []struct {
		name string
		is   bool
	}{
		{"texts", in.Texts != nil}, {"cannedReplyId", in.CannedReplyID != nil}, {"status", in.Status != nil}, {"reason", in.Reason != nil},
		{"hours", in.Hours != nil}, {"priority", in.Priority != nil}, {"target", in.Target != nil}, {"userId", in.UserID != nil}, {"teamId", in.TeamID != nil},
	}
	used := map[string]bool{}
	for _, name := range uses[in.Kind] {
		used[name] = true
	}
	for _, g := range given {
		if g.is && !used[g.name] {
			return fault.ErrInvalidValue.At(at(path, g.name)...)
		}
	}
	return nil
}

func (in *MacroActInput) act(path []string) (a schema.MacroAct, err error) {
	a.Kind = string(in.Kind)
	switch in.Kind {
	case ActReply, ActNote:
		if in.CannedReplyID == nil {
			a.Texts, err = checkTexts(in.Texts, at(path, "texts")...)
			return a, err
		}
		if in.Texts != nil {
			return a, fault.ErrInvalidValue.At(at(path, "texts")...)
		}
		_, err = keyOf(*in.CannedReplyID, replyPrefix, at(path, "cannedReplyId")...)
		a.CannedID = in.CannedReplyID.String()
	case ActSetStatus:
		err = in.stand(&a, path)
	case ActSetPriority:
		if in.Priority == nil {
			return a, fault.ErrRequired.At(at(path, "priority")...)
		}
		a.Priority = string(*in.Priority)
	case ActAssign:
		a.To, err = in.to(in.UserID, personPrefix, "userId", path)
	case ActSetTeam:
		if in.Target != nil && *in.Target != TargetNobody {
			return a, fault.ErrInvalidValue.At(at(path, "target")...)
		}
		a.To, err = in.to(in.TeamID, teamPrefix, "teamId", path)
	}
	return a, err
}

// stand reads where a ticket shall stand: WAITING_FOR_DATE needs hours.
func (in *MacroActInput) stand(a *schema.MacroAct, path []string) error {
	if in.Status == nil {
		return fault.ErrRequired.At(at(path, "status")...)
	}
	a.Status = string(*in.Status)
	if in.Reason != nil {
		if !support.Fits(*in.Status, *in.Reason) {
			return fault.ErrInvalidValue.At(at(path, "reason")...).With("status", a.Status)
		}
		a.Reason = string(*in.Reason)
	}
	switch {
	case in.Hours == nil && a.Reason == string(ticket.StatusReasonWAITING_FOR_DATE):
		return fault.ErrRequired.At(at(path, "hours")...)
	case in.Hours == nil:
		return nil
	case *in.Status != ticket.StatusSNOOZED:
		return fault.ErrInvalidValue.At(at(path, "hours")...)
	case *in.Hours < 1 || *in.Hours > longestSnooze:
		return fault.ErrOutOfRange.At(at(path, "hours")...).With("min", 1).With("max", longestSnooze)
	}
	a.Hours = *in.Hours
	return nil
}

// to reads to whom a ticket is given: a target or an id, one of both.
func (in *MacroActInput) to(id *scalar.ID, prefix, field string, path []string) (string, error) {
	switch {
	case id == nil && in.Target == nil:
		return "", fault.ErrRequired.At(at(path, field)...)
	case id != nil && in.Target != nil:
		return "", fault.ErrInvalidValue.At(at(path, "target")...)
	case id == nil:
		return string(*in.Target), nil
	}
	_, err := keyOf(*id, prefix, at(path, field)...)
	return id.String(), err
}
