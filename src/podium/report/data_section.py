"""The data: how many images of what, how large, which are missing a label or broken, and a sheet of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from podium.listing import count_of
from podium.report.contents import RunContents
from podium.report.numbers import KIND_WORDS
from podium.report.section import Section
from podium.tables import Head, Samples

__all__ = ["CountLine", "DataSection", "LabelCounts", "SheetImage", "describe_data"]

N_SHEET = 12
MOST_BARS = 20


@dataclass(frozen=True)
class CountLine:
    """One class: its name, count, and share of the labelled images."""

    name: str
    n: int
    share: float


@dataclass(frozen=True)
class LabelCounts:
    """How often each class of a target occurs; the rare tail folded into one line.

    Args:
        name: The target.
        words: What kind of target it is.
        n_missing: Images without a label of it.
        lines: The most frequent classes.
        tail: The rest, each in a line.
    """

    name: str
    words: str
    n_missing: int
    lines: tuple[CountLine, ...]
    tail: tuple[CountLine, ...]


@dataclass(frozen=True)
class SheetImage:
    """An image of the sample sheet: its labels in words, and its id."""

    label: str
    id: str


@dataclass(frozen=True)
class DataSection(Section):
    """What the data are like.

    Args:
        facts: Counts for the top.
        targets: How often each class occurs.
        audit: What the images are like.
        conflicts: Files with the same bytes and different labels, a line a set.
        quarantine_header: Column names of the quarantine.
        quarantine_rows: Its first rows.
        n_quarantine: Number of all its rows.
        sheet: Images drawn at random.
    """

    facts: Mapping[str, int]
    targets: tuple[LabelCounts, ...]
    audit: Mapping[str, str]
    conflicts: tuple[str, ...]
    quarantine_header: tuple[str, ...]
    quarantine_rows: tuple[tuple[str, ...], ...]
    n_quarantine: int
    sheet: tuple[SheetImage, ...]


def describe_data(contents: RunContents) -> DataSection | None:
    """The section; None without samples."""
    samples = contents.samples
    if samples is None:
        return None
    columns = contents.quarantine
    rows = tuple(zip(*columns.values(), strict=False))
    return DataSection(
        facts=_facts(samples, len(rows), contents.group_words),
        targets=tuple(_count_labels(samples, head) for head in (samples.task.targets if samples.task else ())),
        audit={**dict(_audit_lines(contents.audit)), **_box_lines(samples)},
        conflicts=tuple(" = ".join(members) for members in contents.audit.get("label_conflicts") or ()),
        quarantine_header=tuple(columns),
        quarantine_rows=rows[:20],
        n_quarantine=len(rows),
        sheet=_choose_sheet(samples),
    )


def _box_lines(samples: Samples) -> dict[str, str]:
    """Who found the boxes of each region, in how many images."""
    return {
        f"boxes of {region}": ", ".join(f"{source} {n:,}" for source, n in boxes.counts().items())
        for region, boxes in samples.boxes.items()
    }


def _facts(samples: Samples, n_broken: int, group_words: str) -> dict[str, int]:
    facts = {"images": len(samples)}
    if samples.has_groups:
        facts[group_words] = len(set(samples.group_keys.tolist()))
    sources = set() if samples.source is None else set(samples.source.tolist()) - {""}
    if len(sources) > 1:
        facts["sources"] = len(sources)
    if n_broken:
        facts["quarantined"] = n_broken
    return facts


def _count_labels(samples: Samples, head: Head) -> LabelCounts:
    labels = samples.target_labels(head.name)
    if head.is_multi:
        counts = (labels == 1).sum(axis=0)
        n_missing = int((labels < 0).any(axis=1).sum())
        n_known = len(labels) - int((labels < 0).all(axis=1).sum())
    else:
        counts = np.bincount(labels[labels >= 0], minlength=head.n_classes)
        n_missing = int((labels < 0).sum())
        n_known = len(labels) - n_missing
    # An ordinal head keeps its order; others go by frequency.
    order = range(head.n_classes) if head.kind == "ordinal" else np.argsort(-counts, kind="stable").tolist()
    lines = [
        CountLine(head.classes[index], int(counts[index]), float(counts[index] / max(1, n_known))) for index in order
    ]
    # Folding one or two classes would save nothing.
    cut = MOST_BARS if len(lines) > MOST_BARS + 2 and head.kind != "ordinal" else len(lines)
    if head.is_multi and head.n_classes <= 40:
        cut = len(lines)
    return LabelCounts(
        head.name, KIND_WORDS[head.kind].format(head.n_classes), n_missing, tuple(lines[:cut]), tuple(lines[cut:])
    )


def _audit_lines(audit: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What the audit found, a line a fact, with what is not there left out."""
    for name, key in (("formats", "formats"), ("colour modes", "modes"), ("sizes", "sizes")):
        counts = audit.get(key)
        if isinstance(counts, Mapping) and counts:
            yield name, _count_words(counts, int(audit.get("n_sizes") or 0) if key == "sizes" else 0)
    for name, key in (("width", "width"), ("height", "height"), ("brightness", "brightness")):
        spread = audit.get(key)
        if isinstance(spread, Mapping) and {"min", "median", "max"} <= set(spread):
            low, middle, high = (f"{spread[end]:g}" for end in ("min", "median", "max"))
            unit = "" if key == "brightness" else " px"
            yield name, f"{low}{unit}" if low == high else f"{low} to {high}{unit}, median {middle}"
    for name, found in (audit.get("odd") or {}).items():
        if isinstance(found, Mapping) and found.get("n"):
            yield name.replace("_", " "), count_of(found["n"], "image")
    if audit.get("n_duplicate_images"):
        n_sets = int(audit.get("n_duplicate_sets") or 0)
        yield (
            "same bytes",
            f"{count_of(audit['n_duplicate_images'], 'image')} in {count_of(n_sets, 'set')}",
        )


def _count_words(counts: Mapping[str, Any], n_kinds: int, most: int = 5) -> str:
    shown = [f"{name.replace('x', ' × ') if name[:1].isdigit() else name} ({n:,})" for name, n in counts.items()][:most]
    n_more = max(n_kinds, len(counts)) - len(shown)
    return ", ".join(shown) + (f" and {n_more:,} more" if n_more > 0 else "")


def _choose_sheet(samples: Samples) -> tuple[SheetImage, ...]:
    """Random images, the same ones for the same table."""
    random = np.random.default_rng(int(samples.digest[:12], 16))
    rows = random.permutation(len(samples))[:N_SHEET].tolist()
    return tuple(SheetImage(_label_words(samples, row), str(samples.ids[row])) for row in rows)


def _label_words(samples: Samples, row: int, most: int = 12) -> str:
    """The labels of a row, all heads; "?" where none is known."""
    words = []
    for head in samples.task.heads if samples.task else ():
        label = samples.labels[head.name][row]
        if head.is_multi:
            names = [name for name, value in zip(head.classes, label.tolist(), strict=True) if value == 1]
            words.append(" ".join(names[:most]) + (" …" if len(names) > most else "") if names else "none")
        else:
            words.append(head.classes[int(label)] if label >= 0 else "?")
    return ", ".join(words)
