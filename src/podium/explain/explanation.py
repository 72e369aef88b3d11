"""What `podium explain` found: maps, the images they are of, and numbers that judge them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium import durable
from podium.errors import UsageError
from podium.explain import Method
from podium.overview import Overview, Shown
from podium.report.own_png import is_own_png
from podium.store.explanation_record import RECORD

__all__ = ["Energy", "Explanation", "HeadMaps", "Removal", "ShownImage"]


@dataclass(frozen=True)
class ShownImage:
    """An image with a map.

    Args:
        id: Its id.
        fold: Fold whose model explains it; -1 for the mean of all.
        sheet: Class of its sheet; "" for images without labels.
        explained: Class whose score is explained.
        truth: The label in words; "" where there is none.
        answer: The answer in words.
        prob: Probability of the class that is explained.
        is_right: Whether the answer is right; None without a label.
        energy: Share of the map inside the region's box; None where there is none.
        area: Share of the image inside it, which an even map would have.
    """

    id: str
    fold: int
    sheet: str
    explained: str
    truth: str
    answer: str
    prob: float
    is_right: bool | None
    energy: float | None = None
    area: float | None = None

    @property
    def words(self) -> str:
        """The title on a sheet: label-prediction (O) or (X), and how sure."""
        if self.is_right is None:
            return f"{self.answer} {self.prob:.0%}"
        return f"{self.truth}-{self.answer} ({'O' if self.is_right else 'X'}) {self.prob:.0%}"


@dataclass(frozen=True)
class Energy:
    """Mean share of the maps inside the region, of the images of one class, or of all ("").

    Args:
        name: The class.
        n_right: Images that are answered right.
        right: Their mean; None without any.
        n_wrong: Images that are answered wrong.
        wrong: Their mean.
        area: Mean share of the image that the region takes: what a map that says nothing would have.
        right_range: Bounds of the first mean (95 %, Student's t over the images); None with fewer than two.
        wrong_range: Bounds of the second.
        gain: Mean of share inside minus share of the image, of all of these images: above 0 the network looks there.
        gain_range: Its bounds.
    """

    name: str
    n_right: int
    right: float | None
    n_wrong: int
    wrong: float | None
    area: float
    right_range: tuple[float, float] | None = None
    wrong_range: tuple[float, float] | None = None
    gain: float = 0.0
    gain_range: tuple[float, float] | None = None


@dataclass(frozen=True)
class Removal:
    """Mean deletion and insertion curves of some images, by the map and by maps of chance.

    Args:
        n: Images.
        curves: Mean probability after each step: "deletion", "insertion", "random_deletion", "random_insertion".
        areas: Area under each.
        gains: Chance minus map for deletion, map minus chance for insertion: mean, low and high (95 %).
    """

    n: int
    curves: dict[str, list[float]]
    areas: dict[str, float]
    gains: dict[str, tuple[float, float, float]]


@dataclass(frozen=True, eq=False)
class HeadMaps:
    """The maps of one head.

    Args:
        head: The head.
        layers: The layers of the backbone whose places are shown.
        grid: Rows and columns of the finest.
        method: How they were made.
        shown: M images.
        pictures: What the network saw, uint8 (M, H, W, 3).
        maps: At least 0, at the size of the pictures, float32 (M, H, W).
        energy: By class and of all, where the run has boxes of the region.
        removal: Deletion and insertion.
    """

    head: str
    layers: tuple[str, ...]
    grid: tuple[int, int]
    method: Method
    shown: list[ShownImage]
    pictures: NDArray[np.uint8]
    maps: NDArray[np.float32]
    energy: list[Energy] = field(default_factory=list)
    removal: Removal | None = None

    @property
    def sheets(self) -> list[str]:
        """Classes that have a sheet."""
        return list(dict.fromkeys(image.sheet for image in self.shown))

    def to_png(self, sheet: str | None = None) -> bytes:
        """The sheet of a class as a PNG file; the first one where none is named."""
        from podium.report.map_sheet import draw_map_sheet

        sheet = self.sheets[0] if sheet is None else sheet
        places = [place for place, image in enumerate(self.shown) if image.sheet == sheet]
        if not places:
            raise UsageError(f"there is no sheet of {sheet!r}; there are {', '.join(self.sheets)}.", field="sheet")
        images = [self.shown[place] for place in places]
        of = f"{self.head}: {sheet}" if sheet else self.head
        judged = [image.is_right for image in images if image.is_right is not None]
        counts = f", {sum(judged)} right, {len(judged) - sum(judged)} wrong" if judged else ""
        words = [f"{image.words} {image.id[-24:]}" for image in images]
        return draw_map_sheet(f"{of}{counts}, {self.method}", self.pictures[places], self.maps[places], words)

    def to_dict(self) -> dict[str, Any]:
        """All but pixels, as plain data."""
        removal = None if self.removal is None else self.removal.__dict__
        return {
            "head": self.head,
            "layers": list(self.layers),
            "grid": list(self.grid),
            "method": self.method,
            "energy": [line.__dict__ for line in self.energy],
            "removal": removal,
            "images": [image.__dict__ for image in self.shown],
        }


@dataclass(frozen=True, eq=False, repr=False)
class Explanation(Shown):
    """What was explained.

    Args:
        run: The run.
        heads: The maps of each head.
        region: The region whose boxes were looked at; "" without one.
        weights: Digest of every model's weights.
        files: What was written.
    """

    run: str
    heads: list[HeadMaps]
    region: str = ""
    weights: dict[str, str] = field(default_factory=dict)
    files: tuple[Path, ...] = ()

    @property
    def main(self) -> HeadMaps:
        """The first head's."""
        return self.heads[0]

    def overview(self) -> Overview:
        """Heads, layers and what the numbers say."""
        rows = [(one.head, one.method, ", ".join(one.layers), str(len(one.shown))) for one in self.heads]
        return Overview("Explanation", [self.run], ["head", "method", "layer", "images"], rows, len(rows))

    def to_dict(self) -> dict[str, Any]:
        """All but pixels, as plain data."""
        return {
            "run": self.run,
            "region": self.region,
            "weights": self.weights,
            "heads": [
                one.to_dict() | {"sheets": {sheet: name for name, owner, sheet in self._names() if owner is one}}
                for one in self.heads
            ],
            "files": list(map(str, self.files)),
        }

    def _names(self) -> Iterator[tuple[str, HeadMaps, str]]:
        """Name of the file of every sheet: numbers, as the names of classes come from the data."""
        for number, one in enumerate(self.heads, start=1):
            for place, sheet in enumerate(one.sheets, start=1):
                yield f"maps-{number}-{place}.png", one, sheet

    def save(self, folder: str | Path) -> tuple[Path, ...]:
        """Write every sheet as a PNG file, and all numbers as explanation.json, in place of earlier ones; gives them.

        Raises:
            UsageError: If a file would be replaced that Podium did not write; none is written then.
            StorageError: If a file cannot be written.
        """
        folder = Path(folder)
        paths = [folder / name for name, *_ in self._names()]
        for path in paths:
            if path.is_dir() or (path.exists() and not is_own_png(durable.read_bytes(path))):
                raise UsageError(
                    "this is no sheet that Podium wrote, and would be replaced.",
                    where=path,
                    fix="Choose another folder.",
                )
        for path, (_, one, sheet) in zip(paths, self._names(), strict=True):
            durable.write_bytes(path, one.to_png(sheet))
        for old in sorted(set(folder.glob("maps-*-*.png")) - set(paths)):  # of an earlier call
            if is_own_png(durable.read_bytes(old)):
                durable.remove_file(old)
        record = folder / RECORD
        durable.write_sealed(record, self.to_dict() | {"files": [path.name for path in paths]})
        return (*paths, record)

    def _repr_png_(self) -> bytes:
        return self.main.to_png()
