"""Which layer each parameter of a backbone belongs to, counted from the image upwards."""

from __future__ import annotations

from collections.abc import Iterator

from timm.models import group_parameters
from torch import nn

__all__ = ["count_layers", "find_layers"]

# Any name that no family's patterns know: timm puts such names last, beside the classifier.
HEAD = "podium_head.weight"


def find_layers(backbone: nn.Module, *, is_coarse: bool) -> tuple[dict[str, int], int]:
    """The layer number of every parameter, 0 at the image, and the layer number of the heads.

    timm's models say themselves what their layers are; in any other module each child with parameters is one layer.
    A final norm that timm counts to the head has the head's number.

    Args:
        backbone: A module without classifier.
        is_coarse: Count stages (a handful) instead of single blocks.

    Returns:
        Layer number by parameter name, and the heads' layer number.
    """
    names = [name for name, _ in backbone.named_parameters()]
    matcher = getattr(backbone, "group_matcher", None)
    if matcher is None:
        children = list(dict.fromkeys(name.partition(".")[0] for name in names))
        return {name: children.index(name.partition(".")[0]) for name in names}, len(children)
    layers: dict[str, int] = group_parameters(_WithHead(backbone), matcher(coarse=is_coarse), reverse=True)
    numbers = sorted(set(layers.values()))
    compact = {name: numbers.index(layer) for name, layer in layers.items()}
    return compact, compact.pop(HEAD)


def count_layers(backbone: nn.Module, *, is_coarse: bool) -> int:
    """Number of layers below the heads' own."""
    layers, head_layer = find_layers(backbone, is_coarse=is_coarse)
    return len(set(layers.values()) - {head_layer})


class _WithHead:
    """A backbone's parameters and one of a head: timm's grouping reads nothing else of a model."""

    def __init__(self, backbone: nn.Module) -> None:
        self.backbone = backbone

    def named_parameters(self) -> Iterator[tuple[str, nn.Parameter]]:
        yield from self.backbone.named_parameters()
        yield HEAD, nn.Parameter()
