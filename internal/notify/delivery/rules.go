package delivery

import (
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	entdelivery "kabinet/ent/generated/delivery"
	entnotification "kabinet/ent/generated/notification"
	"kabinet/ent/schema"
	"kabinet/internal/notify/preference"
)

// subject is what the plan of a notification looks at; nothing else counts.
type subject struct {
	now       time.Time
	note      uuid.UUID
	typ       string
	severity  entnotification.Severity // its own, which may be above its type's
	expires   *time.Time
	prefs     *schema.NotifyPreferences
	zone      string
	agreed    map[string]bool // to marketing, by channel
	set       preference.Setting
	sends     func(channel string) bool
	addresses map[string][]uuid.UUID // by channel
	past      []past                 // what he was sent of the type lately, the newest first
}

// planned is one message before it is made.
type planned struct {
	channel  string
	endpoint uuid.UUID
	status   entdelivery.Status
	reason   entdelivery.StatusReason // empty for none
	due      time.Time
	key      string // of a digest
	moves    bool   // its due is from now on that of all that are held by its key
	required bool
	step     int
}

// wants says whether a type goes to a person over a channel now, and why.
func wants(p *schema.NotifyPreferences, s preference.Setting, channel string, agreed bool) preference.Decision {
	if s.LettersApart && (channel == preference.Email || channel == preference.SMS) {
		return preference.Decision{Source: preference.SourceHouse} // they go by themselves
	}
	return preference.Decide(p, s, channel, agreed)
}

// chosen says that the person himself decided.
func chosen(d preference.Decision) bool {
	return slices.Contains([]preference.NotificationPreferenceSource{preference.SourceAll, preference.SourceTopic, preference.SourceType}, d.Source)
}

// plan is the rule of which messages a notification becomes: one for each
// channel that is wanted and each address there; then the steps of its
// escalation. What the person chose himself and cannot get becomes a row that
// says why, and so does what is too much.
func plan(s subject) []planned {
	var all []planned
	later := map[string]bool{}
	for _, e := range s.set.Escalation {
		later[e.Channel] = true
	}
	direct, tooMany := map[string]bool{}, false
	for _, channel := range Channels {
		d := wants(s.prefs, s.set, channel, s.agreed[channel])
		if !s.sends(channel) || later[channel] && (!d.Wanted || !chosen(d)) {
			continue
		}
		rows := s.of(channel, d)
		direct[channel] = len(rows) > 0
		tooMany = tooMany || len(rows) > 0 && rows[0].reason == entdelivery.StatusReasonTHROTTLED
		all = append(all, rows...)
	}
	if tooMany { // and not by a dearer channel in its place
		return all
	}
	return append(all, s.steps(direct)...)
}

// of are the messages over one channel.
func (s subject) of(channel string, d preference.Decision) []planned {
	skipped := func(reason entdelivery.StatusReason) []planned {
		return []planned{{channel: channel, endpoint: s.note, status: entdelivery.StatusSKIPPED, reason: reason}}
	}
	switch {
	case d.Source == preference.SourceNoConsent && chosen(wants(s.prefs, s.set, channel, true)):
		return skipped(entdelivery.StatusReasonNO_CONSENT)
	case !d.Wanted:
		return nil
	case len(s.addresses[channel]) == 0 && chosen(d):
		return skipped(entdelivery.StatusReasonNO_ADDRESS)
	case len(s.addresses[channel]) == 0:
		return nil
	case s.tooMany(channel):
		return skipped(entdelivery.StatusReasonTHROTTLED)
	}
	var all []planned
	for _, endpoint := range s.addresses[channel] {
		all = append(all, s.held(channel, endpoint))
	}
	return all
}

// tooMany says that the person has had as many of the type as he may get.
func (s subject) tooMany(channel string) bool {
	t := s.set.Throttle
	if t == nil || t.Limit <= 0 || s.set.RequiredOn(channel) {
		return false
	}
	since := s.now.Add(-time.Duration(t.Seconds) * time.Second)
	had := map[uuid.UUID]bool{}
	for _, p := range s.past {
		if p.channel == channel && p.at.After(since) && p.notification != s.note {
			had[p.notification] = true
		}
	}
	return len(had) >= t.Limit
}

