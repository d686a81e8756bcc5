package graph

import (
	"context"
	"slices"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"
	"github.com/vektah/gqlparser/v2/ast"

	gql "kabinet/graph/generated"
	"kabinet/internal/fault"
	"kabinet/internal/viewer"
)

// staffPermissions says which cell of resource x operation each permission is.
var staffPermissions = map[gql.StaffPermission]viewer.Permission{
	gql.StaffPermissionUsersRead:      {Resource: "user", Operation: "read"},
	gql.StaffPermissionUsersWrite:     {Resource: "user", Operation: "write"},
	gql.StaffPermissionUsersAct:       {Resource: "user", Operation: "act"},
	gql.StaffPermissionOrdersRead:     {Resource: "order", Operation: "read"},
	gql.StaffPermissionOrdersWrite:    {Resource: "order", Operation: "write"},
	gql.StaffPermissionBonusesRead:    {Resource: "bonus", Operation: "read"},
	gql.StaffPermissionBonusesWrite:   {Resource: "bonus", Operation: "write"},
	gql.StaffPermissionBonusesApprove: {Resource: "bonus", Operation: "approve"},
	gql.StaffPermissionMarketingRead:  {Resource: "marketing", Operation: "read"},
	gql.StaffPermissionMarketingWrite: {Resource: "marketing", Operation: "write"},
	gql.StaffPermissionWalletsRead:    {Resource: "wallet", Operation: "read"},
	gql.StaffPermissionWalletsWrite:   {Resource: "wallet", Operation: "write"},
	gql.StaffPermissionTicketsRead:    {Resource: "ticket", Operation: "read"},
	gql.StaffPermissionTicketsWrite:   {Resource: "ticket", Operation: "write"},
	gql.StaffPermissionSupportRead:    {Resource: "support", Operation: "read"},
	gql.StaffPermissionSupportWrite:   {Resource: "support", Operation: "write"},
	gql.StaffPermissionArticlesRead:   {Resource: "article", Operation: "read"},
	gql.StaffPermissionArticlesWrite:  {Resource: "article", Operation: "write"},
	gql.StaffPermissionMessagingRead:  {Resource: "messaging", Operation: "read"},
	gql.StaffPermissionMessagingWrite: {Resource: "messaging", Operation: "write"},
	gql.StaffPermissionAuditRead:      {Resource: "audit_entry", Operation: "read"},
	gql.StaffPermissionWebhooksRead:   {Resource: "webhook", Operation: "read"},
	gql.StaffPermissionWebhooksWrite:  {Resource: "webhook", Operation: "write"},
}

var companyPermissions = map[gql.CompanyPermission]viewer.Permission{
	gql.CompanyPermissionOrdersRead:   {Resource: "order", Operation: "read"},
	gql.CompanyPermissionOrdersWrite:  {Resource: "order", Operation: "write"},
	gql.CompanyPermissionTicketsRead:  {Resource: "ticket", Operation: "read"},
	gql.CompanyPermissionTicketsWrite: {Resource: "ticket", Operation: "write"},
}

// What the directive asks for besides.
var (
	errStepUp  = fault.New(fault.Locked, "STEP_UP_REQUIRED")
	errConfirm = fault.New(fault.Locked, "CONFIRMATION_REQUIRED")
)

// Access is the directive @access.
func Access(ctx context.Context, _ any, next graphql.Resolver, audience []gql.Audience, permission *gql.StaffPermission, company *gql.CompanyPermission, stepUp, pending, acting, locked *bool) (any, error) {
	v := viewer.From(ctx)
	is := func(b *bool) bool { return b != nil && *b }
	switch err := admit(ctx, v, audience, permission); {
	case err == nil:
	case is(locked) && viewer.LockedFrom(ctx) != nil:
		return next(ctx)
	default:
		return nil, err
	}
	switch {
	case v.Pending && !is(pending) && !slices.Contains(audience, gql.AudienceAnyone):
		return nil, errConfirm
	case v.ActingStaff != uuid.Nil && !is(acting) && mutates(ctx):
		return nil, fault.ErrForbidden
	case v.Represents && company == nil && isPersonal(ctx, audience):
		return nil, fault.ErrForbidden
	}
	if company != nil && v.SignedIn() && v.OwnerID != v.UserID {
		p := companyPermissions[*company]
		if v.Reach(p.Resource, p.Operation) == viewer.ReachNone {
			return nil, fault.ErrForbidden
		}
	}
	if is(stepUp) && !v.SteppedUp {
		return nil, errStepUp
	}
	return next(ctx)
}

