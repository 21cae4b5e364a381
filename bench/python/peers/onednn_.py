"""oneDNN through its C interface (c/onednn.c): primitives made once, then run on given pointers.

It comes from the wheels onednn-cpu-gomp and onednn-devel-cpu-gomp, or from the prefix that SIMDNORM_BENCH_ONEDNN names.
Parameters and statistics are float32, as it wants them, whatever x is. It allocates nothing itself: to it fresh outputs
are np.empty and then the same call.
"""

import ctypes
import os
import sys
from functools import partial
from pathlib import Path
from typing import Any

import native
import numpy as np
from cases import EPS, GROUPS, Array
from operands import Operands, aligned_empty

from . import Calls

NAME = "oneDNN"
# As the library numbers them.
SRC, DST, MEAN, VARIANCE, SCALE, SHIFT = 1, 17, 49, 50, 51, 52
DIFF_SRC, DIFF_DST, DIFF_SCALE, DIFF_SHIFT = 129, 145, 255, 256
TYPES = {"float16": 1, "bfloat16": 2, "float32": 3}
GLOBAL_STATS, USE_SCALE, USE_SHIFT, RMS_NORM = 0x1, 0x2, 0x4, 0x20
OPERATIONS = {"layer_norm": 0, "rms_norm": 0, "batch_norm": 1, "group_norm": 2, "instance_norm": 2}
TRAINING, INFERENCE, BACKWARD = range(3)
Dimensions = ctypes.c_int64 * 12


class Request(ctypes.Structure):
    _fields_ = (
        *((name, ctypes.c_int) for name in ("operation", "way", "dimensions", "type")),
        *((name, Dimensions) for name in ("shape", "strides")),
        ("groups", ctypes.c_int64),
        ("flags", ctypes.c_uint),
        ("eps", ctypes.c_float),
    )


class Norm(ctypes.c_void_p):
    """A primitive, or None (it is false) where the library has none such."""

    def __del__(self) -> None:
        if self:
            library.norm_destroy(self)


def _library() -> ctypes.CDLL:
    prefix = Path(os.environ.get("SIMDNORM_BENCH_ONEDNN", sys.prefix))
    if not (prefix / "include" / "oneapi" / "dnnl" / "dnnl.h").exists():
        raise ImportError(f"no oneDNN with its headers in {prefix}")
    where = next((prefix / lib for lib in ("lib", "lib64") if list((prefix / lib).glob("libdnnl.so*"))), prefix / "lib")
    library = native.load("onednn.c", (f"-I{prefix / 'include'}", f"-L{where}", "-ldnnl", f"-Wl,-rpath,{where}"))
    library.norm_version.restype = ctypes.c_char_p
    library.norm_create.restype = Norm
    library.norm_create.argtypes = (ctypes.POINTER(Request),)
    library.norm_bind.argtypes = (ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)
    library.norm_run.argtypes = library.norm_destroy.argtypes = (ctypes.c_void_p,)
    return library


library = _library()


def version() -> str:
    return str(library.norm_version(), "ascii")


def set_threads(n: int) -> None:
    library.norm_set_threads(n)


def calls(o: Operands) -> Calls | None:
    case = o.case
    if case.masked or case.added or (case.by_row and case.layout != "rows"):
        return None
    request, arguments = _request(o), _arguments(o)
    given, made = library.norm_create(request), library.norm_create(request)
    if not given or not made:
        return None
    for norm in (given, made):
        for name, array in arguments.items():
            library.norm_bind(norm, name, array.ctypes.data)
    y, *parameters = [DIFF_SRC, DIFF_SCALE, DIFF_SHIFT][: 2 + case.centered] if case.backward else [DST]

    def fresh() -> Array:
        array, address = aligned_empty(o.x.shape, o.dtype)
        library.norm_bind(made, y, address)
        _check(library.norm_run(made))
        return array

    def arrays(result: Array | int) -> list[Any]:
        if isinstance(result, int):
            _check(result)
            result = arguments[y]
        return [result, *(arguments[name] for name in parameters)]

    return Calls(fresh, partial(library.norm_run, given), arrays)


def _check(status: int) -> None:
    if status != 0:
        raise RuntimeError(f"oneDNN's status is {status}")


def _request(o: Operands) -> Request:
    case = o.case
    # Channels are the second dimension to oneDNN whatever the memory is; the strides say what it is.
    x = o.x.reshape(-1, case.shape[-1]) if case.by_row else np.moveaxis(o.x, case.channel_axis, 1)
    way = BACKWARD if case.backward else TRAINING if case.operation.endswith("_forward") else INFERENCE
    flags = USE_SCALE | (USE_SHIFT if case.centered else RMS_NORM)
    flags |= GLOBAL_STATS if case.operation == "batch_norm" else 0
    groups = GROUPS if case.norm == "group_norm" else x.shape[1]
    shape, strides = Dimensions(*x.shape), Dimensions(*(stride // x.itemsize for stride in x.strides))
    return Request(OPERATIONS[case.norm], way, x.ndim, TYPES[case.dtype], shape, strides, groups, flags, EPS)


def _arguments(o: Operands) -> dict[int, Array]:
    case = o.case
    weight, bias = (np.array(array, np.float32) for array in (o.weight, o.bias))
    if case.backward:
        variance = np.maximum(1 / np.square(o.rstd, dtype=np.float64) - EPS, 0).astype(np.float32)
        mean = np.array(o.mean, np.float32)
        inputs = {SRC: o.x, DIFF_DST: o.dy, MEAN: mean, VARIANCE: variance, SCALE: weight, SHIFT: bias}
        return inputs | {DIFF_SRC: o.dx, DIFF_SCALE: np.zeros_like(weight), DIFF_SHIFT: np.zeros_like(bias)}
    if case.operation == "batch_norm":
        statistics = (o.running_mean, o.running_var)
    else:
        statistics = (np.zeros(o.mean.shape, np.float32), np.zeros(o.mean.shape, np.float32))
    return {SRC: o.x, DST: o.y, MEAN: statistics[0], VARIANCE: statistics[1], SCALE: weight, SHIFT: bias}
