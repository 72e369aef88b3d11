"""An audit in a folder: a page with thumbnails, everything as JSON, and a row of facts for each image."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from podium import durable
from podium.auditing import TEST_MARK, Finding, LookedAt
from podium.data import ImageCache
from podium.errors import UsageError
from podium.images import encode_jpeg_thumbnail, resize_to
from podium.report.audit_page import FindingShown, draw_audit_page
from podium.report.thumbnails import Thumbnail
from podium.tables import Head, Samples, write_csv

__all__ = ["AUDIT_FILES", "Say", "check_audit_folder", "say_in_python", "write_audit"]

PAGE, RECORD, IMAGES = "audit.html", "audit.json", "images.csv"
AUDIT_FILES = (IMAGES, PAGE, RECORD)
"""Every file of an audit; the last one is written last."""
Say = Callable[[Finding], tuple[str, str, str]]
"""What was found, what to do, and what to copy for that, in the words of who reads it."""
SIDE_PX = 144
MOST_IN_A_SET = 6
MOST_HEADS, MOST_CLASSES = 4, 5


def say_in_python(finding: Finding) -> tuple[str, str, str]:
    """What was found, what to do, and the options of `podium.train` that do it."""
    return finding.what, finding.todo, ", ".join(f"{name}={value!r}" for name, value in finding.change.items())


def check_audit_folder(folder: Path) -> None:
    """Raise UsageError unless an audit may be written into a folder: a new or empty one, or an audit's."""
    fix = "Choose a new or empty folder."
    held = next((name for name in ("run.json", "prepared.json", "scan.json") if (folder / name).is_file()), None)
    if held is not None:
        raise UsageError(f"this folder holds other work of Podium ({held}).", where=folder, fix=fix)
    durable.check_claimable(folder, "an audit", marks=(RECORD,), names=AUDIT_FILES, fix=fix)


def write_audit(
    folder: Path,
    record: Mapping[str, Any],
    findings: Sequence[Finding],
    looked: LookedAt,
    pixels: ImageCache,
    test_pixels: ImageCache | None,
    say: Say,
) -> None:
    """Write page, JSON and table; an older audit is replaced.

    Raises:
        UsageError: If the folder holds anything else.
        StorageError: If it cannot be written.
    """
    check_audit_folder(folder)
    shown = [FindingShown(item.level, item.check, *say(item), _sets(item)) for item in findings]
    with durable.hold_lock(folder):
        durable.check_writable(folder)
        columns = _columns(looked)
        write_csv(folder / IMAGES, list(columns), zip(*columns.values(), strict=True))
        take, labels_of = _Pictures(pixels, test_pixels).take, _Labels(looked.samples).words
        page = draw_audit_page(looked.samples.root.name, record, shown, take, labels_of)
        durable.write_text(folder / PAGE, page)
        durable.write_json(folder / RECORD, dict(record))


def _sets(finding: Finding) -> list[tuple[str, ...]]:
    return [members[:MOST_IN_A_SET] for members in finding.sets] or [(name,) for name in finding.ids]


def _columns(looked: LookedAt) -> dict[str, list[str]]:
    """The facts of every image as text, "" where they are not known."""
    audit = looked.audit
    wanted = ("outcome", "reason", "width", "height", "format", "mode", "orientation", "n_frames", "n_bytes", "sha256")
    columns = {"id": looked.samples.ids.tolist()}
    columns |= {name: [str(value) for value in getattr(audit, name).tolist()] for name in wanted}
    numbers = {"brightness": audit.brightness, "contrast": looked.looks.contrast, "sharpness": looked.looks.sharpness}
    for name, values in numbers.items():
        columns[name] = [f"{value:.5g}" if np.isfinite(value) else "" for value in values.tolist()]
    return columns


class _Labels:
    """Labels in words."""

    def __init__(self, samples: Samples) -> None:
        self._samples = samples
        self._rows = {name: row for row, name in enumerate(samples.ids.tolist())}

    def words(self, name: str) -> str:
        """Classes of an id, head by head; "" without labels."""
        row, heads = self._rows.get(name), self._samples.task.heads if self._samples.task else ()
        if row is None:
            return ""
        found = [_classes(head, self._samples.labels[head.name][row]) for head in heads[:MOST_HEADS]]
        return " · ".join(filter(None, found))


def _classes(head: Head, label: Any) -> str:
    if head.is_multi:
        return ", ".join(head.classes[place] for place in np.flatnonzero(label == 1)[:MOST_CLASSES])
    return head.classes[int(label)] if label >= 0 else ""


class _Pictures:
    """Thumbnails from decoded pixels; no file is opened again."""

    def __init__(self, pixels: ImageCache, test_pixels: ImageCache | None) -> None:
        self._caches = {"": pixels, TEST_MARK: test_pixels}
        self._rows = {
            mark: {name: row for row, name in enumerate(cache.ids.tolist())}
            for mark, cache in self._caches.items()
            if cache is not None
        }
        self._made: dict[str, Thumbnail] = {}

    def take(self, name: str) -> Thumbnail:
        """The thumbnail of an id, or of a marked id of the test set."""
        if name not in self._made:
            is_test = name not in self._rows[""] and name.startswith(TEST_MARK)
            mark = TEST_MARK if is_test else ""
            self._made[name] = self._make(mark, name.removeprefix(mark))
        return self._made[name]

    def _make(self, mark: str, name: str) -> Thumbnail:
        cache = self._caches[mark]
        assert cache is not None, "only images that were looked at are named"
        row = self._rows[mark][name]
        if not cache.is_usable[row]:
            return Thumbnail("", cache.facts.outcome[row].replace("_", " "))
        width, height = int(cache.facts.width[row]), int(cache.facts.height[row])
        scale = SIDE_PX / max(width, height)
        high, wide = max(1, round(height * scale)), max(1, round(width * scale))
        data = encode_jpeg_thumbnail(resize_to(np.asarray(cache.pixels[row]), high, wide), SIDE_PX)
        return Thumbnail("data:image/jpeg;base64," + base64.b64encode(data).decode("ascii"))