// mutates says whether the operation changes anything: what staff do who act
// for a customer is refused unless the field says otherwise.
func mutates(ctx context.Context) bool {
	oc := graphql.GetOperationContext(ctx)
	return oc.Operation != nil && oc.Operation.Operation == ast.Mutation
}

// forRepresented are the mutations of customers without a company permission
// that may be called by who acts for a person whom he represents.
var forRepresented = map[string]bool{
	// They end or prove the session of the call, whoever it is used for.
	"signOut": true, "signOutEverywhere": true, "revokeSession": true, "unlockSession": true, "stepUp": true, "stopActing": true,
	// They ask the role for what is the represented person's: points, what they
	// buy, and his tickets.
	"redeemPoints": true, "holdPoints": true, "captureHold": true, "releaseHold": true, "exchangePoints": true, "transferPoints": true,
	"exchangeReward": true, "cancelRewardRedemption": true, "markTicketRead": true,
}

// isPersonal says whether the field changes what belongs to the caller himself.
// Who says that he acts for a person whom he represents means that one, and
// must not change, export or delete his own account instead.
func isPersonal(ctx context.Context, audience []gql.Audience) bool {
	f := graphql.GetFieldContext(ctx)
	return mutates(ctx) && f != nil && f.Object == "Mutation" && !forRepresented[f.Field.Name] &&
		slices.Contains(audience, gql.AudienceCustomer) && !slices.Contains(audience, gql.AudienceAnyone)
}

func admit(ctx context.Context, v viewer.Viewer, audience []gql.Audience, permission *gql.StaffPermission) error {
	for _, a := range audience {
		switch a {
		case gql.AudienceAnyone:
			return nil
		case gql.AudienceCustomer:
			if v.SignedIn() {
				return nil
			}
		case gql.AudienceStaff:
			if v.Staff && mayStaff(v, permission) {
				return nil
			}
		}
	}
	if v.SignedIn() {
		return fault.ErrForbidden
	}
	if reason := viewer.Reason(ctx); reason != nil {
		return reason
	}
	return fault.ErrUnauthenticated
}

// Admits says whether a caller may ask for a root field of a query, by the
// @access that stands at it. Not so for a field whose @access wants more than
// audience and permission.
func Admits(ctx context.Context, field *ast.FieldDefinition) bool {
	at := field.Directives.ForName("access")
	if at == nil {
		return false
	}
	var audience []gql.Audience
	var permission *gql.StaffPermission
	pending := false
	for _, a := range at.Arguments {
		switch a.Name {
		case "audience":
			for _, c := range a.Value.Children {
				audience = append(audience, gql.Audience(c.Value.Raw))
			}
		case "permission":
			p := gql.StaffPermission(a.Value.Raw)
			permission = &p
		case "pending":
			pending = a.Value.Raw == "true"
		case "acting", "locked": // of mutations
		default:
			return false
		}
	}
	v := viewer.From(ctx)
	if v.Pending && !pending && !slices.Contains(audience, gql.AudienceAnyone) {
		return false
	}
	return admit(ctx, v, audience, permission) == nil
}

func mayStaff(v viewer.Viewer, permission *gql.StaffPermission) bool {
	if permission == nil {
		return true
	}
	p, ok := staffPermissions[*permission]
	return ok && v.Reach(p.Resource, p.Operation) == viewer.ReachAll
}
