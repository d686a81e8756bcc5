package graph

import (
	"context"
	"reflect"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

	"kabinet/ent/generated/session"
	gql "kabinet/graph/generated"
	"kabinet/internal/account"
	"kabinet/internal/gather"
	"kabinet/internal/locale"
	"kabinet/internal/notify"
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

// JustSignedIn is a field middleware: what is selected of the person whom a
// mutation has just signed in is read as that person, for the request itself
// came from nobody, or from whom it was no more.
func JustSignedIn(ctx context.Context, next graphql.Resolver) (any, error) {
	fc := graphql.GetFieldContext(ctx)
	if fc == nil || fc.Parent == nil || !strings.HasSuffix(fc.Object, "Payload") {
		return next(ctx)
	}
	if s := issuedIn(fc.Parent.Result); s != nil {
		ctx = account.As(ctx, s.Session.UserID, s.Session.ID)
	}
	return next(ctx)
}

// PlaceFirst is a field middleware: where a person is asked for streamPosition,
// it is read before anything else of him. Fields are resolved side by side, and
// what happened between a list and a place read after it would be in neither.
func PlaceFirst(inbox *notify.Inbox) graphql.FieldMiddleware {
	return func(ctx context.Context, next graphql.Resolver) (any, error) {
		if placed(ctx) {
			var err error
			if ctx, err = inbox.Placed(ctx); err != nil {
				return nil, err
			}
		}
		return next(ctx)
	}
}

// placed says whether the present field is a person who is asked for his place
// in the stream, or a mutation that answers with one.
func placed(ctx context.Context) bool {
	fc := graphql.GetFieldContext(ctx)
	if fc == nil || fc.Field.Definition == nil {
		return false
	}
	switch fc.Field.Definition.Type.Name() {
	case "User", "Node":
		return gather.Selects(ctx, "streamPosition")
	}
	return fc.Object == "Mutation" && gather.Selects(ctx, "user", "streamPosition")
}

// issuedIn is the session that a payload gives; nil for none.
func issuedIn(payload any) *account.IssuedSession {
	v := reflect.ValueOf(payload)
	if v.Kind() != reflect.Pointer || v.IsNil() || v.Elem().Kind() != reflect.Struct {
		return nil
	}
	f := v.Elem().FieldByName("Session")
	if !f.IsValid() {
		return nil
	}
	s, _ := f.Interface().(*account.IssuedSession)
	if s != nil && s.Session.Kind == session.KindACTING { // the caller stays who he is, and sees what he may
		return nil
	}
	return s
}
