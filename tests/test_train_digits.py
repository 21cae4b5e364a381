"""The training program runs, its network's gradients are the derivatives, and it can tell a broken promise."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from norms import NATIVE_ISAS, needs_native

BENCH = Path(__file__).parents[1] / "bench"
BACKEND = "native" if NATIVE_ISAS else "numpy"


@pytest.fixture
def network(monkeypatch):
    pytest.importorskip("sklearn")
    monkeypatch.syspath_prepend(BENCH)
    from digits import network

    return network


def _run(tmp_path, *options):
    pytest.importorskip("sklearn")
    pytest.importorskip("matplotlib")
    files = ["--plot", tmp_path / "plot.png", "--json", tmp_path / "runs.json"]
    done = subprocess.run(
        [sys.executable, BENCH / "train_digits.py", *files, *options], capture_output=True, text=True, cwd=tmp_path
    )
    assert (tmp_path / "plot.png").stat().st_size > 0, done.stderr
    return done, json.loads((tmp_path / "runs.json").read_text())


def _accuracies(written):
    return {(run["backend"], run["norm"], run["scale"]): run["accuracy"] for run in written["runs"]}


@pytest.mark.parametrize("kind", ["none", "batchnorm", "layernorm"])
def test_gradients_of_the_whole_network_are_the_derivatives(network, kind):
    rng = np.random.default_rng(0)
    x, labels = rng.standard_normal((7, 5)), np.arange(7) % 3
    # Weights of this scale keep the plain network alive, and every value away from the kink of ReLU by more than h.
    net = network.Network((5, 6, 6, 6, 6, 6, 3), kind, scale=0.7, seed=0, dtype=np.float64)
    for value in net.parameters.values():  # no gamma of 1 or bias of 0, which hide what they multiply or shift
        value += 0.1 * rng.standard_normal(value.shape)
    _, gradients = net.loss(x, labels)
    assert gradients.keys() == net.parameters.keys()

    h = 1e-6
    for name, value in net.parameters.items():
        numerical = np.zeros_like(value)
        for i in np.ndindex(value.shape):
            was = value[i]
            value[i] = was + h
            above, _ = net.loss(x, labels)
            value[i] = was - h
            below, _ = net.loss(x, labels)
            value[i] = was
            numerical[i] = (above - below) / (2 * h)
        # A loss of about 1 has an error of some ten units of 2**-53, divided by h; the step itself errs by h**2 times
        # a third derivative that five norms can make 1e4.
        np.testing.assert_allclose(gradients[name], numerical, rtol=0, atol=10 * 2**-53 / h + 1e4 * h**2, err_msg=name)


def test_a_short_training_shows_batch_norm_holding_where_the_plain_network_fails(tmp_path):
    done, written = _run(tmp_path, "--backend", BACKEND, "--scales", "1e-3,1e-1", "--epochs", "10")
    assert done.returncode == 0, done.stdout + done.stderr
    accuracies = {(norm, scale): accuracy for (_, norm, scale), accuracy in _accuracies(written).items()}
    assert accuracies["none", 1e-3] < 0.9 < accuracies["none", 1e-1]  # as it learns where its weights are right
    assert accuracies["batchnorm", 1e-3] >= 0.95
    assert accuracies["layernorm", 1e-3] > accuracies["none", 1e-3]
    assert "1.0e-03" in done.stdout and not written["broken"]


def test_batches_of_two_spoil_batch_norm_and_not_layer_norm(tmp_path):
    done, written = _run(tmp_path, "--backend", BACKEND, "--against", "batch", "--batches", "2", "--epochs", "1")
    assert done.returncode == 0, done.stdout + done.stderr  # nothing is promised of them
    accuracies = {norm: accuracy for (_, norm, _), accuracy in _accuracies(written).items()}
    assert accuracies["batchnorm"] < 0.5 < accuracies["layernorm"]
    assert "batchnorm reaches" in done.stdout and "at batch size 2" in done.stdout


def test_a_promise_that_is_not_kept_fails_the_program(tmp_path):
    done, written = _run(tmp_path, "--backend", BACKEND, "--scales", "1e-4", "--epochs", "1")
    assert done.returncode == 1
    assert written["broken"] and all(sentence in done.stdout for sentence in written["broken"])
    assert "BatchNorm reaches" in written["broken"][0]


@needs_native
def test_native_kernels_and_fallback_train_to_the_same_accuracies_in_float64(tmp_path):
    _, written = _run(tmp_path, "--scales", "1e-2", "--epochs", "1", "--dtype", "float64")
    accuracies = _accuracies(written)
    for norm in ("none", "batchnorm", "layernorm"):
        assert accuracies["native", norm, 1e-2] == accuracies["numpy", norm, 1e-2]


def test_backends_that_disagree_are_found(monkeypatch):
    pytest.importorskip("sklearn")
    monkeypatch.syspath_prepend(BENCH)
    from digits.experiments import EXPERIMENTS
    from digits.findings import findings, noise
    from digits.training import Job, Outcome

    plain, normed = (Job(norm, 0.1, 1, 0, "float32", "adam") for norm in ("none", "batchnorm"))
    good = Outcome(correct=440, tested=449, norm_seconds=1.0, seconds=2.0, backend="")
    allowed = noise(good, good)
    assert 0 < allowed < 0.05 * 449
    worse = replace(good, correct=440 - 2 * allowed)
    native = {plain: good, normed: good}
    numpy = {plain: good, normed: worse}
    for experiment in EXPERIMENTS.values():
        layered = {replace(plain, norm="layernorm"): good}
        assert not findings({"native": native | layered, "numpy": native | layered}, experiment).broken
        found = findings({"native": native | layered, "numpy": numpy | layered}, experiment)
        assert "expected them within" in found.broken[0]
