// Package migrations embeds the numbered SQL of both dialects. Files are made
// by `make migration name=…`, forward only, and never edited once released.
package migrations

import "embed"

// Postgres holds postgres/*.sql.
//
//go:embed postgres
var Postgres embed.FS

// SQLite holds sqlite/*.sql.
//
//go:embed sqlite
var SQLite embed.FS
