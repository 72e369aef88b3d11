"""F10: a folder of JPEG files to a checked submission, by podium's three commands and by a plain PyTorch script.

    scripts/bench folder_to_submission [--pairs 5] [--quick] [--images 800] [--epochs 3]

The recipe is the preset baseline for both: a frozen EfficientNet-Lite0 with the same weights, standardised features,
a linear head, AdamW and one cycle, images plain or mirrored by chance, the same five folds, the mean of ten
predictions (five folds, two views) for the test images. Only the number of epochs is cut, since the plain script reads
and encodes every image in every epoch. That script is what a competent user writes: DataLoaders with persistent
workers, the backbone in eval mode under no_grad. A second version of it notices that the features do not change, and
computes them once for both views. Podium has nothing cached. All are whole processes.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from side_by_side import (
    SHARED,
    WORK,
    Block,
    fresh_folder,
    ratio,
    read_options,
    run_command,
    spread,
    table,
    take_turns,
    values,
)

NETWORK, SIDE, BATCH, N_FOLDS = "tf_efficientnet_lite0", 128, 128, 5
LR, WEIGHT_DECAY = 3e-3, 5.0
BIN = Path(sys.executable).parent
PARTS = ("train", "predict", "submit")
LEAKS = ["--allow-leaks", "same_group", "same_bytes", "near_duplicate"]
# Test accuracy that podium may lose against a script: the order of samples is each one's own, the test images are few.
MARGIN = 0.05


def prepare(options: argparse.Namespace) -> Path:
    """Class folders to train on, test images, a sample submission, answers, folds, and the weights as a file."""
    import torch

    from podium.models import build_backbone

    folder = fresh_folder("submission")
    source = SHARED / "sign_digits"
    rows = pd.read_csv(source / "labels.csv", dtype=str)
    n = 300 if options.quick else options.images
    rows = rows.sample(n=min(len(rows), n + n // 4), random_state=0).reset_index(drop=True)
    for row in rows.itertuples():
        name = f"{row.Index:05}.jpg"
        place = folder / "train" / f"sign_{row.label}" / name if row.Index < n else folder / "test" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / row.path, place)
    test = rows.iloc[n:]
    names = [f"{number:05}.jpg" for number in test.index]
    pd.DataFrame({"image": names, "label": "sign_0"}).to_csv(folder / "sample_submission.csv", index=False)
    pd.DataFrame({"image": names, "label": "sign_" + test["label"]}).to_csv(folder / "answers.csv", index=False)
    split = [BIN / "podium", "split", "train", "--out", "folds", "--folds", str(N_FOLDS), *LEAKS]
    run_command(split, threads=1, folder=folder)
    shutil.rmtree(folder / "runs", ignore_errors=True)
    torch.save(build_backbone(NETWORK, "packaged").module.state_dict(), WORK / f"{NETWORK}-backbone.pth")
    return folder


# ------------------------------------------------------------------------------------------------------ the contestants


def run_podium(data: Path, options: argparse.Namespace, *, threads: int) -> Mapping[str, Any]:
    place = fresh_folder("submission-podium")
    common: list[str | Path] = ["--runs", place / "runs", "--threads", str(threads), "--quiet"]
    train: list[str | Path] = [
        BIN / "podium",
        "train",
        data / "train",
        "--preset",
        "baseline",
        "--name",
        "one",
        *common,
    ]
    train += [
        "--folds-from",
        data / "folds",
        *LEAKS,
        "--set",
        "head.kind=gradient",
        f"training.epochs={n_epochs(options)}",
    ]
    train += [f"training.batch_size={BATCH}", f"image.size_px={SIDE}"]
    submit: list[str | Path] = [BIN / "podium", "submit", "one", data / "sample_submission.csv"]
    submit += ["--runs", place / "runs", "--out", place / "submission.csv", "--quiet"]
    steps = [train, [BIN / "podium", "predict", "one", data / "test", *common], submit]
    times = [run_command(step, threads=threads, folder=place) for step in steps]
    total = {name: sum(part[name] for part in times) for name in times[0]}
    parts = {name: part["seconds"] for name, part in zip(PARTS, times, strict=True)}
    return total | parts | {"accuracy": score(data, place / "submission.csv")}


def run_script(data: Path, options: argparse.Namespace, *, threads: int, caches: bool) -> Mapping[str, Any]:
    place = fresh_folder("submission-script")
    command: list[str | Path] = [sys.executable, Path(__file__).resolve(), "--script", data]
    command += ["--epochs", str(n_epochs(options)), *(["--caches"] if caches else [])]
    times = run_command(command, threads=threads, folder=place)
    return times | {"accuracy": score(data, place / "submission.csv")}


def score(data: Path, submission: Path) -> float:
    """Accuracy of a submission that has the sample's rows and columns in its order."""
    sample, given = (pd.read_csv(path, dtype=str) for path in (data / "sample_submission.csv", submission))
    assert list(given.columns) == list(sample.columns), "other columns than the sample's"
    assert list(given["image"]) == list(sample["image"]), "other rows than the sample's"
    return float((given["label"] == pd.read_csv(data / "answers.csv", dtype=str)["label"]).mean())


