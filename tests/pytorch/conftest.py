"""The extra for PyTorch is tested where PyTorch is installed."""

import importlib.util

import pytest

found = importlib.util.find_spec("torch")
collect_ignore_glob = [] if found else ["test_*.py"]


@pytest.fixture(autouse=True)
def kernels_for_any_size():
    """Small inputs are PyTorch's, unless somebody asks for results that repeat: tests are small, and do."""
    import torch

    torch.use_deterministic_algorithms(True)
    yield
    torch.use_deterministic_algorithms(False)
