"""docs/math.md, run as it is read."""

import re
from pathlib import Path

import pytest

from simdnorm.reference import (
    BATCH_NORM_DERIVATIONS,
    GROUP_NORM_DERIVATIONS,
    LAYER_NORM_DERIVATIONS,
    RMS_NORM_DERIVATIONS,
)

PAGE = Path(__file__).parents[1].joinpath("docs", "math.md").read_text(encoding="utf-8")


def test_the_examples_of_the_page_run_in_its_order():
    examples = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert examples
    names = {}
    for example in examples:
        exec(compile(example, "docs/math.md", "exec"), names)


TABLES = (LAYER_NORM_DERIVATIONS, BATCH_NORM_DERIVATIONS, RMS_NORM_DERIVATIONS, GROUP_NORM_DERIVATIONS)


@pytest.mark.parametrize("derivation", [derivation for table in TABLES for derivation in table.values()])
def test_every_derivation_stands_on_the_page(derivation):
    assert f"`{derivation.__name__}`" in PAGE
