"""What there is to set and to ask of a backend that is NumPy: next to nothing."""

import os
import threading

_threads = 1
_own = threading.local()


def isa() -> str:
    return "numpy"


def available_isas() -> list[str]:
    return ["numpy"]


def isa_reason() -> str:
    return "there are no native kernels"


def use_isa(name: str) -> None:
    if name != "numpy":
        raise ValueError(f"isa {name!r} is not available, expected one of {available_isas()}")


def refused_isa() -> str | None:
    """Return what SIMDNORM_ISA asked for: a wish for any native kernel cannot be granted here."""
    wanted = os.environ.get("SIMDNORM_ISA", "")
    return wanted if wanted not in ("", "numpy") else None


def get_num_threads() -> int:
    return getattr(_own, "threads", 0) or _threads


def threads_reason() -> str:
    return "NumPy's loops are serial"


def openmp_library() -> str | None:
    return None


def set_num_threads(n: int) -> None:
    """Remembered, so that code which sets and restores it works; NumPy's element-wise loops run on one thread."""
    global _threads
    _threads = n


def set_own_threads(n: int) -> int:
    """For the operations that this thread calls; 0: not chosen."""
    before: int = getattr(_own, "threads", 0)
    _own.threads = n
    return before


def build_info() -> dict[str, str | bool]:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return {"version": version("simdnorm"), "compiler": "none", "flags": "", "openmp": False}
    except PackageNotFoundError:  # run from the source tree
        return {"version": "unknown", "compiler": "none", "flags": "", "openmp": False}
