"""A forward pass of one process of several, which computes what one process would: batch norm, dropout, drop path."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from podium.engine.team import Team
from podium.machine.batch_share import PieceShare

__all__ = ["TeamForward"]


class TeamForward(TorchFunctionMode):
    """Within the block, layers that look at the whole batch, or draw for it, know the samples of all processes.

    Batch norm in training takes mean and variance over all processes. Dropout and drop path draw for the whole piece,
    with the generator that all processes have seeded alike, and take what falls to their own samples. Other draws are
    the same in all processes.

    torch's SyncBatchNorm works on GPUs only, and is another layer, whose weights would have other names; every batch
    norm comes through `torch.nn.functional.batch_norm`, those of timm with an activation too. All processes must call
    the same layers in the same order; a process may have no sample at all.

    Args:
        team: The processes.
        piece: What this one takes of the samples that are seen at once.
    """

    def __init__(self, team: Team, piece: PieceShare) -> None:
        super().__init__()
        self._team, self._piece = team, piece

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Take over where the batch's statistics are wanted."""
        kwargs = kwargs or {}
        if func is functional.batch_norm:
            return self._norm(*args, **kwargs)
        if func is functional.dropout:
            return self._dropout(*args, **kwargs)
        if func is Tensor.bernoulli_:
            return self._draw(*args, **kwargs)
        return func(*args, **kwargs)

    def _dropout(self, values: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
        if not training or p == 0:
            return values
        factors = torch.dropout(self._whole_like(values).fill_(1.0), p, True)
        return values.mul_(self._own(factors)) if inplace else values * self._own(factors)

    def _draw(self, values: Tensor, *how: Any, **more: Any) -> Tensor:
        return values.copy_(self._own(self._whole_like(values).bernoulli_(*how, **more)))

    def _whole_like(self, values: Tensor) -> Tensor:
        """Room for what one process would have; a layer on windows or patches has several rows a sample."""
        n_own = self._piece.n_own
        if n_own == 0 or values.shape[0] % n_own:
            return torch.empty_like(values)
        shape = (values.shape[0] // n_own * self._piece.n, *values.shape[1:])
        is_last = values.dim() == 4 and values.is_contiguous(memory_format=torch.channels_last)
        layout = torch.channels_last if is_last and not values.is_contiguous() else torch.contiguous_format
        return torch.empty(shape, dtype=values.dtype, device=values.device, memory_format=layout)

    def _own(self, whole: Tensor) -> Tensor:
        n_own = self._piece.n_own
        if n_own == 0 or whole.shape[0] % self._piece.n:
            return whole
        each = whole.shape[0] // self._piece.n
        return whole[self._piece.begin * each : (self._piece.begin + n_own) * each]

    def _norm(
        self,
        values: Tensor,
        running_mean: Tensor | None,
        running_var: Tensor | None,
        weight: Tensor | None = None,
        bias: Tensor | None = None,
        training: bool = False,
        momentum: float = 0.1,
        eps: float = 1e-5,
    ) -> Tensor:
        if not training:
            return functional.batch_norm(values, running_mean, running_var, weight, bias, False, momentum, eps)
        count, mean, var = _whole_moments(values.detach(), self._team)
        if running_mean is not None and running_var is not None:
            running_mean.lerp_(mean.to(running_mean.dtype), momentum)
            running_var.lerp_((var * count / max(count - 1, 1)).to(running_var.dtype), momentum)
        normed: Tensor = _Standardise.apply(values, mean, torch.rsqrt(var + eps), count, self._team)
        shape = [1, -1, *[1] * (values.dim() - 2)]
        normed = normed if weight is None else normed * weight.view(shape)
        return (normed if bias is None else normed + bias.view(shape)).to(values.dtype)


def _whole_moments(values: Tensor, team: Team) -> tuple[int, Tensor, Tensor]:
    """Values of a channel, their mean and variance (C,), over all processes.

    Source:
        Chan, Golub, LeVeque 1979, "Updating Formulae and a Pairwise Algorithm for Computing Sample Variances".
    """
    n_channels = values.shape[1]
    count = values.numel() // n_channels
    own = torch.zeros(3, n_channels, dtype=_wide(values), device=values.device)
    if count:
        axes = [axis for axis in range(values.dim()) if axis != 1]
        own[2], own[1] = torch.var_mean(values.to(own.dtype), axes, correction=0)
        own[0] = count
    counts, means, variances = torch.stack(team.gather(own), dim=1)  # (size, C) each
    total = counts.sum(0)
    mean = (counts * means).sum(0) / total
    var = (counts * (variances + (means - mean).square())).sum(0) / total
    return int(total[0]), mean, var


def _wide(values: Tensor) -> torch.dtype:
    return torch.promote_types(values.dtype, torch.float32)


class _Standardise(torch.autograd.Function):
    """(values - mean) * scale, whose gradient knows that mean and scale come of the values of all processes."""

    @staticmethod
    def forward(ctx: Any, values: Tensor, mean: Tensor, scale: Tensor, count: int, team: Team) -> Tensor:
        shape = [1, -1, *[1] * (values.dim() - 2)]
        normed = (values.to(mean.dtype) - mean.view(shape)) * scale.view(shape)
        ctx.save_for_backward(normed, scale)
        ctx.count, ctx.team, ctx.dtype = count, team, values.dtype
        return normed

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None, None, None]:
        (gradient,), (normed, scale) = gradients, ctx.saved_tensors
        axes, shape = [axis for axis in range(normed.dim()) if axis != 1], [1, -1, *[1] * (normed.dim() - 2)]
        sums = torch.stack([gradient.sum(axes), (gradient * normed).sum(axes)])
        ctx.team.add_up([sums])
        of_mean, of_scale = (total.view(shape) / ctx.count for total in sums)
        return ((gradient - of_mean - normed * of_scale) * scale.view(shape)).to(ctx.dtype), None, None, None, None
