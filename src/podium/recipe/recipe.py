"""The recipe: everything that changes the numbers of a run and nothing that does not.

A tree of frozen, typed models; alternatives carry a `kind`. A YAML file, `key.path=value` overrides and presets all
speak it. It holds data only: no value of it names code. Paths, workers and devices live beside it.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field, model_validator

from podium.data import CPU_ONLY, Augmentation, Mixing
from podium.decisions import Pool
from podium.listing import count_of
from podium.overview import Overview
from podium.recipe.augmentation_policies import read_augmentations
from podium.recipe.border_spec import BorderSpec, SoftBorders
from podium.recipe.crop_sizes import explain_large_crop
from podium.recipe.distill_spec import DistillSpec
from podium.recipe.feature_spec import FeatureSpec
from podium.recipe.head_spec import GradientHead, HeadSpec
from podium.recipe.image_spec import ImageSpec
from podium.recipe.loss_spec import LossSpec
from podium.recipe.mixing_problems import explain_uneven_patches, mixing_problems
from podium.recipe.model_spec import ModelSpec
from podium.recipe.optimizer_spec import OptimizerSpec
from podium.recipe.part import Name, Part
from podium.recipe.patch_size import find_patch_problem
from podium.recipe.read_mixing import read_mixing
from podium.recipe.schedule_spec import OneCycle, ScheduleSpec, schedule_problems
from podium.recipe.training_spec import TrainingSpec, soup_problem
from podium.recipe.view_name import ViewName
from podium.store import list_differences

__all__ = ["Recipe"]


class Recipe(Part):
    """Everything that changes the numbers of a run."""

    preset: Name = "custom"
    """Name of the preset that the recipe is, or started from ("quick-changed"); for people only."""
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0
    image: ImageSpec = ImageSpec()
    model: ModelSpec = ModelSpec()
    features: FeatureSpec = FeatureSpec()
    head: HeadSpec = GradientHead()
    """How the heads of a frozen backbone are found."""
    borders: dict[Name, BorderSpec] = Field(default_factory=dict)
    """How training treats the borders of a head that was made from numbers (`bins={"age": [30, 60]}`), by head name:
    moved, soft or dropped. Validation, holdout and scores keep the classes as they were read."""
    loss: LossSpec = LossSpec()
    distill: DistillSpec = DistillSpec()
    augmentations: Annotated[
        tuple[Annotated[Augmentation, Field(discriminator="kind")], ...], BeforeValidator(read_augmentations)
    ] = ()
    """Augmentations of every training image, in this order; or the name of a policy that stands for a list: none,
    light, medium, strong, faces, letters, aerial."""
    mixing: Annotated[tuple[Annotated[Mixing, Field(discriminator="kind")], ...], BeforeValidator(read_mixing)] = ()
    """Ways of mixing the images of a batch, of which one is drawn a batch by their probabilities (scaled down where
    their sum is above 1); a kind alone, such as cutmix, has its defaults. Targets are mixed in the proportion of the
    area."""
    optimizer: OptimizerSpec = OptimizerSpec()
    schedule: ScheduleSpec = OneCycle()
    training: TrainingSpec = TrainingSpec()
    feature_views: tuple[ViewName, ...] = ("plain",)
    """Views of every image whose features are cached for a frozen backbone. Solved heads learn from all of them,
    gradient descent from one at a time. Views are those of `podium tta` that are one frame: the turns (hflip, vflip,
    rot90, rot180, rot270), crops (center-0.9, top-left-0.9 and the other corners), scales (scale-0.9), and several
    joined, as hflip+top-left-0.9."""
    predict_views: tuple[ViewName, ...] = ("plain",)
    """Views whose probabilities are averaged at prediction (test-time augmentation)."""
    metric: Name | None = None
    """Primary metric; null is macro F1, or macro average precision for multi-label."""
    pool: Pool | None = None
    """How the images of a bag become one answer, where one answer is for several images (`answer_per`): mean, median,
    max, noisy_or or logit_mean; null is mean. Training and the choice of an epoch look at single images."""

    def overview(self) -> Overview:
        """What it trains, and every key that differs from the preset's."""
        from podium.recipe.preset_names import started_from

        changes = (started_from(self.preset) or Recipe()).differences(self)
        length = f"{self.head.kind} head" if self.is_solved else count_of(self.training.epochs, "epoch")
        facts = [self.preset, str(self.model.name), length]
        n_changes = f"{count_of(len(changes), 'key')} changed"
        return Overview("Recipe", [*facts, n_changes] if changes else facts, notes=changes)

    def differences(self, other: Recipe) -> list[str]:
        """Lines "key.path: this value -> the other's", one for every key that differs; the name is not compared.

        Example:
            >>> Recipe().differences(Recipe(seed=7))
            ['seed: 0 -> 7']
        """
        old, new = (recipe.model_dump(mode="json", exclude={"preset"}) for recipe in (self, other))
        return list_differences(old, new)

    @property
    def is_solved(self) -> bool:
        """Whether its heads are solved in one go, and not trained in epochs."""
        return self.model.freeze == "backbone" and self.head.kind != "gradient"

    def __repr__(self) -> str:
        return str(self.overview())

    def _repr_html_(self) -> str:
        return self.overview().to_html()

    @model_validator(mode="after")
    def _check_schedule(self) -> Recipe:
        for problem in schedule_problems(self.schedule, epochs=self.training.epochs, lr=self.optimizer.lr):
            raise ValueError(problem)
        return self

    @model_validator(mode="after")
    def _check_augmentations(self) -> Recipe:
        large = None if self.image.stored_px == "auto" else explain_large_crop(self.augmentations, self.image.stored_px)
        if large is not None:
            raise ValueError(large)
        lacking = [item.kind for item in self.augmentations if item.kind in CPU_ONLY]
        if lacking and self.training.augment_on == "device":
            raise ValueError(
                f"augmentations: no device makes {' and '.join(lacking)}; use training.augment_on=cpu or auto"
            )
        return self

    @model_validator(mode="after")
    def _check_mixing(self) -> Recipe:
        for problem in mixing_problems(self.mixing, self.model, self.training):
            raise ValueError(problem)
        uneven = None if self.image.size_px == "auto" else explain_uneven_patches(self.mixing, self.image.size_px)
        if uneven is not None:
            raise ValueError(uneven)
        return self

    @model_validator(mode="after")
    def _check_soup(self) -> Recipe:
        problem = soup_problem(self.training)
        if problem is not None:
            raise ValueError(problem)
        return self

    @model_validator(mode="after")
    def _check_unfreezing(self) -> Recipe:
        after, epochs = self.model.unfreeze_after, self.training.epochs
        if after is not None and self.training.compile == "inductor":
            raise ValueError(
                "training.compile=inductor compiles a network whose frozen part stays, model.unfreeze_after changes it:"
                " use one of them"
            )
        if after is not None and after >= epochs:
            raise ValueError(
                f"model.unfreeze_after={after} leaves no epoch for the backbone, training.epochs={epochs}: choose "
                "fewer, or train the heads alone with model.freeze=backbone"
            )
        return self

    @model_validator(mode="after")
    def _check_head_start(self) -> Recipe:
        if self.model.ordinal == "cumulative" and self.model.head_start == "probe":
            raise ValueError(
                "model.head_start=probe solves linear heads, which have no thresholds: use it with"
                " model.ordinal=softmax, or model.head_start=random"
            )
        return self

    @model_validator(mode="after")
    def _check_regions(self) -> Recipe:
        if self.image.regions and self.model.arrangement != "separate":
            raise ValueError(
                f"image.regions gives heads regions of their own, and model.arrangement={self.model.arrangement} shows"
                " one image to all heads: use model.arrangement=separate, or image.region for all"
            )
        return self

    @model_validator(mode="after")
    def _check_borders(self) -> Recipe:
        soft = [name for name, spec in self.borders.items() if isinstance(spec, SoftBorders)]
        if soft and self.is_solved and self.head.kind == "nearest":
            raise ValueError(
                f"borders.{soft[0]}.kind=soft: head.kind=nearest learns no shares, only the most probable class of each"
                " image: use kind=moved or kind=dropped, or another head"
            )
        return self

    @model_validator(mode="after")
    def _check_cosines(self) -> Recipe:
        if self.model.has_cosines and self.model.head_start == "probe":
            raise ValueError(
                "model.head_start=probe solves linear heads, which have no class centres: use it with"
                " model.layer.kind=linear, or model.head_start=random"
            )
        return self

    @model_validator(mode="after")
    def _check_patches(self) -> Recipe:
        size = self.image.size_px
        problem = None if size == "auto" else find_patch_problem(self.model.name, size)
        if problem is not None:
            raise ValueError(problem)
        return self

    @model_validator(mode="after")
    def _check_frozen_backbone(self) -> Recipe:
        if self.model.freeze == "backbone":
            if self.augmentations:
                raise ValueError("a frozen backbone trains on cached features: use feature_views, not augmentations")
            missing = set(self.predict_views) - set(self.feature_views)
            if missing:
                raise ValueError(f"predict_views {sorted(missing)} are not among the cached feature_views")
        if len(set(self.predict_views)) != len(self.predict_views) or not self.predict_views:
            raise ValueError("predict_views: expected each view once, and at least one")
        if len(set(self.feature_views)) != len(self.feature_views) or not self.feature_views:
            raise ValueError("feature_views: expected each view once, and at least one")
        return self
