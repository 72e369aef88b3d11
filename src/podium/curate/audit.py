"""Every file decoded once, by the code that training uses: which images can be used, and what is odd about them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from podium.curate.findings import count_words, find_conflicts, find_duplicates, find_emptied_classes, odd_images
from podium.curate.rows import count_values
from podium.curate.value_uses import value_uses
from podium.tables import Samples, as_text_array

if TYPE_CHECKING:
    from podium.images import Isolation

__all__ = ["Audit", "FileFacts", "Quarantined", "audit", "audit_of_facts"]

_OK = "ok"


@dataclass(frozen=True)
class Quarantined:
    """An image that cannot be used, and why."""

    id: str
    outcome: str
    reason: str


class FileFacts(Protocol):
    """Columns of N files, as a cache of decoded images keeps them."""

    @property
    def outcome(self) -> NDArray[np.object_]:
        """How the decode of each file ended, shape (N,)."""


@dataclass(frozen=True, eq=False)
class Audit:
    """What decoding found out about every image. N images; facts of images that do not decode are "", 0 or nan.

    Args:
        ids: Sample ids, shape (N,).
        outcome: Name of the outcome, "ok" where the image can be used, shape (N,).
        reason: Why not, shape (N,).
        sha256: Hash of the file, shape (N,).
        n_bytes: Size of the file, int64 (N,).
        width: Width upright in pixels, int64 (N,).
        height: Height upright in pixels, int64 (N,).
        mode: Pillow's name of the stored pixels, shape (N,).
        format: File format, shape (N,).
        orientation: EXIF orientation 1 to 8, int64 (N,); 0 where not decoded.
        phash: Perceptual hash, uint64 (N,).
        brightness: Mean luma from 0 to 1, float64 (N,).
        has_alpha: Whether transparency is declared, bool (N,).
        n_frames: Images in the file, int64 (N,).
        value_low: Smallest value of an image of more than 8 bits, 0 for others, float64 (N,).
        value_high: Largest value, float64 (N,).
        range_low: Value that became black, float64 (N,).
        range_high: Value that became white, float64 (N,).
        duplicates: Sets of ids with the same bytes.
        conflicts: Those of them whose labels differ.
        emptied: Classes left without any image, as "head: class".
    """

    ids: NDArray[np.object_]
    outcome: NDArray[np.object_]
    reason: NDArray[np.object_]
    sha256: NDArray[np.object_]
    n_bytes: NDArray[np.int64]
    width: NDArray[np.int64]
    height: NDArray[np.int64]
    mode: NDArray[np.object_]
    format: NDArray[np.object_]
    orientation: NDArray[np.int64]
    phash: NDArray[np.uint64]
    brightness: NDArray[np.float64]
    has_alpha: NDArray[np.bool_]
    n_frames: NDArray[np.int64]
    value_low: NDArray[np.float64]
    value_high: NDArray[np.float64]
    range_low: NDArray[np.float64]
    range_high: NDArray[np.float64]
    duplicates: tuple[tuple[str, ...], ...] = ()
    conflicts: tuple[tuple[str, ...], ...] = ()
    emptied: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for column in self.columns().values():
            column.setflags(write=False)

    def __len__(self) -> int:
        return len(self.ids)

    def columns(self) -> dict[str, NDArray[Any]]:
        """The facts as columns of length N, to write as a table."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in values.items() if isinstance(value, np.ndarray)}

    @property
    def is_ok(self) -> NDArray[np.bool_]:
        """Which images can be used, shape (N,)."""
        return np.asarray(self.outcome == _OK, dtype=bool)

    @property
    def quarantine(self) -> tuple[Quarantined, ...]:
        """The images that cannot be used."""
        return tuple(
            Quarantined(self.ids[row], self.outcome[row], self.reason[row]) for row in np.flatnonzero(~self.is_ok)
        )

    def to_dict(self, *, most: int = 10) -> dict[str, Any]:
        """Counts and examples as JSON-ready data.

        Args:
            most: How many examples of each finding.
        """
        ok = self.is_ok
        sizes = [f"{width}x{height}" for width, height in zip(self.width[ok], self.height[ok], strict=True)]
        return {
            "n_images": len(self),
            "n_ok": int(ok.sum()),
            "outcomes": count_values(self.outcome.tolist()),
            "quarantine": [vars(row) for row in self.quarantine],
            "formats": count_words(self.format.tolist()),
            "modes": count_words(self.mode.tolist()),
            "n_sizes": len(set(sizes)),
            "sizes": count_words(sizes, most=most),
            "width": _spread(self.width[ok]),
            "height": _spread(self.height[ok]),
            "brightness": _spread(self.brightness[ok]),
            "value_ranges": [vars(use) for use in value_uses(self)],
            "odd": {
                name: {"n": int(rows.sum()), "ids": self.ids[rows][:most].tolist()}
                for name, rows in odd_images(self).items()
                if rows.any()
            },
            "n_duplicate_sets": len(self.duplicates),
            "n_duplicate_images": sum(map(len, self.duplicates)),
            "duplicates": [list(members) for members in self.duplicates[:most]],
            "n_label_conflicts": len(self.conflicts),
            "label_conflicts": [list(members) for members in self.conflicts],
            "emptied_classes": list(self.emptied),
        }


