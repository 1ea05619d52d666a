#!/usr/bin/env bash
# Tries the wheel: a fresh virtual environment with PyTorch 2.11, the wheel, `doctor`, two networks measured and ranked.
#
#     scripts/try_wheel.sh                     PyTorch comes from the package index (about 3 GB with CUDA's libraries)
#     TORCH_BESIDE=SITE-PACKAGES scripts/try_wheel.sh
#                                              the packages of another environment are linked into the new one, as pip would
#                                              put them there; nothing is downloaded
#     TORCH_FROM=SITE-PACKAGES scripts/try_wheel.sh
#                                              PyTorch lies in another folder of the module path, as a system's does beside
#                                              packages of `pip install --user`; nothing is downloaded
#
# It prints each command with its time.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
wheel=$(ls "$root"/target/wheel/esr_bench-*.whl)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
# Nothing of this checkout, of an active environment or of the user's settings may help.
unset LIBTORCH LD_LIBRARY_PATH PYTHONPATH VIRTUAL_ENV ESR_BENCH_PYTHON

timed() {
  local start=$EPOCHREALTIME code=0
  echo "\$ $*"
  "$@" || code=$?
  LC_ALL=C awk -v a="$start" -v b="$EPOCHREALTIME" 'BEGIN { printf "  (%.1f s)\n", b - a }'
  return $code
}

cp -r data/SkimageCC0 "$folder/photographs"
cd "$folder"
timed python3 -m venv venv
source venv/bin/activate
if [ -n "${TORCH_FROM:-}" ]; then
  echo "$TORCH_FROM" >"$(echo venv/lib/python3.*/site-packages)/elsewhere.pth"
elif [ -n "${TORCH_BESIDE:-}" ]; then
  rm -rf venv/lib/python3.*/site-packages/*
  cp -al "$TORCH_BESIDE"/. venv/lib/python3.*/site-packages/
  rm -rf venv/lib/python3.*/site-packages/esr_*
else
  timed venv/bin/python -m pip install --quiet "torch==2.11.*" numpy
fi
timed venv/bin/python -m pip install --quiet --no-deps --force-reinstall "$wheel"
timed venv/bin/esr-bench --version
timed venv/bin/esr-bench doctor || [ $? = 7 ] # 7: this machine has a problem, which doctor names
timed venv/bin/esr-bench measure --model rlfn --model imdn --data val=photographs/LRx4 --rounds 2 --repeats 1 --baseline imdn --run run
timed venv/bin/esr-bench rank run --rules ntire2022 --track overall

# A class of a Python file runs on the PyTorch worker of the same environment.
mkdir -p submissions/double
cat >submissions/double/net.py <<'PYTHON'
import torch


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        # The same weights in each process.
        torch.manual_seed(0)
        self.conv = torch.nn.Conv2d(3, 48, 3, padding=1)

    def forward(self, x):
        return torch.nn.functional.pixel_shuffle(self.conv(x), 4)
PYTHON
cat >submissions/double/submission.toml <<'TOML'
team = "double"
data_range = 1.0
[python]
file = "net.py"
class = "Net"
TOML
timed venv/bin/esr-bench measure submissions/double --rounds 1 --run python
venv/bin/esr-bench rank python --rules ntire2022 --track runtime | grep -q double
test -s venv/share/man/man1/esr-bench-rank.1
test -s venv/share/bash-completion/completions/esr-bench
venv/bin/esr-export --help >/dev/null
echo "the wheel works: $(basename "$wheel"), $(stat -c %s "$wheel" | numfmt --to=iec)"
