package config

import "time"

const groupPrivacy = "Privacy settings:"

var privacySettings = []setting{
	span("KABINET_DELETION_DELAY", groupPrivacy, "14d", "How long a confirmed deletion of an account can be taken back; 0 erases it at the next turn of the clock", "30d",
		0, 365*day, func(c *Config) *time.Duration { return &c.DeletionDelay }),
}
