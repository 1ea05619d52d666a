#!/usr/bin/env bash
# The main job, end to end: the whole registry with seeded random weights on the CPU, measured and ranked; then NTIRE 2022's
# published overall track, recomputed. Needs no data and no weights of yours.
set -euo pipefail
cd "$(dirname "$0")/.."
bench=target/debug/esr-bench
run=results/demo

models=()
while read -r name; do models+=(--model "$name"); done < <("$bench" models --format json | python3 -c 'import json, sys; [print(card["name"]) for card in json.load(sys.stdin)]')

if [ -d "$run" ]; then
  echo "== going on with $run (remove the folder to measure afresh)"
  "$bench" measure --run "$run" --resume
else
  echo "== measuring the registry with seeded random weights: 3 photographs and 256 x 256, on the CPU"
  "$bench" measure "${models[@]}" --data val=data/SkimageCC0/LRx4 --data test=synthetic \
    --rounds 2 --warmup 1 --repeats 1 --baseline imdn --run "$run"
fi

echo
echo "== ranked by NTIRE 2022's rules, overall track (leaderboard.csv has the same)"
"$bench" rank "$run" --rules ntire2022 --track overall
"$bench" rank "$run" --rules ntire2022 --track overall --format csv --output leaderboard.csv

echo
echo "== NTIRE 2022's published overall track, recomputed"
"$bench" rank --rules ntire2022 --track overall
