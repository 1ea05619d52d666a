"""Writes tests/fixtures/programs: the zoo, exported each way that works, and what the field's counters say of it.

    python python/tests/make_fixtures.py tests/fixtures/programs

Run it from a folder whose path may be published: a TorchScript archive keeps its sources' paths.
"""

import json
import logging
import sys
from pathlib import Path

import torch
from fvcore.nn import FlopCountAnalysis
from torch import nn

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from esr_torch import export as esr_export  # noqa: E402
import zoo  # noqa: E402

SIZE = (1, 3, 256, 256)


def by_hooks(network):
    """The rules of the challenges' module hooks (2022, 2023): MACs, activations, convolutions."""
    total = {"flops": 0, "activations": 0, "convs": 0}

    def after(module, inputs, output):
        if isinstance(module, nn.Conv2d):
            inner = module.in_channels // module.groups * module.kernel_size[0] * module.kernel_size[1]
            total["flops"] += output.numel() * inner
            total["activations"] += output.numel()
            total["convs"] += 1
        elif isinstance(module, (nn.ReLU, nn.PReLU, nn.ELU, nn.LeakyReLU, nn.ReLU6)):
            total["flops"] += output.numel()
        elif isinstance(module, nn.Linear):
            total["flops"] += inputs[0].shape[0] * inputs[0].shape[1] * output.shape[1]

    handles = [m.register_forward_hook(after) for m in network.modules() if not list(m.children())]
    with torch.no_grad():
        network(torch.rand(SIZE))
    for handle in handles:
        handle.remove()
    return total


def truth(network):
    hook = by_hooks(network)
    fvcore = FlopCountAnalysis(network, torch.rand(SIZE)).unsupported_ops_warnings(False).total()
    return {
        "params": sum(p.numel() for p in network.parameters()),
        "flops_hook": hook["flops"],
        "flops_fvcore": int(fvcore),
        "activations": hook["activations"],
        "convs": hook["convs"],
    }


def main(folder):
    logging.disable(logging.WARNING)
    found = {}
    for name, cls in zoo.ZOO.items():
        weights = folder / f"{name}.pth"
        folder.mkdir(parents=True, exist_ok=True)
        torch.save(zoo.build(name).state_dict(), weights)
        for how in ("dynamic", "trace"):
            spec = [f"{zoo.__file__}:{cls.__name__}", "--weights", str(weights), "--data-range", "1", "--how", how]
            try:
                esr_export.export(esr_export.parse([*spec, "--tolerance", "1e-4", "-o", str(folder / f"{name}_{how}")]))
            except esr_export.Refusal as refusal:
                print(f"{name}: {refusal}")
        weights.unlink()
        found[name] = truth(zoo.build(name))
    (folder / "truth.json").write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
