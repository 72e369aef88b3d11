"""What the winners' steps add on top of each other: one model, test-time views, folds.

    python benchmarks/contest_ladder.py letters masks [--data ../shared/data] [--model NAME] [--px N] [--epochs N]

The presets `contest-l` and `contest-f` on look-alikes of their contests: the strewn letters, trained on 15 drawers and
judged on the pictures of five others; the masked faces, trained on four of five people and judged on the rest. Nothing
is chosen by the judged images. A line is what one step adds to the line before, with a paired interval by drawer or
person. The network, the size and the epochs are asked for, since on a CPU the presets' own take days.
"""

from __future__ import annotations

import argparse
import csv
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from side_by_side import cpu_seconds

import podium
from podium.metric_words import metric_words
from podium.metrics import paired_difference, score

LETTERS = "abcdefghijklmnopqrstuvwxyz"
N_HELD = 45
"""People of the masked faces that are judged, of 225."""


@dataclass(frozen=True)
class Contest:
    """What is trained and what is judged."""

    preset: str
    metric: str
    target: str
    train: podium.Scan
    judged: podium.Scan
    views: tuple[str, ...]


def read_letters(data: Path, work: Path) -> Contest:
    source = data / "dirty_letters26"
    with (source / "labels.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    for part in ("train", "test"):
        with (work / f"{part}.csv").open("w", newline="") as file:
            own = csv.DictWriter(file, ["path", "group", *LETTERS], extrasaction="ignore")
            own.writeheader()
            own.writerows(row for row in rows if row["split"] == part)
    scans = [podium.scan(source, labels=work / f"{part}.csv", group="group") for part in ("train", "test")]
    turns = ("plain", "rot90", "rot180", "rot270")
    return Contest("contest-l", "label_accuracy", "labels", *scans, turns)


def read_masks(data: Path, work: Path) -> Contest:
    source = data / "mask7_semisynth" / "train" / "images"
    people = sorted(path.name for path in source.iterdir())
    held = set(np.random.default_rng(0).permutation(people)[:N_HELD])
    for person in people:
        folder = work / ("judged" if person in held else "train")
        folder.mkdir(exist_ok=True)
        (folder / person).symlink_to(source.resolve() / person)
    scans = [
        podium.scan(
            work / part,
            pattern="{id}_{gender}_{race}_{age:int}/{mask}*",
            label_columns=["mask", "gender", "age"],
            group="id",
            bins=["age=30,60"],
            classes=["mask=mask,incorrect_mask,normal", "gender=male,female"],
            composite="mask*6 + gender*3 + age",
            follow_links=True,
        )
        for part in ("train", "judged")
    ]
    return Contest("contest-f", "f1_macro", "class", *scans, ("plain", "hflip"))


CONTESTS: dict[str, Callable[[Path, Path], Contest]] = {"letters": read_letters, "masks": read_masks}


def climb(contest: Contest, overrides: dict[str, Any], runs: Path) -> Iterator[tuple[str, Any]]:
    """Every step's name and predictions."""
    settings = podium.Settings(runs=runs, threads=1, looks=False)
    overrides = {**overrides, "predict_views": list(contest.views)}
    run = podium.train(
        contest.train,
        preset=contest.preset,
        overrides=overrides,
        folds=5,
        only_folds=[0],
        name="ladder",
        settings=settings,
    )
    judged = contest.judged.samples
    yield "one model", run.predict(judged, tta=["plain"], name="plain")
    yield f"+ views ({', '.join(contest.views)})", run.predict(judged, tta=list(contest.views), name="views")
    run = podium.resume("ladder", only_folds=range(5), settings=settings)
    yield "+ five folds", run.predict(judged, tta=list(contest.views), name="folds")
    print(f"Out of fold: {metric_words(run.scores.main_metric)} {run.scores.main}")


def tell(contest: Contest, overrides: dict[str, Any], work: Path) -> None:
    samples, before = contest.judged.samples, None
    task = samples.task
    assert task is not None
    head = next(head for head in task.targets if head.name == contest.target)
    print(f"\n| {metric_words(contest.metric)} of {len(samples)} images | score | minus the line before | CPU s |")
    print("|---|---|---|---|")
    for name, made in climb(contest, overrides, work / "runs"):
        place = {key: row for row, key in enumerate(made.ids)}
        rows = [place[key] for key in samples.ids]
        probs, labels = made.probs[contest.target][rows], samples.target_labels(contest.target)
        change = ""
        if before is not None:
            found = paired_difference(before, probs, labels, samples.group_keys, contest.metric, head)
            change = f"{found.difference}, {found.verdict}"
        value = score(contest.metric, probs, labels, head)
        print(f"| {name} | {value:.4f} | {change} | {cpu_seconds():.0f} |", flush=True)
        before = probs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("contests", nargs="+", choices=sorted(CONTESTS))
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--model", default="tf_efficientnet_lite0")
    parser.add_argument("--px", type=int, nargs="+", default=[128], help="one side, or height and width")
    parser.add_argument("--epochs", type=int, default=10)
    asked = parser.parse_args()
    size = asked.px[0] if len(asked.px) == 1 else asked.px
    for name in asked.contests:
        with tempfile.TemporaryDirectory() as folder:
            contest = CONTESTS[name](asked.data, Path(folder))
            overrides = {"model.name": asked.model, "image.size_px": size, "training.epochs": asked.epochs}
            tell(contest, overrides | {"metric": contest.metric} if name == "letters" else overrides, Path(folder))


if __name__ == "__main__":
    main()
