#!/usr/bin/env bash
# Every test there is, on a machine that has Go and Node and nothing else.
# The last line is "N passed, N failed", with ", N skipped" when some were.
set -euo pipefail
cd "$(dirname "$0")/.."

die() { echo "make test: $*" >&2; exit 1; }
command -v go >/dev/null || die 'Go is missing; go.mod names the version (https://go.dev/dl)'
command -v npm >/dev/null || die 'Node 20 or newer with npm is missing (https://nodejs.org)'
node_major=$(node -p 'process.versions.node.split(".")[0]')
((node_major >= 20)) || die "Node 20 or newer is needed, this is $(node --version)"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
exec </dev/null
export CGO_ENABLED=0 # see the Makefile
status=0
echo 0 0 0 >"$work/go"
echo 0 0 0 >"$work/node"

# pdftotext reads papers back in tests: Debian's, fetched when it is not there.
if ! command -v pdftotext >/dev/null; then
	command -v apt-get >/dev/null || die 'pdftotext is missing (Debian: apt-get install poppler-utils; macOS: brew install poppler)'
	echo 'installing poppler-utils by apt-get'
	root=()
	((EUID == 0)) || root=(sudo -n)
	{ "${root[@]}" apt-get update -qq && DEBIAN_FRONTEND=noninteractive "${root[@]}" apt-get install -qq -y --no-install-recommends poppler-utils >/dev/null; } ||
		die 'poppler-utils could not be installed'
fi

echo '== Go, on SQLite and PostgreSQL =='
go build -C tools -o "$work/testsum" ./testsum
export KABINET_TEST_REQUIRE_POSTGRES=1
{
	go test -C tools -json ./testsum &&
		go run ./internal/store/pgtest -- go test -C bench -json -timeout 20m ./... && # bench/chaos builds Kabinet twice and starts a server of its own; this installs one
		go run ./internal/store/pgtest -- go test -json -timeout 30m ./... &&
		env -u KABINET_TEST_REQUIRE_POSTGRES tools/equality.sh -json
} | "$work/testsum" -counts "$work/go" || status=1
unset KABINET_TEST_REQUIRE_POSTGRES

echo '== npm clients, on the built binary =='
# A browser for conformance/browser.test.mjs: Debian's, fetched when none is there.
browser() {
	[[ -n ${KABINET_CHROMIUM:-} ]] && return
	local name
	for name in chromium chromium-browser google-chrome; do
		[[ -x /usr/bin/$name ]] && return
	done
	command -v apt-get >/dev/null || { echo 'no Chromium: install it, or name one by KABINET_CHROMIUM' >&2; return 1; }
	echo 'installing Chromium by apt-get'
	local root=()
	((EUID == 0)) || root=(sudo -n)
	"${root[@]}" apt-get update -qq && DEBIAN_FRONTEND=noninteractive "${root[@]}" apt-get install -qq -y --no-install-recommends chromium >/dev/null
}

installed() {
	[[ ! package-lock.json -nt node_modules/.package-lock.json ]] || npm ci --no-audit --no-fund
}

# The npm package clients/live: built, for conformance/live.test.mjs too, what
# its README shows compiled, its own tests told.
live() {
	cd clients/live
	installed && npm run --silent build && npm run --silent check || return 1
	node --test --test-timeout=60000 --test-reporter=spec --test-reporter-destination=stdout \
		--test-reporter=tap --test-reporter-destination="$work/tap-live" test/*.test.mjs
}

# Node counts for itself: the lines "# pass N" at the end of its TAP report.
conformance() {
	go build -o "$work/kabinet" . || return 1
	local failed=0
	(live) || failed=1
	cd conformance
	installed || return 1
	browser || return 1
	export KABINET_BIN="$work/kabinet"
	local run=(node --test --test-concurrency=1 --test-timeout=180000
		--test-reporter=spec --test-reporter-destination=stdout --test-reporter=tap)
	"${run[@]}" --test-reporter-destination="$work/tap-sqlite" ./*.test.mjs || failed=1
	go run ../internal/store/pgtest -- "${run[@]}" --test-reporter-destination="$work/tap-postgres" ./ws.test.mjs || failed=1
	awk '$1 == "#" && NF == 3 { n[$2] += $3 }
		END { print n["pass"] + 0, n["fail"] + n["cancelled"] + 0, n["skipped"] + n["todo"] + 0 }' "$work"/tap-* >"$work/node"
	return $failed
}
if ! (conformance); then
	status=1
	read -r p f s <"$work/node"
	((f > 0)) || echo "$p 1 $s" >"$work/node" # it did not even begin
fi

read -r go_passed go_failed go_skipped <"$work/go"
read -r npm_passed npm_failed npm_skipped <"$work/node"
passed=$((go_passed + npm_passed)) failed=$((go_failed + npm_failed)) skipped=$((go_skipped + npm_skipped))
((status == 0 || failed > 0)) || failed=1
echo
line="$passed passed, $failed failed"
((skipped == 0)) || line+=", $skipped skipped"
echo "$line"
exit $status
