"""The course's own interface (Stanford CS231n, assignment 2) on the kernels of simdnorm.

``forward(x, gamma, beta, ...) -> (out, cache)`` and ``backward(dout, cache) -> (dx, dgamma, dbeta)``, with `x` of shape
(N, D) or, for the spatial ones, (N, C, H, W), and the course's conventions: momentum weights the *old* running value
and defaults to 0.9, the running variance is the biased one, missing running statistics start as zeros, `eps` defaults
to 1e-5 and stands under the root. The dict gets new arrays; the arrays that it held stay as they were.

Arrays mix as NumPy mixes them: the result has the type of ``x * gamma + beta``, integers count as float64. float16 is
computed in float32, longdouble by the reference. A cache owns all it holds, so `x` may change after the forward pass.
"""

from .batchnorm import (
    batchnorm_backward,
    batchnorm_backward_alt,
    batchnorm_forward,
    spatial_batchnorm_backward,
    spatial_batchnorm_forward,
)
from .groupnorm import spatial_groupnorm_backward, spatial_groupnorm_forward
from .layernorm import layernorm_backward, layernorm_forward

__all__ = [
    "batchnorm_backward",
    "batchnorm_backward_alt",
    "batchnorm_forward",
    "layernorm_backward",
    "layernorm_forward",
    "spatial_batchnorm_backward",
    "spatial_batchnorm_forward",
    "spatial_groupnorm_backward",
    "spatial_groupnorm_forward",
]
