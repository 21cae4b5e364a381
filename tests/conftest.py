"""Every test that asks for `isa` runs on the fallback and on each instruction set of this machine."""

import pytest

import simdnorm
from norms import NATIVE_ISAS
from simdnorm import _backend, _fallback


@pytest.fixture(params=["numpy", *NATIVE_ISAS])
def isa(request, monkeypatch):
    if request.param == "numpy":
        monkeypatch.setattr(_backend, "kernels", _fallback)
        monkeypatch.setattr(_backend, "name", "numpy")
        yield "numpy"
    else:
        with simdnorm.use_isa(request.param):
            yield request.param
