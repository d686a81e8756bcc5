#!/usr/bin/env bash
# Holds the code that graph/generate worked over against gqlgen's own: tells all
# stories with each and wants the same answers, byte for byte. Arguments go to
# go test. With KABINET_STORY_COMPARE the answers of the first are there already.
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if [[ -z ${KABINET_STORY_COMPARE:-} ]]; then
	KABINET_STORY_RECORD=$work/answers go test "$@" -count=1 -run '^TestStories$' .
	export KABINET_STORY_COMPARE=$work/answers
fi
unset KABINET_STORY_RECORD

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
go test "$@" -count=1 -overlay "$work/overlay.json" -run '^TestStories$' .
