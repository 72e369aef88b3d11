"""The probabilities of every target of a task, from those of the heads that were trained."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from podium.tables import Task

__all__ = ["complete_probs"]


def complete_probs(probs: Mapping[str, NDArray[np.float64]], task: Task) -> dict[str, NDArray[np.float64]]:
    """Probabilities of every target from those that were trained.

    A joint head gives its attributes by summing; attributes give the composite class by multiplying, which takes
    them as independent given the image.

    Args:
        probs: Of the composite class, of all its heads, or both; and of every other head. Shape (N, C) each.
        task: The whole task.
    """
    full = dict(probs)
    composite = task.composite
    if composite is not None and composite.name in full:
        for name, values in composite.marginal_probs(full[composite.name]).items():
            full.setdefault(name, values)
    elif composite is not None:
        full[composite.name] = composite.joint_probs(full)
    return {head.name: full[head.name] for head in task.targets}
