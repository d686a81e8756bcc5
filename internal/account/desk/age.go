package desk

import "time"

// The ages of the law, in years.
const (
	ageOfOwnActs       = 14 // below it a representative acts
	ageOfActingFor     = 18 // from it one may represent
	longestName        = 100
	longestNote        = 1000
	longestReason      = 500
	shortestReason     = 3
	mostContacts       = 10
	mostActingMinutes  = 60
	usualActingMinutes = 30
)

// birthday is the moment at which a person comes to an age: the beginning of
// the day where he lives. Who was born on 29 February has his birthday on 1
// March in years without one. False for no day or one that is none.
func birthday(birthOn *string, timeZone string, years int) (time.Time, bool) {
	if birthOn == nil {
		return time.Time{}, false
	}
	born, err := time.Parse(time.DateOnly, *birthOn)
	if err != nil {
		return time.Time{}, false
	}
	zone, err := time.LoadLocation(timeZone)
	if err != nil || timeZone == "Local" {
		zone = time.UTC
	}
	return time.Date(born.Year()+years, born.Month(), born.Day(), 0, 0, 0, 0, zone).UTC(), true
}
