"""All norms as functions of x, weight and bias, by either module: `simdnorm.torch` or `torch.nn.functional`."""

import torch
from torch.nn import functional as native

import simdnorm.torch as st

SHAPE = (3, 4, 2, 2)


def random(*shape, seed=0):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


MEAN, VAR = random(4, seed=8), random(4, seed=9).square() + 0.5


def running(x):
    wide = torch.promote_types(x.dtype, torch.float32)
    return MEAN.to(wide), VAR.to(wide)


def add_layer_norm(module, x, w, b):
    residual = x.flip(0)
    if module is st:
        y, summed = st.add_layer_norm(x, residual, (2, 2), w, b)
    else:
        summed = x + residual
        y = native.layer_norm(summed, (2, 2), w, b)
    return y * summed


def add_rms_norm(module, x, w, b):
    residual = x.flip(0)
    if module is st:
        y, summed = st.add_rms_norm(x, residual, (2, 2), w)
    else:
        summed = x + residual
        y = native.rms_norm(summed, (2, 2), w)
    return y * summed


CALLS = {
    "layer_norm": (lambda f, x, w, b: f.layer_norm(x, (2, 2), w, b), (2, 2)),
    "rms_norm": (lambda f, x, w, b: f.rms_norm(x, (2, 2), w), (2, 2)),
    "add_layer_norm": (add_layer_norm, (2, 2)),
    "add_rms_norm": (add_rms_norm, (2, 2)),
    "group_norm": (lambda f, x, w, b: f.group_norm(x, 2, w, b), (4,)),
    "instance_norm": (lambda f, x, w, b: f.instance_norm(x, None, None, w, b), (4,)),
    "batch_norm": (lambda f, x, w, b: f.batch_norm(x, None, None, w, b, True), (4,)),
    "batch_norm in evaluation": (lambda f, x, w, b: f.batch_norm(x, *running(x), w, b), (4,)),
}


def operands(norm, *, grad=True):
    _, shape = CALLS[norm]
    return [p.requires_grad_(grad) for p in (random(*SHAPE), random(*shape, seed=1), random(*shape, seed=2))]


def call(norm, module=st):
    return lambda *operands: CALLS[norm][0](module, *operands)
