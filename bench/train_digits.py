"""Train a six-layer perceptron on scikit-learn's digits: without a norm, with BatchNorm and with LayerNorm.

A deep plain network learns only where its weights start at the right scale; BatchNorm frees it from that, for the price
of statistics that are those of a batch: `--against batch` shows what small ones do. Each run is made with the native
kernels and with the NumPy fallback. The exit status is 0 only if BatchNorm reaches 95% at every weight scale where the
plain network stays below 90%, and both backends agree.
"""

import argparse
import contextlib
import importlib.util
import itertools
import sys
from collections.abc import Iterator
from pathlib import Path

from digits.experiments import EXPERIMENTS
from digits.findings import Results, findings
from digits.norms import KINDS
from digits.optimizers import OPTIMIZERS
from digits.report import plot, table, write_json
from digits.training import Job
from digits.worker import Worker


def main(arguments: list[str] | None = None) -> int:
    options = _options(arguments)
    _require("sklearn", "scikit-learn")
    _require("matplotlib", "matplotlib")
    backends = ("native", "numpy") if options.backend == "both" else (options.backend,)
    experiment = EXPERIMENTS[options.against]
    scales, batches = options.scales or experiment.scales, options.batches or experiment.batches
    jobs = [
        Job(norm, scale, options.epochs, options.seed, options.dtype, options.optimizer, batch)
        for scale, batch, norm in itertools.product(scales, batches, KINDS)
    ]

    results: Results = {backend: {} for backend in backends}
    with contextlib.ExitStack() as stack:
        workers = {backend: stack.enter_context(Worker(backend)) for backend in backends}
        # In turns and never at once, so that a busy machine slows both.
        for job in _track(jobs):
            for backend, worker in workers.items():
                results[backend][job] = worker.train(job)

    found = findings(results, experiment)
    print(table(results, experiment))
    print(*found.said, *(f"BROKEN: {sentence}" for sentence in found.broken), sep="\n")
    plot(options.plot, results, experiment)
    print(f"plot: {options.plot}")
    if options.json:
        write_json(options.json, results, found.said, found.broken)
    return 1 if found.broken else 0


def _options(arguments: list[str] | None) -> argparse.Namespace:
    assert __doc__ is not None
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--backend", choices=("both", "native", "numpy"), default="both")
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--against", choices=EXPERIMENTS, default="scale", help="what is varied from run to run")
    parser.add_argument("--scales", type=_scales, help="of the weights at the start: 1e-4,1e-2,1")
    parser.add_argument("--batches", type=_batches, help="how many images in a batch: 2,8,32")
    parser.add_argument("--optimizer", choices=OPTIMIZERS, default="adam")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--dtype", choices=("float32", "float64"), default="float32")
    parser.add_argument("--plot", type=Path, default=Path("train_digits.png"), metavar="FILE")
    parser.add_argument("--json", type=Path, metavar="FILE")
    return parser.parse_args(arguments)


def _scales(text: str) -> tuple[float, ...]:
    return tuple(float(scale) for scale in text.split(","))


def _batches(text: str) -> tuple[int, ...]:
    return tuple(int(batch) for batch in text.split(","))


def _require(module: str, package: str) -> None:
    if importlib.util.find_spec(module) is None:
        raise SystemExit(f"{package} is not installed: python -m pip install 'simdnorm[bench]'")


def _track(jobs: list[Job]) -> Iterator[Job]:
    try:
        from rich.console import Console
        from rich.progress import track
    except ModuleNotFoundError:
        yield from jobs
    else:
        console = Console(stderr=True)
        yield from track(jobs, "training", console=console, transient=True, disable=not console.is_terminal)


if __name__ == "__main__":
    sys.exit(main())
