"""The page of an audit: findings with their images, then what the images are like. One HTML file without a script."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from podium.printable import printable
from podium.report.page import page_frame
from podium.report.thumbnails import Thumbnail

__all__ = ["FindingShown", "draw_audit_page"]


@dataclass(frozen=True)
class FindingShown:
    """A finding in words.

    Args:
        level: "error", "caution" or "note".
        check: Which look found it.
        what: What was found.
        todo: What to do.
        code: The command or option that does it; "" where there is none.
        sets: Ids of images to show; those of one set stand together.
    """

    level: str
    check: str
    what: str
    todo: str
    code: str
    sets: Sequence[Sequence[str]]


def draw_audit_page(
    title: str,
    record: Mapping[str, Any],
    findings: Sequence[FindingShown],
    take: Callable[[str], Thumbnail],
    labels_of: Callable[[str], str],
) -> str:
    """The page as text.

    Args:
        title: Heading.
        record: The audit as plain data.
        findings: What was found, the worst first.
        take: Thumbnail of an id.
        labels_of: Labels of an id in words, "" where it has none.
    """
    template, frame = page_frame("audit.html", "audit.css")
    page = frame | {
        "title": title,
        "record": record,
        "findings": findings,
        "facts": list(_facts(record)),
        "thumbnail": take,
        "labels_of": labels_of,
    }
    return printable(template.render(page), keep="\n\t")


def _facts(record: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What the files are, a line a fact."""
    files = record["files"]
    lines = []
    for key, name in (("formats", "format"), ("modes", "mode"), ("sizes", "size")):
        shown = [f"{value} ({n:,})" for value, n in list(files[key].items())[:6]]
        lines.append((name, ", ".join(shown) + (", ..." if key == "sizes" and files["n_sizes"] > 6 else "")))
    for key in ("width", "height", "brightness"):
        spread = files[key]
        if spread is not None:
            lines.append((key, f"{spread['min']:g} to {spread['max']:g}, median {spread['median']:g}"))
    return lines
