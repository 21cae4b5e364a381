"""`python -m simdnorm` fails when anything is wrong, and only then."""

import json
import sys

import numpy as np
import pytest

import simdnorm
from norms import DTYPES, SPECS
from simdnorm import __main__, _backend, _fallback
from simdnorm._selfcheck import check, plan, progress, speed
from simdnorm._selfcheck.bounds import worst
from simdnorm._selfcheck.formats import format_of, unit_roundoff
from simdnorm._selfcheck.spec import worst_of


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(check, "ROWS", (((3, 17), {}),))
    monkeypatch.setattr(check, "CHANNELS", (((5, 4), {}), ((3, 4, 5), {})))
    monkeypatch.setattr(check, "kinds_of", lambda dtype: ("random", "far", "constant", "wide"))
    monkeypatch.setattr(speed, "SECONDS", 0.0)
    monkeypatch.setattr(speed, "ROW_SHAPE", (8, 16))
    monkeypatch.setattr(speed, "CHANNEL_SHAPE", (4, 4, 5, 5))


def test_a_sound_installation_passes(isa, quick, capsys):
    assert __main__.main([]) == 0
    printed = capsys.readouterr().out
    assert "all checks hold" in printed and "NOT checked" not in printed
    lines = printed.splitlines()
    header = next(line for line in lines if "float32" in line and "faster by" in line)
    assert header.split()[: len(DTYPES)] == [dtype.name for dtype in DTYPES]
    for spec in SPECS:
        (line,) = (line for line in lines if line.startswith(f"{spec.name} "))
        errors = line.split()[1 : 1 + len(DTYPES)]
        assert all(0 <= float(error) < 8 for error in errors)


def test_without_ml_dtypes_bfloat16_is_left_out_and_that_is_said(quick, capsys, monkeypatch):
    def nothing(name):
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(plan, "import_module", nothing)
    assert [dtype.name for dtype in plan.dtypes()] == ["float32", "float64", "float16"]
    assert __main__.main([]) == 0
    printed = capsys.readouterr().out
    assert "bfloat16 was NOT checked: ml_dtypes is not installed" in printed and "all checks hold" in printed


class Broken:
    """Kernels of which one is off by a little in one element."""

    def __init__(self, kernels, name, argument):
        self._kernels, self._name, self._argument = kernels, name, argument

    def __getattr__(self, name):
        function = getattr(self._kernels, name)
        if name == "express":
            return _fallback.express  # no way around the broken one
        if name != self._name:
            return function

        def off(*arguments):
            function(*arguments)
            if (array := arguments[self._argument]) is not None and array.size:
                if array.dtype == np.uint16:  # the bits of bfloat16
                    array.flat[-1] += 20
                else:
                    array.flat[-1] += 20 * np.spacing(np.fmax(np.nanmax(np.abs(array)), 1).astype(array.dtype))

        return off


@pytest.mark.parametrize(
    ("kernel", "argument"),
    [("layer_norm_forward", 4), ("layer_norm_backward", 5), ("layer_norm_backward", 6), ("rms_norm_forward", 3),
     ("rms_norm_backward", 5), ("add_layer_norm_forward", 6), ("add_rms_norm_forward", 5), ("add_rms_norm_backward", 6),
     ("group_norm_forward", 6), ("group_norm_backward", 9), ("instance_norm_forward", 4),
     ("instance_norm_backward", 6), ("batch_norm_forward", 9), ("batch_norm_inference", 7), ("batch_norm_backward", 9),
     ("batch_norm_statistics", 3), ("batch_norm_apply", 5), ("batch_norm_backward_apply", 9)],
)  # fmt: skip
def test_one_wrong_element_fails_the_check(isa, quick, capsys, monkeypatch, kernel, argument):
    monkeypatch.setattr(_backend, "kernels", Broken(_backend.kernels, kernel, argument))
    assert __main__.main([]) == 1
    printed = capsys.readouterr().out
    assert "CHECKS FAILED" in printed and "times its bound" in printed and "FAILED" in printed


def test_bench_prints_the_speed_alone(quick, capsys):
    assert __main__.main(["bench"]) == 0
    printed = capsys.readouterr().out
    assert "batch_norm_backward" in printed and "last place" not in printed


