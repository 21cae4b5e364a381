"""Every test that asks for `isa` runs on the fallback and on each instruction set of this machine."""

import pytest

from norms import ISAS, using


@pytest.fixture(params=ISAS)
def isa(request):
    with using(request.param):
        yield request.param
