"""F2: what it costs to decode every image once into the cache, beside one epoch of the usual torchvision loader.

    scripts/bench cache_build [--pairs 5] [--quick] [--many 50000]

Both decode the same files with as many worker processes as there are cores. torchvision: `ImageFolder`'s PIL loader,
RandomResizedCrop(224), flip, ToTensor, Normalize, through a DataLoader with batches of 32. Podium: `build_cache` to
256 x 256 in worker processes with all that belongs to it: SHA-256, perceptual hash, facts, checksums, pixels and
journal forced to the disk. CPU seconds count all processes, also their start.

`--many N` instead makes N PNGs of 256 x 256 px in a temporary folder (no two alike), builds their
cache, opens it a second time, and prints seconds and peak resident memory, each in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from side_by_side import (
    SHARED,
    WORK,
    Block,
    Prepare,
    Run,
    cpu_seconds,
    fresh_folder,
    ratio,
    read_options,
    rivals,
    serve,
    significant,
    spread,
    table,
    take_turns,
    values,
)

STORED, SIDE, BATCH = 256, 224, 32
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
# Mean difference, of 255, between a cached image and Pillow's antialiased bilinear of the whole decode.
TOLERANCE = 1.0
HEIGHT, WIDTH = 384, 512
SETS = ("photos", "products", "jpeg")
TITLES = {
    "photos": "ImageNet samples as they are, about 250 x 330 px",
    "products": "product photos, 112 x 150 px",
    "jpeg": f"JPEG of {HEIGHT} x {WIDTH} px, quality 90",
}


# ------------------------------------------------------------------------------------------------------------ the files


def files_of(name: str, quick: bool) -> list[Path]:
    """The files of a set; none where its shared data are absent."""
    n = 100 if quick else 3000
    if name == "jpeg":
        return jpegs(100 if quick else 1000)
    folder = SHARED / {"photos": "imagenet_samples_1000", "products": "fashion_products"}[name] / "images"
    return sorted(folder.glob("*.jpg"))[:n]


def jpegs(n: int) -> list[Path]:
    """Photos (noise where there are none) cut to one size, made once."""
    from PIL import Image, ImageFilter, ImageOps

    folder = WORK / f"cache-jpeg-{HEIGHT}x{WIDTH}-{n}"
    mark = folder.parent / f"{folder.name}.done"
    if not mark.exists():
        folder.mkdir(parents=True, exist_ok=True)
        photos = sorted((SHARED / "imagenet_samples_1000" / "images").glob("*.jpg"))
        for i in range(n):
            if photos:
                image = ImageOps.fit(Image.open(photos[i % len(photos)]).convert("RGB"), (WIDTH, HEIGHT))
            else:
                noise = np.random.default_rng(i).integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)
                image = Image.fromarray(noise).filter(ImageFilter.GaussianBlur(3))
            image.save(folder / f"{i:05d}.jpg", quality=90)
        mark.touch()
    return sorted(folder.glob("*.jpg"))


# ------------------------------------------------------------------------------------------------------ the contestants


def podium(name: str, options: argparse.Namespace) -> Run:
    from podium.data import build_cache
    from podium.tables import Samples, as_text_array

    files = files_of(name, options.quick)
    names = as_text_array([file.name for file in files])
    samples = Samples(files[0].parent, names, names)
    folder = fresh_folder(f"cache-{name}")

    def run() -> Mapping[str, Any]:
        shutil.rmtree(folder)
        cpu, wall = cpu_seconds(), time.perf_counter()
        cache = build_cache(samples, folder, height=STORED, width=STORED)
        cpu, wall = cpu_seconds() - cpu, time.perf_counter() - wall
        mean, most = difference(cache.pixels, files)
        return rates(len(files), cpu, wall) | {"n": int(cache.is_usable.sum()), "mean": mean, "max": most}

    return run


def rates(n: int, cpu: float, wall: float) -> dict[str, float]:
    return {"per_cpu_second": n / cpu, "per_second": n / wall}


def difference(pixels: np.ndarray, files: Sequence[Path]) -> tuple[float, int]:
    """Mean and largest difference of stored images to Pillow's antialiased bilinear, over at most 100 of them."""
    from PIL import Image

    means, most = [], 0
    for row in range(0, len(files), max(1, len(files) // 100)):
        with Image.open(files[row]) as image:
            expected = image.convert("RGB").resize((STORED, STORED), Image.Resampling.BILINEAR)
        apart = np.abs(pixels[row].astype(np.int16) - np.asarray(expected))
        means.append(float(apart.mean()))
        most = max(most, int(apart.max()))
    return float(np.mean(means)), most


class Files:
    """What `torchvision.datasets.ImageFolder` does for each item, without its folders of classes."""

    def __init__(self, files: Sequence[Path], transform: Any) -> None:
        self.files, self.transform = files, transform

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, index: int) -> tuple[Any, int]:
        from torchvision.datasets.folder import pil_loader

        return self.transform(pil_loader(self.files[index])), 0


def torchvision(name: str, options: argparse.Namespace) -> Run:
    import torch
    from torch.utils.data import DataLoader
    from torchvision import transforms as t

    torch.set_num_threads(1)
    files = files_of(name, options.quick)
    steps = [t.RandomResizedCrop(SIDE), t.RandomHorizontalFlip(), t.ToTensor(), t.Normalize(MEAN, STD)]
    loader: Any = DataLoader(
        Files(files, t.Compose(steps)),  # type: ignore[arg-type]
        batch_size=BATCH,
        shuffle=True,
        num_workers=len(os.sched_getaffinity(0)),
    )

    def run() -> Mapping[str, Any]:
        cpu, wall = cpu_seconds(), time.perf_counter()
        n = sum(len(images) for images, _ in loader)
        cpu, wall = cpu_seconds() - cpu, time.perf_counter() - wall
        return rates(len(files), cpu, wall) | {"n": n}

    return run


CONTESTANTS: dict[str, Prepare] = {
    f"{who} {name}": partial(how, name)
    for name in SETS
    for who, how in (("podium", podium), ("torchvision", torchvision))
}


def compare(options: argparse.Namespace) -> int:
    block = Block(
        "F2", "building the cache", options, ["podium", "torch", "torchvision", "pillow", "opencv-python-headless"]
    )
    block.setting = f"{len(os.sched_getaffinity(0))} worker processes each; stored size {STORED} x {STORED}."
    for name in options.sets or SETS:
        files = files_of(name, options.quick)
        if not files:
            block.say(f"{TITLES[name]}: left out, the data set is absent.", "")
            continue
        with rivals([f"podium {name}", f"torchvision {name}"], threads=1) as ready:
            if len(ready) == 2:
                report(block, name, len(files), take_turns({rival.name: rival.run for rival in ready}, options.pairs))
    return block.finish()


def report(block: Block, name: str, n: int, records: Mapping[str, list[dict[str, Any]]]) -> None:
    ours, theirs = records[f"podium {name}"], records[f"torchvision {name}"]
    block.say(f"{TITLES[name]}, {n} files:", "")
    rows = [
        [who, spread(values(turns, "per_cpu_second")), spread(values(turns, "per_second"))]
        for who, turns in (("podium build_cache", ours), ("torchvision epoch", theirs))
    ]
    block.say(*table(["", "images per CPU second", "range", "images per second", "range"], rows))
    cost = ratio(values(theirs, "per_cpu_second"), values(ours, "per_cpu_second"))
    block.judge("CPU at most 1.0 of an epoch", cost, at_most=1.0)
    block.say(f"- wall time beside an epoch: {ratio(values(theirs, 'per_second'), values(ours, 'per_second'))}")
    mean, most = max(values(ours, "mean")), max(values(ours, "max"))
    block.gate("all files were used", all(int(turn["n"]) == n for turn in [*ours, *theirs]), f"{n} files")
    detail = f"mean {significant(mean)} of 255, at most {most:.0f}"
    block.gate(f"stored pixels lie near Pillow's antialiased resize, mean <= {TOLERANCE:g}", mean <= TOLERANCE, detail)
    block.say("")


# ---------------------------------------------------------------------------------------------------------- many images


def make_pngs(folder: Path, n: int) -> None:
    """Smooth images, each with a layout and a patch of its own. Written by hand: encoders take far longer."""
    import cv2

    for i in range(n):
        rng = np.random.default_rng(i)
        coarse = rng.integers(0, 256, (6, 6, 3), dtype=np.uint8)
        pixels = np.asarray(cv2.resize(coarse, (256, 256), interpolation=cv2.INTER_LINEAR))
        pixels[100:116, 100:116] = rng.integers(0, 256, (16, 16, 3), dtype=np.uint8)
        (folder / f"{i:06d}.png").write_bytes(encode_png(pixels))


def encode_png(pixels: np.ndarray) -> bytes:
    lines = pixels.copy()
    lines[:, 1:] -= pixels[:, :-1]  # filter 1: what differs from the pixel to the left
    stream = np.concatenate([np.ones((256, 1), np.uint8), lines.reshape(256, -1)], axis=1)

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", 256, 256, 8, 2, 0, 0, 0)
    parts = [chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(stream.tobytes(), 1)), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


MEASURED = """
import json, os, resource, sys, threading, time
from pathlib import Path
started = time.perf_counter()
from podium.data import build_cache
from podium.tables import Samples, as_text_array
root, folder = Path(sys.argv[1]), sys.argv[2]
imported = time.perf_counter()
most, is_done = {"own": 0, "all": 0}, threading.Event()

def resident(pid):
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * resource.getpagesize() / 2**20
    except OSError:
        return 0.0

def watch():  # getrusage gives a child the memory of its parent, whose image it is until it runs its own program
    while not is_done.wait(0.1):
        tasks = Path("/proc/self/task").iterdir()
        pids = [int(pid) for task in tasks for pid in (task / "children").read_text().split()]
        most["own"] = max(most["own"], resident(os.getpid()))
        most["all"] = max(most["all"], resident(os.getpid()) + sum(map(resident, pids)))

watcher = threading.Thread(target=watch)
watcher.start()
names = as_text_array(sorted(path.name for path in root.iterdir()))
samples = Samples(root, names, names)
listed = time.perf_counter()
cache = build_cache(samples, folder, height=256, width=256)
done = time.perf_counter()
is_done.set()
watcher.join()
own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
print(json.dumps({
    "import_s": imported - started, "list_s": listed - imported, "cache_s": done - listed,
    "n_usable": int(cache.is_usable.sum()), "own_mib": own.ru_maxrss / 1024, "all_mib": most["all"],
    "cpu_s": own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime,
}))
"""


def measure_many(options: argparse.Namespace) -> int:
    n, n_workers = options.many, len(os.sched_getaffinity(0))
    block = Block("F2", f"{n:,} PNGs of 256 x 256 px: building and opening again", options, ["podium", "pillow"])
    block.setting = (
        "Own: ru_maxrss of the process (torch is imported). All: largest sum of resident memory of the process and its "
        "workers, looked at every 0.1 s; what they share counts for each."
    )
    WORK.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=WORK) as folder:
        images = Path(folder) / "images"
        images.mkdir()
        make_pngs(images, n)
        size = sum(file.stat().st_size for file in images.iterdir()) / n / 1024
        runs = {}
        for title in ("build", "second start", "second start, again"):
            command = [sys.executable, "-c", MEASURED, str(images), str(Path(folder) / "cache")]
            started = time.perf_counter()
            runs[title] = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
            runs[title]["process_s"] = time.perf_counter() - started
    rows = []
    for title, run in runs.items():
        run["most_mib"] = max(run["own_mib"], run["all_mib"])
        keys = ("import_s", "cache_s", "process_s", "cpu_s", "own_mib", "most_mib")
        rows.append([title, *(significant(run[key]) for key in keys)])
    block.say(f"{n:,} files of {size:.0f} KiB, {n_workers} workers.", "")
    block.say(*table(["", "import s", "build_cache s", "process s", "CPU s", "own MiB", "all MiB"], rows))
    block.judge("second start within 10 s", runs["second start"]["process_s"], at_most=10)
    block.judge("resident memory at most 1,536 MiB", max(run["most_mib"] for run in runs.values()), at_most=1536)
    block.gate("all files were used", all(run["n_usable"] == n for run in runs.values()), f"{n:,} files")
    return block.finish()


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--many", type=int, help="build the cache of so many PNGs instead, and open it again")
    parser.add_argument("--sets", nargs="*", choices=SETS, help="these sets of files only")


def main() -> int:
    options = read_options(__doc__ or "", add=add_options)
    if options.serve:
        serve(CONTESTANTS, options)
        return 0
    return measure_many(options) if options.many else compare(options)


if __name__ == "__main__":
    sys.exit(main())
