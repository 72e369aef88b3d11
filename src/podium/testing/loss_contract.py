"""What every loss must do, checked on random logits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from podium.losses import weighted_mean

__all__ = ["check_loss"]

PerSample = Callable[..., tuple[Tensor, Tensor]]
N_SAMPLES = 12


def check_loss(
    fn: PerSample,
    *,
    kind: Literal["single", "multi"] = "single",
    n_classes: int = 5,
    is_additive: bool = True,
    has_class_weights: bool = False,
) -> None:
    """Check that a loss per sample can train: missing labels, split batches, extremes, weights, gradients.

    Args:
        fn: `fn(logits, target, weight=None)` gives a value and a weight for each sample, both of shape (N,), as
            `podium.losses.focal_per_sample` does. The target is class numbers (N,) or probabilities (N, C) for one
            class per image, marks (N, C) for several; negative where a label is missing.
        kind: What an image has: one class, or several labels.
        n_classes: Number of classes C, for a loss that holds something of that length.
        is_additive: Whether the losses of two halves of a batch make that of the whole; False for a value of a batch.
        has_class_weights: Whether class weights weigh the mean for class numbers, and not for probabilities, as in
            torch; the two then differ.

    Raises:
        AssertionError: If it breaks one of the rules; says which, and how.

    Example:
        >>> from podium.losses import focal_per_sample
        >>> check_loss(focal_per_sample)
    """
    case = _Case(fn, kind, n_classes)
    _check_shapes(case)
    _check_missing(case)
    _check_extremes(case)
    _check_half_precision(case)
    _check_order(case)
    _check_weights(case)
    _check_refusals(case)
    _check_gradient(case)
    if not has_class_weights:
        _check_distribution(case)
    if is_additive:
        _check_parts(case)


@dataclass(frozen=True)
class _Case:
    fn: PerSample
    kind: str
    n_classes: int

    def logits(self) -> Tensor:
        """Shape (N, C), double precision."""
        generator = torch.Generator().manual_seed(0)
        return torch.randn(N_SAMPLES, self.n_classes, generator=generator, dtype=torch.float64) * 3

    def target(self, *, n_missing: int = 0) -> Tensor:
        """Shape (N,) or (N, C), the first ones missing."""
        generator = torch.Generator().manual_seed(1)
        if self.kind == "single":
            target = torch.randint(self.n_classes, (N_SAMPLES,), generator=generator)
        else:
            target = torch.randint(2, (N_SAMPLES, self.n_classes), generator=generator).to(torch.int8)
        target[:n_missing] = -1
        return target

    def mean(self, logits: Tensor, target: Tensor, weight: Tensor | None = None) -> Tensor:
        """The loss of a batch."""
        return weighted_mean(*self.fn(logits, target, weight))


def _check_shapes(case: _Case) -> None:
    values, weights = case.fn(case.logits(), case.target(n_missing=3))
    shapes = tuple(values.shape), tuple(weights.shape)
    assert shapes == ((N_SAMPLES,), (N_SAMPLES,)), f"expected values and weights of shape (N,), got {shapes}"
    assert torch.isfinite(values).all(), f"values are not finite: {values.tolist()}"
    assert (weights[:3] == 0).all(), f"samples without a label must weigh 0, not {weights[:3].tolist()}"
    assert (weights[3:] > 0).all(), f"samples with a label must weigh more than 0, not {weights[3:].tolist()}"


def _check_missing(case: _Case) -> None:
    logits, target = case.logits(), case.target(n_missing=4)
    _same(case.mean(logits, target), case.mean(logits[4:], target[4:]), "samples without a label change the loss")
    alone = logits.requires_grad_()
    loss = case.mean(alone, case.target(n_missing=N_SAMPLES))
    assert loss.item() == 0.0, f"a batch without labels must have the loss 0, not {loss.item()}"
    gradient = _gradient(loss, alone)
    assert (gradient == 0).all(), "a batch without labels must have a gradient of 0"


def _check_extremes(case: _Case) -> None:
    for size in (0.0, 1e2, 1e4):
        logits = (torch.sign(case.logits()).float() * size).requires_grad_()
        loss = case.mean(logits, case.target())
        assert torch.isfinite(loss), f"logits of +-{size:g} give the loss {loss.item()}"
        assert torch.isfinite(_gradient(loss, logits)).all(), f"logits of +-{size:g} give a gradient that is not finite"


def _check_half_precision(case: _Case) -> None:
    logits = case.logits().to(torch.bfloat16)
    values, _ = case.fn(logits, case.target())
    assert values.dtype == torch.float32, f"bfloat16 logits must be computed in float32, got {values.dtype}"
    _same(values, case.fn(logits.float(), case.target())[0], "bfloat16 logits are not computed in float32")


def _check_order(case: _Case) -> None:
    logits, target = case.logits(), case.target(n_missing=2)
    order = torch.randperm(N_SAMPLES, generator=torch.Generator().manual_seed(2))
    for one, other in zip(case.fn(logits[order], target[order]), case.fn(logits, target), strict=True):
        _same(one, other[order], "the order of the samples changes their values")


def _check_weights(case: _Case) -> None:
    logits, target = case.logits(), case.target()
    weight = torch.ones(N_SAMPLES, dtype=torch.float64)
    weight[0] = 2
    twice = case.mean(torch.cat([logits, logits[:1]]), torch.cat([target, target[:1]]))
    _same(case.mean(logits, target, weight), twice, "a weight of 2 is not the sample twice")


def _check_refusals(case: _Case) -> None:
    wrong = {
        "a weight too few": (case.logits(), case.target(), torch.ones(N_SAMPLES - 1)),
        "a target too few": (case.logits(), case.target()[:-1]),
    }
    for what, arguments in wrong.items():
        try:
            case.fn(*arguments)
        except ValueError:
            continue
        except Exception as error:
            raise AssertionError(f"{what} must raise a ValueError, not {type(error).__name__}: {error}") from error
        raise AssertionError(f"{what} must raise a ValueError, but was taken")


def _check_gradient(case: _Case) -> None:
    logits, target = case.logits()[:4].requires_grad_(), case.target(n_missing=1)[:4]
    try:
        torch.autograd.gradcheck(lambda x: case.mean(x, target), (logits,))
    except RuntimeError as error:
        raise AssertionError(f"the gradient is not that of finite differences: {error}") from error


def _check_distribution(case: _Case) -> None:
    target = case.target()
    soft = torch.nn.functional.one_hot(target, case.n_classes).double() if target.ndim == 1 else target.double()
    for one, other in zip(case.fn(case.logits(), soft), case.fn(case.logits(), target), strict=True):
        _same(one, other, "a target of probabilities 0 and 1 is not the hard target")


def _check_parts(case: _Case) -> None:
    logits, target = case.logits(), case.target(n_missing=2)
    whole = case.mean(logits, target)
    for cut in (1, 5, N_SAMPLES - 1):
        parts = [case.fn(logits[part], target[part]) for part in (slice(cut), slice(cut, None))]
        total = torch.stack([weights.sum() for _, weights in parts]).sum()
        summed = torch.stack([(values * weights).sum() for values, weights in parts]).sum() / total
        _same(summed, whole, f"batches of {cut} and {N_SAMPLES - cut} samples do not add up to the whole")


def _gradient(loss: Tensor, logits: Tensor) -> Tensor:
    assert loss.requires_grad, "the loss has no gradient"
    (gradient,) = torch.autograd.grad(loss, logits)
    return gradient


def _same(one: Tensor, other: Tensor, problem: str) -> None:
    try:
        torch.testing.assert_close(one, other, check_dtype=False)
    except AssertionError as error:
        raise AssertionError(f"{problem}: {error}") from None
