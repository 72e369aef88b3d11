"""How objects show themselves: one short line in a terminal, a small table in a notebook."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from podium.printable import printable

__all__ = ["SHOWN_ROWS", "Overview", "Shown"]

SHOWN_ROWS = 10
"""Rows that a notebook shows of a long table."""


@dataclass(frozen=True)
class Overview:
    """What is worth seeing at a glance.

    Args:
        title: What it is.
        facts: The most important facts, a few words each.
        header: Names of the table's columns.
        rows: The first rows of the table.
        n_rows: All its rows, where more exist than are shown.
        notes: Sentences below the table.
    """

    title: str
    facts: Sequence[str] = ()
    header: Sequence[str] = ()
    rows: Sequence[Sequence[object]] = ()
    n_rows: int | None = None
    notes: Sequence[str] = ()

    def __str__(self) -> str:
        """One line.

        Example:
            >>> print(Overview("Folds", ["5 folds", "450 images"]))
            Folds(5 folds, 450 images)
        """
        return printable(f"{self.title}({', '.join(self.facts)})")

    def to_html(self) -> str:
        """A fragment of HTML without styles of its own, so that a notebook's theme, light or dark, applies."""
        parts = [f"<p><strong>{escape(self.title)}</strong> {escape(', '.join(self.facts))}</p>"]
        if self.rows:
            head = "".join(f"<th>{escape(name)}</th>" for name in self.header)
            body = "".join(
                "<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>" for row in self.rows
            )
            parts.append(f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>")
        n_left = (self.n_rows or 0) - len(self.rows)
        if n_left > 0:
            parts.append(f"<p>and {n_left:,} more</p>")
        if self.notes:
            parts.append("<ul>" + "".join(f"<li>{escape(note)}</li>" for note in self.notes) + "</ul>")
        return printable(f"<div>{''.join(parts)}</div>", keep="\n\t")


class Shown(ABC):
    """An object that shows its overview."""

    @abstractmethod
    def overview(self) -> Overview:
        """What is worth seeing at a glance."""

    def __repr__(self) -> str:
        return str(self.overview())

    def _repr_html_(self) -> str:
        return self.overview().to_html()
