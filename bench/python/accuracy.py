"""Measure how far everybody's results are from the exact ones, in units of the last place.

One such unit is that of the output's type, at the larger of the exact result and the terms that it is made of: the
scale of the promise in docs/numerics.md. A float32 result that is off by 2^23 = 8.4e6 of them has no digit right.
"""

import argparse
import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from cases import GROUPS, Array, Case
from inputs import INPUTS
from operands import Operands
from peers import present
from tables import show, write_between

from simdnorm._selfcheck import norms
from simdnorm._selfcheck.geometry import group
from simdnorm._selfcheck.spec import Expected, worst_of
from simdnorm._selfcheck.specs import SPEC

WAYS = ("forward", "backward")
NORMS = (
    norms.LAYER_NORM,
    norms.RMS_NORM,
    norms.BATCH_NORM,
    replace(norms.GROUP_NORM, see=partial(group, groups=GROUPS)),
    norms.INSTANCE_NORM,
)
NORM = {norm.name: norm for norm in NORMS}


@dataclass(frozen=True)
class Measured:
    """The largest error of a peer's results; None where it has no such operation."""

    operation: str
    input: str
    errors: dict[str, float | None]


def main(arguments: list[str] | None = None) -> int:
    options = _options(arguments)
    peers, absent = present()
    for peer in peers:
        peer.set_threads(1)
    names = [peer.NAME for peer in peers]
    measured = list(measure(peers, options.cases))
    if not measured:
        raise SystemExit(f"no case has {options.cases!r} in its name")
    header, rows = ["operation, input", *names], [_row(m) for m in measured]
    show("largest error, in units of the last place", header, rows)
    print(who := found(peers, absent))
    if options.json:
        options.json.write_text(json.dumps({"found": who, "errors": [asdict(m) for m in measured]}, indent=2) + "\n")
    if options.page:
        write_between(options.page, "accuracy.py", who, header, rows)
    return 0


def found(peers: Iterable[ModuleType], absent: Iterable[str]) -> str:
    """Say who was asked, and who could not be."""
    asked = "; ".join(f"{peer.NAME} {peer.version()}" for peer in peers)
    return "\n".join([f"Asked: {asked}.", *(f"absent: {name}" for name in absent)])


def measure(peers: Iterable[ModuleType], text: str = "") -> Iterator[Measured]:
    """Every norm forward and backward on every input, where `text` is in the name of both together."""
    for norm in NORMS:
        for data in INPUTS:
            operations = [f"{norm.name}_{way}" for way in WAYS]
            asked = [operation for operation in operations if text in f"{operation}, {data.name}"]
            if asked:
                x = data.x(data.images if norm.has_channels else data.rows)
                for operation, errors in errors_of(norm, x, asked, peers):
                    yield Measured(operation, data.name, errors)


def errors_of(
    norm: norms.Norm, x: Array, operations: Iterable[str], peers: Iterable[ModuleType]
) -> Iterator[tuple[str, dict[str, float | None]]]:
    """Each operation on x, with parameters and gradients that are made for it: everybody's largest error."""
    given = norm.case_of(x)
    for operation in operations:
        case = Case(operation, x.shape, "NCHW" if norm.has_channels else "rows", x.dtype.name)
        operands = Operands(case)
        shared = {name: getattr(given, name) for name in ("x", "dy", "weight", "bias", "mean", "rstd")}
        operands.take(**{name: array for name, array in shared.items() if array is not None})
        expected = replace(SPEC[operation], norm=norm).expected(given)
        named = {name: expected[name] for name in (norm.gradients if case.backward else ("y",))}
        yield operation, {peer.NAME: _error(peer, operands, named) for peer in peers}


def _error(peer: ModuleType, operands: Operands, expected: Mapping[str, Expected | None]) -> float | None:
    calls = peer.calls(operands)
    if calls is None:
        return None
    results = calls.arrays(calls.fresh())
    return max(_places(entry, result) for entry, result in zip(expected.values(), results, strict=True))


def _places(expected: Expected | None, result: Any) -> float:
    assert expected is not None
    with np.errstate(over="ignore"):  # in the type of the output, whatever a peer returns
        value: Array = np.asarray(result).astype(expected.dtype).reshape(expected.value.shape)
    return worst_of(expected, value)[1]


def _row(measured: Measured) -> list[str]:
    return [f"{measured.operation}, {measured.input}", *map(written, measured.errors.values())]


def written(error: float | None) -> str:
    """An infinite error is a result that is no number where there is one."""
    if error is None:
        return "-"
    if np.isinf(error):
        return "NaN"
    return f"{error:.1f}" if error < 1000 else f"{error:.1e}".replace("e+0", "e").replace("e+", "e")


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", default="", metavar="TEXT", help="only the operations and inputs with this in them")
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--page", type=Path, metavar="FILE", help="a page with the marks that the table stands between")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
