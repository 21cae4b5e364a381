"""Every test that asks for `isa` runs on the fallback and on each instruction set of this machine."""

import pytest

from norms import ISAS, using


@pytest.fixture(params=ISAS)
def isa(request):
    with using(request.param):
        yield request.param


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """Say how a property that failed is tried again on all that was drawn; Hypothesis tells of the one that failed."""
    report = (yield).get_result()
    test = getattr(item, "obj", None)
    if report.failed and getattr(test, "is_hypothesis_test", False):
        seed = getattr(test, "_hypothesis_internal_use_generated_seed", None) or item.config.option.hypothesis_seed
        report.sections.append(("To repeat it", f"python -m pytest '{item.nodeid}' --hypothesis-seed={seed}"))
