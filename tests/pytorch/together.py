"""One of several processes that normalize a batch together; run by test_together.py, by itself or by mpirun.

Its arguments: gloo or mpi, a directory, and for gloo the rank and their number. It takes its share of the batch in
each of the batches in `batches.pt` there, and leaves what it found in `found.RANK.pt`.
"""

import os
import signal
import sys
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import torch
from torch import distributed, nn

import simdnorm.torch as st

PATIENCE = timedelta(seconds=3)
"""Of groups in which somebody does something wrong."""

calls: "Counter[str]" = Counter()


def main() -> None:
    how, directory, *rest = sys.argv[1:]
    if how == "mpi":
        from mpi4py import MPI

        rank, make = MPI.COMM_WORLD.Get_rank(), MPI.COMM_WORLD.Dup
    else:
        rank, make = int(rest[0]), distributed.new_group
        store = f"file://{directory}/store"
        distributed.init_process_group(
            "gloo", init_method=store, rank=rank, world_size=int(rest[1]), timeout=timedelta(seconds=20)
        )
        for name in ("all_gather", "all_reduce", "broadcast", "barrier", "all_gather_into_tensor"):
            setattr(distributed, name, counted(name))
    results = []
    for batch in torch.load(Path(directory) / "batches.pt", weights_only=False):
        options = dict(batch["options"])
        if batch["group"] == "new" and how == "gloo" and batch["fault"]:
            options["process_group"] = make(timeout=PATIENCE)
        elif batch["group"] == "new":
            options["process_group"] = make()
        elif batch["group"] == "halves":
            options["process_group"] = halves(how, rank)
        elif how == "mpi":
            options["process_group"] = MPI.COMM_WORLD
        results.append(found(batch, rank, options))
    torch.save(results, Path(directory) / f"found.{rank}.pt")


def halves(how: str, rank: int) -> Any:
    """Make a group of this process and its neighbour."""
    if how == "mpi":
        from mpi4py import MPI

        return MPI.COMM_WORLD.Split(rank // 2)
    pairs = [distributed.new_group([i, i + 1]) for i in range(0, distributed.get_world_size(), 2)]
    return pairs[rank // 2]


def counted(name: str) -> Any:
    function = getattr(distributed, name)

    def call(*args: Any, **kwargs: Any) -> Any:
        calls[name] += 1
        return function(*args, **kwargs)

    return call


def found(batch: dict[str, Any], rank: int, options: dict[str, Any]) -> dict[str, Any]:
    begin, end = batch["shares"][rank]
    x, dy = (batch[name][begin:end].contiguous(memory_format=getattr(torch, batch["layout"])) for name in ("x", "dy"))
    if batch["network"] is not None:
        return of_network(batch, x, dy, options.get("process_group"))
    if batch["fault"] and rank == 1:
        return faulty(batch["fault"], x, dy, options)
    norm = made(batch, x, options)
    if batch["fault"]:
        begun = time.monotonic()
        try:
            norm(x.requires_grad_()).backward(dy)
        except (RuntimeError, ValueError, TimeoutError) as error:
            return {"error": repr(error), "seconds": time.monotonic() - begun}
        return {"error": None}
    model = nn.parallel.DistributedDataParallel(norm) if batch["parallel"] else norm
    if batch["compiled"]:
        model = torch.compile(nn.Sequential(model), backend="aot_eager")
    x.requires_grad_()
    calls.clear()
    with torch.device(batch["device"]):
        y = model(x)
        forward = sum(calls.values())
        calls.clear()
        y.backward(dy)
    gradients = {"dx": x.grad, "dweight": norm.weight, "dbias": norm.bias}
    gradients |= {name: p if p is None else p.grad for name, p in gradients.items() if name != "dx"}
    collectives = forward, sum(calls.values())
    norm.eval()
    calls.clear()
    evaluated = norm(x.detach())
    return {
        "y": y.detach(), **gradients, **dict(norm.named_buffers()),
        "collectives": collectives, "evaluated": evaluated, "of evaluation": sum(calls.values()),
    }  # fmt: skip


def made(batch: dict[str, Any], x: torch.Tensor, options: dict[str, Any]) -> nn.Module:
    norm = st.SyncBatchNorm(x.shape[1], **options).to(batch["weight"].dtype)
    with torch.no_grad():
        for name, p in norm.named_parameters():
            p.copy_(batch[name])
    return norm


def faulty(fault: str, x: torch.Tensor, dy: torch.Tensor, options: dict[str, Any]) -> dict[str, Any]:
    """Do one thing wrong."""
    if fault == "death":
        os.kill(os.getpid(), signal.SIGKILL)
    if fault == "death between":
        st.SyncBatchNorm(x.shape[1], **options).to(x.dtype)(x)
        os.kill(os.getpid(), signal.SIGKILL)
    channels = {"more channels": 9, "fewer channels": 2, "no channels": 0}.get(fault, x.shape[1])
    norm = st.SyncBatchNorm(channels, **options).to(x.dtype)
    if fault == "type":
        norm.weight.data = norm.weight.data.half()
    x = x[:, :-1] if fault == "shape" else torch.ones(4, channels, 2, 3).to(x.dtype)
    try:
        norm(x)
    except (RuntimeError, ValueError) as error:
        return {"error": repr(error), "seconds": 0.0}
    return {"error": None}


def of_network(batch: dict[str, Any], x: torch.Tensor, dy: torch.Tensor, group: Any) -> dict[str, Any]:
    """Train a network for a step, patched."""
    net = batch["network"]
    st.patch(net)
    net = st.convert_sync_batchnorm(net, group)
    if batch["parallel"] == "sharded":
        from torch.distributed.fsdp import fully_shard

        mesh = distributed.device_mesh.init_device_mesh("cpu", (distributed.get_world_size(),))
        for module in (*net, net):
            fully_shard(module, mesh=mesh)
        for _ in range(2):  # what was sharded again is gathered again
            net.zero_grad()
            net(x).backward(dy)
        return {name: p.grad.full_tensor() for name, p in net.named_parameters()}
    model = nn.parallel.DistributedDataParallel(net)  # which averages as long as it lives
    model(x).backward(dy)
    return {name: p.grad for name, p in net.named_parameters()} | dict(net.named_buffers())


if __name__ == "__main__":
    main()
