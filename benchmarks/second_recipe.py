"""How soon a second recipe starts to train on prepared data: CPU and wall seconds up to the first step, imports aside.

    .venv/bin/python benchmarks/second_recipe.py [--images 10000] [--rounds 5]

Draws noise images of ten classes, prepares them as `podium split` does, and trains a first recipe, whose features stay
in the cache. Then processes take turns: one starts another recipe on the prepared data, one on the folder of images.
Each stops where its first training would begin. The goal is two seconds at 10,000 images.
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
import torch, timm, torchvision, pandas, pyarrow.parquet, sklearn, scipy.stats, pydantic, cv2
import podium, podium.crossval.start_run
from podium.training import fitting
wall, cpu = time.perf_counter(), time.process_time()
def first_training(*args, **options):
    print(json.dumps({"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}), flush=True)
    os._exit(0)
fitting.fit = first_training
source, runs, lr = sys.argv[1:]
lines = ["head.kind=gradient", f"optimizer.lr={lr}"]
podium.train(source, overrides=lines, settings=podium.Settings(runs=podium_path(runs), device="cpu"))
""".replace("podium_path(runs)", "__import__('pathlib').Path(runs)")


def draw(folder: Path, n: int) -> None:
    """JPEGs of 48 px in ten classes."""
    rng = np.random.default_rng(0)
    for number in range(n):
        place = folder / f"class{number % 10}"
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 256, (48, 48, 3), dtype=np.uint8)).save(place / f"{number:06d}.jpg")


def start(source: Path, runs: Path, lr: float) -> dict[str, float]:
    """Seconds from the imports to the first training, in a process of its own."""
    command = [sys.executable, "-c", STARTED, str(source), str(runs), str(lr)]
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    seconds: dict[str, float] = json.loads(out.splitlines()[-1])
    return seconds


def main() -> None:
    """Prepare, train once, then measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        images, data, runs = Path(folder) / "images", Path(folder) / "data", Path(folder) / "runs"
        draw(images, options.images)
        podium = [sys.executable, "-m", "podium"]
        subprocess.run([*podium, "split", images, "--out", data, "--runs", runs, "-q"], check=True, capture_output=True)
        first = [
            *podium,
            "train",
            data,
            "--runs",
            runs,
            "-q",
            "--only-folds",
            "0",
            "--set",
            "head.kind=gradient",
            "training.epochs=1",
        ]
        subprocess.run(first, check=True, capture_output=True)
        rounds = [[start(source, runs, 1e-3 + k * 1e-5) for source in (data, images)] for k in range(options.rounds)]
    for name, seconds in zip(("prepared data", "folder of images"), zip(*rounds, strict=True), strict=True):
        medians = {kind: statistics.median(one[kind] for one in seconds) for kind in ("wall", "cpu")}
        print(f"{name:<18} {medians['wall']:6.2f} s wall, {medians['cpu']:6.2f} s CPU (median of {len(seconds)})")


if __name__ == "__main__":
    main()
