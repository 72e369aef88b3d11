"""What the answers depend on: sheets of maps, their share inside a region, and what removing places does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from podium.report.contents import RunContents
from podium.report.section import Section

__all__ = ["EnergyLine", "ExplanationSection", "HeadSheets", "RemovalLine", "SheetFile", "describe_explanation"]


@dataclass(frozen=True)
class SheetFile:
    """A sheet of a class.

    Args:
        name: The class.
        file: Name of the PNG file in the run's folder of explanations.
        n_right: Images on it that are answered right.
        n_wrong: Images on it that are not.
    """

    name: str
    file: str
    n_right: int
    n_wrong: int


@dataclass(frozen=True)
class EnergyLine:
    """Mean share of the maps inside the region, of one class or of all (""); see `podium.explain.Energy`."""

    name: str
    n_right: int
    right: float | None
    n_wrong: int
    wrong: float | None
    area: float
    right_range: tuple[float, float] | None = None
    wrong_range: tuple[float, float] | None = None
    gain: float | None = None
    gain_range: tuple[float, float] | None = None


@dataclass(frozen=True)
class RemovalLine:
    """A curve of the map and of chance, "deletion" or "insertion", and how much better the map is.

    Args:
        name: Which curve.
        values: Mean probability after each step, by the map.
        chance: The same by maps of chance.
        area: Area under the map's curve.
        chance_area: Area under the other.
        gain: How much better the map is, with its interval.
        low: Lower bound.
        high: Upper bound.
    """

    name: str
    values: tuple[float, ...]
    chance: tuple[float, ...]
    area: float
    chance_area: float
    gain: float
    low: float
    high: float


@dataclass(frozen=True)
class HeadSheets:
    """One head.

    Args:
        name: The head.
        method: How the maps were made.
        layers: The layers that are shown.
        rows: Rows of the finest grid.
        columns: Columns.
        n: Images explained.
        sheets: A sheet a class.
        energy: Of all images, then of each class; empty without boxes.
        n_removal: Images whose curves were measured.
        removal: Deletion and insertion; empty where none was measured.
    """

    name: str
    method: str
    layers: tuple[str, ...]
    rows: int
    columns: int
    n: int
    sheets: tuple[SheetFile, ...]
    energy: tuple[EnergyLine, ...]
    n_removal: int
    removal: tuple[RemovalLine, ...]


@dataclass(frozen=True)
class ExplanationSection(Section):
    """All heads that were explained.

    Args:
        region: The region that maps are compared with; "" without one.
        heads: The heads.
    """

    region: str
    heads: tuple[HeadSheets, ...]


def describe_explanation(contents: RunContents) -> ExplanationSection | None:
    """The section; None where nothing was explained, or by other weights than those that are there."""
    record = contents.explanation
    if not record or record["weights"] != dict(contents.weights):
        return None
    return ExplanationSection(record["region"], tuple(map(_read_head, record["heads"])))


def _read_head(record: Mapping[str, Any]) -> HeadSheets:
    images = record["images"]
    sheets = [
        SheetFile(name, file, _count(images, name, is_right=True), _count(images, name, is_right=False))
        for name, file in record["sheets"].items()
    ]
    removal = record["removal"]
    return HeadSheets(
        name=record["head"],
        method=record["method"],
        layers=tuple(record["layers"]),
        rows=record["grid"][0],
        columns=record["grid"][1],
        n=len(images),
        sheets=tuple(sheets),
        energy=tuple(EnergyLine(**line) for line in record["energy"]),
        n_removal=removal["n"] if removal else 0,
        removal=tuple(_read_removal(removal, name) for name in ("deletion", "insertion")) if removal else (),
    )


def _count(images: Sequence[Mapping[str, Any]], sheet: str, *, is_right: bool) -> int:
    return sum(image["sheet"] == sheet and image["is_right"] == is_right for image in images)


def _read_removal(record: Mapping[str, Any], name: str) -> RemovalLine:
    curves, areas = record["curves"], record["areas"]
    return RemovalLine(
        name,
        tuple(curves[name]),
        tuple(curves[f"random_{name}"]),
        areas[name],
        areas[f"random_{name}"],
        *record["gains"][name],
    )
