"""One optimizer step over one batch."""

from __future__ import annotations

import math
from collections.abc import Mapping
from contextlib import nullcontext

import torch
from torch import Tensor, nn

from podium.engine.lone_sample import lone_norms_at_rest
from podium.engine.memory import is_out_of_memory, release_cached_memory
from podium.engine.parts import Batch, Parts
from podium.engine.precision import autocast, remedy
from podium.engine.rng import seed_torch
from podium.engine.team import Team
from podium.engine.team_forward import TeamForward
from podium.errors import DivergedError, PodiumError
from podium.machine.batch_share import BatchShare

__all__ = ["train_step"]

_LONE_SAMPLE = "Expected more than 1 value per channel when training"
"""How torch refuses a batch norm without running statistics that has one value of each channel."""


def train_step(parts: Parts, batch: Batch, *, step: int, factor: float | None = None) -> float:
    """Take one optimizer step with a model in training mode; returns the mean loss over the batch.

    The batch is fed in pieces of `parts.micro_batch` samples whose gradients add up to the whole batch's. Out of
    memory halves the pieces and starts the step over: the effective batch never changes. In a piece of one sample, a
    batch norm that has one value of each channel normalises by its running statistics.

    In a team, a process has its share of the batch and of each piece; loss and gradient are those of the whole batch.

    Args:
        parts: The training's parts.
        batch: What to learn from.
        step: Number of the step, which seeds what is random in the model.
        factor: Factor on the peak learning rates; None takes the schedule's of this step.

    Raises:
        DivergedError: If the loss is not finite; the weights are left as they were before the step.
        PodiumError: If one sample alone does not fit into memory, or the model cannot train on one.
    """
    while True:
        try:
            loss = _find_gradients(parts, batch, step)
            break
        except ValueError as problem:
            if not str(problem).startswith(_LONE_SAMPLE):
                raise
            raise _lone_sample(parts, batch.n_samples) from problem
        except RuntimeError as problem:
            if not is_out_of_memory(problem):
                raise
        _halve_micro_batch(parts, batch.n_samples)  # after the block: the traceback keeps the failed attempt
    if not math.isfinite(loss):
        parts.optimizer.zero_grad(set_to_none=True)
        raise DivergedError(f"the loss is {loss} at step {step}.", fix=remedy(parts.precision))
    _apply_gradients(parts, factor=parts.schedule(step) if factor is None else factor)
    return loss


def _find_gradients(parts: Parts, batch: Batch, step: int) -> float:
    """The batch's loss here, and its gradient, with SAM where the loss is highest nearby: dropout drops the same."""
    seed_torch(parts.seed, step)
    loss = _accumulate_gradients(parts, batch)
    if parts.sam is None or not math.isfinite(loss):
        return loss
    with parts.sam.climbed(parts.model):
        seed_torch(parts.seed, step)
        highest = _accumulate_gradients(parts, batch)
    return loss if math.isfinite(highest) else highest


def _accumulate_gradients(parts: Parts, batch: Batch) -> float:
    parts.optimizer.zero_grad(set_to_none=True)
    targets = {name: target.to(parts.device, non_blocking=True) for name, target in batch.targets.items()}
    weights = None if batch.weights is None else batch.weights.to(parts.device, non_blocking=True)
    totals: dict[str, Tensor] | None = None
    team, n = parts.team, batch.n_samples
    needs_totals = team is not None or (parts.micro_batch is not None and parts.micro_batch < n)
    loss = 0.0
    for piece in (BatchShare(0, 1, parts.micro_batch) if team is None else team.share(parts.micro_batch)).pieces(n):
        rows = piece.rows
        images = batch.images[rows].to(parts.device, non_blocking=True)
        is_lone = piece.n == 1  # whose norms at rest no compiled kernel knows
        forward = parts.model if parts.forward is None or is_lone else parts.forward
        at_rest = lone_norms_at_rest(parts.model) if is_lone else nullcontext()
        as_one = nullcontext() if team is None else TeamForward(team, piece)
        with at_rest, as_one, autocast(parts.device, parts.precision):
            logits: Mapping[str, Tensor] = forward(images)
        if needs_totals and totals is None:
            totals = parts.objective.totals({name: values.shape[1] for name, values in logits.items()}, targets)
            if team is not None:
                team.add_up(list(totals.values()))
        shown = {name: target[rows] for name, target in targets.items()}
        share = parts.objective(logits, shown, totals, None if weights is None else weights[rows])
        (share if parts.scaler is None else parts.scaler.scale(share)).backward()  # type: ignore[no-untyped-call]
        loss += float(share.detach())
    return loss if team is None else _add_up(team, parts.model, loss)


def _add_up(team: Team, model: nn.Module, loss: float) -> float:
    """The loss of the whole batch; every process has its gradient afterwards."""
    total = torch.tensor([loss], dtype=torch.float64, device=next(model.parameters()).device)
    team.add_up([total, *(it.grad for it in model.parameters() if it.grad is not None)])
    return float(total)


def _apply_gradients(parts: Parts, *, factor: float) -> None:
    for group in parts.optimizer.param_groups:
        group["lr"] = factor * group["initial_lr"]
    if parts.scaler is not None:
        parts.scaler.unscale_(parts.optimizer)
    if parts.clip_norm is not None:
        torch.nn.utils.clip_grad_norm_(parts.model.parameters(), parts.clip_norm)
    if parts.scaler is None:
        parts.optimizer.step()
    else:
        parts.scaler.step(parts.optimizer)
        parts.scaler.update()
    if parts.average is not None:
        parts.average.update(parts.model)


def _lone_sample(parts: Parts, n: int) -> PodiumError:
    """Why one image cannot be trained on alone; only `n` of 1 and pieces of 1 come here."""
    key = "training.batch_size" if parts.micro_batch is None or parts.micro_batch >= n else "training.micro_batch"
    return PodiumError(
        "this model cannot be trained on one image at a time: its batch norm keeps no running statistics, so it needs "
        f"two values of each channel, and got one in a batch of {n}{'' if n == 1 else ' that is fed image by image'}.",
        fix=f"Use {key}=2 or more on at least two images, larger images (image.size_px), or a frozen backbone "
        "(model.freeze=backbone).",
    )


def _halve_micro_batch(parts: Parts, n: int) -> None:
    size = min(parts.micro_batch or n, n)
    if parts.team is not None:  # the others are in the middle of the step
        raise PodiumError(
            f"{size} images at a time, over {parts.team.place.size} processes, do not fit into memory.",
            fix=f"Start a run with training.micro_batch={(size + 1) // 2}, or with more processes.",
        )
    if size == 1:
        raise PodiumError("a single image does not fit into memory.", fix="Use a smaller model or image size.")
    parts.micro_batch = (size + 1) // 2
    parts.optimizer.zero_grad(set_to_none=True)
    parts.notes = (
        *parts.notes,
        f"out of memory: {parts.micro_batch} images at a time from now on, with the same batch size",
    )
    release_cached_memory()
