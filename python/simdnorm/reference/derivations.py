"""Every derivation with parameters, by name: (dy, x, weight, eps) -> (dx, dweight, dbias).

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
from .layer_norm_derivations import (
    layer_norm_backward_chain,
    layer_norm_backward_chain_full,
    layer_norm_backward_closed,
    layer_norm_backward_graph,
)
from .precision import Gradients

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
