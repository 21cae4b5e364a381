"""The same bits: for any thread count, instruction set with an fma, run, batch, memory and place of the output."""

from concurrent.futures import ThreadPoolExecutor
from itertools import cycle, islice
from threading import Barrier

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import simdnorm
from drawn import FORK_BYTES, LARGE, calls, examples, memories, samples_may_be_apart
from layouts import full_sized
from norms import (
    FLOAT32,
    ISAS,
    LENGTHS,
    NATIVE_ISAS,
    SPEC,
    SPECS,
    assert_same,
    assert_same_bits,
    big_cases,
    each_dtype,
    each_norm,
    each_sixteen_bits,
    each_spec,
    needs_native,
    small_case,
    using,
    with_out,
)
from simdnorm._selfcheck.norms import BATCH_NORM

FUSED_ISAS = [name for name in NATIVE_ISAS if name != "portable"]
THREADS = (1, 2, 3, 5, 8)
PER_SAMPLE = {"x", "dy", "residual", "dsummed", "summed", "mask"}
SAVED = {"mean", "rstd"}


def bits(value):
    """The bits of each number, in logical order; one NaN is like another."""
    value = np.array(value, order="C")
    if value.dtype.kind != "i":
        value[np.isnan(value)] = np.nan
    return value.reshape(-1).view(f"u{value.itemsize}")


def demand(promise, actual, expected):
    """Identical bits of every result, or an error that says which promise is broken, and where."""
    assert actual.keys() == expected.keys(), promise
    for name, value in expected.items():
        given_ = actual[name]
        if value is None or given_ is None:
            assert value is given_, f"BROKEN PROMISE: {promise}: {name}"
            continue
        assert (given_.dtype, given_.shape) == (value.dtype, value.shape), f"BROKEN PROMISE: {promise}: {name}"
        differ = np.flatnonzero(bits(given_) != bits(value))
        if differ.size:
            at = tuple(int(i) for i in np.unravel_index(differ[0], value.shape))
            what = f"{name}[{at}] is {given_[at]!r}, not {value[at]!r} ({differ.size} of {value.size} differ)"
            raise AssertionError(f"BROKEN PROMISE: {promise}: {what}")


def run(call, isa, threads, **changed):
    """The results of a call, some of its arguments changed, on an instruction set and by so many threads."""
    with using(isa), simdnorm.threads(threads), np.errstate(all="ignore"):
        return call.spec.called_with({**call.arguments, **changed})


@st.composite
def runs(draw, spec):
    """A call, and where it runs: what is large is nothing for the slow ways of computing it."""
    call = draw(calls(spec))
    isas = FUSED_ISAS or NATIVE_ISAS if call.large else ISAS
    return call, draw(st.sampled_from(isas)), draw(st.sampled_from(THREADS))


@needs_native
@each_spec
@examples(10)
@given(data=st.data())
def test_any_thread_count_gives_the_bits_of_one(spec, data):
    call, isa = data.draw(calls(spec, LARGE)), data.draw(st.sampled_from(FUSED_ISAS or NATIVE_ISAS))
    expected = run(call, isa, 1)
    for threads in THREADS[1:]:
        demand(f"{threads} threads give the bits of one", run(call, isa, threads), expected)


@needs_native
@pytest.mark.skipif(len(FUSED_ISAS) < 2, reason="needs two instruction sets with hardware fma")
@each_spec
@examples(8)
@given(data=st.data())
def test_every_isa_with_fma_gives_the_same_bits(spec, data):
    call, threads = data.draw(calls(spec)), data.draw(st.sampled_from(THREADS))
    expected = run(call, FUSED_ISAS[0], threads)
    for isa in FUSED_ISAS[1:]:
        demand(f"{isa} gives the bits of {FUSED_ISAS[0]}", run(call, isa, threads), expected)


@each_spec
@examples(4)
@given(data=st.data())
def test_every_call_gives_the_bits_of_the_first(spec, data):
    where = data.draw(runs(spec))
    expected = run(*where)
    for _ in range(3):
        demand("every call gives the bits of the first", run(*where), expected)


@st.composite
def places(draw, samples):
    """Samples alone, a few together, or all in another order."""
    one = st.integers(0, samples - 1)
    few = st.lists(one, min_size=1, max_size=5, unique=True)
    return draw(few | st.builds(lambda first: list(np.roll(range(samples), first)[::-1]), one))


