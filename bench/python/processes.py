"""A process for each number of threads: some libraries have but one for all their life."""

import json
import os
import subprocess
import sys
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from measurement import Measurement
from peers import environment

WORKER = Path(__file__).with_name("worker.py")


class Measured(NamedTuple):
    """What comes of a number of threads: first who takes part, then each case or a sentence on why there is none."""

    peers: dict[str, Any] | None = None
    measurement: Measurement | None = None
    failure: str | None = None


def measured(options: Namespace, threads: int) -> Iterator[Measured]:
    command = [
        sys.executable,
        str(WORKER),
        "--threads",
        str(threads),
        "--seconds",
        str(options.seconds),
    ]
    command += ["--cases", options.cases, "--set", *options.set]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | environment(threads),
    ) as worker:
        assert worker.stdout is not None
        try:
            for line in worker.stdout:
                yield _read(json.loads(line))
        except BaseException:
            worker.terminate()
            raise
    if worker.returncode != 0:
        yield Measured(failure=f"measuring on {threads} thread(s) ended with {worker.returncode}; see above")


def _read(line: dict[str, Any]) -> Measured:
    if "case" in line:
        return Measured(measurement=Measurement.from_json(line))
    if "disagreement" in line:
        return Measured(failure=line["disagreement"])
    return Measured(peers=line)
