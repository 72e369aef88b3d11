"""Which files of a run a bundle holds: what predicts and what says how it was trained; no pictures of the images."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from podium.durable import LOCK_NAME
from podium.store import RunFolder

__all__ = ["files_of"]

_OF_THE_RUN = (
    *("run.json", "recipe.yaml", "environment.json", "samples.csv", "samples.json", "images.csv", "quarantine.csv"),
    *("corrections.csv", "folds.csv", "folds.json", "audit.json", "results.csv", "ensemble.json", "decisions.json"),
    *("tta.json", "scores.json", "model.json", "MODEL_CARD.md"),
    *("backbone/*", "fold-*/*/*", "refit/*.json", "refit/*/*", "members/*.parquet"),
    *("predictions/oof.parquet", "predictions/oof-fold-*.parquet"),
)
_OF_A_TEST_SET = ("{0}.parquet", "{0}-fold-*.parquet", "{0}.json", "{0}.csv", "{0}-images/*")


def files_of(run: RunFolder, test_set: str | None) -> Iterator[Path]:
    """The files, without checkpoints, locks, the report, the fingerprints and the log of submissions.

    Args:
        run: The run.
        test_set: Its predictions of this test set go with it; None takes none.
    """
    own = [f"predictions/{pattern.format(test_set)}" for pattern in _OF_A_TEST_SET] if test_set else []
    for pattern in (*_OF_THE_RUN, *own):
        for path in sorted(run.path.glob(pattern)):
            if path.is_file() and not path.name.startswith((LOCK_NAME, ".")):
                yield path
