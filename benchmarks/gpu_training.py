"""F11: images a second on one GPU: podium's own training, timm's train script, and the card's limit.

    scripts/bench gpu_training --timm-train train.py [--model resnet50] [--batch 256] [--size 224] [--pairs 5] [--quick]

All train the same network from random weights, bf16 autocast, channels-last, AdamW, on the same JPEG files (480 x 360,
made here, 50 classes), random resized crop and horizontal flip. `train.py` is the script in timm's repository, of the
version that is installed (it is in no package): set up as its guide says, all cores decode. The limit is the same
network and optimizer on one batch that lies on the card and never changes: what is missing to it was spent on data, on
the loop or in waiting for each other. Rates are of the second epoch's training steps, evaluation left out; podium's
cache is built once before, and its build is told beside.

The share of time in which the model waits for data is what the loop spends in taking the next batch.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from side_by_side import (
    WORK,
    Block,
    Run,
    ratio,
    read_options,
    spread,
    table,
    take_turns,
    values,
)

N_CLASSES, HEIGHT, WIDTH = 50, 360, 480
SCALE = (0.35, 1.0)


def make_pictures(n: int) -> Path:
    """A folder of class folders with n JPEG files that look nothing like each other, made once."""
    folder = WORK / f"gpu-jpeg-{n}"
    if not (done := folder.parent / f"{folder.name}.done").exists():
        folder.mkdir(parents=True, exist_ok=True)
        with multiprocessing.get_context("spawn").Pool() as pool:
            pool.map(partial(_make_picture, folder), range(n), chunksize=64)
        done.touch()
    return folder


def _make_picture(folder: Path, i: int) -> None:
    import cv2

    rng = np.random.default_rng(i)
    coarse = rng.integers(0, 256, (9, 12, 3), dtype=np.uint8)
    picture = cv2.resize(coarse, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC).astype(np.int16)
    picture += rng.integers(-12, 13, (HEIGHT, WIDTH, 1), dtype=np.int16)
    path = folder / f"class{i % N_CLASSES:02}" / f"{i:06}.jpg"
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.clip(picture, 0, 255).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, 90])


class StepClock:
    """When each step of a run's training ended; a run's `progress`."""

    def __init__(self) -> None:
        self.ends: list[float] = []
        self.stages: dict[str, float] = {}

    @contextmanager
    def stage(self, title: str, total: int) -> Iterator[Callable[[int], None]]:
        started = time.perf_counter()
        is_training = title.startswith("fold")
        yield (lambda done: self.ends.append(time.perf_counter())) if is_training else (lambda done: None)
        self.stages[title] = time.perf_counter() - started

    def note(self, line: str) -> None:
        print(line, file=sys.stderr)


def podium_training(options: argparse.Namespace, pictures: Path) -> Run:
    import podium
    from podium.data import TrainLoader

    waits: list[tuple[float, float]] = []
    plain = TrainLoader.from_position

    def watched(self: Any, epoch: int, offset: int = 0) -> Iterator[Any]:
        source = plain(self, epoch, offset)
        while True:
            started = time.perf_counter()
            batch = next(source, None)
            waits.append((started, time.perf_counter() - started))
            if batch is None:
                return
            yield batch

    TrainLoader.from_position = watched  # type: ignore[method-assign,assignment]
    found = podium.scan(pictures)

    def run() -> Mapping[str, float]:
        import torch

        waits.clear()
        clock = StepClock()
        with tempfile.TemporaryDirectory() as folder:
            podium.train(
                found.samples,
                preset="finetune",
                overrides=[
                    f"model.name={options.model}",
                    "model.weights=random",
                    "model.freeze=none",
                    "model.drop_rate=0",
                    "model.drop_path_rate=0",
                    f"image.size_px={options.size}",
                    f"training.batch_size={options.batch}",
                    "training.epochs=2",
                    "training.precision=bf16",
                    "training.layout=channels_last",
                    "training.ema_decay=null",
                    "training.clip_norm=null",
                    "loss.single.label_smoothing=0",
                    "predict_views=[plain]",
                    f"augmentations=[{{kind: random_resized_crop, scale: [{SCALE[0]}, {SCALE[1]}]}}, "
                    "{kind: horizontal_flip}]",
                ],
                folds=podium.FoldOptions(allow_leaks=("near_duplicate",)),
                only_folds=[0],
                settings=podium.Settings(runs=Path(folder), cache=WORK / "gpu-cache", device=options.device),
                progress=clock,
            )
            if options.device == "cuda":
                torch.cuda.synchronize()
        n = len(clock.ends) // 2
        second, first_wait = clock.ends[n:], clock.ends[n]
        taken = second[-1] - second[0]
        waited = sum(seconds for start, seconds in waits if first_wait <= start <= second[-1])
        return {"per_s": (n - 1) * options.batch / taken, "waiting": waited / taken, **_brief_stages(clock)}

    return run


def _brief_stages(clock: StepClock) -> dict[str, float]:
    return {f"{title} s": seconds for title, seconds in clock.stages.items()}


def timm_training(options: argparse.Namespace, pictures: Path) -> Run:
    def run() -> Mapping[str, float]:
        with tempfile.TemporaryDirectory() as folder:
            command = [
                *(sys.executable, str(options.timm_train), "--data-dir", str(pictures)),
                *("--train-split", "", "--val-split", "", "--num-classes", str(N_CLASSES), "--model", options.model),
                *("--img-size", str(options.size), "-b", str(options.batch), "--epochs", "2", "--warmup-epochs", "0"),
                *("--opt", "adamw", "--lr", "1e-3", "--amp", "--amp-dtype", "bfloat16", "--channels-last"),
                *("--workers", str(len(os.sched_getaffinity(0))), "--pin-mem", "--device", options.device),
                *("--scale", str(SCALE[0]), str(SCALE[1]), "--color-jitter", "0", "--log-interval", "10"),
                *("--output", folder),
            ]
            done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
        lines = re.findall(
            r"Train: 1 \[.*?\(([\d.]+)s, +([\d.]+)/s\).*?Data: [\d.]+ \(([\d.]+)\)", done.stdout + done.stderr
        )
        if not lines:
            raise SystemExit(f"timm's script told no rate:\n{(done.stdout + done.stderr)[-2000:]}")
        seconds, rate, data = map(float, lines[-1])
        return {"per_s": rate, "waiting": data / seconds}

    return run


def limit(options: argparse.Namespace, pictures: Path) -> Run:
    def run() -> Mapping[str, float]:
        import timm
        import torch

        torch.manual_seed(0)
        model = timm.create_model(options.model, num_classes=N_CLASSES).to(options.device)
        model = model.to(memory_format=torch.channels_last).train()
        optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, fused=True)
        images = torch.randn(options.batch, 3, options.size, options.size, device=options.device)
        images = images.to(memory_format=torch.channels_last)
        labels = torch.randint(0, N_CLASSES, (options.batch,), device=options.device)

        def steps(n: int) -> float:
            started = time.perf_counter()
            for _ in range(n):
                optimizer.zero_grad()
                with torch.autocast(options.device, torch.bfloat16):
                    loss = torch.nn.functional.cross_entropy(model(images), labels)
                loss.backward()
                optimizer.step()
            if options.device == "cuda":
                torch.cuda.synchronize()
            return time.perf_counter() - started

        n = 3 if options.quick else 50
        steps(max(2, n // 5))
        return {"per_s": n * options.batch / steps(n), "waiting": 0.0}

    return run


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--timm-train", type=Path, help="train.py of timm's repository")
    parser.add_argument("--model", default="resnet50")
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--images", type=int, default=16_384)
    parser.add_argument("--device", default="cuda", help="cpu tries the script where there is no GPU")


def main() -> int:
    options = read_options(__doc__, add=add)
    import torch

    if options.device == "cuda" and not torch.cuda.is_available():
        print("F11 needs a GPU; there is none that this torch can use. --quick --device cpu tries the script.")
        return 0
    if options.quick:
        options.images, options.batch, options.model, options.size = 400, 32, "resnet18", 64
    pictures = make_pictures(options.images)
    contestants = {"podium": podium_training, "timm train.py": timm_training, "limit": limit}
    if options.timm_train is None:
        print("left out: timm's train script, for --timm-train names none")
        del contestants["timm train.py"]
    card = torch.cuda.get_device_name() if options.device == "cuda" else "no GPU"
    block = Block(
        "F11",
        f"Training {options.model} on one GPU",
        options,
        ["torch", "timm"],
        setting=f"{card}; batch {options.batch}, {options.size} px, {options.images} files.",
    )
    turns = {name: make(options, pictures) for name, make in contestants.items()}
    first = turns["podium"]()  # builds the cache
    records = take_turns(turns, options.pairs)
    block.say(
        *table(
            ["way", "images/s", "range", "share of time spent waiting for data", "range"],
            [[name, spread(values(r, "per_s")), spread(values(r, "waiting"))] for name, r in records.items()],
        )
    )
    decode = next((seconds for name, seconds in first.items() if name.startswith("decode")), float("nan"))
    block.say(f"Building podium's cache took {decode:.1f} s, {options.images / decode:,.0f} images/s.", "")
    rates = {name: values(r, "per_s") for name, r in records.items()}
    waiting = float(np.median(values(records["podium"], "waiting")))
    block.judge("the model waits at most 5 % of the time for data", waiting, at_most=0.05)
    if "timm train.py" in rates:
        block.judge("as quick as timm's own train script", ratio(rates["podium"], rates["timm train.py"]), at_least=1.0)
    block.judge("95 % of the card's limit", ratio(rates["podium"], rates["limit"]), at_least=0.95)
    return block.finish()


if __name__ == "__main__":
    raise SystemExit(main())
