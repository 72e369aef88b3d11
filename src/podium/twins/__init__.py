"""Equal files and near-duplicates: from digests, perceptual hashes and thumbnails to pairs of images."""

from podium.twins.near_duplicates import NearDuplicates, chain_equal_files, find_near_duplicates
from podium.twins.thumbnails import make_thumbnails
from podium.twins.union import join_pairs

__all__ = ["NearDuplicates", "chain_equal_files", "find_near_duplicates", "join_pairs", "make_thumbnails"]
