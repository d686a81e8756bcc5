package graph

import (
	"kabinet/internal/account"
	"kabinet/internal/order/after"
)

// claimChallenge shows the challenge of a claim; it never says how the code
// went.
func claimChallenge(c *after.Asked) *account.Challenge {
	if c == nil {
		return nil
	}
	kind := account.ChallengeKind(c.Kind)
	return &account.Challenge{ID: c.ID, Kind: kind, Methods: []account.ChallengeKind{account.ChallengeKindEmailCode, account.ChallengeKindSmsCode}, ExpiresAt: c.ExpiresAt}
}
