"""A team's folder, as an NTIRE repository has it: exported, checked, measured and ranked beside two registry networks."""

import csv
import io
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parent.parent))
from esr_torch import export as esr_export  # noqa: E402
import zoo  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
BENCH = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "debug" / "esr-bench"


def bench(*args):
    done = subprocess.run([BENCH, *map(str, args)], capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.skipif(not BENCH.exists(), reason=f"{BENCH} is not built")
def test_a_teams_folder_is_exported_measured_and_ranked(tmp_path):
    repository = tmp_path / "NTIRE_ESR"
    (repository / "models").mkdir(parents=True)
    (repository / "model_zoo").mkdir()
    shutil.copy(zoo.__file__, repository / "models" / "blocks.py")
    (repository / "models" / "team07_tiny.py").write_text(
        "from models.blocks import Attention\n\n\nclass Tiny(Attention):\n    pass\n"
    )
    torch.save({"params": zoo.build("attention").state_dict()}, repository / "model_zoo" / "team07_tiny.pth")

    entry = tmp_path / "submissions" / "team07"
    spec = f"{repository}/models/team07_tiny.py:Tiny"
    weights = repository / "model_zoo" / "team07_tiny.pth"
    args = [spec, "--weights", str(weights), "--data-range", "1", "--team", "Tiny", "-o", str(entry)]
    assert esr_export.export(esr_export.parse([*args, "--tolerance", "1e-4"])) == "dynamic"

    assert "1 of 1 valid" in bench("lint", entry)
    run = tmp_path / "run"
    once = ["--rounds", "1", "--warmup", "0", "--repeats", "1"]
    bench("measure", entry, "--model", "rlfn", "--model", "span", *once, "--run", run)
    table = bench("rank", run, "--rules", "ntire2022", "--track", "complexity", "--format", "csv")
    rows = {row["team"]: row for row in csv.DictReader(io.StringIO(table))}
    assert len(rows) == 3 and all(row["ranked"] == "true" for row in rows.values())
    assert rows["Tiny"]["rank"] == "1"
    assert int(round(float(rows["Tiny"]["params_m"]) * 1e6)) == 4060
    assert float(rows["Tiny"]["flops_g"]) == 0.247390496
