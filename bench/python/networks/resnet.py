"""A convolutional network with BatchNorm, of the shape of ResNet-50 (He et al., 2016, arXiv:1512.03385)."""

from functools import partial

import torch
from torch import Tensor, nn

from . import Network, cross_entropy

BATCH, SIZE, CLASSES = 8, 128, 1000
STAGES = (3, 4, 6, 3)
"""Blocks in each; a stage has twice the channels and half the width and height of the last."""
EXPANSION = 4


class Bottleneck(nn.Module):
    """Nothing is changed in place, for autograd forbids it behind the hooks that clock the norms."""

    def __init__(self, channels: int, inner: int, stride: int) -> None:
        super().__init__()
        outer = EXPANSION * inner
        self.residual = nn.Sequential(
            *_convolution(channels, inner, 1), nn.ReLU(),
            *_convolution(inner, inner, 3, stride), nn.ReLU(),
            *_convolution(inner, outer, 1),
        )  # fmt: skip
        same = stride == 1 and channels == outer
        self.shortcut = nn.Identity() if same else nn.Sequential(*_convolution(channels, outer, 1, stride))

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.residual(x) + self.shortcut(x))


class ResNet(nn.Sequential):
    def __init__(self, memory_format: torch.memory_format) -> None:
        channels, blocks = 64, []
        for i, count in enumerate(STAGES):
            inner = 64 * 2**i
            for j in range(count):
                blocks.append(Bottleneck(channels, inner, stride=2 if i and not j else 1))
                channels = EXPANSION * inner
        stem = *_convolution(3, 64, 7, 2), nn.ReLU(), nn.MaxPool2d(3, 2, 1)
        super().__init__(*stem, *blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, CLASSES))
        self.to(memory_format=memory_format)


def _convolution(channels: int, out: int, size: int, stride: int = 1) -> tuple[nn.Module, nn.Module]:
    return nn.Conv2d(channels, out, size, stride, size // 2, bias=False), nn.BatchNorm2d(out)


def _batch(generator: torch.Generator, memory_format: torch.memory_format) -> tuple[Tensor, Tensor]:
    images = torch.randn(BATCH, 3, SIZE, SIZE, generator=generator).contiguous(memory_format=memory_format)
    return images, torch.randint(CLASSES, (BATCH,), generator=generator)


NETWORKS = [
    Network(f"ResNet-50, {name}", partial(ResNet, format_), partial(_batch, memory_format=format_), cross_entropy)
    for name, format_ in (("NCHW", torch.contiguous_format), ("NHWC", torch.channels_last))
]
