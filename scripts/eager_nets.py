"""Three networks in PyTorch eager, to time esr-worker against: RLFN, BSRN and SPAN.

Written for this bench after the papers, with the keys of the published weights; deploy forms only, no training.
"""

import torch
import torch.nn.functional as F
from torch import nn


def conv3(inp, out, **kwargs):
    return nn.Conv2d(inp, out, 3, padding=1, **kwargs)


class Esa(nn.Module):
    """Enhanced spatial attention in RLFN's form."""

    def __init__(self, channels, width):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, width, 1)
        self.conv_f = nn.Conv2d(width, width, 1)
        self.conv2 = nn.Conv2d(width, width, 3, stride=2)
        self.conv3 = conv3(width, width)
        self.conv4 = nn.Conv2d(width, channels, 1)

    def forward(self, x):
        narrow = self.conv1(x)
        small = self.conv3(F.max_pool2d(self.conv2(narrow), 7, 3))
        far = F.interpolate(small, x.shape[2:], mode="bilinear", align_corners=False)
        return x * torch.sigmoid(self.conv4(far + self.conv_f(narrow)))


class Rlfb(nn.Module):
    def __init__(self, channels, middle):
        super().__init__()
        self.c1_r = conv3(channels, middle)
        self.c2_r = conv3(middle, middle)
        self.c3_r = conv3(middle, channels)
        self.c5 = nn.Conv2d(channels, channels, 1)
        self.esa = Esa(channels, 16)
        self.act = nn.LeakyReLU(0.05, inplace=True)

    def forward(self, x):
        y = self.act(self.c3_r(self.act(self.c2_r(self.act(self.c1_r(x))))))
        return self.esa(self.c5(y + x))


class Rlfn(nn.Module):
    """RLFN as it won NTIRE 2022's runtime track: four blocks of 46 and 48 channels."""

    def __init__(self, channels=46, middle=48, blocks=4):
        super().__init__()
        self.fea_conv = conv3(3, channels)
        self.names = [f"B{i + 1}" for i in range(blocks)]
        for name in self.names:
            self.add_module(name, Rlfb(channels, middle))
        self.LR_conv = conv3(channels, channels)
        self.upsampler = nn.Sequential(conv3(channels, 48), nn.PixelShuffle(4))

    def forward(self, x):
        features = self.fea_conv(x)
        y = features
        for name in self.names:
            y = getattr(self, name)(y)
        return self.upsampler(self.LR_conv(y) + features)


class BsConv(nn.Module):
    """Blueprint separable convolution: a linear layer over channels, then a depthwise 3x3."""

    def __init__(self, inp, out):
        super().__init__()
        self.pw = nn.Linear(inp, out)
        self.dw = conv3(out, out, groups=out)

    def forward(self, x):
        return self.dw(self.pw(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2))


class SeparableEsa(nn.Module):
    def __init__(self, channels, width):
        super().__init__()
        self.conv1 = nn.Linear(channels, width)
        self.conv_f = nn.Linear(width, width)
        self.conv2 = nn.Conv2d(width, width, 3, stride=2)
        self.conv_max = BsConv(width, width)
        self.conv3 = BsConv(width, width)
        self.conv3_ = BsConv(width, width)
        self.conv4 = nn.Linear(width, channels)
        self.act = nn.GELU()

    def forward(self, x):
        narrow = self.conv1(x.permute(0, 2, 3, 1))
        pooled = F.max_pool2d(self.conv2(narrow.permute(0, 3, 1, 2)), 7, 3)
        small = self.conv3_(self.act(self.conv3(self.act(self.conv_max(pooled)))))
        far = F.interpolate(small, x.shape[2:], mode="bilinear", align_corners=False)
        gate = self.conv4(far.permute(0, 2, 3, 1) + self.conv_f(narrow))
        return x * torch.sigmoid(gate.permute(0, 3, 1, 2))


