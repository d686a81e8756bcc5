package graph

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

	gql "kabinet/graph/generated"
	"kabinet/internal/account"
	"kabinet/internal/locale"
	"kabinet/internal/scalar"
	"kabinet/internal/viewer"
)

// warnings puts what a verb warns of into the caller's language.
func warnings(ctx context.Context, codes []string) []*gql.Warning {
	list := make([]*gql.Warning, len(codes))
	for i, code := range codes {
		list[i] = &gql.Warning{Code: gql.WarningCode(code), Message: locale.Text(viewer.From(ctx).Locale, "account.warning."+code, nil)}
	}
	return list
}

// idOf is the id at the edge of a plain reference; nil for none.
func idOf(prefix string, id *uuid.UUID) *scalar.ID {
	if id == nil {
		return nil
	}
	return &scalar.ID{Prefix: prefix, UUID: *id}
}

// JustSignedIn is a field middleware: what is selected of the person whom
// signIn or confirmContact has just signed in is read as that person, for the
// request itself came from nobody.
func JustSignedIn(ctx context.Context, next graphql.Resolver) (any, error) {
	fc := graphql.GetFieldContext(ctx)
	if fc == nil || fc.Object != "SignInPayload" && fc.Object != "ConfirmContactPayload" {
		return next(ctx)
	}
	var session *account.IssuedSession
	switch p := fc.Parent.Result.(type) {
	case *gql.SignInPayload:
		session = p.Session
	case *gql.ConfirmContactPayload:
		session = p.Session
	}
	if session == nil {
		return next(ctx)
	}
	return next(account.As(ctx, session.Session.UserID, session.Session.ID))
}
