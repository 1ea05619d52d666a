"""A fixed image that harness, workers and exporter make alike, and what is kept of a network's output for it.

A program may have a size baked in and run at another one all the same, with other results: a few odd sizes find it out.
"""

import torch

GRID = 4
# What two machines' arithmetic may differ by in a block's mean, in steps of 255.
TOLERANCE = 0.02


def pattern(height, width, data_range):
    """(1, 3, height, width) of bytes, in the data range."""
    y = torch.arange(height).view(1, height, 1)
    x = torch.arange(width).view(1, 1, width)
    c = torch.arange(3).view(3, 1, 1)
    noise = (y * 7919 + x * 104729 + c * 1299709 + (y * x) * 31) // 8 % 128
    smooth = (y * 3 + x * 2 + c * 40) % 128
    return (noise + smooth).float().unsqueeze(0) / (255.0 / data_range)


def block_means(output, data_range):
    """The means of the output's blocks, a GRID x GRID of them, in units of one of 255 steps."""
    image = output.clamp(0, data_range)[0].double().mean(0) * (255.0 / data_range)
    rows = torch.tensor_split(image, GRID, 0)
    return [float(block.mean()) for row in rows for block in torch.tensor_split(row, GRID, 1)]
