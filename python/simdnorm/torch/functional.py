"""The norms as functions of tensors: `torch.nn.functional`'s names, arguments and results, on simdnorm's kernels."""

from collections.abc import Sequence

from torch import Tensor
from torch.nn import functional as native

from ._answers import by_batch, by_constants, by_group, by_instance, by_row

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
    results = by_row("layer_norm", input, None, normalized_shape, weight, bias, eps, True)
    return native.layer_norm(input, normalized_shape, weight, bias, eps) if results is None else results[0]


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
    results = by_row("rms_norm", input, None, normalized_shape, weight, None, eps, False)
    return native.rms_norm(input, normalized_shape, weight, eps) if results is None else results[0]


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
    results = by_row("add_layer_norm", input, residual, normalized_shape, weight, bias, eps, True)
    if results is None:
        summed = input + residual
        return layer_norm(summed, normalized_shape, weight, bias, eps), summed
    return results[0], results[1]


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
    results = by_row("add_rms_norm", input, residual, normalized_shape, weight, None, eps, False)
    if results is None:
        summed = input + residual
        return rms_norm(summed, normalized_shape, weight, eps), summed
    return results[0], results[1]


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
    y = by_group(input, num_groups, weight, bias, eps)
    return native.group_norm(input, num_groups, weight, bias, eps) if y is None else y


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
    if training:
        y = by_batch(input, running, weight, bias, momentum, eps)
    else:
        y = by_constants(input, running, weight, bias, eps)
    return native.batch_norm(input, *running, weight, bias, training, momentum, eps) if y is None else y


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
    y = by_instance(input, running, weight, bias, momentum, eps) if use_input_stats else None
    if y is None:
        return native.instance_norm(input, *running, weight, bias, use_input_stats, momentum, eps)
    return y
