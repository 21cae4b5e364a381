"""What the kernels run on: threads, instruction sets, and what was built. Settings hold for the whole process."""

import operator
import os
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from . import _backend
from ._openmp import loaded_runtimes

_MOST_THREADS = 2**31 - 1
_PACKAGE = Path(__file__).parent


def backend() -> str:
    """Name what answers: the native kernels or the reference.

    Returns
    -------
    str
        ``"native"``, or ``"numpy"`` where the reference answers.

    Examples
    --------
    >>> import simdnorm
    >>> simdnorm.backend() in ("native", "numpy")
    True
    """
    return _backend.name


def get_num_threads() -> int:
    """Return the number of threads that the next operation may use.

    Returns
    -------
    int
        1 or more.

    Examples
    --------
    >>> import simdnorm
    >>> simdnorm.get_num_threads() >= 1
    True
    """
    return int(_backend.kernels.get_num_threads())


def set_num_threads(n: int) -> None:
    """Let the operations use `n` threads; more than the system has room for are clamped.

    Parameters
    ----------
    n : int
        1 or more.

    Raises
    ------
    TypeError
        If `n` is no integer, or a bool.
    ValueError
        If `n` is less than 1.

    Examples
    --------
    >>> import simdnorm
    >>> before = simdnorm.get_num_threads()
    >>> simdnorm.set_num_threads(1)
    >>> simdnorm.get_num_threads()
    1
    >>> simdnorm.set_num_threads(before)
    """
    _backend.kernels.set_num_threads(_checked_threads(n))


class threads:
    """``with threads(n):`` sets the number of threads for a while.

    Parameters
    ----------
    n : int
        1 or more, as `set_num_threads` takes it.

    Raises
    ------
    TypeError, ValueError
        As `set_num_threads` does.

    Examples
    --------
    >>> import simdnorm
    >>> with simdnorm.threads(1):
    ...     simdnorm.get_num_threads()
    1
    """

    def __init__(self, n: int) -> None:
        self._n = _checked_threads(n)
        self._before: list[int] = []

    def __enter__(self) -> Self:  # noqa: D105
        before = get_num_threads()
        set_num_threads(self._n)
        self._before.append(before)
        return self

    def __exit__(  # noqa: D105
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        set_num_threads(self._before.pop())


def isa() -> str:
    """Return the instruction set of the kernels in use.

    Returns
    -------
    str
        One of `available_isas`.

    Examples
    --------
    >>> import simdnorm
    >>> simdnorm.isa() in simdnorm.available_isas()
    True
    """
    return str(_backend.kernels.isa())


def available_isas() -> list[str]:
    """Return the instruction sets that this build has kernels for and this processor can run.

    Returns
    -------
    list of str
        Of ``"portable"``, ``"avx2"``, ``"avx512"`` and ``"neon"``, narrowest first; ``["numpy"]`` where the reference
        answers.

    Examples
    --------
    >>> import simdnorm
    >>> len(simdnorm.available_isas()) >= 1
    True
    """
    return list(_backend.kernels.available_isas())


class use_isa:
    """``with use_isa(name):`` runs the kernels of another instruction set for a while.

    Parameters
    ----------
    name : str
        One of `available_isas`.

    Raises
    ------
    TypeError
        If `name` is no str.
    ValueError
        If `name` is not available here.

    Examples
    --------
    >>> import simdnorm
    >>> narrowest = simdnorm.available_isas()[0]
    >>> with simdnorm.use_isa(narrowest):
    ...     assert simdnorm.isa() == narrowest
    """

    def __init__(self, name: str) -> None:
        if not isinstance(name, str):
            raise TypeError(f"name must be a str, one of {available_isas()}, got {name!r}")
        if name not in available_isas():
            raise ValueError(f"isa {name!r} is not available here, expected one of {available_isas()}")
        self._name = name
        self._before: list[str] = []

    def __enter__(self) -> Self:  # noqa: D105
        before = isa()
        _backend.kernels.use_isa(self._name)
        self._before.append(before)
        return self

    def __exit__(  # noqa: D105
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _backend.kernels.use_isa(self._before.pop())


def config() -> dict[str, str | int | bool | list[str] | None]:
    """Return what `show_config` prints; `openmp_library` is the one of `loaded_openmp` that runs our threads."""
    kernels = _backend.kernels
    built, library = kernels.build_info(), kernels.openmp_library()
    return {
        **built,
        "flags": built["flags"].split(", "),
        "backend": backend(),
        "isa": isa(),
        "isa_reason": kernels.isa_reason(),
        "available_isas": available_isas(),
        "threads": get_num_threads(),
        "threads_reason": kernels.threads_reason(),
        "openmp_library": library and os.path.realpath(library),
        "loaded_openmp": loaded_runtimes(),
        "numpy": np.__version__,
    }


def show_config() -> None:
    """Print how simdnorm was built and what it runs on.

    Examples
    --------
    >>> import simdnorm
    >>> simdnorm.show_config()  # doctest: +ELLIPSIS
           version  ...
    """
    for key, value in config().items():
        lines = value if isinstance(value, list) else [str(value)]
        print(f"{key:>14}  " + f"\n{'':<16}".join(lines))


def get_include() -> str:
    """Return the directory of the C++ headers (``#include <simdnorm/simdnorm.hpp>``).

    Returns
    -------
    str
        For a compiler's ``-I``.

    Raises
    ------
    FileNotFoundError
        If the headers were not installed, as they are not where the reference answers.

    Examples
    --------
    >>> import simdnorm
    >>> try:
    ...     option = f"-I{simdnorm.get_include()}"
    ... except FileNotFoundError:
    ...     option = ""
    """
    return _installed(_PACKAGE / "include", "simdnorm/simdnorm.hpp", "the C++ headers")


def get_cmake_dir() -> str:
    """Return the directory for ``simdnorm_DIR``, so that ``find_package(simdnorm)`` finds this package.

    Returns
    -------
    str
        As in ``cmake -Dsimdnorm_DIR=...``.

    Raises
    ------
    FileNotFoundError
        If the CMake package was not installed, as it is not where the reference answers.

    Examples
    --------
    >>> import simdnorm
    >>> try:
    ...     option = f"-Dsimdnorm_DIR={simdnorm.get_cmake_dir()}"
    ... except FileNotFoundError:
    ...     option = ""
    """
    return _installed(_PACKAGE / "lib" / "cmake" / "simdnorm", "simdnormConfig.cmake", "the CMake package")


def _installed(directory: Path, witness: str, what: str) -> str:
    if not (directory / witness).is_file():
        raise FileNotFoundError(f"{what} was not installed (no {directory / witness}); the backend is {backend()!r}")
    return str(directory)


def _checked_threads(n: object) -> int:
    if isinstance(n, bool | np.bool_):
        raise TypeError(f"n must be a number of threads, got {n!r}")
    try:
        count = operator.index(n)  # type: ignore[arg-type]
    except TypeError:
        raise TypeError(f"n must be a whole number of threads, got {n!r}") from None
    if count < 1:
        raise ValueError(f"n must be 1 thread or more, got {count}")
    return min(count, _MOST_THREADS)
