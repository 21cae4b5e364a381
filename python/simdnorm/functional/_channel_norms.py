"""The one way through the norms with parameters along the channels: BatchNorm, GroupNorm, InstanceNorm."""

from collections.abc import Callable

from .. import _backend
from .._channels import Channels, channels_of
from .._dtypes import Array
from .._operands import Running
from .._scalars import checked_eps, checked_momentum
from ._gradients import Gradients

Optional = Array | None
Kernel = Callable[..., None]


def forward(
    kernel: Kernel,
    channels: Channels,
    weight: Optional,
    bias: Optional,
    eps: object,
    out: object,
    *,
    statistics: bool,
    groups: tuple[int, ...] = (),
    running: Running | None = None,
    moves: tuple[float | bool, ...] = (),
) -> tuple[Array, ...]:
    """Return y, and mean and rstd where these `statistics` are wanted.

    Only some kernels take `groups`, or `running` statistics and how they move.
    """
    weight_, bias_ = channels.affine(weight, bias)
    eps_ = checked_eps(eps)
    y = channels.output(out, (channels.x,), (weight, bias, *(running.given if running else ())))
    if running:
        running.keep_apart(weight=weight, bias=bias, mask=channels.given_mask)

    x_ = channels.read(channels.x)
    rooms = [channels.statistic_room(), channels.statistic_room()] if statistics else []
    saved_ = [written for _, written in rooms] or (None, None)
    moving = (*running.taken, *moves) if running else ()
    kernel(x_, *groups, weight_, bias_, eps_, *moving, channels.mask, y.written, *saved_, channels.layout)
    result = y.settled()
    if running:
        running.settle()
    return result, *[saved for saved, _ in rooms]


def inference(
    x: Array,
    running_mean: Optional,
    running_var: Optional,
    weight: Optional,
    bias: Optional,
    momentum: object,
    eps: object,
    channel_axis: object,
    mask: Optional,
    out: object,
    otherwise: str,
) -> Array:
    """Return y, normalized by running statistics: each channel alike in all samples. `otherwise` is another way."""
    if type(momentum) is float and 0.0 <= momentum <= 1.0:  # nothing moves, and what is wrong is refused all the same
        plain: Array | None = _backend.kernels.express.batch_norm_inference(
            x, running_mean, running_var, weight, bias, eps, channel_axis, mask, False, out
        )
        if plain is not None:
            return plain
    channels = channels_of(x, channel_axis, mask)
    running = Running(channels, running_mean, running_var, moved=False)
    if not running.given:
        raise ValueError(f"running_mean and running_var are None: give both, or {otherwise}")
    weight_, bias_ = channels.affine(weight, bias)
    checked_momentum(momentum)
    eps_ = checked_eps(eps)
    y = channels.output(out, (channels.x,), (weight, bias, *running.given))

    _backend.kernels.batch_norm_inference(
        channels.read(channels.x), *running.taken, weight_, bias_, eps_, channels.mask, y.written, channels.layout
    )
    return y.settled()


def backward(
    kernel: Kernel,
    channels: Channels,
    dy: Array,
    mean: Array,
    rstd: Array,
    weight: Optional,
    need: object,
    out: object,
    *,
    groups: tuple[int, ...] = (),
    training: tuple[bool, ...] = (),
) -> tuple[Optional, Optional, Optional]:
    """Return dx, dweight and dbias. Only some kernels take `groups`, or whether this is `training`."""
    dy, x = channels.beside("dy", dy), channels.x
    mean_, rstd_ = channels.statistic("mean", mean), channels.statistic("rstd", rstd)
    weight_, _ = channels.affine(weight)
    gradients = Gradients(channels, ("dx", "dweight", "dbias"), need, weight, out, (dy, x), (mean, rstd))
    if gradients:
        dy_, x_, written = channels.read(dy), channels.read(x), gradients.written
        kernel(dy_, x_, *groups, mean_, rstd_, weight_, *training, channels.mask, *written, channels.layout)
    dx, dweight, dbias = gradients.settled()
    return dx, dweight, dbias
