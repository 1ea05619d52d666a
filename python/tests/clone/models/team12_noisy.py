import os

import torch

from models.team00_plain import Plain

torch.backends.cudnn.benchmark = True
torch.set_num_threads(1)


class Noisy(Plain):
    """Prints by every way there is, and reads stdin."""

    def forward(self, x):
        print("printed by forward")
        os.write(1, b"written to descriptor 1\n")
        os.system("echo echoed by a child")
        assert os.read(0, 10) == b""
        return super().forward(x)
