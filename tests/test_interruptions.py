"""What interrupts a call, or stands in its way, leaves running statistics all old or all new, and never a crash."""

import os
import sys
import threading
from contextlib import contextmanager
from functools import cache

import numpy as np
import pytest

import simdnorm
from norms import (
    FLOAT32,
    SANITIZED,
    SIXTEEN_BITS,
    assert_same_bits,
    big_cases,
    each_spec,
    needs_native,
    run_python,
)
from simdnorm._selfcheck.norms import BATCH_NORM, INSTANCE_NORM

needs_limits = pytest.mark.skipif(
    not sys.platform.startswith("linux") or SANITIZED, reason="needs /proc, and an address space that can be limited"
)

PACKAGE = os.path.dirname(simdnorm.__file__)
ELSEWHERE = ("reference", "_selfcheck")  # where running statistics are not written


@cache
def _is_in_front(path):
    return path.startswith(PACKAGE) and not any(os.path.join(PACKAGE, other) in path for other in ELSEWHERE)


class InterruptAt:
    """Raise KeyboardInterrupt before the n-th step of the interpreter in the package's own code, where one can come."""

    def __init__(self, n):
        self.left = n

    def __call__(self, frame, event, _):
        if not _is_in_front(frame.f_code.co_filename):
            return None
        frame.f_trace_opcodes = True
        if event == "opcode":
            self.left -= 1
            if self.left < 0:
                raise KeyboardInterrupt
        return self

    def __enter__(self):
        self.before = sys.gettrace()
        sys.settrace(self)

    def __exit__(self, *_):
        sys.settrace(self.before)


def _running(case, layout):
    """Running statistics of that layout, which hold the case's."""
    rows = np.stack([case.running_mean, case.running_var])
    columns = np.asfortranarray(rows)
    return {"rows": (rows[0], rows[1]), "columns": (columns[0], columns[1]), "mixed": (rows[0], columns[1])}[layout]


@pytest.mark.parametrize(
    ("layout", "dtype"),
    [("rows", FLOAT32), ("columns", FLOAT32), ("mixed", FLOAT32), ("rows", SIXTEEN_BITS[-1])],
    ids=str,
)
@pytest.mark.parametrize("norm", [BATCH_NORM, INSTANCE_NORM], ids=lambda norm: norm.name)
def test_an_interrupt_at_any_step_leaves_running_statistics_all_old_or_all_new(isa, norm, layout, dtype):
    case = norm.case((2, 3, 4), dtype)
    function = getattr(simdnorm, norm.name)
    options = {"training": True} if norm is BATCH_NORM else {}
    new = _running(case, layout)
    function(case.x, *new, **options)
    outcomes = set()
    for n in range(100_000):
        mean, var = _running(case, layout)
        try:
            with InterruptAt(n):
                function(case.x, mean, var, **options)
            break
        except KeyboardInterrupt:
            pass
        are_new = np.array_equal(mean, new[0]), np.array_equal(var, new[1])
        are_old = np.array_equal(mean, case.running_mean), np.array_equal(var, case.running_var)
        assert are_new == (True, True) or are_old == (True, True), f"interrupted before step {n}"
        outcomes.add(are_new)
    assert outcomes == {(False, False), (True, True)}  # there were interrupts on both sides


