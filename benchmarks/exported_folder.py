"""F8: an exported model over folders of many images: peak memory and images per second by number of images.

    scripts/bench exported_folder [--n 5000 50000] [--quick]        (needs the extra export)

The tiny network at 32 px, so that reading, decoding and writing show and not the network. The images are hard links to
twenty JPEGs of 320 x 240; `podium predict DEPLOYED FOLDER --out answers.parquet` runs as a command, with ONNX Runtime.
Memory is the largest resident size of the command's own process (VmHWM, Linux); decode workers come beside it.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from side_by_side import Block, read_options, significant, table

MOST_GROWTH_B = 400
"""Bytes that an image may add to the peak: its name, its path and a row of a part."""
_WATCH = """
import re, sys
from pathlib import Path
from podium.cli import main
code = main(sys.argv[1:])
# getrusage would tell the peak of the process that this one was forked from, if that was larger.
print(int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]))
sys.exit(code)
"""


def make_model(folder: Path) -> Path:
    """An exported tiny network, and twenty photos beside it."""
    import numpy as np
    from PIL import Image

    import podium

    draw = np.random.default_rng(0)
    for number in range(20):
        label = folder / "photos" / f"c{number % 2}"
        label.mkdir(parents=True, exist_ok=True)
        coarse = Image.fromarray(draw.integers(0, 256, (12, 16, 3), dtype=np.uint8))
        coarse.resize((320, 240), Image.Resampling.BICUBIC).save(label / f"{number}.jpg", quality=90)
    changes = ["model.name=tiny", "model.weights=random", "image.size_px=32", "predict_views=[plain]"]
    settings = podium.Settings(runs=folder / "runs")
    run = podium.train(folder / "photos", overrides=changes, settings=settings, folds=podium.FoldOptions(folds=2))
    run.export(folder / "model")
    return folder / "model"


def ask(model: Path, photos: list[Path], n: int) -> tuple[float, float]:
    """Seconds, and MiB of the command's process, for a folder of n images."""
    with tempfile.TemporaryDirectory(dir=model.parent) as name:
        for number in range(n):
            place = Path(name) / "images" / f"{number // 1000:04}"
            if number % 1000 == 0:
                place.mkdir(parents=True)
            os.link(photos[number % len(photos)], place / f"{number:07}.jpg")
        out = Path(name) / "answers.parquet"
        words = ["predict", str(model), f"{name}/images", "--out", str(out), "--engine", "onnxruntime", "-q"]
        started = time.perf_counter()
        done = subprocess.run([sys.executable, "-c", _WATCH, *words], capture_output=True, text=True, check=True)
        return time.perf_counter() - started, int(done.stdout.split()[-1]) / 1024


def main() -> int:
    def add(parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--n", type=int, nargs="+", default=[5_000, 50_000])

    options = read_options(__doc__ or "", add=add)
    counts = [200, 400] if options.quick else options.n
    folder = Path(tempfile.mkdtemp(prefix="podium-folder-"))
    try:
        model = make_model(folder)
        photos = sorted((folder / "photos").rglob("*.jpg"))
        found = {n: ask(model, photos, n) for n in counts}
    finally:
        shutil.rmtree(folder)
    block = Block("F8", "An exported model over many images", options, ("onnxruntime", "pyarrow"))
    rows = [[f"{n:,}", significant(n / s), significant(s), significant(mib)] for n, (s, mib) in found.items()]
    block.say(*table(["images", "images a second, start included", "seconds", "peak MiB"], rows))
    first, last = min(found), max(found)
    growth = (found[last][1] - found[first][1]) * 2**20 / (last - first)
    block.judge("bytes that an image adds to the peak", growth, at_most=MOST_GROWTH_B)
    return block.finish()


if __name__ == "__main__":
    raise SystemExit(main())
