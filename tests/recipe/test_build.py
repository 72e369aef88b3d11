"""A recipe becomes the parts it names: losses against sums written out by hand, groups, schedules, seeds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
import torch
from torch.nn import functional

from podium.engine import EpochRecord, mix_seed
from podium.errors import RecipeError, UnknownNameError, UsageError
from podium.models import Ema
from podium.recipe import (
    Recipe,
    apply_overrides,
    baseline,
    build_backbone_of,
    build_model,
    build_objective,
    build_parts,
    build_schedule,
    check_buildable,
)
from podium.recipe.build_schedules import build_reduction, check_warmup
from podium.tables import Head, Task

CPU = torch.device("cpu")
TASK = Task(
    (
        Head("kind", "single", ("a", "b", "c")),
        Head("age", "ordinal", ("<30", "30-59", ">=60")),
        Head("tags", "multi", ("x", "y")),
    )
)
LABELS = {
    "kind": np.array([0, 0, 0, 1, 2, -1, 1, 0]),
    "age": np.array([0, 1, 1, 1, 2, 2, -1, 0]),
    "tags": np.array([[1, 0], [0, 0], [1, 1], [0, 0], [-1, 0], [1, -1], [0, 0], [0, 1]], dtype=np.int8),
}


def tiny(*lines: str) -> Recipe:
    return apply_overrides(
        Recipe(), ["model.name=tiny", "model.weights=random", "image.size_px=32", "image.stored_px=32", *lines]
    )


def loss_of(lines: Sequence[str], logits: dict[str, torch.Tensor]) -> float:
    objective = build_objective(tiny(*lines).loss, TASK, LABELS, CPU)
    targets = {name: torch.from_numpy(column) for name, column in LABELS.items()}
    totals = objective.totals({name: values.shape[1] for name, values in logits.items()}, targets)
    return float(objective(logits, targets, totals))


@pytest.fixture
def logits() -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return {head.name: torch.randn(8, head.n_classes, generator=generator) for head in TASK.heads}


def test_the_objective_is_the_weighted_sum_over_heads_of_three_kinds(logits: dict[str, torch.Tensor]) -> None:
    found = loss_of(
        [
            "loss.single.label_smoothing=0.1",
            "loss.single.class_weights=balanced",
            "loss.multi.positive_weights=balanced",
            "loss.head_weights={age: 2, tags: 0.5}",
        ],
        logits,
    )

    total = 0.0
    for name, share in (("kind", 1.0), ("age", 2.0)):
        labels = torch.from_numpy(LABELS[name])
        known = labels >= 0
        counts = torch.bincount(labels[known], minlength=3)
        weights = known.sum() / (3 * counts)  # scikit-learn's "balanced"
        total += share * float(
            functional.cross_entropy(logits[name][known], labels[known], weight=weights, label_smoothing=0.1)
        )
    marks = torch.from_numpy(LABELS["tags"]).float()
    known = marks >= 0
    positives = ((marks == 0) & known).sum(0) / ((marks == 1) & known).sum(0)
    each = functional.binary_cross_entropy_with_logits(
        logits["tags"], marks.clamp_min(0), pos_weight=positives, reduction="none"
    )
    total += 0.5 * float(each[known].mean())
    assert found == pytest.approx(total, rel=1e-5)


def test_focal_at_gamma_zero_is_cross_entropy_and_asymmetric_at_zero_is_binary(logits: dict[str, torch.Tensor]) -> None:
    plain = loss_of([], logits)
    same = [
        "loss.single={kind: focal, gamma: 0}",
        "loss.multi={kind: asymmetric, gamma_negative: 0, gamma_positive: 0, clip: 0}",
    ]
    assert loss_of(same, logits) == pytest.approx(plain, rel=1e-5)
    assert loss_of(["loss.single.kind=focal"], logits) < plain


def test_models_are_a_function_of_the_seed_alone() -> None:
    recipe = tiny("model.drop_rate=0.1")

    def weights(seed: int) -> dict[str, torch.Tensor]:
        torch.manual_seed(torch.seed())
        return build_model(recipe, build_backbone_of(recipe), TASK, seed=seed).state_dict()

    first, again, other = weights(1), weights(1), weights(2)
    assert all(torch.equal(value, again[name]) for name, value in first.items())
    assert not all(torch.equal(value, other[name]) for name, value in first.items())


@pytest.mark.slow
def test_random_backbones_depend_on_the_recipes_seed() -> None:
    recipes = [
        apply_overrides(baseline(), ["model.name=resnet10t", "model.weights=random", "image.size_px=32", f"seed={n}"])
        for n in (0, 0, 1)
    ]
    first, again, other = (next(iter(build_backbone_of(recipe).module.state_dict().values())) for recipe in recipes)
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_a_frozen_backbone_gets_no_gradient_and_no_place_in_the_optimizer() -> None:
    recipe = tiny("model.freeze=backbone")
    model = build_model(recipe, build_backbone_of(recipe), TASK, seed=0)
    assert not any(parameter.requires_grad for parameter in model.backbone.parameters())
    assert all(parameter.requires_grad for parameter in model.heads.parameters())


def parts_of(recipe: Recipe):  # type: ignore[no-untyped-def]
    model = build_model(recipe, build_backbone_of(recipe), TASK, seed=mix_seed(0))
    return build_parts(
        recipe,
        model,
        TASK,
        labels=LABELS,
        n_steps=10,
        steps_per_epoch=5,
        score=lambda logits: {},
        score_name="kind",
        seed=0,
        device=CPU,
    )


def test_parts_follow_the_recipe() -> None:
    parts = parts_of(
        tiny(
            "optimizer.lr=0.01",
            "optimizer.head_lr_factor=3",
            "optimizer.weight_decay=0.2",
            "training.ema_decay=0.5",
            "training.clip_norm=2",
        )
    )
    assert isinstance(parts.average, Ema)
    assert (parts.average.decay, parts.clip_norm, parts.lr, parts.scaler) == (0.5, 2, 0.01, None)
    trained = {id(p) for group in parts.optimizer.param_groups for p in group["params"]}
    assert trained == {id(p) for p in parts.model.parameters()}
    heads = {id(p) for p in parts.model.heads.parameters()}  # type: ignore[union-attr, operator]
    for group in parts.optimizer.param_groups:
        is_head = {id(p) for p in group["params"]} <= heads
        assert group["initial_lr"] == pytest.approx(0.03 if is_head else 0.01)
        assert group["weight_decay"] in (0, 0.2)


def test_an_unknown_optimizer_is_told_with_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'adamw'"):
        parts_of(tiny("optimizer.name=adamww"))


def test_schedules_are_those_that_the_recipe_names() -> None:
    def factors(*lines: str) -> list[float]:
        schedule = build_schedule(tiny(*lines), n_steps=20, steps_per_epoch=5)
        return [schedule(step) for step in range(20)]

    assert factors("schedule.kind=constant") == [1.0] * 20
    steps = factors("schedule={kind: step_decay, every_epochs: 2, factor: 0.1}")
    assert steps == pytest.approx([1.0] * 10 + [0.1] * 10)
    cycle = factors("schedule={kind: one_cycle, warmup_fraction: 0.25}")
    assert cycle[0] < max(cycle) <= 1 + 1e-9
    assert cycle.index(max(cycle)) in (4, 5)
    cosine = factors("schedule={kind: cosine, warmup_fraction: 0}")
    np.testing.assert_allclose(np.diff(cosine) <= 0, True)
    stairs = factors("schedule={kind: multi_step, milestones: [1, 3], factor: 0.1}", "training.epochs=4")
    assert stairs == pytest.approx([1.0] * 5 + [0.1] * 10 + [0.01] * 5)
    again = factors("schedule={kind: cosine_restarts, cycle_epochs: 1, multiplier: 2}", "training.epochs=4")
    assert [step for step in range(20) if again[step] == 1] == [0, 5, 15]
    line = factors("schedule={kind: polynomial, warmup_steps: 4}", "training.epochs=4")
    assert line == pytest.approx([0, 0.25, 0.5, 0.75] + [1 - step / 16 for step in range(16)])
    rates = factors("schedule={kind: cyclic, cycle_epochs: 2}", "optimizer.lr=1e-3", "training.epochs=4")
    assert (rates[0], rates[5], rates[10]) == pytest.approx((0.01, 1.0, 0.01))
    assert factors("schedule={kind: constant, warmup_fraction: 0.2}")[:5] == pytest.approx([0, 0.25, 0.5, 0.75, 1])
    quick = factors("schedule={kind: one_cycle, warmup_steps: 10}")
    assert quick == factors("schedule={kind: one_cycle, warmup_fraction: 0.5}")


@pytest.mark.parametrize("watch", ["score", "train_loss"])
@pytest.mark.parametrize("greater_is_better", [True, False])
def test_a_plateau_reduces_as_torch_does(watch: str, greater_is_better: bool) -> None:
    recipe = tiny(f"schedule={{kind: plateau, watch: {watch}, patience: 1, factor: 0.5}}", "training.epochs=9")
    reduction = build_reduction(recipe, score_name="kind", greater_is_better=greater_is_better)
    assert reduction is not None
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    mode = "max" if watch == "score" and greater_is_better else "min"
    reference = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, mode, factor=0.5, patience=1, eps=0)
    rng, history = np.random.default_rng(0), []
    for epoch in range(30):
        loss, score = (float(value) for value in rng.uniform(0.1, 1, 2))
        history.append(EpochRecord(epoch, epoch, 0.1, loss, {"kind": score}))
        reference.step(score if watch == "score" else loss)
        assert reduction(history) == pytest.approx(optimizer.param_groups[0]["lr"])


def test_schedules_of_the_step_alone_have_no_reduction() -> None:
    assert build_reduction(tiny(), score_name="kind", greater_is_better=True) is None


def test_a_warm_up_as_long_as_the_training_is_refused() -> None:
    recipe = tiny("schedule={kind: constant, warmup_steps: 20}")
    check_warmup(recipe, 21)
    with pytest.raises(RecipeError, match="only 20 steps"):
        check_warmup(recipe, 20)


def test_a_backbone_that_would_never_train_is_refused() -> None:
    with pytest.raises(RecipeError, match="leaves no epoch for the backbone"):
        tiny("model.unfreeze_after=10", "training.epochs=10")
    check_buildable(tiny("model.unfreeze_after=1", "model.unfreeze_every=1", "training.epochs=4"), TASK)
    with pytest.raises(UsageError, match="the last of 3 blocks would join after 3 epochs"):
        check_buildable(tiny("model.unfreeze_after=1", "model.unfreeze_every=1", "training.epochs=3"), TASK)
    frozen = ("model.freeze=blocks", "model.frozen_blocks=1", "model.unfreeze_after=1", "model.unfreeze_every=1")
    check_buildable(tiny(*frozen, "training.epochs=3"), TASK)
