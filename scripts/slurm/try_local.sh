#!/usr/bin/env bash
# Tries submit.sh on a real Slurm with two nodes on this machine, and checks what comes out.
#
#   sudo apt-get install slurmctld slurmd slurm-client munge
#   cargo build && cargo build --example mock_worker
#   sudo scripts/slurm/try_local.sh [FOLDER]
#
# It starts munged, slurmctld and two slurmd with a configuration of its own in FOLDER [default: a new one in /tmp], on ports
# 16817 to 16819, and stops them at the end; a Slurm of this machine is not touched. It measures six mock submissions in one
# session and in two shards. While the shards run, a job of higher priority preempts the first and `scontrol requeue` takes the
# second away. Then it checks that both were resumed, that nothing was measured twice, that `verify` finds nothing wrong, and that
# the merged table is that of the single session within its intervals. Slurm wants root (or its own user) for slurmd.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
bench=${ESR_BENCH:-$root/target/debug/esr-bench}
mock=${MOCK_WORKER:-$root/target/debug/examples/mock_worker}
for program in munged slurmctld slurmd sbatch scontrol; do
  PATH=$PATH:/usr/sbin command -v "$program" >/dev/null || { echo "try_local: no $program: see the head of this file"; exit 1; }
done
for file in "$bench" "$mock"; do [ -x "$file" ] || { echo "try_local: no $file: see the head of this file"; exit 1; }; done
export PATH=$PATH:/usr/sbin ESR_BENCH=$bench
work=${1:-$(mktemp -d /tmp/esr-slurm.XXXXXX)}
mkdir -p "$work"/{state,log,spool/n1,spool/n2}
cd "$work"

pids=()
stop() {
  # Jobs first: slurmd does not end before they have.
  scancel --quiet --state=RUNNING,PENDING --user="$(id -un)" 2>/dev/null || true
  for _ in $(seq 20); do [ -n "$(squeue -h 2>/dev/null)" ] || break; sleep 1; done
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  sleep 1
  for pid in "${pids[@]}"; do kill -9 "$pid" 2>/dev/null || true; done
}
trap stop EXIT

cat > slurm.conf <<CONF
ClusterName=try
SlurmctldHost=$(hostname -s)(127.0.0.1)
SlurmctldPort=16817
SlurmUser=$(id -un)
SlurmdUser=$(id -un)
AuthType=auth/munge
CredType=cred/munge
# A requeued job waits for the old credential to expire.
AuthInfo=cred_expire=5,socket=$work/munge.socket
StateSaveLocation=$work/state
SlurmctldPidFile=$work/slurmctld.pid
SlurmctldLogFile=$work/log/slurmctld.log
SlurmdPidFile=$work/slurmd-%n.pid
SlurmdSpoolDir=$work/spool/%n
SlurmdLogFile=$work/log/%n.log
# No systemd and no cgroups are needed.
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=batch_sched_delay=1,sched_interval=2,bf_interval=2
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
KillWait=10
ReturnToService=2
NodeName=n[1-2] NodeHostname=$(hostname -s) NodeAddr=127.0.0.1 Port=[16818-16819] CPUs=$(nproc)
PartitionName=main Nodes=ALL Default=YES PriorityTier=1 MaxTime=INFINITE State=UP
PartitionName=urgent Nodes=ALL PriorityTier=10 PreemptMode=OFF MaxTime=INFINITE State=UP
CONF
# slurmd asks for a cgroup plugin though nothing uses it: Slurm 22.05 has no `disabled` yet, later ones have.
plugin=cgroup/v1
find /usr/lib -name 'cgroup_disabled.so' -path '*slurm*' 2>/dev/null | grep -q . && plugin=disabled
[ "$plugin" = disabled ] || [ ! -e /sys/fs/cgroup/cgroup.controllers ] || plugin=cgroup/v2
printf 'CgroupPlugin=%s\nConstrainCores=no\n' "$plugin" > cgroup.conf
export SLURM_CONF=$work/slurm.conf
head -c 1024 /dev/urandom > munge.key
chmod 600 munge.key
munged --foreground --force --socket="$work/munge.socket" --key-file="$work/munge.key" --log-file="$work/log/munge.log" \
  --pid-file="$work/munge.pid" --seed-file="$work/munge.seed" 2>/dev/null & pids+=($!)
for _ in $(seq 50); do [ -S munge.socket ] && break; sleep 0.2; done
slurmctld -D 2>/dev/null & pids+=($!)
sleep 2
for node in n1 n2; do slurmd -D -N "$node" 2>/dev/null & pids+=($!); done
for _ in $(seq 60); do [ "$(sinfo -h -p main -t idle -o %D 2>/dev/null)" = 2 ] && break; sleep 1; done
sinfo -p main

