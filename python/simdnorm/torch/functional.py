"""The norms as functions of tensors: `torch.nn.functional`'s names, arguments and results, on simdnorm's kernels."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as native

from ._batches import batch_norm as _batch_norm
from ._batches import batch_norm_apply as _batch_norm_apply
from ._fit import fits, fits_channels, pays
from ._groups import group_norm as _group_norm
from ._rows import row_norm as _row_norm

Optional = Tensor | None


def layer_norm(
    input: Tensor,
    normalized_shape: Sequence[int],
    weight: Optional = None,
    bias: Optional = None,
    eps: float = 1e-5,
) -> Tensor:
    """Normalize the trailing axes, as `torch.nn.functional.layer_norm` does.

    Parameters
    ----------
    input : Tensor
        Its trailing axes have `normalized_shape`; kernels take float32, float64, float16 and bfloat16 on CPUs.
    normalized_shape : sequence of int
        The trailing shape that is reduced.
    weight, bias : Tensor, optional
        Of that shape and the dtype of `input`, or float32 beside 16 bits.
    eps : float
        Added to the variance.

    Returns
    -------
    Tensor
        Of the shape and dtype of `input`.

    Raises
    ------
    RuntimeError
        As PyTorch's own function does, if shapes or dtypes do not go together.
    ValueError
        If `eps` is negative or not finite, and a kernel answers.

    Notes
    -----
    What the kernels are not for (other devices and dtypes, inputs so small that the way to them does not pay) goes to
    PyTorch's own function.

    References
    ----------
    Ba, Kiros & Hinton, Layer Normalization, arXiv:1607.06450 (2016).

    Examples
    --------
    >>> import torch, simdnorm.torch
    >>> simdnorm.torch.layer_norm(torch.tensor([[1.0, 3.0]]), (2,), eps=0.0)
    tensor([[-1.,  1.]])
    """
    if not (pays(input, "layer_norm") and fits(input, normalized_shape, weight, bias)):
        return native.layer_norm(input, normalized_shape, weight, bias, eps)
    y: Tensor = _row_norm(input, None, normalized_shape, weight, bias, eps, True)[0]
    return y


def rms_norm(
    input: Tensor, normalized_shape: Sequence[int], weight: Optional = None, eps: float | None = None
) -> Tensor:
    """Divide by the root of the mean square, as `torch.nn.functional.rms_norm` does.

    Parameters
    ----------
    input, normalized_shape
        As those of `layer_norm`.
    weight : Tensor, optional
        Of that shape and the dtype of `input`, or float32 beside 16 bits.
    eps : float, optional
        Added to the mean square; None stands for the ``finfo(...).eps`` of float64 for float64, else of float32.

    Returns
    -------
    Tensor
        Of the shape and dtype of `input`.

    Raises
    ------
    RuntimeError, ValueError
        As `layer_norm` does.

    References
    ----------
    Zhang & Sennrich, Root Mean Square Layer Normalization, arXiv:1910.07467 (2019).

    Examples
    --------
    >>> import torch, simdnorm.torch
    >>> simdnorm.torch.rms_norm(torch.tensor([[1.0, 7.0]]), (2,), eps=0.0)
    tensor([[0.2000, 1.4000]])
    """
    if not (pays(input, "rms_norm") and fits(input, normalized_shape, weight)):
        return native.rms_norm(input, normalized_shape, weight, eps)
    eps = _epsilon(input) if eps is None else eps
    y: Tensor = _row_norm(input, None, normalized_shape, weight, None, eps, False)[0]
    return y


def add_layer_norm(
    input: Tensor,
    residual: Tensor,
    normalized_shape: Sequence[int],
    weight: Optional = None,
    bias: Optional = None,
    eps: float = 1e-5,
) -> tuple[Tensor, Tensor]:
    """Return the norm of ``input + residual``, and that sum.

    Parameters
    ----------
    input, residual : Tensor
        Of one shape and dtype.
    normalized_shape, weight, bias, eps
        As those of `layer_norm`.

    Returns
    -------
    y, summed : Tensor
        Of the shape and dtype of `input`.

    Raises
    ------
    RuntimeError, ValueError
        As `layer_norm` does, or the addition.

    References
    ----------
    Ba, Kiros & Hinton, Layer Normalization, arXiv:1607.06450 (2016).

    Examples
    --------
    >>> import torch, simdnorm.torch
    >>> simdnorm.torch.add_layer_norm(torch.tensor([[1.0, 3.0]]), torch.tensor([[0.0, 1.0]]), (2,), eps=0.0)
    (tensor([[-1.,  1.]]), tensor([[1., 4.]]))
    """
    fit = pays(input, "add_layer_norm", residual)
    if not (fit and fits(input, normalized_shape, weight, bias, beside=residual)):
        summed = input + residual
        return layer_norm(summed, normalized_shape, weight, bias, eps), summed
    y, summed, *_ = _row_norm(input, residual, normalized_shape, weight, bias, eps, True)
    return y, summed


def add_rms_norm(
    input: Tensor,
    residual: Tensor,
    normalized_shape: Sequence[int],
    weight: Optional = None,
    eps: float | None = None,
) -> tuple[Tensor, Tensor]:
    """Return the RMS norm of ``input + residual``, and that sum.

    Parameters
    ----------
    input, residual : Tensor
        Of one shape and dtype.
    normalized_shape, weight, eps
        As those of `rms_norm`.

    Returns
    -------
    y, summed : Tensor
        Of the shape and dtype of `input`.

    Raises
    ------
    RuntimeError, ValueError
        As `layer_norm` does, or the addition.

    References
    ----------
    Zhang & Sennrich, Root Mean Square Layer Normalization, arXiv:1910.07467 (2019).

    Examples
    --------
    >>> import torch, simdnorm.torch
    >>> simdnorm.torch.add_rms_norm(torch.tensor([[1.0, 3.0]]), torch.tensor([[0.0, 4.0]]), (2,), eps=0.0)
    (tensor([[0.2000, 1.4000]]), tensor([[1., 7.]]))
    """
    fit = pays(input, "add_rms_norm", residual)
    if not (fit and fits(input, normalized_shape, weight, beside=residual)):
        summed = input + residual
        return rms_norm(summed, normalized_shape, weight, eps), summed
    eps = _epsilon(input) if eps is None else eps
    y, summed, *_ = _row_norm(input, residual, normalized_shape, weight, None, eps, False)
    return y, summed


def group_norm(
    input: Tensor, num_groups: int, weight: Optional = None, bias: Optional = None, eps: float = 1e-5
) -> Tensor:
    """Normalize groups of channels of each sample, as `torch.nn.functional.group_norm` does.

    Parameters
    ----------
    input : Tensor
        (N, C, ...); kernels take float32, float64, float16 and bfloat16 on CPUs.
    num_groups : int
        Divides C.
    weight, bias : Tensor, optional
        (C,) of the dtype of `input`, or float32 beside 16 bits.
    eps : float
        Added to the variance.

    Returns
    -------
    Tensor
        Of the shape and dtype of `input`.

    Raises
    ------
    RuntimeError, ValueError
        As `layer_norm` does.

    References
    ----------
    Wu & He, Group Normalization, arXiv:1803.08494 (2018).

    Examples
    --------
    >>> import torch, simdnorm.torch
    >>> simdnorm.torch.group_norm(torch.tensor([[1.0, 3.0, 10.0, 30.0]]), 2, eps=0.0)
    tensor([[-1.,  1., -1.,  1.]])
    """
    fit = pays(input, "group_norm") and fits_channels(input, weight, bias)
    # Of groups of one value each PyTorch says what is wrong.
    if not fit or num_groups < 1 or input.shape[1] % num_groups or input.numel() == num_groups:
        return native.group_norm(input, num_groups, weight, bias, eps)
    y: Tensor = _group_norm(input, num_groups, weight, bias, eps)[0]
    return y


def batch_norm(
    input: Tensor,
    running_mean: Optional,
    running_var: Optional,
    weight: Optional = None,
    bias: Optional = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """Normalize each channel over all samples, as `torch.nn.functional.batch_norm` does.

    Parameters
    ----------
    input : Tensor
        (N, C, ...); kernels take float32, float64, float16 and bfloat16 on CPUs.
    running_mean, running_var : Tensor or None
        (C,) of the dtype of `input`, or float32 beside 16 bits. In training updated in place, or both None.
    weight, bias : Tensor, optional
        (C,) of the dtype of `input`, or float32 beside 16 bits.
    training : bool
        Whether the batch's statistics normalize, and move the running ones.
    momentum : float
        The weight of the batch in ``new = (1 - momentum) * old + momentum * batch``.
    eps : float
        Added to the variance.

    Returns
    -------
    Tensor
        Of the shape and dtype of `input`.

    Raises
    ------
    RuntimeError, ValueError
        As `layer_norm` does; a ValueError also if in training a channel has one value, or one of the running statistics
        is given without the other.

    References
    ----------
    Ioffe & Szegedy, Batch Normalization, arXiv:1502.03167 (2015).

    Examples
    --------
    >>> import torch, simdnorm.torch
    >>> running_mean, running_var = torch.tensor([2.0, 20.0]), torch.tensor([1.0, 100.0])
    >>> simdnorm.torch.batch_norm(torch.tensor([[1.0, 10.0]]), running_mean, running_var, eps=0.0)
    tensor([[-1., -1.]])
    """
    running = running_mean, running_var
    name = "batch_norm" if training else "batch_norm in evaluation"
    fit = pays(input, name) and fits_channels(input, weight, bias) and fits_channels(input, *running)
    if training:
        fit = fit and input.numel() > input.shape[1] and (running_mean is None) == (running_var is None)
    if not fit or (not training and (running_mean is None or running_var is None)):
        return native.batch_norm(input, *running, weight, bias, training, momentum, eps)
    if not training:
        applied: Tensor = _batch_norm_apply(input, *running, weight, bias, eps)
        return applied
    y: Tensor
    y, _, _, *batch = _batch_norm(input, weight, bias, eps)
    move(running, batch, momentum)
    return y


def move(running: Sequence[Optional], batch: Sequence[Tensor], momentum: float) -> None:
    """Move running statistics, where there are any, towards those of a batch, and round them once."""
    with torch.no_grad():
        for moved, of_batch in zip(running, batch, strict=True):
            if moved is not None:
                moved.copy_(moved.to(of_batch.dtype).mul(1 - momentum).add_(of_batch, alpha=momentum))


def instance_norm(
    input: Tensor,
    running_mean: Optional = None,
    running_var: Optional = None,
    weight: Optional = None,
    bias: Optional = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """Normalize each channel of each sample, as `torch.nn.functional.instance_norm` does.

    Parameters
    ----------
    input, running_mean, running_var, weight, bias
        As those of `batch_norm`, for `use_input_stats` in place of `training`.
    use_input_stats : bool
        False normalizes by the running statistics.
    momentum, eps
        As those of `batch_norm`; what moves the running statistics is the average over the samples.

    Returns
    -------
    Tensor
        Of the shape and dtype of `input`.

    Raises
    ------
    RuntimeError, ValueError
        As `layer_norm` does; a ValueError also if a channel of a sample has one value.

    References
    ----------
    Ulyanov, Vedaldi & Lempitsky, Instance Normalization, arXiv:1607.08022 (2016).

    Examples
    --------
    >>> import torch, simdnorm.torch
    >>> simdnorm.torch.instance_norm(torch.tensor([[[1.0, 3.0], [10.0, 20.0]]]), eps=0.0)
    tensor([[[-1.,  1.],
             [-1.,  1.]]])
    """
    running = running_mean, running_var
    if not use_input_stats and running_mean is not None and running_var is not None:
        return batch_norm(input, *running, weight, bias, eps=eps)
    fit = pays(input, "group_norm") and fits_channels(input, weight, bias) and fits_channels(input, *running)
    fit = fit and use_input_stats and (running_mean is None) == (running_var is None)
    if not (fit and input[:1, :1].numel() > 1):
        return native.instance_norm(input, *running, weight, bias, use_input_stats, momentum, eps)
    if running_mean is not None:
        return _moving_instances(input, running, weight, bias, momentum, eps)
    y: Tensor = _group_norm(input, input.shape[1], weight, bias, eps)[0]
    return y


def _moving_instances(
    input: Tensor, running: Sequence[Optional], weight: Optional, bias: Optional, momentum: float, eps: float
) -> Tensor:
    """Let every channel of every sample be a channel of a single sample, which has statistics to move by."""
    samples, channels, *rest = input.shape
    parameters = (None if p is None else p.repeat(samples) for p in (weight, bias))
    y: Tensor
    y, _, _, *batch = _batch_norm(input.reshape(1, samples * channels, *rest), *parameters, eps)
    move(running, [of_each.view(samples, channels).mean(0) for of_each in batch], momentum)
    return y.view(input.shape)


def _epsilon(x: Tensor) -> float:
    """What PyTorch takes for None: in 16 bits it computes in float32, and takes its."""
    return torch.finfo(torch.promote_types(x.dtype, torch.float32)).eps
