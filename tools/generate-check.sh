#!/usr/bin/env bash
# Generates anew, in place, and shows what became different. It compares with
# the files as they were, not with the last commit, so it can be asked before one.
set -euo pipefail
cd "$(dirname "$0")/.."

watched=(ent/generated graph go.mod go.sum)
before=$(mktemp -d)
trap 'rm -rf "$before"' EXIT
cp -R --parents "${watched[@]}" "$before" 2>/dev/null ||
	for path in "${watched[@]}"; do mkdir -p "$before/$(dirname "$path")" && cp -R "$path" "$before/$path"; done # no GNU cp

make --no-print-directory generate </dev/null
changed=0
for path in "${watched[@]}"; do
	diff -ruN "$before/$path" "$path" || changed=1
done
if ((changed)); then
	echo 'make generate-check: the generated code is not what ent/schema and schema/*.graphqls make; run make generate and commit it' >&2
	exit 1
fi
echo 'make generate-check: nothing changed'
