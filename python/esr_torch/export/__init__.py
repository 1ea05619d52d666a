"""The exporter: a team's PyTorch network becomes a submission that runs without Python.

    esr-export models/team04_rlfn.py:RLFN_cut --weights model_zoo/team04_rlfn.pth --data-range 255 -o submissions/team04
    esr-export NTIRE2026_ESR --model-id 4 -o submissions/team04

It may use `submission`, to build the network, and `branches`, to find a clone's `select_model`.
"""

from .cli import export, main, parse
from .refusal import Refusal

__all__ = ["Refusal", "export", "main", "parse"]