def _spread(values: NDArray[Any]) -> dict[str, float] | None:
    if not values.size:
        return None
    low, middle, high = np.quantile(values, [0.0, 0.5, 1.0]).round(4).tolist()
    return {"min": low, "median": middle, "max": high}


def audit(
    samples: Samples,
    *,
    n_workers: int | None = None,
    isolation: Isolation = "process",
    on_progress: Callable[[int, int], None] | None = None,
) -> Audit:
    """The outcome and the facts of every image. A bad image is a row, never an exception.

    Args:
        samples: The images.
        n_workers: Worker processes; the cores this process may use when None.
        isolation: "process" for files from anywhere; "thread" for files that are trusted not to crash a decoder.
        on_progress: Called with (images done, images in all) after each image.
    """
    from podium.images import decode_many  # loads Pillow, which a scan does not need

    n = len(samples)
    text = {name: [""] * n for name in ("outcome", "reason", "sha256", "mode", "format")}
    whole = {name: np.zeros(n, dtype=np.int64) for name in ("n_bytes", "width", "height", "orientation", "n_frames")}
    values = {name: np.zeros(n) for name in ("value_low", "value_high", "range_low", "range_high")}
    phash = np.zeros(n, dtype=np.uint64)
    brightness = np.full(n, np.nan)
    has_alpha = np.zeros(n, dtype=bool)
    paths = (samples.file(row) for row in range(n))
    decoded = decode_many(
        paths, target_px=1, with_pixels=False, isolation=isolation, n_workers=n_workers, in_order=False
    )
    for n_done, (row, result) in enumerate(decoded, start=1):
        text["outcome"][row], text["reason"][row] = result.outcome.value, result.reason
        if result.facts is not None:
            for name in ("sha256", "mode", "format"):
                text[name][row] = getattr(result.facts, name)
            for name, column in (*whole.items(), *values.items()):
                column[row] = getattr(result.facts, name)
            phash[row], brightness[row] = result.facts.phash, result.facts.brightness
            has_alpha[row] = result.facts.has_alpha
        if on_progress is not None:
            on_progress(n_done, n)
    columns: dict[str, Any] = {name: as_text_array(cells) for name, cells in text.items()} | whole | values
    return _make_audit(samples, columns | {"phash": phash, "brightness": brightness, "has_alpha": has_alpha})


def audit_of_facts(samples: Samples, facts: FileFacts) -> Audit:
    """The audit of images that were decoded already, from what that decoding wrote down.

    Args:
        samples: The images, in the order of the facts.
        facts: Columns of length N by the names of `Audit`.
    """
    names = [field.name for field in fields(Audit) if field.name not in {"ids", "duplicates", "conflicts", "emptied"}]
    return _make_audit(samples, {name: getattr(facts, name) for name in names})


def _without(duplicates: tuple[tuple[str, ...], ...], samples: Samples) -> tuple[tuple[str, ...], ...]:
    """The sets without extra images, for a fold's pseudo-labels differ from another's."""
    extra = set(samples.ids[samples.is_extra].tolist())
    return tuple(kept for members in duplicates if len(kept := tuple(m for m in members if m not in extra)) > 1)


def _make_audit(samples: Samples, columns: Mapping[str, Any]) -> Audit:
    duplicates = find_duplicates(samples.ids.tolist(), columns["sha256"].tolist())
    return Audit(
        ids=samples.ids,
        **columns,
        duplicates=duplicates,
        conflicts=find_conflicts(samples.without_extra, _without(duplicates, samples)),
        emptied=find_emptied_classes(samples, np.asarray(columns["outcome"] == _OK, dtype=bool)),
    )
