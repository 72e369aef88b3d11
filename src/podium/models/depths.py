"""Features of several depths of a network from one forward pass: statistics of every block's output."""

from __future__ import annotations

from collections.abc import Sequence
from contextvars import ContextVar
from dataclasses import replace
from typing import Literal

import torch
from torch import Tensor, nn

from podium.errors import UsageError
from podium.models.backbone import Backbone
from podium.models.block_ends import BlockEnd, find_block_ends

__all__ = ["Depth", "DepthReader", "Statistic", "depth_sections", "read_depths"]

Depth = int | Literal["last"]
Statistic = Literal["class", "mean", "std"]

LAST: Literal["last"] = "last"
N_EQUAL_BLOCKS = 4
"""Blocks that "auto" reads of a network whose blocks are all of one width, as DINOv2's evaluation does."""
LEAST_VARIANCE = 1e-12
"""Below it a map is constant, and the square root's gradient would be infinite."""

_found: ContextVar[dict[int, list[Tensor]] | None] = ContextVar("found", default=None)


class DepthReader(nn.Module):
    """A network whose features are statistics of its blocks' outputs, side by side, from one forward pass.

    For every chosen block, from the image upwards: its class token, mean and standard deviation over the places, as
    far as chosen; then the network's own last features, if chosen. With a final norm for tokens, as vision
    transformers have it, every block's tokens pass through it first, as in DINOv2's linear evaluation.

    Args:
        network: A backbone, images (N, 3, H, W) to features (N, D).
        ends: The ends of the blocks that are read.
        statistics: What is read of each.
        with_last: Whether the network's own features follow.

    Attributes:
        ends: The ends of the blocks that are read.
        depths: Numbers of the blocks, and "last".
        sections: Number of features of each piece, in order; known after the first pass.

    Source:
        Oquab et al. 2023, "DINOv2: Learning Robust Visual Features without Supervision", section 7.1, for class tokens
        and mean tokens of the last four blocks.
    """

    def __init__(
        self, network: nn.Module, ends: Sequence[BlockEnd], statistics: Sequence[Statistic], *, with_last: bool
    ) -> None:
        super().__init__()
        self.network = network
        self.ends = tuple(ends)
        self.statistics = tuple(statistics)
        numbers: list[Depth] = [end.number for end in ends]
        self.depths: tuple[Depth, ...] = (*numbers, LAST) if with_last else tuple(numbers)
        self.sections: tuple[int, ...] = ()
        norm = _find_token_norm(network) if any(end.n_prefix for end in ends) else None
        for end in ends:
            tap = _Tap(end, self.statistics, norm if len(end.places) == 1 and end.n_prefix else None)
            network.get_submodule(end.module).register_forward_hook(tap)

    @property
    def choice(self) -> str:
        """What is read, in a few words that tell two choices apart."""
        return f"{self.depths} {self.statistics}"

    def forward(self, images: Tensor) -> Tensor:
        """Features (N, D) of normalised images (N, 3, H, W), in full precision."""
        token = _found.set({})
        try:
            last = self.network(images)
            found = _found.get() or {}
        finally:
            _found.reset(token)
        pieces = [piece for number in self.depths if number != LAST for piece in found[int(number)]]
        pieces += [_at_least_single(last)] if LAST in self.depths else []
        self.sections = tuple(int(piece.shape[1]) for piece in pieces)
        return torch.cat(pieces, dim=1)


class _Tap:
    """Reads a block's output as it passes, for the pass of a `DepthReader` in this thread only."""

    def __init__(self, end: BlockEnd, statistics: Sequence[Statistic], norm: nn.Module | None) -> None:
        self._end, self._statistics, self._norm = end, tuple(statistics), norm

    def __call__(self, _module: nn.Module, _inputs: object, output: Tensor) -> None:
        found = _found.get()
        if found is not None:
            found[self._end.number] = self._read(output if self._norm is None else self._norm(output))

    def _read(self, output: Tensor) -> list[Tensor]:
        values, end = _at_least_single(output), self._end
        if not end.places:
            return [values]  # (N, C)
        tokens = values[:, end.n_prefix :] if end.n_prefix else values
        mean = tokens.mean(dim=end.places, keepdim=True)
        pieces: list[Tensor] = []
        if "class" in self._statistics and end.n_prefix:
            pieces.append(values[:, 0])
        if "mean" in self._statistics:
            pieces.append(mean.flatten(1))
        if "std" in self._statistics:
            variance = (tokens - mean).square().mean(dim=end.places)
            pieces.append(variance.clamp_min(LEAST_VARIANCE).sqrt())
        return pieces


