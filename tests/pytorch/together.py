"""One of several processes that normalize a batch together; run by test_sync.py, by itself or by mpirun.

Its arguments: gloo or mpi, a directory, and for gloo the rank and their number. It takes its share of the batch in
each of the batches in `batches.pt` there, and leaves what it found in `found.RANK.pt`.
"""

import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import torch
from torch import distributed, nn

import simdnorm.torch as st


def main() -> None:
    how, directory, *rest = sys.argv[1:]
    if how == "mpi":
        from mpi4py import MPI

        group = MPI.COMM_WORLD
        rank = group.Get_rank()
    else:
        group, rank = None, int(rest[0])
        store = f"file://{directory}/store"
        distributed.init_process_group(
            "gloo", init_method=store, rank=rank, world_size=int(rest[1]), timeout=timedelta(seconds=20)
        )
    batches = torch.load(Path(directory) / "batches.pt")
    torch.save([found(batch, rank, group) for batch in batches], Path(directory) / f"found.{rank}.pt")


def found(batch: dict[str, Any], rank: int, group: object) -> dict[str, torch.Tensor]:
    begin, end = batch["shares"][rank]
    norm = st.SyncBatchNorm(batch["x"].shape[1], process_group=group).to(batch["weight"].dtype)
    norm.load_state_dict({**norm.state_dict(), "weight": batch["weight"], "bias": batch["bias"]})
    if batch["fault"] == "death" and rank == 1:
        sys.exit(3)
    x = batch["x"][begin:end].clone().requires_grad_()
    if batch["fault"] == "shape" and rank == 1:
        x = x[:, :-1].detach()
        norm = st.SyncBatchNorm(x.shape[1], process_group=group).to(x.dtype)
    model = nn.parallel.DistributedDataParallel(norm) if batch["parallel"] else norm
    y = model(x)
    y.backward(batch["dy"][begin:end])
    gradients = {"dx": x.grad, "dweight": norm.weight.grad, "dbias": norm.bias.grad}
    return {"y": y.detach(), **gradients, **dict(norm.named_buffers())}


if __name__ == "__main__":
    main()
