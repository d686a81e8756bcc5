// Package account owns people: how they register, sign in and are known, their addresses,
// preferences and sessions, memberships and roles. It writes users, identities,
// contact_points, sessions, addresses, companies, roles and memberships, and
// never sends mail itself.
package account
