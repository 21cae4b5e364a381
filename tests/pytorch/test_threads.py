"""The number of threads is PyTorch's where PyTorch calls, and ours elsewhere."""

import importlib
import os
import subprocess
import sys
import threading

import pytest
import torch

import simdnorm
import simdnorm.torch as st
from simdnorm.torch._threads import in_step


def test_a_call_uses_as_many_threads_as_pytorch():
    before = torch.get_num_threads()
    try:
        for n in (1, 2, 3):
            torch.set_num_threads(n)
            with simdnorm.threads(5):
                assert in_step(simdnorm.get_num_threads)() == n
                assert simdnorm.get_num_threads() == 5
    finally:
        torch.set_num_threads(before)


def test_an_error_gives_the_number_of_threads_back():
    with simdnorm.threads(5):
        with pytest.raises(ValueError, match="1 thread"):
            in_step(simdnorm.set_num_threads)(0)
        assert simdnorm.get_num_threads() == 5


@pytest.mark.parametrize("kernels", ["simdnorm._fallback", simdnorm._backend.kernels.__name__])
def test_what_a_thread_chose_is_no_other_threads(kernels):
    module, seen = sys.modules.get(kernels) or importlib.import_module(kernels), []
    before = module.set_own_threads(3)
    try:
        other = threading.Thread(target=lambda: seen.append((module.set_own_threads(2), module.get_num_threads())))
        other.start()
        other.join()
        assert seen == [(0, 2)] and module.get_num_threads() == 3
    finally:
        module.set_own_threads(before)


class Squares(torch.utils.data.Dataset):
    def __len__(self):
        return 4

    def __getitem__(self, i):
        y = st.layer_norm(torch.full((64, 4096), float(i)), (4096,))
        return y.abs().max(), in_step(simdnorm.get_num_threads)()


def test_workers_of_a_data_loader_normalize_on_one_thread():
    st.layer_norm(torch.ones(64, 4096), (4096,))  # a team of threads that the fork will not have
    loader = torch.utils.data.DataLoader(Squares(), num_workers=2, multiprocessing_context="fork")
    for largest, threads in loader:
        assert largest == 0 and threads == 1


STARTED = """
import os, torch, simdnorm.torch as st

def started(threads):
    torch.set_num_threads(threads)
    before = len(os.listdir("/proc/self/task"))
    st.layer_norm(x, (4096,), weight).sum().backward()
    return len(os.listdir("/proc/self/task")) - before

torch.use_deterministic_algorithms(True)
torch.set_num_threads(1)  # for what follows, too
x, weight = torch.ones(256, 4096, requires_grad=True), torch.ones(4096)
print(started(1), started(2))
"""


@pytest.mark.skipif(not os.path.isdir("/proc/self/task"), reason="the system does not list threads")
def test_no_thread_is_started_but_those_that_pytorch_wants():
    environment = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    done = subprocess.run([sys.executable, "-c", STARTED], env=environment, capture_output=True, text=True, check=True)
    alone, two = map(int, done.stdout.split())
    assert alone == 0
    assert two == 1 or (two == 0 and simdnorm.backend() != "native")
