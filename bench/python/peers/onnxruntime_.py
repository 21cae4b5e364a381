"""ONNX Runtime: a model of one operator, forward only; `out` is its binding of inputs and outputs to given memory.

Parameters are constants of the model, as in every exported one. What its CPU provider has no kernel for (bfloat16, some
norms in float16, channels last) makes no session: the peer lacks it.
"""

from functools import partial
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
from cases import EPS, GROUPS
from onnx import TensorProto, helper, numpy_helper
from operands import Operands

from . import Calls

NAME = "ONNX Runtime"
TYPES = {"float32": TensorProto.FLOAT, "float16": TensorProto.FLOAT16}
MICROSOFT = "com.microsoft"
ort.set_default_logger_severity(4)
_options = ort.SessionOptions()
# Its threads spin between the operators of a run, but not after it: they would have the cores that the next peer needs.
_options.add_session_config_entry("session.force_spinning_stop", "1")


def version() -> str:
    return str(ort.__version__)


def set_threads(n: int) -> None:
    """Of the sessions that are made from now on."""
    _options.intra_op_num_threads = n


def calls(o: Operands) -> Calls | None:
    case = o.case
    has_layout = case.layout in ("rows", "NC") or (case.layout == "NCHW" and not case.by_row)
    if case.backward or case.masked or not has_layout or case.dtype not in TYPES:
        return None
    if case.operation == "batch_norm_forward":
        return None  # its training mode is not for use
    inputs = {"x": o.x} | ({"residual": o.residual} if case.added else {})
    outputs = {"y": o.y} | ({"summed": o.other} if case.added else {})
    try:
        session = ort.InferenceSession(_model(o, inputs).SerializeToString(), _options, ["CPUExecutionProvider"])
    except (ort.capi.onnxruntime_pybind11_state.NotImplemented, ort.capi.onnxruntime_pybind11_state.Fail):
        return None
    binding = session.io_binding()
    for name, array in inputs.items():
        binding.bind_input(name, "cpu", 0, array.dtype, array.shape, array.ctypes.data)
    for name, array in outputs.items():
        binding.bind_output(name, "cpu", 0, array.dtype, array.shape, array.ctypes.data)
    return Calls(
        partial(session.run, list(outputs), inputs),
        partial(session.run_with_iobinding, binding),
        lambda result: list(outputs.values() if result is None else result),
    )


def _model(o: Operands, inputs: dict[str, Any]) -> onnx.ModelProto:
    case, kind = o.case, TYPES[o.case.dtype]
    node, constants = _node(o)
    names = ["y", "summed"][: 1 + case.added]
    graph = helper.make_graph(
        [node],
        "norm",
        [helper.make_tensor_value_info(name, kind, array.shape) for name, array in inputs.items()],
        [helper.make_tensor_value_info(name, kind, case.shape) for name in names],
        [numpy_helper.from_array(np.ascontiguousarray(array), name) for name, array in constants.items()],
    )
    domains = [helper.make_opsetid("", 21), helper.make_opsetid(MICROSOFT, 1)]
    return helper.make_model(graph, opset_imports=domains, ir_version=10)


def _node(o: Operands) -> tuple[onnx.NodeProto, dict[str, Any]]:
    case = o.case
    parameters = {"weight": o.weight} | ({"bias": o.bias} if case.centered else {})
    if case.added:
        kind = "SkipLayerNormalization" if case.centered else "SkipSimplifiedLayerNormalization"
        inputs, outputs = ["x", "residual", *parameters], ["y", "", "", "summed"]
        return helper.make_node(kind, inputs, outputs, domain=MICROSOFT, epsilon=EPS), parameters
    if case.operation == "batch_norm":
        running = {"mean": o.running_mean.astype(o.dtype), "var": o.running_var.astype(o.dtype)}
        parameters |= running
        return helper.make_node("BatchNormalization", ["x", *parameters], ["y"], epsilon=EPS), parameters
    kind, attributes = {
        "layer_norm": ("LayerNormalization", {"axis": -1}),
        "rms_norm": ("SimplifiedLayerNormalization", {"axis": -1}),
        "group_norm": ("GroupNormalization", {"num_groups": GROUPS}),
        "instance_norm": ("InstanceNormalization", {}),
    }[case.norm]
    saved = {"layer_norm_forward": ["mean", "rstd"], "rms_norm_forward": ["rstd"]}.get(case.operation, [])
    return helper.make_node(kind, ["x", *parameters], ["y", *saved], epsilon=EPS, **attributes), parameters
