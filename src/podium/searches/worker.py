"""One process of several at work on a search: `python -m podium.searches.worker REQUEST`."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from podium.launch.worker import Reporter, pack_settings, run_worker
from podium.machine.settings import Settings

__all__ = ["search_request"]


def search_request(folder: Path, settings: Settings) -> dict[str, Any]:
    """What a worker is asked to do, JSON-ready."""
    return {"search": str(folder.resolve()), "settings": pack_settings(settings)}


def _search(request: Mapping[str, Any], settings: Settings, reporter: Reporter) -> None:
    from podium.searches.folder import SearchFolder
    from podium.searches.trials import run_trials

    run_trials(SearchFolder(Path(request["search"])), settings, reporter)


if __name__ == "__main__":
    sys.exit(run_worker(_search))
