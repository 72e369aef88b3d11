"""Checkpoints of one training: the newest valid one, and exactly what a resume needs."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO, Literal, Protocol

import torch
from torch import Tensor

from podium import durable
from podium.engine.parts import Parts
from podium.engine.precision import remedy
from podium.engine.state import TrainState
from podium.engine.tensor_tree import decode_tensors, encode_tensors, join_tree, split_tree
from podium.errors import DivergedError

__all__ = ["Checkpoints", "Saves", "Unsaved", "decode_training", "encode_training"]

STATE, TENSORS = "state.json", "tensors.safetensors"


class Saves(Protocol):
    """What keeps a training while it goes on."""

    def save(self, state: TrainState, parts: Parts) -> None:
        """Save now."""

    def save_if_due(self, state: TrainState, parts: Parts) -> None:
        """Save when the last time is long ago."""

    def remember_best(self, parts: Parts) -> None:
        """Keep the weights of the epoch just evaluated."""


class Unsaved:
    """Keeps nothing: for a process of a team that does not lead."""

    def save(self, state: TrainState, parts: Parts) -> None:
        """Do to the parts what saving does."""
        parts.enter_epoch(state.epoch)

    def save_if_due(self, state: TrainState, parts: Parts) -> None:
        """Nothing."""

    def remember_best(self, parts: Parts) -> None:
        """Nothing."""


class Checkpoints:
    """Saves and restores one training in a folder.

    Every value of time is a function of the step, so one checkpoint is as good as any other: they are due by the
    clock, not by the epoch. The two newest are kept; a damaged one falls back to the one before it.

    Args:
        folder: Where they go.
        every_s: Seconds between two of them; 0 saves after every step, which only tests want.
        mode: "slots" overwrites two folders in place, for a cloud drive whose bin keeps what is deleted; a training
            may change the mode whenever it is resumed.
    """

    def __init__(self, folder: Path, *, every_s: float = 60.0, mode: Literal["folders", "slots"] = "folders") -> None:
        self._folder = folder
        self._every_s = every_s
        self._mode = mode
        self._saved_at = time.monotonic()
        self._best: dict[str, Tensor] | None = None

    def save_if_due(self, state: TrainState, parts: Parts) -> None:
        """Save when the last checkpoint is older than the interval."""
        if time.monotonic() - self._saved_at >= self._every_s:
            self.save(state, parts)

    def save(self, state: TrainState, parts: Parts) -> None:
        """Save now: durable and verified before an older one goes.

        Raises:
            StorageError: If it cannot be written; the one before is intact.
            DivergedError: If a weight is not finite; the one before is intact, and nothing goes on from such weights.
        """
        _require_finite(parts)
        parts.enter_epoch(state.epoch)  # of an epoch's end, what the next one begins with
        content, tensors = encode_training(state, parts, self._best)
        writers: dict[str, Callable[[BinaryIO], None]] = {
            STATE: lambda file: _write(file, content),
            TENSORS: lambda file: _write(file, tensors),
        }
        number = state.step * 2 + (1 if state.offset == 0 else 0)  # an epoch's end comes after its last step
        meta = {"step": state.step, "epoch": state.epoch}
        durable.commit_version(self._folder, number, writers, meta, mode=self._mode)
        self._saved_at = time.monotonic()

    def restore(self, parts: Parts) -> tuple[TrainState | None, list[str]]:
        """Load the newest valid checkpoint into the parts.

        Returns:
            Its state, or None when there is no checkpoint; and a line for every damaged one passed over.

        Raises:
            CorruptFileError: If there are checkpoints and none is valid: training never starts over silently.
        """
        found = durable.load_newest(self._folder)
        if found is None:
            return None, []
        content, tensors = (durable.read_bytes(found.parts[name]) for name in (STATE, TENSORS))
        state, self._best = decode_training(content, tensors, parts)
        return state, list(found.notes)

    def remember_best(self, parts: Parts) -> None:
        """Keep the weights of the epoch just evaluated; they travel with every later checkpoint."""
        self._best = final_weights(parts)

    @property
    def best(self) -> Mapping[str, Tensor] | None:
        """The weights of the best epoch so far."""
        return self._best


def encode_training(state: TrainState, parts: Parts, best: Mapping[str, Tensor] | None) -> tuple[bytes, bytes]:
    """All that a resume needs: JSON, and tensors as safetensors."""
    plain, tensors = split_tree(_gather(parts, best))
    content = json.dumps({"state": state.to_dict(), "tree": plain}, allow_nan=False)
    return content.encode(), encode_tensors(tensors)


def decode_training(content: bytes, tensors: bytes, parts: Parts) -> tuple[TrainState, dict[str, Tensor] | None]:
    """Load what `encode_training` gave into the parts; gives the state, and the weights of the best epoch."""
    record = json.loads(content)
    tree = join_tree(record["tree"], decode_tensors(tensors))
    state = TrainState.from_dict(record["state"])
    parts.enter_epoch(state.epoch)  # the optimizer has the groups of that epoch
    _scatter(tree, parts)
    return state, tree["best"]


def final_weights(parts: Parts) -> dict[str, Tensor]:
    """A copy of the weights that predict: the averaged ones where there are any.

    Raises:
        DivergedError: If a weight is not finite.
    """
    _require_finite(parts)
    if parts.average is None:
        return _copy(parts.model.state_dict())
    with parts.average.swapped_into(parts.model):
        return _copy(parts.model.state_dict())


def _require_finite(parts: Parts) -> None:
    """Raise where a step has spoilt the tensors, before anything is kept of them.

    A loss tells of it at the next step only. Buffers and the optimizer's sums may be infinite and harmless.
    """
    average = {} if parts.average is None else parts.average.state_dict()["average"]
    sums = [value for state in parts.optimizer.state.values() for value in state.values() if isinstance(value, Tensor)]
    if all(value.isfinite().all() for value in (*parts.model.parameters(), *average.values())) and not any(
        value.isnan().any() for value in (*parts.model.buffers(), *sums)
    ):
        return
    raise DivergedError("the weights are no longer finite.", fix=remedy(parts.precision))


def _copy(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name: value.detach().cpu().clone() for name, value in weights.items()}


def _gather(parts: Parts, best: Mapping[str, Tensor] | None) -> dict[str, Any]:
    return {
        "model": dict(parts.model.state_dict()),
        "optimizer": parts.optimizer.state_dict(),
        "average": None if parts.average is None else parts.average.state_dict(),
        "soup": None if parts.soup is None else parts.soup.state_dict(),
        "scaler": None if parts.scaler is None else parts.scaler.state_dict(),
        "micro_batch": parts.micro_batch,
        "best": None if best is None else dict(best),
    }


def _scatter(tree: Mapping[str, Any], parts: Parts) -> None:
    parts.model.load_state_dict(tree["model"])
    restore_optimizer(parts.optimizer, tree["optimizer"])
    if parts.average is not None:
        parts.average.load_state_dict(tree["average"])
    if parts.soup is not None:
        parts.soup.load_state_dict(tree["soup"], parts.model)
    if parts.scaler is not None and tree["scaler"] is not None:
        parts.scaler.load_state_dict(tree["scaler"])
    parts.micro_batch = tree["micro_batch"]


def restore_optimizer(optimizer: torch.optim.Optimizer, saved: Mapping[str, Any]) -> None:
    """Load what `state_dict` gave, to the bit."""
    optimizer.load_state_dict(dict(saved))
    _restore_tensors(optimizer, saved["state"])


def _restore_tensors(optimizer: torch.optim.Optimizer, saved: Mapping[int, Mapping[str, Any]]) -> None:
    """Give the optimizer's tensors the type that was saved, for torch loads them in the type of their parameters, and
    lay them out like these again: another layout can round differently."""
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    for index, values in saved.items():
        parameter = parameters[index]
        state = optimizer.state[parameter]
        for name, value in values.items():
            if not isinstance(value, Tensor):
                continue
            state[name] = state[name].to(value.dtype)
            if value.shape == parameter.shape:
                state[name] = torch.empty_like(parameter, dtype=value.dtype).copy_(value)


def _write(file: BinaryIO, data: bytes) -> None:
    file.write(data)
