"""Networks: any timm trunk, one linear layer a head, freezing, averaging of weights."""

from podium.models.build_trunk import build_trunk
from podium.models.classifier import Classifier
from podium.models.ema import Ema, ema_decay
from podium.models.freeze import count_parameters, freeze, freeze_stem, freeze_trunk, unfreeze
from podium.models.heads import LinearHeads
from podium.models.hub import weights_folder
from podium.models.packaged_weights import PACKAGED, PackagedWeights
from podium.models.parameter_groups import parameter_groups
from podium.models.stem import StemCut, as_traceable, find_cut
from podium.models.tiny import TinyTrunk
from podium.models.trunk import Trunk

__all__ = [
    "PACKAGED",
    "Classifier",
    "Ema",
    "LinearHeads",
    "PackagedWeights",
    "StemCut",
    "TinyTrunk",
    "Trunk",
    "as_traceable",
    "build_trunk",
    "count_parameters",
    "ema_decay",
    "find_cut",
    "freeze",
    "freeze_stem",
    "freeze_trunk",
    "parameter_groups",
    "unfreeze",
    "weights_folder",
]
