"""The recipe: everything that changes the numbers of a run and nothing that does not.

A tree of frozen, typed models; alternatives carry a `kind`. A YAML file, `key.path=value` overrides and presets all
speak it. It holds data only: no value of it names code. Paths, workers and devices live beside it.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    NonNegativeFloat,
    PositiveFloat,
    model_validator,
)

from podium.data import Augmentation, View
from podium.images import Limits, height_and_width
from podium.overview import Overview, count_of
from podium.recipe.image_size import LEAST_SIDE_PX, MOST_SIDE_PX, read_size
from podium.recipe.value_range import read_value_range
from podium.store import list_differences

__all__ = [
    "AsymmetricSpec",
    "BinaryCrossEntropySpec",
    "Constant",
    "Cosine",
    "CrossEntropySpec",
    "FocalSpec",
    "ImageSpec",
    "LossSpec",
    "ModelSpec",
    "OneCycle",
    "OptimizerSpec",
    "Recipe",
    "ScheduleSpec",
    "StepDecay",
    "TrainingSpec",
]

Precision = Literal["fp32", "bf16", "fp16"]
Count = Annotated[int, Field(gt=0, le=10**9)]
Name = Annotated[str, Field(min_length=1)]
Fraction = Annotated[float, Field(ge=0, le=1)]
Pixels = Annotated[int, Field(ge=LEAST_SIDE_PX, le=MOST_SIDE_PX)]
Sides = Annotated[tuple[Pixels, Pixels], Field(description="[height, width]")]
Values = Annotated[
    Annotated[tuple[float, float], Field(description="[low, high]")] | Literal["full"],
    BeforeValidator(read_value_range),
]
ImageSize = Annotated[Pixels | Sides | Literal["auto"], BeforeValidator(read_size)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class ImageSpec(_Part):
    """How an image becomes a tensor."""

    size_px: ImageSize = "auto"
    """Size of the images the model sees: the side of a square, or [height, width]. auto takes a square whose side
    follows the images, 128 to 224."""
    stored_px: ImageSize = "auto"
    """Size of the images in the cache; auto is 1.15 times `size_px` where augmentation crops, else `size_px`."""
    fit: Literal["stretch", "crop", "pad"] = "stretch"
    """How an image of another aspect ratio fits that size: stretch keeps everything, crop its centre, pad its
    shape."""
    value_range: Values = "full"
    """Values of images of more than 8 bits (16-bit, 12-bit, float) that become black and white: [low, high], the same
    for all images, such as [0, 4095] for 12-bit values in 16-bit files; full is the range that the format declares.
    Images of 8 bits stay as they are."""

    @property
    def limits(self) -> Limits:
        """How files are decoded."""
        return Limits(value_range=None if self.value_range == "full" else self.value_range)

    @property
    def sides(self) -> tuple[int, int]:
        """Height and width of the images the model sees."""
        assert self.size_px != "auto", "the recipe is not resolved: image.size_px is 'auto'"
        return height_and_width(self.size_px)

    @property
    def stored_sides(self) -> tuple[int, int]:
        """Height and width of the images in the cache."""
        assert self.stored_px != "auto", "the recipe is not resolved: image.stored_px is 'auto'"
        return height_and_width(self.stored_px)


class ModelSpec(_Part):
    """The network."""

    name: Name = "tf_efficientnet_lite0"
    """A timm model's name, or "tiny"."""
    weights: Name = "auto"
    """"packaged" (from the extra `weights`), "pretrained" (timm's, from a hub or a local file), "random", the path of
    a weight file; "auto" is packaged where it exists, else pretrained. Never silently random."""
    freeze: Literal["none", "blocks", "backbone"] = "none"
    """What is not trained; a frozen backbone trains its heads on cached features."""
    frozen_blocks: Count = 3
    """Number of blocks that `freeze: blocks` freezes, counted from the image; the first convolution counts as one."""
    cached_views: Annotated[int, Field(ge=0, le=10**9)] | Literal["auto"] = "auto"
    """Augmented views of every image that pass through the frozen blocks once and are cached for all folds; epoch e
    trains on view e modulo this number. 0 runs the frozen blocks again for every batch. auto is one view per epoch, at
    most 16, if they fit in 16 GiB and the network can be split after its frozen blocks; else 0."""
    frozen_precision: Precision | Literal["auto"] = "auto"
    """Precision of a frozen backbone's cached features and of the frozen blocks' augmented views; auto: autotune takes
    the fastest that agrees with fp32. The views that evaluate a model use the precision it is trained in."""
    frozen_engine: Literal["auto", "torch", "openvino"] = "auto"
    """What runs that forward pass: torch layer by layer, or a graph that OpenVINO compiled for the CPU (the extra
    `openvino`); auto: autotune takes the faster one."""
    arrangement: Literal["joint", "shared", "separate"] = "shared"
    """Several attributes: one composite head, one head each on a shared backbone, or one model each."""
    drop_rate: Fraction = 0.0
    """Dropout before the heads."""
    drop_path_rate: Fraction = 0.0
    """Stochastic depth in the backbone."""


