"""Columns that could be learnt too, beside the ones that were guessed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from podium.advice import options as advise
from podium.curate.classes import is_number
from podium.curate.indicators import is_indicator
from podium.curate.rows import Rows, plain_name
from podium.errors import SourceError
from podium.listing import count_of, list_some

__all__ = ["say_passed_over"]

_TARGETS = frozenset(
    {"target", "score", "rating", "grade", "level", "severity", "quality", "value", "y", "age", "price", "count"}
)
_BOOKKEEPING = frozenset(
    {"index", "id", "no", "number", "row", "width", "height", "size", "bytes", "w", "h", "area", "timestamp", "date"}
    | {"year", "xmin", "xmax", "ymin", "ymax", "x"}
)


def say_passed_over(
    rows: Rows, chosen: Sequence[str], candidates: Mapping[str, Mapping[str, int]], used: Collection[str | None]
) -> list[str]:
    """A note on columns that were not used though they could be learnt.

    Args:
        rows: The rows.
        chosen: The columns that were guessed to be the labels.
        candidates: All columns whose values come again.
        used: Columns that are something else.

    Raises:
        SourceError: If a column of numbers is as likely to be meant: by its name, or because it is the last one beside
            few columns of 0 and 1.
    """
    numbers = {
        name: len(set(cells) - {""})
        for name, cells in rows.columns.items()
        if name not in used and name not in chosen and name not in candidates and _holds_numbers(name, cells)
    }
    last = list(rows.columns)[-1]
    rivals = [name for name in numbers if plain_name(name) in _TARGETS or name == last]
    if rivals and all(is_indicator(rows.columns[name]) for name in chosen):
        raise _which(rows, chosen, rivals)
    others = [f"{name} ({count_of(len(candidates[name]), 'value')})" for name in candidates if name not in chosen]
    others += [f"{name} ({count_of(n, 'number')})" for name, n in numbers.items()]
    if not others:
        return []
    return [f"Columns that could be learnt too and were not used: {list_some(others)}."]


def _holds_numbers(name: str, cells: Sequence[str]) -> bool:
    values = {cell.strip() for cell in cells} - {""}
    is_other = plain_name(name) in _BOOKKEEPING or plain_name(name).startswith("unnamed")
    return not is_other and len(values) > 2 and all(map(is_number, values))


def _which(rows: Rows, chosen: Sequence[str], rivals: Sequence[str]) -> SourceError:
    shown: list[object] = [*chosen[:3], *([...] if len(chosen) > 3 else [])]
    numbers = sorted(float(cell) for cell in rows.columns[rivals[0]] if cell.strip())
    middle = f"{numbers[len(numbers) // 2]:g}"
    border = int(middle) if middle.lstrip("-").isdecimal() else float(middle)
    held = "hold only 0 and 1" if len(chosen) > 1 else "holds only 0 and 1"
    return SourceError(
        f"{list_some(list(chosen))} {held}, and {list_some(rivals)} holds numbers: either may be the label.",
        where=rows.origin,
        fix="Name what to learn, with one of these:",
        details=[
            f"{list_some(list(chosen))}: {advise(label_columns=shown)}",
            f"{rivals[0]}, in bins: {advise(label_columns=[rivals[0]], bins={rivals[0]: [border]})}",
        ],
    )
