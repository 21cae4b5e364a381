"""The NumPy specification of simdnorm, and every textbook derivation of the backward pass by name.

It computes in longdouble where any input is float64, else in float64, and returns what it computed: a result is never
rounded back to the type of the input. It is written from the mathematics and shares nothing with the kernels.
"""

from .batch_norm import batch_norm_backward, batch_norm_forward, batch_norm_inference
from .batch_norm_derivations import (
    batch_norm_backward_centred_sum,
    batch_norm_backward_closed,
    batch_norm_backward_compact,
    batch_norm_backward_graph,
)
from .batch_norm_parts import (
    batch_norm_apply,
    batch_norm_backward_apply,
    batch_norm_backward_sums,
    batch_norm_statistics,
)
from .derivations import BATCH_NORM_DERIVATIONS, LAYER_NORM_DERIVATIONS
from .differences import numerical_gradient
from .layer_norm import layer_norm_backward, layer_norm_forward
from .layer_norm_derivations import (
    layer_norm_backward_chain,
    layer_norm_backward_chain_full,
    layer_norm_backward_closed,
    layer_norm_backward_graph,
    layer_norm_backward_std_mean,
)
from .precision import working_dtype
from .running import merge_statistics, running_update

__all__ = [
    "BATCH_NORM_DERIVATIONS",
    "LAYER_NORM_DERIVATIONS",
    "batch_norm_apply",
    "batch_norm_backward",
    "batch_norm_backward_apply",
    "batch_norm_backward_centred_sum",
    "batch_norm_backward_closed",
    "batch_norm_backward_compact",
    "batch_norm_backward_graph",
    "batch_norm_backward_sums",
    "batch_norm_forward",
    "batch_norm_inference",
    "batch_norm_statistics",
    "layer_norm_backward",
    "layer_norm_backward_chain",
    "layer_norm_backward_chain_full",
    "layer_norm_backward_closed",
    "layer_norm_backward_graph",
    "layer_norm_backward_std_mean",
    "layer_norm_forward",
    "merge_statistics",
    "numerical_gradient",
    "running_update",
    "working_dtype",
]
