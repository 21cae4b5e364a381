"""Show what the defects of others do to an input: the answers of those that are installed, and ours.

Numbers are errors in units of the last place, as in accuracy.py; a test of simdnorm stands beside each defect.
"""

import argparse
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import ModuleType

from accuracy import NORM, errors_of, found, written
from defect_list import DEFECTS, Defect
from peers import present
from tables import show, write_between


def main(arguments: list[str] | None = None) -> int:
    options = _options(arguments)
    peers, absent = present()
    for peer in peers:
        peer.set_threads(1)
    names = [peer.NAME for peer in peers if peer.NAME != "NumPy"] + ["Keras"]
    header = ["defect", "seen in", "input", *names, "our test"]
    rows = []
    for defect in DEFECTS:
        if options.cases in f"{defect.name}, {defect.input}":
            answers = _answers(defect, peers)
            rows.append([defect.name, defect.seen_in, defect.input, *(answers.get(n, "-") for n in names), defect.test])
    show("defects of others, and the answers to them", header, rows)
    print(who := found(peers, absent))
    if options.page:
        write_between(options.page, "defects.py", who, header, rows)
    return 0


def _answers(defect: Defect, peers: Iterable[ModuleType]) -> Mapping[str, str]:
    if defect.x is None:
        return {name: probe() for name, probe in defect.probes.items()}
    norm = NORM[defect.operation.rpartition("_")[0]]
    ((_, errors),) = errors_of(norm, defect.x(), [defect.operation], peers)
    return {name: written(error) for name, error in errors.items()}


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", default="", metavar="TEXT", help="only the defects and inputs with this in them")
    parser.add_argument("--page", type=Path, metavar="FILE", help="a page with the marks that the table stands between")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
