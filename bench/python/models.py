"""Time whole networks whose norms are PyTorch's or simdnorm's, compiled or not, in turns in one process.

Training is a step forward, backward and of AdamW; inference is the forward pass alone. The share of the norms is
measured by hooks, for which a compiled network has no place: its norms are fused with what stands around them. The
losses of 20 steps are compared with PyTorch's own; a compiled network shows how far rounding alone takes them apart.
"""

import argparse
import gc
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import machine
import torch
import transformers
from network_memory import peak
from networks import Network, networks
from norm_clock import shares
from progress import Progress
from tables import show, write_between
from timing import medians
from training import BOTH, COMPILED, DTYPES, PATCHED, PYTORCH, VARIANTS, WAYS, Run

import simdnorm

STEPS = 20
REPEATS = 7


@dataclass(frozen=True)
class Measured:
    """A network in one dtype and way; everything by the name of the variant."""

    network: str
    dtype: str
    way: str
    seconds: dict[str, float]
    share: dict[str, float]
    """Of the norms in a step."""
    apart: dict[str, float] = field(default_factory=dict)
    """The largest relative difference of a loss to PyTorch's, in training."""
    peak: dict[str, int | None] = field(default_factory=dict)
    """Bytes of a process that does nothing else."""


def main(arguments: list[str] | None = None) -> int:
    options = _options(arguments)
    chosen = [network for network in networks() if options.networks in network.name]
    measured: list[Measured] = []
    with Progress(len(chosen) * len(options.dtypes)) as progress:
        for network in chosen:
            for dtype in options.dtypes:
                progress.say(f"{network.name}, {dtype}")
                for one in measure(network, dtype, options.seconds, options.memory):
                    measured.append(one)
                    _write_json(options.json, measured)  # an hour's work is not lost with its last minute
                progress.advance()
                gc.collect()
                torch.compiler.reset()
    header, rows = table(measured)
    show("milliseconds of a step", header, rows)
    print(_found())
    if options.page:
        write_between(options.page, "models.py", _found(), header, rows)
    return 0


def _write_json(file: Path | None, measured: Sequence[Measured]) -> None:
    if file:
        content = {"about": machine.about() | {"found": _found()}, "measured": [asdict(m) for m in measured]}
        file.write_text(json.dumps(content, indent=2) + "\n")


def measure(network: Network, dtype: str, seconds: float, memory: bool) -> Iterator[Measured]:
    """Train all variants through the same batches, then time them."""
    losses = {variant: Run(network, dtype, variant).losses(STEPS) for variant in VARIANTS}
    apart = {variant.name: _apart(of_run, losses[PYTORCH]) for variant, of_run in losses.items()}
    owner = Run(network, dtype, PYTORCH)
    runs = {variant: owner if variant is PYTORCH else Run(network, dtype, variant, like=owner) for variant in VARIANTS}
    hollow = Run(network, dtype, PYTORCH).hollow()
    for way in WAYS:
        calls = {variant: run.call(way) for variant, run in runs.items()}
        for call in calls.values():
            call()
        times = medians(calls, seconds, torch.get_num_threads())
        share = shares({variant: runs[variant] for variant in (PYTORCH, PATCHED)}, hollow, way, REPEATS)
        yield Measured(
            network.name,
            dtype,
            way,
            {variant.name: time for variant, time in times.items()},
            {variant.name: of_norms for variant, of_norms in share.items()},
            apart if way == "training" else {},
            {v.name: peak(network.name, dtype, way, v) for v in VARIANTS} if memory else {},
        )


def _apart(losses: Sequence[float], to: Sequence[float]) -> float:
    return max(abs(a - b) / abs(b) for a, b in zip(losses, to, strict=True))


def table(measured: Sequence[Measured]) -> tuple[list[str], list[list[str]]]:
    header = ["network, dtype", "way", *(variant.name for variant in VARIANTS)]
    header += ["patching", "patching compiled", "share of norms", "GiB", "losses apart: compiled; patched"]
    return header, [_row(m) for m in measured]


def _row(m: Measured) -> list[str]:
    time, share, peaks = m.seconds, m.share, m.peak
    return [
        f"{m.network}, {m.dtype}",
        m.way,
        *(f"{1e3 * time[variant.name]:.0f}" for variant in VARIANTS),
        f"{time[PYTORCH.name] / time[PATCHED.name]:.2f}x",
        f"{time[COMPILED.name] / time[BOTH.name]:.2f}x",
        f"{share[PYTORCH.name]:.1%} -> {share[PATCHED.name]:.1%}",
        "; ".join("-" if p is None else f"{p / 2**30:.2f}" for p in peaks.values()),
        "; ".join(f"{m.apart[v.name]:.0e}" for v in (COMPILED, PATCHED)) if m.apart else "",
    ]


def _found() -> str:
    threads = torch.get_num_threads()
    return (
        f"simdnorm {simdnorm.__version__}, PyTorch {torch.__version__}, transformers {transformers.__version__}; "
        f"{threads} thread(s) of {machine.processor()}"
    )


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--networks", default="", metavar="TEXT", help="only those with this in their name")
    parser.add_argument("--dtypes", nargs="+", choices=DTYPES, default=list(DTYPES))
    parser.add_argument("--seconds", type=float, default=60.0, help="for each network, dtype and way")
    parser.add_argument("--memory", action=argparse.BooleanOptionalAction, default=True, help="measure memory as well")
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--page", type=Path, metavar="FILE", help="a page with the marks that the table stands between")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
