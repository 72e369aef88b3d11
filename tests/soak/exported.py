"""A tiny model as an exported folder, for the trials of a server."""

from __future__ import annotations

from pathlib import Path

from podium.workflows import train
from tiny.contest import make_recipe, make_samples, make_settings
from tiny.served import Exported

__all__ = ["export"]


def export(folder: Path, shape: str) -> Exported:
    """A tiny model of a task shape."""
    samples = make_samples(folder / "images", shape)
    run = train(samples, recipe=make_recipe(), folds=2, settings=make_settings(folder))
    run.export(folder / "model", tta="none")
    return Exported(folder / "model", [samples.file(row) for row in range(12)])
