"""``simdnorm-bench``: the benchmark of the C++ library, if this installation has it."""

import os
import subprocess
import sys
from pathlib import Path

_PROGRAM = Path(__file__).parent / "bin" / ("simdnorm-bench.exe" if os.name == "nt" else "simdnorm-bench")


def main() -> int:
    """Become the program, with the arguments of this process; return 1 where there is none."""
    if not _PROGRAM.is_file():
        print(
            "simdnorm-bench: this installation has no benchmark program, because Google Benchmark (Debian: "
            "libbenchmark-dev) or a C++ compiler was not there when it was built.\nInstall them, and simdnorm again "
            "from its source; or measure from Python, which needs neither: python -m simdnorm bench",
            file=sys.stderr,
        )
        return 1
    command = [str(_PROGRAM), *sys.argv[1:]]
    if os.name == "nt":  # where a program cannot take another's place
        return subprocess.call(command)
    os.execv(_PROGRAM, command)
