"""What each augmentation and policy costs: .venv/bin/python benchmarks/augmentation_cost.py

One thread, 258 px stored, 224 px made, every image changed, user CPU seconds, the best of five.
"""

from __future__ import annotations

import resource
import sys
from collections.abc import Sequence
from dataclasses import fields
from typing import get_args

import cv2
import numpy as np

from podium.data import Augmentation, ColorJitter, augment_batch, sample_keys
from podium.recipe.augmentation_policies import POLICIES

N, EPOCHS, ROUNDS = 64, 3, 5
KEYS, ROWS = sample_keys(map(str, range(N))), np.arange(N)


def make_stored() -> np.ndarray:
    coarse = np.random.default_rng(0).uniform(0, 255, (N, 4, 5, 3)).astype(np.float32)
    large = [cv2.resize(image, (258, 258), interpolation=cv2.INTER_CUBIC).clip(0, 255) for image in coarse]
    return np.stack(large).astype(np.uint8)


def cost_ms(stored: np.ndarray, how: Sequence[Augmentation]) -> float:
    """Milliseconds of user CPU an image."""
    out, best = np.empty((N, 224, 224, 3), np.uint8), float("inf")
    for _ in range(ROUNDS):
        start = resource.getrusage(resource.RUSAGE_SELF).ru_utime
        for epoch in range(EPOCHS):
            augment_batch(stored, ROWS, KEYS, how, seed=0, epoch=epoch, out=out)
        best = min(best, resource.getrusage(resource.RUSAGE_SELF).ru_utime - start)
    return 1000 * best / (N * EPOCHS)


def main() -> None:
    cv2.setNumThreads(1)
    stored = make_stored()
    plain = cost_ms(stored, [])
    always = [
        make(probability=1.0) if any(item.name == "probability" for item in fields(make)) else make()
        for make in get_args(Augmentation)
    ]
    for item in (*always, ColorJitter(hue=0.1)):
        sys.stdout.write(f"{item.kind:24} {cost_ms(stored, [item]) - plain:+.2f} ms\n")
    for name, policy in POLICIES.items():
        cost = cost_ms(stored, policy())
        sys.stdout.write(f"policy {name:17} {cost:.2f} ms {1000 / cost:.0f} images/s\n")


if __name__ == "__main__":
    main()
