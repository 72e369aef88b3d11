"""Views that the audit takes, against what they do to test images that it has not seen.

    python benchmarks/tta_views.py DATA [--only letters,signs] [--json out.json]

DATA holds the public sets as tests find them. Each set is drawn by groups into training and test images; a frozen
network feeds heads of several kinds, the audit chooses views out of fold, and every view is then measured on the test
images.
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import podium
from podium.dataset.ready_images import make_ready
from podium.machine import Silent
from podium.metrics import METRICS, paired_difference, score
from podium.recipe import load_recipe
from podium.tables import Samples, mean_predictions

VIEWS = ("hflip", "vflip", "rot90", "scale-0.8", "scale-1.1", "center-0.8")
LETTERS = [chr(code) for code in range(ord("a"), ord("z") + 1)]
SETS: dict[str, tuple[str, dict[str, object]]] = {
    "letters": ("dirty_letters26", {"label_columns": LETTERS, "label_kind": "multi", "group": "group"}),
    "signs": ("sign_digits", {"label_columns": "label", "group": "group"}),
    "masks": ("mask_pairs", {"label_columns": "label", "group": "group"}),
    "cells": ("elpv_solar", {"label_columns": "module_type"}),
    "defects": ("elpv_solar", {"label_columns": "defect_probability"}),
    "gender": ("fashion_products", {"label_columns": "gender"}),
    "season": ("fashion_products", {"label_columns": "season"}),
    "ants": ("hymenoptera", {"label_columns": "label"}),
}
HEADS = ("logistic", "lda", "gradient")
PX = 64


@dataclass(frozen=True)
class Row:
    """One pair of data and head."""

    data: str
    head: str
    n_train: int
    n_test: int
    taken: tuple[str, ...]
    promised: float
    gain: float
    low: float
    high: float
    worst: float
    views: dict[str, tuple[str, float, float]]


def draw(samples: Samples, n_train: int, n_test: int) -> tuple[Samples, Samples]:
    """Training and test images of different groups."""
    keys = np.asarray(samples.group_keys, dtype=object)
    names = np.unique(keys.astype(str))
    order = {name: place for place, name in enumerate(np.random.default_rng(0).permutation(names))}
    rows = np.argsort([order[str(key)] for key in keys], kind="stable")
    share = n_train / (n_train + n_test)
    cut = min(n_train, int(share * len(rows)))
    while 0 < cut < len(rows) and keys[rows[cut]] == keys[rows[cut - 1]]:
        cut += 1
    return samples.take(np.sort(rows[:cut])), samples.take(np.sort(rows[cut : cut + n_test]))


def measure(data: Path, folder: Path, name: str, n_train: int, n_test: int) -> Iterator[Row]:
    """Rows of one set."""
    source, how = SETS[name]
    found = podium.scan(data / source, labels=data / source / "labels.csv", **how)
    train, test = draw(found.samples, n_train, n_test)
    settings = podium.Settings(runs=folder / "runs", threads=1)
    for head in HEADS:
        kind = "ridge" if head == "lda" and name == "letters" else head
        lines = [f"image.size_px={PX}", "feature_views=[plain]", "predict_views=[plain]", f"head.kind={kind}"]
        run = podium.train(train, overrides=lines, folds=3, name=f"{name}-{kind}", settings=settings, progress=Silent())
        audit = run.audit_tta(views=VIEWS, progress=Silent())
        yield judge(run, audit, test, settings, (name, kind))


def judge(run: podium.Run, audit: object, test: Samples, settings: podium.Settings, names: tuple[str, str]) -> Row:
    """The audit's choice on the test images."""
    predictor = run.predictor()
    cache = make_ready(test, load_recipe(run.folder.recipe_file), settings, Silent()).cache
    target = audit.target
    made = {}
    for view in ("plain", *VIEWS):
        parts = [part for _, part in predictor.predict_folds(cache, views=[view])]
        made[view] = np.asarray(mean_predictions(parts).probs[target])
    labels, groups = test.target_labels(target), test.group_keys
    rows = test.rows_of(cache.ids)
    head = next(one for one in run.samples.task.targets if one.name == target)
    metric = METRICS[audit.metric]

    def mean(views: tuple[str, ...]) -> np.ndarray:
        return np.mean([made[view] for view in views], axis=0)

    def score_of(views: tuple[str, ...]) -> float:
        return score(metric, mean(views), labels[rows], head)

    found = paired_difference(
        mean(("plain",)), mean(audit.views), labels[rows], groups[rows], metric, head, level=0.9
    ).difference
    taken = tuple(view for view in audit.views if view != "plain")
    alone = {
        line.view: (
            line.added.verdict,
            line.added.difference.value,
            score_of(("plain", line.view)) - score_of(("plain",)),
        )
        for line in audit.lines
        if line.added is not None
    }
    steps = [score_of(audit.views) - score_of(tuple(v for v in audit.views if v != view)) for view in taken]
    worst = min(steps, default=0.0)
    sizes = (len(run.samples), len(test))
    return Row(*names, *sizes, taken, audit.gain.difference.value, found.value, found.low, found.high, worst, alone)


def main() -> None:
    """Print a row a pair."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--only", default=",".join(SETS))
    parser.add_argument("--train", type=int, default=700)
    parser.add_argument("--test", type=int, default=1500)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for name in given.only.split(","):
            for row in measure(given.data, Path(folder), name, given.train, given.test):
                rows.append(row)
                seconds = resource.getrusage(resource.RUSAGE_SELF).ru_utime
                print(
                    f"| {row.data} | {row.head} | {row.n_train} | {row.n_test} | {', '.join(row.taken) or 'none'} |"
                    f" {row.promised:+.4f} | {row.gain:+.4f} [{row.low:+.4f}, {row.high:+.4f}] | {row.worst:+.4f} |"
                    f" {seconds:.0f} s",
                    flush=True,
                )
                for view, (verdict, oof, on_test) in row.views.items():
                    print(f"    {view:12s} {verdict:12s} out of fold {oof:+.4f}, test {on_test:+.4f}", flush=True)
    if given.json:
        given.json.write_text(json.dumps([row.__dict__ for row in rows], indent=1))


if __name__ == "__main__":
    main()
