#!/usr/bin/env bash
# Has two npm packages verify a webhook we signed. They are installed below build/oracle, never in the tree; where they
# cannot be had, the check is skipped with a line that says so, and fails in CI.
# Usage: test/protocol/oracle/run.sh [BUILD_DIRECTORY], which holds bin/wire-sample
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../../.." && pwd)
readonly here root
readonly build=${1:-$root/build/release}
readonly packages=$root/build/oracle

skip() {
  if [[ -n ${CI:-} ]]; then
    echo "oracle: FAILED: $1" >&2
    exit 1
  fi
  echo "oracle: skipped ($1)"
  exit 0
}

[[ -x $build/bin/wire-sample ]] || {
  echo "oracle: $build/bin/wire-sample is not built" >&2
  exit 1
}
if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
  skip "node or npm is not installed"
fi

mkdir -p "$packages"
if [[ ! -d $packages/node_modules/svix ]] || ! cmp -s "$here/package-lock.json" "$packages/package-lock.json"; then
  cp "$here/package.json" "$here/package-lock.json" "$packages/"
  (cd "$packages" && timeout 120 npm ci --no-audit --no-fund --ignore-scripts >"$packages/npm.log" 2>&1) || {
    rm -rf "$packages/node_modules"
    skip "the npm packages are not available, see build/oracle/npm.log"
  }
fi
"$build/bin/wire-sample" "$(date +%s)" | node "$here/verify.mjs" "$packages"
