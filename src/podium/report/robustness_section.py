"""What corrupted images do to the score: a curve a corruption, the classes hit most, and a sheet that shows them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from podium.metrics import Interval
from podium.report.contents import RunContents
from podium.report.section import Section

__all__ = ["ChangeLine", "ClassChange", "CorruptionPanel", "RobustnessSection", "describe_robustness"]

_MOST_CLASSES = 12


@dataclass(frozen=True)
class ChangeLine:
    """A change of a score.

    Args:
        name: Of what.
        metric: By which metric.
        interval: The change with its interval.
        verdict: Of it.
    """

    name: str
    metric: str
    interval: Interval
    verdict: str


@dataclass(frozen=True)
class CorruptionPanel:
    """One corruption.

    Args:
        name: Its name.
        family: What it is like.
        levels: What each severity means.
        scores: Score at each severity.
        change: Mean of them minus the clean score.
    """

    name: str
    family: str
    levels: tuple[str, ...]
    scores: tuple[Interval, ...]
    change: ChangeLine


@dataclass(frozen=True)
class ClassChange:
    """What corruptions do to the recall of one class.

    Args:
        n: Samples of it.
        clean: Recall on clean images.
        change: Mean recall over all corruptions minus that.
        worst: The corruption that is worst for it.
        worst_recall: Mean recall under that.
    """

    n: int
    clean: float
    change: ChangeLine
    worst: str
    worst_recall: float


@dataclass(frozen=True)
class RobustnessSection(Section):
    """The card.

    Args:
        target: What was judged.
        metric: By what.
        level: Level of the intervals.
        n_images: Images that were corrupted.
        n_of: Images of the run.
        severities: Severities.
        clean: Score on clean images.
        mean: Mean over all corruptions minus that.
        others: The same of the other targets.
        panels: Every corruption, the worst first.
        classes: Classes, those that lose most first.
        n_classes: How many classes there are.
        notes: What else to know.
        sheet: File of the sheet.
    """

    target: str
    metric: str
    level: float
    n_images: int
    n_of: int
    severities: tuple[int, ...]
    clean: Interval
    mean: ChangeLine
    others: tuple[ChangeLine, ...]
    panels: tuple[CorruptionPanel, ...]
    classes: tuple[ClassChange, ...]
    n_classes: int
    notes: tuple[str, ...]
    sheet: str

    @property
    def harmful(self) -> tuple[str, ...]:
        """Corruptions that hurt beyond chance, the worst first."""
        return tuple(panel.name for panel in self.panels if panel.change.verdict == "hurts")


def describe_robustness(contents: RunContents) -> RobustnessSection | None:
    """The section; None where nothing was corrupted, or other weights were judged than those that are there."""
    record = contents.robustness
    if not record or record["weights"] != dict(contents.weights):
        return None
    main = record["main"]
    panels = [
        CorruptionPanel(
            curve["name"],
            record["families"][curve["name"]],
            tuple(record["levels"][curve["name"]]),
            tuple(map(Interval.from_dict, curve["scores"])),
            _change(curve["name"], curve["change"]),
        )
        for curve in main["curves"]
    ]
    return RobustnessSection(
        target=main["target"],
        metric=main["metric"],
        level=main["level"],
        n_images=record["n_images"],
        n_of=record["n_of"],
        severities=tuple(record["severities"]),
        clean=Interval.from_dict(main["clean"]),
        mean=_change(main["target"], main["mean"]),
        others=tuple(_change(name, one["mean"]) for name, one in record["others"].items()),
        panels=tuple(sorted(panels, key=_harm)),
        classes=tuple(map(_class_change, main["classes"][:_MOST_CLASSES])),
        n_classes=len(main["classes"]),
        notes=tuple(record["notes"]),
        sheet=record["sheet"],
    )


def _harm(panel: CorruptionPanel) -> tuple[int, float]:
    order = {"hurts": 0, "cannot tell": 1, "helps": 2}
    return order[panel.change.verdict], -abs(panel.change.interval.value)


def _change(name: str, record: Mapping[str, Any]) -> ChangeLine:
    return ChangeLine(name, record["metric"], Interval.from_dict(record["difference"]), record["verdict"])


def _class_change(record: Mapping[str, Any]) -> ClassChange:
    change = _change(record["name"], record["change"])
    return ClassChange(record["n"], record["clean"], change, record["worst"], record["worst_recall"])
