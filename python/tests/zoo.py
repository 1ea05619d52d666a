"""Small x4 networks, each with one habit of the field that exporters and counters stumble over."""

import torch
import torch.nn.functional as F
from torch import nn


class Up(nn.Sequential):
    def __init__(self, channels):
        super().__init__(nn.Conv2d(channels, 48, 3, padding=1), nn.PixelShuffle(4))


class Plain(nn.Module):
    """Convolutions and ReLU modules."""

    def __init__(self, channels=8):
        super().__init__()
        self.head = nn.Conv2d(3, channels, 3, padding=1)
        self.act = nn.ReLU(inplace=True)
        self.body = nn.Conv2d(channels, channels, 3, padding=1)
        self.up = Up(channels)

    def forward(self, x):
        return self.up(self.act(self.body(self.act(self.head(x)))))


class Attention(nn.Module):
    """Spatial attention at a small size, brought back to the size of x."""

    def __init__(self, channels=8):
        super().__init__()
        self.head = nn.Conv2d(3, channels, 3, padding=1)
        self.small = nn.Conv2d(channels, 4, 3, stride=2)
        self.wide = nn.Conv2d(4, channels, 1)
        self.up = Up(channels)

    def forward(self, x):
        f = self.head(x)
        s = F.max_pool2d(self.small(f), 7, 3)
        s = F.interpolate(s, (x.size(2), x.size(3)), mode="bilinear", align_corners=False)
        return self.up(f * torch.sigmoid(self.wide(s)))


class WindowAttention(nn.Module):
    """Self-attention in 8 x 8 windows, the border padded."""

    def __init__(self, channels=8, window=8):
        super().__init__()
        self.window = window
        self.head = nn.Conv2d(3, channels, 3, padding=1)
        self.qkv = nn.Linear(channels, 3 * channels)
        self.proj = nn.Linear(channels, channels)
        self.up = Up(channels)

    def forward(self, x):
        f = self.head(x)
        b, c, h, w = f.shape
        n = self.window
        f = F.pad(f, (0, (n - w % n) % n, 0, (n - h % n) % n))
        hp, wp = f.shape[2], f.shape[3]
        t = f.view(b, c, hp // n, n, wp // n, n).permute(0, 2, 4, 3, 5, 1).reshape(-1, n * n, c)
        q, k, v = self.qkv(t).chunk(3, dim=-1)
        a = torch.softmax(q @ k.transpose(-2, -1) * c**-0.5, dim=-1)
        t = self.proj(a @ v)
        t = t.view(b, hp // n, wp // n, n, n, c).permute(0, 5, 1, 3, 2, 4).reshape(b, c, hp, wp)
        return self.up(t[:, :, :h, :w])


class Depthwise(nn.Module):
    """Pointwise and depthwise convolutions with SiLU."""

    def __init__(self, channels=8):
        super().__init__()
        self.head = nn.Conv2d(3, channels, 1)
        self.depth = nn.Conv2d(channels, channels, 3, padding=1, groups=channels)
        self.act = nn.SiLU()
        self.up = Up(channels)

    def forward(self, x):
        return self.up(self.act(self.depth(self.head(x))))


class NormGelu(nn.Module):
    """LayerNorm over channels, a two-layer perceptron with GELU."""

    def __init__(self, channels=8):
        super().__init__()
        self.head = nn.Conv2d(3, channels, 3, padding=1)
        self.norm = nn.LayerNorm(channels)
        self.mlp = nn.Sequential(nn.Linear(channels, 2 * channels), nn.GELU(), nn.Linear(2 * channels, channels))
        self.up = Up(channels)

    def forward(self, x):
        f = self.head(x)
        t = f.permute(0, 2, 3, 1)
        t = t + self.mlp(self.norm(t))
        return self.up(t.permute(0, 3, 1, 2))


class SplitCat(nn.Module):
    """Distillation: a part is kept, the rest goes on, all is joined."""

    def __init__(self, channels=8):
        super().__init__()
        self.head = nn.Conv2d(3, channels, 3, padding=1)
        self.rest = nn.Conv2d(channels * 3 // 4, channels, 3, padding=1)
        self.join = nn.Conv2d(channels + channels // 4, channels, 1)
        self.act = nn.LeakyReLU(0.05, inplace=True)
        self.up = Up(channels)

    def forward(self, x):
        f = self.head(x)
        kept, rest = torch.split(f, (f.shape[1] // 4, f.shape[1] - f.shape[1] // 4), dim=1)
        return self.up(self.join(torch.cat([kept, self.act(self.rest(rest))], 1)) + f)


class Twice(nn.Module):
    """One convolution that is called twice: its parameters count once, its work twice."""

    def __init__(self, channels=8):
        super().__init__()
        self.head = nn.Conv2d(3, channels, 3, padding=1)
        self.shared = nn.Conv2d(channels, channels, 3, padding=1)
        self.act = nn.PReLU(channels)
        self.up = Up(channels)

    def forward(self, x):
        f = self.act(self.shared(self.head(x)))
        return self.up(self.act(self.shared(f)))


class SizeBranch(nn.Module):
    """Pads only where the height is odd: a trace bakes one of the branches in."""

    def __init__(self, channels=8):
        super().__init__()
        self.head = nn.Conv2d(3, channels, 3, padding=1)
        self.up = Up(channels)

    def forward(self, x):
        h, w = x.shape[2:]
        if h % 2 == 1:
            x = F.pad(x, (0, 0, 0, 1), mode="reflect")
        return self.up(self.head(x))[:, :, : 4 * h, : 4 * w]


class HalfInside(nn.Module):
    """16-bit floats inside, 32-bit ones at both ends."""

    def __init__(self, channels=8):
        super().__init__()
        self.head = nn.Conv2d(3, channels, 3, padding=1)
        self.body = nn.Conv2d(channels, channels, 3, padding=1).half()
        self.up = Up(channels)

    def forward(self, x):
        return self.up(self.body(self.head(x).half()).float())


class OwnConv(nn.Conv2d):
    """A subclass that a hook takes for a Conv2d."""


class Subclass(nn.Module):
    def __init__(self, channels=8):
        super().__init__()
        self.head = OwnConv(3, channels, 3, padding=1)
        self.up = Up(channels)

    def forward(self, x):
        return self.up(self.head(x))


ZOO = {
    "plain": Plain,
    "attention": Attention,
    "window_attention": WindowAttention,
    "depthwise": Depthwise,
    "norm_gelu": NormGelu,
    "split_cat": SplitCat,
    "twice": Twice,
    "size_branch": SizeBranch,
    "half_inside": HalfInside,
    "subclass": Subclass,
}


def build(name):
    """The network with seeded weights, in evaluation mode."""
    torch.manual_seed(sum(map(ord, name)))
    return ZOO[name]().eval()
