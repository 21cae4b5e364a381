"""BatchNorm over the batches of several processes, on CPUs.

Statistics are gathered once forward (count, mean and squared deviations) and once backward (the two sums of the
gradient), and merged in the order of the ranks: every process has the same bits, those that one process would have for
the whole batch, but for the rounding of the merge.
"""

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from .. import functional as arrays
from . import functional
from ._arrays import array, empty, optional, tensor
from ._channels import dense
from ._processes import Processes, processes
from ._threads import in_step

Optional = Tensor | None


class SyncBatchNorm(nn.modules.batchnorm._BatchNorm):
    """BatchNorm whose statistics are those of all processes: `torch.nn.SyncBatchNorm`, which CPUs do not have.

    Parameters
    ----------
    num_features, eps, momentum, affine, track_running_stats
        As those of `torch.nn.SyncBatchNorm`.
    process_group : torch.distributed.ProcessGroup or mpi4py.MPI.Comm, optional
        Who normalizes together; all processes of `torch.distributed` if not given.
    device, dtype
        As those of `torch.nn.SyncBatchNorm`.

    Raises
    ------
    ValueError
        From the forward pass, if the input has fewer than two dimensions, other channels than `num_features`, or lies
        on another device than the CPU; if in training a channel has fewer than two values in all processes together.

    Notes
    -----
    Batches may differ in size, and be empty. A gradient of weight or bias is that of the process's own batch:
    DistributedDataParallel averages it, as it does all others.

    References
    ----------
    Ioffe & Szegedy, Batch Normalization, arXiv:1502.03167 (2015).

    Chan, Golub & LeVeque, Updating Formulae and a Pairwise Algorithm for Computing Sample Variances (1979).

    Examples
    --------
    >>> import torch, simdnorm.torch
    >>> norm = simdnorm.torch.SyncBatchNorm(2)
    >>> norm(torch.tensor([[1.0, 10.0], [3.0, 30.0]])).detach().round(decimals=3)
    tensor([[-1., -1.],
            [ 1.,  1.]])
    """

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        process_group: Any = None,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(num_features, eps, momentum, affine, track_running_stats, device=device, dtype=dtype)
        self.process_group = process_group

    def _check_input_dim(self, input: Tensor) -> None:
        if input.dim() < 2:
            raise ValueError(f"expected at least 2 dimensions, got a tensor of shape {tuple(input.shape)}")

    def forward(self, input: Tensor) -> Tensor:  # noqa: D102
        self._check_input_dim(input)
        if input.shape[1] != self.num_features:
            raise ValueError(f"expected {self.num_features} channels, got a tensor of shape {tuple(input.shape)}")
        if input.device.type != "cpu":
            raise ValueError(f"expected a tensor on the CPU, got one on {input.device}: use torch.nn.SyncBatchNorm")
        of_batch = self.training or self.running_mean is None
        group = processes(self.process_group) if of_batch else None
        momentum = self._count()
        running = (self.running_mean, self.running_var) if not of_batch or self._moving else (None, None)
        if group is None:
            return functional.batch_norm(input, *running, self.weight, self.bias, of_batch, momentum, self.eps)
        y: Tensor
        y, mean, var = _Together.apply(input, self.weight, self.bias, self.eps, group)  # type: ignore[no-untyped-call]
        with torch.no_grad():
            for moved, of_all in zip(running, (mean, var), strict=True):
                if moved is not None:
                    moved.mul_(1 - momentum).add_(of_all, alpha=momentum)
        return y

    @property
    def _moving(self) -> bool:
        return self.training and self.track_running_stats

    def _count(self) -> float:
        """Return by how much running statistics move with this batch."""
        if not self._moving or self.num_batches_tracked is None:
            return self.momentum or 0.0
        self.num_batches_tracked.add_(1)
        return 1.0 / float(self.num_batches_tracked) if self.momentum is None else self.momentum


