"""How long near-duplicates and mirror images are looked for among 1,000 to 100,000 images, and with how much memory.

    python benchmarks/many_twins.py [--sizes 1000 10000 50000 100000]

Made images (smooth noise of 64 x 64 px) with 1 % of them saved again, brighter, and 0.5 % mirrored. Decoding is not
measured: hashes are computed with it, and thumbnails lie in the cache. Prints a Markdown line for each size, each
measured in a process of its own: CPU seconds of all, and how much the peak of memory grew over hashes and thumbnails.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import time

import numpy as np
from numpy.typing import NDArray

SIDE = 64


def make_images(n: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Smooth noise, uint8 (n, SIDE, SIDE, 3)."""
    import cv2

    coarse = rng.integers(0, 256, (n, 8, 8, 3), dtype=np.uint8)
    return np.stack([cv2.resize(image, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC) for image in coarse])


def measure(n: int) -> str:
    from podium.images.phash import compute_phash
    from podium.twins import find_mirrored_pairs, find_near_duplicates, make_thumbnails

    rng = np.random.default_rng(0)
    n_near, n_mirrored = n // 100, n // 200
    n_own = n - n_near - n_mirrored
    hashes, thumbnails, first = [], [], None
    for start in range(0, n_own, 5000):
        images = make_images(min(5000, n_own - start), rng)
        first = images if first is None else first
        hashes += [compute_phash(image) for image in images]
        thumbnails.append(make_thumbnails(images))
    assert first is not None
    again = np.clip(first[:n_near] * 1.1, 0, 255).astype(np.uint8)
    again = np.concatenate([again, first[n_near : n_near + n_mirrored, :, ::-1]])
    hashes += [compute_phash(np.ascontiguousarray(image)) for image in again]
    thumbnails.append(make_thumbnails(again))
    phash, small = np.array(hashes, dtype=np.uint64), np.concatenate(thumbnails)
    digests = [str(row) for row in range(n)]
    before, started = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    near = find_near_duplicates(phash, sha256=digests, thumbnails=small)
    seconds = time.process_time() - started
    mirrored = find_mirrored_pairs(phash, thumbnails=small, known=near.pairs, sha256=digests)
    both = time.process_time() - started
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    found, turned = f"{len(near.pairs)} of {n_near}", f"{len(mirrored)} of {n_mirrored}"
    return f"| {n:,} | {seconds:.1f} | {both - seconds:.1f} | {found} | {turned} | {grown:.0f} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 10_000, 50_000, 100_000])
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(measure(options.one))
        return
    print("| images | near-duplicates, CPU s | mirrored, CPU s | pairs found | mirrored found | MiB more |")
    print("|---|---|---|---|---|---|")
    for n in options.sizes:
        print(subprocess.check_output([sys.executable, __file__, "--one", str(n)], text=True).strip(), flush=True)


if __name__ == "__main__":
    main()
