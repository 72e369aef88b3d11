"""One process of several that train a run: `python -m podium.crossval.worker REQUEST`, started by `carry_on`."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from podium.launch.worker import Reporter, pack_settings, run_worker
from podium.machine.settings import Settings

__all__ = ["make_request"]


def make_request(run: Path, settings: Settings, only_folds: list[int]) -> dict[str, Any]:
    """What a worker is asked to do, JSON-ready.

    Args:
        run: The run folder.
        settings: Machine and places, for one process.
        only_folds: Folds to train; empty trains all that the run was asked for.
    """
    return {"run": str(run.resolve()), "only_folds": only_folds, "settings": pack_settings(settings)}


def _train(request: Mapping[str, Any], settings: Settings, reporter: Reporter) -> None:
    from podium.crossval.carry_on import carry_on
    from podium.store import RunFolder

    carry_on(RunFolder(Path(request["run"])), settings, reporter, only_folds=request["only_folds"])


if __name__ == "__main__":
    sys.exit(run_worker(_train))
