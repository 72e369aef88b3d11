"""Images to predict: made ready for a run's models, and compared with the images that these learnt."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from podium.data import StoredImages
from podium.dataset.known_images import find_known_images
from podium.dataset.ready_images import ReadyImages, describe_crops, make_ready
from podium.errors import ImageError
from podium.listing import count_of, list_some
from podium.machine import Caution, Progress, Settings
from podium.machine.allocator import return_freed_memory
from podium.recipe import Recipe
from podium.splits import LeakReport
from podium.store import RunFolder, load_tables
from podium.tables import Predictions, Samples, number_bags

__all__ = ["ImagesToPredict", "open_images"]


@dataclass(frozen=True, eq=False)
class ImagesToPredict:
    """Images of any source as a run's models take them.

    Args:
        samples: Where they are, and what was said of them.
        sha256: Digest of each file, shape (N,); "" where it cannot be decoded.
        cache: All of them, decoded.
        bad: Rows that cannot be decoded.
        known: What is known of images that the run learnt; None where that cannot be told.
        group: Group of each, where the source names groups.
        bag: Bag of each, where one answer is for several images.
    """

    samples: Samples
    sha256: NDArray[np.object_]
    cache: StoredImages
    bad: NDArray[np.int64]
    known: LeakReport | None
    group: NDArray[np.object_] | None
    bag: NDArray[np.object_] | None

    def complete(self, predictions: Predictions, oof: Predictions) -> Predictions:
        """With the groups and bags. Images that cannot be decoded get the mean of their bag, else the mean out-of-fold
        probabilities."""
        probs = dict(predictions.probs)
        mates = self._readable_mates() if len(self.bad) else {}
        for name, values in predictions.probs.items() if len(self.bad) else ():
            filled = np.array(values)
            filled[self.bad] = oof.probs[name].mean(axis=0)
            for row, others in mates.items():
                filled[row] = values[others].mean(axis=0)
            probs[name] = filled
        return replace(predictions, probs=probs, group=self.group, bag=self.bag)

    def _readable_mates(self) -> dict[int, NDArray[np.int64]]:
        """The readable images of the bag of each bad one, whose mean changes no mean and no maximum of the bag."""
        if self.bag is None:
            return {}
        numbers = number_bags(self.cache.ids, self.bag)
        is_good = np.ones(len(numbers), dtype=bool)
        is_good[self.bad] = False
        found = {int(row): np.flatnonzero(is_good & (numbers == numbers[row])) for row in self.bad}
        return {row: others for row, others in found.items() if len(others)}

    def describe_bad(self) -> Caution | None:
        """What to say of the images that cannot be decoded."""
        if not len(self.bad):
            return None
        few = list_some(self.cache.ids[self.bad], most=5)
        cannot = count_of(len(self.bad), "image cannot", "images cannot")
        of_bag = "" if self.bag is None else " of their bag"
        return Caution(f"{cannot} be decoded; they get the average prediction{of_bag}: {few}.")


def open_images(
    run: RunFolder,
    samples: Samples,
    recipe: Recipe,
    settings: Settings,
    progress: Progress,
    *,
    say: bool = True,
) -> ImagesToPredict:
    """Decode images as a recipe stores them, and note which of them the run learnt.

    Args:
        run: The run whose tables say what it learnt.
        samples: The images.
        recipe: Of the models that predict.
        settings: Machine and places.
        progress: Receives progress and notes.
        say: Whether to note crops and known images.

    Raises:
        ImageError: If no image can be decoded.
        CorruptFileError: If a table of the run is not the one it was started with.
    """
    images = make_ready(samples, recipe, settings, progress)
    _require_some(images)
    learnt, frozen = load_tables(run)
    known = find_known_images(run, learnt, frozen, images) if say else None
    if say:
        for note in describe_crops(images.audit, recipe.image.preprocessing):
            progress.note(note)
    return_freed_memory()
    if say:
        caution = _describe_known(known)
        if caution is not None:
            progress.note(caution)
    cache = images.cache
    rows, group = samples.rows_of(cache.ids), samples.group if samples.has_groups else None
    columns = (None if column is None else column[rows] for column in (group, samples.bag))
    asked = replace(samples, task=None, labels={}, soft={}, weight=None, numbers={}, borders={}, corrections=())
    return ImagesToPredict(asked, cache.facts.sha256, cache, np.flatnonzero(~cache.is_usable), known, *columns)


def _require_some(images: ReadyImages) -> None:
    if not images.cache.is_usable.any():
        raise ImageError(
            f"none of the {count_of(len(images.audit), 'image')} can be decoded.",
            where=images.samples.root,
            fix="Check that this is the folder of the test images, and that they were copied completely.",
            details=[f"{row.id}: {row.outcome}, {row.reason}" for row in images.audit.quarantine],
        )


def _describe_known(known: LeakReport | None) -> Caution | None:
    if known is None:
        return Caution(
            "Whether some of these images were in the training data cannot be told: the run has no sound"
            " fingerprints of its images, and no cache."
        )
    if known.is_clean:
        return None
    words = "Some of these images, or near-duplicates of them, were in the training data of this run."
    return Caution(f"{words} {known.verdict}")
