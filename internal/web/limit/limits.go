// Package limit owns the numbers of the HTTP edge and the checks that refuse
// an operation because of its size or shape, as extensions of gqlgen. It looks
// at documents and variables only: it never runs a resolver, reads no table
// and knows no transport.
package limit

import "time"

// Limits are all numbers of the edge. Sizes are bytes. Zero is never
// "unlimited", but for RateNodes: take DefaultLimits and change what must
// differ.
type Limits struct {
	// One request. The Bulk numbers hold for integration callers.
	Body, BulkBody   int64
	Query, BulkQuery time.Duration // of a query or mutation; a stream has none

	// The document, checked before validation.
	Tokens        int
	TrustedTokens int // of a document of the manifest
	Depth         int // edges, node and nodes are not counted
	Aliases       int
	RootFields    int
	SameKey       int // the same response key in one merged selection set
	Directives    int
	Selections    int // fields after all fragments are spread

	// Lists.
	Page        int // greatest first or last
	DefaultPage int // when neither is said
	PlainList   int // nodes a list without first and last counts as
	Nodes       int
	IDs         int // greatest list of ids in an argument

	// Variables.
	VariableDepth                      int
	VariableValues, BulkVariableValues int // scalars, lists, objects and keys

	Errors int // in one answer

	// What one caller may ask for over time, in nodes.
	RateNodes     int // a person gets each second; 0: no rates
	RateBurst     int // a person can save up
	RateAnonymous int // so many times less of both for an address of nobody
	RateBulk      int // so many times more of both for an integration
	RateQuery     int // the least a root field of a query costs
	RateMutation  int // the same of a mutation, and of a subscription
	RateCallers   int // whose use is remembered

	Anonymous     int           // operations of nobody that run at once
	AnonymousWait time.Duration // for a free place

	// Sockets.
	SocketInit      time.Duration // until connection_init
	SocketPing      time.Duration
	SocketWrite     time.Duration // until a stalled client is cut off
	SocketMessage   int64
	SocketRate      int // messages a second, with a burst of three seconds
	SocketsPerUser  int
	SocketsPerIP    int // of callers who have not signed in
	Sockets         int
	Operations      int           // running on one socket
	SessionInterval time.Duration // between looks at the sessions of open sockets

	// Caches.
	QueryCache, PersistedCache int // bytes held, estimated

	// The listener.
	HeaderBytes         int
	ReadHeader          time.Duration
	ReadBody, BulkRead  time.Duration
	Idle, Drain         time.Duration
	ReadyCheck, ReadyOK time.Duration // one check's time-out; how long a result holds
}

// DefaultLimits are the "Numbers for us" of docs/security.md.
func DefaultLimits() Limits {
	return Limits{
		Body: 128 << 10, BulkBody: 8 << 20,
		Query: 5 * time.Second, BulkQuery: 60 * time.Second,

		Tokens: 1000, TrustedTokens: 4000, Depth: 10, Aliases: 15, RootFields: 10,
		SameKey: 20, Directives: 20, Selections: 5000,

		Page: 100, DefaultPage: 20, PlainList: 20, Nodes: 10_000, IDs: 100,

		VariableDepth: 10, VariableValues: 2000, BulkVariableValues: 200_000,

		Errors: 10,

		RateNodes: 2000, RateBurst: 20_000, RateAnonymous: 4, RateBulk: 10,
		RateQuery: 5, RateMutation: 25, RateCallers: 65_536,

		Anonymous: 32, AnonymousWait: 2 * time.Second,

		SocketInit: 3 * time.Second, SocketPing: 25 * time.Second,
		SocketWrite: 5 * time.Second, SocketMessage: 64 << 10, SocketRate: 50,
		SocketsPerUser: 10, SocketsPerIP: 100, Sockets: 20_000, Operations: 50,
		SessionInterval: 2 * time.Second,

		QueryCache: 32 << 20, PersistedCache: 4 << 20,

		HeaderBytes: 32 << 10, ReadHeader: 5 * time.Second,
		ReadBody: 15 * time.Second, BulkRead: 60 * time.Second,
		Idle: 2 * time.Minute, Drain: 30 * time.Second,
		ReadyCheck: 2 * time.Second, ReadyOK: time.Second,
	}
}
