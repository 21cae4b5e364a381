"""Time the norms of PyTorch beside those of simdnorm.torch on small inputs: from which size on crossing to ours pays.

In float32 (or bfloat16), rows of 1024 or images of 32 channels of 16x16; training is forward and backward to input and
weight.
Between two calls 64 MiB are written, for so it is in a network: what stands between its norms takes the caches for
itself, and Python then comes from memory as well, which costs more than the same calls in a loop would show.
"""

import argparse
import json
import sys
from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any

import machine
import torch
from tables import show, write_between
from timing import medians_amid
from torch import Tensor
from torch.nn import functional as native

import simdnorm.torch as snt
from simdnorm.torch._fit import SMALLEST, Smallest

ELEMENTS = (8192, 32768, 131072, 524288, 2097152)
COLUMNS, CHANNELS, GROUPS, PIXELS = 1024, 32, 8, (16, 16)
WAYS = ("inference", "training")
Parameters = tuple[Tensor, ...]
Times = dict[str, float]


def add_layer_norm(module: Any, x: Tensor, p: Parameters) -> Tensor:
    if module is snt:
        return snt.add_layer_norm(x, x, (COLUMNS,), *p)[0]
    return native.layer_norm(x + x, (COLUMNS,), *p)


def add_rms_norm(module: Any, x: Tensor, p: Parameters) -> Tensor:
    if module is snt:
        return snt.add_rms_norm(x, x, (COLUMNS,), p[0])[0]
    return native.rms_norm(x + x, (COLUMNS,), p[0])


OTHERS = torch.zeros(2**24)
RUNNING = torch.zeros(CHANNELS), torch.ones(CHANNELS)
CALLS: dict[str, tuple[int, Callable[[Any, Tensor, Parameters], Tensor]]] = {
    "layer_norm": (COLUMNS, lambda module, x, p: module.layer_norm(x, (COLUMNS,), *p)),
    "rms_norm": (COLUMNS, lambda module, x, p: module.rms_norm(x, (COLUMNS,), p[0])),
    "add_layer_norm": (COLUMNS, add_layer_norm),
    "add_rms_norm": (COLUMNS, add_rms_norm),
    "group_norm": (CHANNELS, lambda module, x, p: module.group_norm(x, GROUPS, *p)),
    "batch_norm": (CHANNELS, lambda module, x, p: module.batch_norm(x, None, None, *p, True)),
    "batch_norm, 16 bits": (CHANNELS, lambda module, x, p: module.batch_norm(x, None, None, *p, True)),
    "batch_norm, channels last": (CHANNELS, lambda module, x, p: module.batch_norm(x, None, None, *p, True)),
    "batch_norm in evaluation": (CHANNELS, lambda module, x, p: module.batch_norm(x, *RUNNING, *p)),
}
"""The number of parameters, and the call: by the names of `SMALLEST`."""


def main(arguments: list[str] | None = None) -> int:
    options = _options(arguments)
    in_use = dict(SMALLEST)
    SMALLEST.update(dict.fromkeys(SMALLEST, Smallest(0, 0)))  # ours, however small
    header = ["norm", *(f"{n} elements" for n in ELEMENTS), "ours from", "in use"]
    rows, found = [], []
    for norm in CALLS:
        for way in WAYS:
            times = [_times(norm, n, way, options.seconds) for n in ELEMENTS]
            smallest = getattr(in_use[norm], way)
            found.append({"norm": norm, "way": way, "elements": ELEMENTS, "times": times, "in use": smallest})
            cells = ["; ".join(f"{1e6 * time:.1f}" for time in each.values()) for each in times]
            rows.append([f"{norm}, {way}", *cells, _ours_from(times), str(smallest)])
    show("microseconds of a call: PyTorch's own; through simdnorm.torch", header, rows)
    environment = f"PyTorch {torch.__version__}, {torch.get_num_threads()} thread(s) of {machine.processor()}."
    print(environment)
    if options.json:
        options.json.write_text(json.dumps({"environment": environment, "results": found}, indent=1) + "\n")
    if options.page:
        write_between(options.page, "crossing.py", environment, header, rows)
    return 0


def _ours_from(times: list[Times]) -> str:
    """Return the size from which on ours is never the slower one, of those that were measured."""
    sooner = [each["ours"] <= each["own"] for each in times]
    first = next((i for i in range(len(sooner)) if all(sooner[i:])), None)
    return "more" if first is None else str(ELEMENTS[first])


def _times(norm: str, elements: int, way: str, seconds: float) -> Times:
    count, call = CALLS[norm]
    x = torch.randn(elements).reshape((-1, COLUMNS) if count == COLUMNS else (-1, CHANNELS, *PIXELS))
    if norm.endswith("channels last"):
        x = x.contiguous(memory_format=torch.channels_last)
    inputs = x, torch.ones(count), torch.zeros(count)
    if norm.endswith("16 bits"):
        inputs = x, *_ = tuple(t.bfloat16() for t in inputs)
    for leaf in inputs:
        leaf.requires_grad_(way == "training")
    dy = torch.ones_like(x)
    steps = {
        name: partial(_step, partial(call, module), dy, *inputs) for name, module in (("own", native), ("ours", snt))
    }
    with torch.inference_mode() if way == "inference" else nullcontext():
        return medians_amid(partial(OTHERS.add_, 1), steps, seconds)


def _step(call: Callable[[Tensor, Parameters], Tensor], dy: Tensor, x: Tensor, *parameters: Tensor) -> None:
    y = call(x, parameters)
    if x.requires_grad:
        torch.autograd.grad(y, (x, parameters[0]), dy)


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=0.5, help="for each size and call")
    parser.add_argument("--json", type=Path, metavar="FILE", help="all times, in seconds")
    parser.add_argument("--page", type=Path, metavar="FILE", help="a page with the marks that the table stands between")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
