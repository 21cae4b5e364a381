"""How much memory a call of simdnorm takes beyond its inputs and outputs: the growth of the process's peak.

A process for each case (scratch that one leaves behind would serve the next), in which all arrays are written, the
code's pages have been read, and the operation has run on a tiny shape. Then the kernel's record of the peak is reset,
and the operation runs once with `out`. What it took is the new peak without what was resident and the outputs that were
not given. The C library is told to keep no freed memory, which would serve a second time; the kernel counts in batches:
128 KiB a core may be missing.
"""

import argparse
import ctypes
import dataclasses
import os
import subprocess
import sys
from pathlib import Path

from case_lists import LISTS, chosen
from cases import GROUPS, Case
from operands import Operands

SELF = Path("/proc/self")
PAGE = 4096
KEEP_NOTHING = {"MALLOC_MMAP_THRESHOLD_": "16384", "MALLOC_TRIM_THRESHOLD_": "0"}
ALLOWED = 2**20
BLOCKS, WIDE = 32, 2048
"""What simdnorm cuts rows into, at most, and columns beyond which there are fewer blocks in proportion."""


def allowed(case: Case) -> int:
    """Bytes that a call may take: 1 MiB, and 2 floats for each column and block of rows."""
    columns = case.shape[case.channel_axis]
    blocks = BLOCKS if columns <= WIDE else BLOCKS * WIDE // columns
    return ALLOWED + 2 * 4 * columns * blocks


def taken(case: Case, threads: int) -> int | None:
    """Return bytes, measured in a process of its own; None where the system does not tell."""
    command = [sys.executable, __file__, case.name, str(threads)]
    printed = subprocess.run(
        command, check=True, stdout=subprocess.PIPE, text=True, env=os.environ | KEEP_NOTHING
    ).stdout
    return int(printed) if printed.strip() else None


def _measure(case: Case, threads: int) -> int | None:
    from peers import simdnorm_

    simdnorm_.set_threads(threads)
    small, operands = Operands(_tiny(case)), Operands(case)
    calls, tiny = simdnorm_.calls(operands), simdnorm_.calls(small)
    assert calls.out is not None and tiny.out is not None
    tiny.out()
    _touch_code()
    try:
        (SELF / "clear_refs").write_text("5")  # the peak is what is resident now
        before = status("VmHWM")
    except (OSError, KeyError):
        return None
    result = calls.out()
    after = status("VmHWM")
    returned = result if isinstance(result, tuple) else (result,)
    given = operands.dx if case.backward else operands.y
    outputs = sum(array.nbytes for array in returned if array is not given)
    return max(0, after - before - outputs)


def _tiny(case: Case) -> Case:
    """The same operation on few values; channels stay, for groups have to divide them."""
    kept = case.channel_axis % len(case.shape)
    shape = tuple(min(n, GROUPS if case.by_row else n) if i == kept else min(n, 2) for i, n in enumerate(case.shape))
    return dataclasses.replace(case, shape=shape)


def _touch_code() -> None:
    """Read the pages of the libraries: the first call of anything would, and they are nobody's scratch."""
    for line in (SELF / "maps").read_text().splitlines():
        addresses, rights, *_, path = line.split()
        if rights.startswith("r") and ("simdnorm" in path or "libgomp" in path) and ".so" in path:
            begin, end = (int(address, 16) for address in addresses.split("-"))
            for page in range(begin, end, PAGE):
                ctypes.string_at(page, 1)


def status(name: str) -> int:
    fields = dict(line.split(":", 1) for line in (SELF / "status").read_text().splitlines())
    return int(fields[name].split()[0]) * 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("case")
    parser.add_argument("threads", type=int)
    options = parser.parse_args()
    case = next(case for case in chosen(LISTS, "") if case.name == options.case)
    bytes_taken = _measure(case, options.threads)
    print("" if bytes_taken is None else bytes_taken)


if __name__ == "__main__":
    main()
