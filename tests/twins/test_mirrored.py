"""A photo and its mirror image, told from everything else."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter

from podium.images.phash import compute_phash
from podium.twins import find_mirrored_pairs, find_near_duplicates, make_thumbnails


def test_mirror_images_are_found_and_nothing_else() -> None:
    rng = np.random.default_rng(0)
    photos = [gaussian_filter(rng.normal(128, 900, (96, 96, 3)), (6, 6, 0)).clip(0, 255) for _ in range(30)]
    even = photos[4] + photos[4][:, ::-1]  # its own mirror image
    photos += [photos[3][:, ::-1], photos[7], even / 2, np.roll(even / 2, 1, axis=0)]
    pixels = np.stack(photos).astype(np.uint8)
    phash = np.array([compute_phash(image) for image in pixels], dtype=np.uint64)
    thumbnails, sha256 = make_thumbnails(pixels), [f"{row}" for row in range(len(pixels))]
    near = find_near_duplicates(phash, thumbnails=thumbnails)
    assert [7, 31] in near.pairs.tolist()
    found = find_mirrored_pairs(phash, thumbnails=thumbnails, known=near.pairs, sha256=sha256)
    assert found.tolist() == [[3, 30]]
    assert not len(find_mirrored_pairs(phash, thumbnails=thumbnails, known=near.pairs, sha256=["same"] * len(phash)))
