"""A session at the command line that asks every command for its JSON document, on sixteen tiny images."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from podium.cli.documents import DOCUMENTS
from soak.command_line import LEAKS, TINY, Answer, ask, draw, draw_pets

__all__ = ["ELSEWHERE", "run_session"]

ELSEWHERE = {
    "demo": "a minute",
    "regions": "extra face",
    "stickers": "extra face",
    "search": "minutes",
    "serve": "tests/serve",
}
"""Commands whose documents other tests look at."""

_CPU = ("--device", "cpu")
_TRAIN = (*TINY, "--folds", "2", *LEAKS)
_STEPS: tuple[tuple[str, ...], ...] = (
    ("scan", "pets"),
    ("scan", "pets", "--out", "scanned"),
    ("audit", "pets", "--no-features"),
    ("split", "pets", "--folds", "2", "--out", "folds", *LEAKS),
    ("proxy", "pets", "--n", "8", "--folds", "2"),
    ("preview", "baseline", "pets", "--set", "image.size_px=32", "model.name=tiny", "model.weights=random"),
    ("recipe", "show", "baseline"),
    ("recipe", "diff", "baseline", "quick"),
    ("train", "pets", *_TRAIN, "--name", "one", "--only-folds", "0"),
    ("train", "--resume", "one", "--only-folds", "1", *_CPU),
    ("train", "pets", *_TRAIN, "--name", "two", "--holdout-fraction", "0.25", "--seed", "1"),
    ("train", "pets", *_TRAIN, "--name", "three", "--folds-from", "runs/one", "--seed", "2"),
    (
        *("train", "pets", *TINY, "--lr", "0.02", "--folds", "2", *LEAKS, "--name", "four"),
        *("--folds-from", "runs/one", "--corrections", "corrections.csv"),
    ),
    ("recipe", "check", "baseline"),
    ("track", "one", "--to", "tensorboard"),
    ("events", "runs/one/trackers/tensorboard"),
    ("lr-find", "pets", *_TRAIN, "--steps", "12"),
    ("refit", "one", *_CPU),
    ("predict", "one", "test", *_CPU),
    ("predict", "three", "test", *_CPU),
    ("pseudo", "one", "test", "--out", "pseudo", *_CPU),
    ("evaluate", "two", "--holdout", *_CPU),
    ("labels", "one", *_CPU),
    ("labels", "one", "test", "--next", "3", *_CPU),
    ("labels", "one", "--verdict", "four", *_CPU),
    ("compare", "one", "three"),
    ("explain", "one", "--n", "4", "--curves", "2", *_CPU),
    ("map", "one", *_CPU),
    ("map", "one", "--like", "cat/0.png", "--n", "3", *_CPU),
    ("stress", "one", "--corruptions", "blur", "--severities", "1", "--images", "8", *_CPU),
    ("export", "three", "--to", "exported", *_CPU),
    ("predict", "exported", "test", "--out", "answers.csv"),
    ("agree", "one", "four", "--whole", "one", "four"),
    ("ensemble", "one", "three", "--name", "both"),
    ("tta", "one", "--views", "hflip", *_CPU),
    ("decide", "one", "--calibrate", "temperature"),
    ("decide", "one"),
    ("predict", "one", "test", *_CPU),
    ("submit", "one", "sample.csv"),
    ("bundle", "one", "--to", "bundled"),
    ("rerun", "bundled", "test"),
    ("leaderboard", "add", "0.5"),
    ("leaderboard",),
    ("report", "one"),
    ("runs",),
    ("runs", "--diff", "one", "three"),
    ("study", "pets", *_TRAIN, "--vary", "optimizer.lr=0.01", "--name", "lrs"),
    ("env",),
    ("completion", "bash"),
)


def run_session(root: Path) -> Iterator[tuple[tuple[str, ...], Answer]]:
    """Every step with its answer."""
    draw_pets(root)
    for row in range(6):
        draw(root / "test" / f"t{row}.png", 100 + row, tint=row)
    (root / "corrections.csv").write_text("image,head,old,new\ncat/0.png,label,cat,dog\n")
    rows: list[dict[str, Any]] = [{"image": f"t{row}.png", "label": "cat"} for row in range(6)]
    (root / "sample.csv").write_text(pd.DataFrame(rows).to_csv(index=False))
    assert {step[0] for step in _STEPS} | set(ELSEWHERE) >= set(DOCUMENTS) - {"schema"}
    for step in _STEPS:
        yield step, ask(*step, "--json", at=root)
