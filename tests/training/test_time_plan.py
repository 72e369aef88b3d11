from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.recipe import apply_overrides, find_preset
from podium.tables import HOLDOUT, Folds, as_text_array
from podium.training.time_plan import MARGIN, Speeds, Work, count_work, forecast_seconds, plan_epochs

WORK = Work(60, ((40, 20), (40, 20), (40, 20)), plain_views=2, cached_views=3, predict_views=2)
SPEEDS = Speeds(frozen_s=0.01, train_s=0.1, eval_s=0.02, start_s=0.5)
some_seconds = st.floats(1e-6, 1.0)


def simulate(work: Work, speeds: Speeds, epochs: int) -> float:
    """A run of one process acted out, image by image."""
    clock = sum(speeds.frozen_s for _ in range(work.n_images * (work.plain_views + min(epochs, work.cached_views))))
    for n_train, n_valid in work.trainings:
        clock += speeds.start_s + (n_train * speeds.eval_s if work.probed else 0)
        for _ in range(epochs):
            clock += n_train * speeds.train_s + (n_valid + 32) * speeds.eval_s  # 32 training images are judged too
        clock += work.predict_views * n_valid * speeds.eval_s
    return clock + 3.0 + 1e-3 * work.n_images


@pytest.mark.parametrize("epochs", [1, 3, 8])
@pytest.mark.parametrize("probed", [False, True])
def test_a_forecast_is_the_sum_of_all_pieces(epochs: int, probed: bool) -> None:
    work = Work(**vars(WORK) | {"probed": probed})
    assert forecast_seconds(work, SPEEDS, epochs) == pytest.approx(simulate(work, SPEEDS, epochs))


def test_processes_share_the_trainings() -> None:
    alone, shared = (Work(**vars(WORK) | {"processes": n}) for n in (1, 3))
    frozen = forecast_seconds(WORK.of_first(0), SPEEDS, 4)
    in_rounds = forecast_seconds(shared, SPEEDS, 4) - frozen
    assert in_rounds == pytest.approx((forecast_seconds(alone, SPEEDS, 4) - frozen) / 3)


@given(some_seconds, some_seconds, some_seconds, st.floats(0.1, 1e5))
def test_a_plan_ends_in_time_and_one_epoch_more_would_not(frozen: float, train: float, judge: float, s: float) -> None:
    speeds = Speeds(frozen, train, judge)
    epochs = plan_epochs(WORK, speeds, s, most=20)
    assert epochs == plan_epochs(WORK, speeds, s, most=20)
    assert epochs == 0 or forecast_seconds(WORK, speeds, epochs) <= MARGIN * s
    assert epochs == 20 or forecast_seconds(WORK, speeds, epochs + 1) > MARGIN * s


def test_more_time_or_speed_never_plans_less() -> None:
    plans = [plan_epochs(WORK, SPEEDS, seconds, most=50) for seconds in range(1, 500, 7)]
    assert all(a <= b for a, b in itertools.pairwise(plans))
    assert plans[0] == 0
    assert plans[-1] > 10
    faster = Speeds(**vars(SPEEDS) | {"train_s": 0.05})
    assert plan_epochs(WORK, faster, 200, most=50) > plan_epochs(WORK, SPEEDS, 200, most=50)


def test_work_is_counted_from_recipe_and_folds() -> None:
    fold = np.array([0, 0, 1, 1, 1, HOLDOUT])
    folds = Folds(as_text_array(list("abcdef")), fold, 2, "given", 0, "")
    work = count_work(find_preset("baseline"), folds, [0, 1], most_views=0)
    assert work == Work(6, ((3, 2), (2, 3)), plain_views=2, cached_views=0, predict_views=2, is_solved=True)
    work = count_work(find_preset("quick"), folds, [1], most_views=3, n_models=2, processes=8)
    assert work == Work(6, ((2, 3), (2, 3)), plain_views=2, cached_views=3, predict_views=2, processes=2)
    probed = apply_overrides(find_preset("finetune"), ["model.head_start=probe", "model.freeze=none"])
    work = count_work(probed, folds, [0], most_views=0)
    assert work == Work(6, ((3, 2),), plain_views=0, cached_views=0, predict_views=2, probed=True)
    solved = apply_overrides(find_preset("baseline"), ["head.kind=lda"])
    assert count_work(solved, folds, [0], most_views=0).is_solved


def test_solved_heads_have_no_epochs() -> None:
    work = Work(**vars(WORK) | {"is_solved": True})
    assert forecast_seconds(work, SPEEDS, 1) == pytest.approx(forecast_seconds(work, SPEEDS, 3) - 2 * 60 * 0.01)
