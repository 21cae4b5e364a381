"""Processes that normalize their batches together have what one process has for the whole batch."""

import importlib.util
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

from pytorch.batches import FAULTS, SHARES, WAYS, batch, check_fault, check_network, check_one, faults

PROGRAM = Path(__file__).parent / "together.py"
ENVIRONMENT = os.environ | {"OMP_NUM_THREADS": "1"}

over_mpi = pytest.mark.skipif(
    shutil.which("mpirun") is None or importlib.util.find_spec("mpi4py") is None,
    reason="mpi4py or mpirun is not installed (Debian: openmpi-bin)",
)


def together(directory, batches, how="gloo"):
    """Run as many processes as there are shares; return what each said and how it ended."""
    torch.save(batches, directory / "batches.pt")
    n = len(batches[0]["shares"])
    program = [sys.executable, PROGRAM, how, directory]
    commands = [[*program, str(rank), str(n)] for rank in range(n)]
    if how == "mpi":
        commands = [["mpirun", "--allow-run-as-root", "--oversubscribe", "-n", str(n), *program]]
    started = [
        subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for command in commands
    ]
    try:
        return [(process.communicate(timeout=120)[0], process.returncode) for process in started]
    finally:
        for process in started:
            process.kill()


def found(directory, batches):
    """What each process found in each batch."""
    of_ranks = [torch.load(directory / f"found.{rank}.pt") for rank in range(len(batches[0]["shares"]))]
    return zip(batches, *of_ranks, strict=True)


def check_together(directory, batches, how="gloo"):
    for said, status in together(directory, batches, how):
        assert status == 0, said
    for made, *of_ranks in found(directory, batches):
        if made["fault"]:
            check_fault(made["fault"], of_ranks)
        elif made["network"]:
            check_network(made, of_ranks)
        elif made["group"] == "halves":
            for i in (0, 2):
                check_one(made, of_ranks[i : i + 2], slice(made["shares"][i][0], made["shares"][i + 1][1]))
        else:
            check_one(made, of_ranks)
            if how == "gloo":  # MPI's are not counted
                assert all(each["collectives"] == (1, 1) for each in of_ranks)


def network():
    """All norms that do not mix samples, and two that do."""
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(5, 8, 1), nn.BatchNorm2d(8), nn.ReLU(), nn.GroupNorm(4, 8), nn.Conv2d(8, 8, 1),
        nn.InstanceNorm2d(8, affine=True), nn.LayerNorm((2, 3)), nn.RMSNorm(3), nn.Conv2d(8, 5, 1), nn.BatchNorm2d(5),
    ).double()  # fmt: skip


def test_two_processes_over_gloo_are_one(tmp_path):
    batches = [batch(SHARES[shares], **way) for shares in ("two", "unequal", "empty") for way in WAYS.values()]
    batches.append(batch(SHARES["two"], compiled=True))
    batches.append(batch(SHARES["two"], network=network(), group="new"))
    batches.append(batch(SHARES["two"], network=network(), parallel="sharded"))
    check_together(tmp_path, batches + faults(SHARES["two"], FAULTS))


def test_four_processes_over_gloo_are_one_or_two_pairs(tmp_path):
    batches = [batch(SHARES["four"], **way) for way in WAYS.values()]
    batches.append(batch([(0, 3), (3, 6), (6, 8), (8, 12)], group="halves"))
    check_together(tmp_path, batches + faults(SHARES["four"], ["shape", "fewer channels"]))


@over_mpi
@pytest.mark.parametrize("shares", ["two", "four"])
def test_processes_over_mpi_are_one(tmp_path, shares):
    ways = "float64", "bfloat16", "channels last", "without parameters", "in a group"
    batches = [batch(SHARES[shares], **WAYS[way]) for way in ways]
    if shares == "four":
        batches.append(batch([(0, 3), (3, 6), (6, 8), (8, 12)], group="halves"))
    check_together(tmp_path, batches + faults(SHARES[shares], ["shape", "more channels"]), "mpi")


@pytest.mark.parametrize(("shares", "fault"), [("two", "death"), ("two", "death between"), ("four", "death between")])
def test_a_death_is_an_error_of_the_others(tmp_path, shares, fault):
    batches = faults(SHARES[shares], [fault])
    said = together(tmp_path, batches)
    assert [status for _, status in said] == [-signal.SIGKILL if rank == 1 else 0 for rank in range(len(said))], said
    (tmp_path / "found.1.pt").symlink_to("found.0.pt")
    for _, *of_ranks in found(tmp_path, batches):
        assert all(each["error"] and each["seconds"] < 15 for each in of_ranks)


@over_mpi
@pytest.mark.parametrize("shares", ["two", "four"])
def test_a_death_ends_all_processes_of_mpi(tmp_path, shares):
    ((said, status),) = together(tmp_path, faults(SHARES[shares], ["death between"]), "mpi")
    assert status != 0, said
