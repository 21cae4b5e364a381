"""What the figures were measured on."""

import os
import platform
from functools import cache
from pathlib import Path

CPU = Path("/sys/devices/system/cpu/cpu0/cache")
ASSUMED = {"L2": 2**20, "last": 2**25}
SHARE = 32 * 2**20


def processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.machine()


def cores() -> int:
    return len(os.sched_getaffinity(0))


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
