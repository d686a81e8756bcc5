package schema

// NotifyPreferences are a person's choices about notifications; kept as JSON.
// What is not chosen is as the House says.
type NotifyPreferences struct {
	Choices []NotifyChoice `json:"choices,omitempty"` // the most exact one counts: type, then topic, then all
	Quiet   *QuietHours    `json:"quiet,omitempty"`
	Digests []NotifyDigest `json:"digests,omitempty"`
}

// NotifyChoice says whether notifications are wanted on a channel. With
// neither topic nor type it is about all of them.
type NotifyChoice struct {
	Topic   string `json:"topic,omitempty"`
	Type    string `json:"type,omitempty"`
	Channel string `json:"channel"`
	Wanted  bool   `json:"wanted"`
}

// QuietHours are when nothing is sent that can wait.
type QuietHours struct {
	TimeZone string       `json:"timeZone,omitempty"` // IANA; the person's own when empty
	Ranges   []QuietRange `json:"ranges"`
}

// QuietRange is one stretch of the wall clock, on the days on which it begins.
type QuietRange struct {
	Days []string `json:"days,omitempty"` // MONDAY …; every day when empty
	From string   `json:"from"`           // HH:MM
	To   string   `json:"to"`             // HH:MM; not after From: on the next day
}

// NotifyDigest gathers notifications of a channel into one message.
type NotifyDigest struct {
	Topic    string `json:"topic,omitempty"` // all when neither is said
	Type     string `json:"type,omitempty"`
	Channel  string `json:"channel"`
	Schedule string `json:"schedule"`      // AT_ONCE HOURLY DAILY WEEKLY
	At       string `json:"at,omitempty"`  // HH:MM of the person's zone, of DAILY and WEEKLY
	Day      string `json:"day,omitempty"` // of WEEKLY
}
