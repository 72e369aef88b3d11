"""Exported models of the three task shapes, each trained once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from podium.tables import Samples
from podium.workflows import train
from tiny.contest import make_recipe, make_settings
from tiny.fixtures import contest, fast_process
from tiny.served import Exported

__all__ = ["contest", "exported", "fast_process"]


@pytest.fixture(scope="session")
def exported(contest: Callable[[str], Samples], tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Exported]:
    """An exported model of a task shape, with images of its contest."""
    made: dict[str, Exported] = {}

    def find(shape: str) -> Exported:
        if shape not in made:
            folder: Path = tmp_path_factory.mktemp(f"exported-{shape}")
            samples = contest(shape)
            run = train(samples, recipe=make_recipe(), folds=2, settings=make_settings(folder))
            run.export(folder / "model", tta="none")
            made[shape] = Exported(folder / "model", [samples.file(row) for row in range(6)])
        return made[shape]

    return find
