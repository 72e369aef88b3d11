"""The network: backbone, weights, what is frozen, how heads share it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, PositiveFloat

from podium.recipe.layer_spec import LayerSpec, LinearLayer
from podium.recipe.part import Count, Fraction, Name, Part, Precision
from podium.tables import Head

__all__ = ["ModelSpec"]


Activation = Literal[
    "relu",
    "relu6",
    "leaky_relu",
    "elu",
    "celu",
    "selu",
    "gelu",
    "gelu_tanh",
    "quick_gelu",
    "silu",
    "mish",
    "hard_swish",
    "hard_mish",
]


class ModelSpec(Part):
    """The network."""

    name: Name = "tf_efficientnet_lite0"
    """A timm model's name, or "tiny"."""
    weights: Name = "auto"
    """"packaged" (from the extra `weights`), "pretrained" (timm's, from a hub or a local file), "random", the path of
    a weight file; "auto" is packaged where it exists, else pretrained. Never silently random."""
    freeze: Literal["none", "blocks", "backbone", "lora"] = "none"
    """What is not trained. A frozen backbone trains its heads on cached features. With lora, low-rank updates of the
    backbone's linear layers train beside the heads, and are merged into its weights at the end (Hu et al. 2021)."""
    frozen_blocks: Count = 3
    """Number of blocks that `freeze: blocks` freezes, counted from the image; the first convolution counts as one."""
    lora_rank: Count = 8
    """Rank of the updates of `freeze: lora`."""
    lora_alpha: PositiveFloat = 16.0
    """Scale of these updates, times their rank."""
    lora_dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Dropout of the inputs of these updates."""
    lora_norms: bool = False
    """Whether the backbone's norms train beside them."""
    unfreeze_after: Count | None = None
    """Epochs in which the heads train alone; then the blocks of the backbone join, but for frozen ones. null trains all
    from the start."""
    unfreeze_every: Count | None = None
    """Epochs from one block that joins to the next, from the heads down; null lets all join at once."""
    head_start: Literal["random", "probe"] = "random"
    """Where the heads start: near zero, or as linear heads that were solved on the frozen features of the training
    images, as `head.kind=auto` solves them (LP-FT, Kumar et al. 2022)."""
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
    act_layer: Activation | None = None
    """Activation in place of the network's own, by timm's name, in families that take one. Start weights were trained
    with their own: train the whole network. null keeps it."""
    arrangement: Literal["joint", "shared", "separate"] = "shared"
    """Several attributes: one composite head, one head each on a shared backbone, or one model each."""
    ordinal: Literal["softmax", "cumulative"] = "softmax"
    """Heads whose classes are in order: a softmax as for any classes, or cumulative probabilities between thresholds on
    one score (proportional odds, McCullagh 1980)."""
    pooling: Literal["own", "avg", "max", "avgmax", "gem"] = "own"
    """Pooling over the places of a convolutional network's last map in place of the network's own, which mostly is the
    mean: `avg`, `max`, the mean of both (`avgmax`), or `gem`, a generalised mean whose power starts at 3 and is learnt
    (Radenović et al. 2018)."""
    layer: LayerSpec = LinearLayer()
    """The last layer of heads with one class per image."""
    nearest: Count | Literal["prototypes"] | None = None
    """Answer by the training images in place of the trained heads, for heads with one class per image: the mean cosine,
    in the trained features, to so many nearest images of each class, or `prototypes`: the cosine to its mean direction.
    The heads alone are judged out of fold too, and the result says which is better. null answers by the heads."""
    layers: dict[str, LayerSpec] = Field(default_factory=dict)
    """A head's own layer in place of `layer`, by head name."""
    drop_rate: Fraction = 0.0
    """Dropout before the heads."""
    drop_path_rate: Fraction = 0.0
    """Stochastic depth in the backbone."""

    def layer_of(self, head: Head) -> LayerSpec:
        """The layer of a head; that of several labels, or of ordered classes, is no choice of this part."""
        return self.layers.get(head.name, self.layer) if head.kind == "single" else LinearLayer()

    @property
    def has_cosines(self) -> bool:
        """Whether the layer of any head may be one of cosines."""
        return any(not isinstance(layer, LinearLayer) for layer in (self.layer, *self.layers.values()))
