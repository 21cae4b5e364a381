"""The functions that users call: arguments are checked here, once, and one kernel call does the work.

An underscore behind a name (`x_`, `weight_`) marks what the kernels get for that argument: aligned and contiguous.
"""

from .add_layer_norm import add_layer_norm, add_layer_norm_backward, add_layer_norm_forward
from .add_rms_norm import add_rms_norm, add_rms_norm_backward, add_rms_norm_forward
from .batch_norm import batch_norm, batch_norm_backward, batch_norm_forward
from .batch_norm_parts import (
    batch_norm_apply,
    batch_norm_backward_apply,
    batch_norm_backward_sums,
    batch_norm_stats,
    merge_stats,
)
from .group_norm import group_norm, group_norm_backward, group_norm_forward
from .instance_norm import instance_norm, instance_norm_backward, instance_norm_forward
from .layer_norm import layer_norm, layer_norm_backward, layer_norm_forward
from .rms_norm import rms_norm, rms_norm_backward, rms_norm_forward

__all__ = [
    "add_layer_norm",
    "add_layer_norm_backward",
    "add_layer_norm_forward",
    "add_rms_norm",
    "add_rms_norm_backward",
    "add_rms_norm_forward",
    "batch_norm",
    "batch_norm_apply",
    "batch_norm_backward",
    "batch_norm_backward_apply",
    "batch_norm_backward_sums",
    "batch_norm_forward",
    "batch_norm_stats",
    "group_norm",
    "group_norm_backward",
    "group_norm_forward",
    "instance_norm",
    "instance_norm_backward",
    "instance_norm_forward",
    "layer_norm",
    "layer_norm_backward",
    "layer_norm_forward",
    "merge_stats",
    "rms_norm",
    "rms_norm_backward",
    "rms_norm_forward",
]
