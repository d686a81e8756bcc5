package main

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/google/uuid"

	"kabinet/graph"
	"kabinet/internal/adapter/hook"
	"kabinet/internal/adapter/payment"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
	"kabinet/internal/web"
	"kabinet/internal/web/limit"
	"kabinet/internal/webhook"
)

// webhooksAtOnce is how many messages to systems outside an instance sends side
// by side.
const webhooksAtOnce = 16

// wireWebhooks builds what tells systems outside.
func (k *kabinet) wireWebhooks(sealer *store.Sealer) {
	guard := &hook.Guard{Allow: k.cfg.WebhookAllow}
	out := hook.NewOutgoing(hook.OutgoingOptions{Guard: guard, Sign: payment.Sign, Now: k.store.Now})
	k.webhooks = &webhook.Webhooks{
		Store: k.store, Sealer: sealer, Guard: guard.Check, StaffRole: k.people.StaffRole,
		Send: func(ctx context.Context, m webhook.Message) webhook.Reply {
			return webhook.Reply(out.Send(ctx, hook.Message(m)))
		},
		AsRole: func(ctx context.Context, role uuid.UUID) (viewer.Viewer, string, bool, error) {
			v, name, found, err := k.people.RoleViewer(ctx, role)
			v.Locale, v.TimeZone = k.cfg.Locale, k.cfg.TimeZone.String()
			return v, name, found, err
		},
	}
}

// openWebhooks lets them read the API, within the limits of everybody's
// queries.
func (k *kabinet) openWebhooks(schema graphql.ExecutableSchema, o web.Options) {
	const cache = 4 << 20
	documents := limit.NewDocuments(cache)
	exec := executor.New(schema)
	exec.SetQueryCache(documents)
	exec.SetParserTokenLimit(o.Limits.Tokens)
	exec.SetErrorPresenter(limit.Presenter(o.Present, true)) // members of staff read what a selection says wrong
	exec.Use(limit.Shape{Limits: o.Limits, Seen: documents})
	exec.Use(limit.Nodes{Limits: o.Limits})
	exec.Use(&limit.Inputs{Limits: o.Limits, Check: o.CheckCursor})
	exec.Use(limit.Timeout{Limits: o.Limits})
	exec.Use(limit.Errors{Limits: o.Limits})
	k.webhooks.Schema, k.webhooks.Admits = schema.Schema(), graph.Admits
	k.webhooks.Ask = func(ctx context.Context, selection string, variables map[string]any) (json.RawMessage, error) {
		ctx = graphql.StartOperationTrace(ctx)
		op, list := exec.CreateOperationContext(ctx, &graphql.RawParams{Query: selection, Variables: variables})
		if len(list) > 0 {
			return nil, errors.New(list[0].Message)
		}
		respond, ctx := exec.DispatchOperation(ctx, op)
		resp := respond(ctx)
		switch {
		case resp == nil:
			return nil, errors.New("it took too long")
		case len(resp.Errors) > 0:
			return nil, errors.New(resp.Errors[0].Message)
		}
		return resp.Data, nil
	}
}
