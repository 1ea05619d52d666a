"""Between bytes and a network's numbers: the challenge's conventions."""

import ctypes
import hashlib
import math

import torch


def to_input(data, height, width, data_range, device):
    """RGB bytes, rows first, to a (1, 3, H, W) float tensor on `device`: `x = byte / (255 / data_range)`."""
    image = torch.frombuffer(data, dtype=torch.uint8).view(height, width, 3).to(device)
    # The permuted bytes lie channels last; networks get the layout that PyTorch's loaders give.
    return image.permute(2, 0, 1).unsqueeze(0).float().contiguous().div(255.0 / data_range)


class Sr:
    """A network's output as an image, and what was odd about it.

    (1, 3, H, W) in [0, data_range] to bytes: clamp, `* 255`, `/ data_range`, round half to even. NaN becomes 0.
    """

    def __init__(self, y, data_range):
        y = y.detach().float()
        self.non_finite, self.range = finite_range(y)
        if self.non_finite > 0:
            y = y.nan_to_num(0.0, data_range, 0.0)
        y = y.clamp(0.0, data_range).mul(255.0).div(data_range).round().to(torch.uint8)
        self.data = to_bytes(y.squeeze(0).permute(1, 2, 0).contiguous().cpu())

    def sha256(self):
        return hashlib.sha256(self.data).hexdigest()


def to_bytes(t):
    """The bytes of a contiguous CPU tensor. NumPy, the other way to them, may be missing."""
    return ctypes.string_at(t.data_ptr(), t.numel() * t.element_size())


def finite_range(y):
    """How many values are NaN or infinite, and the smallest and largest finite one; zeros where there is none."""
    # A NaN anywhere makes both NaN, an infinity makes one of them infinite: two finite bounds clear the whole tensor.
    bounds = [float(y.min()), float(y.max())]
    if all(map(math.isfinite, bounds)):
        return 0, bounds
    finite = y.masked_select(y.isfinite())
    bounds = [float(finite.min()), float(finite.max())] if finite.numel() else [0.0, 0.0]
    return y.numel() - finite.numel(), bounds
