from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.optim import lr_scheduler

from podium.optim import (
    constant,
    cosine,
    cosine_restarts,
    cyclic,
    exponential,
    multi_step,
    one_cycle,
    plateau,
    polynomial,
    step_decay,
    warm_up,
)


def run_torch(build: Callable[[torch.optim.Optimizer], Any], n_steps: int) -> list[float]:
    """Learning rates that torch's scheduler gives an optimizer whose own is 1."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    scheduler = build(optimizer)
    rates = []
    for _ in range(n_steps):
        rates.append(float(optimizer.param_groups[0]["lr"]))
        optimizer.step()
        scheduler.step()
    return rates


@pytest.mark.parametrize("n_steps", [10, 17, 100])
@pytest.mark.parametrize("fraction", [0.3, 0.25])
def test_one_cycle_equals_torch(n_steps: int, fraction: float) -> None:
    expected = run_torch(
        lambda optimizer: lr_scheduler.OneCycleLR(optimizer, 1.0, n_steps, pct_start=fraction, cycle_momentum=False),
        n_steps - 1,
    )
    got = [one_cycle(step, n_steps, warmup_fraction=fraction) for step in range(n_steps - 1)]
    assert got == pytest.approx(expected, abs=1e-12)
    assert one_cycle(n_steps - 1, n_steps, warmup_fraction=fraction) == pytest.approx(1 / 250_000)


def test_cosine_equals_torch() -> None:
    expected = run_torch(lambda optimizer: lr_scheduler.CosineAnnealingLR(optimizer, 40, eta_min=0.1), 40)
    assert [cosine(step, 40, end_factor=0.1) for step in range(40)] == pytest.approx(expected)


@pytest.mark.filterwarnings("ignore:The epoch parameter in `scheduler.step:UserWarning")
def test_warmed_up_cosine_equals_torch() -> None:
    def build(optimizer: torch.optim.Optimizer) -> lr_scheduler.SequentialLR:
        rise = lr_scheduler.LinearLR(optimizer, start_factor=0.2, total_iters=8)
        fall = lr_scheduler.CosineAnnealingLR(optimizer, 32)
        return lr_scheduler.SequentialLR(optimizer, [rise, fall], [8])

    got = [cosine(step, 40, n_warmup_steps=8, start_factor=0.2) for step in range(40)]
    assert got == pytest.approx(run_torch(build, 40))


def test_step_decay_equals_torch() -> None:
    expected = run_torch(lambda optimizer: lr_scheduler.StepLR(optimizer, 3, 0.2), 20)
    assert [step_decay(step, every=3, factor=0.2) for step in range(20)] == pytest.approx(expected)


def test_cyclic_equals_torch() -> None:
    expected = run_torch(
        lambda optimizer: lr_scheduler.CyclicLR(optimizer, 1e-2, 1.0, step_size_up=7, cycle_momentum=False), 50
    )
    assert [cyclic(step, half_cycle=7) for step in range(50)] == pytest.approx(expected)


def test_constant_with_warm_up_equals_torch() -> None:
    expected = run_torch(lambda optimizer: lr_scheduler.LinearLR(optimizer, start_factor=0.1, total_iters=5), 12)
    assert [constant(step, n_warmup_steps=5, start_factor=0.1) for step in range(12)] == pytest.approx(expected)


@pytest.mark.slow
@given(st.lists(st.floats(0.01, 1), max_size=30), st.integers(0, 4))
def test_plateau_equals_torch(scores: list[float], patience: int) -> None:
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    scheduler = lr_scheduler.ReduceLROnPlateau(optimizer, "max", factor=0.5, patience=patience, eps=0)
    for n, score in enumerate(scores, start=1):
        scheduler.step(score)
        assert plateau(scores[:n], factor=0.5, patience=patience) == pytest.approx(optimizer.param_groups[0]["lr"])


@given(st.integers(0, 500), st.integers(1, 200), st.integers(0, 50))
def test_factors_lie_between_nothing_and_the_peak(step: int, n_steps: int, n_warmup_steps: int) -> None:
    for factor in (
        one_cycle(step, n_steps),
        cosine(step, n_steps, n_warmup_steps=n_warmup_steps),
        constant(step, n_warmup_steps=n_warmup_steps),
        warm_up(step, n_warmup_steps),
        step_decay(step, every=n_steps, factor=0.2),
        cyclic(step, half_cycle=n_steps),
        exponential(step, n_steps),
    ):
        assert math.isfinite(factor)
        assert 0 <= factor <= 1


@pytest.mark.parametrize(
    "schedule",
    [
        partial(one_cycle, -1, 10),
        partial(one_cycle, 0, 0),
        partial(cosine, -1, 10),
        partial(step_decay, 0, every=0, factor=0.1),
        partial(cyclic, 0, half_cycle=0),
        partial(constant, -1),
    ],
)
def test_nonsense_is_refused(schedule: Callable[[], float]) -> None:
    with pytest.raises(ValueError, match=r"from 0|at least"):
        schedule()


@pytest.mark.parametrize("multiplier", [1, 2, 3])
def test_cosine_restarts_equal_torch(multiplier: int) -> None:
    expected = run_torch(
        lambda optimizer: lr_scheduler.CosineAnnealingWarmRestarts(optimizer, 5, multiplier, eta_min=0.01), 60
    )
    got = [cosine_restarts(step, cycle=5, multiplier=multiplier, end_factor=0.01) for step in range(60)]
    assert got == pytest.approx(expected)


@pytest.mark.filterwarnings("ignore:The epoch parameter in `scheduler.step:UserWarning")
def test_restarts_after_a_warm_up_equal_torch() -> None:
    def build(optimizer: torch.optim.Optimizer) -> lr_scheduler.SequentialLR:
        rise = lr_scheduler.LambdaLR(optimizer, lambda step: step / 4)
        return lr_scheduler.SequentialLR(
            optimizer, [rise, lr_scheduler.CosineAnnealingWarmRestarts(optimizer, 6, 2)], [4]
        )

    got = [cosine_restarts(step, cycle=6, multiplier=2, n_warmup_steps=4) for step in range(30)]
    assert got == pytest.approx(run_torch(build, 30))


@pytest.mark.parametrize("power", [0.5, 1.0, 2.0])
def test_polynomial_equals_torch(power: float) -> None:
    expected = run_torch(lambda optimizer: lr_scheduler.PolynomialLR(optimizer, 20, power), 30)
    assert [polynomial(step, 20, power=power) for step in range(30)] == pytest.approx(expected, abs=1e-9)
    assert polynomial(20, 20, end_factor=0.1) == pytest.approx(0.1)


def test_multi_step_equals_torch() -> None:
    expected = run_torch(lambda optimizer: lr_scheduler.MultiStepLR(optimizer, [3, 7, 8], 0.3), 12)
    assert [multi_step(step, milestones=[3, 7, 8], factor=0.3) for step in range(12)] == pytest.approx(expected)


@pytest.mark.parametrize("factor", [0.2, 0.75])
def test_warmed_up_stairs_equal_torchs_chained_schedulers(factor: float) -> None:
    linear = run_torch(
        lambda optimizer: lr_scheduler.ChainedScheduler(
            [
                lr_scheduler.LinearLR(optimizer, start_factor=1e-9, total_iters=4),
                lr_scheduler.StepLR(optimizer, 3, factor),
            ],
            optimizer,
        ),
        20,
    )
    got = [step_decay(step, every=3, factor=factor, n_warmup_steps=4) for step in range(20)]
    assert got == pytest.approx(linear, abs=1e-6)


@pytest.mark.parametrize("mode", ["triangular", "triangular2"])
def test_shrinking_cycles_equal_torch(mode: str) -> None:
    expected = run_torch(
        lambda optimizer: lr_scheduler.CyclicLR(optimizer, 1e-2, 1.0, step_size_up=7, mode=mode, cycle_momentum=False),
        60,
    )
    decay = 1.0 if mode == "triangular" else 0.5
    assert [cyclic(step, half_cycle=7, decay=decay) for step in range(60)] == pytest.approx(expected)


@pytest.mark.slow
@given(st.lists(st.floats(0.01, 1), max_size=20))
def test_plateau_of_a_loss_equals_torchs_other_mode(losses: list[float]) -> None:
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    scheduler = lr_scheduler.ReduceLROnPlateau(optimizer, "min", factor=0.5, patience=2, eps=0)
    for loss in losses:
        scheduler.step(loss)
    got = plateau([-loss for loss in losses], factor=0.5, patience=2)
    assert got == pytest.approx(optimizer.param_groups[0]["lr"])