@needs_native
def test_ctrl_c_during_a_long_call_interrupts_it_once_it_is_done():
    code = """
import os, signal, threading, time
import numpy as np, simdnorm

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
x = np.random.default_rng(0).normal(3, 2, (64, 64, 64, 64)).astype(np.float32)
old = np.zeros(64, np.float32), np.ones(64, np.float32)
new = old[0].copy(), old[1].copy()
simdnorm.batch_norm(x, *new, training=True, out=x.copy())
out = x.copy()  # its pages are there: a first call would take longer than the next ones
simdnorm.set_num_threads(1)
start = time.perf_counter()
simdnorm.batch_norm(x, old[0].copy(), old[1].copy(), training=True, out=out)
whole = time.perf_counter() - start

def press(begun, after):
    begun.wait()
    time.sleep(after)
    os.kill(os.getpid(), signal.SIGINT)

outcomes = []
for attempt in range(200):  # on a busy machine nearly all come late
    if outcomes.count("whole") == 5:
        break
    mean, var = old[0].copy(), old[1].copy()
    begun = threading.Event()
    presser = threading.Thread(target=press, args=(begun, attempt % 8 / 8 * whole))
    presser.start()
    try:
        begun.set()
        simdnorm.batch_norm(x, mean, var, training=True, out=out)
        presser.join()  # it came late
        time.sleep(0.1)
        outcomes.append("late")
    except KeyboardInterrupt:
        presser.join()
        are_new = np.array_equal(mean, new[0]), np.array_equal(var, new[1])
        are_old = np.array_equal(mean, old[0]), np.array_equal(var, old[1])
        outcomes.append("whole" if all(are_new) or all(are_old) else "torn")
print(*outcomes)
"""
    result = run_python(code)
    assert result.returncode == 0, result.stderr
    outcomes = result.stdout.split()
    assert "torn" not in outcomes and "whole" in outcomes


@needs_native
@needs_limits
def test_no_memory_for_scratch_is_a_memory_error_and_changes_nothing():
    code = """
import os, resource
import numpy as np, simdnorm

channels = 1_000_000  # whose sums need megabytes
x = np.random.default_rng(0).standard_normal((8, channels), np.float32)
out, mean, var = np.full_like(x, 7), np.full(channels, 5, np.float32), np.full(channels, 6, np.float32)
simdnorm.set_num_threads(1)
simdnorm.batch_norm(x[:, :8].copy(), None, None, training=True)

pages = int(open("/proc/self/statm").read().split()[0])
limit = pages * os.sysconf("SC_PAGE_SIZE") + 2**20
resource.setrlimit(resource.RLIMIT_AS, (limit, resource.RLIM_INFINITY))
try:
    simdnorm.batch_norm(x, mean, var, training=True, out=out)
    print("no error")
except MemoryError:
    resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    print((out == 7).all() and (mean == 5).all() and (var == 6).all())
simdnorm.batch_norm(x, mean, var, training=True, out=out)  # and the next call works
print(abs(mean[0] - 4.5) < 1)
"""
    result = run_python(code)
    assert result.stdout.split() == ["True", "True"], result.stdout + result.stderr


# Whatever is larger than a page is asked of the system, and returned to it.
PAGES = {"MALLOC_MMAP_THRESHOLD_": "4096", "MALLOC_TRIM_THRESHOLD_": "0", "MALLOC_ARENA_MAX": "1"}

LIMITED = """
import os, resource, threading
import numpy as np, simdnorm

def room():
    return int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()

def limited(extra, work):
    resource.setrlimit(resource.RLIMIT_AS, (room() + extra, resource.RLIM_INFINITY))
    try:
        return work()
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
"""


@needs_native
@needs_limits
def test_wherever_memory_runs_out_out_and_running_statistics_of_16_bits_are_all_old_or_all_new():
    code = """
channels = 100_000  # each array of them is memory of its own, and their scratch is kept from call to call
x = np.random.default_rng(0).normal(size=(8, channels)).astype(np.float16)
simdnorm.set_num_threads(1)

def arrays():
    return np.full_like(x, 7), np.full(channels, 5, x.dtype), np.full(channels, 6, x.dtype)

def moved(out, mean, var):
    simdnorm.batch_norm(x, mean, var, training=True, out=out)
    return out, mean, var

def are(given, others):
    return all(a.tobytes() == b.tobytes() for a, b in zip(given, others))

old, new, outcomes = arrays(), moved(*arrays()), []
for extra in range(0, 2**26, 2**16):
    given = arrays()
    try:
        limited(extra, lambda: moved(*given))
    except MemoryError:
        assert are(given, old), extra
        outcomes.append("old")
        continue
    assert are(given, new), extra
    outcomes.append("new")
    if outcomes[-3:] == ["new"] * 3:
        break
print(outcomes[0], outcomes[-1])
"""
    ran = run_python(LIMITED + code, **PAGES)
    assert ran.stdout.split() == ["old", "new"], ran.stdout + ran.stderr


