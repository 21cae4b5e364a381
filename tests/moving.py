"""The two norms that have running statistics, and how both are told to move or to use them."""

import pytest

import simdnorm

each_moving = pytest.mark.parametrize("name", ["batch_norm", "instance_norm"])
each_training = pytest.mark.parametrize("name", ["batch_norm", "batch_norm_forward", "instance_norm"])


def train(name, x, mean, var, momentum=0.1, **options):
    """Move the running statistics by those of x."""
    switch = {"batch_norm": {"training": True}, "instance_norm": {"use_input_stats": True}}.get(name, {})
    function, pair = getattr(simdnorm, name), {"running_mean": mean, "running_var": var}
    results = function(x, **pair, momentum=momentum, **switch, **options)
    return results[0] if isinstance(results, tuple) else results


def evaluate(name, x, mean, var, *parameters, **options):
    """Normalize by the running statistics."""
    switch = {"training": False} if name == "batch_norm" else {"use_input_stats": False}
    return getattr(simdnorm, name)(x, mean, var, *parameters, **switch, **options)


def running(case):
    """A pair that may be moved."""
    return case.running_mean.copy(), case.running_var.copy()
