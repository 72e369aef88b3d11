"""What does not go together in a recipe that mixes images."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from podium.data import Mixing, PatchSwap
from podium.images import Size, height_and_width
from podium.recipe.model_spec import ModelSpec
from podium.recipe.training_spec import TrainingSpec

__all__ = ["explain_uneven_patches", "mixing_problems"]


def mixing_problems(mixings: Sequence[Mixing], model: ModelSpec, training: TrainingSpec) -> Iterator[str]:
    """What does not go together in a recipe that mixes images."""
    if not mixings:
        return
    if model.freeze == "backbone":
        yield (
            "mixing: a frozen backbone trains on cached features of whole images, where no pixels can be mixed; use "
            "model.freeze=none or blocks"
        )
    elif model.freeze == "blocks" and model.cached_views not in (0, "auto"):
        yield (
            f"mixing: model.cached_views={model.cached_views} trains on cached outputs of frozen blocks, where no "
            "pixels can be mixed; use model.cached_views=0 or auto"
        )
    if training.unmixed_last_epochs >= training.epochs:
        yield (
            f"training.unmixed_last_epochs={training.unmixed_last_epochs} leaves no epoch to mix in, "
            f"training.epochs={training.epochs}"
        )
    alone = [mixing.kind for mixing in mixings if not isinstance(mixing, PatchSwap) and mixing.partner == "any"]
    if alone and training.batch_size == 1:
        yield f"mixing: {alone[0]} takes its partners from the batch, and training.batch_size=1 has none"


def explain_uneven_patches(mixings: Sequence[Mixing], size_px: Size) -> str | None:
    """What is wrong where patches do not divide the image; None where they do.

    Example:
        >>> explain_uneven_patches([PatchSwap(cells=5)], 224)
        'mixing: patch_swap cuts the image into 5 patches a side, and 224 x 224 pixels cannot be divided so'
    """
    height, width = height_and_width(size_px)
    for mixing in mixings:
        if isinstance(mixing, PatchSwap) and (height % mixing.cells or width % mixing.cells):
            return (
                f"mixing: patch_swap cuts the image into {mixing.cells} patches a side, and {height} x {width} pixels "
                "cannot be divided so"
            )
    return None
