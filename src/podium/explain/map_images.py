"""Maps of a run's models over images: by the model of one fold each, or the mean of all."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from podium.data import StoredImages, cut_to, eval_batch
from podium.explain import (
    Method,
    choose_method,
    enlarge,
    find_layers,
    finest_grid,
    make_maps,
    moved_map,
    removal_curves,
)
from podium.explain.explanation import Removal
from podium.models import Classifier
from podium.tables import Head, Task
from podium.training.predictor import Predictor
from podium.training.probabilities import probs_from_logits

__all__ = ["MapMaker"]

_BATCH = 16
Report = Callable[[int], None]


class MapMaker:
    """Maps of one head.

    Args:
        predictor: The run's models.
        name: The model that has the head.
        head: The head.
        images: Decoded images, as the predictor stores them.
        method: How; None takes what suits the network.

    Attributes:
        layers: The layers that are shown.
        grid: Rows and columns of the maps.
        method: How maps are made.
    """

    def __init__(
        self, predictor: Predictor, name: str, head: Head, images: StoredImages, method: Method | None = None
    ) -> None:
        self._predictor, self._name, self.head = predictor, name, head
        self._images = cut_to(images, predictor.recipe.image.region_of(name))
        self._held: tuple[int, Classifier] | None = None
        first = predictor.network(predictor.folds[0], name)
        self.layers = find_layers(first, self._tensor(self.see(np.arange(1))), head.name)
        self.grid = finest_grid(self.layers)
        self.method: Method = method or choose_method(first)

    @property
    def layer_names(self) -> tuple[str, ...]:
        """Names of the layers in the backbone."""
        return tuple(layer.module for layer in self.layers)

    def see(self, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
        """What the network sees of these images, uint8 (M, H, W, 3): maps and pictures come from these very pixels."""
        out = np.empty((len(rows), *self._predictor.recipe.image.sides, 3), dtype=np.uint8)
        return eval_batch(self._images.pixels, rows, out)

    def rows_of(self, ids: NDArray[np.object_]) -> NDArray[np.int64]:
        """Rows of images by their ids."""
        place = {name: row for row, name in enumerate(self._images.ids.tolist())}
        return np.array([place[name] for name in ids.tolist()], dtype=np.int64)

    def of_folds(
        self, rows: NDArray[np.int64], folds: NDArray[np.int64], classes: NDArray[np.int64], report: Report
    ) -> NDArray[np.float32]:
        """A map of each image by the model of its fold, at the size of the pictures, (M, H, W)."""
        self._held = None
        maps = np.zeros((len(rows), *self.grid), dtype=np.float32)
        done = 0
        for fold in np.unique(folds).tolist():
            network, places = self._network(fold), np.flatnonzero(folds == fold)
            for start in range(0, len(places), _BATCH):
                some = places[start : start + _BATCH]
                maps[some] = self._make(network, rows[some], classes[some])
                done += len(some)
                report(done)
        return enlarge(maps, self._predictor.recipe.image.sides)

    def of_all(self, rows: NDArray[np.int64], classes: NDArray[np.int64], report: Report) -> NDArray[np.float32]:
        """The mean map over the models of all folds, each weighing the same, (M, H, W)."""
        self._held = None
        total = np.zeros((len(rows), *self.grid), dtype=np.float32)
        for number, fold in enumerate(self._predictor.folds):
            network = self._network(fold)
            for start in range(0, len(rows), _BATCH):
                some = slice(start, start + _BATCH)
                maps = self._make(network, rows[some], classes[some])
                sums = maps.sum(axis=(1, 2), keepdims=True)
                total[some] += maps / np.where(sums > 0, sums, 1)
                report(number * len(rows) + min(start + _BATCH, len(rows)))
        mean = np.asarray(total / len(self._predictor.folds), dtype=np.float32)
        return enlarge(mean, self._predictor.recipe.image.sides)

    def removal(
        self,
        rows: NDArray[np.int64],
        folds: NDArray[np.int64],
        classes: NDArray[np.int64],
        maps: NDArray[np.float32],
        keys: Sequence[int],
        report: Report,
    ) -> Removal:
        """Deletion and insertion curves, by the maps of images and by the same maps moved elsewhere by these keys."""
        self._held = None  # whoever asks the predictor may have loaded another fold into the same network
        found: dict[str, list[NDArray[np.float64]]] = {
            name: [] for name in ("deletion", "insertion", "random_deletion", "random_insertion")
        }
        areas: dict[str, list[float]] = {name: [] for name in found}
        for done, place in enumerate(np.argsort(folds, kind="stable").tolist(), start=1):
            ask = self._asker(int(folds[place]), int(classes[place]))
            (image,) = self.see(rows[place : place + 1])
            chance = moved_map(keys[place], maps[place])
            for prefix, values in (("", maps[place]), ("random_", chance)):
                curves = removal_curves(ask, image, values)
                found[f"{prefix}deletion"].append(curves.deletion)
                found[f"{prefix}insertion"].append(curves.insertion)
                areas[f"{prefix}deletion"].append(curves.areas[0])
                areas[f"{prefix}insertion"].append(curves.areas[1])
            report(done)
        gains = {
            "deletion": _mean_interval(np.subtract(areas["random_deletion"], areas["deletion"])),
            "insertion": _mean_interval(np.subtract(areas["insertion"], areas["random_insertion"])),
        }
        means = {name: np.mean(curves, axis=0).tolist() for name, curves in found.items()}
        return Removal(len(rows), means, {name: float(np.mean(values)) for name, values in areas.items()}, gains)

    def _make(self, network: Classifier, rows: NDArray[np.int64], classes: NDArray[np.int64]) -> NDArray[np.float32]:
        chosen = torch.from_numpy(classes).to(self._predictor.device)
        return make_maps(network, self._tensor(self.see(rows)), self.layers, self.head.name, chosen, self.method)

    def _asker(self, fold: int, number: int) -> Callable[[NDArray[np.uint8]], NDArray[np.float64]]:
        network, task = self._network(fold), Task((self.head,))

        def ask(images: NDArray[np.uint8]) -> NDArray[np.float64]:
            with torch.inference_mode():
                logits = network(self._tensor(images))[self.head.name].float().cpu().numpy()
            return probs_from_logits({self.head.name: logits}, task)[self.head.name][:, number]

        return ask

    def _network(self, fold: int) -> Classifier:
        # Only the last one is kept: the models of many folds may not fit in memory beside each other.
        if self._held is None or self._held[0] != fold:
            self._held = (fold, self._predictor.network(fold, self._name))
        return self._held[1]

    def _tensor(self, images: NDArray[np.uint8]) -> torch.Tensor:
        return torch.from_numpy(np.ascontiguousarray(images)).to(self._predictor.device)


def _mean_interval(values: NDArray[np.float64]) -> tuple[float, float, float]:
    """Mean of at least two values, with the bounds of Student's t at 95 %."""
    from scipy.special import stdtrit

    mean = float(values.mean())
    half = float(stdtrit(len(values) - 1, 0.975) * values.std(ddof=1) / len(values) ** 0.5)
    return mean, mean - half, mean + half
