"""Processes that fork, end, or share a thread pool with other libraries get the same bits, and never hang or crash."""

import importlib.util
import json
import multiprocessing
import os
import random
import signal
import threading
from pathlib import Path

import numpy as np
import pytest

import simdnorm
from norms import layer_norm_into, needs_native, run_python
from simdnorm import _backend

X = np.random.default_rng(0).normal(size=(512, 768)).astype(np.float32)


def in_a_child(work):
    """Fork, do the work there, and say whether it was done."""
    child = os.fork()
    if child == 0:
        signal.alarm(60)  # rather than to wait for ever
        os._exit(0 if work() else 1)
    return os.waitpid(child, 0)[1] == 0


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_a_child_process_gives_its_parents_bits_after_the_parent_has_worked(method):
    with simdnorm.threads(2):
        expected = simdnorm.layer_norm(X, 768)  # the parent's team of threads is up
        context = multiprocessing.get_context(method)
        queue = context.Queue()
        child = context.Process(target=layer_norm_into, args=(queue, X), daemon=True)
        child.start()
        answer = queue.get(timeout=60)
        child.join(60)
    assert child.exitcode == 0
    np.testing.assert_array_equal(answer, expected)


def test_forked_children_and_their_children_give_the_same_bits_whatever_threads_they_ask_for():
    def same():
        return (simdnorm.layer_norm(X, 768) == expected).all()

    def child():
        simdnorm.set_num_threads(4)
        return same() and in_a_child(same) and same()

    with simdnorm.threads(2):
        expected = simdnorm.layer_norm(X, 768)
        assert in_a_child(child) and same()


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_child_forked_while_other_threads_are_in_calls_gives_the_same_bits():
    stop = threading.Event()

    def call():
        while not stop.is_set():
            simdnorm.layer_norm_backward(X, *saved)

    with simdnorm.threads(2):
        y, *statistics = simdnorm.layer_norm_forward(X, 768)
        saved = X, *statistics
        callers = [threading.Thread(target=call) for _ in range(4)]
        for caller in callers:
            caller.start()
        try:
            for _ in range(20):
                assert in_a_child(lambda: (simdnorm.layer_norm(X, 768) == y).all())
        finally:
            stop.set()
            for caller in callers:
                caller.join()


@needs_native
def test_the_interpreter_may_end_while_threads_are_in_calls():
    code = """
import threading, time
import numpy as np, simdnorm

x = np.random.default_rng(0).normal(size=(256, 768)).astype(np.float32)
large = np.zeros((12, 2**18), np.float32)  # whose results are made of blocks
simdnorm.set_num_threads(2)
begun = threading.Barrier(9)

def repeat(call):
    call()
    begun.wait()
    while True:
        call()

calls = [lambda: simdnorm.layer_norm(x, 768), lambda: simdnorm.layer_norm(x[::-1], 768),
         lambda: simdnorm.batch_norm_stats(x), lambda: simdnorm.layer_norm(large, 2**18)]
for call in calls * 2:
    threading.Thread(target=repeat, args=(call,), daemon=True).start()
begun.wait()
time.sleep({seconds})
"""
    for seconds in (0, 0.05, 0.1):
        ended = run_python(code.replace("{seconds}", str(seconds)))
        assert (ended.returncode, ended.stderr) == (0, "")


@needs_native
@pytest.mark.skipif(not os.path.isdir("/proc/self/task"), reason="needs /proc")
def test_a_team_has_as_many_threads_as_were_asked_for():
    code = """
import os, numpy as np, simdnorm

x = np.ones((512, 768), np.float32)
alone = len(os.listdir("/proc/self/task"))
for n in (1, 2, 3, 5, 8):
    with simdnorm.threads(n):
        simdnorm.layer_norm(x, 768)
    print(len(os.listdir("/proc/self/task")) - alone)
"""
    ran = run_python(code)
    assert ran.stdout.split() == ["0", "1", "2", "4", "7"], ran.stdout + ran.stderr


