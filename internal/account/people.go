package account

import (
	"context"

	"kabinet/internal/live"
	"kabinet/internal/store"
)

// Mailer hands a letter to the queue in the caller's transaction.
type Mailer func(ctx context.Context, tx *store.Tx, letter Letter) error

// Letter is what a template is rendered from; it holds ids, never a code: the
// job opens the sealed challenge itself.
type Letter struct {
	ChallengeID string `json:"challengeId"`
	Template    string `json:"template"`
	Locale      string `json:"locale"`
}

// People is the service of this domain.
type People struct {
	Store   *store.Store
	Streams *live.Streams
	Mail    Mailer
}
