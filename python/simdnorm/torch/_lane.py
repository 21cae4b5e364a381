"""Tensors into the kernels and back in one call of C++, where everything about them is plain.

The functions of `LANE` are those of the express lane for arrays (see `_core.pyi`), with PyTorch's number of threads in
front. They see tensors through DLPack's table of C functions, which newer versions of PyTorch have; without it, and on
the NumPy backend, all answer None, and tensors take the way through arrays.
"""

from contextlib import suppress
from typing import Any

import torch
from torch import Tensor, nn

from .. import _backend

LANE: Any = _backend.kernels.tensors

_table = getattr(Tensor, "__dlpack_c_exchange_api__", None)
if _table is not None:
    with suppress(TypeError, ValueError):  # another kind of table, which is of no use here
        LANE.introduce(Tensor, nn.Parameter, _table)

threads = torch.get_num_threads
