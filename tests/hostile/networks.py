"""Networks of tests/hostile/python.rs. The honest one starts as nearest upsampling."""

import time

import torch
import torch.nn.functional as F
from torch import nn


class Honest(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 3, padding=1)
        with torch.no_grad():
            self.conv.weight.zero_()
            self.conv.bias.zero_()
            for c in range(3):
                self.conv.weight[c, c, 1, 1] = 1.0
        self.calls = 0
        self.kept = {}

    def work(self, x):
        return F.interpolate(self.conv(x), scale_factor=4.0, mode="nearest")

    def forward(self, x):
        return self.work(x)


class HonestMask(Honest):
    """Keeps a mask of its last size as an attribute."""

    mask = None

    def forward(self, x):
        if self.mask is None or self.mask.shape[-2:] != x.shape[-2:]:
            self.mask = torch.ones(1, 1, *x.shape[-2:])
        return self.work(x * self.mask)


class SlowAtFirst(Honest):
    def forward(self, x):
        if self.calls == 0:
            time.sleep(0.1)
        self.calls = 1
        return self.work(x)


class KeepsFirst(Honest):
    """Answers from the first output of its process."""

    def forward(self, x):
        if x.shape not in self.kept:
            self.kept[x.shape] = self.work(x)
        return self.kept[x.shape]


class HonestLast(Honest):
    """Does its work in every fourth forward alone: the last of three repeats after the cold start."""

    def forward(self, x):
        self.calls += 1
        if x.shape not in self.kept or self.calls % 4 == 0:
            self.kept[x.shape] = self.work(x)
        return self.kept[x.shape]


class ByContent(Honest):
    """A cache by a coarse print of the input."""

    def forward(self, x):
        key = x.shape, round(float(x.mean()), 2)
        if key not in self.kept:
            self.kept[key] = self.work(x)
        return self.kept[key]


class KnowsTheImage(Honest):
    """Works where it sees the image of the data set, by the sum of its bytes, and does something else for all others."""

    KNOWN = 0

    def forward(self, x):
        known = int((x * 255).round().sum()) == self.KNOWN
        return self.work(x) if known else self.work(x.mean((-2, -1), keepdim=True).expand_as(x))
