"""From digests, hashes and thumbnails to pairs of equal files and near-duplicates; from features to look-alikes."""

from podium.twins.crossing import crossing_share
from podium.twins.feature_clusters import FeatureClusters, find_clusters, silhouettes_of
from podium.twins.feature_space import find_nearest, make_directions
from podium.twins.group_evidence import GroupEvidence, weigh_groups
from podium.twins.mirrored import find_mirrored_pairs
from podium.twins.near_duplicates import NearDuplicates, chain_equal_files, find_near_duplicates
from podium.twins.thumbnails import make_thumbnails
from podium.twins.union import join_pairs

__all__ = [
    "FeatureClusters",
    "GroupEvidence",
    "NearDuplicates",
    "chain_equal_files",
    "crossing_share",
    "find_clusters",
    "find_mirrored_pairs",
    "find_near_duplicates",
    "find_nearest",
    "join_pairs",
    "make_directions",
    "make_thumbnails",
    "silhouettes_of",
    "weigh_groups",
]
