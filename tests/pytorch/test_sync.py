"""Processes that normalize their batches together have what one process has for the whole batch."""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.nn import functional as native

import simdnorm.torch as st

PROGRAM = Path(__file__).parent / "together.py"
ENVIRONMENT = os.environ | {"OMP_NUM_THREADS": "1"}
SHARES = {
    "two": [(0, 6), (6, 12)],
    "unequal": [(0, 1), (1, 12)],
    "empty": [(0, 12), (12, 12)],
    "four": [(0, 5), (5, 6), (6, 6), (6, 12)],
}


def batch(shares, dtype=torch.float64, *, fault=None, parallel=False):
    generator = torch.Generator().manual_seed(5)
    shapes = {"x": (12, 5, 3), "dy": (12, 5, 3), "weight": (5,), "bias": (5,)}
    random = {name: torch.randn(s, generator=generator, dtype=torch.float64).to(dtype) for name, s in shapes.items()}
    return random | {"shares": shares, "fault": fault, "parallel": parallel}


def processes(directory, n):
    """Start n processes over gloo; return what each said and how it ended."""
    started = [
        subprocess.Popen([sys.executable, PROGRAM, "gloo", directory, str(rank), str(n)], env=ENVIRONMENT,
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for rank in range(n)
    ]  # fmt: skip
    try:
        return [(process.communicate(timeout=120)[0], process.returncode) for process in started]
    finally:
        for process in started:
            process.kill()


def check_together(directory, batches):
    found = [torch.load(directory / f"found.{rank}.pt") for rank in range(len(batches[0]["shares"]))]
    for made, *of_ranks in zip(batches, *found, strict=True):
        check_one(made, of_ranks)


def check_one(made, found):
    x, weight, bias = (made[name].double().requires_grad_() for name in ("x", "weight", "bias"))
    running = torch.zeros(5, dtype=torch.float64), torch.ones(5, dtype=torch.float64)
    y = native.batch_norm(x, *running, weight, bias, True)
    dx, dweight, dbias = torch.autograd.grad(y, (x, weight, bias), made["dy"].double())
    # Sums of 36 values of size 1 to 10, whose rounding (and the float32 of results) is that of the type of x.
    close = {"rtol": 0, "atol": 36 * 10 * torch.finfo(made["x"].dtype).eps}
    for name, expected in (("y", y.detach()), ("dx", dx)):
        torch.testing.assert_close(torch.cat([each[name] for each in found]).double(), expected, **close)
    # Each process has its own share of these, or under DistributedDataParallel the mean of all.
    for name, expected in (("dweight", dweight), ("dbias", dbias)):
        torch.testing.assert_close(sum(each[name].double() for each in found), expected, **close)
        assert not made["parallel"] or all(torch.equal(each[name], found[0][name]) for each in found)
    for name, expected in zip(("running_mean", "running_var"), running, strict=True):
        torch.testing.assert_close(found[0][name].double(), expected, **close)
        assert all(torch.equal(each[name], found[0][name]) for each in found), f"{name} differs between ranks"


@pytest.mark.parametrize("shares", SHARES)
def test_processes_over_gloo_are_one(tmp_path, shares):
    options = {"float64": {}, "float32": {"dtype": torch.float32}, "parallel": {"parallel": True}}
    batches = [batch(SHARES[shares], **each) for each in options.values()]
    torch.save(batches, tmp_path / "batches.pt")
    for said, status in processes(tmp_path, len(SHARES[shares])):
        assert status == 0, said
    check_together(tmp_path, batches)


@pytest.mark.skipif(
    shutil.which("mpirun") is None or importlib.util.find_spec("mpi4py") is None,
    reason="mpi4py or mpirun is not installed (Debian: openmpi-bin)",
)
@pytest.mark.parametrize("shares", ["unequal", "four"])
def test_processes_over_mpi_are_one(tmp_path, shares):
    batches = [batch(SHARES[shares]), batch(SHARES[shares], torch.float32)]
    torch.save(batches, tmp_path / "batches.pt")
    n = str(len(SHARES[shares]))
    command = ["mpirun", "--allow-run-as-root", "--oversubscribe", "-n", n, sys.executable, PROGRAM, "mpi", tmp_path]
    done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    check_together(tmp_path, batches)


@pytest.mark.parametrize("fault", ["death", "shape"])
def test_a_fault_of_one_process_is_an_error_of_the_others(tmp_path, fault):
    torch.save([batch(SHARES["two"], fault=fault)], tmp_path / "batches.pt")
    said, status = processes(tmp_path, 2)[0]
    assert status != 0 and "in gather" in said, said


def test_a_process_alone_is_batch_norm():
    x = torch.randn(6, 5, 3, requires_grad=True)
    ours, theirs = st.SyncBatchNorm(5), st.BatchNorm1d(5)
    assert torch.equal(ours(x), theirs(x)) and torch.equal(ours.running_var, theirs.running_var)
    assert torch.equal(ours.eval()(x), theirs.eval()(x))


def test_models_are_converted_and_keep_what_they_have():
    net = nn.Sequential(nn.Conv1d(3, 5, 1), nn.BatchNorm1d(5), nn.ModuleList([nn.BatchNorm2d(4)]), nn.LayerNorm(5))
    parameters, keys = list(net.parameters()), list(net.state_dict())
    converted = st.convert_sync_batchnorm(net.eval())
    assert converted is net and list(net.state_dict()) == keys
    assert all(a is b for a, b in zip(parameters, net.parameters(), strict=True))
    assert [type(m) for m in (net[1], net[2][0], net[3])] == [st.SyncBatchNorm] * 2 + [nn.LayerNorm]
    assert not net[1].training
    assert isinstance(st.convert_sync_batchnorm(nn.BatchNorm1d(5)), st.SyncBatchNorm)


@pytest.mark.parametrize("x", [torch.ones(5), torch.ones(2, 4), torch.ones(2, 5, device="meta")])
def test_what_does_not_fit_is_refused_before_anybody_waits(x):
    with pytest.raises(ValueError, match="expected"):
        st.SyncBatchNorm(5)(x)
