"""The two norms that have running statistics, and how both are told to move or to use them."""

import pytest

import simdnorm

each_moving = pytest.mark.parametrize("name", ["batch_norm", "instance_norm"])


def train(name, x, mean, var, momentum=0.1, **options):
    """Move the running statistics by those of x."""
    switch = {"training": True} if name == "batch_norm" else {"use_input_stats": True}
    return getattr(simdnorm, name)(x, mean, var, momentum=momentum, **switch, **options)


def evaluate(name, x, mean, var, *parameters, **options):
    """Normalize by the running statistics."""
    switch = {"training": False} if name == "batch_norm" else {"use_input_stats": False}
    return getattr(simdnorm, name)(x, mean, var, *parameters, **switch, **options)


def running(case):
    """A pair that may be moved."""
    return case.running_mean.copy(), case.running_var.copy()
