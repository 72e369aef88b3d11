"""Parts with nothing but what they must have train as a loop in plain torch does."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from podium.engine import Checkpoints, HeadObjective, Objective, Parts, TrainState, fit
from podium.losses import cross_entropy_per_sample
from podium.stopping import StopRequest

from .tiny_training import BATCH, N, make_batches

LR, N_EPOCHS = 0.5, 3


class Watched(nn.Module):
    """Logits of one head, large enough to be clipped; notes the size of every batch that is trained on."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.layer = nn.Linear(32 * 32 * 3, 3)
        self.sizes: list[int] = []

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        if self.training:
            self.sizes.append(len(images))
        return {"kind": self.layer(images.flatten(1).float())}


def falling(*values: float) -> Any:
    """A score that takes these values epoch by epoch."""
    left = iter(values)

    def score(_logits: Mapping[str, Any]) -> Mapping[str, float]:
        return {"kind": next(left)}

    return score


def train_in_plain_torch() -> nn.Module:
    model = Watched()
    optimizer = torch.optim.SGD(model.parameters(), lr=LR)
    for epoch in range(N_EPOCHS):
        for batch in make_batches().from_position(epoch):
            optimizer.zero_grad()
            functional.cross_entropy(model(batch.images)["kind"], batch.targets["kind"], ignore_index=-1).backward()
            optimizer.step()
    return model


def test_what_is_not_asked_for_is_off(tmp_path: Path) -> None:
    """Full precision, whole batches, no clipping, no average, no early end; and of scores the greatest is the best."""
    model = Watched()
    parts = Parts(
        model=model,
        objective=Objective({"kind": (HeadObjective(cross_entropy_per_sample),)}),
        optimizer=torch.optim.SGD([{"params": list(model.parameters()), "initial_lr": LR}], lr=LR),
        schedule=lambda step: 1.0,
        score=falling(0.9, 0.5, 0.1),
        score_name="kind",
        lr=LR,
        seed=0,
        device=torch.device("cpu"),
    )
    stop, checkpoints = StopRequest(), Checkpoints(tmp_path, every_s=float("inf"))
    state = fit(
        parts, make_batches(), make_batches(1), TrainState(), n_epochs=N_EPOCHS, checkpoints=checkpoints, stop=stop
    )
    assert (state.epoch, state.best_epoch, state.best_score) == (N_EPOCHS, 0, 0.9)
    assert model.sizes == [BATCH, BATCH, N % BATCH] * N_EPOCHS
    for mine, theirs in zip(model.parameters(), train_in_plain_torch().parameters(), strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-5, atol=1e-5)
    assert parts.notes == ()
