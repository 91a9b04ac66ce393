#!/usr/bin/env bash
# The Debian packages that hold what the given programs load when they start, one a line. What they read otherwise, certificates
# and time zones, is not among them.
# Usage: deploy/runtime-packages.sh PROGRAM...
set -euo pipefail

fail() {
  echo "runtime-packages: $1" >&2
  exit 1
}

# Debian 12 has /lib in /usr/lib; a package may know its files by either name.
package_of() {
  local path=${1#/usr}
  dpkg-query -S "$path" 2>/dev/null || dpkg-query -S "/usr$path" 2>/dev/null || fail "no package has $1"
}

(($# > 0)) || fail "which programs?"
needed=$(ldd "$@")
[[ $needed != *"not found"* ]] || fail "a library is missing: $needed"
found=$(awk '/=> \// { print $3 }' <<<"$needed" | sort -u | while read -r path; do package_of "$path"; done)
[[ -n $found ]] || fail "these programs load nothing"
cut -d: -f1 <<<"$found" | sort -u
