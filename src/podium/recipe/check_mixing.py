"""Partners of mixed images against what is to be learnt: names of heads and classes that do not exist."""

from __future__ import annotations

from podium.data import CutMix, MixUp, PatchSwap
from podium.errors import UnknownNameError
from podium.recipe.check_sampler import learned_targets
from podium.recipe.recipe import Recipe
from podium.tables import Head, Task

__all__ = ["check_mixing", "partner_target"]


def check_mixing(recipe: Recipe, task: Task) -> None:
    """Raise UnknownNameError where partners go by a head or by classes that the task lacks."""
    for place, mixing in enumerate(recipe.mixing):
        if isinstance(mixing, PatchSwap):
            continue
        if mixing.partner_head is not None:
            names = [head.name for head in task.targets]
            if mixing.partner_head not in names:
                raise UnknownNameError("head", mixing.partner_head, names, where=f"mixing.{place}.partner_head")
        known = partner_target(mixing, task, task).classes
        for name in mixing.partner_classes:
            if name not in known:
                raise UnknownNameError("class", name, known, where=f"mixing.{place}.partner_classes")


def partner_target(mixing: MixUp | CutMix, whole: Task, part: Task) -> Head:
    """The target whose classes partners go by.

    Args:
        mixing: The way of mixing.
        whole: All that is to be learnt.
        part: What the model learns, one of `arrange`.
    """
    name = mixing.partner_head or learned_targets(whole, part)[0]
    return next(head for head in (*whole.targets, *part.heads) if head.name == name)
