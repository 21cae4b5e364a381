"""`python -m simdnorm` fails when anything is wrong, and only then."""

import numpy as np
import pytest

from norms import DTYPES, SPECS
from simdnorm import __main__, _backend
from simdnorm._selfcheck import check, progress, speed
from simdnorm._selfcheck.bounds import unit_roundoff, worst


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(check, "ROW_SHAPES", ((3, 17),))
    monkeypatch.setattr(check, "CHANNEL_SHAPES", ((5, 3), (3, 4, 5)))
    monkeypatch.setattr(speed, "SECONDS", 0.0)
    monkeypatch.setattr(speed, "ROW_SHAPE", (8, 16))
    monkeypatch.setattr(speed, "CHANNEL_SHAPE", (4, 3, 5, 5))


def test_a_sound_installation_passes(isa, quick, capsys):
    assert __main__.main([]) == 0
    printed = capsys.readouterr().out
    assert "all checks hold" in printed and "FAILED" not in printed
    for spec in SPECS:
        assert printed.count(f"\n{spec.name} ") >= len(DTYPES)


class Broken:
    """Kernels of which one is off by a little in one element."""

    def __init__(self, kernels, name, argument):
        self._kernels, self._name, self._argument = kernels, name, argument

    def __getattr__(self, name):
        function = getattr(self._kernels, name)
        if name == "layer_norm_express":
            return lambda *arguments: None
        if name != self._name:
            return function

        def off(*arguments):
            function(*arguments)
            if (array := arguments[self._argument]) is not None and array.size:
                array.flat[-1] += 20 * np.spacing(np.maximum(np.abs(array).max(), 1))

        return off


@pytest.mark.parametrize(
    ("kernel", "argument"),
    [("layer_norm_forward", 4), ("layer_norm_backward", 5), ("layer_norm_backward", 6), ("batch_norm_forward", 5),
     ("batch_norm_inference", 6), ("batch_norm_backward", 8), ("batch_norm_apply", 5)],
)  # fmt: skip
def test_one_wrong_element_fails_the_check(isa, quick, capsys, monkeypatch, kernel, argument):
    monkeypatch.setattr(_backend, "kernels", Broken(_backend.kernels, kernel, argument))
    assert __main__.main([]) == 1
    printed = capsys.readouterr().out
    assert "CHECKS FAILED" in printed and "times its bound" in printed


def test_bench_prints_the_speed_alone(quick, capsys):
    assert __main__.main(["bench"]) == 0
    printed = capsys.readouterr().out
    assert "batch_norm_backward" in printed and "last place" not in printed


@pytest.mark.parametrize("bar", [progress.track, progress._own_bar])
def test_a_progress_bar_hands_on_every_item(bar, capsys, monkeypatch):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    assert list(bar([1, 2, 3], "counting")) == [1, 2, 3]


def test_nobody_watches_no_bar(capsys):
    assert list(progress.track([1, 2], "counting")) == [1, 2]
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_worst_measures_in_bounds_and_in_last_places(dtype):
    u = unit_roundoff(dtype)
    expected = np.array([1.0, 2.0], np.longdouble)
    value = np.array([1 + 4 * u, 2], dtype)
    assert worst(value, expected, np.array([8 * u, 8 * u])) == (0.5, 2.0)
    assert worst(value, expected, np.array([8 * u, 0]))[0] == 0.5
    for wrong in ([np.nan, 2], [np.inf, 2]):
        assert worst(np.array(wrong, dtype), expected, expected)[0] == np.inf
    nan = np.array([np.nan, np.inf], np.longdouble)
    assert worst(np.array([np.nan, np.inf], dtype), nan, nan) == (0, 0)
    assert worst(np.array([0, -np.inf], dtype), nan, nan)[0] == np.inf
    assert worst(value[:1], expected, expected)[0] == np.inf
