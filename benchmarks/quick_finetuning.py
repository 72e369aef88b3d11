"""F4: the preset "quick" against three epochs of full fine-tuning.

    scripts/bench quick_finetuning [--pairs 5] [--quick] [--sets mask7 signs]

Both are whole commands from image files to scores, nothing cached before: the same recipe on the same fold, one with
the first six blocks frozen and their output computed once (preset quick), one with every block trained. Round i uses
seed i for both, so that five rounds are five seeds. One fold is the worst case for the cache: of five folds the frozen
blocks are computed once, of one fold once, too.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from data_flags import MASK7_FLAGS, MASK7_FOLDER
from side_by_side import (
    SHARED,
    Block,
    fresh_folder,
    ratio,
    read_options,
    run_command,
    significant,
    spread,
    table,
    take_turns,
    values,
)

PODIUM = Path(sys.executable).parent / "podium"
SETS = {
    "mask7": [str(SHARED / MASK7_FOLDER), *MASK7_FLAGS],
    "signs": [str(SHARED / "sign_digits")],
}
WAYS = {"full": ["model.freeze=none"], "quick": []}
MARGIN = 0.01


def train(source: list[str], way: str, seed: int, options: argparse.Namespace) -> Mapping[str, Any]:
    folder = fresh_folder("quick-finetuning")
    lines = [*WAYS[way], *(["training.epochs=1"] if options.quick else [])]
    command = [PODIUM, "train", *source, "--preset", "quick", "--folds", "5", "--only-folds", "0", "--seed", str(seed)]
    command += ["--runs", folder / "runs", "--name", "run", "--quiet", *(["--set", *lines] if lines else [])]
    record = run_command(command, threads=2, folder=folder)
    scores = json.loads((folder / "runs" / "run" / "scores.json").read_text())
    targets = scores["targets"].values()
    accuracy = statistics.mean(
        target["metrics"]["accuracy"]["value"] for target in targets if "accuracy" in target["metrics"]
    )
    return {**record, "accuracy": accuracy}


def main() -> int:
    options = read_options(
        __doc__ or "", add=lambda parser: parser.add_argument("--sets", nargs="+", choices=SETS, default=["mask7"])
    )
    block = Block("F4", "The preset quick against full fine-tuning", options, ("torch", "timm"))
    for name in options.sets:
        source = SETS[name]
        if not Path(source[0]).is_dir():
            block.say(f"{name} is not here (PODIUM_SHARED_DATA).", "")
            continue
        rounds: dict[str, list[dict[str, Any]]] = {way: [] for way in WAYS}
        for seed in range(options.pairs):
            turn = take_turns({way: partial(train, source, way, seed, options) for way in WAYS}, 1)
            for way in WAYS:
                rounds[way] += turn[way]
        seconds = {way: values(rounds[way], "seconds") for way in WAYS}
        accuracy = {way: values(rounds[way], "accuracy") for way in WAYS}
        block.say(f"### {name}, fold 0 of 5", "")
        rows = [[way, spread(seconds[way]), f"{statistics.mean(accuracy[way]):.4f}"] for way in WAYS]
        block.say(*table(["way", "seconds", "range", f"mean accuracy of {options.pairs} seeds"], rows))
        block.judge("at most half the time", ratio(seconds["quick"], seconds["full"]), at_most=0.5)
        lost = statistics.mean(accuracy["full"]) - statistics.mean(accuracy["quick"])
        block.gate(f"accuracy at most {MARGIN} below", lost <= MARGIN, f"difference {significant(-lost)}")
    return block.finish()


if __name__ == "__main__":
    raise SystemExit(main())
