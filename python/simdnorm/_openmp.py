"""Which OpenMP runtimes this process has loaded: several are no fault, but each has threads of its own."""

import re

_MAPS = "/proc/self/maps"
_RUNTIME = re.compile(r"/lib(gomp|omp|iomp5)[^/]*\.so[^/]*$")


def loaded_runtimes(maps: str = _MAPS) -> list[str]:
    """Return the files of the OpenMP runtimes in this process, sorted; none but on Linux."""
    try:
        with open(maps) as lines:
            files = {line.split(maxsplit=5)[-1].rstrip("\n") for line in lines}
    except OSError:
        return []
    return sorted(file for file in files if _RUNTIME.search(file))
