"""Keys without effect beside the other keys of a recipe: naming one is refused, for it would be ignored in silence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from podium.errors import RecipeError
from podium.recipe.recipe import Recipe

__all__ = ["refuse_idle_keys"]


@dataclass(frozen=True)
class _Idle:
    """A key that changes nothing.

    Args:
        key: Its path.
        because: The key and value that leave it without effect.
        harmless: Values that say what happens anyway.
    """

    key: str
    because: str
    harmless: tuple[Any, ...] = ()


def refuse_idle_keys(recipe: Recipe, keys: Iterable[str]) -> None:
    """Raise where a key that was named has no effect.

    What a preset or a file says besides is not looked at: a preset's number of frozen blocks may stay when another
    line thaws them.

    Args:
        recipe: The recipe with the keys' values.
        keys: Paths of the keys that somebody set, such as "training.epochs".

    Raises:
        RecipeError: If one has no effect; says because of what.
    """
    named = tuple(keys)
    for idle in _idle_keys(recipe):
        if not any(key == idle.key or key.startswith(f"{idle.key}.") for key in named):
            continue
        value = _value_of(recipe, idle.key)
        if value not in idle.harmless:
            raise RecipeError(
                f"{idle.key}={_show(value)} has no effect with {idle.because}.",
                fix=f"Leave it out, or change {idle.because.partition('=')[0]}.",
            )


def _idle_keys(recipe: Recipe) -> Iterator[_Idle]:
    freeze = f"model.freeze={recipe.model.freeze}"
    if recipe.model.freeze != "blocks":
        yield _Idle("model.frozen_blocks", freeze)
        yield _Idle("model.cached_views", freeze, (0, "auto"))
    if recipe.model.freeze != "backbone":
        yield _Idle("feature_views", freeze)
    if recipe.model.freeze == "backbone":
        yield _Idle("optimizer.head_lr_factor", freeze, (1.0,))
        yield _Idle("optimizer.layer_decay", freeze, (1.0,))
        yield _Idle("model.drop_path_rate", freeze, (0.0,))
        yield _Idle("training.layout", freeze, ("auto", "channels_last"))
    elif recipe.model.name == "tiny":
        yield _Idle("model.drop_path_rate", "model.name=tiny", (0.0,))
    caches = recipe.model.freeze == "blocks" and recipe.model.cached_views != 0
    if recipe.model.freeze == "backbone" or (caches and recipe.model.cached_views != "auto"):
        why = freeze if recipe.model.freeze == "backbone" else f"model.cached_views={recipe.model.cached_views}"
        yield _Idle("training.augment_on", why, ("auto", "cpu"))
    if not caches and recipe.model.freeze != "backbone":
        why = freeze if recipe.model.freeze == "none" else "model.cached_views=0"
        yield _Idle("model.frozen_precision", why, ("auto", "fp32"))
        yield _Idle("model.frozen_engine", why, ("auto", "torch"))


def _value_of(recipe: Recipe, key: str) -> Any:
    value: Any = recipe
    for step in key.split("."):
        value = getattr(value, step)
    return value


def _show(value: Any) -> str:
    return f"[{','.join(value)}]" if isinstance(value, tuple) else str(value)
