"""F5: five folds of a frozen network against one fold.

    scripts/bench folds_cost [--pairs 5] [--quick]

Whole commands, `podium train --preset baseline --folds 5`, with and without `--only-folds 0`, nothing cached before:
the images are decoded and the features computed once either way.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from side_by_side import (
    SHARED,
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

PODIUM = Path(sys.executable).parent / "podium"
WAYS = {"one fold": ["--only-folds", "0"], "five folds": []}


def train(source: Path, extra: list[str]) -> Mapping[str, Any]:
    folder = fresh_folder("folds-cost")
    command = [PODIUM, "train", source, "--preset", "baseline", "--folds", "5", "--runs", folder / "runs"]
    record = run_command([*command, "--name", "run", "--quiet", *extra], threads=2, folder=folder)
    scores = json.loads((folder / "runs" / "run" / "scores.json").read_text())
    n = next(iter(scores["targets"].values()))["n"]
    return {**record, "judged": n}


def main() -> int:
    options = read_options(__doc__ or "")
    source = SHARED / "sign_digits"
    block = Block("F5", "Five folds of a frozen network against one", options, ("torch", "timm"))
    if not source.is_dir():
        print("sign_digits is not here (PODIUM_SHARED_DATA).")
        return 0
    rounds = take_turns({way: partial(train, source, extra) for way, extra in WAYS.items()}, options.pairs)
    seconds = {way: values(rounds[way], "seconds") for way in WAYS}
    cpu = {way: values(rounds[way], "cpu_seconds") for way in WAYS}
    rows = [[way, spread(seconds[way]), spread(cpu[way]), str(rounds[way][0]["judged"])] for way in WAYS]
    block.say(*table(["way", "seconds", "range", "CPU seconds", "range", "images judged"], rows))
    block.judge("at most twice the time of one fold", ratio(seconds["five folds"], seconds["one fold"]), at_most=2)
    judged = {way: rounds[way][0]["judged"] for way in WAYS}
    block.gate(
        "five folds judge about five times as many images",
        4.5 < judged["five folds"] / judged["one fold"] < 5.5,
        f"{judged['five folds']} against {judged['one fold']}",
    )
    return block.finish()


if __name__ == "__main__":
    raise SystemExit(main())
