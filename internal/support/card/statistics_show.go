package card

import "fmt"

// shown are the sums as figures: means and shares, rounded half up.
func (c *counted) shown() *SupportFigures {
	return &SupportFigures{
		Opened: int(c.opened), Closed: int(c.closed), Reopened: int(c.reopened), Replies: int(c.replies),
		FirstReply: c.first.shown(), Resolution: c.resolved.shown(),
		Breaches:     &SupportBreaches{FirstReply: int(c.missedFirst), NextReply: int(c.missedNext), Resolution: int(c.missedResolve)},
		Satisfaction: satisfaction(c.scored, c.scores, c.good),
	}
}

func (t timed) shown() *SupportTimes {
	v := &SupportTimes{Count: int(t.count)}
	if t.count > 0 {
		v.AverageSeconds, v.WithinTargetBasisPoints = share(t.sum, t.count), share(t.kept*10_000, t.count)
	}
	if t.middles > 0 {
		v.MedianSeconds = share(t.middle, t.middles)
	}
	return v
}

// satisfaction is a mean with two digits and the share of the content.
func satisfaction(scored, scores, good int64) *SupportSatisfaction {
	v := &SupportSatisfaction{Answers: int(scored)}
	if scored > 0 {
		hundredths := *share(scores*100, scored)
		average := fmt.Sprintf("%d.%02d", hundredths/100, hundredths%100)
		v.Average, v.GoodBasisPoints = &average, share(good*10_000, scored)
	}
	return v
}

// share divides what is not negative, rounded half up.
func share(sum, by int64) *int {
	n := int((2*sum + by) / (2 * by))
	return &n
}