@needs_native
@needs_limits
def test_no_memory_for_the_stacks_of_threads_is_no_error_and_changes_no_bits():
    code = """
x = np.random.default_rng(0).normal(size=(2048, 768)).astype(np.float32)
out, expected = x.copy(), simdnorm.layer_norm(x[:1], 768)
simdnorm.set_num_threads(3)
for extra in (2**20, 12 * 2**20, 2**30):  # for none, for one, and for both
    limited(extra, lambda: simdnorm.layer_norm(x, 768, out=out))
    print((out[:1] == expected).all())
"""
    result = run_python(LIMITED + code, OMP_STACKSIZE="8M")
    assert result.stdout.split() == ["True"] * 3, result.stdout + result.stderr


@needs_native
@needs_limits
def test_no_memory_for_anything_is_a_memory_error_of_every_operation_and_changes_nothing():
    code = """
from simdnorm._selfcheck.specs import SPECS
from norms import assert_same_bits, big_cases, FLOAT32

simdnorm.set_num_threads(1)
threading.stack_size(2**18)

def in_a_thread(work):  # one that has no scratch memory yet
    outcome = []
    def run():
        try:
            outcome.append(work())
        except MemoryError as error:
            outcome.append(error)
    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return outcome[0]

def copied(arguments):
    return {name: value.copy() if isinstance(value, np.ndarray) else value for name, value in arguments.items()}

errors = 0
for spec in SPECS:
    function = getattr(spec.function, "__wrapped__", spec.function)
    for case in big_cases(spec.norm, FLOAT32)[-2:]:
        arguments = spec.arguments(case)
        if spec.out:
            arguments["out"] = np.full(case.x.shape, 7, np.float32)
        expected = in_a_thread(lambda: spec.called_with(copied(arguments)))
        for extra in (0, 2**13, 2**15, 2**17, 2**18, 2**19, 2**20, 2**21):
            given = copied(arguments)
            values = in_a_thread(lambda: limited(extra, lambda: function(**given)))
            if isinstance(values, MemoryError):
                errors += 1
                for name, value in arguments.items():
                    if isinstance(value, np.ndarray):
                        assert given[name].tobytes() == value.tobytes(), (spec.name, name)
                continue
            values = values if isinstance(values, tuple) else (values,)
            moved = [given[name] for name in spec.results[len(values):]]
            assert_same_bits(dict(zip(spec.results, (*values, *moved))), expected)
print("errors", errors)
"""
    result = run_python(LIMITED + code, **PAGES)
    assert result.returncode == 0, result.stderr
    assert int(result.stdout.split()[1]) > 20  # so that this is about something


@contextmanager
def _scribbled_on(x, mask):
    """Another thread writes to them, over and over, until the end; then they are as they were."""
    before, stop = x.copy(), threading.Event()
    wanted = None if mask is None else mask.copy()

    def scribble():
        rng = np.random.default_rng(0)
        while not stop.is_set():
            x.view(np.uint32)[...] = rng.integers(2**32, size=x.shape, dtype=np.uint32)  # NaN, Inf, anything
            if mask is not None:
                mask[...] = wanted & (rng.random(mask.shape) < 0.5)  # never more than a count that was given
                mask[...] = wanted

    writer = threading.Thread(target=scribble)
    writer.start()
    try:
        yield
    finally:
        stop.set()
        writer.join()
        x[...] = before


@needs_native
@each_spec
def test_another_thread_may_write_to_x_and_the_mask_during_calls_of_a_team(spec):
    for case in big_cases(spec.norm, FLOAT32):  # so big that the calls let go of the interpreter
        arguments = {n: a.copy() if isinstance(a, np.ndarray) else a for n, a in spec.arguments(case).items()}
        with simdnorm.threads(2):
            expected = spec.called_with(arguments)
            with _scribbled_on(arguments["x" if "x" in arguments else "summed"], arguments.get("mask")):
                results = [spec.called_with(arguments) for _ in range(10)]
            assert all(result.keys() == expected.keys() for result in results)
            assert_same_bits(spec.called_with(arguments), expected)  # it is all as it was once the other stops
