"""Bad input is refused with an error that names the argument, and nothing has been written.

No kernel is reached: these tests need not run on every instruction set.
"""

import numpy as np
import pytest

from norms import small_case


def _bytes(arguments):
    return {name: value.tobytes() for name, value in arguments.items() if type(value) is np.ndarray}


def assert_refused(spec, error, *words, case=None, **bad):
    """The operation raises `error`, with these words in that order, and leaves all arrays as they were."""
    case = small_case(spec) if case is None else case
    arguments = {**spec.arguments(case), **bad}
    if spec.out and "out" not in arguments and "need" not in arguments:
        arguments["out"] = np.full(case.x.shape, 7, case.x.dtype)
    before = _bytes(arguments)
    with pytest.raises(error, match=".*".join(words)):
        spec.function(**arguments)
    assert _bytes(arguments) == before


def quoted(shape):
    """A shape, as a message is searched for it."""
    return str(tuple(shape)).replace("(", r"\(").replace(")", r"\)")
