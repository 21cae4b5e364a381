"""PyTorch's norm modules, with their parameters, buffers and state_dict, whose forward pass is simdnorm's.

Each is a subclass of PyTorch's own of the same name and differs from it in nothing but how it is computed.
"""

from torch import Tensor, nn

from . import functional

__all__ = [
    "BatchNorm1d",
    "BatchNorm2d",
    "BatchNorm3d",
    "GroupNorm",
    "InstanceNorm1d",
    "InstanceNorm2d",
    "InstanceNorm3d",
    "LayerNorm",
    "RMSNorm",
]


class LayerNorm(nn.LayerNorm):
    """`torch.nn.LayerNorm` on simdnorm's kernels.

    Parameters
    ----------
    normalized_shape, eps, elementwise_affine, bias, device, dtype
        As those of `torch.nn.LayerNorm`.

    Raises
    ------
    RuntimeError, ValueError
        From the forward pass, as `layer_norm` does.

    References
    ----------
    Ba, Kiros & Hinton, Layer Normalization, arXiv:1607.06450 (2016).

    Examples
    --------
    >>> import torch, simdnorm.torch
    >>> simdnorm.torch.LayerNorm(2, eps=0.0)(torch.tensor([[1.0, 3.0]])).detach()
    tensor([[-1.,  1.]])
    """

    def forward(self, input: Tensor) -> Tensor:  # noqa: D102
        return functional.layer_norm(input, self.normalized_shape, self.weight, self.bias, self.eps)


class RMSNorm(nn.RMSNorm):
    """`torch.nn.RMSNorm` on simdnorm's kernels.

    Parameters
    ----------
    normalized_shape, eps, elementwise_affine, device, dtype
        As those of `torch.nn.RMSNorm`.

    Raises
    ------
    RuntimeError, ValueError
        From the forward pass, as `rms_norm` does.

    References
    ----------
    Zhang & Sennrich, Root Mean Square Layer Normalization, arXiv:1910.07467 (2019).

    Examples
    --------
    >>> import torch, simdnorm.torch
    >>> simdnorm.torch.RMSNorm(2, eps=0.0)(torch.tensor([[1.0, 7.0]])).detach()
    tensor([[0.2000, 1.4000]])
    """

    def forward(self, x: Tensor) -> Tensor:  # noqa: D102
        return functional.rms_norm(x, self.normalized_shape, self.weight, self.eps)


class GroupNorm(nn.GroupNorm):
    """`torch.nn.GroupNorm` on simdnorm's kernels.

    Parameters
    ----------
    num_groups, num_channels, eps, affine, device, dtype, bias
        As those of `torch.nn.GroupNorm`; older versions of PyTorch have no `bias`.

    Raises
    ------
    ValueError
        If `num_groups` does not divide `num_channels`.
    RuntimeError, ValueError
        From the forward pass, as `group_norm` does.

    References
    ----------
    Wu & He, Group Normalization, arXiv:1803.08494 (2018).

    Examples
    --------
    >>> import torch, simdnorm.torch
    >>> simdnorm.torch.GroupNorm(2, 4, eps=0.0)(torch.tensor([[1.0, 3.0, 10.0, 30.0]])).detach()
    tensor([[-1.,  1., -1.,  1.]])
    """

    def forward(self, input: Tensor) -> Tensor:  # noqa: D102
        return functional.group_norm(input, self.num_groups, self.weight, self.bias, self.eps)


class _BatchNorm(nn.modules.batchnorm._BatchNorm):
    def forward(self, input: Tensor) -> Tensor:
        self._check_input_dim(input)  # type: ignore[no-untyped-call]
        momentum = 0.0 if self.momentum is None else self.momentum
        moving = self.training and self.track_running_stats
        if moving and self.num_batches_tracked is not None:
            self.num_batches_tracked.add_(1)
            if self.momentum is None:  # the mean over all batches so far
                momentum = 1.0 / float(self.num_batches_tracked)
        of_batch = self.training or (self.running_mean is None and self.running_var is None)
        running = (self.running_mean, self.running_var) if moving or not self.training else (None, None)
        return functional.batch_norm(input, *running, self.weight, self.bias, of_batch, momentum, self.eps)


class BatchNorm1d(_BatchNorm, nn.BatchNorm1d):
    """`torch.nn.BatchNorm1d` on simdnorm's kernels.

    Parameters
    ----------
    num_features, eps, momentum, affine, track_running_stats, device, dtype, bias
        As those of `torch.nn.BatchNorm1d`; older versions of PyTorch have no `bias`.

    Raises
    ------
    RuntimeError, ValueError
        From the forward pass, as `batch_norm` does; a ValueError also if the input has not 2 or 3 dimensions.

    References
    ----------
    Ioffe & Szegedy, Batch Normalization, arXiv:1502.03167 (2015).

    Examples
    --------
    >>> import torch, simdnorm.torch
    >>> norm = simdnorm.torch.BatchNorm1d(8)
    >>> norm(torch.randn(2, 8)).shape
    torch.Size([2, 8])
    """


