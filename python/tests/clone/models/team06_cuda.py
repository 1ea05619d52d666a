import torch
from torch import nn

from models.team00_plain import Plain


class Cuda(Plain):
    def __init__(self):
        super().__init__()
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cuda:0")
        self.mean = torch.zeros(1, 3, 1, 1, device="cuda")
        self.head = self.head.cuda()
        self.offset = nn.Parameter(torch.ones(1).to(self.device))
        torch.cuda.synchronize()

    def forward(self, x):
        return super().forward(x - self.mean) + self.offset


class CudaInForward(Plain):
    def forward(self, x):
        scale = torch.ones(1, x.shape[1], 1, 1).to("cuda")
        torch.cuda.synchronize()
        return super().forward(x * scale)
