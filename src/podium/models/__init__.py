"""Networks: any timm backbone, one linear layer a head, freezing, averaging of weights."""

from podium.machine.weight_packages import PACKAGED, PackagedWeights, weights_folder
from podium.models.backbone import Backbone
from podium.models.build_backbone import build_backbone
from podium.models.classifier import Classifier
from podium.models.cosine_layer import CosineLayer
from podium.models.count_parameters import count_parameters
from podium.models.cumulative_link import CumulativeLink
from podium.models.depths import DepthReader, depth_sections, read_depths
from podium.models.ema import Ema, ema_decay
from podium.models.freeze import freeze, freeze_backbone, freeze_blocks, unfreeze
from podium.models.fuse import fuse
from podium.models.gem import Gem
from podium.models.greedy_soup import GreedySoup, choose_members
from podium.models.heads import LinearHeads
from podium.models.lora import LoraLinear, add_lora, merge_lora, remove_lora
from podium.models.parameter_groups import parameter_groups
from podium.models.soup import Soup
from podium.models.staged_unfreezing import StagedUnfreezing
from podium.models.tiny import TinyBackbone

__all__ = [
    "PACKAGED",
    "Backbone",
    "Classifier",
    "CosineLayer",
    "CumulativeLink",
    "DepthReader",
    "Ema",
    "Gem",
    "GreedySoup",
    "LinearHeads",
    "LoraLinear",
    "PackagedWeights",
    "Soup",
    "StagedUnfreezing",
    "TinyBackbone",
    "add_lora",
    "build_backbone",
    "choose_members",
    "count_parameters",
    "depth_sections",
    "ema_decay",
    "freeze",
    "freeze_backbone",
    "freeze_blocks",
    "fuse",
    "merge_lora",
    "parameter_groups",
    "read_depths",
    "remove_lora",
    "unfreeze",
    "weights_folder",
]
