"""Every test that asks for `isa` runs on the fallback and on each instruction set of this machine.

A failure ends in the promise that it broke and the command that repeats it, with Hypothesis's seed and amount.
"""

import os
import random
import shlex

import pytest

from norms import ISAS, using

HOW_MUCH = ("SIMDNORM_TEST_TIMES", "SIMDNORM_FUZZ_EXAMPLES")  # a seed draws the same only when as many are drawn


@pytest.fixture(params=ISAS)
def isa(request):
    with using(request.param):
        yield request.param


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config):
    """Draw Hypothesis's seed here, before its plugin asks for it, so that it can be told."""
    if config.getoption("hypothesis_seed", None) is None:
        config.option.hypothesis_seed = random.randrange(2**32)


def pytest_terminal_summary(terminalreporter, config):
    seed = config.getoption("hypothesis_seed", None)
    how_much = [f"{name}={os.environ[name]} " for name in HOW_MUCH if name in os.environ]
    for report in terminalreporter.getreports("failed") + terminalreporter.getreports("error"):
        promise = report.nodeid.rpartition("::")[2].removeprefix("test_").replace("_", " ")
        terminalreporter.write_line(f"BROKEN PROMISE: {promise}")
        terminalreporter.write_line(
            f"  {''.join(how_much)}python -m pytest {shlex.quote(report.nodeid)} --hypothesis-seed={seed}"
        )
