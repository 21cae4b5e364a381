"""What the figures were measured on."""

import os
import platform
from functools import cache
from pathlib import Path
from typing import Any

CPU = Path("/sys/devices/system/cpu/cpu0/cache")
ASSUMED = {"L2": 2**20, "last": 2**25}
SHARE = 32 * 2**20


def about() -> dict[str, Any]:
    """Describe it, and what the user set that the threads of all peers obey."""
    set_by_user = {name: value for name, value in os.environ.items() if name.startswith(("OMP_", "GOMP_", "KMP_"))}
    return {
        "processor": processor(),
        "cores": len(os.sched_getaffinity(0)),
        "L2": l2(),
        "out of cache": out_of_cache(),
        "environment": set_by_user,
    }


def processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.machine()


@cache
def l2() -> int:
    """Bytes of a core's L2."""
    return _caches().get(2, ASSUMED["L2"])


@cache
def out_of_cache() -> int:
    """Bytes from which on a case counts as out of cache: the last level, or SHARE where that is larger.

    The L3 of a large server is shared by tens of cores; nobody's one or two threads have hundreds of MiB.
    """
    caches = _caches()
    return min(caches[max(caches)] if caches else ASSUMED["last"], SHARE)


def _caches() -> dict[int, int]:
    """Bytes by level, of data."""
    sizes = {}
    for index in CPU.glob("index*"):
        try:
            kind, level, size = ((index / name).read_text().strip() for name in ("type", "level", "size"))
        except OSError:
            continue
        if kind != "Instruction":
            sizes[int(level)] = int(size.removesuffix("K")) * 1024
    return sizes
