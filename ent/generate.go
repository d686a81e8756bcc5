// Package ent holds the tables (schema), their migrations and the generator.
// The generated client is in ent/generated, imported everywhere as ent.
package ent

//go:generate go run entc.go