class _Together(torch.autograd.Function):
    """Return y, and the mean and the unbiased variance of the whole batch."""

    @staticmethod
    @in_step
    def forward(
        ctx: Any, x: Tensor, weight: Optional, bias: Optional, eps: float, group: Processes
    ) -> tuple[Tensor, Tensor, Tensor]:
        x = dense(x)
        x_, y = array(x), empty(x)
        own = np.concatenate(arrays.batch_norm_stats(x_), dtype=np.float64)
        shares = [piece.reshape(3, -1) for piece in group.gather(own)]
        count, mean, m2 = arrays.merge_stats(*((n.astype(np.int64), mean, m2) for n, mean, m2 in shares))
        if not (count > 1).all():
            raise ValueError(f"expected more than 1 value per channel in all processes, got {count.min()}")
        rstd = 1 / np.sqrt(m2 / count + eps)
        arrays.batch_norm_apply(x_, mean, rstd, optional(weight), optional(bias), out=array(y))
        ctx.save_for_backward(x, weight)
        ctx.statistics, ctx.group, ctx.bias = (count, mean, rstd), group, bias is not None
        of_all = tensor(mean), tensor(m2 / (count - 1))
        ctx.mark_non_differentiable(*of_all)
        return y, *of_all

    @staticmethod
    @torch.autograd.function.once_differentiable
    @in_step
    def backward(ctx: Any, dy: Tensor, *_: Any) -> tuple[Optional, ...]:
        x, weight = ctx.saved_tensors
        count, mean, rstd = ctx.statistics
        x_, dy_ = array(x), array(dy)
        own = arrays.batch_norm_backward_sums(dy_, x_, mean, rstd)
        # In the order of the ranks: a reduction's own order would be the network's.
        sum_dy, sum_dy_xhat = sum(ctx.group.gather(np.concatenate(own))).reshape(2, -1)
        dx = None
        if ctx.needs_input_grad[0]:
            dx = empty(x)
            given = dy_, x_, mean, rstd, optional(weight), sum_dy, sum_dy_xhat, count
            arrays.batch_norm_backward_apply(*given, out=array(dx))
        dbias, dweight = (tensor(a) for a in own)
        return (
            dx,
            dweight.to(weight.dtype) if weight is not None and ctx.needs_input_grad[1] else None,
            dbias.to(x.dtype if weight is None else weight.dtype) if ctx.bias else None,
            None,
            None,
        )


def convert_sync_batchnorm(module: nn.Module, process_group: Any = None) -> nn.Module:
    """Replace the BatchNorms in a model by `SyncBatchNorm`, as `torch.nn.SyncBatchNorm.convert_sync_batchnorm` does.

    Parameters
    ----------
    module : torch.nn.Module
        The model; its BatchNorms keep their parameters and buffers.
    process_group : torch.distributed.ProcessGroup or mpi4py.MPI.Comm, optional
        Who normalizes together.

    Returns
    -------
    torch.nn.Module
        `module`, or what replaces it where it is a BatchNorm itself.

    Examples
    --------
    >>> import torch, simdnorm.torch
    >>> model = torch.nn.Sequential(torch.nn.Linear(8, 8), torch.nn.BatchNorm1d(8))
    >>> type(simdnorm.torch.convert_sync_batchnorm(model)[1]).__name__
    'SyncBatchNorm'
    """
    if isinstance(module, nn.modules.batchnorm._BatchNorm) and not isinstance(module, SyncBatchNorm):
        made = SyncBatchNorm(
            module.num_features, module.eps, module.momentum, module.affine, module.track_running_stats, process_group
        )
        made.weight, made.bias = module.weight, module.bias
        made.running_mean, made.running_var = module.running_mean, module.running_var
        made.num_batches_tracked = module.num_batches_tracked
        return made.train(module.training)
    for name, child in module.named_children():
        setattr(module, name, convert_sync_batchnorm(child, process_group))
    return module
