"""What it costs to compare a cache with its checksums: share of the CPU seconds of a start, imports included.

    .venv/bin/python benchmarks/verified_start.py [--images 10000] [--size 128] [--rounds 5]

Draws noise images of ten classes and trains a first recipe, whose decoded images and features stay in the cache. Then
processes start a second recipe, once on the folder of images and once on the prepared data, and stop where the first
training would begin. Each tells the CPU seconds of all it did, and those spent on looking at the files' stamps, on the
pixels' checksums and on the features'. The goal is at most 3 % for the checksums of a start on the folder.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

STARTED = """
import json, os, sys, time
from pathlib import Path
import podium
from podium.backbone.kept_features import KeptFeatures
from podium.data import cache_builder
from podium.training import fitting
spent = {}
def timed(name, function):
    def call(*args, **options):
        began = time.process_time()
        try:
            return function(*args, **options)
        finally:
            spent[name] = spent.get(name, 0.0) + time.process_time() - began
    return call
cache_builder.read_stamps = timed("stamps", cache_builder.read_stamps)
cache_builder.is_sound = timed("pixels", cache_builder.is_sound)
import podium.dataset.run_images as run_images
run_images.is_sound = timed("pixels", run_images.is_sound)
KeptFeatures.is_whole = timed("features", KeptFeatures.is_whole)
def first_training(*args, **options):
    print(json.dumps({"all": time.process_time(), **spent}), flush=True)
    os._exit(0)
fitting.fit = first_training
source, runs, lr, size = sys.argv[1:]
lines = ["head.kind=gradient", f"optimizer.lr={lr}", f"image.size_px={size}", f"image.stored_px={size}"]
podium.train(source, overrides=lines, settings=podium.Settings(runs=Path(runs), device="cpu"))
"""


def draw(folder: Path, n: int, size_px: int) -> None:
    """JPEGs in ten classes; what is in them does not matter here."""
    rng = np.random.default_rng(0)
    for number in range(n):
        place = folder / f"class{number % 10}"
        place.mkdir(parents=True, exist_ok=True)
        coarse = Image.fromarray(rng.integers(0, 256, (8, 8, 3), dtype=np.uint8))
        coarse.resize((size_px, size_px)).save(place / f"{number:06d}.jpg")


def start(source: Path, runs: Path, lr: float, size_px: int) -> dict[str, float]:
    """CPU seconds up to the first training, in a process of its own."""
    command = [sys.executable, "-c", STARTED, str(source), str(runs), str(lr), str(size_px)]
    out = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    seconds: dict[str, float] = json.loads(out.splitlines()[-1])
    return seconds


def main() -> None:
    """Draw, train once, then measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=10_000)
    parser.add_argument("--size", type=int, default=128, help="side of the stored images in pixels")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        images, runs = Path(home, "images"), Path(home, "runs")
        draw(images, options.images, options.size)
        start(images, runs, 0.001, options.size)
        prepared = next(runs.glob("*/run.json")).parent
        for name, source in (("the folder", images), ("prepared data", prepared)):
            rounds = [start(source, runs, 0.002 + 0.0001 * i, options.size) for i in range(options.rounds)]
            report(name, options.images, options.size, rounds)


def report(name: str, n: int, size_px: int, rounds: list[dict[str, float]]) -> None:
    """Print medians, and the share of the checksums."""
    seconds = {part: statistics.median(found.get(part, 0.0) for found in rounds) for part in sorted(rounds[0])}
    shares = [100 * (found.get("pixels", 0.0) + found.get("features", 0.0)) / found["all"] for found in rounds]
    told = ", ".join(f"{part} {value:.2f}" for part, value in seconds.items())
    print(f"start on {name}, {n:,} images of {size_px} px, CPU s (median of {len(rounds)}): {told}")
    print(f"  checksums: {statistics.median(shares):.1f} % ({min(shares):.1f} to {max(shares):.1f}) of the start")


if __name__ == "__main__":
    main()
