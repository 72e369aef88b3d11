"""Networks: any timm trunk, one linear layer a head, freezing, averaging of weights."""

from podium.models.build_trunk import build_trunk
from podium.models.classifier import Classifier
from podium.models.heads import LinearHeads
from podium.models.packaged_weights import PACKAGED
from podium.models.tiny import TinyTrunk
from podium.models.trunk import Trunk

__all__ = ["PACKAGED", "Classifier", "LinearHeads", "TinyTrunk", "Trunk", "build_trunk"]
