#!/usr/bin/env bash
# The bench on a machine that has Go and npm and nothing else. Without
# arguments: the whole comparison, then a profile. Any argument goes to the
# bench in place of that; see bench/README.md.
set -euo pipefail
cd "$(dirname "$0")/.."

die() { echo "make bench: $*" >&2; exit 1; }
command -v go >/dev/null || die 'Go is missing; go.mod names the version (https://go.dev/dl)'
command -v npm >/dev/null || die 'npm is missing (https://nodejs.org); PostGraphile and the Node.js it needs come by it'

go run ./internal/store/pgtest -- true # installs PostgreSQL where there is none
cd bench
if [[ postgraphile/package-lock.json -nt postgraphile/node_modules/.package-lock.json ]]; then
	(cd postgraphile && npm ci --omit=dev --no-audit --no-fund)
fi
mkdir -p .cache
go build -o .cache/bench .
if (($#)); then
	exec .cache/bench "$@"
fi
.cache/bench -write
.cache/bench -write -profile -scenarios dashboard
