#!/usr/bin/env bash
# Builds the wheel into target/wheel/: both programs, the Python package, completions and manual pages. `make wheel` compiles
# target/release first. PROFILE=dev takes target/debug instead, to try the wheel without a build of a release.
#
# The platform's tag is the oldest that auditwheel finds the programs' symbols to allow. The libraries of PyTorch stay outside
# the wheel: `esr-worker` uses those of the environment.
set -euo pipefail
cd "$(dirname "$0")/.."

profile=${PROFILE:-release}
built=target/$([ "$profile" = dev ] && echo debug || echo "$profile")
stage=target/wheel
tools=$stage/tools
if [ ! -x "$tools/bin/maturin" ] || [ ! -x "$tools/bin/auditwheel" ]; then
  python3 -m venv "$tools"
  "$tools/bin/python" -m pip install -q -r python/requirements-wheel.txt
fi
export PATH="$PWD/$tools/bin:$PATH"

# Beside torch/lib wherever both packages are installed: the path names neither a Python's version nor this machine.
worker=python/esr_torch/bin/esr-worker
# maturin moves esr-bench away from where cargo puts it.
cp -p "$built/esr-bench" "$stage/esr-bench"
trap 'rm -rf python/esr_torch/bin; mv -f "$stage/esr-bench" "$built/esr-bench"' EXIT
install -D -m 755 $built/esr-worker "$worker"
strip --strip-debug "$worker"
patchelf --set-rpath '$ORIGIN/../../torch/lib' "$worker"

data=$stage/esr_bench.data/data/share
rm -rf "$stage/esr_bench.data" "$stage/plain"
make --no-print-directory share BUILT="$built" SHARE="$data"

# `pip` replaces the first line by the environment's Python.
script() {
  mkdir -p "$stage/esr_bench.data/scripts"
  printf '#!python\nfrom %s import main\n\nif __name__ == "__main__":\n    main()\n' "$2" >"$stage/esr_bench.data/scripts/$1"
  chmod 755 "$stage/esr_bench.data/scripts/$1"
}
script esr-worker esr_torch.native
script esr-worker-torch esr_torch.worker
script esr-export esr_torch.export

maturin build --profile "$profile" --auditwheel skip --compatibility linux --out "$stage/plain"
rm -f "$stage"/esr_bench-*.whl
auditwheel repair --exclude libtorch_cpu.so --exclude libc10.so --wheel-dir "$stage" "$stage"/plain/esr_bench-*.whl
rm -rf "$stage/plain"
ls -l "$stage"/esr_bench-*.whl
