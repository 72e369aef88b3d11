"""Whether a study's verdicts repeat: the same question asked again and again, with other seeds and other folds.

    python benchmarks/study_repeats.py --repeats 10 [--seeds 1] [--data FOLDER --labels labels.csv ...]

A frozen network (`heads`) and a short fine-tuning (`training`) are each asked about changes that hurt, that help and
that do next to nothing, on the shipped signs or on a folder of yours. A repeat has another seed of every training and
another division into folds. An arm agrees with itself where most of its repeats give one verdict; worse than a verdict
that is missing are two that contradict each other, "helps" in one repeat and "hurts" in another.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import podium
from podium.demo import prepare
from podium.machine import Settings
from podium.machine.progress import Silent

STUDIES: dict[str, dict[str, Any]] = {
    "heads": {
        "preset": "baseline",
        "overrides": ["image.size_px=96", "head.kind=logistic"],
        "vary": {
            "image.size_px": [48, 128],
            "head.kind": ["lda"],
            "image.preprocessing": [[{"kind": "grayscale"}]],
        },
        "arms": [{"feature_views": ["plain"], "predict_views": ["plain"]}],
    },
    "training": {
        "preset": "quick",
        "overrides": ["image.size_px=64", "training.epochs=4"],
        "vary": {
            "image.size_px": [32],
            "optimizer.lr": [1e-5],
            "training.epochs": [8],
            "loss.single.label_smoothing": [0.2],
        },
    },
}


def ask(study: dict[str, Any], source: dict[str, Any], *, repeat: int, seeds: int) -> dict[str, str]:
    """The verdict on every arm."""
    with tempfile.TemporaryDirectory(prefix="study-repeats-") as folder, contextlib.redirect_stdout(sys.stderr):
        found = podium.study(
            **source,
            preset=study["preset"],
            overrides=[*study["overrides"], f"seed={1000 * repeat}"],
            vary=study["vary"],
            arms=study.get("arms", ()),
            seeds=seeds,
            folds=podium.FoldOptions(folds=3, split_seed=repeat),
            settings=Settings(runs=Path(folder), device="cpu", threads=1, looks=False),
            progress=Silent(),
        )
    return found.verdicts


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=10)
    parser.add_argument("--seeds", type=int, default=1, help="seeds of each arm within a study")
    parser.add_argument("--only", choices=list(STUDIES), nargs="+", default=list(STUDIES))
    parser.add_argument("--data", type=Path, help="a folder of images instead of the shipped signs")
    parser.add_argument("--labels", type=Path)
    parser.add_argument("--column", default="label")
    parser.add_argument("--group")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="study-repeats-data-") as made:
        if options.data is None:
            demo = prepare("sign_digits", Path(made) / "signs")
            data, scan = demo.train_folder, dict(demo.scan_options)
        else:
            scan = {"labels": options.labels, "label_columns": options.column, "group": options.group}
            data, scan = options.data, {key: value for key, value in scan.items() if value}
        source = {"data": data, "options": podium.ScanOptions(**scan)}
        worst = 1.0
        for name in options.only:
            verdicts: dict[str, Counter[str]] = {}
            started = time.process_time()
            for repeat in range(options.repeats):
                given = ask(STUDIES[name], source, repeat=repeat, seeds=options.seeds)
                for arm, verdict in given.items():
                    verdicts.setdefault(arm, Counter())[verdict] += 1
                print(f"{name}, repeat {repeat + 1}: {given}", flush=True)
            print(f"\n| {name}: arm | helps | hurts | cannot tell | agree |\n|---|---|---|---|---|")
            for arm, counts in verdicts.items():
                most = counts.most_common(1)[0][1] / sum(counts.values())
                worst = min(worst, most)
                row = [str(counts[word]) for word in ("helps", "hurts", "cannot tell")]
                both = " contradiction" if counts["helps"] and counts["hurts"] else ""
                print(f"| {arm} | {' | '.join(row)} | {most:.0%}{both} |")
            seconds = (time.process_time() - started) / options.repeats
            print(f"\n{options.repeats} repeats of {options.seeds} seed(s), {seconds:.0f} CPU s each\n", flush=True)
    print(f"least agreement {worst:.0%}, goal 90 %: {'PASS' if worst >= 0.9 else 'MISS'}")
    return 0 if worst >= 0.9 else 1


if __name__ == "__main__":
    raise SystemExit(main())
