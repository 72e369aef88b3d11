"""The layers whose places a map shows: the last one with places that the answer depends on, or all that heads read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from podium.errors import UsageError
from podium.models import Classifier
from podium.models.block_ends import find_places
from podium.models.depths import DepthReader

__all__ = ["Layer", "find_layers"]


@dataclass(frozen=True)
class Layer:
    """A module of the backbone, and how its output is a grid.

    Attributes:
        module: Its name in `Classifier.backbone`.
        places: Axes of its output that are places: (1,) for tokens, (2, 3) for maps, (1, 2) with channels last.
        n_prefix: Tokens before those of the places: class token and registers.
        grid: Rows and columns.
    """

    module: str
    places: tuple[int, ...]
    n_prefix: int
    grid: tuple[int, int]

    def as_grid(self, values: Tensor) -> Tensor:
        """An output, or its gradient, as maps (N, C, rows, columns)."""
        if self.places == (2, 3):
            return values
        if self.places == (1, 2):
            return values.permute(0, 3, 1, 2)
        tokens = values[:, self.n_prefix :]  # (N, L, C)
        return tokens.transpose(1, 2).reshape(len(tokens), -1, *self.grid)


def find_layers(model: Classifier, images: Tensor, head: str) -> tuple[Layer, ...]:
    """The last layer with several places whose places have a gradient for a head's logits.

    Of a convolutional network, ConvNeXt or Swin that is the last map before the pooling. Of a vision transformer that
    answers by its class token it is what the last attention reads (`blocks.11.norm1`): later, places no longer reach
    the answer.

    Where heads read several depths, it is every block that they read.

    Args:
        model: In evaluation mode.
        images: A raw image or a few, (N, H, W, 3) uint8.
        head: The head.

    Raises:
        UsageError: If the head's answer has no gradient, or the network has no such layer.
    """
    backbone = model.backbone
    found = _outputs_with_gradients(model, images, head)
    size, extra = (int(images.shape[1]), int(images.shape[2])), _n_prefix(backbone)
    layers = [
        (name, layer)
        for name, output, gradient in found
        if (layer := _read_layer(backbone, name, output, size, extra)) is not None
        and bool(layer.as_grid(gradient).abs().amax() > 0)
    ]
    if not layers:
        raise UsageError(
            "this network has no layer with places of the image that its answer depends on, so there is no map.",
            fix="Use larger images: at the end of the network they are a single place.",
        )
    read = [f"network.{end.module}" for end in backbone.ends] if isinstance(backbone, DepthReader) else []
    return tuple(layer for name, layer in layers if name in read) or (layers[-1][1],)


def _outputs_with_gradients(model: Classifier, images: Tensor, head: str) -> list[tuple[str, Tensor, Tensor]]:
    """Every layer's output, in the order in which layers finish, with the gradient of a sum of the head's logits."""
    with torch.enable_grad(), _watched(model.backbone) as outputs:
        pixels = model.normalise(images).requires_grad_()
        logits = model.classify(model.backbone(pixels))[head]
        if not logits.requires_grad:
            raise UsageError(
                f"the head {head!r} answers by its nearest training images, and that has no gradient.",
                fix="Explain a run whose heads are layers (head.kind other than nearest).",
            )
        # Weights that differ: the sum of a softmax's or a cumulative link's answers can be constant.
        score = (logits * torch.arange(1, logits.shape[1] + 1, device=logits.device)).sum()
        gradients = torch.autograd.grad(score, list(outputs.values()), allow_unused=True)
    named = zip(outputs.items(), gradients, strict=True)
    return [(name, output, gradient) for (name, output), gradient in named if gradient is not None]


@contextmanager
def _watched(backbone: nn.Module) -> Iterator[dict[str, Tensor]]:
    """Outputs of the modules in here, as they finish the last time; the inside of attentions is left out."""
    outputs: dict[str, Tensor] = {}
    handles = []
    inner = {name for name, module in backbone.named_modules() if "attention" in type(module).__name__.lower()}
    for name, module in backbone.named_modules():
        if not name or any(name.startswith(f"{attention}.") for attention in inner):
            continue

        def keep(_module: nn.Module, _inputs: object, output: object, name: str = name) -> Tensor | None:
            outputs.pop(name, None)
            if not isinstance(output, Tensor) or not output.requires_grad:
                return None
            outputs[name] = output
            return output.clone()  # the next layer may write into what it is given

        handles.append(module.register_forward_hook(keep, prepend=True))
    try:
        yield outputs
    finally:
        for handle in handles:
            handle.remove()


def _read_layer(backbone: nn.Module, name: str, output: Tensor, size: tuple[int, int], n_prefix: int) -> Layer | None:
    network = backbone.network if isinstance(backbone, DepthReader) else backbone
    if output.ndim == 4:
        places = find_places(output.shape, size, getattr(network, "output_fmt", None))
        grid = (int(output.shape[places[0]]), int(output.shape[places[1]]))
        return Layer(name, places, 0, grid) if grid[0] * grid[1] > 1 else None
    if output.ndim != 3:
        return None
    for extra in dict.fromkeys((n_prefix, 0)):
        token_grid = _find_grid(network, int(output.shape[1]) - extra, size)
        if token_grid is not None:
            return Layer(name, (1,), extra, token_grid)
    return None


def _n_prefix(backbone: nn.Module) -> int:
    network = backbone.network if isinstance(backbone, DepthReader) else backbone
    return int(getattr(network, "num_prefix_tokens", 0) or 0)


def _find_grid(network: nn.Module, n: int, size: tuple[int, int]) -> tuple[int, int] | None:
    """Rows and columns of n tokens: the network's own, else those with the image's ratio of sides."""
    if n < 2:
        return None
    own = getattr(getattr(network, "patch_embed", None), "grid_size", None)
    if own is not None and own[0] * own[1] == n:
        return int(own[0]), int(own[1])
    rows = round((n * size[0] / size[1]) ** 0.5)
    return (rows, n // rows) if rows and n % rows == 0 else None
