"""Learning-rate schedules: pure functions of the step, so that a resumed run has no schedule to restore.

Each gives a factor on the peak learning rate. Steps count optimizer steps from 0; the factor of step s is the one
with which step s is taken.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

__all__ = [
    "constant",
    "cosine",
    "cosine_restarts",
    "cyclic",
    "exponential",
    "multi_step",
    "one_cycle",
    "plateau",
    "polynomial",
    "step_decay",
    "warm_up",
]


def warm_up(step: int, n_warmup_steps: int, *, start_factor: float = 0.0) -> float:
    """Linear rise from `start_factor` at step 0 to 1 at step `n_warmup_steps`; 1 from there on.

    Example:
        >>> [warm_up(step, 4) for step in (0, 1, 4, 9)]
        [0.0, 0.25, 1.0, 1.0]
    """
    _check_step(step)
    if step >= n_warmup_steps:
        return 1.0
    return start_factor + (1 - start_factor) * step / n_warmup_steps


def constant(step: int, *, n_warmup_steps: int = 0, start_factor: float = 0.0) -> float:
    """The peak, after a linear warm-up if one is asked for.

    Example:
        >>> constant(7)
        1.0
    """
    return warm_up(step, n_warmup_steps, start_factor=start_factor)


def cosine(
    step: int, n_steps: int, *, n_warmup_steps: int = 0, start_factor: float = 0.0, end_factor: float = 0.0
) -> float:
    """Linear warm-up, then half a cosine from 1 down to `end_factor`, which step `n_steps` would reach.

    Args:
        step: Optimizer step, from 0; past the end the factor stays `end_factor`.
        n_steps: Steps of the whole run.
        n_warmup_steps: Steps of the rise.
        start_factor: Factor at step 0 when there is a warm-up.
        end_factor: Factor at the end.

    Example:
        >>> [round(cosine(step, 10), 3) for step in (0, 5, 10)]
        [1.0, 0.5, 0.0]

    Source:
        Loshchilov and Hutter 2017, "SGDR", without restarts. Equal to `torch.optim.lr_scheduler.CosineAnnealingLR`.
    """
    _check_run(step, n_steps)
    if step < n_warmup_steps:
        return warm_up(step, n_warmup_steps, start_factor=start_factor)
    return _anneal(1.0, end_factor, (step - n_warmup_steps) / max(n_steps - n_warmup_steps, 1))


def cosine_restarts(
    step: int, *, cycle: int, multiplier: int = 1, n_warmup_steps: int = 0, end_factor: float = 0.0
) -> float:
    """Linear warm-up, then half cosines from 1 down to `end_factor`, each of which starts over at 1.

    Args:
        step: Optimizer step, from 0.
        cycle: Steps of the first cosine.
        multiplier: Length of each cosine over that of the one before it, at least 1.
        n_warmup_steps: Steps of the rise.
        end_factor: Factor that each cosine approaches.

    Example:
        >>> [round(cosine_restarts(step, cycle=2, multiplier=2), 3) for step in range(7)]
        [1.0, 0.5, 1.0, 0.854, 0.5, 0.146, 1.0]

    Source:
        Loshchilov and Hutter 2017, "SGDR". Equal to `torch.optim.lr_scheduler.CosineAnnealingWarmRestarts`.
    """
    _check_step(step)
    if cycle < 1 or multiplier < 1:
        raise ValueError(f"cycle and multiplier must be at least 1, got {cycle} and {multiplier}")
    if step < n_warmup_steps:
        return warm_up(step, n_warmup_steps)
    step, length = step - n_warmup_steps, cycle
    if multiplier == 1:
        step %= cycle
    while step >= length:
        step, length = step - length, length * multiplier
    return _anneal(1.0, end_factor, step / length)


def polynomial(
    step: int, n_steps: int, *, power: float = 1.0, n_warmup_steps: int = 0, end_factor: float = 0.0
) -> float:
    """Linear warm-up, then a fall from 1 to `end_factor` as a power of what is left of the run; 1 is a straight line.

    Example:
        >>> [round(polynomial(step, 4, power=2), 4) for step in range(5)]
        [1.0, 0.5625, 0.25, 0.0625, 0.0]

    Source:
        Equal to `torch.optim.lr_scheduler.PolynomialLR` where `end_factor` is 0.
    """
    _check_run(step, n_steps)
    if step < n_warmup_steps:
        return warm_up(step, n_warmup_steps)
    left = 1 - min((step - n_warmup_steps) / max(n_steps - n_warmup_steps, 1), 1.0)
    return float(end_factor + (1 - end_factor) * left**power)


def one_cycle(
    step: int,
    n_steps: int,
    *,
    warmup_fraction: float = 0.3,
    start_factor: float = 1 / 25,
    end_factor: float = 1 / 250_000,
) -> float:
    """Half a cosine up to 1, then half a cosine down to nearly nothing at the last step.

    Args:
        step: Optimizer step, from 0; past the end the factor stays `end_factor`.
        n_steps: Steps of the whole run; step `n_steps - 1` is the last.
        warmup_fraction: Share of the run that rises, in (0, 1).
        start_factor: Factor at step 0.
        end_factor: Factor at the last step.

    Example:
        >>> [round(one_cycle(step, 101), 3) for step in (0, 15, 30, 100)]
        [0.04, 0.538, 1.0, 0.0]

    Source:
        Smith and Topin 2018, "Super-Convergence". Equal to `torch.optim.lr_scheduler.OneCycleLR` with two phases and
        cosine annealing; the defaults are torch's.
    """
    _check_run(step, n_steps)
    peak = warmup_fraction * n_steps - 1
    if step <= peak:
        return _anneal(start_factor, 1.0, step / peak if peak > 0 else 1.0)
    return _anneal(1.0, end_factor, (step - max(peak, 0)) / max(n_steps - 1 - max(peak, 0), 1))


def step_decay(step: int, *, every: int, factor: float, n_warmup_steps: int = 0) -> float:
    """A stair: times `factor` after each `every` steps, warm-up or not.

    For a stair of epochs pass epochs for both: `step_decay(epoch, every=3, factor=0.2)`.

    Example:
        >>> [round(step_decay(epoch, every=3, factor=0.2), 3) for epoch in (0, 2, 3, 6)]
        [1.0, 1.0, 0.2, 0.04]

    Source:
        Equal to `torch.optim.lr_scheduler.StepLR`.
    """
    _check_step(step)
    if every < 1:
        raise ValueError(f"every must be at least 1, got {every}")
    return float(factor ** (step // every)) * warm_up(step, n_warmup_steps)


def multi_step(step: int, *, milestones: Sequence[int], factor: float, n_warmup_steps: int = 0) -> float:
    """A stair with steps of its own: times `factor` at each milestone, warm-up or not.

    Example:
        >>> [round(multi_step(epoch, milestones=[2, 3], factor=0.1), 3) for epoch in range(5)]
        [1.0, 1.0, 0.1, 0.01, 0.01]

    Source:
        Equal to `torch.optim.lr_scheduler.MultiStepLR`.
    """
    _check_step(step)
    n_passed = sum(step >= milestone for milestone in milestones)
    return float(factor**n_passed) * warm_up(step, n_warmup_steps)


def cyclic(
    step: int, *, half_cycle: int, low_factor: float = 0.01, decay: float = 1.0, n_warmup_steps: int = 0
) -> float:
    """A triangle wave from `low_factor` up to 1 and back, `half_cycle` steps each way.

    Args:
        step: Optimizer step, from 0.
        half_cycle: Steps from the valley to the peak.
        low_factor: Factor in the valley.
        decay: Height of each triangle over that of the one before it, in (0, 1]; 0.5 is "triangular2".
        n_warmup_steps: Steps in which the wave itself is faded in.

    From 1e-5 to 1e-3, say, is a peak learning rate of 1e-3 and the default `low_factor` of 0.01.

    Example:
        >>> [round(cyclic(step, half_cycle=2), 3) for step in range(5)]
        [0.01, 0.505, 1.0, 0.505, 0.01]

    Source:
        Smith 2017, "Cyclical Learning Rates", mode "triangular". Equal to `torch.optim.lr_scheduler.CyclicLR`.
    """
    _check_step(step)
    if half_cycle < 1:
        raise ValueError(f"half_cycle must be at least 1, got {half_cycle}")
    height = (1 - abs(step / half_cycle % 2 - 1)) * decay ** (step // (2 * half_cycle))
    return (low_factor + (1 - low_factor) * height) * warm_up(step, n_warmup_steps)


def exponential(step: int, n_steps: int, *, start_factor: float = 1e-5) -> float:
    """An even rise on the log scale, from `start_factor` to 1 at the last step: the learning-rate finder's ramp.

    Example:
        >>> [round(exponential(step, 3, start_factor=1e-4), 4) for step in range(3)]
        [0.0001, 0.01, 1.0]
    """
    _check_run(step, n_steps)
    return float(start_factor ** (1 - min(step / max(n_steps - 1, 1), 1.0)))


def plateau(scores: Sequence[float], *, factor: float = 0.1, patience: int = 3, min_delta: float = 1e-4) -> float:
    """Times `factor` whenever the valid score has not risen for more than `patience` epochs in a row.

    A pure function of the scores so far: those of the journal give the same factor after a resume.

    Args:
        scores: Valid score of each finished epoch, higher is better; negate a loss.
        factor: What the learning rate is multiplied with, in (0, 1).
        patience: Epochs without a rise that are tolerated.
        min_delta: Least rise, relative to the best score, that counts as one.

    Example:
        >>> [plateau([0.5, 0.7, 0.7, 0.7][:n], factor=0.1, patience=1) for n in range(5)]
        [1.0, 1.0, 1.0, 1.0, 0.1]

    Source:
        Equal to `torch.optim.lr_scheduler.ReduceLROnPlateau` with mode "max" on positive scores.
    """
    best, n_bad, n_drops = -math.inf, 0, 0
    for score in scores:
        if best == -math.inf or score > best + min_delta * abs(best):
            best, n_bad = score, 0
        else:
            n_bad += 1
        if n_bad > patience:
            n_drops, n_bad = n_drops + 1, 0
    return float(factor**n_drops)


def _anneal(start: float, end: float, position: float) -> float:
    return end + (start - end) * (1 + math.cos(math.pi * min(position, 1.0))) / 2


def _check_step(step: int) -> None:
    if step < 0:
        raise ValueError(f"steps count from 0, got {step}")


def _check_run(step: int, n_steps: int) -> None:
    _check_step(step)
    if n_steps < 1:
        raise ValueError(f"a run has at least one step, got {n_steps}")
