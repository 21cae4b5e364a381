"""The benchmark runs with whoever is installed, times what agrees, counts what must be moved, and shows losses."""

import importlib
import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from norms import needs_native

BENCH = Path(__file__).parents[1] / "bench" / "python"


class Modules:
    """The benchmark's, each imported when a test asks for it: some need what not everybody has installed."""

    def __getattr__(self, name):
        return importlib.import_module(name)


@pytest.fixture
def bench(monkeypatch):
    monkeypatch.syspath_prepend(BENCH)
    return Modules()


def _compare(*options, program=BENCH / "compare.py"):
    return subprocess.run([sys.executable, program, *options], capture_output=True, text=True)


def test_all_peers_agree_on_every_operation_layout_and_dtype(bench, tmp_path):
    done = _compare("--set", "tiny", "--threads", "1", "--seconds", "0", "--no-memory", "--json", tmp_path / "out.json")
    assert done.returncode == 0, done.stderr
    written = json.loads((tmp_path / "out.json").read_text())
    assert [m["case"] for m in written["measurements"]] == [
        c.name for c in bench.case_lists.LISTS["tiny"] if c.available
    ]
    timed = set()
    for m in written["measurements"]:
        times = {(peer, way): seconds for way, of_way in m["seconds"].items() for peer, seconds in of_way.items()}
        assert {("simdnorm", "fresh"), ("simdnorm", "out"), ("NumPy", "fresh")} <= times.keys()
        assert all(seconds > 0 for seconds in [*times.values(), m["stream"]["seconds"]])
        assert not {peer for peer, _ in times} & set(m["lacking"])
        timed |= {peer for peer, _ in times}
    assert timed == set(written["peers"])
    assert {"simdnorm", "NumPy"} <= timed
    assert all(f"absent: {name}" in done.stdout for name in written["absent"])


def test_each_number_of_threads_is_measured_and_all_stand_in_one_report(tmp_path):
    files = ["--json", tmp_path / "out.json"]
    done = _compare("--cases", "rms_norm_forward 8x8x32", "--set", "tiny", "--seconds", "0", *files)
    assert done.returncode == 0, done.stderr
    written = json.loads((tmp_path / "out.json").read_text())
    assert [m["threads"] for m in written["measurements"]] == [1, 2]
    assert "1 thread(s), fresh" in done.stdout and "2 thread(s), into" in done.stdout and "goals" in done.stdout


def test_a_plot_is_drawn(tmp_path):
    pytest.importorskip("matplotlib")
    options = ["--cases", "rms_norm_forward 8x8x32", "--set", "tiny", "--seconds", "0", "--threads", "1", "--no-memory"]
    done = _compare(*options, "--plot", tmp_path / "plot.png")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "plot.png").stat().st_size > 0


def test_a_page_tells_of_every_case_and_of_every_goal(tmp_path):
    options = ["--cases", "layer_norm_forward 8", "--set", "tiny", "--seconds", "0", "--no-memory"]
    done = _compare(*options, "--json", tmp_path / "out.json", "--page", tmp_path / "page.md")
    assert done.returncode == 0, done.stderr
    page, written = (tmp_path / "page.md").read_text(), json.loads((tmp_path / "out.json").read_text())
    rows = {row[0]: row for line in page.splitlines() if (row := line.strip("| ").split(" | "))}
    assert {goal["measure"] for goal in written["goals"]} <= rows.keys()
    assert "](page.svg)" in page and "<svg" in (tmp_path / "page.svg").read_text()
    for m in written["measurements"]:
        ours = min(seconds["simdnorm"] for seconds in m["seconds"].values())
        assert rows[m["case"]][m["threads"] - 3] == f"{ours / m['stream']['seconds']:.2f}"


def test_a_case_that_is_not_there_is_refused_with_those_that_are():
    done = _compare("--cases", "no such norm")
    assert done.returncode != 0
    assert "no such norm" in done.stderr and "layer_norm_forward 16x64" in done.stderr


@pytest.mark.parametrize("way", ["fresh", "out"])
def test_a_peer_that_does_not_agree_is_not_timed(bench, way):
    case = bench.cases.Case("layer_norm_forward", (4, 32))
    right = np.linspace(-2, 2, 128, dtype=np.float32).reshape(4, 32)
    wrong = right.copy()
    wrong[3, 31] += 3 * bench.agreement.tolerance(case) * 2

    def calls(**results):
        return bench.peers.Calls(lambda: results["fresh"], lambda: results["out"], lambda result: [result])

    both = {"fresh": right, "out": right}
    bench.agreement.check(case, {"simdnorm": calls(**both), "peer": calls(**both)})
    with pytest.raises(bench.agreement.Disagreement, match=rf"result 0 of peer \({way}\) is not that of simdnorm"):
        bench.agreement.check(case, {"simdnorm": calls(**both), "peer": calls(**both | {way: wrong})})
    with pytest.raises(bench.agreement.Disagreement, match="peer"):
        bench.agreement.check(case, {"simdnorm": calls(**both), "peer": calls(**both | {way: right[:2]})})


