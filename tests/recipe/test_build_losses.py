"""Losses as the recipe names them, against sums by hand: mixtures, weights by class name, a head's own loss."""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional

from podium.engine import Objective
from podium.losses import binary_focal, cross_entropy, focal, soft_macro_f1
from podium.recipe import Recipe, apply_overrides, build_objective
from podium.recipe.loss_spec import ForMulti, ForSingle, SoftMacroF1Spec
from podium.tables import Head, Task

CPU = torch.device("cpu")
KIND = Head("kind", "single", ("a", "b", "c"))
AGE = Head("age", "ordinal", ("<30", "30-59", ">=60"))
TAGS = Head("tags", "multi", ("x", "y"))
LABELS = {
    "kind": np.array([0, 0, 0, 1, 2, -1, 1, 0]),
    "age": np.array([0, 1, 1, 1, 2, 2, -1, 0]),
    "tags": np.array([[1, 0], [0, 0], [1, 1], [0, 0], [-1, 0], [1, -1], [0, 0], [0, 1]], dtype=np.int8),
}
TARGETS = {name: torch.from_numpy(column) for name, column in LABELS.items()}
MIX = "[{weight: 0.4, loss: {kind: soft_macro_f1}}, {weight: 0.6, loss: {kind: focal, class_weights: balanced}}]"
BALANCED = torch.tensor([7 / 3 / 4, 7 / 3 / 2, 7 / 3])  # scikit-learn's, of four, two and one


def build(*lines: str, heads: tuple[Head, ...] = (KIND,)) -> Objective:
    return build_objective(apply_overrides(Recipe(), list(lines)).loss, Task(heads), LABELS, CPU)


def make_logits(*heads: Head) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(0)
    return {head.name: torch.randn(8, head.n_classes, generator=generator) for head in heads}


def test_a_mixture_is_the_sum_of_its_parts_each_with_its_own_class_weights() -> None:
    logits = make_logits(KIND)
    found = build(f"loss.single={{kind: mixture, parts: {MIX}}}")(logits, TARGETS)
    wanted = 0.4 * soft_macro_f1(logits["kind"], TARGETS["kind"])
    wanted = wanted + 0.6 * focal(logits["kind"], TARGETS["kind"], class_weights=BALANCED)
    torch.testing.assert_close(found, wanted)


def test_a_mixture_of_labels_is_their_sum() -> None:
    logits = make_logits(TAGS)
    parts = "[{weight: 0.4, loss: {kind: soft_macro_f1}}, {weight: 0.6, loss: {kind: binary_focal, gamma: 1}}]"
    found = build(f"loss.multi={{kind: mixture, parts: {parts}}}", heads=(TAGS,))(logits, TARGETS)
    wanted = 0.4 * soft_macro_f1(logits["tags"], TARGETS["tags"], is_multi=True)
    torch.testing.assert_close(found, wanted + 0.6 * binary_focal(logits["tags"], TARGETS["tags"], gamma=1.0))


@pytest.mark.parametrize("choice", ["{b: 5}", "balanced", "square_root", "effective_number"])
def test_class_weights_are_those_of_torch(choice: str) -> None:
    logits, labels = make_logits(KIND), TARGETS["kind"]
    weights = {
        "{b: 5}": torch.tensor([1.0, 5.0, 1.0]),
        "balanced": BALANCED,
        "square_root": BALANCED.sqrt(),  # the scale of the weights is nothing in a weighted mean
        "effective_number": torch.tensor([1 / (1 - 0.999**n) for n in (4, 2, 1)]),
    }[choice]
    found = build(f"loss.single.class_weights={choice}")(logits, TARGETS)
    torch.testing.assert_close(found, functional.cross_entropy(logits["kind"], labels, weight=weights, ignore_index=-1))


def test_positive_weights_by_name_are_those_of_torch() -> None:
    logits, marks = make_logits(TAGS), TARGETS["tags"].float()
    found = build("loss.multi.positive_weights={y: 3}", heads=(TAGS,))(logits, TARGETS)
    each = functional.binary_cross_entropy_with_logits(
        logits["tags"], marks.clamp_min(0), pos_weight=torch.tensor([1.0, 3.0]), reduction="none"
    )
    torch.testing.assert_close(found, each[marks >= 0].mean())


