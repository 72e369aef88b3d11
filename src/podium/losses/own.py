"""Losses of the user's own, known by name, so that a recipe can name them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from torch import Tensor

from podium.errors import UnknownNameError, UsageError

__all__ = ["OwnLoss", "own_loss", "own_loss_kinds", "register_loss"]

OwnLoss = Callable[..., tuple[Tensor, Tensor]]
Kind = Literal["single", "multi"]

_known: dict[str, tuple[OwnLoss, tuple[Kind, ...]]] = {}


def register_loss(name: str, fn: OwnLoss, *, kinds: Sequence[Kind] = ("single",)) -> None:
    """Make a loss of your own known to recipes, as `loss.single={kind: own, name: NAME}`.

    Args:
        name: What recipes call it. Registering a name again replaces the loss.
        fn: `fn(logits, target, weight=None, **options)` gives a value and a weight for every sample, both of shape
            (N,). Logits have shape (N, C). The target is class numbers (N,) or, of mixed images, probabilities
            (N, C); for several labels marks (N, C); negative where a label is missing. `podium.testing.check_loss`
            checks it.
        kinds: What images have: one class ("single"), several labels ("multi"), or both.

    Raises:
        UsageError: If the name is no text, `fn` cannot be called or a kind does not exist.

    Example:
        >>> from podium.losses import focal_per_sample
        >>> register_loss("my_focal", focal_per_sample)
    """
    if not isinstance(name, str) or not name.strip():
        raise UsageError(f"name must be a text, got {name!r}.")
    if not callable(fn):
        raise UsageError(f"fn must be a function, got {type(fn).__name__}.")
    for kind in kinds:
        if kind not in ("single", "multi"):
            raise UnknownNameError("kind", str(kind), ["single", "multi"], field="kinds")
    _known[name] = (fn, tuple(kinds))


def own_loss(name: str) -> OwnLoss:
    """The loss registered under a name.

    Raises:
        UnknownNameError: If there is none; says how to register one.
    """
    return _find(name)[0]


def own_loss_kinds(name: str) -> tuple[Kind, ...]:
    """What images must have for the loss registered under a name; raises as `own_loss` does."""
    return _find(name)[1]


def _find(name: str) -> tuple[OwnLoss, tuple[Kind, ...]]:
    if name not in _known:
        if _known:
            raise UnknownNameError("own loss", name, _known)
        raise UsageError(
            f"the recipe names an own loss {name!r}, and none is registered.",
            fix="Call podium.register_loss first, or set PODIUM_PARTS=FILE, a file that calls it.",
        )
    return _known[name]
