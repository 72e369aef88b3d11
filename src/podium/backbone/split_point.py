"""Splitting a network after its frozen blocks, so that their output is computed once and cached.

Frozen blocks are a fixed function of an image. Where the rest of the network takes nothing but their last output, that
output can stand in for the image: `find_split_point` finds the place, and verifies it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from podium.models.classifier import Classifier

__all__ = ["SplitPoint", "as_traceable", "find_split_point"]


class _ReachedError(Exception):
    """The frozen blocks have given its output; the rest need not run."""

    def __init__(self, output: Tensor) -> None:
        self.output = output


@dataclass(frozen=True, eq=False)
class SplitPoint:
    """Where a network is split.

    Attributes:
        last: Name of the module in the backbone whose output is that of the frozen blocks.
        before: Names of the backbone's modules that belong to the frozen blocks, the topmost ones.
        shape: Shape of one image's output, (H, W, C) for maps and as the network has it for anything else.
    """

    last: str
    before: tuple[str, ...]
    shape: tuple[int, ...]

    def encode(self, model: Classifier, images: Tensor) -> Tensor:
        """What the frozen blocks make of raw images, (B, *shape). Runs nothing after them."""
        try:
            with _hooked(model.backbone.get_submodule(self.last), _leave):
                model.features(images)
        except _ReachedError as reached:
            return _channels_last(reached.output)
        raise RuntimeError(f"{self.last} did not run")

    def apply(self, model: Classifier) -> None:
        """Make a model take the frozen blocks' output in place of images. Its state dict stays as it is."""
        for name in self.before:
            # On the instance, as frozen modules' `train` is: no wrapper, no other names in the state dict.
            model.backbone.get_submodule(name).__dict__["forward"] = _pass_on
        model.takes_block_output = True


def as_traceable(model: Classifier, split_point: SplitPoint | None) -> nn.Module:
    """`Classifier.features`, or `SplitPoint.encode`, as a module that a tracer can follow to its end."""
    return _Traceable(model, split_point)


def find_split_point(model: Classifier, images: Tensor) -> SplitPoint | None:
    """Where a network with frozen blocks can be split; None where it has none, or cannot be split.

    The order in which modules finish shows which blocks are frozen: everything up to the last frozen one. Whether the
    rest takes nothing else is verified: the split network must give, bit for bit, what the whole one gives.

    Args:
        model: In evaluation mode, some of its first blocks frozen.
        images: A few raw images, (B, H, W, 3) uint8.
    """
    finished = _finishing_order(model, images)
    frozen = [i for i, (_, module, _) in enumerate(finished) if _is_frozen(module)]
    if not frozen or frozen[-1] == len(finished) - 1:
        return None
    last, _, output = finished[frozen[-1]]
    if not isinstance(output, Tensor):
        return None
    stem = {name for name, _, _ in finished[: frozen[-1] + 1]}
    before = tuple(sorted(name for name in stem if not any(name.startswith(f"{other}.") for other in stem - {name})))
    shape = tuple(output.shape[1:])
    split_point = SplitPoint(last, before, (*shape[1:], shape[0]) if len(shape) == 3 else shape)
    return split_point if _is_exact(split_point, model, images) else None


class _Traceable(nn.Module):
    """Runs the whole network; what comes after the split point is no part of the graph that leads to its output."""

    def __init__(self, model: Classifier, split_point: SplitPoint | None) -> None:
        super().__init__()
        self.model = model
        self._split_point = split_point

    def forward(self, images: Tensor) -> Tensor:
        pixels = images.to(torch.float32)
        if self._split_point is None:
            return self.model.features(pixels)
        kept: list[Tensor] = []
        last = self.model.backbone.get_submodule(self._split_point.last)
        # A copy: the next layer may write into what it is given.
        with _hooked(last, lambda _module, _inputs, output: kept.append(output.clone())):
            self.model.features(pixels)
        return _channels_last(kept[-1])


def _finishing_order(model: Classifier, images: Tensor) -> list[tuple[str, nn.Module, object]]:
    """The backbone's modules in the order in which they finish, each the last time, with their outputs."""
    finished: list[tuple[str, nn.Module, object]] = []
    handles = []
    for name, module in model.backbone.named_modules():
        if name:

            def note(module: nn.Module, _inputs: object, output: object, name: str = name) -> None:
                finished.append((name, module, output))

            handles.append(module.register_forward_hook(note))
    try:
        with torch.inference_mode():
            model.features(images)
    finally:
        for handle in handles:
            handle.remove()
    return finished


def _is_frozen(module: nn.Module) -> bool:
    parameters = list(module.parameters())
    return bool(parameters) and not any(parameter.requires_grad for parameter in parameters)


def _is_exact(split_point: SplitPoint, model: Classifier, images: Tensor) -> bool:
    with torch.inference_mode():
        whole = model.features(images)
        output = split_point.encode(model, images)
        with _restored(model, split_point):
            split_point.apply(model)
            try:
                return torch.equal(model.features(output), whole)
            except (RuntimeError, ValueError, TypeError):  # the rest wants something else
                return False


@contextmanager
def _restored(model: Classifier, split_point: SplitPoint) -> Iterator[None]:
    try:
        yield
    finally:
        model.takes_block_output = False
        for name in split_point.before:
            model.backbone.get_submodule(name).__dict__.pop("forward", None)


@contextmanager
def _hooked(module: nn.Module, hook: object) -> Iterator[None]:
    handle = module.register_forward_hook(hook)  # type: ignore[arg-type]
    try:
        yield
    finally:
        handle.remove()


def _channels_last(output: Tensor) -> Tensor:
    return output.permute(0, 2, 3, 1) if output.ndim == 4 else output


def _leave(_module: nn.Module, _inputs: object, output: Tensor) -> None:
    raise _ReachedError(output)


def _pass_on(x: Tensor) -> Tensor:
    return x
