"""PyTorch: what its modules call underneath, on tensors that share the memory of the operands.

`out` is the operator's own out variant. Of LayerNorm's and of the backward passes PyTorch makes it by computing fresh
outputs and copying them, which is why the table takes the faster of its two ways. Where it has no operator of its own
(the backward passes of RMSNorm and InstanceNorm, the sum with a residual, LayerNorm over the channels of NCHW) it does
what a model does: calls one after the other, and autograd for the gradients. Masks it has not.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch
from cases import EPS, GROUPS, MOMENTUM, Array
from operands import Operands

from . import Calls

NAME = "PyTorch"
aten = torch.ops.aten
functional = torch.nn.functional
ALL = [True, True, True]


def version() -> str:
    return f"{torch.__version__}, {torch.backends.cpu.get_cpu_capability()}"


def set_threads(n: int) -> None:
    torch.set_num_threads(n)


def calls(o: Operands) -> Calls | None:
    case = o.case
    if case.masked:
        return None
    count = 3 - (not case.centered) if case.backward else 1 + case.added

    def arrays(result: Any) -> list[Any]:
        tensors = (result,) if isinstance(result, torch.Tensor) else result
        return [_array(o, tensor) for tensor in tensors[:count]]

    fresh, out = (_backward if case.backward else _forward)(o)
    return Calls(fresh, out, arrays)


def _forward(o: Operands) -> tuple[Callable[[], Any], Callable[[], Any] | None]:
    # Partial calls: a layer between would be measured too. No gradient is recorded, for no tensor asks for one.
    case = o.case
    x, weight, bias, y = _tensor(o, o.x), _tensor(o, o.weight), _tensor(o, o.bias), _tensor(o, o.y)
    if case.operation in ("layer_norm", "layer_norm_forward") and case.layout == "rows":
        rows = (x, (case.shape[-1],), weight, bias, EPS)
        call = functional.layer_norm if case.operation == "layer_norm" else torch.native_layer_norm
        return partial(call, *rows), partial(aten.native_layer_norm.out, *rows, **_outputs(y, o.mean, o.mean))
    if case.norm == "group_norm":
        groups = (x, weight, bias, *_sizes(o), GROUPS, EPS)
        return partial(aten.native_group_norm.default, *groups), partial(
            aten.native_group_norm.out, *groups, **_outputs(y, o.mean, o.mean)
        )
    if case.norm == "batch_norm":
        training = case.operation == "batch_norm_forward"
        batch = (x, weight, bias, *_running(o), training, MOMENTUM, EPS)
        saved = torch.zeros(len(o.weight) if training else 0, dtype=weight.dtype)
        outputs = {"out": y, "save_mean": saved, "save_invstd": saved.clone()}
        return partial(torch.native_batch_norm, *batch), partial(aten.native_batch_norm.out, *batch, **outputs)
    if case.norm == "instance_norm":
        return partial(functional.instance_norm, x, None, None, weight, bias, True, MOMENTUM, EPS), None
    if case.added:
        return partial(_added(o), x, _tensor(o, o.residual), *_parameters(o)), None
    return partial(_function(o), x, *_parameters(o)), None


def _backward(o: Operands) -> tuple[Callable[[], Any], Callable[[], Any] | None]:
    case = o.case
    x, dy, weight, bias = (_tensor(o, array) for array in (o.x, o.dy, o.weight, o.bias))
    outputs = {"out0": _tensor(o, o.dx), "out1": torch.zeros_like(weight), "out2": torch.zeros_like(bias)}
    operator: Any
    of_norm: tuple[Any, ...]
    if case.norm == "layer_norm" and case.layout == "rows":
        _, *saved = torch.native_layer_norm(x, (case.shape[-1],), weight, bias, EPS)
        operator, of_norm = aten.native_layer_norm_backward, (dy, x, (case.shape[-1],), *saved, weight, bias, ALL)
    elif case.norm == "group_norm":
        _, *saved = torch.native_group_norm(x, weight, bias, *_sizes(o), GROUPS, EPS)
        operator, of_norm = aten.native_group_norm_backward, (dy, x, *saved, weight, *_sizes(o), GROUPS, ALL)
    elif case.norm == "batch_norm":
        _, *saved = torch.native_batch_norm(x, weight, bias, *_running(o), True, MOMENTUM, EPS)
        operator, of_norm = aten.native_batch_norm_backward, (dy, x, weight, *_running(o), *saved, True, EPS, ALL)
    else:
        return _gradients(o, x, dy), None
    return partial(operator.default, *of_norm), partial(operator.out, *of_norm, **outputs)


def _gradients(o: Operands, x: torch.Tensor, dy: torch.Tensor) -> Callable[[], Any]:
    """Autograd's backward pass alone: the graph is recorded once."""
    inputs = [tensor.detach().requires_grad_() for tensor in (x, *_parameters(o))]
    y = _function(o)(*inputs)
    if not o.case.added:
        return partial(torch.autograd.grad, y, inputs, dy, retain_graph=True)
    # The gradient that flows into the sum beside the norm's own.
    return partial(torch.autograd.grad, (y, inputs[0]), inputs, (dy, _tensor(o, o.dsummed)), retain_graph=True)


