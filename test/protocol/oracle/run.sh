#!/usr/bin/env bash
# Has npm packages verify a webhook we signed, take and read a mail we sent, and make the callbacks of a call. They are installed below build/oracle,
# never in the tree; where they cannot be had, the check is skipped with a line that says so, and fails in CI.
# Usage: test/protocol/oracle/run.sh [BUILD_DIRECTORY], which holds bin/wire-sample, bin/mail-sample and bin/call-sample
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

# An authority and a server's certificate for 127.0.0.1, made anew so that none is kept and none runs out.
make_certificates() {
  local folder=$1
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=Oracle authority" \
    -keyout "$folder/ca.key" -out "$folder/ca.crt" 2>/dev/null
  openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=Oracle server" \
    -keyout "$folder/server.key" -out "$folder/server.csr" 2>/dev/null
  openssl x509 -req -in "$folder/server.csr" -CA "$folder/ca.crt" -CAkey "$folder/ca.key" -CAcreateserial -days 2 \
    -extfile <(echo "subjectAltName=IP:127.0.0.1") -out "$folder/server.crt" 2>/dev/null
}

for sample in wire-sample mail-sample call-sample; do
  [[ -x $build/bin/$sample ]] || {
    echo "oracle: $build/bin/$sample is not built" >&2
    exit 1
  }
done
if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
  skip "node or npm is not installed"
fi

mkdir -p "$packages/tls"
if [[ ! -d $packages/node_modules/twilio ]] || ! cmp -s "$here/package-lock.json" "$packages/package-lock.json"; then
  cp "$here/package.json" "$here/package-lock.json" "$packages/"
  (cd "$packages" && timeout 120 npm ci --no-audit --no-fund --ignore-scripts >"$packages/npm.log" 2>&1) || {
    rm -rf "$packages/node_modules"
    skip "the npm packages are not available, see build/oracle/npm.log"
  }
fi
"$build/bin/wire-sample" "$(date +%s)" | node "$here/verify.mjs" "$packages"
node "$here/call.mjs" "$packages" "$build/bin/call-sample"
make_certificates "$packages/tls"
node "$here/mail.mjs" "$packages" "$build/bin/mail-sample" "$packages/tls"