def test_a_disagreement_is_reported_beside_the_other_cases(tmp_path):
    shutil.copytree(BENCH, tmp_path / "bench")
    numpy_ = tmp_path / "bench" / "peers" / "numpy_.py"
    numpy_.write_text(numpy_.read_text().replace("y += _parameter(o, o.bias)", "y -= _parameter(o, o.bias)"))
    options = ["--set", "tiny", "--cases", "norm_forward 8x", "--threads", "1", "--seconds", "0", "--no-memory"]
    done = _compare(*options, program=tmp_path / "bench" / "compare.py")
    assert done.returncode == 1
    assert "layer_norm_forward 8x32: result 0 of NumPy (fresh) is not that of simdnorm" in done.stderr
    assert "rms_norm_forward 8x8x32  " in done.stdout and "layer_norm_forward 8x32  " not in done.stdout


@pytest.mark.parametrize("compiled", [True, False])
@pytest.mark.parametrize(("operation", "inputs"), [
    ("layer_norm_forward", ["x"]), ("layer_norm_backward", ["dy", "x"]), ("add_rms_norm_forward", ["x", "residual"]),
    ("add_rms_norm_backward", ["dy", "x", "dsummed"]), ("batch_norm_forward", ["x"]),
])  # fmt: skip
def test_the_limit_reads_every_input_and_writes_every_output(bench, monkeypatch, compiled, operation, inputs):
    if not compiled:
        monkeypatch.setattr(bench.streams, "_library", lambda: "no compiler")
    elif isinstance(bench.streams._library(), str):
        pytest.skip(bench.streams._library())
    monkeypatch.setattr(bench.machine, "l2", lambda: 1024)  # BatchNorm's columns are larger
    o = bench.operands.Operands(bench.cases.Case(operation, (48, 32), "NC" if "batch" in operation else "rows"))
    assert (bench.traffic.traffic(o.case).item > 0) == ("batch" in operation)
    words = np.uint32 if compiled else np.uint16
    expected = sum(getattr(o, name).view(words) for name in inputs)
    outputs = [o.dx if o.case.backward else o.y, o.other][: 2 if operation == "add_rms_norm_forward" else 1]
    ways = bench.streams.streams(o, 2)
    assert len(ways) == (4 if compiled else 1)
    for way, stream in ways.items():
        for output in outputs:
            output.fill(0)
        stream()
        assert all(np.array_equal(output.view(words), expected) for output in outputs), way


@pytest.mark.parametrize(("operation", "shape", "layout", "kind"), [
    ("layer_norm_forward", (4096, 768), "rows", "copy"),
    ("layer_norm_backward", (4096, 768), "rows", "add"),
    ("add_layer_norm_forward", (4096, 768), "rows", "two to two"),
    ("add_layer_norm_backward", (4096, 768), "rows", "three to one"),
    ("batch_norm", (64, 3, 224, 224), "NCHW", "copy"),
    ("batch_norm_forward", (32, 64, 56, 56), "NCHW", "copy"),  # a channel has 401 KB
    ("batch_norm_forward", (64, 3, 224, 224), "NCHW", "read, copy"),  # and here 13 MB
    ("batch_norm_backward", (64, 3, 224, 224), "NCHW", "read two, add"),
    ("batch_norm_forward", (32, 56, 56, 64), "NHWC", "read, copy"),  # its lines have 6.4 MB
    ("batch_norm_backward", (32, 7, 7, 2048), "NHWC", "add"),
    ("group_norm_forward", (8, 128, 128, 128), "NCHW", "copy"),
    ("group_norm_backward", (8, 128, 256, 256), "NCHW", "read two, add"),  # dy and x of a group have 1 MiB each
])  # fmt: skip
def test_the_limit_reads_again_what_does_not_fit_into_l2(bench, monkeypatch, operation, shape, layout, kind):
    monkeypatch.setattr(bench.machine, "l2", lambda: 3 * 2**19)
    assert bench.traffic.traffic(bench.cases.Case(operation, shape, layout)).name == kind


