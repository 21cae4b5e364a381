"""The public names, with the argument order and the defaults that users write against."""

import ast
import importlib
import inspect
import pathlib

import pytest

import simdnorm
from simdnorm import _backend, _fallback

SIGNATURES = {
    "layer_norm": "(x, normalized_shape, weight=None, bias=None, eps=1e-05, *, axis=None, out=None)",
    "layer_norm_forward": "(x, normalized_shape, weight=None, bias=None, eps=1e-05, *, axis=None, out=None)",
    "layer_norm_backward": "(dy, x, mean, rstd, weight=None, *, axis=None, need=(True, True, True), out=None)",
    "batch_norm": "(x, running_mean, running_var, weight=None, bias=None, training=False, momentum=0.1, eps=1e-05, *, "
    "channel_axis=1, out=None)",
    "batch_norm_forward": "(x, weight=None, bias=None, running_mean=None, running_var=None, momentum=0.1, eps=1e-05, "
    "*, channel_axis=1, unbiased=True, out=None)",
    "batch_norm_backward": "(dy, x, mean, rstd, weight=None, *, training=True, channel_axis=1, "
    "need=(True, True, True), out=None)",
    "batch_norm_stats": "(x, *, channel_axis=1)",
    "merge_stats": "(*shares)",
    "batch_norm_apply": "(x, mean, rstd, weight=None, bias=None, *, channel_axis=1, out=None)",
    "batch_norm_backward_sums": "(dy, x, mean, rstd, *, channel_axis=1)",
    "batch_norm_backward_apply": "(dy, x, mean, rstd, weight, sum_dy, sum_dy_xhat, count, *, channel_axis=1, out=None)",
    "cs231n.batchnorm_forward": "(x, gamma, beta, bn_param)",
    "cs231n.batchnorm_backward": "(dout, cache)",
    "cs231n.batchnorm_backward_alt": "(dout, cache)",
    "cs231n.layernorm_forward": "(x, gamma, beta, ln_param)",
    "cs231n.layernorm_backward": "(dout, cache)",
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


def _stub_functions():
    stub = pathlib.Path(importlib.util.find_spec("simdnorm").origin).with_name("_core.pyi")
    return {node.name: node for node in ast.parse(stub.read_text()).body if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("name", _stub_functions())
def test_both_backends_have_the_functions_of_the_stub(name):
    arguments = [argument.arg for argument in _stub_functions()[name].args.args]
    assert list(inspect.signature(getattr(_fallback, name)).parameters) == arguments
    assert callable(getattr(_backend.kernels, name))


def test_the_fallback_has_nothing_else():
    own = {name: value for name, value in vars(_fallback).items() if inspect.isfunction(value) and name[0] != "_"}
    public = {name for name, value in own.items() if value.__module__ == _fallback.__name__}
    assert public == set(_stub_functions())
