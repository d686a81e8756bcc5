package config

import (
	"fmt"
	"runtime"
	"strconv"
	"time"
)

// span is a setting that is a length of time between least and most.
func span(env, group, def, meaning, example string, least, most time.Duration, field func(*Config) *time.Duration) setting {
	return setting{env: env, group: group, def: def, meaning: meaning, example: example, set: func(c *Config, v string) error {
		d, err := parseDuration(v)
		if err != nil {
			return err
		}
		if d < least || d > most {
			return fmt.Errorf("it must be between %s and %s", durationText(least), durationText(most))
		}
		*field(c) = d
		return nil
	}}
}

// yesNo is a setting that is true or false.
func yesNo(env, group, def, meaning, example string, field func(*Config) *bool) setting {
	return setting{env: env, group: group, def: def, meaning: meaning, example: example, set: func(c *Config, v string) error {
		b, err := strconv.ParseBool(v)
		if err != nil {
			return fmt.Errorf("it must be true or false")
		}
		*field(c) = b
		return nil
	}}
}

// number is a setting that is a whole number between least and most.
func number(env, group, def, meaning, example string, least, most int, field func(*Config) *int) setting {
	return setting{env: env, group: group, def: def, meaning: meaning, example: example, set: func(c *Config, v string) error {
		n, err := strconv.Atoi(v)
		if err != nil {
			return fmt.Errorf("it is not a whole number")
		}
		if n < least || n > most {
			return fmt.Errorf("it must be between %d and %d", least, most)
		}
		*field(c) = n
		return nil
	}}
}

// limit is a number of the group of limits, with its default for an example.
func limit(env, def, meaning string, least, most int, field func(*Config) *int) setting {
	return number(env, groupLimits, def, meaning, def, least, most, field)
}

// size is a setting of the group of limits in bytes, also written 64KiB or 8MiB.
func size(env, def, meaning, example string, least, most int64, field func(*Config) *int64) setting {
	return setting{env: env, group: groupLimits, def: def, meaning: meaning, example: example, set: func(c *Config, v string) error {
		n, err := parseSize(v)
		if err != nil {
			return err
		}
		if n < least || n > most {
			return fmt.Errorf("it must be between %d and %d bytes", least, most)
		}
		*field(c) = n
		return nil
	}}
}

func setPasswordHashes(c *Config, v string) error {
	if v == "auto" {
		c.Limits.PasswordHashes = runtime.GOMAXPROCS(0)
		return nil
	}
	n, err := strconv.Atoi(v)
	if err != nil || n < 1 || n > 1024 {
		return fmt.Errorf("it must be auto or a whole number between 1 and 1024")
	}
	c.Limits.PasswordHashes = n
	return nil
}

func countText(n int) (string, bool) { return strconv.Itoa(n), n > 0 }