@needs_native
@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="needs processor affinity")
def test_the_thread_count_obeys_the_affinity_of_the_process():
    code = """
import os

os.environ.pop("OMP_NUM_THREADS", None)
os.sched_setaffinity(0, list(os.sched_getaffinity(0))[:1])
import simdnorm
print(simdnorm.get_num_threads(), simdnorm.runtime.config()["threads_reason"])
"""
    ran = run_python(code)
    assert ran.stdout.strip() == "1 CPU affinity", ran.stdout + ran.stderr


@needs_native
def test_threads_that_change_the_settings_change_no_bits():
    names = simdnorm.available_isas()
    names = [name for name in names if name != "portable"] or names
    expected, wrong, stop = simdnorm.layer_norm(X, 768), [], threading.Event()
    before = simdnorm.get_num_threads(), simdnorm.isa()

    def change(seed):
        rng = random.Random(seed)
        while not stop.is_set():
            simdnorm.set_num_threads(rng.randrange(1, 5))
            with simdnorm.use_isa(rng.choice(names)):
                pass

    def call():
        wrong.extend(1 for _ in range(20) if not (simdnorm.layer_norm(X, 768) == expected).all())

    changers = [threading.Thread(target=change, args=(seed,)) for seed in range(2)]
    callers = [threading.Thread(target=call) for _ in range(16)]
    try:
        for thread in (*changers, *callers):
            thread.start()
        for caller in callers:
            caller.join()
    finally:
        stop.set()
        for changer in changers:
            changer.join()
        simdnorm.set_num_threads(before[0])
        _backend.kernels.use_isa(before[1])
    assert not wrong


# Where a library brings its own OpenMP runtime, and how it is put to work. PyTorch's answers for all who come later,
# scikit-learn's stands beside ours.
OTHERS = {
    "torch": (
        "torch/lib",
        "import torch; torch.set_num_threads(2); other = lambda: torch.ones(1 << 20).sin().sum()",
    ),
    "sklearn": (
        "scikit_learn.libs",
        "from sklearn.cluster import KMeans; other = lambda: KMeans(3, n_init=1, random_state=0).fit(x[:, :8])",
    ),
}
OURS = "libgomp.so.1"  # a runtime of that name is not loaded a second time


def runtimes_of(name):
    """The OpenMP runtimes that a library brings along."""
    packages = Path(importlib.util.find_spec(name).origin).parents[1]
    return [file.resolve() for file in (packages / OTHERS[name][0]).glob("lib*omp[-.5]*")]


@needs_native
@pytest.mark.parametrize("first", ["simdnorm", "the other"])
@pytest.mark.parametrize("name", OTHERS)
def test_another_library_with_an_openmp_runtime_may_be_loaded_before_or_after(name, first):
    if importlib.util.find_spec(name) is None:
        pytest.skip(f"{name} is not installed")
    ours = "import simdnorm; simdnorm.set_num_threads(2); first = simdnorm.layer_norm(x, 768)"
    other = OTHERS[name][1]
    imports = [ours, other] if first == "simdnorm" else [other, "other()", ours]
    code = "\n".join(
        [
            "import json, os, signal, numpy as np",
            "x = np.random.default_rng(0).normal(size=(512, 768)).astype(np.float32)",
            *imports,
            "for _ in range(10): other(); assert (simdnorm.layer_norm(x, 768) == first).all()",
            "if os.fork() == 0:",
            "    signal.alarm(60)",
            "    os._exit(0 if (simdnorm.layer_norm(x, 768) == first).all() else 1)",
            "assert os.wait()[1] == 0; other(); assert (simdnorm.layer_norm(x, 768) == first).all()",
            "print(json.dumps(simdnorm.runtime.config()))",
        ]
    )
    ran = run_python(code)
    assert ran.returncode == 0, ran.stderr
    config = json.loads(ran.stdout)
    assert config["threads"] == 2 and config["openmp_library"] in config["loaded_openmp"], config
    theirs = {str(file) for file in runtimes_of(name) if first != "simdnorm" or file.name != OURS}
    assert theirs <= set(config["loaded_openmp"]), config
    assert (config["openmp_library"] in theirs) == any(file.endswith(OURS) for file in theirs), config
