"""The programs that measure everybody's accuracy and defects find what is wrong, and show it on the page."""

import importlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

TESTS = Path(__file__).parent
BENCH = TESTS.parent / "bench" / "python"
PAGE = "before\n\n<!-- begin of {0} -->\nold\n<!-- end of {0} -->\n\nafter\n"


def _run(program, *options, bench=BENCH):
    done = subprocess.run([sys.executable, bench / program, *options], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _errors(tmp_path, *options, **where):
    _run("accuracy.py", *options, "--json", tmp_path / "out.json", **where)
    return {
        f"{e['operation']}, {e['input']}": e["errors"]
        for e in json.loads((tmp_path / "out.json").read_text())["errors"]
    }


def test_simdnorm_is_within_six_units_of_the_last_place(tmp_path):
    found = _errors(tmp_path, "--cases", "mean = ")
    norms = ("layer_norm", "rms_norm", "batch_norm", "group_norm", "instance_norm")
    assert {name.partition(",")[0] for name in found} == {
        f"{n}_{way}" for n in norms for way in ("forward", "backward")
    }
    for name, errors in found.items():
        assert errors["simdnorm"] <= 6, name
        assert errors["NumPy"] is not None


def test_a_peer_that_is_wrong_is_seen_to_be(tmp_path):
    shutil.copytree(BENCH, tmp_path / "bench")
    numpy_ = tmp_path / "bench" / "peers" / "numpy_.py"
    numpy_.write_text(numpy_.read_text().replace("y += _parameter(o, o.bias)", "y -= _parameter(o, o.bias)"))
    errors = _errors(tmp_path, "--cases", "layer_norm_forward, mean 0", bench=tmp_path / "bench")
    assert errors["layer_norm_forward, mean 0"]["NumPy"] > 1e6 > 6 >= errors["layer_norm_forward, mean 0"]["simdnorm"]


def test_tables_stand_between_the_marks_of_a_page_and_name_who_is_absent(tmp_path):
    for program, cases in (("accuracy.py", "layer_norm_forward, mean 0"), ("defects.py", "one-pass variance")):
        page = tmp_path / "page.md"
        page.write_text(PAGE.format(program))
        printed = _run(program, "--cases", cases, "--page", page)
        written = page.read_text()
        assert written.startswith("before\n") and written.endswith("\nafter\n") and "old" not in written
        assert f"| {cases}" in written and "simdnorm" in written
        for name in ("torch", "onednn", "jax", "onnxruntime"):
            assert (f"absent: {name}" in printed) == (f"absent: {name}" in written)


def test_an_answer_is_an_error_or_what_a_program_printed_and_ended_with():
    assert "TypeError" in _run("defects.py", "--cases", "parameter dtype")
    assert "running_mean is 0.0; ValueError" in _run("defects.py", "--cases", "empty shapes")


def test_every_defect_is_guarded_by_a_test_that_exists(monkeypatch):
    monkeypatch.syspath_prepend(BENCH)
    defects = importlib.import_module("defect_list").DEFECTS
    for defect in defects:
        file, _, name = defect.test.rpartition("::")
        assert f"def {name}(" in (TESTS / (file or "test_peer_defects.py")).read_text(), defect.name
        assert (defect.x is None) != (not defect.probes), defect.name
    shown = {probe for defect in defects for probe in defect.probes.values()}
    assert shown == set(importlib.import_module("probes").PROBES.values())
