"""simdnorm for PyTorch: its norms, functions and modules, on simdnorm's kernels."""

from . import _transformers  # noqa: F401  registers what it knows
from ._patch import Report, original, patch, register, unpatch
from .functional import (
    add_layer_norm,
    add_rms_norm,
    batch_norm,
    group_norm,
    instance_norm,
    layer_norm,
    rms_norm,
)
from .modules import (
    BatchNorm1d,
    BatchNorm2d,
    BatchNorm3d,
    GroupNorm,
    InstanceNorm1d,
    InstanceNorm2d,
    InstanceNorm3d,
    LayerNorm,
    RMSNorm,
)
from .sync import SyncBatchNorm, convert_sync_batchnorm

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
    "Report",
    "SyncBatchNorm",
    "add_layer_norm",
    "add_rms_norm",
    "batch_norm",
    "convert_sync_batchnorm",
    "group_norm",
    "instance_norm",
    "layer_norm",
    "original",
    "patch",
    "register",
    "rms_norm",
    "unpatch",
]
