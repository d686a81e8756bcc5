package notify

import (
	"strconv"
	"unicode/utf8"

	entnotification "kabinet/ent/generated/notification"
	"kabinet/ent/generated/predicate"
	"kabinet/internal/fault"
)

// Bounds of a filter.
const (
	mostTypes    = 100
	longestType  = 100
	longestGroup = 200
)

// Predicates are what a filter narrows a feed by, nil too. Faults: TOO_LONG.
func (f *NotificationFilter) Predicates(path ...string) (where []predicate.Notification, err error) {
	archive, snoozed := Exclude, Exclude
	if f != nil {
		if err := f.check(path); err != nil {
			return nil, err
		}
		if f.Archived != nil && *f.Archived {
			archive = Only
		}
		if f.Archive != nil {
			archive = *f.Archive
		}
		if f.Snoozed != nil {
			snoozed = *f.Snoozed
		}
		where = append(f.words(), f.marks()...)
		where = append(where, f.things()...)
	}
	where = append(where, among(archive, entnotification.ArchivedAtIsNil(), entnotification.ArchivedAtNotNil())...)
	return append(where, among(snoozed, entnotification.SnoozedUntilAtIsNil(), entnotification.SnoozedUntilAtNotNil())...), nil
}

func among(in Inclusion, without, alone predicate.Notification) []predicate.Notification {
	switch in {
	case Only:
		return []predicate.Notification{alone}
	case Include:
		return nil
	}
	return []predicate.Notification{without}
}

func (f *NotificationFilter) check(path []string) error {
	at := func(more ...string) []string { return append(append([]string{}, path...), more...) }
	if len(f.Types) > mostTypes {
		return fault.ErrTooLong.At(at("types")...).With("limit", mostTypes)
	}
	for n, t := range f.Types {
		if utf8.RuneCountInString(t) > longestType {
			return fault.ErrTooLong.At(at("types", strconv.Itoa(n))...).With("limit", longestType)
		}
	}
	if f.GroupKey != nil && utf8.RuneCountInString(*f.GroupKey) > longestGroup {
		return fault.ErrTooLong.At(at("groupKey")...).With("limit", longestGroup)
	}
	return nil
}

// words are the predicates over words of ours.
func (f *NotificationFilter) words() (where []predicate.Notification) {
	if len(f.Topics) > 0 {
		where = append(where, entnotification.TopicIn(f.Topics...))
	}
	if len(f.Types) > 0 {
		where = append(where, entnotification.TypeIn(f.Types...))
	}
	if len(f.Severities) > 0 {
		where = append(where, entnotification.SeverityIn(f.Severities...))
	}
	return where
}

// marks are the predicates over what the person did.
func (f *NotificationFilter) marks() (where []predicate.Notification) {
	for _, m := range []struct {
		asked   *bool
		yes, no predicate.Notification
	}{
		{f.Unread, entnotification.ReadAtIsNil(), entnotification.ReadAtNotNil()},
		{f.Seen, entnotification.SeenAtNotNil(), entnotification.SeenAtIsNil()},
	} {
		switch {
		case m.asked == nil:
		case *m.asked:
			where = append(where, m.yes)
		default:
			where = append(where, m.no)
		}
	}
	return where
}

// things are the predicates over what it is about and when it was.
func (f *NotificationFilter) things() (where []predicate.Notification) {
	if f.GroupKey != nil {
		where = append(where, entnotification.GroupKey(*f.GroupKey))
	}
	if f.SubjectID != nil {
		where = append(where, entnotification.SubjectKind(f.SubjectID.Prefix), entnotification.SubjectID(f.SubjectID.UUID))
	}
	if f.CreatedFrom != nil {
		where = append(where, entnotification.CreatedAtGTE(*f.CreatedFrom))
	}
	if f.CreatedTo != nil {
		where = append(where, entnotification.CreatedAtLT(*f.CreatedTo))
	}
	return where
}
