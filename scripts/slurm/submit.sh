#!/usr/bin/env bash
# Measures a challenge on many machines: an array job with one shard in each task, and a job that merges them when all are done.
#
#   scripts/slurm/submit.sh SHARDS FOLDER MEASURE-ARGUMENT ...
#
# FOLDER must be on a file system that all nodes share. The shards become FOLDER/shard-1 to FOLDER/shard-SHARDS, the merged run
# FOLDER/merged. MEASURE-ARGUMENTs are those of `esr-bench measure`; --baseline is required, --shard, --run and --resume are
# added. Relative paths are those of the present folder. Example:
#
#   SBATCH_PARTITION=gpu SBATCH_GRES=gpu:1 scripts/slurm/submit.sh 8 results/ntire2025 entries/* --baseline EFDN \
#       --device cuda:0 --rules ntire2025 --data val=DIV2K_valid --data test=DIV2K_test --rounds 12
#
# What nodes, partition and resources are used is said by Slurm's own variables (SBATCH_PARTITION, SBATCH_CONSTRAINT, ...; see
# `man sbatch`). Choose nodes of one type, and whole ones (SBATCH_EXCLUSIVE=exclusive): `merge` refuses different types.
# ESR_BENCH names the program [default: esr-bench on the PATH]. Submitting again resumes what is not complete.
set -euo pipefail
if [ $# -lt 3 ]; then sed -n '2,/^set -e/{/^set -e/d;s/^# \{0,1\}//;p}' "$0"; exit 2; fi
shards=$1 folder=$2
shift 2
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
ESR_BENCH=$(command -v "${ESR_BENCH:-esr-bench}") || { echo "submit: no esr-bench on the PATH: set ESR_BENCH" >&2; exit 2; }
export ESR_BENCH ESR_FOLDER=$folder ESR_SHARDS=$shards
# On Slurm's requeue the task runs again from its beginning; `measure --resume` measures what is missing.
array=$(sbatch --parsable --export=ALL --requeue --open-mode=append --job-name=esr-shard --array="1-$shards" \
  --output="$folder/shard-%a.log" "$here/shard.sbatch" "$@")
array=${array%%;*}
# The merge needs no device: only partition and account are passed on.
merge=$(env -u SBATCH_GRES -u SBATCH_GPUS -u SBATCH_EXCLUSIVE sbatch --parsable --export=ALL --requeue --open-mode=append \
  --job-name=esr-merge --dependency="afterok:$array" --kill-on-invalid-dep=yes --output="$folder/merge.log" "$here/merge.sbatch")
echo "shards $array"
echo "merge ${merge%%;*}"