def n_epochs(options: argparse.Namespace) -> int:
    return 2 if options.quick else options.epochs


# ----------------------------------------------------------------------------------------------------- the plain script


def be_script(data: Path, options: argparse.Namespace) -> None:
    """Five folds, then the mean of their predictions; everything is read, encoded and trained in plain PyTorch."""
    import torch

    folds = pd.read_csv(data / "folds" / "folds.csv", dtype={"id": str})
    paths = [data / "train" / name for name in folds["id"]]
    names = [path.parent.name for path in paths]
    classes = sorted(set(names))
    labels = torch.tensor([classes.index(name) for name in names])
    sample = pd.read_csv(data / "sample_submission.csv", dtype=str)
    tests = [data / "test" / name for name in sample["image"]]
    backbone = load_backbone()
    kind = FromCache if options.caches else FromFiles
    train, test = kind(backbone, paths), kind(backbone, tests)
    probs = torch.zeros(len(tests), len(classes))
    right = 0
    for fold in range(N_FOLDS):
        is_valid = torch.tensor((folds["fold"] == fold).to_numpy())
        rows, judged = torch.where(~is_valid)[0], torch.where(is_valid)[0]
        head = train_head(train, rows, labels, len(classes), options.epochs, seed=fold)
        right += int((predict(head, train, judged).argmax(1) == labels[judged]).sum())
        probs += predict(head, test, torch.arange(len(tests))) / N_FOLDS
    print(f"out-of-fold accuracy {right / len(labels):.4f}")
    sample["label"] = [classes[place] for place in probs.argmax(1)]
    sample.to_csv("submission.csv", index=False)


def load_backbone() -> Any:
    import timm
    import torch

    backbone = timm.create_model(NETWORK, num_classes=0)
    backbone.load_state_dict(torch.load(WORK / f"{NETWORK}-backbone.pth"))
    return backbone.eval().requires_grad_(False)


class Pictures:
    """A data set of files, plain or mirrored: always one of them, or by chance."""

    def __init__(self, paths: Sequence[Path], *, mirror: float) -> None:
        from torchvision import transforms

        self.paths = paths
        steps = [transforms.Resize((SIDE, SIDE)), transforms.RandomHorizontalFlip(mirror), transforms.ToTensor()]
        self.transform = transforms.Compose([*steps, transforms.Normalize([0.5] * 3, [0.5] * 3)])

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, row: int) -> tuple[Any, int]:
        from PIL import Image, ImageOps

        return self.transform(ImageOps.exif_transpose(Image.open(self.paths[row])).convert("RGB")), row


class FromFiles:
    """Features in batches, encoded from the files whenever they are asked for."""

    def __init__(self, backbone: Any, paths: Sequence[Path]) -> None:
        self.backbone, self.paths = backbone, paths

    def batches(self, rows: Any, *, n_epochs: int = 1, mirror: float = 0.5, shuffle: bool = True) -> Any:
        """(features, rows) of shuffled batches, epoch by epoch."""
        import torch

        data = torch.utils.data.Subset(Pictures(self.paths, mirror=mirror), rows.tolist())
        workers = len(os.sched_getaffinity(0))
        loader = torch.utils.data.DataLoader(
            data, BATCH, shuffle=shuffle, num_workers=workers, persistent_workers=n_epochs > 1
        )
        for _ in range(n_epochs):
            for images, own_rows in loader:
                with torch.no_grad():
                    features = self.backbone(images)
                yield features, own_rows


class FromCache:
    """Features in batches, encoded once in both views."""

    def __init__(self, backbone: Any, paths: Sequence[Path]) -> None:
        import torch

        files = FromFiles(backbone, paths)
        every = torch.arange(len(paths))
        views = [[f for f, _ in files.batches(every, mirror=mirror, shuffle=False)] for mirror in (0.0, 1.0)]
        self.views = torch.stack([torch.cat(view) for view in views])

    def batches(self, rows: Any, *, n_epochs: int = 1, mirror: float = 0.5, shuffle: bool = True) -> Any:
        """(features, rows) of shuffled batches, epoch by epoch."""
        import torch

        for _ in range(n_epochs):
            order = rows[torch.randperm(len(rows))] if shuffle else rows
            for own_rows in order.split(BATCH):
                yield self.views[(torch.rand(len(own_rows)) < mirror).long(), own_rows], own_rows


