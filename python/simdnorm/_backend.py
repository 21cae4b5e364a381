"""Which kernels answer: the native ones, or NumPy's. Chosen once, at import.

SIMDNORM_BACKEND=numpy forces the reference; SIMDNORM_BACKEND=native makes missing native kernels an ImportError. With
neither, missing kernels are a RuntimeWarning, once.
"""

import importlib
import os
import warnings
from types import ModuleType

_NATIVE = f"{__package__}._core"


def _choose() -> ModuleType:
    wanted = os.environ.get("SIMDNORM_BACKEND", "")
    if wanted not in ("", "native", "numpy"):
        raise ImportError(f"SIMDNORM_BACKEND is {wanted!r}, expected 'native' or 'numpy'")
    if wanted != "numpy":
        try:
            return importlib.import_module(_NATIVE)
        except ModuleNotFoundError as error:
            # A native module that is there and does not load is a defect to be seen, not one to fall back from.
            if error.name != _NATIVE or wanted == "native":
                raise
            # pip hides what a build has to say; this is where its user hears it.
            warnings.warn(
                "simdnorm was installed without its native kernels (was there a C++20 compiler?): it answers from its "
                "NumPy reference, right and many times slower. SIMDNORM_BACKEND=numpy says that this is meant.",
                RuntimeWarning,
                stacklevel=2,
            )
    return importlib.import_module("._fallback", __package__)


kernels = _choose()
name = "numpy" if kernels.__name__.endswith("._fallback") else "native"

if (refused := kernels.refused_isa()) is not None:
    warnings.warn(
        f"SIMDNORM_ISA is {refused!r}, which is not available here; simdnorm uses {kernels.isa()!r}, "
        f"available are {kernels.available_isas()}",
        RuntimeWarning,
        stacklevel=2,
    )
