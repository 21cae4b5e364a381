"""The operators keep PyTorch's rules: schema, fakes, autograd; forward and backward, 16 bits, and large results."""

import pytest
import torch

import simdnorm.torch  # noqa: F401  registers them
from pytorch.calls import MEAN, SHAPE, VAR, random

OPERATORS = torch.ops.simdnorm
LAST = random(*SHAPE).contiguous(memory_format=torch.channels_last)
LARGE = (4, 64, 64, 64)
"""8 MiB and more in float64."""
ROWS, CHANNELS = (random(3, 4), random(3, 4, seed=1)), (random(*SHAPE), random(*SHAPE, seed=1))
OF_ROWS, OF_GROUPS, OF_CHANNELS = random(3, 1), random(3, 2), random(4)
ALL = (True, True, True)


def keeps_the_rules(operator, arguments, constants=(MEAN, VAR)):
    arguments = [
        a.detach().requires_grad_() if isinstance(a, torch.Tensor) and not any(a is c for c in constants) else a
        for a in arguments
    ]
    torch.library.opcheck(operator.default, arguments)


@pytest.mark.parametrize(
    ("operator", "arguments"),
    [
        (OPERATORS.row_norm, (random(3, 4), None, (4,), random(4), random(4), 1e-5, True)),
        (OPERATORS.row_norm, (random(3, 4), random(3, 4), (4,), random(4), None, 1e-5, False)),
        (OPERATORS.row_norm, (LAST, None, (2,), random(2), None, 1e-5, False)),
        (OPERATORS.group_norm, (random(*SHAPE), 2, random(4), None, 1e-5)),
        (OPERATORS.group_norm, (LAST, 2, None, None, 1e-5)),
        (OPERATORS.group_norm, (LAST[:, :2, 1:], 2, None, None, 1e-5)),
        (OPERATORS.batch_norm, (random(*SHAPE), random(4), random(4), 1e-5)),
        (OPERATORS.batch_norm_apply, (random(*SHAPE), MEAN, VAR, random(4), None, 1e-5)),
    ],
)
def test_operators_keep_pytorchs_rules(operator, arguments):
    keeps_the_rules(operator, arguments)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("weight", [None, torch.ones(4)])
def test_so_they_do_in_16_bits_beside_float32(dtype, weight):
    x, bias, narrow = random(*SHAPE).to(dtype), torch.zeros(4), (MEAN.float(), VAR.float())
    keeps_the_rules(OPERATORS.row_norm, (random(3, 4).to(dtype), None, (4,), weight, bias, 1e-5, True))
    keeps_the_rules(OPERATORS.group_norm, (x, 2, weight, bias, 1e-5))
    keeps_the_rules(OPERATORS.batch_norm, (x, weight, bias, 1e-5))
    keeps_the_rules(OPERATORS.batch_norm_apply, (x, *narrow, weight, bias, 1e-5), narrow)


def test_so_they_do_where_memory_is_recycled():
    x = random(*LARGE)
    keeps_the_rules(OPERATORS.row_norm, (x, x.clone(), (64,), random(64), random(64), 1e-5, True))
    keeps_the_rules(OPERATORS.group_norm, (x.contiguous(memory_format=torch.channels_last), 8, None, None, 1e-5))
    keeps_the_rules(OPERATORS.batch_norm, (x, random(64), None, 1e-5))


@pytest.mark.parametrize(
    ("operator", "arguments"),
    [
        (OPERATORS.row_norm_backward, (*ROWS, OF_ROWS, OF_ROWS, random(4), None, (-1,), True, ALL)),
        (OPERATORS.row_norm_backward, (*ROWS, OF_ROWS, OF_ROWS, None, random(3, 4), (-1,), True, (True, False, False))),
        (OPERATORS.row_norm_backward, (*ROWS, random(0), OF_ROWS, random(4), None, (-1,), False, ALL)),
        (OPERATORS.group_norm_backward, (*CHANNELS, OF_GROUPS, OF_GROUPS, random(4), 2, ALL)),
        (OPERATORS.group_norm_backward, (LAST, LAST.clone(), OF_GROUPS, OF_GROUPS, None, 2, ALL)),
        (OPERATORS.batch_norm_backward, (*CHANNELS, OF_CHANNELS, OF_CHANNELS, random(4), True, ALL)),
        (OPERATORS.batch_norm_backward, (*CHANNELS, OF_CHANNELS, OF_CHANNELS, None, False, (False, False, True))),
    ],
)
def test_operators_of_backward_passes_keep_them_too(operator, arguments):
    torch.library.opcheck(operator.default, arguments)