class BatchNorm2d(_BatchNorm, nn.BatchNorm2d):
    """`torch.nn.BatchNorm2d` on simdnorm's kernels.

    Parameters
    ----------
    num_features, eps, momentum, affine, track_running_stats, device, dtype, bias
        As those of `torch.nn.BatchNorm2d`; older versions of PyTorch have no `bias`.

    Raises
    ------
    RuntimeError, ValueError
        From the forward pass, as `batch_norm` does; a ValueError also if the input has not 4 dimensions.

    References
    ----------
    Ioffe & Szegedy, Batch Normalization, arXiv:1502.03167 (2015).

    Examples
    --------
    >>> import torch, simdnorm.torch
    >>> norm = simdnorm.torch.BatchNorm2d(8)
    >>> norm(torch.randn(2, 8, 4, 4)).shape
    torch.Size([2, 8, 4, 4])
    """


class BatchNorm3d(_BatchNorm, nn.BatchNorm3d):
    """`torch.nn.BatchNorm3d` on simdnorm's kernels.

    Parameters
    ----------
    num_features, eps, momentum, affine, track_running_stats, device, dtype, bias
        As those of `torch.nn.BatchNorm3d`; older versions of PyTorch have no `bias`.

    Raises
    ------
    RuntimeError, ValueError
        From the forward pass, as `batch_norm` does; a ValueError also if the input has not 5 dimensions.

    References
    ----------
    Ioffe & Szegedy, Batch Normalization, arXiv:1502.03167 (2015).

    Examples
    --------
    >>> import torch, simdnorm.torch
    >>> norm = simdnorm.torch.BatchNorm3d(8)
    >>> norm(torch.randn(2, 8, 4, 4, 4)).shape
    torch.Size([2, 8, 4, 4, 4])
    """


class _InstanceNorm(nn.modules.instancenorm._InstanceNorm):
    def _apply_instance_norm(self, input: Tensor) -> Tensor:
        momentum = 0.0 if self.momentum is None else self.momentum
        running, of_input = (self.running_mean, self.running_var), self.training or not self.track_running_stats
        return functional.instance_norm(input, *running, self.weight, self.bias, of_input, momentum, self.eps)


class InstanceNorm1d(_InstanceNorm, nn.InstanceNorm1d):
    """`torch.nn.InstanceNorm1d` on simdnorm's kernels.

    Parameters
    ----------
    num_features, eps, momentum, affine, track_running_stats, device, dtype, bias
        As those of `torch.nn.InstanceNorm1d`; older versions of PyTorch have no `bias`.

    Raises
    ------
    RuntimeError, ValueError
        From the forward pass, as `instance_norm` does; a ValueError also if the input has not 2 or 3 dimensions.

    References
    ----------
    Ulyanov, Vedaldi & Lempitsky, Instance Normalization, arXiv:1607.08022 (2016).

    Examples
    --------
    >>> import torch, simdnorm.torch
    >>> norm = simdnorm.torch.InstanceNorm1d(8)
    >>> norm(torch.randn(2, 8, 4)).shape
    torch.Size([2, 8, 4])
    """


class InstanceNorm2d(_InstanceNorm, nn.InstanceNorm2d):
    """`torch.nn.InstanceNorm2d` on simdnorm's kernels.

    Parameters
    ----------
    num_features, eps, momentum, affine, track_running_stats, device, dtype, bias
        As those of `torch.nn.InstanceNorm2d`; older versions of PyTorch have no `bias`.

    Raises
    ------
    RuntimeError, ValueError
        From the forward pass, as `instance_norm` does; a ValueError also if the input has not 3 or 4 dimensions.

    References
    ----------
    Ulyanov, Vedaldi & Lempitsky, Instance Normalization, arXiv:1607.08022 (2016).

    Examples
    --------
    >>> import torch, simdnorm.torch
    >>> norm = simdnorm.torch.InstanceNorm2d(8)
    >>> norm(torch.randn(2, 8, 4, 4)).shape
    torch.Size([2, 8, 4, 4])
    """


class InstanceNorm3d(_InstanceNorm, nn.InstanceNorm3d):
    """`torch.nn.InstanceNorm3d` on simdnorm's kernels.

    Parameters
    ----------
    num_features, eps, momentum, affine, track_running_stats, device, dtype, bias
        As those of `torch.nn.InstanceNorm3d`; older versions of PyTorch have no `bias`.

    Raises
    ------
    RuntimeError, ValueError
        From the forward pass, as `instance_norm` does; a ValueError also if the input has not 4 or 5 dimensions.

    References
    ----------
    Ulyanov, Vedaldi & Lempitsky, Instance Normalization, arXiv:1607.08022 (2016).

    Examples
    --------
    >>> import torch, simdnorm.torch
    >>> norm = simdnorm.torch.InstanceNorm3d(8)
    >>> norm(torch.randn(2, 8, 4, 4, 4)).shape
    torch.Size([2, 8, 4, 4, 4])
    """
