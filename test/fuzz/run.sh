#!/usr/bin/env bash
# Every fuzz target of build/fuzz: first its kept corpus (test/fuzz/corpus/NAME), then SECONDS of new inputs, which
# are written to build/fuzz/found/NAME. A crash ends with the input in build/fuzz/crashes.
# Usage: test/fuzz/run.sh SECONDS
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

readonly seconds=${1:?seconds for each target}
readonly build=build/fuzz
passed=0
failed=0

run_target() {
  local program=$1 name corpus found
  name=$(basename "$program")
  corpus=test/fuzz/corpus/$name
  found=$build/found/$name
  mkdir -p "$found" "$build/crashes"
  [[ -d $corpus ]] || {
    echo "fuzz: $name has no corpus ($corpus)"
    return 1
  }
  "$program" -runs=0 "$corpus" >"$build/$name.log" 2>&1 &&
    "$program" "-max_total_time=$seconds" -timeout=10 -rss_limit_mb=1500 -max_len=65536 \
      "-artifact_prefix=$build/crashes/$name-" "$found" "$corpus" >>"$build/$name.log" 2>&1
}

shopt -s nullglob
for program in "$build"/bin/fuzz_*; do
  if run_target "$program"; then
    passed=$((passed + 1))
    echo "fuzz: $(basename "$program") ok ($(grep -c . <(ls "test/fuzz/corpus/$(basename "$program")")) kept inputs, ${seconds} s)"
  else
    failed=$((failed + 1))
    echo "fuzz: $(basename "$program") FAILED"
    tail -n 30 "$build/$(basename "$program").log" 2>/dev/null || true
  fi
done
printf 'fuzz: %d passed, %d failed\n' "$passed" "$failed"
((failed == 0 && passed > 0))
