"""The model on all images of a run: what is written down of it before its first step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from podium import durable
from podium.errors import CorruptFileError
from podium.listing import count_of
from podium.store.run_folder import RunFolder

__all__ = ["RefitRecord", "read_refit", "refit_words"]


@dataclass(frozen=True)
class RefitRecord:
    """A model on all images.

    Args:
        epochs: Epochs by model of the run: one, "all", or one for every attribute. 1 for heads that are solved.
        n_images: Images that it learns from.
    """

    epochs: Mapping[str, int]
    n_images: int

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {"epochs": dict(self.epochs), "n_images": self.n_images}


def read_refit(run: RunFolder, *, finished: bool = False) -> RefitRecord | None:
    """The refit of a run; None where none was started or, with `finished`, where a model of it has no weights yet.

    Raises:
        CorruptFileError: If its file is not what Podium wrote.
    """
    if not run.refit_file.is_file():
        return None
    record = durable.read_json(run.refit_file)
    try:
        found = RefitRecord({str(name): int(n) for name, n in record["epochs"].items()}, int(record["n_images"]))
    except (KeyError, TypeError, ValueError, AttributeError):
        fix = "Remove this file and the folder around it, and refit the run again."
        raise CorruptFileError("this is not the refit.json of a run.", where=run.refit_file, fix=fix) from None
    if finished and not all((run.refit_folder(name) / "model.json").is_file() for name in found.epochs):
        return None
    return found


def refit_words(refit: RefitRecord) -> str:
    """What it is, in a line.

    Example:
        >>> refit_words(RefitRecord({"all": 3}, 450))
        'one model on all 450 images, 3 epochs; its score is not measured'
    """
    lengths = sorted(set(refit.epochs.values()))
    epochs = count_of(lengths[0], "epoch") if len(lengths) == 1 else f"{lengths[0]} to {lengths[-1]} epochs"
    models = "one model" if len(refit.epochs) == 1 else count_of(len(refit.epochs), "model")
    return f"{models} on all {count_of(refit.n_images, 'image')}, {epochs}; its score is not measured"
