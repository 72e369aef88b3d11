"""What a graph makes of its members is what the blend or the stack makes of them, for every kind."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from podium.decisions import Blend, Logistic, Stack
from podium.decisions.blend import rank_grid
from podium.export.ensemble_network import EnsembleNetwork, step_of
from podium.tables import Head, Task

HEADS = {"single": Head("kind", "single", ("a", "b", "c")), "multi": Head("tags", "multi", ("a", "b", "c"))}


def draw(head: Head, n: int, rng: np.random.Generator) -> np.ndarray:
    probs = rng.uniform(size=(n, 3)) ** 4
    probs[:3] = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.5, 0.25, 0.25]]
    return probs if head.is_multi else probs / probs.sum(axis=1, keepdims=True)


def make(head: Head, blend: Blend | Stack, used: list[bool]) -> EnsembleNetwork:
    """Without its members."""
    found = EnsembleNetwork.__new__(EnsembleNetwork)
    torch.nn.Module.__init__(found)
    found.task = Task((head,))
    found.blend_by(blend, used)
    return found


@pytest.mark.parametrize("kind", HEADS)
@pytest.mark.parametrize("how", ["mean", "logits", "vote", "ranks", "stack"])
def test_it_is_what_numpy_makes_of_them(kind: str, how: str) -> None:
    head, rng = HEADS[kind], np.random.default_rng(0)
    parts = [draw(head, 40, rng) for _ in range(3)]
    used, weights = [True, how == "stack", True], (0.7, 0.0, 0.3)
    blend: Blend | Stack
    if how == "stack":
        numbers = rng.normal(size=(9, 3)), rng.normal(size=3), rng.normal(size=9), rng.uniform(0.5, 2, 9)
        blend = Stack({head.name: Logistic(*numbers, strength=0.1)}, {head.name: weights})
    else:
        grids = {head.name: [rank_grid(draw(head, 300, rng)) for _ in range(3)]} if how == "ranks" else {}
        blend = Blend(how, {head.name: weights}, grids)  # type: ignore[arg-type]
    wanted = blend.combine([{head.name: part} for part in parts], Task((head,)))[head.name]
    given = [torch.tensor(part, dtype=torch.float32) for part, is_used in zip(parts, used, strict=True) if is_used]
    found = make(head, blend, used).combine(given, head)
    step = step_of(blend)
    assert step == (1 / 257 if how == "ranks" else 0)
    np.testing.assert_allclose(found.numpy(), wanted, atol=1e-4 + step)
    assert np.abs(found.numpy() - wanted).mean() < 1e-4
