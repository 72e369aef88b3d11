"""podium decide."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from podium.cli.console import print_json, print_lines
from podium.cli.flags import Json, Many
from podium.cli.thresholds import read_thresholds

__all__ = ["decide"]


def decide(
    run: str = "last",
    *,
    threshold: Annotated[tuple[str, ...], Many] = (),
    composite: Literal["independent", "class_first", "attributes_first"] = "independent",
    runs: Path = Path("runs"),
    json: Json = False,
) -> int:
    """Set how a run turns probabilities into answers; predict and submit follow. Without options, back to the default.

    Example: podium decide last --threshold 0.4

    Args:
        run: A run's name, folder, or "last".
        threshold: Lowest probability of a 1 for multi-label targets: 0.4 for all classes, or 'cat=0.3'.
        composite: Composite class and attributes: each by its own probabilities (independent), attributes read off the
            class (class_first), or the class read off the attributes (attributes_first).
        runs: Folder of all runs.
    """
    from podium.store import find_run
    from podium.workflows.decide import decide_run

    found = find_run(runs, run)
    decision = decide_run(found, thresholds=read_thresholds(threshold), composite=composite)
    if json:
        print_json(decision.to_dict())
        return 0
    where = f"written to {found.decisions_file}" if found.decisions_file.is_file() else "back to the default"
    print_lines(*decision.lines(), where)
    return 0
