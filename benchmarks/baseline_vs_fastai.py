"""F3: the preset baseline against fastai's `fine_tune(1)`, on the same files, split, network, weights and size.

    scripts/bench baseline_vs_fastai [--pairs 5] [--quick] [--sets fashion signs] [--rows 2500]

Both are whole processes, from the folder of images to the accuracy on the valid rows: imports, decoding, and for podium
the cache, the features, the audit, the leak check and the report, all built anew. fastai is set up as its quick start
says (`ImageDataLoaders`, `Resize`, `vision_learner`, `fine_tune(1)`): one epoch of the head, one of everything. Each
round has a seed of its own, for both sides.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Mapping
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

NETWORK, SIDE = "tf_efficientnet_lite0", 128
SETS = {"fashion": ("fashion_products", "articleType"), "signs": ("sign_digits", "label")}
VALID_SHARE, FEWEST = 0.2, 10
GOAL = 15


def prepare_set(name: str, *, n: int | None) -> Path | None:
    """A table of path, label and split beside a link to the images, divided by group where there are groups."""
    folder_name, column = SETS[name]
    source = SHARED / folder_name
    if not source.exists():
        return None
    rows = pd.read_csv(source / "labels.csv", keep_default_na=False, dtype=str)
    rows = rows[rows.groupby(column)[column].transform("size") >= FEWEST].reset_index(drop=True)
    rng = np.random.default_rng(0)
    unit = rows["group"] if "group" in rows else rows["path"]
    names = rng.permutation(unit.unique())
    order = unit.map({value: place for place, value in enumerate(names)})
    rows = rows.assign(label=column + " " + rows[column], place=order).sort_values("place", kind="stable")
    if n is not None:
        rows = rows.head(n)
        rows = rows[rows.groupby("label")["label"].transform("size") >= FEWEST]
    valid = rows["place"] < np.quantile(rows["place"], VALID_SHARE)
    rows = rows.assign(split=np.where(valid, "valid", "train"))
    folder = fresh_folder(f"baseline-{name}")
    (folder / "images").symlink_to((source / "images").resolve())
    rows[["path", "label", "split"]].to_csv(folder / "labels.csv", index=False)
    return folder


def save_weights() -> Path:
    """The packaged weights as a file that timm loads by itself: podium's backbone under a classifier of zeros."""
    import torch

    from podium.models import build_backbone

    path = WORK / f"{NETWORK}.pth"
    if not path.exists():
        backbone = build_backbone(NETWORK, "packaged")
        state = dict(backbone.module.state_dict())
        state |= {"classifier.weight": torch.zeros(1000, backbone.n_features), "classifier.bias": torch.zeros(1000)}
        torch.save(state, path)
    return path


# ------------------------------------------------------------------------------------------------------ the contestants


def run_podium(folder: Path, seeds: list[int], *, threads: int, one_view: bool = False) -> Mapping[str, Any]:
    """`podium train --preset baseline` with nothing cached; its accuracy is counted from its predictions."""
    place = fresh_folder(f"runs-{folder.name}")
    command: list[str | Path] = [Path(sys.executable).parent / "podium", "train", folder, "--preset", "baseline"]
    command += ["--seed", str(seeds.pop(0)), "--name", "one", "--runs", place / "runs", "--threads", str(threads)]
    command += [
        "--labels",
        folder / "labels.csv",
        "--label-columns",
        "label",
        "--split-method",
        "predefined",
        "--follow-links",
    ]
    # The split is the same for both, twins or not.
    command += ["--allow-leaks", "same_group", "same_bytes", "near_duplicate", "--set", f"image.size_px={SIDE}"]
    command += ["feature_views=[plain]", "predict_views=[plain]"] if one_view else []
    times = run_command(command, threads=threads, folder=place)
    return times | {"accuracy": _accuracy(place / "runs" / "one", folder)}


def _accuracy(run: Path, folder: Path) -> float:
    from podium.tables import load_predictions

    predictions = load_predictions(run / "predictions" / "oof.parquet")
    rows = pd.read_csv(folder / "labels.csv", dtype=str).query("split == 'valid'").set_index("path")["label"]
    head = predictions.task.main_target
    said = pd.Series(np.array(head.classes)[predictions.probs[head.name].argmax(axis=1)], index=predictions.ids)
    assert set(said.index) == set(rows.index), "podium judged other rows"
    return float((said[rows.index] == rows).mean())


def run_fastai(folder: Path, seeds: list[int], *, threads: int) -> Mapping[str, Any]:
    """The program below, as a process of its own."""
    place = fresh_folder(f"fastai-{folder.name}")
    command = [sys.executable, Path(__file__).resolve(), "--fastai", folder, "--seed", str(seeds.pop(0))]
    times = run_command(command, threads=threads, folder=place)
    found = json.loads((place / "fastai.json").read_text())
    return times | {"accuracy": found["accuracy"], "fine_tune_seconds": found["fine_tune_seconds"]}


