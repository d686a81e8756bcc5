#!/usr/bin/env bash
# Holds the code that graph/generate worked over against gqlgen's own: tells all
# stories with each, without compiled reads, and wants the same answers, byte for
# byte. Arguments go to go test.
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export KABINET_TEST_COMPILED_READS=false
KABINET_STORY_RECORD=$work/answers go test "$@" -count=1 -run '^TestStories$' .
go run ./graph/generate -raw "$work" >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
different=0
{
	echo '{"Replace": {'
	comma=
	for file in graph/generated/*.go; do # the files of graph/generate alone stay: nothing calls them
		[[ -e $work/$file ]] || continue
		cmp -s "$file" "$work/$file" || different=$((different + 1))
		printf '%s"%s": "%s"' "$comma" "$PWD/$file" "$work/$file"
		comma=$',\n'
	done
	echo '}}'
} >"$work/overlay.json"
((different >= 10)) || { echo "tools/equality.sh: only $different files differ from gqlgen's own" >&2; exit 1; }
KABINET_STORY_COMPARE=$work/answers go test "$@" -count=1 -overlay "$work/overlay.json" -run '^(TestStories|TestBrokenElements)$' . ./graph
