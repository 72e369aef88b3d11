"""A training small enough to be repeated for every step: ten images, two heads, six steps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn

from podium.engine import Checkpoints, HeadObjective, Objective, Parts, TrainState, fit, mix_seed
from podium.losses import binary_cross_entropy_per_sample, cross_entropy_per_sample
from podium.models import Classifier, Ema, build_backbone
from podium.optim import build_optimizer, one_cycle
from podium.stopping import StopRequest
from podium.tables import Head, Task

TASK = Task((Head("kind", "single", ("a", "b", "c")), Head("tags", "multi", ("x", "y"))))
N, BATCH, EPOCHS = 10, 4, 2
N_STEPS = EPOCHS * -(-N // BATCH)


@dataclass(frozen=True)
class TinyBatch:
    """Images and targets."""

    images: Tensor
    targets: Mapping[str, Tensor]
    weights: Tensor | None = None

    @property
    def n_samples(self) -> int:
        """Number of images."""
        return len(self.images)


@dataclass(frozen=True)
class Batches:
    """Ten noise images, some labels of which are missing; order is a function of the epoch."""

    images: Tensor
    targets: Mapping[str, Tensor]

    def from_position(self, epoch: int, offset: int = 0) -> Iterator[TinyBatch]:
        """Batches of an epoch from this sample on."""
        order = np.random.default_rng(epoch).permutation(len(self.images))
        for start in range(offset, len(order), BATCH):
            rows = order[start : start + BATCH]
            yield TinyBatch(self.images[rows], {name: target[rows] for name, target in self.targets.items()})

    def __iter__(self) -> Iterator[TinyBatch]:
        for start in range(0, len(self.images), 3):
            rows = slice(start, start + 3)
            yield TinyBatch(self.images[rows], {name: target[rows] for name, target in self.targets.items()})


def make_batches(seed: int = 0) -> Batches:
    """Ten images of 32 px with labels of two heads."""
    rng = np.random.default_rng(seed)
    kind, tags = rng.integers(0, 3, N), rng.integers(0, 2, (N, 2))
    kind[::4], tags[1::3, 0] = -1, -1
    images = rng.integers(0, 256, (N, 32, 32, 3), dtype=np.uint8)
    return Batches(torch.from_numpy(images), {"kind": torch.from_numpy(kind), "tags": torch.from_numpy(tags)})


def make_objective() -> Objective:
    """Two heads with a class weight and a head weight."""
    weights = torch.tensor([1.0, 2.0, 0.5])
    single = partial(cross_entropy_per_sample, class_weights=weights, label_smoothing=0.1)
    return Objective({"kind": (HeadObjective(single),), "tags": (HeadObjective(binary_cross_entropy_per_sample, 0.7),)})


def score(logits: Mapping[str, Any]) -> Mapping[str, float]:
    """A number that changes every epoch."""
    return {"kind": float(np.float64(logits["kind"]).sum()), "tags": float(logits["tags"][0, 0])}


def make_parts(*, name: str = "adamw", seed: int = 3, **changes: Any) -> Parts:
    """A tiny network with dropout, average, one cycle and clipping: all that a resume must restore."""
    torch.manual_seed(mix_seed(seed))
    model = Classifier(build_backbone("tiny", "random", 32), TASK, dropout=0.3)
    groups = [{"params": list(model.parameters()), "lr": 1e-2, "initial_lr": 1e-2, "weight_decay": 0.01}]
    values: dict[str, Any] = {
        "model": model,
        "objective": make_objective(),
        "optimizer": build_optimizer(name, groups, 1e-2, weight_decay=0.01),
        "schedule": partial(one_cycle, n_steps=N_STEPS),
        "score": score,
        "score_name": "kind",
        "lr": 1e-2,
        "seed": seed,
        "device": torch.device("cpu"),
        "clip_norm": 0.5,
        "average": Ema(model, decay=0.9),
    }
    return Parts(**values | changes)


class StopAt:
    """A callback that asks to stop after a step."""

    def __init__(self, stop: StopRequest, step: int) -> None:
        self.stop, self.step = stop, step

    def on_step(self, state: TrainState, loss: float) -> None:
        """Ask when it is time."""
        if state.step == self.step:
            self.stop.signal = 15

    def on_epoch(self, record: object) -> None:
        """Nothing."""


@dataclass
class Outcome:
    """What a training ended with, as plain bytes."""

    state: dict[str, Any]
    tensors: dict[str, bytes] = field(default_factory=dict)


def train(
    parts: Parts,
    folder: Path,
    *,
    every_s: float = float("inf"),
    mode: Literal["folders", "slots"] = "folders",
    callbacks: Sequence[Any] = (),
) -> Outcome:
    """Restore what the folder holds, train to the end, and give everything that must not differ."""
    torch.manual_seed(int.from_bytes(np.random.default_rng().bytes(4), "little"))  # another process, another state
    checkpoints = Checkpoints(folder, every_s=every_s, mode=mode)
    state, _ = checkpoints.restore(parts)
    stop = next((item.stop for item in callbacks if isinstance(item, StopAt)), StopRequest())
    state = fit(
        parts,
        make_batches(),
        make_batches(1),
        state or TrainState(),
        n_epochs=EPOCHS,
        checkpoints=checkpoints,
        stop=stop,
        callbacks=callbacks,
    )
    return Outcome(state.to_dict(), tensors_of(parts, checkpoints))


def tensors_of(parts: Parts, checkpoints: Checkpoints | None = None) -> dict[str, bytes]:
    """Every tensor of a training, as bytes by name."""
    found: dict[str, bytes] = {}

    def collect(place: str, value: Any) -> None:
        if isinstance(value, Tensor):
            found[place] = value.detach().cpu().contiguous().numpy().tobytes()
        elif isinstance(value, Mapping):
            for key, item in value.items():
                collect(f"{place}/{key}", item)
        elif isinstance(value, list | tuple):
            for key, item in enumerate(value):
                collect(f"{place}/{key}", item)
        else:
            found[place] = repr(value).encode()

    collect("model", parts.model.state_dict())
    collect("optimizer/state", parts.optimizer.state_dict()["state"])
    collect("average", None if parts.average is None else parts.average.state_dict())
    collect("best", None if checkpoints is None else checkpoints.best)
    return found


class DoubleNet(nn.Module):
    """A float64 network without batch norm: its gradient over a batch is the sum over any pieces of it."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(12, 8), nn.Tanh()).double()
        self.kind, self.tags = nn.Linear(8, 3).double(), nn.Linear(8, 2).double()

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        """Logits of both heads."""
        features = self.layers(images.double())
        return {"kind": self.kind(features), "tags": self.tags(features)}
