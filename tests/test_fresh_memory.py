"""Large results are made of memory that is kept when they die: never used twice, bounded, and otherwise NumPy's own."""

import gc
import os
import pickle
import random
import resource
import signal
import sys
import threading
import tracemalloc

import numpy as np
import pytest

import simdnorm
from norms import needs_native, run_python
from simdnorm import _backend

MIB = 2**20
HUGE_PAGE = 2 * MIB
LEAST = HUGE_PAGE
MOST_LENT, MOST_WARM, WARM_BYTES, PATIENCE = 256, 64, 64 * MIB, 512

pytestmark = [
    needs_native,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere results come from NumPy"),
]


def held():
    return _backend.kernels.held_blocks()


@pytest.fixture(autouse=True)
def nothing_is_kept():
    gc.collect()
    _backend.kernels.return_blocks()
    yield
    _backend.kernels.return_blocks()


def result(mib, value=0.0):
    """A fresh result of so many MiB, which is `value` throughout."""
    x = np.zeros((mib, MIB // 4), np.float32)
    return simdnorm.layer_norm(x, MIB // 4, None, np.full(MIB // 4, value, np.float32))


def made_of_blocks(a):
    return np._core.multiarray.get_handler_name(a) == "simdnorm"


def test_a_large_result_is_an_array_like_any_other():
    y = result(16, 3.0)
    assert made_of_blocks(y) and y.flags.owndata and y.base is None and y.flags.writeable and y.ctypes.data % 64 == 0
    assert not made_of_blocks(y.copy()) and not made_of_blocks(np.empty_like(y))
    assert (pickle.loads(pickle.dumps(y)) == y).all()
    for mib in (24, 9, 1, 0, 20):
        kept = min(mib, y.size * 4 // MIB)
        y.resize((mib, MIB // 4), refcheck=False)  # who traces the test refers to y, too
        assert y.shape == (mib, MIB // 4) and (y[:kept] == 3).all() and (y[kept:] == 0).all()
    del y
    assert held()["used_bytes"] == 0


def test_what_is_small_comes_from_numpy():
    assert not made_of_blocks(result(LEAST // MIB - 1)) and made_of_blocks(result(LEAST // MIB))


def test_results_of_the_checked_way_are_made_of_blocks_too():
    x = np.zeros((16, 1, MIB // 4), np.float32)
    for y in (simdnorm.layer_norm(x, None, axis=2), simdnorm.layer_norm(x[:, :, ::-1], MIB // 4)):
        assert made_of_blocks(y)


def test_the_memory_of_a_dead_result_is_reused_by_one_of_its_size():
    result(80)  # so much may be kept
    for mib, block in ((20, 20), (17, 18), (14, 14), (21, 22)):
        y = result(mib)
        assert held()["used_bytes"] == block * MIB
        address = y.ctypes.data
        del y
        y = result(mib)
        assert y.ctypes.data == address
        del y


def test_memory_is_taken_apart_for_smaller_results_and_comes_together_again():
    whole = result(80)
    address = whole.ctypes.data
    del whole
    parts = [result(mib) for mib in (20, 40, 20)]
    assert [part.ctypes.data - address for part in parts] == [0, 20 * MIB, 60 * MIB]
    assert held() == {"used_bytes": 80 * MIB, "kept_bytes": 0, "kept_ranges": 0}
    parts.clear()
    assert result(80).ctypes.data == address


def lent():
    """Bytes that the system may take whenever it wants them."""
    with open("/proc/self/smaps_rollup") as file:
        return next(1024 * int(line.split()[1]) for line in file if line.startswith("LazyFree:"))


def test_memory_is_lent_once_others_have_come_after_it():
    before = lent()
    live = [result(20) for _ in range(4)]
    assert WARM_BYTES // (20 * MIB) == 3
    live.pop()
    assert lent() == before
    live.clear()
    assert lent() == before + 20 * MIB
    result(2 * WARM_BYTES // MIB)  # which was warm for nobody
    assert lent() - before == held()["kept_bytes"] >= 2 * WARM_BYTES


def test_reuse_costs_no_page_faults():
    x = np.zeros((64, MIB // 4), np.float32)
    simdnorm.layer_norm(x, MIB // 4)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(20):
        simdnorm.layer_norm(x, MIB // 4)
    faults = resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
    assert faults < 20 * x.nbytes // HUGE_PAGE / 2  # fresh memory costs one per huge page, where there are any


def test_a_live_result_is_never_given_out_again():
    rng = random.Random(0)
    live = []
    for i in range(150):
        live.append((result(rng.choice((2, 3, 8, 9, 12, 17)), float(i)), i))
        rng.shuffle(live)
        del live[rng.randrange(1, 6) :]
        assert all((y == value).all() for y, value in live)
        assert held()["used_bytes"] >= sum(y.nbytes for y, _ in live)


def test_a_live_result_is_never_given_out_again_by_another_thread():
    wrong = []

    def work(seed):
        rng = random.Random(seed)
        live = []
        for i in range(25):
            live.append((result(rng.choice((8, 9, 12)), float(100 * seed + i)), 100 * seed + i))
            del live[: rng.randrange(2)], live[3:]
            wrong.extend(value for y, value in live if not (y == value).all())

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong and held()["used_bytes"] == 0


def test_what_is_kept_never_exceeds_the_most_that_was_in_use_at_once():
    # Counted since the process started: in another test's process it may have been more.
    code = f"""
import random
import numpy as np, simdnorm
from simdnorm import _backend

rng, live, most = random.Random(0), [], 0
for _ in range(300):
    if live and rng.random() < 0.55:
        del live[rng.randrange(len(live))]
    else:
        x = np.zeros((rng.choice((8, 9, 11, 16, 20, 33)), {MIB // 4}), np.float32)
        live.append(simdnorm.layer_norm(x, {MIB // 4}))
    most = max(most, _backend.kernels.held_blocks()["used_bytes"])
    if len(live) > 8:
        live.clear()
    held = _backend.kernels.held_blocks()
    assert held["kept_bytes"] <= most, held
    assert held["used_bytes"] <= sum(y.nbytes + {HUGE_PAGE} for y in live)
    assert held["kept_ranges"] <= {MOST_LENT + MOST_WARM}
assert most > 0 and held["kept_bytes"] > 0
"""
    assert (ran := run_python(code)).returncode == 0, ran.stderr


def test_of_many_small_blocks_only_some_are_kept():
    live = [result(LEAST // MIB) for _ in range(2 * (MOST_LENT + MOST_WARM + 8))]
    assert held()["used_bytes"] == len(live) * LEAST
    del live[::2]  # no neighbours
    assert MOST_LENT < held()["kept_ranges"] <= MOST_LENT + MOST_WARM
    live.clear()
    assert held()["kept_ranges"] <= MOST_LENT + MOST_WARM
    assert _backend.kernels.return_blocks() and not _backend.kernels.return_blocks()
    assert held()["kept_bytes"] == 0


def test_what_nobody_asks_for_again_is_returned():
    x, y = result(2), result(30)
    del y
    for _ in range(PATIENCE):
        assert held()["kept_ranges"] >= 1
        x = None
        x = result(2)
    x = None
    x = result(2)
    assert held()["kept_ranges"] == 0 and x is not None


def test_neighbours_that_come_together_are_as_new_as_the_newer_one():
    def room(mib):
        return _backend.kernels.empty((mib * MIB,), np.dtype(np.uint8))

    def ask(times):
        for _ in range(times):
            room(2)

    room(2)  # which stays warm for those who ask
    room(200)
    older, newer = room(20), room(180)
    assert newer.ctypes.data == older.ctypes.data + 20 * MIB
    del older
    ask(PATIENCE - 12)
    del newer
    ask(24)  # the older one is forgotten, and lent for it
    assert held()["kept_bytes"] == 202 * MIB
    ask(PATIENCE)
    assert held()["kept_bytes"] == 2 * MIB


def test_memory_that_is_kept_is_returned_when_it_is_short():
    code = f"""
import resource
import numpy as np, simdnorm
from simdnorm import _backend

def room():
    return int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()

simdnorm.set_num_threads(1)
small, large = (np.zeros((mib, {MIB // 4}), np.float32) for mib in (100, 160))
simdnorm.layer_norm(large, {MIB // 4})
y = simdnorm.layer_norm(small, {MIB // 4})
del y
kept = _backend.kernels.held_blocks()["kept_bytes"]
assert kept >= 100 * {MIB}
resource.setrlimit(resource.RLIMIT_AS, (room() + 80 * {MIB},) * 2)
y = simdnorm.layer_norm(large, {MIB // 4})
assert y.shape == large.shape and _backend.kernels.held_blocks()["kept_bytes"] == 0
try:
    simdnorm.layer_norm(large, {MIB // 4})
except MemoryError:
    print("refused")
"""
    ran = run_python(code)
    assert ran.returncode == 0 and ran.stdout == "refused\n", ran.stderr


@pytest.mark.parametrize("shape", [(2**40, 8), (2**59,)])
def test_more_than_there_can_be_is_a_memory_error_at_once(shape):
    with pytest.raises(MemoryError):
        _backend.kernels.empty(shape, np.dtype(np.float32))
    assert held()["used_bytes"] == 0


def test_tracemalloc_sees_a_large_result():
    tracemalloc.start()
    try:
        y = result(16)
        assert tracemalloc.get_traced_memory()[0] >= y.nbytes
        del y
        assert tracemalloc.get_traced_memory()[0] < 16 * MIB
    finally:
        tracemalloc.stop()


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_forked_child_makes_results_whatever_other_threads_of_its_parent_were_at():
    stop = threading.Event()

    def work():
        while not stop.is_set():
            _backend.kernels.return_blocks()

    kept = result(8, 5.0)
    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(100):
            if (child := os.fork()) == 0:
                signal.alarm(30)  # rather than to wait for ever
                right = (result(8, 7.0) == 7).all() and (kept == 5).all()
                os._exit(0 if right else 1)
            assert os.waitpid(child, 0)[1] == 0
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert (kept == 5).all()


def test_results_may_outlive_the_interpreter():
    code = f"""
import sys
import numpy as np, simdnorm
sys.kept_for_ever = simdnorm.layer_norm(np.zeros((16, {MIB // 4}), np.float32), {MIB // 4})
"""
    assert (ran := run_python(code)).returncode == 0, ran.stderr
