"""One thing that a look at all images found: how bad it is, what it is, which images show it, and what to do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from podium.advice import options

__all__ = ["MOST_SHOWN", "Finding", "Level", "in_order"]

Level = Literal["error", "caution", "note"]
"""An error stops a training or makes its score wrong; a caution may cost points; a note is good to know."""

MOST_SHOWN = 12
"""Images, or sets of images, that a finding names."""


@dataclass(frozen=True)
class Finding:
    """What was found.

    Args:
        level: How bad it is.
        check: Which look found it, in one word, such as "broken".
        what: What was found, a sentence with numbers.
        n: Images that it concerns; 0 where it concerns none in particular.
        ids: Some of them, the most telling first.
        sets: Images that belong together, such as copies, in place of `ids`.
        todo: What to do, as a sentence; "" where `change` says it all.
        change: Options of `podium.train` that deal with it, by their names in Python.
    """

    level: Level
    check: str
    what: str
    n: int = 0
    ids: tuple[str, ...] = ()
    sets: tuple[tuple[str, ...], ...] = ()
    todo: str = ""
    change: Mapping[str, object] = field(default_factory=dict)

    @property
    def advice(self) -> str:
        """What to do, in words; options are named as Python does."""
        change = f"Train with {options(**self.change)}." if self.change else ""
        return " ".join(filter(None, (self.todo, change)))

    def to_dict(self) -> dict[str, Any]:
        """The finding as JSON-ready data."""
        return {
            "level": self.level,
            "check": self.check,
            "words": self.what,
            "n": self.n,
            "ids": list(self.ids),
            "sets": [list(members) for members in self.sets],
            "option": self.advice,
        }


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings with the worst first; those of one level stay in the order in which they were looked for."""
    return tuple(sorted(findings, key=lambda finding: get_args(Level).index(finding.level)))
