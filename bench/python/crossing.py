"""Time the norms of PyTorch beside those of simdnorm.torch on small inputs: from which size on crossing to ours pays.

One thread, float32, rows of 256 or images of 32 channels of 64; training is forward and backward to input and weight.
"""

import argparse
import sys
from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any

import machine
import torch
from tables import show, write_between
from timing import medians
from torch import Tensor
from torch.nn import functional as native

import simdnorm.torch as snt
from simdnorm.torch._fit import SMALLEST, Smallest

ELEMENTS = (2048, 8192, 32768, 131072, 524288)
COLUMNS, CHANNELS, GROUPS, PIXELS = 256, 32, 8, 64
WAYS = ("inference", "training")
Parameters = tuple[Tensor, ...]

CALLS: dict[str, tuple[int, Callable[[Any, Tensor, Parameters], Tensor]]] = {
    "layer_norm": (COLUMNS, lambda module, x, p: module.layer_norm(x, (COLUMNS,), *p)),
    "rms_norm": (COLUMNS, lambda module, x, p: module.rms_norm(x, (COLUMNS,), p[0])),
    "group_norm": (CHANNELS, lambda module, x, p: module.group_norm(x, GROUPS, *p)),
    "batch_norm": (CHANNELS, lambda module, x, p: module.batch_norm(x, None, None, *p, True)),
}
"""The number of parameters, and the call."""


def main(arguments: list[str] | None = None) -> int:
    options = _options(arguments)
    torch.set_num_threads(1)
    sizes = ", ".join(f"{norm} {SMALLEST[norm].inference} and {SMALLEST[norm].training}" for norm in CALLS)
    SMALLEST.update(dict.fromkeys(SMALLEST, Smallest(0, 0)))  # ours, however small
    header, rows = ["elements", *(f"{norm}, {way}" for norm in CALLS for way in WAYS)], []
    for n in ELEMENTS:
        rows.append([str(n), *(_cell(norm, n, way, options.seconds) for norm in CALLS for way in WAYS)])
    show("microseconds of a call: PyTorch's own; through simdnorm.torch", header, rows)
    found = f"PyTorch {torch.__version__} on {machine.processor()}. Ours is taken from so many elements on: {sizes}."
    print(found)
    if options.page:
        write_between(options.page, "crossing.py", found, header, rows)
    return 0


def _cell(norm: str, elements: int, way: str, seconds: float) -> str:
    count, call = CALLS[norm]
    x = torch.randn(elements).reshape((-1, COLUMNS) if count == COLUMNS else (-1, CHANNELS, PIXELS))
    inputs = x, torch.ones(count), torch.zeros(count)
    for leaf in inputs:
        leaf.requires_grad_(way == "training")
    dy = torch.ones_like(x)
    steps = {
        name: partial(_step, partial(call, module), dy, *inputs) for name, module in (("own", native), ("ours", snt))
    }
    with torch.inference_mode() if way == "inference" else nullcontext():
        times = medians(steps, seconds, 1)
    return "; ".join(f"{1e6 * time:.1f}" for time in times.values())


def _step(call: Callable[[Tensor, Parameters], Tensor], dy: Tensor, x: Tensor, *parameters: Tensor) -> None:
    y = call(x, parameters)
    if x.requires_grad:
        torch.autograd.grad(y, (x, parameters[0]), dy)


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=0.5, help="for each size and call")
    parser.add_argument("--page", type=Path, metavar="FILE", help="a page with the marks that the table stands between")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
