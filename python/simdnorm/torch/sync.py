"""BatchNorm over the batches of several processes, on CPUs.

Statistics are gathered once forward (count, mean and squared deviations) and once backward (the two sums of the
gradient), and merged in the order of the ranks: every process has the same bits, those that one process would have for
the whole batch, but for the rounding of the merge.
"""

from datetime import timedelta
from typing import Any

from torch import Tensor, nn
from torch._compile import _disable_dynamo

from . import functional
from ._batch_kernels import move
from ._fit import fits_channels
from ._processes import TIMEOUT, Processes, processes
from ._together import Together


class SyncBatchNorm(nn.modules.batchnorm._BatchNorm):
    """BatchNorm whose statistics are those of all processes: `torch.nn.SyncBatchNorm`, which CPUs do not have.

    Parameters
    ----------
    num_features, eps, momentum, affine, track_running_stats
        As those of `torch.nn.SyncBatchNorm`.
    process_group : torch.distributed.ProcessGroup or mpi4py.MPI.Comm, optional
        Who normalizes together; all processes of `torch.distributed` if not given.
    device, dtype, bias
        As those of `torch.nn.SyncBatchNorm`.
    timeout : datetime.timedelta
        How long a communicator of mpi4py is waited for; a group of `torch.distributed` has a timeout of its own.

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
        *,
        bias: bool = True,
        timeout: timedelta = TIMEOUT,
    ) -> None:
        super().__init__(num_features, eps, momentum, affine, track_running_stats, device=device, dtype=dtype)
        if not bias:
            self.register_parameter("bias", None)
        self.process_group = process_group
        self.timeout = timeout

    def _check_input_dim(self, input: Tensor) -> None:
        if input.dim() < 2:
            raise ValueError(f"expected at least 2 dimensions, got a tensor of shape {tuple(input.shape)}")

    def forward(self, input: Tensor) -> Tensor:  # noqa: D102
        self._check_input_dim(input)
        if input.shape[1] != self.num_features:
            raise ValueError(f"expected {self.num_features} channels, got a tensor of shape {tuple(input.shape)}")
        if input.device.type != "cpu":
            raise ValueError(f"expected a tensor on the CPU, got one on {input.device}: use torch.nn.SyncBatchNorm")
        group = processes(self.process_group, self.timeout) if self.training else None
        if group is not None:
            return self._synchronized(input, group)
        of_batch = self.training or self.running_mean is None
        momentum = self._count()
        running = (self.running_mean, self.running_var) if not of_batch or self._moving else (None, None)
        return functional.batch_norm(input, *running, self.weight, self.bias, of_batch, momentum, self.eps)

    @_disable_dynamo  # what processes say is no part of a graph; `torch.compiler.disable` would import the compiler
    def _synchronized(self, input: Tensor, group: Processes) -> Tensor:
        self._check_operands(input)
        group.meet(self, self.num_features)
        momentum = self._count()
        y: Tensor
        y, *of_all = Together.apply(input, self.weight, self.bias, self.eps, group)  # type: ignore[no-untyped-call]
        if self._moving:
            move((self.running_mean, self.running_var), of_all, momentum)
        return y

    def _check_operands(self, input: Tensor) -> None:
        """Refuse what the kernels do not take, while nobody waits for this process."""
        if not (self.num_features > 0 and fits_channels(input, self.weight, self.bias)):
            operands = {"input": input, **dict(self.named_parameters(recurse=False))}
            found = ", ".join(f"{name} {p.dtype} of shape {tuple(p.shape)}" for name, p in operands.items())
            raise ValueError(
                "expected a plain tensor of 1 channel or more, of 16, 32 or 64-bit floats, and parameters of its dtype"
                f" or of float32 beside 16 bits; got {found}"
            )

    @classmethod
    def convert_sync_batchnorm(
        cls, module: nn.Module, process_group: Any = None, *, timeout: timedelta = TIMEOUT
    ) -> nn.Module:
        """As the function of that name."""
        if isinstance(module, nn.modules.batchnorm._BatchNorm) and not isinstance(module, SyncBatchNorm):
            options = module.eps, module.momentum, module.affine, module.track_running_stats
            made = cls(module.num_features, *options, process_group, timeout=timeout)
            made.weight, made.bias = module.weight, module.bias
            made.running_mean, made.running_var = module.running_mean, module.running_var
            made.num_batches_tracked = module.num_batches_tracked
            if hasattr(module, "qconfig"):  # of PyTorch's quantization
                made.qconfig = module.qconfig
            return made.train(module.training)
        for name, child in module.named_children():
            setattr(module, name, cls.convert_sync_batchnorm(child, process_group, timeout=timeout))
        return module

    @property
    def _moving(self) -> bool:
        return self.training and self.track_running_stats

    def _count(self) -> float:
        """Return by how much running statistics move with this batch."""
        if not self._moving or self.num_batches_tracked is None:
            return self.momentum or 0.0
        self.num_batches_tracked.add_(1)
        return 1.0 / float(self.num_batches_tracked) if self.momentum is None else self.momentum


def convert_sync_batchnorm(module: nn.Module, process_group: Any = None, *, timeout: timedelta = TIMEOUT) -> nn.Module:
    """Replace the BatchNorms in a model by `SyncBatchNorm`, as `torch.nn.SyncBatchNorm.convert_sync_batchnorm` does.

    Parameters
    ----------
    module : torch.nn.Module
        The model; its BatchNorms keep their parameters and buffers.
    process_group : torch.distributed.ProcessGroup or mpi4py.MPI.Comm, optional
        Who normalizes together.
    timeout : datetime.timedelta
        As of `SyncBatchNorm`.

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
    return SyncBatchNorm.convert_sync_batchnorm(module, process_group, timeout=timeout)
