"""Rows written as JSON: an object a line (`metadata.jsonl`), or a list of objects. Numbers stay as they are."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from podium.errors import TableError
from podium.listing import list_some
from podium.texttable.json_exports import read_export
from podium.texttable.list_cells import write_list_cell

__all__ = ["JSON_ENDINGS", "read_json_rows"]

JSON_ENDINGS = (".jsonl", ".ndjson", ".json")
"""Endings of files that are read as rows of JSON."""

_SHOWN = 60


class _TwiceError(ValueError):
    """A key that an object holds twice."""


def read_json_rows(text: str, path: Path) -> tuple[dict[str, list[str]], list[int], str | None]:
    """Cells by column name, "" where an object lacks the key, and the line (or place in the list) of each row.

    The last value is the tool that wrote the document, where it is another's.

    Raises:
        TableError: If the text is no JSON, a row is no object, or an object holds a key twice; names the row.
    """
    records = []
    values, tool = _values(text, path)
    for number, value in values:
        if not isinstance(value, dict):
            raise TableError(
                f"row {number} is not an object with names and values: {_short(value)}.",
                where=path,
                fix='Write a row as {"file_name": "1.jpg", "label": "cat"}.',
            )
        records.append((number, {name.strip(): _cell_text(cell) for name, cell in value.items()}))
    names = dict.fromkeys(name for _, record in records for name in record)
    columns = {name: [record.get(name, "") for _, record in records] for name in names}
    return columns, [number for number, _ in records], tool


def _values(text: str, path: Path) -> tuple[Iterable[tuple[int, Any]], str | None]:
    """Each row's value, and the tool that wrote them. A file of one list is its items; others are read by line."""
    is_list = text.lstrip().startswith("[")
    if not is_list and path.suffix.lower() != ".json":
        return _lines(text, path), None
    document = _load(text, 1, path)
    export = read_export(document)
    if export is None and not is_list:
        keys = f", but an object with {list_some([repr(key) for key in document], most=5)}" if document else ""
        raise TableError(
            f"the file is not a list of rows{keys}.",
            where=path,
            fix='Write it as [{"file_name": "1.jpg", "label": "cat"}, ...], or one object per line in a .jsonl.',
        )
    tool, rows = export or (None, document)
    return enumerate(rows, start=1), tool


def _lines(text: str, path: Path) -> Iterator[tuple[int, Any]]:
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            yield number, _load(line, number, path)


def _load(text: str, number: int, path: Path) -> Any:
    try:
        value = json.loads(text, parse_float=str, parse_int=str, parse_constant=lambda _: None, object_pairs_hook=_once)
        if "\\u" in text:
            json.dumps(value, ensure_ascii=False).encode()
        return value
    except _TwiceError as error:
        raise TableError(f"an object of row {number} holds {error} twice.", where=path) from error
    except UnicodeEncodeError as error:
        raise TableError(f"row {number} has half a surrogate pair: {error}.", where=path) from error
    except (ValueError, RecursionError) as error:
        raise TableError(
            f"line {getattr(error, 'lineno', 1) + number - 1} is not JSON: {error}.",
            where=path,
            fix="Write one object per line, or one list of objects.",
        ) from error


def _once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len({name.strip() for name in found}) < len(pairs):
        names = [name.strip() for name, _ in pairs]
        raise _TwiceError(repr(next(name for name in names if names.count(name) > 1)))
    return found


def _cell_text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "True" if value else "False"
    if isinstance(value, list):
        return write_list_cell([_cell_text(item) for item in value])
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + " ..."