@pytest.mark.parametrize("spec", [spec for spec in SPECS if samples_may_be_apart(spec)], ids=lambda spec: spec.name)
@examples(8)
@given(data=st.data())
def test_a_sample_has_its_bits_alone_and_anywhere_in_any_batch(spec, data):
    where = data.draw(runs(spec))
    call = where[0]
    # Elsewhere in memory than first, samples of a batch lie strided, and one alone as if its channels came last.
    assume(call.samples_apart and (call.order is None or call.order[0] == 0))
    chosen = data.draw(places(call.shape[0]), label="samples")
    own = PER_SAMPLE if spec.norm is BATCH_NORM else PER_SAMPLE | SAVED
    changed = {}
    for name, value in call.arguments.items():
        if name in own and value is not None and len(value) == call.shape[0]:
            changed[name] = call.lying(value[chosen]) if value.shape == call.shape else value[chosen]
    whole, elsewhere = run(*where), run(*where, **changed)
    for name in ("y", "dx", "summed", "mean", "rstd"):
        if name in whole:
            of_them = {name: elsewhere[name]}, {name: whole[name][chosen]}
            demand("a sample has its bits alone and anywhere in any batch", *of_them)


def is_another_order(view):
    """Whether the kernels may read it where it stands, and sum in the order of its memory."""
    in_memory = view.transpose(sorted(range(view.ndim), key=lambda a: -abs(view.strides[a])))
    return not view.flags.c_contiguous and in_memory.flags.c_contiguous and view.flags.aligned


@each_spec
@examples(8)
@given(data=st.data())
def test_any_strides_and_alignment_of_the_inputs_give_the_bits_of_their_copies(spec, data):
    where = data.draw(runs(spec))
    call = where[0]
    moved = {}
    for name, value in call.arguments.items():
        if isinstance(value, np.ndarray) and not name.startswith("running"):
            moved[name] = data.draw(memories(), label=name).view(value)
    if call.order is not None or is_another_order(moved[call.leader]):  # test_layouts has those
        del moved[call.leader]
    demand("any strides and alignment give the bits of the copy", run(*where, **moved), run(*where))


@with_out
@examples(8)
@given(data=st.data())
def test_out_gives_the_bits_of_a_fresh_result(spec, data):
    where = data.draw(runs(spec))
    call = where[0]
    over = data.draw(st.none() | st.sampled_from(sorted(full_sized(call.arguments))), label="out over")
    if over is None:
        out = data.draw(memories(), label="out").view(np.zeros(call.shape, call.dtype))
        results = run(*where, out=out)
    else:
        out = call.lying(call.arguments[over].copy())
        results = run(*where, **{over: out, "out": out})
    assert results[spec.out] is out
    demand("out= gives the bits of a fresh result", results, run(*where))


@each_dtype
def test_the_fast_lane_and_the_long_way_give_the_same_bits(isa, dtype):
    for n in (*LENGTHS, 1000, 9000):
        case = SPEC["layer_norm"].case((5, n), dtype)
        fast = simdnorm.layer_norm(case.x, n, case.weight, case.bias)
        assert_same(simdnorm.layer_norm(case.x, None, case.weight, case.bias, axis=-1), fast)


@needs_native
def test_64_python_threads_at_once_get_the_bits_of_one():
    jobs = [(spec, case) for spec in SPECS for case in big_cases(spec.norm, FLOAT32)[-2:]]
    assert all(case.x.nbytes > FORK_BYTES for _, case in jobs)
    start = Barrier(64, timeout=60)

    def call(first):
        start.wait()
        mine = islice(cycle(range(len(jobs))), first, first + 8)  # each thread begins with a job of its own
        return [(i, jobs[i][0].call(jobs[i][1])) for i in mine]

    with simdnorm.threads(2):
        expected = [spec.call(case) for spec, case in jobs]
        with ThreadPoolExecutor(64) as pool:  # fewer would wait at the barrier for ever
            for results in pool.map(call, range(64)):
                for i, result in results:
                    assert_same_bits(result, expected[i])


@each_sixteen_bits
@each_norm
def test_parameters_in_float32_give_the_bits_of_the_same_numbers_in_16_bits(isa, norm, dtype):
    spec = SPEC[f"{norm.name}_forward"]
    case = small_case(norm, dtype)
    wide = {name: getattr(case, name).astype(np.float32) for name in ("weight", "bias") if spec.takes(name)}
    assert_same_bits(spec.call(case, **wide), spec.call(case))
