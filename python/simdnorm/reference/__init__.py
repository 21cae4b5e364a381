"""The NumPy specification of simdnorm, and every textbook derivation of the backward pass by name.

It computes in longdouble where any input is float64, else in float64, and returns what it computed: a result is never
rounded back to the type of the input. It is written from the mathematics and shares nothing with the kernels.

Nothing is checked here: what does not fit together fails where NumPy notices, as a rule with a ValueError.
"""

from .add_norm import add_layer_norm_backward, add_layer_norm_forward, add_rms_norm_backward, add_rms_norm_forward
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
from .derivations import (
    BATCH_NORM_DERIVATIONS,
    GROUP_NORM_DERIVATIONS,
    LAYER_NORM_DERIVATIONS,
    RMS_NORM_DERIVATIONS,
)
from .differences import numerical_gradient
from .group_norm import group_norm_backward, group_norm_forward
from .group_norm_derivations import (
    group_norm_backward_closed,
    group_norm_backward_compact,
    group_norm_backward_graph,
    group_norm_backward_rows,
)
from .instance_norm import instance_norm_backward, instance_norm_forward, instance_norm_running
from .layer_norm import layer_norm_backward, layer_norm_forward
from .layer_norm_derivations import (
    layer_norm_backward_chain,
    layer_norm_backward_chain_full,
    layer_norm_backward_closed,
    layer_norm_backward_graph,
    layer_norm_backward_std_mean,
)
from .precision import working_dtype
from .rms_norm import rms_norm_backward, rms_norm_forward
from .rms_norm_derivations import rms_norm_backward_closed, rms_norm_backward_graph, rms_norm_backward_jacobian
from .running import merge_statistics, running_update

__all__ = [
    "BATCH_NORM_DERIVATIONS",
    "GROUP_NORM_DERIVATIONS",
    "LAYER_NORM_DERIVATIONS",
    "RMS_NORM_DERIVATIONS",
    "add_layer_norm_backward",
    "add_layer_norm_forward",
    "add_rms_norm_backward",
    "add_rms_norm_forward",
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
    "group_norm_backward",
    "group_norm_backward_closed",
    "group_norm_backward_compact",
    "group_norm_backward_graph",
    "group_norm_backward_rows",
    "group_norm_forward",
    "instance_norm_backward",
    "instance_norm_forward",
    "instance_norm_running",
    "layer_norm_backward",
    "layer_norm_backward_chain",
    "layer_norm_backward_chain_full",
    "layer_norm_backward_closed",
    "layer_norm_backward_graph",
    "layer_norm_backward_std_mean",
    "layer_norm_forward",
    "merge_statistics",
    "numerical_gradient",
    "rms_norm_backward",
    "rms_norm_backward_closed",
    "rms_norm_backward_graph",
    "rms_norm_backward_jacobian",
    "rms_norm_forward",
    "running_update",
    "working_dtype",
]