def _function(o: Operands) -> Callable[..., torch.Tensor]:
    """What a model calls, of x and its parameters."""
    case, shape = o.case, (o.case.shape[o.case.channel_axis],)
    if case.norm == "instance_norm":
        return lambda x, weight, bias: functional.instance_norm(x, None, None, weight, bias, True, MOMENTUM, EPS)
    if case.norm.endswith("rms_norm"):
        return lambda x, weight: functional.rms_norm(x, shape, weight, EPS)
    if case.layout == "rows":
        return lambda x, weight, bias: functional.layer_norm(x, shape, weight, bias, EPS)
    return lambda x, weight, bias: functional.layer_norm(x.movedim(1, -1), shape, weight, bias, EPS).movedim(-1, 1)


def _added(o: Operands) -> Callable[..., tuple[torch.Tensor, torch.Tensor]]:
    norm = _function(o)

    def call(x: torch.Tensor, residual: torch.Tensor, *parameters: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        summed = x + residual
        return norm(summed, *parameters), summed

    return call


def _parameters(o: Operands) -> tuple[torch.Tensor, ...]:
    return tuple(_tensor(o, array) for array in ((o.weight, o.bias) if o.case.centered else (o.weight,)))


def _running(o: Operands) -> tuple[torch.Tensor, torch.Tensor]:
    # Beside 16 bits PyTorch wants them to be of the parameters' dtype.
    dtype = _tensor(o, o.weight).dtype
    return torch.from_numpy(o.running_mean).to(dtype), torch.from_numpy(o.running_var).to(dtype)


def _sizes(o: Operands) -> tuple[int, int, int]:
    samples, channels = o.case.shape[0], len(o.weight)
    return samples, channels, o.x.size // samples // channels


def _outputs(y: torch.Tensor, *statistics: Array) -> dict[str, torch.Tensor]:
    saved = {f"out{i + 1}": torch.zeros(array.shape, dtype=y.dtype) for i, array in enumerate(statistics)}
    return {"out0": y, **saved}


def _tensor(o: Operands, array: Array) -> torch.Tensor:
    if array.dtype.name == "bfloat16":
        tensor = torch.from_numpy(array.view(np.int16)).view(torch.bfloat16)
    else:
        tensor = torch.from_numpy(array)
    # PyTorch's channels_last is NHWC memory behind an NCHW shape.
    return tensor.movedim(-1, 1) if o.case.layout == "NHWC" and array.ndim == 4 else tensor


def _array(o: Operands, tensor: torch.Tensor) -> Any:
    memory = (tensor.movedim(1, -1) if o.case.layout == "NHWC" and tensor.ndim == 4 else tensor).detach()
    return memory.float().numpy()
