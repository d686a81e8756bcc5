package social

import (
	"kabinet/internal/account"
	"kabinet/internal/scalar"
)

// The inputs and views of the SDL that this room takes; field by field they
// are described in schema/account_social.graphqls.

// SignInProvider is an outside provider as everybody sees it.
type SignInProvider struct {
	// Its name, to be given to startProviderSignIn and linkIdentity.
	Name string
	// Its name to show.
	Label string
	// Which sign to draw.
	Icon string
}

// StartProviderSignInInput is the input of startProviderSignIn.
type StartProviderSignInInput struct {
	// The name of a provider.
	Provider string
	// Where the browser goes in the end.
	ReturnTo *string
	// How the session should travel.
	Mode *account.SessionMode
}

// FinishProviderSignInInput is the input of finishProviderSignIn.
type FinishProviderSignInInput struct {
	// The id of startProviderSignIn.
	ChallengeID scalar.ID
	// The binding of startProviderSignIn.
	Binding string
	// code of the fragment.
	Code string
	// state of the fragment.
	State string
	// iss of the fragment, where there is one.
	Issuer *string
}

// ConfirmIdentityLinkInput is the input of confirmIdentityLink.
type ConfirmIdentityLinkInput struct {
	// The challenge of finishProviderSignIn.
	ChallengeID scalar.ID
	// The binding of startProviderSignIn.
	Binding string
	// The password of the account that has the address.
	Password *string
	// The code sent to the address.
	Code *string
}

// LinkIdentityInput is the input of linkIdentity.
type LinkIdentityInput struct {
	// The name of a provider.
	Provider string
	// Where the browser goes in the end.
	ReturnTo *string
}

// FinishLinkIdentityInput is the input of finishLinkIdentity.
type FinishLinkIdentityInput struct {
	// The id of linkIdentity.
	ChallengeID scalar.ID
	// The binding of linkIdentity.
	Binding string
	// code of the fragment.
	Code string
	// state of the fragment.
	State string
	// iss of the fragment, where there is one.
	Issuer *string
}

// UnlinkIdentityInput is the input of unlinkIdentity.
type UnlinkIdentityInput struct {
	// The identity.
	IdentityID scalar.ID
}

// Begun is a way to a provider that has been begun.
type Begun struct {
	AuthorizationURL string
	ChallengeID      scalar.ID
	Binding          string // shown this once
}
