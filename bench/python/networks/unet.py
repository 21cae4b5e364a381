"""The outermost blocks of a diffusion U-Net, with GroupNorm: 4 channels in, two residual blocks, 4 channels out.

The blocks are those of Ho et al., 2020 (arXiv:2006.11239), without the embedding of the time.
"""

import torch
from torch import Tensor, nn

from . import Network

BATCH, LATENTS, CHANNELS, GROUPS, SIZE = 2, 4, 320, 32, 64


class Residual(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.residual = nn.Sequential(*_convolution(), *_convolution())

    def forward(self, x: Tensor) -> Tensor:
        return x + self.residual(x)


def _convolution(out: int = CHANNELS) -> tuple[nn.Module, nn.Module, nn.Module]:
    return nn.GroupNorm(GROUPS, CHANNELS), nn.SiLU(), nn.Conv2d(CHANNELS, out, 3, padding=1)


def _build() -> nn.Module:
    first = nn.Conv2d(LATENTS, CHANNELS, 3, padding=1)
    return nn.Sequential(first, Residual(), Residual(), *_convolution(LATENTS))


def _batch(generator: torch.Generator) -> tuple[Tensor, Tensor]:
    shape = BATCH, LATENTS, SIZE, SIZE
    return torch.randn(shape, generator=generator), torch.randn(shape, generator=generator)


NETWORKS = [Network("diffusion U-Net blocks", _build, _batch, nn.functional.mse_loss)]
