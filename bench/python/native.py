"""C sources of the benchmark, compiled by this machine's compiler when they are first needed, and loaded."""

import ctypes
import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

import simdnorm

HERE = Path(__file__).parent
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "simdnorm-bench"
FLAGS = ("-std=gnu11", "-O3", "-fno-tree-loop-distribute-patterns", "-fopenmp", "-shared", "-fPIC")
OF_ISA = {"avx512": ("-mavx512f",), "avx2": ("-mavx2",)}
"""Those of the kernels: a limit by narrower loads and stores would be none for them."""


class NoCompiler(ImportError):
    """There is none, or it refuses."""


def load(source: str, flags: Sequence[str] = ()) -> ctypes.CDLL:
    """Return the library made of c/`source`; it is made anew when the source, the flags or the compiler differ."""
    compiler = os.environ.get("CC") or shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        raise NoCompiler("no C compiler is installed")
    file = HERE / "c" / source
    command = [*compiler.split(), *FLAGS, *OF_ISA.get(simdnorm.isa(), ()), str(file), *flags]
    try:
        version = subprocess.run([*compiler.split(), "--version"], capture_output=True, text=True).stdout
    except OSError as error:
        raise NoCompiler(str(error)) from error
    key = hashlib.sha256(repr((command, version)).encode() + file.read_bytes()).hexdigest()
    library = _directory() / f"{file.stem}-{key[:16]}.so"
    if not library.exists():
        with tempfile.TemporaryDirectory(dir=library.parent) as directory:
            made = Path(directory) / library.name
            outcome = subprocess.run([*command, "-o", str(made)], capture_output=True, text=True)
            if outcome.returncode != 0:
                raise NoCompiler(f"{compiler} refuses {source}: {outcome.stderr.strip()[-300:]}")
            made.replace(library)  # at once: another process may be looking
    return ctypes.CDLL(str(library))


def _directory() -> Path:
    try:
        CACHE.mkdir(parents=True, exist_ok=True)
    except OSError:  # no home to write to
        fallback = Path(tempfile.gettempdir()) / f"simdnorm-bench-{os.getuid()}"
        fallback.mkdir(mode=0o700, exist_ok=True)
        return fallback
    return CACHE
