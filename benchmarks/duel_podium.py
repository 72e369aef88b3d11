"""Podium's side of `duel.py`: the plan of `--minutes` on the train rows, and its answer to the valid rows.

The plan's clock counts the CPU seconds of the process and its children from their start, as the peers' clocks do, so
that other work on the machine takes nothing from either side. Valid rows are images without labels to Podium: what it
trains and what it mixes is chosen by folds of the train rows.
"""

from __future__ import annotations

import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
from duel_peers import SIDE, read_table
from numpy.typing import NDArray
from side_by_side import cpu_seconds

PREDICTING = 0.1
"""Share of the budget that is kept for the valid rows."""


def be_podium(folder: Path, budget: float, seed: int) -> NDArray[np.float64]:
    """Probabilities of the valid rows, shape (N, C), by what `podium train --minutes` made of the train rows."""
    import podium
    from podium.machine import Settings, Silent

    class Told(Silent):
        """Prints the notes, so that what the plan left out is on record."""

        def note(self, text: str) -> None:
            print(text, flush=True)

    _count_cpu_seconds()
    rows, classes, _ = read_table(folder)
    rows[rows["split"] == "train"].assign(path=lambda own: own["path"].str.removeprefix("train/"))[
        ["path", "label", "group"]
    ].to_csv("train.csv", index=False)
    run = podium.train(
        folder / "train",
        minutes=((1 - PREDICTING) * budget - cpu_seconds()) / 60,
        options=podium.ScanOptions(labels="train.csv", label_columns="label", group="group"),
        overrides={"image.size_px": SIDE},
        seed=seed,
        settings=Settings(runs=Path("runs"), threads=1, looks=False),
        progress=Told(),
    )
    print(run.name, run.scores.main, f"{cpu_seconds():.0f} CPU seconds", flush=True)
    made = run.predict(folder / "valid")
    head = made.task.main_target
    frame = pd.DataFrame(made.probs[head.name], index=[f"valid/{name}" for name in made.ids], columns=head.classes)
    return frame.loc[rows.loc[rows["split"] == "valid", "path"], list(classes)].to_numpy(float)


def _count_cpu_seconds() -> None:
    """Let what plans by the clock see CPU seconds."""
    from podium.crossval import foresee, minutes
    from podium.training import rehearsal

    clock = SimpleNamespace(**{name: getattr(time, name) for name in dir(time) if not name.startswith("_")})
    clock.monotonic = clock.perf_counter = cpu_seconds
    for module in (rehearsal, foresee, minutes):
        module.time = clock  # type: ignore[attr-defined]
