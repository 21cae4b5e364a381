"""Whom simdnorm is measured against: a module for each.

A peer module has

- ``NAME``, as the tables print it, and ``version()``, a sentence on what was found;
- ``set_threads(n)``, called once before everything that is made and timed; the process has the ``environment(n)``;
- ``calls(operands)``, which returns ``Calls``: the operation with fresh outputs, and into given ones (`out`). Both
  return what ``arrays(result)`` makes comparable: [y] of a forward pass ([y, summed] of add_*), [dx, dweight, dbias]
  of a backward one ([dx, dweight] of RMSNorm), in the memory layout of the operands. None stands for what the peer
  has not: one of the two ways, or the whole operation.

Importing a module whose library is not installed raises ImportError; that peer is then named as absent.
"""

import importlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

MODULES = ("simdnorm_", "torch_", "onednn_", "jax_", "onnxruntime_", "numpy_")
WAYS = ("fresh", "out")


@dataclass(frozen=True)
class Calls:
    fresh: Callable[[], Any] | None
    out: Callable[[], Any] | None
    arrays: Callable[[Any], list[Any]]


def present() -> tuple[list[ModuleType], dict[str, str]]:
    """Return the peers, simdnorm first, and why the absent ones are absent."""
    found, absent = [], {}
    for name in MODULES:
        try:
            found.append(importlib.import_module(f".{name}", __name__))
        except ImportError as error:
            absent[name.rstrip("_")] = str(error)
    return found, absent


def environment(threads: int) -> dict[str, str]:
    """Return what a process needs before it loads a library whose number of threads is fixed from then on: XLA."""
    flags = f"{os.environ.get('XLA_FLAGS', '')} --xla_cpu_multi_thread_eigen={str(threads > 1).lower()}"
    return {"NPROC": str(threads), "XLA_FLAGS": flags.strip()}
