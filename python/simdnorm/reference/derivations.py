"""Every derivation with parameters, by name: (dy, x, weight, eps) -> (dx, dweight, dbias).

RMSNorm's have no bias, and return dx and dweight; GroupNorm's take the number of groups: (dy, x, weight, num_groups,
eps).

`layer_norm_backward_std_mean`, which has no parameters, stands apart: (dy, x, eps) -> dx. With a weight, its dy is
the others' dy * weight.
"""

from collections.abc import Callable
from typing import TypeAlias

from .batch_norm_derivations import (
    batch_norm_backward_centred_sum,
    batch_norm_backward_closed,
    batch_norm_backward_compact,
    batch_norm_backward_graph,
)
from .group_norm_derivations import (
    group_norm_backward_closed,
    group_norm_backward_compact,
    group_norm_backward_graph,
    group_norm_backward_rows,
)
from .layer_norm_derivations import (
    layer_norm_backward_chain,
    layer_norm_backward_chain_full,
    layer_norm_backward_closed,
    layer_norm_backward_graph,
)
from .precision import Gradients, WeightGradients
from .rms_norm_derivations import rms_norm_backward_closed, rms_norm_backward_graph, rms_norm_backward_jacobian

Derivation: TypeAlias = Callable[..., Gradients]

LAYER_NORM_DERIVATIONS: dict[str, Derivation] = {
    "graph": layer_norm_backward_graph,
    "chain_full": layer_norm_backward_chain_full,
    "chain": layer_norm_backward_chain,
    "closed": layer_norm_backward_closed,
}

BATCH_NORM_DERIVATIONS: dict[str, Derivation] = {
    "graph": batch_norm_backward_graph,
    "closed": batch_norm_backward_closed,
    "centred_sum": batch_norm_backward_centred_sum,
    "compact": batch_norm_backward_compact,
}

RMS_NORM_DERIVATIONS: dict[str, Callable[..., WeightGradients]] = {
    "graph": rms_norm_backward_graph,
    "jacobian": rms_norm_backward_jacobian,
    "closed": rms_norm_backward_closed,
}

GROUP_NORM_DERIVATIONS: dict[str, Derivation] = {
    "graph": group_norm_backward_graph,
    "rows": group_norm_backward_rows,
    "closed": group_norm_backward_closed,
    "compact": group_norm_backward_compact,
}
