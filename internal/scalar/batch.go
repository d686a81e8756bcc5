package scalar

import "io"

// ErrorPolicy says what becomes of a batch when items of it are bad. It stands
// behind the SDL's enum of that name for all domains.
type ErrorPolicy string

// The policies.
const (
	RejectAll    ErrorPolicy = "REJECT_ALL"    // nothing is written when any item is refused
	RejectFailed ErrorPolicy = "REJECT_FAILED" // refused items are left out whole
	IgnoreFailed ErrorPolicy = "IGNORE_FAILED" // refused fields are left out where the rest can stand
)

// MarshalGQL writes the policy.
func (p ErrorPolicy) MarshalGQL(w io.Writer) { WriteEnum(w, p) }

// UnmarshalGQL reads a policy.
func (p *ErrorPolicy) UnmarshalGQL(v any) (err error) {
	*p, err = ReadEnum(v, RejectAll, RejectFailed, IgnoreFailed)
	return err
}

// UpsertOutcome is what became of one item of a batch, in all domains.
type UpsertOutcome string

// The outcomes.
const (
	UpsertCreated   UpsertOutcome = "CREATED"   // it is new
	UpsertUpdated   UpsertOutcome = "UPDATED"   // it was changed
	UpsertUnchanged UpsertOutcome = "UNCHANGED" // it was so already
	UpsertOutdated  UpsertOutcome = "OUTDATED"  // what is stored is newer
	UpsertRefused   UpsertOutcome = "REFUSED"   // a fault says why
	UpsertSkipped   UpsertOutcome = "SKIPPED"   // it was good; another was refused, and the policy is RejectAll
)

// MarshalGQL writes the outcome.
func (o UpsertOutcome) MarshalGQL(w io.Writer) { WriteEnum(w, o) }

// UnmarshalGQL reads an outcome.
func (o *UpsertOutcome) UnmarshalGQL(v any) (err error) {
	*o, err = ReadEnum(v, UpsertCreated, UpsertUpdated, UpsertUnchanged, UpsertOutdated, UpsertRefused, UpsertSkipped)
	return err
}
