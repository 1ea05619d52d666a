from absent_einops import rearrange
from absent_layers import to_2tuple

from models.team00_plain import Plain


class NeedsInInit(Plain):
    def __init__(self):
        super().__init__()
        self.size = to_2tuple(8)


class NeedsInForward(Plain):
    def forward(self, x):
        return super().forward(rearrange(x, "b c h w -> b c h w"))
