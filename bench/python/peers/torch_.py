"""PyTorch: what its modules call underneath, on tensors that share the memory of the operands.

`out` is the operator's own out variant. Of LayerNorm's and of the backward passes PyTorch makes it by computing fresh
outputs and copying them, which is why the table takes the faster of its two ways.
"""

from functools import partial
from typing import Any

import torch
from cases import EPS, MOMENTUM, Array, Operands

from . import Calls

NAME = "PyTorch"
aten = torch.ops.aten


def version() -> str:
    return f"{torch.__version__}, {torch.backends.cpu.get_cpu_capability()}"


def set_threads(n: int) -> None:
    torch.set_num_threads(n)


def calls(o: Operands) -> Calls:
    case = o.case
    operation = case.operation
    x = _tensor(o, o.x)
    weight, bias, mean, rstd, running_mean, running_var = map(
        torch.from_numpy, (o.weight, o.bias, o.mean, o.rstd, o.running_mean, o.running_var)
    )
    shape = (case.shape[-1],)

    def arrays(result: Any) -> list[Any]:
        if isinstance(result, torch.Tensor):
            result = (result,)
        count = 3 if operation.endswith("backward") else 1
        return [_array(o, tensor) for tensor in result[:count]]

    # Partial calls: a layer between would be measured too. No gradient is recorded, for no tensor asks for one.
    if operation.endswith("backward"):
        dy, dx = _tensor(o, o.dy), _tensor(o, o.dx)
        outputs = {"out0": dx, "out1": torch.zeros_like(weight), "out2": torch.zeros_like(bias)}
        need = [True, True, True]
        if operation == "layer_norm_backward":
            of_rows = (dy, x, shape, mean, rstd, weight, bias, need)
            function = aten.native_layer_norm_backward
            return Calls(partial(function.default, *of_rows), partial(function.out, *of_rows, **outputs), arrays)
        of_batch = (dy, x, weight, running_mean, running_var, mean, rstd, True, EPS, need)
        function = aten.native_batch_norm_backward
        return Calls(partial(function.default, *of_batch), partial(function.out, *of_batch, **outputs), arrays)

    y = _tensor(o, o.y)
    if operation.startswith("layer_norm"):
        outputs = {"out0": y, "out1": torch.zeros(o.mean.shape), "out2": torch.zeros(o.mean.shape)}
        call = torch.nn.functional.layer_norm if operation == "layer_norm" else torch.native_layer_norm
        rows = (x, shape, weight, bias, EPS)
        return Calls(partial(call, *rows), partial(aten.native_layer_norm.out, *rows, **outputs), arrays)

    training = operation == "batch_norm_forward"
    batch = (x, weight, bias, running_mean, running_var, training, MOMENTUM, EPS)
    saved = len(o.weight) if training else 0
    outputs = {"out": y, "save_mean": torch.zeros(saved), "save_invstd": torch.zeros(saved)}
    return Calls(
        partial(torch.native_batch_norm, *batch), partial(aten.native_batch_norm.out, *batch, **outputs), arrays
    )


def _tensor(o: Operands, array: Array) -> torch.Tensor:
    tensor = torch.from_numpy(array)
    # PyTorch's channels_last is NHWC memory behind an NCHW shape.
    return tensor.permute(0, 3, 1, 2) if o.case.layout == "NHWC" else tensor


def _array(o: Operands, tensor: torch.Tensor) -> Any:
    return (tensor.permute(0, 2, 3, 1) if o.case.layout == "NHWC" and tensor.ndim == 4 else tensor).numpy()
