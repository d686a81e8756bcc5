// Package account owns people: how they register, sign in and are known, their
// addresses, preferences and sessions, memberships and roles, and the letters
// that prove an address. It alone writes users, identities, contact_points,
// sessions, addresses, companies, roles and memberships; through store also
// challenges and rate_limits. It never opens an SMTP connection itself and
// knows nothing of HTTP: server.go hands it a func to send by, and turns
// requests into Callers.
package account
