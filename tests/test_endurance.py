"""Calls without end take no more memory than the first ones, whether they succeed or are refused.

SIMDNORM_ENDURANCE_CALLS says how many (a million is meant); by default it is as many as take some seconds.
"""

import gc
import os
import sys
import threading
from contextlib import suppress
from itertools import cycle, islice

import numpy as np
import pytest

import simdnorm
from drawn import FORK_BYTES
from layouts import every_second
from norms import FLOAT32, SANITIZED, SPEC, SPECS, big_cases, small_case

CALLS = int(os.environ.get("SIMDNORM_ENDURANCE_CALLS", "20000"))
ROUNDS = 5
LARGE_BYTES = 2**23  # of a result whose memory is kept for the next one
# A leak of one object in each call would be 16 bytes at least. What is allowed is less for a million calls, and for
# few ones what the allocator and the interpreter may keep, pages for each of the hundreds of sizes that there are.
MOST_GROWTH = max(2**20, CALLS * 2)

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux") or SANITIZED, reason="needs /proc, and nobody who keeps what was freed"
)


def resident():
    gc.collect()
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def calls():
    """Every operation, as it is meant, through the checks and a copy, and refused early and late."""
    for spec in SPECS:
        arguments = spec.arguments(small_case(spec))
        lead = "x" if "x" in arguments else "summed"
        last = [name for name, value in arguments.items() if isinstance(value, np.ndarray)][-1]
        for changes in (
            {},
            {lead: every_second(arguments[lead])},
            {lead: arguments[lead].tolist()},
            {last: arguments[last][:-1]},
            {"out": arguments[lead][::-1]} if spec.out else {last: None},
            {lead: np.broadcast_to(arguments[lead][:1], (2**45, *arguments[lead].shape[1:]))},
        ):
            yield spec, {**arguments, **changes}


def call_all(given):
    for spec, arguments in given:
        with suppress(ValueError, TypeError, MemoryError):
            spec.called_with(arguments)


def assert_flat(work, most=MOST_GROWTH):
    """Run it once, to warm up, and as often again as it takes to see what grows."""
    work()
    before = resident()
    for _ in range(ROUNDS):
        work()
    grown = resident() - before
    assert grown < most, f"{grown} bytes in {ROUNDS} rounds"


def test_memory_is_flat_over_calls_of_every_operation_good_and_bad(isa):
    given = list(calls())
    assert_flat(lambda: call_all(islice(cycle(given), CALLS // ROUNDS)))


def test_memory_is_flat_over_threads_that_come_and_go():
    given = list(calls())[::7]

    def work():
        for _ in range(max(1, CALLS // ROUNDS // 400)):
            threads = [threading.Thread(target=call_all, args=(given,)) for _ in range(8)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()

    with simdnorm.threads(2):
        assert_flat(work)


def test_memory_is_flat_over_large_calls_of_teams_under_masks_and_of_blocks_that_are_kept():
    given = [(spec, spec.arguments(case)) for spec in SPECS for case in big_cases(spec.norm, FLOAT32)[-2:]]
    x = np.ones((4, LARGE_BYTES // 16), np.float32)
    given += [(SPEC["layer_norm"], {"x": x, "normalized_shape": x.shape[1]})] * 4
    # Were one array lost of each call, the smallest that a team is made for, that would be many times this.
    assert len(given) * ROUNDS * FORK_BYTES > 4 * LARGE_BYTES
    with simdnorm.threads(3):
        assert_flat(lambda: call_all(given), LARGE_BYTES)
