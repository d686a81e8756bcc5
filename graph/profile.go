package graph

import (
	gql "kabinet/graph/generated"
	"kabinet/internal/profile"
)

// organisationPayload is what updateOrganisation gives; nothing where it was refused.
func organisationPayload(done *profile.ChangedOrganisation, userErrors []*gql.UserError) *gql.UpdateOrganisationPayload {
	p := &gql.UpdateOrganisationPayload{UserErrors: userErrors}
	if done != nil {
		p.Organisation, p.Revision = done.Organisation, &done.Revision
	}
	return p
}
