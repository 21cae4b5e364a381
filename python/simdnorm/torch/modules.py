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
    """`torch.nn.LayerNorm` on simdnorm's kernels."""

    def forward(self, input: Tensor) -> Tensor:  # noqa: D102
        return functional.layer_norm(input, self.normalized_shape, self.weight, self.bias, self.eps)


class RMSNorm(nn.RMSNorm):
    """`torch.nn.RMSNorm` on simdnorm's kernels."""

    def forward(self, x: Tensor) -> Tensor:  # noqa: D102
        return functional.rms_norm(x, self.normalized_shape, self.weight, self.eps)


class GroupNorm(nn.GroupNorm):
    """`torch.nn.GroupNorm` on simdnorm's kernels."""

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
    """`torch.nn.BatchNorm1d` on simdnorm's kernels."""


class BatchNorm2d(_BatchNorm, nn.BatchNorm2d):
    """`torch.nn.BatchNorm2d` on simdnorm's kernels."""


class BatchNorm3d(_BatchNorm, nn.BatchNorm3d):
    """`torch.nn.BatchNorm3d` on simdnorm's kernels."""


class _InstanceNorm(nn.modules.instancenorm._InstanceNorm):
    def _apply_instance_norm(self, input: Tensor) -> Tensor:
        momentum = 0.0 if self.momentum is None else self.momentum
        running, of_input = (self.running_mean, self.running_var), self.training or not self.track_running_stats
        return functional.instance_norm(input, *running, self.weight, self.bias, of_input, momentum, self.eps)


class InstanceNorm1d(_InstanceNorm, nn.InstanceNorm1d):
    """`torch.nn.InstanceNorm1d` on simdnorm's kernels."""


class InstanceNorm2d(_InstanceNorm, nn.InstanceNorm2d):
    """`torch.nn.InstanceNorm2d` on simdnorm's kernels."""


class InstanceNorm3d(_InstanceNorm, nn.InstanceNorm3d):
    """`torch.nn.InstanceNorm3d` on simdnorm's kernels."""
