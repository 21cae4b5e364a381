"""The backend without a compiler: `_core`'s functions on the NumPy reference.

The reference computes in more digits than the arrays have; what it returns is rounded once, into the outputs. It never
writes to what it reads, so an output may be an input. See `_core.pyi` for the arguments.
"""

from . import express
from . import express as tensors
from .batch import (
    batch_norm_apply,
    batch_norm_backward,
    batch_norm_backward_apply,
    batch_norm_backward_sums,
    batch_norm_forward,
    batch_norm_inference,
    batch_norm_statistics,
)
from .groups import (
    group_norm_backward,
    group_norm_forward,
    instance_norm_backward,
    instance_norm_forward,
)
from .machine import (
    available_isas,
    build_info,
    get_num_threads,
    isa,
    isa_reason,
    openmp_library,
    refused_isa,
    set_num_threads,
    set_own_threads,
    threads_reason,
    use_isa,
)
from .memory import empty, held_blocks, return_blocks
from .rows import (
    add_layer_norm_backward,
    add_layer_norm_forward,
    add_rms_norm_backward,
    add_rms_norm_forward,
    layer_norm_backward,
    layer_norm_forward,
    rms_norm_backward,
    rms_norm_forward,
)

__all__ = [
    "add_layer_norm_backward",
    "add_layer_norm_forward",
    "add_rms_norm_backward",
    "add_rms_norm_forward",
    "available_isas",
    "batch_norm_apply",
    "batch_norm_backward",
    "batch_norm_backward_apply",
    "batch_norm_backward_sums",
    "batch_norm_forward",
    "batch_norm_inference",
    "batch_norm_statistics",
    "build_info",
    "empty",
    "express",
    "get_num_threads",
    "group_norm_backward",
    "group_norm_forward",
    "held_blocks",
    "instance_norm_backward",
    "instance_norm_forward",
    "isa",
    "isa_reason",
    "layer_norm_backward",
    "layer_norm_forward",
    "openmp_library",
    "refused_isa",
    "return_blocks",
    "rms_norm_backward",
    "rms_norm_forward",
    "set_num_threads",
    "set_own_threads",
    "tensors",
    "threads_reason",
    "use_isa",
]
