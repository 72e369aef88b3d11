"""Where NaN and infinity are put in a tiny training, for `numbers.py`."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from engine.tiny_training import EPOCHS, N_STEPS, Batches, Outcome, TinyBatch, make_batches, tensors_of
from podium.engine import Checkpoints, EpochRecord, Parts, TrainState, final_weights, fit
from podium.stopping import StopRequest

__all__ = ["PLACEMENTS", "Placement", "World"]

NAN, INF = math.nan, math.inf
STEPS_AN_EPOCH = N_STEPS // EPOCHS


@dataclass
class World:
    """A tiny training in which something can be poisoned.

    Args:
        parts: Its parts.
        change_batch: Told the step from 0 and its batch; gives the batch to train on.
        change_valid: Told the epoch and the valid images; gives the images to look at.
        after_step: Told the steps taken.
        has_valid: Whether it is validated.
        every_s: Seconds between checkpoints.
    """

    parts: Parts
    change_batch: Callable[[int, TinyBatch], TinyBatch] = lambda step, batch: batch
    change_valid: Callable[[int, Tensor], Tensor] = lambda epoch, images: images
    after_step: Callable[[int], None] = lambda n_steps: None
    has_valid: bool = True
    every_s: float = 0.0
    step: int = 0
    n_steps: int = 0
    epoch: int = 0
    stop: StopRequest = field(default_factory=StopRequest)

    def from_position(self, epoch: int, offset: int) -> Iterator[TinyBatch]:
        """Training batches."""
        done = -(-offset // 4)
        for place, batch in enumerate(make_batches().from_position(epoch, offset), epoch * STEPS_AN_EPOCH + done):
            self.step = place
            yield self.change_batch(place, batch)

    def __iter__(self) -> Iterator[TinyBatch]:
        valid = make_batches(1)
        yield from Batches(self.change_valid(self.epoch, valid.images), valid.targets)

    def on_step(self, state: TrainState, loss: float) -> None:
        """Count, and poison what is to be poisoned now."""
        self.n_steps = state.step
        self.after_step(state.step)

    def on_epoch(self, record: EpochRecord) -> None:
        """Count."""
        self.epoch = record.epoch + 1

    def train(self, folder: Path) -> tuple[Outcome, TrainState]:
        """Restore, train to the end, take the weights that would be kept."""
        checkpoints = Checkpoints(folder, every_s=self.every_s)
        state, _ = checkpoints.restore(self.parts)
        state = state or TrainState()
        self.epoch = state.epoch
        valid = self if self.has_valid else None
        how: dict[str, Any] = {"n_epochs": EPOCHS, "checkpoints": checkpoints, "stop": self.stop, "callbacks": [self]}
        state = fit(self.parts, self, valid, state, **how)
        final_weights(self.parts)
        return Outcome(state.to_dict(), tensors_of(self.parts, checkpoints)), state


Arm = Callable[[World], object]


@dataclass(frozen=True)
class Placement:
    """Where a number that is none is put.

    Args:
        name: In words.
        step: Steps taken before it is there.
        arm: Prepares a world for it.
        changes: What the training is given beside.
        settings: What the world is given beside.
    """

    name: str
    step: int
    arm: Arm
    changes: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)


def _in_images(at: int, value: float, world: World, *, rows: slice = slice(None)) -> None:
    def change(step: int, batch: TinyBatch) -> TinyBatch:
        if step != at:
            return batch
        images = batch.images.float()
        images[rows, 0, 0] = value
        return replace(batch, images=images)

    world.change_batch = change


def _in_loss(at: int, factor: float, world: World) -> None:
    objective = world.parts.objective

    class Poisoned:
        totals = staticmethod(objective.totals)

        def __call__(self, *arguments: Any) -> Tensor:
            loss = objective(*arguments)
            return loss * factor if world.step == at else loss

    world.parts.objective = Poisoned()  # type: ignore[assignment]


def _in_gradient(at: int, value: float, world: World) -> None:
    parameter = next(iter(world.parts.model.parameters()))
    parameter.register_hook(lambda grad: torch.full_like(grad, value) if world.step == at else grad)


def _after(at: int, spoil: Callable[[World], object], world: World) -> None:
    world.after_step = lambda n_steps: spoil(world) if n_steps == at else None


def _spoil(tensor: Tensor, value: float) -> None:
    tensor[(0,) * tensor.ndim] = value


def _first_weight(value: float, world: World) -> None:
    _spoil(next(iter(world.parts.model.parameters())).data, value)


def _head_bias(value: float, world: World) -> None:
    heads = [
        item for name, item in world.parts.model.named_parameters() if name.startswith("heads.") and item.ndim == 1
    ]
    _spoil(heads[0].data, value)


def _running_mean(value: float, world: World) -> None:
    next(item for name, item in world.parts.model.named_buffers() if name.endswith("running_mean"))[0] = value


def _optimizer(name: str, value: float, world: World) -> None:
    _spoil(next(iter(world.parts.optimizer.state.values()))[name], value)


def _average(value: float, world: World) -> None:
    assert world.parts.average is not None
    _spoil(next(iter(world.parts.average.state_dict()["average"].values())), value)


def _weight_and_stop(world: World) -> None:
    _first_weight(NAN, world)
    world.stop.signal = 15


def _in_schedule(at: int, value: float, world: World) -> None:
    schedule = world.parts.schedule
    world.parts.schedule = lambda step: value if step == at else schedule(step)


def _in_valid(at: int, value: float, world: World) -> None:
    def change(epoch: int, images: Tensor) -> Tensor:
        if epoch != at:
            return images
        images = images.float()
        images[-1] = value
        return images

    world.change_valid = change


ALONE, BF16, PIECES = {"average": None}, {"precision": "bf16"}, {"micro_batch": 3}
UNCLIPPED, REFIT = {"clip_norm": None}, {"has_valid": False}
LAST = N_STEPS
PLACEMENTS = (
    Placement("NaN in an image of the first batch", 0, partial(_in_images, 0, NAN)),
    Placement("NaN in an image of a later epoch", 4, partial(_in_images, 4, NAN)),
    Placement("infinity in an image", 2, partial(_in_images, 2, INF)),
    Placement("NaN in the second piece of a batch", 4, partial(_in_images, 4, NAN, rows=slice(3, 4)), PIECES),
    Placement("NaN in an image under bf16", 3, partial(_in_images, 3, NAN), BF16),
    Placement("infinity in an image under bf16", 4, partial(_in_images, 4, INF), BF16),
    Placement("NaN for a loss, first step", 0, partial(_in_loss, 0, NAN)),
    Placement("NaN for a loss, last step", 5, partial(_in_loss, 5, NAN)),
    Placement("infinity for a loss", 1, partial(_in_loss, 1, INF)),
    Placement("minus infinity for a loss", 4, partial(_in_loss, 4, -INF)),
    Placement("infinity for a loss in pieces, without average", 3, partial(_in_loss, 3, INF), PIECES | ALONE),
    Placement("NaN in a gradient", 1, partial(_in_gradient, 1, NAN), UNCLIPPED),
    Placement("NaN in a gradient that is clipped", 4, partial(_in_gradient, 4, NAN)),
    Placement("infinity in a gradient that is clipped", 2, partial(_in_gradient, 2, INF)),
    Placement("infinity in a gradient", 3, partial(_in_gradient, 3, INF), UNCLIPPED | ALONE),
    Placement("NaN in the last gradient under bf16", 5, partial(_in_gradient, 5, NAN), BF16),
    Placement("NaN in the last gradient, no validation", 5, partial(_in_gradient, 5, NAN), {}, REFIT),
    Placement("NaN in a weight", 2, partial(_after, 2, partial(_first_weight, NAN))),
    Placement("NaN in a weight, without average", 4, partial(_after, 4, partial(_first_weight, NAN)), ALONE),
    Placement("infinity in a weight", 3, partial(_after, 3, partial(_first_weight, INF))),
    Placement("NaN in the bias of a head", 5, partial(_after, 5, partial(_head_bias, NAN))),
    Placement("NaN in a weight at the end", LAST, partial(_after, LAST, partial(_first_weight, NAN))),
    Placement(
        "NaN in a weight at the end, no validation", LAST, partial(_after, LAST, partial(_first_weight, NAN)), {}, REFIT
    ),
    Placement(
        "the same between two checkpoints",
        LAST,
        partial(_after, LAST, partial(_first_weight, NAN)),
        {},
        REFIT | {"every_s": INF},
    ),
    Placement("NaN in a weight when a stop is asked for", 4, partial(_after, 4, _weight_and_stop)),
    Placement("NaN in batch norm's statistics", 1, partial(_after, 1, partial(_running_mean, NAN))),
    Placement("NaN in the optimizer's mean", 2, partial(_after, 2, partial(_optimizer, "exp_avg", NAN))),
    Placement("NaN in the optimizer's square", 4, partial(_after, 4, partial(_optimizer, "exp_avg_sq", NAN))),
    Placement(
        "the same, first step, without average", 1, partial(_after, 1, partial(_optimizer, "exp_avg", NAN)), ALONE
    ),
    Placement("NaN in the average alone", 4, partial(_after, 4, partial(_average, NAN))),
    Placement("infinity in the average alone", 1, partial(_after, 1, partial(_average, INF))),
    Placement("NaN from the schedule", 3, partial(_in_schedule, 3, NAN)),
    Placement("infinity from the schedule", 1, partial(_in_schedule, 1, INF), ALONE),
    Placement("NaN in a validation image alone", 3, partial(_in_valid, 0, NAN)),
    Placement("infinity in a validation image, second epoch", 6, partial(_in_valid, 1, INF), ALONE),
)