def test_a_head_has_its_own_loss_and_weight_and_others_keep_theirs() -> None:
    logits = make_logits(KIND, AGE)
    lines = ["loss.heads.age={kind: focal, gamma: 1}", "loss.head_weights={age: 2}"]
    found = build(*lines, heads=(KIND, AGE))(logits, TARGETS)
    wanted = cross_entropy(logits["kind"], TARGETS["kind"]) + 2 * focal(logits["age"], TARGETS["age"], gamma=1.0)
    torch.testing.assert_close(found, wanted)


def in_pieces(objective: Objective, logits: Mapping[str, Tensor], targets: Mapping[str, Tensor]) -> Tensor:
    totals = objective.totals({name: values.shape[1] for name, values in logits.items()}, targets)
    pieces = [slice(0, 3), slice(3, 7), slice(7, 8)]
    shares = [
        objective({n: v[rows] for n, v in logits.items()}, {n: v[rows] for n, v in targets.items()}, totals)
        for rows in pieces
    ]
    return torch.stack(shares).sum()


def test_a_mixture_of_sums_is_exact_in_pieces() -> None:
    parts = "[{loss: {kind: focal, class_weights: balanced}}, {weight: 3, loss: {kind: cross_entropy}}]"
    objective, logits = build(f"loss.single={{kind: mixture, parts: {parts}}}"), make_logits(KIND)
    torch.testing.assert_close(in_pieces(objective, logits, TARGETS), objective(logits, TARGETS))


def test_soft_macro_f1_in_pieces_is_the_mean_of_the_pieces() -> None:
    """F1 is a value of a batch: the documented exception to exact accumulation."""
    objective, logits = build("loss.single.kind=soft_macro_f1"), make_logits(KIND)
    known = (TARGETS["kind"] >= 0).float()
    wanted = sum(
        (known[rows].sum() / known.sum()) * soft_macro_f1(logits["kind"][rows], TARGETS["kind"][rows])
        for rows in (slice(0, 3), slice(3, 7), slice(7, 8))
    )
    torch.testing.assert_close(in_pieces(objective, logits, TARGETS), torch.as_tensor(wanted))


LOSSES = [*((KIND, spec) for spec in get_args(ForSingle)), *((TAGS, spec) for spec in get_args(ForMulti))]
LOSSES += [(KIND, SoftMacroF1Spec), (TAGS, SoftMacroF1Spec)]


@pytest.mark.parametrize(("head", "spec"), LOSSES)
def test_every_loss_takes_soft_targets(head: Head, spec: type) -> None:
    """So mixed images and shares of votes can train on any; those of one class are that class."""
    objective, logits = build(f"loss.heads={{{head.name}: {{kind: {spec().kind}}}}}", heads=(head,)), make_logits(head)
    hard = TARGETS[head.name]
    marks = torch.nn.functional.one_hot(hard.clamp_min(0), 3).float() if hard.ndim == 1 else hard.float()
    soft = torch.where(hard[:, None] < 0, -1.0, marks) if hard.ndim == 1 else marks
    torch.testing.assert_close(objective(logits, {head.name: soft}), objective(logits, {head.name: hard}))
    mixed = torch.where((soft < 0) | (soft.flip(0) < 0), -1.0, 0.7 * soft + 0.3 * soft.flip(0))
    between = {head.name: logits[head.name].clone().requires_grad_()}
    loss = objective(between, {head.name: mixed})
    loss.backward()
    assert torch.isfinite(loss)
    assert loss != objective(logits, {head.name: hard})
    assert between[head.name].grad is not None
    assert torch.isfinite(between[head.name].grad).all()


@pytest.mark.parametrize(("head", "spec"), LOSSES)
def test_weights_of_samples_scale_their_gradient_and_not_the_mean(head: Head, spec: type) -> None:
    objective, logits = build(f"loss.heads={{{head.name}: {{kind: {spec().kind}}}}}", heads=(head,)), make_logits(head)
    ones = torch.ones(8)
    torch.testing.assert_close(objective(logits, TARGETS, sample_weights=ones), objective(logits, TARGETS))
    torch.testing.assert_close(
        objective(logits, TARGETS, sample_weights=0.25 * ones), 0.25 * objective(logits, TARGETS)
    )
    weights = ones.clone()
    weights[1] = 0  # a sample that weighs nothing has no gradient
    between = {head.name: logits[head.name].clone().requires_grad_()}
    objective(between, TARGETS, sample_weights=weights).backward()
    gradient = between[head.name].grad
    assert gradient is not None
    assert not gradient[1].any()
    assert gradient[0].any()
