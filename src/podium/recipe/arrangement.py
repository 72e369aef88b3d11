"""How the heads of a task are divided among models: one joint head, a shared backbone, or a model each."""

from __future__ import annotations

from podium.advice import options
from podium.errors import RecipeError
from podium.tables import Task

__all__ = ["ALL_HEADS", "arrange"]

ALL_HEADS = "all"
"""Name of the model that answers every head with one model."""


def arrange(task: Task, arrangement: str) -> dict[str, Task]:
    """The tasks of the models to train, by model name.

    Args:
        task: What the user wants to know.
        arrangement: "joint" trains the composite class (and, beside it, heads that it does not hold), "shared" all
            heads on one backbone, "separate" a model for every head.

    Returns:
        Model name -> the task its model is trained on.

    Raises:
        RecipeError: If "joint" is asked for and the task has no composite class.

    Example:
        >>> from podium.tables import Head
        >>> task = Task((Head("mask", "single", ("worn", "none")), Head("age", "ordinal", ("<30", ">=30"))))
        >>> list(arrange(task, "separate"))
        ['mask', 'age']
    """
    if arrangement == "separate":
        return {head.name: Task((head,)) for head in task.heads}
    if arrangement == "shared" or len(task.heads) == 1:
        return {ALL_HEADS: Task(task.heads)}
    if task.composite is None:
        raise RecipeError(
            "model.arrangement 'joint' needs a composite class, and this task has none.",
            fix=f"Give its formula, such as {options(composite='mask*6 + gender*3 + age')}, or set"
            f" {options(composite='auto')}.",
        )
    others = tuple(head for head in task.heads if head.name not in task.composite.heads)
    return {ALL_HEADS: Task((task.main_target, *others))}
