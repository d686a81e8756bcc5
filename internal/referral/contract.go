package referral

import (
	"time"

	"kabinet/internal/scalar"
)

// The inputs and views of the SDL that this domain takes and gives; field by
// field they are described in schema/.

// ClaimReferralInput is the input of claimReferral.
type ClaimReferralInput struct {
	// The code of the friend's link; giving it again gives the same answer.
	Code string
}

// RejectReferralInput is the input of rejectReferral.
type RejectReferralInput struct {
	// The referral.
	ID scalar.ID
	// Why; kept, 1 to 500 characters.
	Reason string
}

// SaveReferralProgramInput is the input of saveReferralProgram, whole: what it says replaces what is stored.
type SaveReferralProgramInput struct {
	// The revision that was read; 0 where there is none. Another one is STALE_OBJECT.
	Revision int
	// Whether friends can be brought now.
	IsActive bool
	// Its texts, one a language.
	Texts []*scalar.Translation
	// The programme of the points; the default one when absent.
	ProgramID *scalar.ID
	// Points for who brings a friend, 0 or more.
	AdvocatePoints int64
	// Points for the friend, 0 or more.
	FriendPoints int64
	// What the friend's first order must come to; anything when absent.
	MinimumOrder *scalar.MoneyInput
	// So many friends are rewarded in capDays, at most; any number when absent.
	CapCount *int
	// The days that capCount counts in, 1 to 366.
	CapDays *int
	// Days from the code to the first paid order, 1 to 366.
	WindowDays *int
	// Days after registration for which a code can be given, 0 to 366.
	ClaimDays *int
	// Days from the payment to the reward, 0 to 366.
	ReturnDays *int
}

// ReferralFilter narrows a list of friends that were brought.
type ReferralFilter struct {
	// In one of these states.
	Status []ReferralStatus
	// Brought by this customer; for staff.
	AdvocateID *scalar.ID
	// Suspicious ones only; for staff.
	Suspicious *bool
}

// ReferralInvitation is the invitation that a person came by.
type ReferralInvitation struct {
	// Who invited, masked.
	AdvocateName string
	// Where it stands.
	Status ReferralStatus
	// Points that the person gets, or got.
	Points int64
	// The first paid order must come before.
	ExpiresAt time.Time
}

// ReferralLink is a link to bring friends by.
type ReferralLink struct {
	// The code, to be typed in.
	Code string
	// The link, to be sent.
	URL string
	// When it was made.
	CreatedAt time.Time
}

// ReferralStatistics is what came of a link.
type ReferralStatistics struct {
	// Friends who gave the code, whatever became of them.
	Invited int
	// Those who proved their address.
	Registered int
	// Those who paid for an order.
	Ordered int
	// Those for whom there was a reward.
	Rewarded int
	// Points received for them.
	PointsEarned int64
}

// Page is which part of a list is wanted; see ent's Paginate.
type Page struct {
	After, Before *scalar.Cursor
	First, Last   *int
}
