"""A recipe's distillation: what is learnt of a teacher, and the loss over it and the labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from podium.engine import HeadObjective, Objective
from podium.losses import distillation_per_sample, soften_probs
from podium.recipe.recipe import Recipe
from podium.tables import Task

__all__ = ["add_teacher", "make_teacher_targets"]

Probs = Mapping[str, NDArray[np.float64]]


def make_teacher_targets(recipe: Recipe, task: Task, probs: Probs) -> dict[str, NDArray[np.float64]]:
    """What the loss learns of a teacher, by keys that no head has: its probabilities at the recipe's temperature.

    Args:
        recipe: The recipe.
        task: The heads that are learnt.
        probs: The teacher's probabilities of every head, shape (N, C); empty without a teacher.
    """
    temperature = recipe.distill.temperature
    return {
        _key_of(head.name): soften_probs(probs[head.name], temperature, is_multi=head.is_multi)
        for head in task.heads
        if head.name in probs
    }


def add_teacher(recipe: Recipe, task: Task, objective: Objective) -> Objective:
    """The objective with the teacher's share in the loss of every head, and the labels' share lowered by it."""
    spec, heads = recipe.distill, {}
    for head in task.heads:
        loss = partial(distillation_per_sample, temperature=spec.temperature, is_multi=head.is_multi)
        share = spec.weight * recipe.loss.head_weights.get(head.name, 1.0)
        own = [replace(it, weight=it.weight * (1 - spec.weight)) for it in objective.heads[head.name]]
        heads[head.name] = (
            *(own if spec.weight < 1 else ()),
            HeadObjective(loss, share, target=_key_of(head.name)),
        )
    return Objective(heads)


def _key_of(head: str) -> str:
    return f"{head}\n(teacher)"  # no column's name has a line break