def read_depths(
    backbone: Backbone,
    depths: Sequence[Depth] | Literal["all", "auto"],
    statistics: Sequence[Statistic] | Literal["auto"],
    size_px: tuple[int, int],
) -> Backbone:
    """The backbone with features of several depths.

    Args:
        backbone: From `build_backbone`; its module is used, and gets hooks.
        depths: Numbers of blocks as `model.frozen_blocks` counts them, and "last" for the network's own features;
            "all" is every block and "last"; "auto" is the last block of each width and "last", or the last four
            blocks and "last" where all are of one width, as in vision transformers.
        statistics: What is read of a block's output: "class" (the class token), "mean" and "std" over the places;
            "auto" is class token and mean where there is one, else mean and std.
        size_px: Height and width of the images.

    Returns:
        The backbone; for "auto" the one that was given, with a note, where the network's blocks cannot be read.

    Raises:
        UsageError: If there is no such block, no class token, or the network's blocks cannot be read.

    Example:
        >>> from podium.models import build_backbone
        >>> read_depths(build_backbone("tiny", "random"), "all", ["mean", "std"], (32, 32)).n_features
        80
    """
    image = torch.zeros(1, 3, *size_px)
    ends = find_block_ends(backbone.module, image)
    if not ends:
        reason = f"the blocks of {backbone.name!r} do not give one tensor each, so only its last features can be read."
        if depths == "auto":
            return replace(backbone, notes=(*backbone.notes, f"Features of the last depth alone: {reason}"))
        raise UsageError(reason, field="features.depths", fix="Use features.depths=last.")
    has_class = any(end.n_prefix for end in ends)
    read = _usual(has_class) if isinstance(statistics, str) else statistics
    if isinstance(depths, str):
        depths = (*(end.number for end in (ends if depths == "all" else _choose(ends))), "last")
    _check_depths(backbone.name, depths, len(ends))
    chosen = [end for end in ends if end.number in depths]
    if "class" in read and chosen and not any(end.n_prefix for end in chosen):
        what = f"{backbone.name!r} has no class token" + (" at these depths." if has_class else ".")
        raise UsageError(what, field="features.statistics", fix="Use features.statistics=[mean,std].")
    reader = DepthReader(backbone.module, chosen, read, with_last="last" in depths).eval()
    with torch.inference_mode():
        n_features = int(reader(image).shape[1])
    return replace(backbone, module=reader, n_features=n_features)


def depth_sections(backbone: nn.Module) -> tuple[int, ...] | None:
    """Number of features of each piece that a backbone's features are put together of; None where they are one."""
    return backbone.sections if isinstance(backbone, DepthReader) else None


def _usual(has_class: bool) -> Sequence[Statistic]:
    return ("class", "mean") if has_class else ("mean", "std")


def _choose(ends: Sequence[BlockEnd]) -> Sequence[BlockEnd]:
    if len({end.width for end in ends}) == 1:
        return ends[-N_EQUAL_BLOCKS:]
    return [
        end for end, after in zip(ends, [*ends[1:], None], strict=True) if after is None or after.width != end.width
    ]


def _check_depths(name: str, depths: Sequence[Depth], n_blocks: int) -> None:
    unknown = [depth for depth in depths if depth != LAST and not 1 <= int(depth) <= n_blocks]
    if unknown:
        fix = f"Blocks are 1 to {n_blocks}, and last."
        raise UsageError(f"{name!r} has no block {unknown[0]}.", field="features.depths", fix=fix)


def _find_token_norm(network: nn.Module) -> nn.Module | None:
    norm = getattr(network, "norm", None)
    return norm if isinstance(norm, nn.Module) else None


def _at_least_single(values: Tensor) -> Tensor:
    return values if values.dtype in (torch.float32, torch.float64) else values.float()
