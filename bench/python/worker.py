"""Measures cases on one number of threads in this process, all peers in turns; a line of JSON for each case.

The first line says who takes part. compare.py starts it.
"""

import argparse
import json
import os

import streams
from agreement import Disagreement
from case_lists import FRESH, LISTS, chosen
from measure import measure
from peers import present

ASKED_FOR_FRESH = ("simdnorm", "PyTorch")


def main() -> None:
    options = _options()
    peers, absent = present()
    if not any(peer.NAME == "simdnorm" for peer in peers):
        raise SystemExit(f"simdnorm is not installed: {absent['simdnorm']}")
    for peer in peers:
        peer.set_threads(options.threads)
    # Lines go where standard output was; what a library prints there goes to standard error.
    lines = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    versions = {peer.NAME: peer.version() for peer in peers}
    print(
        json.dumps({"peers": versions, "absent": absent, "streams": streams.kind()}),
        file=lines,
        flush=True,
    )
    for case in chosen(options.set, options.cases):
        if case.available:
            asked = [peer for peer in peers if case not in FRESH or peer.NAME in ASKED_FOR_FRESH]
            try:
                outcome = measure(case, asked, options.threads, options.seconds).to_json()
            except Disagreement as error:
                outcome = {"disagreement": str(error)}
            print(json.dumps(outcome), file=lines, flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--set", nargs="+", choices=LISTS, required=True)
    parser.add_argument("--cases", required=True)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    return parser.parse_args()


if __name__ == "__main__":
    main()
