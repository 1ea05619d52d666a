from torch import nn


class Plain(nn.Module):
    def __init__(self, channels=4):
        super().__init__()
        self.head = nn.Conv2d(3, channels, 3, padding=1)
        self.act = nn.ReLU(inplace=True)
        self.up = nn.Sequential(nn.Conv2d(channels, 48, 3, padding=1), nn.PixelShuffle(4))

    def forward(self, x):
        return self.up(self.act(self.head(x)))