def be_fastai(folder: Path, seed: int) -> None:
    """What fastai's quick start does, with the weights from a file."""
    from fastai.vision.all import ImageDataLoaders, Resize, ResizeMethod, accuracy, set_seed, vision_learner

    set_seed(seed, reproducible=True)
    rows = pd.read_csv(folder / "labels.csv", dtype=str)
    rows["is_valid"] = rows["split"] == "valid"
    loaders = ImageDataLoaders.from_df(
        rows,
        path=folder,
        fn_col="path",
        label_col="label",
        valid_col="is_valid",
        item_tfms=Resize(SIDE, method=ResizeMethod.Squish),
        num_workers=len(os.sched_getaffinity(0)),
        device="cpu",
    )
    weights = {"file": str(WORK / f"{NETWORK}.pth"), "mean": (0.5, 0.5, 0.5), "std": (0.5, 0.5, 0.5)}
    learner = vision_learner(loaders, NETWORK, metrics=accuracy, pretrained_cfg_overlay=weights)
    started = time.perf_counter()
    learner.fine_tune(1)
    seconds = time.perf_counter() - started
    record = {"accuracy": float(learner.recorder.values[-1][-1]), "fine_tune_seconds": seconds}
    Path("fastai.json").write_text(json.dumps(record))


# ---------------------------------------------------------------------------------------------------------------- main


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--sets", nargs="+", default=list(SETS), choices=list(SETS))
    parser.add_argument("--rows", type=int, default=2500, help="most images of a set; 0 takes all, which takes long")
    parser.add_argument("--fastai", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--seed", type=int, default=0, help=argparse.SUPPRESS)


def main() -> int:
    options = read_options(__doc__, add=add_options)
    if options.fastai:
        be_fastai(options.fastai, options.seed)
        return 0
    block = Block("F3", "Baseline against fastai fine_tune(1)", options, ["podium", "torch", "timm", "fastai"])
    threads = len(os.sched_getaffinity(0))
    block.setting = (
        f"{NETWORK} with packaged weights, {SIDE} px, stretched; {threads} threads, {threads} workers for fastai; "
        "whole processes, nothing cached. Seeds differ from round to round."
    )
    save_weights()
    for name in options.sets:
        folder = prepare_set(name, n=300 if options.quick else options.rows or None)
        if folder is None:
            print(f"left out: {name}, whose images are not in PODIUM_SHARED_DATA")
            continue
        seeds = {side: list(range(options.pairs)) for side in ("podium", "one view", "fastai")}
        turns = {
            "podium": partial(run_podium, folder, seeds["podium"], threads=threads),
            "one view": partial(run_podium, folder, seeds["one view"], threads=threads, one_view=True),
            "fastai": partial(run_fastai, folder, seeds["fastai"], threads=threads),
        }
        _judge(block, name, folder, take_turns(turns, options.pairs))
    return block.finish()


def _judge(block: Block, name: str, folder: Path, records: Mapping[str, list[dict[str, Any]]]) -> None:
    rows = pd.read_csv(folder / "labels.csv", dtype=str)
    n_valid = int((rows["split"] == "valid").sum())
    block.say(f"### {name}: {len(rows) - n_valid} train, {n_valid} valid, {rows['label'].nunique()} classes", "")
    ours, theirs = values(records["podium"], "seconds"), values(records["fastai"], "seconds")
    titles = {
        "podium": "podium train --preset baseline",
        "one view": "the same without mirrored views",
        "fastai": "fastai fine_tune(1)",
    }
    lines = []
    for side, title in titles.items():
        seconds, accuracies = values(records[side], "seconds"), values(records[side], "accuracy")
        lines.append([title, spread(seconds), f"{ratio(seconds, ours).value:.2f}", spread(accuracies)])
    block.say(*table(["whole process", "seconds", "range", "x podium", "accuracy", "range"], lines))
    inside = statistics.median(values(records["fastai"], "fine_tune_seconds"))
    block.say(f"Of fastai's time {inside:.1f} s are inside `fine_tune`.", "")
    block.judge(f"{name}: at most 1/{GOAL} of fastai's wall time", ratio(theirs, ours), at_least=GOAL)
    gains = [
        a - b for a, b in zip(values(records["podium"], "accuracy"), values(records["fastai"], "accuracy"), strict=True)
    ]
    low, high = 100 * min(gains), 100 * max(gains)
    block.judge(
        f"{name}: a better accuracy than fastai's, in points ({low:+.1f} to {high:+.1f} over the seeds)",
        100 * statistics.median(gains),
        at_least=0.0,
    )
    block.say("")


if __name__ == "__main__":
    raise SystemExit(main())
