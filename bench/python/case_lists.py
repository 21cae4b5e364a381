"""Which cases are measured.

`core` is the fixed list that means are over, `goals` has the cases that single goals ask for, and `more` shows
weaknesses that neither does. `tiny` has every operation, layout and dtype on next to nothing: it tries the benchmark.
"""

import dataclasses
from collections.abc import Iterable

from cases import GROUPS, Case

PASSES = ("forward", "backward")
TRAINED = ("batch_norm_forward", "batch_norm_backward", "batch_norm")
Image = tuple[tuple[int, ...], str]


def _pairs(norm: str, *shapes: tuple[int, ...], dtype: str = "float32") -> list[Case]:
    """Forward and backward, over rows."""
    return [Case(f"{norm}_{way}", shape, dtype=dtype) for shape in shapes for way in PASSES]


def _over(operations: Iterable[str], images: Iterable[Image], dtype: str = "float32") -> list[Case]:
    return [Case(operation, *image, dtype=dtype) for image in images for operation in operations]


def _both(norm: str) -> tuple[str, ...]:
    return tuple(f"{norm}_{way}" for way in PASSES)


def _images(samples: int, channels: int, *extent: int) -> list[Image]:
    return [((samples, channels, *extent), "NCHW"), ((samples, *extent, channels), "NHWC")]


SMALL_IMAGES = _images(32, 64, 56, 56)
CORE = [
    *_pairs("layer_norm", (1, 4096), (16, 64), (256, 768), (4096, 768), (8192, 768), (2048, 4096), (65536, 64)),
    *_pairs("layer_norm", (4096, 1000)),
    *_pairs("layer_norm", (4096, 768), dtype="bfloat16"),
    *_pairs("layer_norm", (4096, 768), dtype="float16"),
    *_pairs("rms_norm", (1, 4096), (2048, 4096), (512, 32, 128)),
    *_pairs("rms_norm", (2048, 4096), dtype="bfloat16"),
    *_pairs("add_rms_norm", (2048, 4096), dtype="bfloat16"),
    *_over(TRAINED, [*SMALL_IMAGES, *_images(32, 512, 28, 28), *_images(32, 2048, 7, 7)]),
    *_over(TRAINED, [((4096, 1024), "NC")]),
    *_over(TRAINED, SMALL_IMAGES[:1], dtype="bfloat16"),
    *_over(TRAINED, _images(64, 3, 224, 224)[:1]),
    *_over(_both("group_norm"), [*_images(2, 320, 64, 64), *_images(8, 128, 128, 128)]),
    *_over(_both("instance_norm"), _images(4, 64, 256, 256)),
]
CALL = Case("layer_norm", (1, 64))
"""What a call costs."""
FRESH = [Case("layer_norm_forward", (2**20 * mebibytes // 4096, 1024)) for mebibytes in (16, 64, 256, 1024)]
"""What large fresh outputs cost: the system gives pages at each call. Only simdnorm and PyTorch are asked."""
MORE = [
    Case("layer_norm", (1, 4096)),
    *_pairs("layer_norm", (1000, 100), (64, 65536), (4, 2**20)),
    *_over(_both("layer_norm"), SMALL_IMAGES[:1]),
    *_pairs("rms_norm", (256, 768), (4096, 1000)),
    *_pairs("rms_norm", (4096, 768), dtype="float16"),
    *_pairs("add_layer_norm", (256, 768), (4096, 768), (2048, 4096)),
    *_pairs("add_rms_norm", (4096, 768), (2048, 4096)),
    *_over(TRAINED, SMALL_IMAGES[1:], dtype="bfloat16"),
    *_over(TRAINED, _images(64, 3, 224, 224)[1:]),
    *_over([*_both("group_norm"), *_both("instance_norm")], SMALL_IMAGES),
    *_over([*_both("group_norm"), *_both("instance_norm")], SMALL_IMAGES, dtype="bfloat16"),
    *(
        Case(f"{norm}_{way}", *sequences, masked=True)
        for norm in ("batch_norm", "group_norm", "instance_norm")
        for sequences in [((32, 256, 512), "NCL"), ((32, 512, 256), "NLC")]
        for way in PASSES
    ),
]


def _tiny(case: Case) -> Case:
    """The same on few values, and on as many channels as GroupNorm has groups (or 3)."""
    kept = case.channel_axis % len(case.shape)
    shape = tuple(min(n, GROUPS if axis == kept else 8) for axis, n in enumerate(case.shape))
    return dataclasses.replace(case, shape=shape)


LISTS = {"core": CORE, "goals": [CALL, *FRESH], "more": MORE}
LISTS["tiny"] = list(dict.fromkeys(_tiny(case) for cases in LISTS.values() for case in cases))
"""To see that the benchmark itself works."""


def chosen(lists: Iterable[str], text: str) -> list[Case]:
    """Return the cases of the lists that have `text` in their name, each once."""
    return list(dict.fromkeys(case for name in lists for case in LISTS[name] if text in case.name))
