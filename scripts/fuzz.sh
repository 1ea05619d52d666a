#!/usr/bin/env bash
# Runs every fuzz target for so many seconds, with limits of memory and time for each input: fuzz.sh SECONDS [TARGET ...]
# A crash is kept in fuzz/artifacts/TARGET; what was found stays in fuzz/corpus/TARGET for the next time.
set -euo pipefail
seconds=${1:?usage: fuzz.sh SECONDS [TARGET ...]}; shift
cd "$(dirname "$0")/.."
command -v cargo-fuzz >/dev/null || { echo "cargo-fuzz is missing: 'cargo install cargo-fuzz'"; exit 1; }
# libFuzzer's instrumentation needs a flag that stable compilers hold back.
export RUSTC_BOOTSTRAP=1
scripts/fuzz_seeds.py
targets=("$@"); [ ${#targets[@]} -gt 0 ] || targets=(table per_image submission rules graph run protocol png archive state)
# The readers are safe Rust: without AddressSanitizer they run several times as often. SANITIZER=address puts it back.
sanitizer=${SANITIZER:-none}
cargo fuzz build -s "$sanitizer" 2>&1 | tail -1
status=0
for target in "${targets[@]}"; do
  mkdir -p "fuzz/corpus/$target" "fuzz/artifacts/$target"
  options=(-max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -malloc_limit_mb=1024 -print_final_stats=1 -verbosity=0)
  [ ! -f "fuzz/dictionaries/$target.dict" ] || options+=("-dict=fuzz/dictionaries/$target.dict")
  log=$(mktemp)
  if cargo fuzz run -s "$sanitizer" "$target" -- "${options[@]}" >"$log" 2>&1; then result=ok; else result=FAILED; status=1; fi
  executions=$(awk -F: '/stat::number_of_executed_units/ {print $2 + 0}' "$log")
  echo "$target: ${executions:-0} executions in $seconds s: $result"
  [ "$result" = ok ] || tail -20 "$log"
  rm -f "$log"
done
exit $status
