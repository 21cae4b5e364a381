"""A process for each number of threads: some libraries have but one for all their life."""

import json
import os
import subprocess
import sys
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from measurement import Measurement
from peers import environment

WORKER = Path(__file__).with_name("worker.py")


def measured(options: Namespace, threads: int) -> Iterator[dict[str, Any] | Measurement]:
    """Yield who takes part, then what comes out of each of the chosen cases."""
    command = [sys.executable, str(WORKER), "--threads", str(threads), "--seconds", str(options.seconds)]
    command += ["--cases", options.cases, "--set", *options.set]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ | environment(threads)) as worker:
        assert worker.stdout is not None
        try:
            for line in worker.stdout:
                read = json.loads(line)
                yield Measurement.from_json(read) if "case" in read else read
        except BaseException:
            worker.terminate()
            raise
    if worker.returncode != 0:
        raise SystemExit(f"measuring on {threads} thread(s) ended with {worker.returncode}; see above")