def test_bench_says_the_same_to_programs_and_as_a_picture(quick, capsys, tmp_path):
    picture = tmp_path / "speed.svg"
    assert __main__.main(["bench", "--json", "--seconds", "1e-9", "--plot", str(picture)]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["isa"] == simdnorm.isa()
    assert set(printed["microseconds"]["rms_norm"]) == {"shape", "simdnorm", "numpy"}
    assert picture.read_text().count("<svg") == 1


def refused(arguments, capsys):
    """Run a command line that is wrong, and return the line that says so."""
    with pytest.raises(SystemExit, match="2"):
        __main__.main(arguments)
    printed = capsys.readouterr()
    assert printed.out == ""
    return printed.err.splitlines()[-1]


@pytest.mark.parametrize(
    ("file", "why"),
    [("speed.jpg", "ends in .png, .svg, .pdf"), ("speed", "ends in"), ("nowhere/speed.svg", "in no directory"),
     ("folder.svg", "no file that can be written")],
)  # fmt: skip
def test_a_picture_that_cannot_be_written_is_refused_before_anything_is_timed(file, why, capsys, monkeypatch, tmp_path):
    monkeypatch.setattr(speed, "measure", lambda seconds: pytest.fail("timed"))
    tmp_path.joinpath("folder.svg").mkdir()
    line = refused(["bench", "--plot", str(tmp_path / file)], capsys)
    assert "--plot" in line and file in line and why in line


def test_without_matplotlib_a_picture_is_refused_before_anything_is_timed(capsys, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setattr(speed, "measure", lambda seconds: pytest.fail("timed"))
    assert "pip install matplotlib" in refused(["bench", "--plot", str(tmp_path / "speed.svg")], capsys)


def test_check_does_not_time(quick, capsys, monkeypatch):
    monkeypatch.setattr(speed, "measure", lambda seconds=None: pytest.fail("timed"))
    assert __main__.main(["check"]) == 0
    printed = capsys.readouterr().out
    assert "all checks hold" in printed and "faster by" not in printed


@pytest.mark.parametrize("seconds", ["0", "-1", "nan", "inf", "abc", ""])
def test_seconds_that_are_none_are_refused_in_words_for_people(seconds, capsys):
    line = refused(["bench", f"--seconds={seconds}"], capsys)
    assert line.endswith(f"error: argument --seconds: must be a number of seconds above 0, got {seconds!r}")


def test_a_command_that_is_none_is_refused_with_those_that_are(capsys):
    line = refused(["chek"], capsys)
    assert "error: " in line and all(command in line for command in ("chek", "info", "check", "bench"))


@pytest.mark.parametrize(
    ("command", "told"), [("info", "what chose them"), ("check", "its bound"), ("bench", "microseconds")]
)
def test_the_help_of_a_command_says_what_it_does(command, told, capsys):
    with pytest.raises(SystemExit, match="0"):
        __main__.main([command, "--help"])
    assert told in capsys.readouterr().out.partition("options:")[0]


def test_help_shows_examples_and_says_what_the_exit_status_means(capsys):
    with pytest.raises(SystemExit, match="0"):
        __main__.main(["--help"])
    printed = capsys.readouterr().out
    assert "examples:" in printed and "exit status: 0, all checks hold" in printed


@pytest.mark.parametrize("rich", ["rich", None])
def test_on_a_terminal_a_bar_hands_on_every_item_and_leaves_stdout_alone(rich, capsys, monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    if rich is None:
        monkeypatch.setitem(sys.modules, "rich.console", None)
    assert list(progress.track([1, 2, 3], "counting", str)) == [1, 2, 3]
    printed = capsys.readouterr()
    assert printed.out == "" and "counting" in printed.err and "counting 1/3: 1" not in printed.err


def test_off_a_terminal_a_line_names_each_item_before_it_is_taken_and_leaves_stdout_alone(capsys):
    items = progress.track(["layer_norm", "rms_norm"], "timing", str.upper)
    for item, line in [("layer_norm", "timing 1/2: LAYER_NORM\n"), ("rms_norm", "timing 2/2: RMS_NORM\n")]:
        assert next(items) == item
        assert capsys.readouterr() == ("", line)


def test_a_check_and_a_measurement_say_off_a_terminal_how_far_they_are(quick, capsys):
    assert __main__.main([]) == 0
    lines = capsys.readouterr().err.splitlines()
    assert [line for line in lines if line.startswith("checking ") and line.endswith(": rms_norm float64")]
    assert [line for line in lines if line.startswith("timing ") and line.endswith(": batch_norm_backward")]


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_worst_measures_in_bounds_and_in_last_places(dtype):
    u = unit_roundoff(dtype)
    expected = np.array([1.0, 2.0], np.longdouble)
    value = np.array([1 + 4 * u, 2]).astype(dtype)
    # Bounds are wider by the smallest number of the type, which is not quite nothing in float16.
    assert np.allclose(worst(value, expected, np.array([8 * u, 8 * u])), (0.5, 2.0), rtol=1e-4)
    assert np.isclose(worst(value, expected, np.array([8 * u, 0]))[0], 0.5, rtol=1e-4)
    for wrong in ([np.nan, 2], [np.inf, 2]):
        assert worst(np.array(wrong).astype(dtype), expected, expected)[0] == np.inf
    nan = np.array([np.nan, np.inf], np.longdouble)
    assert worst(nan.astype(dtype), nan, nan) == (0, 0)
    assert worst(np.array([0, -np.inf]).astype(dtype), nan, nan)[0] == np.inf
    assert worst(value[:1], expected, expected)[0] == np.inf


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_worst_lets_infinity_stand_for_what_lies_beyond_the_type_and_only_for_that(dtype):
    largest = format_of(dtype).largest
    beyond, none = np.array([largest * 1.5]) if dtype.itemsize < 8 else np.array([largest]), np.zeros(1)
    infinite = np.array([np.inf]).astype(dtype)
    assert worst(infinite, beyond, none + largest * 2.0**-9) == (0, 0)
    assert worst(-infinite, beyond, none + largest * 2.0**-9)[0] == np.inf
    assert worst(infinite, beyond / 2, none)[0] == np.inf


def test_a_result_of_another_type_or_none_at_all_is_wrong():
    for spec in SPECS:
        case = spec.case((3, 4, 5), DTYPES[0])
        for name, value in spec.call(case).items():
            entry = spec.expected(case)[name]
            assert worst_of(entry, value)[0] <= 1
            assert worst_of(entry, None)[0] == np.inf
            assert worst_of(entry, value.astype(np.float16))[0] == np.inf


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_the_arrays_of_a_case_have_nothing_to_do_with_each_other(dtype):
    for spec in SPECS:
        case = spec.case((4, 6, 40), dtype)
        arrays = [case.x, case.dy] if case.dsummed is None else [case.x, case.dy, case.dsummed]
        correlation = np.corrcoef([array.ravel().astype(float) for array in arrays])
        assert np.abs(correlation - np.eye(len(arrays))).max() < 0.25  # some 8 standard deviations of 960 values
