package desk

import (
	"context"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/internal/account"
)

// Done is what an act upon a person came to; what the act does not give is nil.
type Done struct {
	User          *ent.User
	Created       *bool                  // of CreateUser: whether it made the person
	Slip          *CredentialSlip        // of IssueCredentials
	Session       *account.IssuedSession // of ActFor
	Removed       *int                   // of ResetSecondFactor: factors and passkeys
	EndedSessions *int
}

// with adds the person after the act, within the caller's fence, with what a
// payload's field user shows of him.
func (d *Desk) with(ctx context.Context, done Done, id uuid.UUID) (Done, error) {
	u, err := d.People.Person(ctx, id)
	if err != nil {
		return Done{}, err
	}
	done.User = u
	return done, nil
}
