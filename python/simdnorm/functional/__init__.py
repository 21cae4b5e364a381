"""The functions that users call: arguments are checked here, once, and one kernel call does the work.

An underscore behind a name (`x_`, `weight_`) marks what the kernels get for that argument: aligned and contiguous.
"""

from .batch_norm import batch_norm, batch_norm_backward, batch_norm_forward
from .layer_norm import layer_norm, layer_norm_backward, layer_norm_forward
from .statistics import (
    batch_norm_apply,
    batch_norm_backward_apply,
    batch_norm_backward_sums,
    batch_norm_stats,
    merge_stats,
)

__all__ = [
    "batch_norm",
    "batch_norm_apply",
    "batch_norm_backward",
    "batch_norm_backward_apply",
    "batch_norm_backward_sums",
    "batch_norm_forward",
    "batch_norm_stats",
    "layer_norm",
    "layer_norm_backward",
    "layer_norm_forward",
    "merge_stats",
]
