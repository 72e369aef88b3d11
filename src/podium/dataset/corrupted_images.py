"""A run's images corrupted before the run's own preparation: decoded, spoiled, cut, resized, as its cache would be."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from podium.corruptions import Corruption, Frame
from podium.data import MemoryImages
from podium.dataset.ready_images import crops_of
from podium.errors import ImageError
from podium.images import Box, CutCentre, crop, cuts, decode_file, store_as
from podium.recipe import Recipe
from podium.recipe.image_spec import WHOLE
from podium.tables import Samples, as_text_array

__all__ = ["CorruptedImages"]


class CorruptedImages:
    """Makes corrupted versions of samples as a run's cache would hold them.

    Args:
        samples: The samples, with the boxes of every region that the recipe cuts.
        recipe: A recipe whose image sizes are resolved.
        seed: Seed of the random numbers of corruptions.
        n_threads: Images made at a time.
    """

    def __init__(self, samples: Samples, recipe: Recipe, *, seed: int = 0, n_threads: int = 1) -> None:
        self._samples, self._image, self._seed, self._n_threads = samples, recipe.image, seed, n_threads
        regions = dict.fromkeys((self._image.region, *self._image.regions.values()))
        self._boxes = {region: crops_of(samples, recipe, region) for region in regions}
        self.frame = Frame(*self._image.stored_sides, self._image.fit)

    def make(self, rows: NDArray[np.int64], corruption: Corruption | None, severity: int = 0) -> MemoryImages:
        """These rows, corrupted; as they are without a corruption.

        Raises:
            ImageError: If a file cannot be decoded any more; names it.
        """
        pixels = {
            region: np.empty((len(rows), self.frame.height, self.frame.width, 3), np.uint8) for region in self._boxes
        }

        def store(place: int) -> None:
            row = int(rows[place])
            for region, read in self._read(row).items():
                spoiled = self._spoil(read, row, corruption, severity)
                pixels[region][place] = self._prepare(spoiled, row, region, corruption, severity)

        if self._n_threads > 1 and len(rows) > 1:
            with ThreadPoolExecutor(self._n_threads, thread_name_prefix="podium-corrupt") as pool:
                list(pool.map(store, range(len(rows))))
        else:
            for place in range(len(rows)):
                store(place)
        ids = as_text_array(self._samples.ids[rows].tolist())
        first, *others = [MemoryImages(ids, made) for made in pixels.values()]
        return replace(first, parts=dict(zip(list(pixels)[1:], others, strict=True))) if others else first

    def example(self, row: int, corruption: Corruption | None, severity: int = 0) -> NDArray[np.uint8]:
        """A whole image corrupted, at the size in which it was decoded, as a person would see the file."""
        (read, *_) = self._read(row).values()
        return self._spoil(read, row, corruption, severity)

    def _read(self, row: int) -> dict[str, NDArray[np.uint8]]:
        """The decoded file for every region, at the scale in which the cache decodes it."""
        found: dict[int | None, NDArray[np.uint8]] = {}
        made = {}
        for region in self._boxes:
            needs_all = region != WHOLE or cuts(self._image.preprocessing)
            target_px = None if needs_all else max(self.frame.height, self.frame.width)
            if target_px not in found:
                found[target_px] = self._decode(row, target_px)
            made[region] = found[target_px]
        return made

    def _decode(self, row: int, target_px: int | None) -> NDArray[np.uint8]:
        path = self._samples.file(row)
        decoded = decode_file(path, limits=self._image.limits, target_px=target_px, with_facts=False)
        if decoded.pixels is None:
            raise ImageError(f"cannot be decoded: {decoded.outcome.value}, {decoded.reason}", where=path)
        return decoded.pixels

    def _spoil(
        self, pixels: NDArray[np.uint8], row: int, corruption: Corruption | None, severity: int
    ) -> NDArray[np.uint8]:
        if corruption is None or corruption.resizes:
            return pixels
        return self._apply(pixels, row, corruption, severity)

    def _apply(self, pixels: NDArray[np.uint8], row: int, corruption: Corruption, severity: int) -> NDArray[np.uint8]:
        name = str(self._samples.ids[row])
        return corruption.apply(pixels, severity, seed=self._seed, image_id=name, frame=self.frame)

    def _prepare(
        self, pixels: NDArray[np.uint8], row: int, region: str, corruption: Corruption | None, severity: int
    ) -> NDArray[np.uint8]:
        """An image as the cache stores it; another resizing stands where the run's own would."""
        boxes: Sequence[Box | None] | None = self._boxes[region]
        box = None if boxes is None else boxes[row]
        pixels = pixels if box is None else crop(pixels, box)
        steps = self._image.preprocessing
        if corruption is not None and corruption.resizes:
            for step in steps:
                pixels = step.change(pixels) if isinstance(step, CutCentre) else pixels
            pixels = self._apply(pixels, row, corruption, severity)
            steps = tuple(step for step in steps if not isinstance(step, CutCentre))
        return store_as(pixels, (self.frame.height, self.frame.width), self.frame.fit, steps)
