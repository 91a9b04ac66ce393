#!/usr/bin/env bash
# Has a validating mock judge the requests we make of Autotask by the vendor's description of its API. That file is not
# part of this project: RINGDOWN_AUTOTASK_SPEC says where one is, else it is looked for beside the project. Without it, or
# without the npm package (installed below build/oracle, never in the tree), the check is skipped with a line that says so.
# Usage: test/protocol/oracle/contract/run.sh [BUILD_DIRECTORY], which holds bin/autotask-sample
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../../../.." && pwd)
readonly here root
readonly build=${1:-$root/build/release}
readonly packages=$root/build/oracle/contract
readonly description=${RINGDOWN_AUTOTASK_SPEC-$root/../shared/specs/autotask.json}

skip() {
  echo "contract: skipped ($1)"
  exit 0
}

[[ -n $description ]] || skip "RINGDOWN_AUTOTASK_SPEC is empty"
[[ -r $description ]] || skip "no description at $description"
[[ -x $build/bin/autotask-sample ]] || {
  echo "contract: $build/bin/autotask-sample is not built" >&2
  exit 1
}
if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
  skip "node or npm is not installed"
fi

mkdir -p "$packages"
if [[ ! -d $packages/node_modules/@stoplight/prism-cli ]] || ! cmp -s "$here/package-lock.json" "$packages/package-lock.json"; then
  cp "$here/package.json" "$here/package-lock.json" "$packages/"
  (cd "$packages" && timeout 180 npm ci --no-audit --no-fund --ignore-scripts >"$packages/npm.log" 2>&1) || {
    rm -rf "$packages/node_modules"
    skip "the npm packages are not available, see build/oracle/contract/npm.log"
  }
fi
"$build/bin/autotask-sample" | node "$here/verify.mjs" "$packages" "$description"
