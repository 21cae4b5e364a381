"""A process of its own for each backend, because the backend is chosen at import: jobs go in and outcomes come back."""

import json
import os
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Self

from .training import Job, Outcome

# The matrices are small: more threads would cost time, and let the sums of the affine layers depend on the machine.
ONE_THREAD = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}


class Worker:
    def __init__(self, backend: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "digits.worker"],
            cwd=Path(__file__).parents[1],
            env={**os.environ, **ONE_THREAD, "SIMDNORM_BACKEND": backend},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate()  # closes its input, at which it ends

    def train(self, job: Job) -> Outcome:
        assert self._process.stdin is not None and self._process.stdout is not None
        print(json.dumps(asdict(job)), file=self._process.stdin, flush=True)
        answer = self._process.stdout.readline()
        if not answer:
            raise SystemExit(f"the training process ended with status {self._process.wait()}: see its message above")
        return Outcome(**json.loads(answer))


def _serve() -> None:
    from .training import train

    for line in sys.stdin:
        print(json.dumps(asdict(train(Job(**json.loads(line))))), flush=True)


if __name__ == "__main__":
    _serve()
