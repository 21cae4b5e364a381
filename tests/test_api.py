"""The public names, with the argument order and the defaults that users write against."""

import ast
import importlib
import inspect
import pathlib

import pytest

import simdnorm
from simdnorm import _backend, _fallback

ROWS = "normalized_shape, weight=None, bias=None, eps=1e-05, *"
RMS_ROWS = "normalized_shape, weight=None, eps=None, *"
CHANNELS = "weight=None, bias=None, eps=1e-05, *, channel_axis=1, mask=None, out=None"
THREE, TWO = "need=(True, True, True), out=None", "need=(True, True), out=None"
SIGNATURES = {
    "layer_norm": f"(x, {ROWS}, axis=None, out=None)",
    "layer_norm_forward": f"(x, {ROWS}, axis=None, out=None)",
    "layer_norm_backward": f"(dy, x, mean, rstd, weight=None, *, axis=None, {THREE})",
    "rms_norm": f"(x, {RMS_ROWS}, axis=None, out=None)",
    "rms_norm_forward": f"(x, {RMS_ROWS}, axis=None, out=None)",
    "rms_norm_backward": f"(dy, x, rstd, weight=None, *, axis=None, {TWO})",
    "add_layer_norm": f"(x, residual, {ROWS}, out=None)",
    "add_layer_norm_forward": f"(x, residual, {ROWS}, out=None)",
    "add_layer_norm_backward": f"(dy, summed, mean, rstd, weight=None, *, dsummed=None, {THREE})",
    "add_rms_norm": f"(x, residual, {RMS_ROWS}, out=None)",
    "add_rms_norm_forward": f"(x, residual, {RMS_ROWS}, out=None)",
    "add_rms_norm_backward": f"(dy, summed, rstd, weight=None, *, dsummed=None, {TWO})",
    "group_norm": f"(x, num_groups, {CHANNELS})",
    "group_norm_forward": f"(x, num_groups, {CHANNELS})",
    "group_norm_backward": f"(dy, x, mean, rstd, num_groups, weight=None, *, channel_axis=1, mask=None, {THREE})",
    "instance_norm": "(x, running_mean=None, running_var=None, weight=None, bias=None, use_input_stats=True, "
    "momentum=0.1, eps=1e-05, *, channel_axis=1, mask=None, out=None)",
    "instance_norm_forward": f"(x, {CHANNELS})",
    "instance_norm_backward": f"(dy, x, mean, rstd, weight=None, *, channel_axis=1, mask=None, {THREE})",
    "batch_norm": "(x, running_mean, running_var, weight=None, bias=None, training=False, momentum=0.1, eps=1e-05, *, "
    "channel_axis=1, mask=None, out=None)",
    "batch_norm_forward": "(x, weight=None, bias=None, running_mean=None, running_var=None, momentum=0.1, eps=1e-05, "
    "*, channel_axis=1, mask=None, unbiased=True, out=None)",
    "batch_norm_backward": f"(dy, x, mean, rstd, weight=None, *, training=True, channel_axis=1, mask=None, {THREE})",
    "batch_norm_stats": "(x, *, channel_axis=1, mask=None)",
    "merge_stats": "(*shares)",
    "batch_norm_apply": "(x, mean, rstd, weight=None, bias=None, *, channel_axis=1, out=None)",
    "batch_norm_backward_sums": "(dy, x, mean, rstd, *, channel_axis=1, mask=None)",
    "batch_norm_backward_apply": "(dy, x, mean, rstd, weight, sum_dy, sum_dy_xhat, count, *, channel_axis=1, "
    "mask=None, out=None)",
    "cs231n.batchnorm_forward": "(x, gamma, beta, bn_param)",
    "cs231n.batchnorm_backward": "(dout, cache)",
    "cs231n.batchnorm_backward_alt": "(dout, cache)",
    "cs231n.layernorm_forward": "(x, gamma, beta, ln_param)",
    "cs231n.layernorm_backward": "(dout, cache)",
    "cs231n.spatial_batchnorm_forward": "(x, gamma, beta, bn_param)",
    "cs231n.spatial_batchnorm_backward": "(dout, cache)",
    "cs231n.spatial_groupnorm_forward": "(x, gamma, beta, G, gn_param)",
    "cs231n.spatial_groupnorm_backward": "(dout, cache)",
    "set_num_threads": "(n)",
    "threads": "(n)",
    "use_isa": "(name)",
    **dict.fromkeys(
        ["get_num_threads", "isa", "available_isas", "backend", "show_config", "get_include", "get_cmake_dir"], "()"
    ),
}


@pytest.mark.parametrize("name", SIGNATURES)
def test_signatures_are_those_of_the_contract(name):
    function = simdnorm
    for part in name.split("."):
        function = getattr(function, part)
    signature = inspect.signature(function)
    bare = [p.replace(annotation=inspect.Parameter.empty) for p in signature.parameters.values()]
    assert str(inspect.Signature(bare)) == SIGNATURES[name]
    assert function.__doc__


def test_every_public_name_is_there_and_in_the_contract():
    assert sorted(simdnorm.__all__) == sorted(
        [*(name for name in SIGNATURES if "." not in name), "cs231n", "functional", "reference"]
    )
    for name in simdnorm.__all__:
        assert getattr(simdnorm, name) is not None
    operations = {name for name in SIGNATURES if any(word in name for word in ("norm", "stats")) and "." not in name}
    assert set(simdnorm.functional.__all__) == operations
    assert {f"cs231n.{name}" for name in simdnorm.cs231n.__all__} == {n for n in SIGNATURES if n[:6] == "cs231n"}


def _stub_functions():
    stub = pathlib.Path(importlib.util.find_spec("simdnorm").origin).with_name("_core.pyi")
    return {node.name: node for node in ast.parse(stub.read_text()).body if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("name", _stub_functions())
def test_both_backends_have_the_functions_of_the_stub(name):
    arguments = [argument.arg for argument in _stub_functions()[name].args.args]
    assert list(inspect.signature(getattr(_fallback, name)).parameters) == arguments
    assert callable(getattr(_backend.kernels, name))


def test_the_fallback_has_nothing_else():
    public = {name for name, value in vars(_fallback).items() if inspect.isfunction(value) and name[0] != "_"}
    assert public == set(_stub_functions())
