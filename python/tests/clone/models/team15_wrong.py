import torch

from models.team00_plain import Plain


class Throws(Plain):
    def forward(self, x):
        return self.head(x[:, :2])


class WrongScale(Plain):
    def forward(self, x):
        return super().forward(x)[..., 1:]


class NotFinite(Plain):
    def forward(self, x):
        y = super().forward(x).clone()
        y[0, 0, 0, 0] = float("nan")
        y[0, 1, 0, 0] = float("inf")
        return y


class ForOneDevice(Plain):
    def forward(self, x):
        one = torch.ones(3)
        return super().forward(torch.ops.aten.cudnn_batch_norm(x, one, one, one, one, False, 0.1, 1e-5)[0])
