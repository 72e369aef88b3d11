"""F16: the best score for the CPU seconds one has: podium against timm's recipe, fastai and a tuned linear model.

    scripts/bench duel [--pairs 5] [--quick] [--sets sign_digits solar] [--budgets 60 300] [--sides probe timm fastai]

One split a set (by group where there are groups), one core, one thread, one image size, the same packaged weights. Each
side is a whole process that reads the folder, trains on the train rows, and answers the valid rows, which it never
uses otherwise; what counts is user + system time, imports included. The peers train as many epochs as the measured
time of a step allows; podium trains the plan of `--minutes`, in folds of the train rows (`duel_podium.py`). A side that
spends over 1.1 of the budget is printed as such, and an advantage that podium bought in this way does not count.

    probe    scikit-learn: standardised features of the frozen network, plain and mirrored images averaged, logistic
             regression whose strength is chosen by grouped folds of the train rows
    timm     AdamW, RandAugment, random erasing, Mixup and CutMix, label smoothing, cosine schedule, as its own recipes
    fastai   `vision_learner(...).fine_tune(epochs)` with its standard augmentation

Scores of all rounds are judged together: the difference in macro F1 has a bootstrap interval, paired by image and
drawn by group.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from baseline_vs_fastai import NETWORK, save_weights
from duel_peers import PEERS, SIDE, be_peer, read_table
from duel_podium import be_podium
from side_by_side import SHARED, WORK, Block, fresh_folder, read_options, run_command, spread, table, take_turns, values

VALID_SHARE, TOLERANCE, LOSS_ALLOWED = 0.3, 1.1, 0.005
SETS = {
    "sign_digits": ("sign_digits", "label", "group"),
    "solar": ("elpv_solar", "defect_probability", None),
    "gender": ("fashion_products", "gender", None),
    "mask_pairs": ("mask_pairs", "label", "group"),
    "ants": ("hymenoptera", "label", None),
}
FEWEST = 10


# ------------------------------------------------------------------------------------------------------------ the data


def prepare_set(name: str, *, n: int | None) -> Path | None:
    """A table of path, label, group and split beside copies of the images, those of each part in a folder."""
    folder_name, column, group = SETS[name]
    source = SHARED / folder_name
    if not source.exists():
        return None
    rows = pd.read_csv(source / "labels.csv", keep_default_na=False, dtype=str)
    rows["group"] = rows[group] if group else rows["path"]
    names = np.random.default_rng(0).permutation(rows["group"].unique())
    place = rows["group"].map({value: number for number, value in enumerate(names)})
    rows = rows.assign(label=column + " " + rows[column], place=place).sort_values("place", kind="stable").head(n)
    rows = rows[rows.groupby("label")["label"].transform("size") >= FEWEST]
    valid = rows["place"] < np.quantile(rows["place"], VALID_SHARE)
    folder = fresh_folder(f"duel-{name}")
    rows["split"] = np.where(valid, "valid", "train")
    rows["copy"] = rows["split"] + "/" + rows["path"]
    for path, copy in zip(rows["path"], rows["copy"], strict=True):
        (folder / copy).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / path, folder / copy)
    rows.assign(path=rows["copy"])[["path", "label", "group", "split"]].to_csv(folder / "labels.csv", index=False)
    return folder


# ------------------------------------------------------------------------------------------------------------- a turn


def run_side(side: str, folder: Path, seeds: list[int], *, budget: float) -> Mapping[str, Any]:
    """One process, its CPU seconds, and its answers to the valid rows."""
    seed = seeds.pop(0)
    place = fresh_folder(f"duel-{side}-{folder.name}")
    command = [sys.executable, Path(__file__).resolve(), "--peer", side, "--folder", folder, "--seed", str(seed)]
    times = run_command([*command, "--budget", str(budget)], threads=1, folder=place)
    return times | {"probs": np.load(place / "probs.npy")}


# ---------------------------------------------------------------------------------------------------------------- main


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--sets", nargs="+", default=list(SETS), choices=list(SETS))
    parser.add_argument("--budgets", nargs="+", type=float, default=[60, 300], help="CPU seconds a side and set")
    parser.add_argument("--sides", nargs="+", default=list(PEERS), choices=list(PEERS), help="the peers")
    parser.add_argument("--rows", type=int, default=2500, help="most images of a set")
    parser.add_argument("--peer", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--seed", type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument("--budget", type=float, default=60.0, help=argparse.SUPPRESS)


def main() -> int:
    options = read_options(__doc__, add=add_options)
    if options.peer:
        if options.peer == "podium":
            np.save("probs.npy", be_podium(options.folder, options.budget, options.seed))
        else:
            be_peer(options.peer, options.folder, options.budget, options.seed)
        return 0
    block = Block(
        "F16", "Best score for equal CPU seconds", options, ["podium", "torch", "timm", "scikit-learn", "fastai"]
    )
    block.setting = (
        f"{NETWORK} with packaged weights, {SIDE} px; one core, one thread; whole processes, nothing cached."
    )
    os.sched_setaffinity(0, [min(os.sched_getaffinity(0))])
    WORK.mkdir(parents=True, exist_ok=True)
    save_weights()
    peers = [side for side in options.sides if _can_run(side)]
    for budget in options.budgets[: 1 if options.quick else None]:
        low: dict[str, list[float]] = {side: [] for side in peers}
        for name in options.sets:
            folder = prepare_set(name, n=300 if options.quick else options.rows)
            if folder is None:
                print(f"left out: {name}, whose images are not in PODIUM_SHARED_DATA")
                continue
            turns = {}
            for side in ("podium", *peers):
                turns[side] = partial(run_side, side, folder, list(range(options.pairs)), budget=budget)
            _judge(block, f"{name}, {budget:g} CPU seconds", folder, take_turns(turns, options.pairs), budget, low)
        _conclude(block, budget, low)
    return block.finish()


def _can_run(side: str) -> bool:
    import importlib.util

    needed = {"probe": "sklearn", "timm": "timm", "fastai": "fastai"}[side]
    if importlib.util.find_spec(needed) is None:
        print(f"left out: {side}, for {needed} is not installed", flush=True)
        return False
    return True


def _judge(
    block: Block,
    title: str,
    folder: Path,
    records: Mapping[str, list[dict[str, Any]]],
    budget: float,
    low: Mapping[str, list[float]],
) -> None:
    """A table of one set; adds the lower end of each difference to `low`."""
    from podium.metrics import paired_difference, score
    from podium.tables import Head

    rows, classes, labels = read_table(folder)
    is_valid = (rows["split"] == "valid").to_numpy()
    head, truth, groups = (
        Head("label", "single", classes),
        labels[is_valid],
        rows.loc[is_valid, "group"].to_numpy(object),
    )
    n_rounds = len(records["podium"])
    stacked = {side: np.concatenate([item["probs"] for item in items]) for side, items in records.items()}
    lines = []
    for side, items in records.items():
        scores = [score("f1_macro", item["probs"], truth, head) for item in items]
        seconds = values(items, "cpu_seconds")
        over = " (over)" if np.median(seconds) > TOLERANCE * budget else ""
        difference = ""
        if side != "podium":
            many = (np.tile(truth, n_rounds), np.tile(groups, n_rounds))
            found = paired_difference(stacked[side], stacked["podium"], *many, "f1_macro", head).difference
            difference = f"{found.value:+.4f} [{found.low:+.4f}, {found.high:+.4f}]"
            is_over = np.median(values(records["podium"], "cpu_seconds")) > TOLERANCE * budget
            low[side].append(min(found.low, 0.0) if is_over else found.low)
        lines.append([side + over, spread(seconds), spread(scores, 4), difference])
    block.say(f"### {title}: {np.count_nonzero(~is_valid)} train, {is_valid.sum()} valid, {len(classes)} classes", "")
    heads = ["side", "CPU seconds", "range", "macro F1", "range", "podium minus this, 95 % interval"]
    block.say(*table(heads, lines))


def _conclude(block: Block, budget: float, low: Mapping[str, list[float]]) -> None:
    for side, bounds in low.items():
        if bounds:
            claim = f"{budget:g} CPU seconds against {side}: share of sets on which podium is better beyond chance"
            block.judge(claim, sum(bound > 0 for bound in bounds) / len(bounds), at_least=0.8)
            block.judge(f"{budget:g} CPU seconds against {side}: lowest bound", min(bounds), at_least=-LOSS_ALLOWED)
    block.say("")


if __name__ == "__main__":
    raise SystemExit(main())
