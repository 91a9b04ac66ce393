#!/usr/bin/env bash
# Every fuzz target of build/fuzz: first its kept corpus (test/fuzz/corpus/NAME), then SECONDS of new inputs, which
# are written to build/fuzz/found/NAME. A crash ends with the input in build/fuzz/crashes. A corpus without its program
# fails as well: a target that is no longer built would otherwise be missed by nobody.
# Usage: test/fuzz/run.sh SECONDS
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

readonly seconds=${1:?seconds for each target}
readonly build=build/fuzz
passed=0
failed=0

# Every name that has a corpus or a program.
targets() {
  local path
  for path in test/fuzz/corpus/*/ "$build"/bin/fuzz_*; do
    basename "$path"
  done | sort -u
}

run_target() {
  local name=$1 program=$build/bin/$1 corpus=test/fuzz/corpus/$1 found=$build/found/$1
  mkdir -p "$found" "$build/crashes"
  if [[ ! -x $program ]]; then
    echo "there is a corpus and no program: is the target still built?" >"$build/$name.log"
    return 1
  fi
  if [[ -z $(find "$corpus" -type f 2>/dev/null) ]]; then
    echo "there is a program and no corpus ($corpus)" >"$build/$name.log"
    return 1
  fi
  local limits=(-timeout=10 -rss_limit_mb=1500 -max_len=65536 "-artifact_prefix=$build/crashes/$name-")
  "$program" "${limits[@]}" -runs=0 "$corpus" >"$build/$name.log" 2>&1 &&
    "$program" "${limits[@]}" "-max_total_time=$seconds" "$found" "$corpus" >>"$build/$name.log" 2>&1
}

shopt -s nullglob
while read -r name; do
  if run_target "$name"; then
    passed=$((passed + 1))
    echo "fuzz: $name ok ($(find "test/fuzz/corpus/$name" -type f | wc -l) kept inputs, ${seconds} s)"
  else
    failed=$((failed + 1))
    echo "fuzz: $name FAILED"
    tail -n 30 "$build/$name.log"
  fi
done < <(targets)
printf 'fuzz: %d passed, %d failed\n' "$passed" "$failed"
((failed == 0 && passed > 0))