class CrossEntropySpec(_Part):
    """Cross entropy."""

    kind: Literal["cross_entropy"] = "cross_entropy"
    label_smoothing: Fraction = 0.0
    class_weights: Literal["none", "balanced"] = "none"


class FocalSpec(_Part):
    """Focal loss (Lin et al. 2017); gamma 0 is cross entropy."""

    kind: Literal["focal"] = "focal"
    gamma: NonNegativeFloat = 2.0
    class_weights: Literal["none", "balanced"] = "none"


class BinaryCrossEntropySpec(_Part):
    """Cross entropy of every label by itself, for multi-label heads."""

    kind: Literal["binary_cross_entropy"] = "binary_cross_entropy"
    label_smoothing: Fraction = 0.0
    positive_weights: Literal["none", "balanced"] = "none"


class AsymmetricSpec(_Part):
    """Asymmetric loss (Ridnik et al. 2021), for multi-label heads with few positives."""

    kind: Literal["asymmetric"] = "asymmetric"
    gamma_negative: NonNegativeFloat = 4.0
    gamma_positive: NonNegativeFloat = 1.0
    clip: Fraction = 0.05


SingleLoss = Annotated[CrossEntropySpec | FocalSpec, Field(discriminator="kind")]
MultiLoss = Annotated[BinaryCrossEntropySpec | AsymmetricSpec, Field(discriminator="kind")]


class LossSpec(_Part):
    """The loss of each kind of head, and the weight of each head."""

    single: SingleLoss = CrossEntropySpec()
    multi: MultiLoss = BinaryCrossEntropySpec()
    head_weights: dict[str, PositiveFloat] = Field(default_factory=dict)
    """Weight of a head's loss, by head name (default: 1)."""


class OptimizerSpec(_Part):
    """The optimizer: any that timm knows."""

    name: Name = "adamw"
    lr: PositiveFloat = 1e-3
    """Highest learning rate."""
    weight_decay: NonNegativeFloat = 0.05
    momentum: Fraction | None = None
    """Momentum of SGD and similar optimizers, where null means 0.9; refused for an optimizer that has none."""
    head_lr_factor: PositiveFloat = 1.0
    """Learning rate of the heads, as a multiple of the backbone's."""
    layer_decay: Annotated[float, Field(gt=0, le=1)] = 1.0
    """Factor on the learning rate from each layer to the layer before it."""


class OneCycle(_Part):
    """The learning rate rises to its highest and falls again, both as a cosine (Smith and Topin 2018)."""

    kind: Literal["one_cycle"] = "one_cycle"
    warmup_fraction: Fraction = 0.25
    start_factor: PositiveFloat = 0.04
    end_factor: NonNegativeFloat = 1e-4


