package preference

import (
	"slices"

	"kabinet/ent/schema"
)

// NotificationPreferenceSource says what decided whether notifications of a type
// go over a channel.
type NotificationPreferenceSource string

// The sources. Of what a person chose the most exact counts: type, topic, all.
const (
	SourceHouse     NotificationPreferenceSource = "HOUSE"      // nothing was chosen
	SourceAll       NotificationPreferenceSource = "ALL"        // chosen for the channel as a whole
	SourceTopic     NotificationPreferenceSource = "TOPIC"      // chosen for the topic
	SourceType      NotificationPreferenceSource = "TYPE"       // chosen for the type
	SourceRequired  NotificationPreferenceSource = "REQUIRED"   // it cannot be chosen
	SourceNoConsent NotificationPreferenceSource = "NO_CONSENT" // it is advertising, and nobody agreed to it
	SourceInactive  NotificationPreferenceSource = "INACTIVE"   // the House has turned the type off
)

// Decision is whether notifications of a type go over a channel, and why.
type Decision struct {
	Wanted bool
	Source NotificationPreferenceSource
}

// Decide is the rule of it. consent is whether the person agreed to advertising
// on the channel (Agreed). p may be nil.
//
//  1. The House turned the type off: no.
//  2. It is required on the channel: yes.
//  3. What the person chose, the most exact first; else what the House says.
//  4. Advertising outside the feed needs his consent besides: no without it.
//     Where there is no document to agree to (messengers and push), his own
//     choice is his consent, and what the House says is not.
func Decide(p *schema.NotifyPreferences, s Setting, channel string, consent bool) Decision {
	if !s.Active {
		return Decision{false, SourceInactive}
	}
	if s.RequiredOn(channel) {
		return Decision{true, SourceRequired}
	}
	d := Decision{slices.Contains(s.Channels, channel), SourceHouse}
	if c, source := chosen(p, string(s.Topic), s.Type, channel); c != nil {
		d = Decision{c.Wanted, source}
	}
	if d.Wanted && s.Commercial && channel != InApp && !consent && (d.Source == SourceHouse || ConsentPurpose(channel) != "") {
		return Decision{false, SourceNoConsent}
	}
	return d
}

// RequiredOn says whether the type goes over the channel whatever a person says.
func (s Setting) RequiredOn(channel string) bool {
	return s.Required && slices.Contains(s.Channels, channel)
}

// ConsentPurpose is what a person agrees to (ConsentDocument.purpose) for
// advertising on a channel; empty where there is no such document.
func ConsentPurpose(channel string) string {
	switch channel {
	case Email:
		return "EMAIL_MARKETING"
	case SMS, WhatsApp: // both reach him by his number
		return "SMS_MARKETING"
	}
	return ""
}

// chosen is the most exact choice for a type on a channel; nil for none.
func chosen(p *schema.NotifyPreferences, topic, typ, channel string) (*schema.NotifyChoice, NotificationPreferenceSource) {
	var found *schema.NotifyChoice
	source := SourceHouse
	if p == nil {
		return nil, source
	}
	for i := range p.Choices {
		c := &p.Choices[i]
		switch {
		case c.Channel != channel:
		case c.Type != "":
			if c.Type == typ {
				return c, SourceType
			}
		case c.Topic != "":
			if c.Topic == topic {
				found, source = c, SourceTopic
			}
		case found == nil:
			found, source = c, SourceAll
		}
	}
	return found, source
}