def train_head(source: Any, rows: Any, labels: Any, n_classes: int, epochs: int, *, seed: int) -> Any:
    """A linear head on standardised features."""
    import torch
    from torch import nn

    torch.manual_seed(seed)
    # Momentum None takes the plain mean over all batches, near enough to statistics of the whole training set.
    head = nn.Sequential(nn.BatchNorm1d(1280, affine=False, momentum=None), nn.Linear(1280, n_classes))
    nn.init.normal_(head[1].weight, std=0.01)
    nn.init.zeros_(head[1].bias)
    groups = [{"params": [head[1].weight]}, {"params": [head[1].bias], "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=LR, weight_decay=WEIGHT_DECAY)
    steps = epochs * -(-len(rows) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, LR, total_steps=steps, pct_start=0.1)
    head.train()
    for features, own_rows in source.batches(rows, n_epochs=epochs):
        if len(features) == 1:
            continue  # no mean and variance of one
        optimizer.zero_grad()
        nn.functional.cross_entropy(head(features), labels[own_rows]).backward()
        optimizer.step()
        schedule.step()
    return head.eval()


def predict(head: Any, source: Any, rows: Any) -> Any:
    """Probabilities, the mean of both views."""
    import torch

    found = []
    with torch.no_grad():
        for mirror in (0.0, 1.0):
            batches = source.batches(rows, mirror=mirror, shuffle=False)
            found.append(torch.cat([head(features).softmax(1) for features, _ in batches]))
    return sum(found) / 2


# ---------------------------------------------------------------------------------------------------------------- main


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--images", type=int, default=800, help="images to train on; a quarter as many are the test")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--script", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--caches", action="store_true", help=argparse.SUPPRESS)


def main() -> int:
    options = read_options(__doc__, add=add_options)
    if options.script:
        be_script(options.script, options)
        return 0
    if not (SHARED / "sign_digits").exists():
        print("left out: the images of sign_digits are not in PODIUM_SHARED_DATA")
        return 0
    title = "Folder of JPEG files to a checked submission"
    block = Block("F10", title, options, ["podium", "torch", "torchvision", "timm", "pillow"])
    data = prepare(options)
    threads = len(os.sched_getaffinity(0))
    n_train, n_test = (sum(1 for _ in (data / part).rglob("*.jpg")) for part in ("train", "test"))
    block.setting = (
        f"{n_train} images of sign_digits to train on, {n_test} to predict, {SIDE} px, {N_FOLDS} folds, "
        f"{n_epochs(options)} epochs, {threads} threads, {threads} workers for the scripts; nothing cached before."
    )
    turns = {
        "podium train, predict, submit": partial(run_podium, data, options, threads=threads),
        "plain script": partial(run_script, data, options, threads=threads, caches=False),
        "script that caches features": partial(run_script, data, options, threads=threads, caches=True),
    }
    records = take_turns(turns, options.pairs)
    ours = values(records["podium train, predict, submit"], "seconds")
    rows = []
    for name, found in records.items():
        seconds = values(found, "seconds")
        rows.append([name, spread(seconds), f"{ratio(seconds, ours).value:.2f}", spread(values(found, "accuracy"))])
    block.say(*table(["whole processes", "seconds", "range", "x podium", "test accuracy", "range"], rows))
    parts = {name: np.median(values(records["podium train, predict, submit"], name)) for name in PARTS}
    block.say("Podium's seconds: " + ", ".join(f"{name} {seconds:.1f}" for name, seconds in parts.items()) + ".", "")
    measured = ratio(values(records["plain script"], "seconds"), ours)
    block.judge("at least 5 x as quick as the plain script", measured, at_least=5)
    caching = ratio(values(records["script that caches features"], "seconds"), ours)
    block.say(f"- against the script that caches features, without a goal: {caching} times as quick")
    middles = {name: float(np.median(values(found, "accuracy"))) for name, found in records.items()}
    gap = max(middles.values()) - min(middles.values())
    block.gate(
        f"the median test accuracies lie within {100 * MARGIN:.0f} points",
        gap <= MARGIN,
        f"{100 * gap:.1f} points apart",
    )
    return block.finish()


if __name__ == "__main__":
    raise SystemExit(main())
