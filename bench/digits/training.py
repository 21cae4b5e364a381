"""One training run: a norm and a weight scale in, the test accuracy and the time out."""

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

import simdnorm

from .network import Network
from .optimizers import OPTIMIZERS

HIDDEN = (100,) * 5
CLASSES = 10
BATCH = 32
TEST_SHARE = 4  # one image in so many


@dataclass(frozen=True)
class Job:
    norm: str
    scale: float
    epochs: int
    seed: int
    dtype: str
    optimizer: str
    batch: int = BATCH


@dataclass(frozen=True)
class Outcome:
    """Of `tested` images `correct` were recognised; seconds in the norm calls and in all; `backend` did it."""

    correct: int
    tested: int
    norm_seconds: float
    seconds: float
    backend: str

    @property
    def accuracy(self) -> float:
        return self.correct / self.tested


@dataclass(frozen=True)
class Digits:
    x: NDArray[np.floating[Any]]
    labels: NDArray[np.int64]
    test_x: NDArray[np.floating[Any]]
    test_labels: NDArray[np.int64]


def load(seed: int, dtype: DTypeLike) -> Digits:
    """Return scikit-learn's digits, shuffled, with pixels in [0, 1] less their mean image."""
    from sklearn.datasets import load_digits  # type: ignore[import-untyped]

    pixels, labels = load_digits(return_X_y=True)
    order = np.random.default_rng(seed).permutation(len(labels))
    pixels, labels = pixels[order] / 16, labels[order]
    tested = len(labels) // TEST_SHARE
    pixels -= pixels[tested:].mean(axis=0)
    x = pixels.astype(dtype)
    return Digits(x[tested:], labels[tested:], x[:tested], labels[:tested])


def train(job: Job) -> Outcome:
    digits = load(job.seed, job.dtype)
    sizes = (digits.x.shape[1], *HIDDEN, CLASSES)
    network = Network(sizes, job.norm, job.scale, job.seed, job.dtype)
    optimizer = OPTIMIZERS[job.optimizer]()
    rng = np.random.default_rng(job.seed)

    start = time.perf_counter()
    # A plain network may run out of the range of numbers: that is a finding, and its accuracy tells it.
    with np.errstate(over="ignore", invalid="ignore"):
        for epoch in range(job.epochs):
            order = rng.permutation(len(digits.labels))
            # A short last batch would have statistics of its own kind: it is left out.
            for first in range(0, len(order) - job.batch + 1, job.batch):
                batch = order[first : first + job.batch]
                _, gradients = network.loss(digits.x[batch], digits.labels[batch])
                # The steps shorten towards the end, so that the last batches do not decide the result.
                optimizer.step(network.parameters, gradients, share=1 - epoch / job.epochs)
        correct = int((network.scores(digits.test_x).argmax(axis=1) == digits.test_labels).sum())
    seconds = time.perf_counter() - start
    norm_seconds = sum(norm.seconds for norm in network.norms)
    return Outcome(correct, len(digits.test_labels), norm_seconds, seconds, simdnorm.backend())