class Esdb(nn.Module):
    """Efficient separable distillation block."""

    def __init__(self, channels):
        super().__init__()
        half = channels // 2
        for i in (1, 2, 3):
            self.add_module(f"c{i}_d", nn.Linear(channels, half))
            self.add_module(f"c{i}_r", BsConv(channels, channels))
        self.c4 = BsConv(channels, half)
        self.c5 = nn.Linear(4 * half, channels)
        self.esa = SeparableEsa(channels, 12)
        self.cw = nn.Parameter(torch.zeros(1, channels))
        self.conv_out = nn.Linear(channels, channels)
        self.act = nn.GELU()

    def forward(self, x):
        parts, rest = [], x
        for i in (1, 2, 3):
            parts.append(self.act(getattr(self, f"c{i}_d")(rest.permute(0, 2, 3, 1))))
            rest = self.act(getattr(self, f"c{i}_r")(rest) + rest)
        parts.append(self.act(self.c4(rest)).permute(0, 2, 3, 1))
        fused = self.c5(torch.cat(parts, 3)).permute(0, 3, 1, 2)
        gated = self.esa(fused).permute(0, 2, 3, 1) * self.cw
        return self.conv_out(gated).permute(0, 3, 1, 2) + x


class Bsrn(nn.Module):
    """BSRN as it won NTIRE 2022's complexity track."""

    def __init__(self, channels=48, blocks=5):
        super().__init__()
        self.fea_conv = BsConv(12, channels)
        self.names = [f"B{i + 1}" for i in range(blocks)]
        for name in self.names:
            self.add_module(name, Esdb(channels))
        self.c1 = nn.Linear(channels * blocks, channels)
        self.c2 = BsConv(channels, channels)
        self.upsampler = nn.ModuleDict({"upsampleOneStep": nn.Sequential(conv3(channels, 48), nn.PixelShuffle(4))})
        self.act = nn.GELU()

    def forward(self, x):
        features = self.fea_conv(torch.cat([x, x, x, x], 1))
        outs = []
        for name in self.names:
            outs.append(getattr(self, name)(outs[-1] if outs else features))
        fused = self.c1(torch.cat(outs, 1).permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
        return self.upsampler["upsampleOneStep"](self.c2(self.act(fused)) + features)


class Conv3xc(nn.Module):
    def __init__(self, inp, out):
        super().__init__()
        self.eval_conv = conv3(inp, out)

    def forward(self, x):
        return self.eval_conv(x)


class Spab(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.c1_r = Conv3xc(channels, channels)
        self.c2_r = Conv3xc(channels, channels)
        self.c3_r = Conv3xc(channels, channels)
        self.act = nn.SiLU(inplace=True)

    def forward(self, x):
        first = self.act(self.c1_r(x))
        third = self.c3_r(self.act(self.c2_r(first)))
        return (third + x) * (torch.sigmoid(third) - 0.5), first


class Span(nn.Module):
    """SPAN, the baseline of NTIRE 2026."""

    def __init__(self, channels=28, blocks=6):
        super().__init__()
        self.mean = torch.tensor([0.4488, 0.4371, 0.4040]).view(1, 3, 1, 1)
        self.conv_1 = Conv3xc(3, channels)
        self.names = [f"block_{i + 1}" for i in range(blocks)]
        for name in self.names:
            self.add_module(name, Spab(channels))
        self.conv_cat = nn.Conv2d(4 * channels, channels, 1)
        self.conv_2 = Conv3xc(channels, channels)
        self.upsampler = nn.Sequential(conv3(channels, 48), nn.PixelShuffle(4))

    def forward(self, x):
        features = self.conv_1((x - self.mean) * 255.0)
        y, tap = getattr(self, self.names[0])(features)
        first = y
        for name in self.names[1:]:
            y, tap = getattr(self, name)(y)
        return self.upsampler(self.conv_cat(torch.cat([features, self.conv_2(y), first, tap], 1)))


# By card: the network, and the data range that its weights were trained for.
NETS = {"bsrn": (Bsrn, 1.0), "rlfn": (Rlfn, 255.0), "span": (Span, 1.0)}


def load(card, weights):
    """The network of a card with the weights of a file, as strictly as `load_state_dict` is."""
    net = NETS[card][0]()
    state = torch.load(weights, map_location="cpu", weights_only=True)
    for key in ("params_ema", "params", "state_dict"):
        state = state.get(key, state)
    net.load_state_dict(state)
    return net.eval()
