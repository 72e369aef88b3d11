"""Networks: any timm trunk, one linear layer a head, freezing, averaging of weights."""

from podium.models.backbone import Trunk
from podium.models.build_backbone import build_trunk
from podium.models.classifier import Classifier
from podium.models.ema import Ema, ema_decay
from podium.models.freeze import count_parameters, freeze, freeze_stem, freeze_trunk, unfreeze
from podium.models.heads import LinearHeads
from podium.models.hub import weights_folder
from podium.models.packaged_weights import PACKAGED, PackagedWeights
from podium.models.parameter_groups import parameter_groups
from podium.models.tiny import TinyTrunk

__all__ = [
    "PACKAGED",
    "Classifier",
    "Ema",
    "LinearHeads",
    "PackagedWeights",
    "TinyTrunk",
    "Trunk",
    "build_trunk",
    "count_parameters",
    "ema_decay",
    "freeze",
    "freeze_stem",
    "freeze_trunk",
    "parameter_groups",
    "unfreeze",
    "weights_folder",
]