def test_losses_and_missed_goals_are_shown(bench, capsys):
    case = bench.cases.Case("layer_norm_forward", (256, 768))
    assert case in bench.case_lists.CORE
    times = {
        ("simdnorm", "fresh"): 3e-6,
        ("simdnorm", "out"): 2e-6,
        ("PyTorch", "fresh"): 8e-6,
        ("oneDNN", "out"): 1e-6,
    }
    measured = [bench.measurement.Measurement(case, 1, times, 1e-6, ("JAX",))]
    peers = ["simdnorm", "PyTorch", "oneDNN", "JAX"]
    bench.report.print_tables(measured, peers)
    bench.report.print_goals(bench.goals.goals(measured, {case: 2**30}, peers))
    printed = capsys.readouterr().out
    assert "slower in layer_norm_forward 256x768 (0.50x)" in printed
    assert "JAX lacks: layer_norm_forward 256x768" in printed
    assert "missed by layer_norm_forward 256x768 (0.50x)" in printed  # the best peer
    assert "missed by layer_norm_forward 256x768 (1024.00 MiB)" in printed
    found = {goal.measure: goal for goal in bench.goals.goals(measured, {case: 0}, peers)}
    assert found["PyTorch, 1 thread(s), into given outputs (out=): geometric mean"].met
    assert found["PyTorch, 1 thread(s), fresh outputs: geometric mean"].reached == "2.67x"
    assert found["memory beyond inputs and outputs: worst case"].met


def test_a_page_says_of_every_goal_that_is_missed_that_it_is(bench, tmp_path):
    pytest.importorskip("matplotlib")
    case = bench.cases.Case("layer_norm_forward", (256, 768))
    times = {("simdnorm", "fresh"): 3e-6, ("simdnorm", "out"): 2e-6, ("PyTorch", "fresh"): 8e-6}
    measured = [bench.measurement.Measurement(case, 1, times, 1e-6, ())]
    about = {"processor": "a processor", "cores": 1, "peers": {"simdnorm": "0", "PyTorch": "0"}}
    goals = bench.goals.goals(measured, {}, list(about["peers"]))
    bench.page.write_page(tmp_path / "page.md", about, measured, goals)
    table = (tmp_path / "page.md").read_text().partition("| missed by |\n")[2]
    said = {row[1]: row[4] for line in table.splitlines()[1:] if (row := line.split("|"))}
    verdicts = {goal.met: goal for goal in goals if not goal.misses}
    assert set(verdicts) == {True, False, None}  # a mean that is missed names no case
    for goal in goals:
        assert (said[f" {goal.measure} "].strip() != "") == (goal.met is False), goal


def test_a_measurement_survives_being_written_and_read(bench):
    case = bench.cases.Case("group_norm_forward", (2, 64, 8, 8), "NCHW", "float16", masked=True)
    measurement = bench.measurement.Measurement(
        case, 2, {("simdnorm", "out"): 1.0, ("JAX", "fresh"): 2.0}, 0.5, ("NumPy",)
    )
    assert bench.measurement.Measurement.from_json(json.loads(json.dumps(measurement.to_json()))) == measurement


def test_memory_beyond_inputs_and_outputs_is_seen(bench, monkeypatch):
    monkeypatch.setenv("SIMDNORM_BACKEND", "numpy")  # it computes in arrays of float64
    case = bench.cases.Case("layer_norm_forward", (256, 768))
    if (taken := bench.memory.taken(case, 1)) is None:
        pytest.skip("this system does not tell the peak")
    assert taken >= 256 * 768 * 8


@needs_native
def test_outputs_are_not_counted_as_memory_beyond_them(bench):
    case = bench.cases.Case("add_rms_norm_forward", (2048, 4096))
    if (taken := bench.memory.taken(case, 1)) is None:
        pytest.skip("this system does not tell the peak")
    assert taken < 2048 * 4096 * 4  # `summed`, which no caller can give


@dataclass
class Clock:
    now: float = 0

    def takes(self, seconds):
        def call():
            self.now += seconds

        return call


def test_times_are_medians_of_calls_in_turns(bench, monkeypatch):
    clock = Clock()
    monkeypatch.setattr(bench.timing, "time", SimpleNamespace(perf_counter=lambda: clock.now, sleep=clock.takes))
    calls = {"short": clock.takes(1e-5), "long": clock.takes(3e-2), "far behind": clock.takes(0.5)}
    assert bench.timing.medians(calls, 0.1, 2) == pytest.approx({"short": 1e-5, "long": 3e-2, "far behind": 0.5})
