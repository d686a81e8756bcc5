#!/usr/bin/env bash
# golangci-lint in the version tools/go.mod pins. Building it takes minutes, so
# it is kept beside Go's build cache, by its version and that of the compiler.
set -euo pipefail
cd "$(dirname "$0")/.."

version=$(go list -C tools -m -f '{{.Version}}' github.com/golangci/golangci-lint/v2)
dir=$(dirname "$(go env GOCACHE)")/kabinet-tools
mkdir -p "$dir" 2>/dev/null && [[ -w $dir ]] || { dir=$PWD/.cache/tools && mkdir -p "$dir"; }
linter=$dir/golangci-lint-$version-$(go env GOVERSION)
if [[ ! -x $linter ]]; then
	echo "make lint: building golangci-lint $version, once"
	nice go build -C tools -trimpath -o "$linter.$$" github.com/golangci/golangci-lint/v2/cmd/golangci-lint
	mv "$linter.$$" "$linter"
fi
"$linter" run ./... </dev/null
(cd bench && "$linter" run --config ../.golangci.yml ./... </dev/null)
(cd tools && "$linter" run --config ../.golangci.yml ./... </dev/null)
