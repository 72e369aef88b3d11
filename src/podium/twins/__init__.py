"""Equal files and near-duplicates: from digests, perceptual hashes and thumbnails to pairs of images."""

from podium.twins.near_duplicates import NearDuplicates, find_near_duplicates, find_twins
from podium.twins.thumbnails import make_thumbnails
from podium.twins.union import join_pairs

__all__ = ["NearDuplicates", "find_near_duplicates", "find_twins", "join_pairs", "make_thumbnails"]