// held is a message to an address of a channel with when it goes: at once, or
// held for a digest, a batch or quiet hours. What is required on the channel
// waits for nothing.
func (s subject) held(channel string, endpoint uuid.UUID) planned {
	row := planned{channel: channel, endpoint: endpoint, status: entdelivery.StatusQUEUED, due: s.now, required: s.set.RequiredOn(channel)}
	if row.required {
		return row
	}
	own := s.set
	own.Severity = s.severity
	due, key, gathers := preference.DigestDue(s.prefs, own, channel, s.zone, s.now)
	if gathers {
		if pushed(entdelivery.Channel(channel)) { // each browser gets a digest of its own
			key = endpoint.String() + "/" + key
		}
		key = channel + "/" + key
		if s.set.Batch != nil && strings.HasSuffix(key, "BATCH/"+s.set.Type) {
			due, gathers, row.moves = s.window(channel, key)
		}
	}
	if gathers {
		row.status, row.reason, row.due, row.key = entdelivery.StatusHELD, entdelivery.StatusReasonDIGEST, due, key
	}
	if until, quiet := preference.QuietUntil(quietOf(s.prefs), s.zone, row.due); quiet {
		if row.status == entdelivery.StatusQUEUED {
			row.status, row.reason = entdelivery.StatusHELD, entdelivery.StatusReasonQUIET_HOURS
		}
		row.due = until
	}
	return row
}

func quietOf(p *schema.NotifyPreferences) *schema.QuietHours {
	if p == nil {
		return nil
	}
	return p.Quiet
}

// window is when the batch closes that a message of the House's joins. The
// first of a batch goes by itself where the House says so, unless one has just
// gone so. moves says that those which wait already go with it at that time.
func (s subject) window(channel, key string) (due time.Time, gathers, moves bool) {
	b := s.set.Batch
	items, first, stands := 1, s.now, time.Time{}
	var lead time.Time
	opened := s.now.Add(-time.Duration(b.Seconds) * time.Second)
	for _, p := range s.past { // the newest first
		switch {
		case p.channel != channel || p.notification == s.note:
		case p.digestKey == key && p.held:
			items, first, stands = items+1, p.at, p.due
		case p.digestKey != "" && p.held: // with others, or for another address
		case p.at.After(opened) && lead.IsZero():
			lead = p.at
		}
	}
	if items == 1 && b.LeadImmediately {
		if lead.IsZero() {
			return s.now, false, false
		}
		first = lead
	}
	due = preference.WindowEnds(b, first, s.now, items)
	return due, true, items > 1 && !due.Equal(stands)
}

// steps are the messages of the escalation, held until their time. Each waits
// for the one before it, and all for the feed. A person who said no to a channel
// is not reached by it; of whom nothing is known there is no step.
func (s subject) steps(direct map[string]bool) []planned {
	var all []planned
	var after time.Duration
	for i, e := range s.set.Escalation {
		after += time.Duration(e.After) * time.Second
		d := wants(s.prefs, s.set, e.Channel, s.agreed[e.Channel])
		if direct[e.Channel] || !s.sends(e.Channel) || !escalates(d) || s.tooMany(e.Channel) {
			continue
		}
		for _, endpoint := range s.addresses[e.Channel] {
			all = append(all, planned{channel: e.Channel, endpoint: endpoint, status: entdelivery.StatusHELD, reason: entdelivery.StatusReasonESCALATION,
				due: s.now.Add(after), step: i + 1, required: s.set.RequiredOn(e.Channel)})
		}
		direct[e.Channel] = true
	}
	return all
}

// escalates says whether a channel may be used that nobody asked for.
func escalates(d preference.Decision) bool {
	return d.Wanted || d.Source == preference.SourceHouse
}

// stillWaits says whether a message is on its way yet.
func stillWaits(s entdelivery.Status) bool {
	return s == entdelivery.StatusHELD || s == entdelivery.StatusQUEUED || s == entdelivery.StatusFAILED
}