# Six submissions, and two images as small as can be: a PNG of one colour each.
python3 - <<'PYTHON'
import struct, zlib
from pathlib import Path
def png(path, side, grey):
    chunk = lambda kind, data: struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    rows = (b"\0" + bytes([grey] * 3 * side)) * side
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))
                     + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))
for image in range(2):
    png(Path(f"Tiny/HR/{image}.png"), 64, 50 * image)
    png(Path(f"Tiny/LRx4/{image}x4.png"), 16, 50 * image)
for name, ms in {"base": 10.0, "a": 8.0, "b": 9.0, "c": 12.0, "d": 14.0, "e": 20.0}.items():
    Path(name).mkdir(exist_ok=True)
    Path(name, "weights.pth").write_text(name)
    Path(name, "submission.toml").write_text(
        f'team = "{name}"\ndata_range = 1.0\n[model]\narch = "mock"\nweights = "weights.pth"\n'
        f"config = {{ ms = {ms}, delay_ms = 60 }}\n")
PYTHON
export MOCK_NOISE=0.02
measure=(base a b c d e --baseline base --data val=Tiny --rounds 12 --repeats 2 --worker "$mock")
"$bench" measure "${measure[@]}" --run single > single.log 2>&1
# Another machine: its times are a third longer. The common scale must take that away.
export MOCK_SLOWNESS=1.33
# A whole node for each shard, as timings want it.
SBATCH_EXCLUSIVE=exclusive "$root/scripts/slurm/submit.sh" 2 sharded "${measure[@]}" | tee jobs
array=$(sed -n 's/^shards //p' jobs)
rounds() { local n; n=$(grep -c '"event":"round"' "sharded/shard-$1/events.jsonl" 2>/dev/null) || true; echo "${n:-0}"; }
within() { for _ in $(seq "$1"); do if eval "$2"; then return 0; fi; sleep 0.5; done; echo "try_local: waited too long for: $2"; exit 1; }
within 240 '[ "$(rounds 1)" -ge 3 ] && [ "$(rounds 2)" -ge 3 ]'
node=$(squeue -h -j "${array}_1" -o %N)
echo "a job of higher priority takes $node from shard 1 after $(rounds 1) blocks"
sbatch --parsable --partition=urgent --nodelist="$node" --exclusive --output=urgent.log --wrap 'sleep 2' > urgent.job
within 120 '[ "$(squeue -h -j "${array}_1" -t RUNNING -o x)" = "" ]'
echo "scontrol requeues shard 2 after $(rounds 2) blocks"
scontrol requeue "${array}_2"
within 1200 '[ -e sharded/merged/run.json ] || ! squeue -h | grep -q .'
within 60 'grep -q "A/A control" sharded/merge.log'
cat sharded/shard-*.log | grep '^shard '
cat sharded/merge.log

python3 - "$bench" <<'PYTHON'
import json, subprocess, sys
from collections import Counter
def events(run):
    return [json.loads(line) for line in open(f"{run}/events.jsonl")]
wrong = []
for shard in (1, 2):
    of = events(f"sharded/shard-{shard}")
    units = Counter((e["event"], e.get("submission") or e.get("label"), e.get("image"), e.get("round")) for e in of
                    if e["event"] in ("quality", "memory", "graph", "round"))
    starts = sum(e["event"] == "started" for e in of)
    twice = [unit for unit, count in units.items() if count > 1]
    print(f"shard {shard}: {starts} starts, {len(units)} measurements, {len(twice)} of them twice")
    if starts < 2:
        wrong.append(f"shard {shard} was not requeued")
    if twice:
        wrong.append(f"measured twice: {twice}")
def against_base(run, name):
    command = [sys.argv[1], "compare", name, "base", "--run", run, "--format", "json"]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
print("relative to the baseline, with 95 % intervals: single session, merged run")
for name in "abcde":
    single, merged = against_base("single", name), against_base("sharded/merged", name)
    show = lambda c: f"{c['difference']:+.2%} ({c['interval']['low']:+.2%} to {c['interval']['high']:+.2%})"
    print(f"  {name}: {show(single)}, {show(merged)}")
    if merged["rounds"] != 12:
        wrong.append(f"{name} has {merged['rounds']} rounds")
    if single["interval"]["low"] > merged["interval"]["high"] or merged["interval"]["low"] > single["interval"]["high"]:
        wrong.append(f"{name}: the intervals do not meet")
print("\n".join(f"WRONG: {w}" for w in wrong) or "all is well")
sys.exit(1 if wrong else 0)
PYTHON
