"""The RMSNorms of Hugging Face's models, which are copies of two."""

from typing import Any

from torch import Tensor

from . import functional
from ._patch import original, register


def _llama(module: Any, x: Tensor) -> Tensor:
    """``weight * xhat``, which has the dtype of the weight where that is the wider one: then it is their business."""
    if module.weight.dtype is not x.dtype:
        own: Tensor = original(module).forward(module, x)
        return own
    return functional.rms_norm(x, module.weight.shape, module.weight, module.variance_epsilon)


def _olmo(module: Any, x: Tensor) -> Tensor:
    """``weight * xhat`` in float32, rounded to the dtype of x."""
    return functional.rms_norm(x, module.weight.shape, module.weight, module.variance_epsilon)


_COPIES = {
    _llama: {
        "deepseek_v2": "DeepseekV2",
        "deepseek_v3": "DeepseekV3",
        "glm": "Glm",
        "glm4": "Glm4",
        "granite": "Granite",
        "llama": "Llama",
        "mistral": "Mistral",
        "mixtral": "Mixtral",
        "olmoe": "Olmoe",
        "phi3": "Phi3",
        "qwen2": "Qwen2",
        "qwen2_moe": "Qwen2Moe",
        "qwen3": "Qwen3",
        "qwen3_moe": "Qwen3Moe",
        "smollm3": "SmolLM3",
    },
    _olmo: {"gpt_oss": "GptOss", "olmo2": "Olmo2", "olmo3": "Olmo3"},
}

NAMES = {
    f"transformers.models.{model}.modeling_{model}.{prefix}RMSNorm": forward
    for forward, models in _COPIES.items()
    for model, prefix in models.items()
}

for _name, _forward in NAMES.items():
    register(_name, _forward)
