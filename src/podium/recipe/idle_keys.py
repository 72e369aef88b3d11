"""Values without effect beside the rest of a recipe, or for a task: refused, for they would be ignored in silence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel

from podium.advice import option
from podium.errors import RecipeError
from podium.recipe.arrangement import arrange
from podium.recipe.head_spec import GradientHead, LdaHead, NearestHead, RidgeHead
from podium.recipe.layer_spec import LinearLayer
from podium.recipe.loss_spec import BinaryCrossEntropySpec, CrossEntropySpec
from podium.recipe.preset_names import started_from
from podium.recipe.recipe import Recipe
from podium.recipe.schedule_spec import OneCycle
from podium.tables import Head, Task

__all__ = ["refuse_idle_for_task", "refuse_idle_keys", "refuse_idle_values", "reset_idle_values"]


_NO_ORDER = "no head of ordered classes"
_FIXES = {
    "head.kind": "Leave it out, or set head.kind=gradient, which trains the heads in epochs.",
    _NO_ORDER: f"Leave it out, or say what is in order as samples are read ({option('ordinal')}, {option('bins')});"
    " ImageClassifier takes labels that are numbers.",
}


@dataclass(frozen=True)
class _Idle:
    """A key that changes nothing.

    Args:
        key: Its path.
        because: The key and value, or the targets, that leave it without effect.
        harmless: Values that say what happens anyway.
    """

    key: str
    because: str
    harmless: tuple[Any, ...] = ()


def refuse_idle_keys(recipe: Recipe, keys: Iterable[str]) -> None:
    """Raise where a key that was named has no effect, even if its value is the default.

    Args:
        recipe: The recipe with the keys' values.
        keys: Paths of the keys that somebody set, such as "training.epochs".

    Raises:
        RecipeError: If one has no effect; says because of what.
    """
    named = tuple(keys)
    for idle in _idle_keys(recipe):
        is_named = any(key == idle.key or key.startswith(f"{idle.key}.") for key in named)
        if is_named and _value_of(recipe, idle.key) not in idle.harmless:
            raise _refusal(recipe, idle, field="overrides")


def refuse_idle_values(recipe: Recipe, *, where: Path | None = None) -> None:
    """Raise where a recipe says something that has no effect, and that neither the defaults nor its preset say.

    Args:
        recipe: A recipe as a file or a program gives it.
        where: Its file, for the error.

    Raises:
        RecipeError: If a value has no effect; says because of what.
    """
    for idle in _unusual(recipe, _idle_keys(recipe)):
        raise _refusal(recipe, idle, where=where, field=None if where else "recipe")


def reset_idle_values(recipe: Recipe) -> Recipe:
    """The recipe with defaults in place of values that other keys have just left without effect.

    What comes out is never refused by `refuse_idle_values`, so that the recipe of a run can start another one.
    """
    for idle in _unusual(recipe, _idle_keys(recipe)):
        recipe = _replace(recipe, idle.key, _default_of(recipe, idle.key))
    return recipe


def refuse_idle_for_task(recipe: Recipe, task: Task) -> None:
    """Raise where a recipe says something that has no effect on what is to be learnt.

    Args:
        recipe: The recipe.
        task: What will be learnt.

    Raises:
        RecipeError: If a loss is for a kind of target that the task lacks, or an arrangement for several targets.
    """
    for idle in _unusual(recipe, _idle_for(recipe, task)):
        raise _refusal(recipe, idle)
    several = [head.name for head in task.heads if head.is_multi]
    if recipe.is_solved and isinstance(recipe.head, LdaHead) and several:
        raise RecipeError(
            f"head.kind=lda is for one class per image, but {several[0]!r} has several labels.",
            fix="Set head.kind=auto, logistic or ridge.",
        )


def _idle_for(recipe: Recipe, task: Task) -> Iterator[_Idle]:
    if len(task.heads) == 1:
        yield _Idle("model.arrangement", "one target")
    heads = [head for part in arrange(task, recipe.model.arrangement).values() for head in part.heads]
    others = [head for head in heads if head.name not in recipe.loss.heads]
    own = None if others else "a loss of its own for every target"
    if not any(head.kind == "ordinal" for head in heads):
        yield _Idle("model.ordinal", _NO_ORDER)
    if all(head.is_multi for head in heads):
        yield _Idle("model.nearest", "no head of one class per image", (None,))
    yield from _idle_layers(recipe, heads)
    if not any(head.is_multi for head in others):
        yield _Idle("loss.multi", own or "one class per image")
    if all(head.is_multi for head in others):
        yield _Idle("loss.single", own or "several labels per image")


def _idle_layers(recipe: Recipe, heads: Sequence[Head]) -> Iterator[_Idle]:
    single = [head.name for head in heads if head.kind == "single"]
    if all(name in recipe.model.layers for name in single):
        why = "a layer of its own for every target" if single else "no head of one class per image without an order"
        yield _Idle("model.layer", why)


def _idle_keys(recipe: Recipe) -> Iterator[_Idle]:
    freeze = f"model.freeze={recipe.model.freeze}"
    if recipe.training.sampler == "none":
        yield _Idle("training.sampler_heads", "training.sampler=none", ((),))
    if not recipe.image.used_regions:
        yield _Idle("image.region_pad", "image.region=whole", (0.0,))
        yield _Idle("image.detect", "image.region=whole", ((),))
    if not recipe.distill.teacher:
        for name, usual in (("weight", 0.5), ("temperature", 2.0), ("teacher_sha256", "auto")):
            yield _Idle(f"distill.{name}", "distill.teacher=[]", (usual,))
    if recipe.training.soup_epochs is None:
        yield _Idle("training.soup_choice", "training.soup_epochs=null", ("uniform",))
    if not recipe.loss.parents:
        yield _Idle("loss.parent_weight", "loss.parents={}", (0.5,))
    if not recipe.mixing:
        yield _Idle("training.unmixed_last_epochs", "mixing=[]", (0,))
    if recipe.model.freeze != "blocks":
        yield _Idle("model.frozen_blocks", freeze)
        yield _Idle("model.cached_views", freeze, (0, "auto"))
    if recipe.model.name == "tiny":
        yield _Idle("model.act_layer", "model.name=tiny", (None,))
    if recipe.model.freeze != "lora":
        yield _Idle("model.lora_rank", freeze)
        yield _Idle("model.lora_alpha", freeze)
        yield _Idle("model.lora_dropout", freeze, (0.0,))
        yield _Idle("model.lora_norms", freeze, (False,))
    else:
        yield _Idle("model.unfreeze_after", freeze, (None,))
    if recipe.model.freeze != "backbone":
        yield _Idle("feature_views", freeze)
        yield _Idle("features.depths", freeze, ("last",))
        yield _Idle("features.statistics", freeze, ("auto",))
        yield _Idle("head", freeze, (GradientHead(),))
    elif recipe.features.depths == "last":
        yield _Idle("features.statistics", "features.depths=last", ("auto",))
    if (
        recipe.model.freeze == "backbone"
        and "last" not in recipe.features.depths
        and type(recipe.features.depths) is tuple
    ):
        yield _Idle("model.pooling", f"features.depths={_show(recipe.features.depths)}", ("own",))
    if recipe.is_solved:
        yield from _idle_for_solved(recipe)
    if recipe.model.freeze == "backbone":
        yield _Idle("optimizer.head_lr_factor", freeze, (1.0,))
        yield _Idle("optimizer.layer_decay", freeze, (1.0,))
        yield _Idle("model.drop_path_rate", freeze, (0.0,))
        yield _Idle("training.layout", freeze, ("auto", "channels_last"))
        yield _Idle("training.compile", freeze, ("auto", "none"))
        yield _Idle("model.unfreeze_after", freeze, (None,))
        yield _Idle("model.head_start", freeze, ("random",))
    elif recipe.model.name == "tiny":
        yield _Idle("model.drop_path_rate", "model.name=tiny", (0.0,))
    if recipe.model.unfreeze_after is None:
        yield _Idle("model.unfreeze_every", "model.unfreeze_after=null", (None,))
    caches = recipe.model.freeze == "blocks" and recipe.model.cached_views != 0 and not recipe.mixing
    if recipe.model.freeze == "backbone" or (caches and recipe.model.cached_views != "auto"):
        why = freeze if recipe.model.freeze == "backbone" else f"model.cached_views={recipe.model.cached_views}"
        yield _Idle("training.augment_on", why, ("auto", "cpu"))
    if not caches and recipe.model.freeze != "backbone":
        why = freeze if recipe.model.freeze != "blocks" else "mixing" if recipe.mixing else "model.cached_views=0"
        yield _Idle("model.frozen_precision", why, ("auto", "fp32"))
        yield _Idle("model.frozen_engine", why, ("auto", "torch"))
    for key in ("momentum", "betas", "eps", "nesterov"):
        if getattr(recipe.optimizer, key) is not None and not _takes(recipe.optimizer.name, key):
            yield _Idle(f"optimizer.{key}", f"optimizer.name={recipe.optimizer.name}")
    if recipe.optimizer.sam_rho is None:
        yield _Idle("optimizer.sam_adaptive", "optimizer.sam_rho=null", (False,))
    if recipe.schedule.warmup_steps is not None:
        yield _Idle("schedule.warmup_fraction", f"schedule.warmup_steps={recipe.schedule.warmup_steps}")
    elif isinstance(recipe.schedule, OneCycle) and recipe.schedule.warmup_fraction == 0:
        yield _Idle("schedule.start_factor", "schedule.warmup_fraction=0")


def _idle_for_solved(recipe: Recipe) -> Iterator[_Idle]:
    """What only gradient descent asks for."""
    head = f"head.kind={recipe.head.kind}"
    for key in (*(f"optimizer.{name}" for name in type(recipe.optimizer).model_fields), "schedule", "model.drop_rate"):
        yield _Idle(key, head)
    yield _Idle("model.ordinal", head)
    yield _Idle("model.layer", head, (LinearLayer(),))
    yield _Idle("model.layers", head, ({},))
    yield _Idle("model.nearest", head, (None,))
    yield _Idle("distill.teacher", head, ((),))
    yield _Idle("loss.head_weights", head, ({},))
    yield _Idle("loss.parents", head, ({},))
    for key in type(recipe.training).model_fields:
        if key not in ("precision", "layout", "augment_on", "compile"):
            yield _Idle(f"training.{key}", head, ("auto", "last") if key == "select" else ())
    for key, loss in (("single", recipe.loss.single), ("multi", recipe.loss.multi), *recipe.loss.heads.items()):
        path = f"loss.{key}" if key in ("single", "multi") else f"loss.heads.{key}"
        if not isinstance(loss, CrossEntropySpec | BinaryCrossEntropySpec):
            yield _Idle(path, head)
        elif loss.label_smoothing:
            yield _Idle(f"{path}.label_smoothing", head)
        elif isinstance(recipe.head, NearestHead):
            weights = "class_weights" if isinstance(loss, CrossEntropySpec) else "positive_weights"
            yield _Idle(f"{path}.{weights}", head, ("none",))
        elif isinstance(recipe.head, RidgeHead) and isinstance(loss, BinaryCrossEntropySpec):
            yield _Idle(f"{path}.positive_weights", head, ("none",))


def _takes(name: str, argument: str) -> bool:
    from podium.optim.optimizers import takes  # imports torch

    return takes(name, argument)


def _unusual(recipe: Recipe, found: Iterable[_Idle]) -> Iterator[_Idle]:
    """Those whose value somebody must have chosen."""
    preset = started_from(recipe.preset)
    for idle in found:
        value = _value_of(recipe, idle.key)
        usual = (_default_of(recipe, idle.key), None if preset is None else _value_of(preset, idle.key))
        if value not in idle.harmless and value not in usual:
            yield idle


def _refusal(recipe: Recipe, idle: _Idle, *, where: Path | None = None, field: str | None = None) -> RecipeError:
    cause, is_key, _ = idle.because.partition("=")
    usual_fix = f"Leave it out, or change {cause}." if is_key else "Leave it out."
    return RecipeError(
        f"{idle.key}={_show(_value_of(recipe, idle.key))} has no effect with {idle.because}.",
        where=where,
        field=field,
        fix=_FIXES.get(cause, usual_fix),
    )


def _value_of(recipe: Recipe, key: str) -> Any:
    """The value, None where a recipe of other parts has no such key."""
    value: Any = recipe
    for step in key.split("."):
        value = getattr(value, step, None)
    return value


def _default_of(recipe: Recipe, key: str) -> Any:
    parent, _, name = key.rpartition(".")
    holder = _value_of(recipe, parent) if parent else recipe
    return type(holder).model_fields[name].get_default(call_default_factory=True)


def _replace(part: Any, key: str, value: Any) -> Any:
    name, _, rest = key.partition(".")
    return part.model_copy(update={name: _replace(getattr(part, name), rest, value) if rest else value})


def _show(value: Any) -> str:
    if isinstance(value, BaseModel):
        changed = value.model_dump(mode="json", exclude_defaults=True)
        return yaml.safe_dump({"kind": value.kind} | changed, default_flow_style=True, sort_keys=False).strip()  # type: ignore[attr-defined]
    return f"[{','.join(map(str, value))}]" if isinstance(value, tuple) else str(value)