class Cosine(_Part):
    """The learning rate falls as a half cosine after a linear warm-up."""

    kind: Literal["cosine"] = "cosine"
    warmup_fraction: Fraction = 0.05
    end_factor: NonNegativeFloat = 0.0


class StepDecay(_Part):
    """The learning rate is multiplied by `factor` every `every_epochs` epochs."""

    kind: Literal["step_decay"] = "step_decay"
    every_epochs: Count = 3
    factor: PositiveFloat = 0.2


class Constant(_Part):
    """The learning rate stays the same."""

    kind: Literal["constant"] = "constant"


ScheduleSpec = Annotated[OneCycle | Cosine | StepDecay | Constant, Field(discriminator="kind")]


class TrainingSpec(_Part):
    """Epochs, batches, precision, early stopping."""

    epochs: Count = 10
    batch_size: Count = 32
    """Samples per optimizer step, even if they do not fit into memory at once."""
    micro_batch: Count | None = None
    """Samples per forward pass (gradient accumulation); gradients add up to the whole batch. null takes the whole
    batch, and halves it when memory runs out. Batch norm sees one piece at a time."""
    clip_norm: PositiveFloat | None = None
    ema_decay: Annotated[float, Field(gt=0, lt=1)] | None = None
    """Decay of the moving average of the weights (EMA); null uses the weights themselves."""
    precision: Precision | Literal["auto"] = "auto"
    """Precision of the forward pass; auto: autotune takes the fastest, and fp32 under a frozen backbone."""
    layout: Literal["auto", "channels_last", "contiguous"] = "auto"
    """Order of weights and activations in memory; auto: autotune takes the fastest."""
    augment_on: Literal["auto", "cpu", "device"] = "auto"
    """Where the images of a batch are made: on the CPU, or on the device that trains, from images that are kept
    there if they fit. The images differ by rounding. auto: autotune takes the faster one on an NVIDIA GPU,
    and the CPU elsewhere."""
    select: Literal["auto", "last", "best"] = "auto"
    """Weights that predict: those of the last epoch, or of the best one by the validation score; auto is best with
    `patience`, else last. "best" chooses on the validation samples, so the out-of-fold score is a little too good; the
    report says so."""
    patience: Count | None = None
    """Early stopping: end after this many epochs without a better validation score, and predict with the best epoch;
    null never stops early."""


class Recipe(_Part):
    """Everything that changes the numbers of a run."""

    preset: Name = "custom"
    """Name of the preset that the recipe started from; for people only."""
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0
    image: ImageSpec = ImageSpec()
    model: ModelSpec = ModelSpec()
    loss: LossSpec = LossSpec()
    augmentations: tuple[Annotated[Augmentation, Field(discriminator="kind")], ...] = ()
    """Augmentations of every training image, in this order."""
    optimizer: OptimizerSpec = OptimizerSpec()
    schedule: ScheduleSpec = OneCycle()
    training: TrainingSpec = TrainingSpec()
    feature_views: tuple[View, ...] = ("plain",)
    """Views of every image whose features are cached for a frozen backbone; training picks one at a time."""
    predict_views: tuple[View, ...] = ("plain",)
    """Views whose probabilities are averaged at prediction (test-time augmentation)."""
    metric: Name | None = None
    """Primary metric; null is macro F1, or macro average precision for multi-label."""

    def overview(self) -> Overview:
        """What it trains, and every key that differs from the preset's."""
        from podium.recipe.presets import PRESETS

        start = PRESETS[self.preset]() if self.preset in PRESETS else Recipe()
        changes = list_differences(start.model_dump(mode="json"), self.model_dump(mode="json"))
        facts = [self.preset, str(self.model.name), count_of(self.training.epochs, "epoch")]
        n_changes = f"{count_of(len(changes), 'key')} changed"
        return Overview("Recipe", [*facts, n_changes] if changes else facts, notes=changes)

    def __repr__(self) -> str:
        return str(self.overview())

    def _repr_html_(self) -> str:
        return self.overview().to_html()

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
