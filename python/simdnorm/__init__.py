"""simdnorm: the normalization layers of neural networks, fast on CPUs, with the same bits every time."""

from . import cs231n, functional, reference
from .functional import (
    add_layer_norm,
    add_layer_norm_backward,
    add_layer_norm_forward,
    add_rms_norm,
    add_rms_norm_backward,
    add_rms_norm_forward,
    batch_norm,
    batch_norm_apply,
    batch_norm_backward,
    batch_norm_backward_apply,
    batch_norm_backward_sums,
    batch_norm_forward,
    batch_norm_stats,
    group_norm,
    group_norm_backward,
    group_norm_forward,
    instance_norm,
    instance_norm_backward,
    instance_norm_forward,
    layer_norm,
    layer_norm_backward,
    layer_norm_forward,
    merge_stats,
    rms_norm,
    rms_norm_backward,
    rms_norm_forward,
)
from .runtime import (
    available_isas,
    backend,
    get_cmake_dir,
    get_include,
    get_num_threads,
    isa,
    set_num_threads,
    show_config,
    threads,
    use_isa,
)

__all__ = [
    "add_layer_norm",
    "add_layer_norm_backward",
    "add_layer_norm_forward",
    "add_rms_norm",
    "add_rms_norm_backward",
    "add_rms_norm_forward",
    "available_isas",
    "backend",
    "batch_norm",
    "batch_norm_apply",
    "batch_norm_backward",
    "batch_norm_backward_apply",
    "batch_norm_backward_sums",
    "batch_norm_forward",
    "batch_norm_stats",
    "cs231n",
    "functional",
    "get_cmake_dir",
    "get_include",
    "get_num_threads",
    "group_norm",
    "group_norm_backward",
    "group_norm_forward",
    "instance_norm",
    "instance_norm_backward",
    "instance_norm_forward",
    "isa",
    "layer_norm",
    "layer_norm_backward",
    "layer_norm_forward",
    "merge_stats",
    "reference",
    "rms_norm",
    "rms_norm_backward",
    "rms_norm_forward",
    "set_num_threads",
    "show_config",
    "threads",
    "use_isa",
]


def __getattr__(name: str) -> str:
    # Read on demand: the backend knows how it was built, and looking it up costs more than importing the rest.
    if name == "__version__":
        from ._backend import kernels

        return str(kernels.build_info()["version"])
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
