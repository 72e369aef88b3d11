"""Text of a table to raw cells and back: quotes, padding and line ends are kept as they stand."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

__all__ = ["SPACES", "RawRow", "cell_value", "join_cells", "quote_like", "split_rows"]

RawRow = tuple[list[str], str]
"""The raw cells of a row, and its line end ("" where the file ends without one)."""

SPACES = " "
"""The delimiter of tables that are divided by runs of spaces and tabs; the run before a cell belongs to it."""

LONGEST_CELL = 10_000_000

_LINE = re.compile(r"([^\r\n]*)(\r\n|\n|\r|\Z)")
_QUOTED = r'"[^"]*(?:""[^"]*)*"'
_CLOSED = re.compile(_QUOTED)
_SPACED_CELL = re.compile(r"[ \t]*[^ \t]+")
_SPACED_OR_QUOTED = re.compile(
    rf"([ \t]*(?:{_QUOTED}(?=[ \t\r\n]|\Z)|[^ \t\r\n]+|(?=[\r\n]|\Z)))([ \t]*(?:\r\n|\n|\r|\Z))?"
)


def split_rows(text: str, delimiter: str) -> Iterator[RawRow]:
    r"""The rows of a table as raw cells, quotes included.

    `join_cells` of every row's cells, and its line end, give the text again. A cell is quoted if its first character
    is a quote; it may then hold delimiters, line ends and doubled quotes.

    Args:
        text: The text.
        delimiter: One character, or `SPACES` for runs of spaces and tabs.

    Raises:
        ValueError: If a quote is never closed, text follows a closing quote, or a cell is longer than ten million
            characters. The message names the row.

    Example:
        >>> list(split_rows('id,ans\r\n"a,b.jpg",0', ","))
        [(['id', 'ans'], '\r\n'), (['"a,b.jpg"', '0'], '')]
        >>> list(split_rows("a.jpg  1", SPACES))
        [(['a.jpg', '  1'], '')]
    """
    place, number = 0, 0
    while place < len(text):
        number += 1
        found = _LINE.match(text, place)
        assert found is not None, "the pattern matches everywhere"
        line, end = found.groups()
        place = found.end()
        cells = _split_spaced(line) if delimiter == SPACES else line.split(delimiter)
        if '"' in line and not all(map(_is_whole, cells)):
            (cells, end), place = _read_quoted(text, found.start(), delimiter, number)
        if place - found.start() > LONGEST_CELL:
            _refuse_long(cells, number)
        yield cells, end


def _is_whole(raw: str) -> bool:
    """Whether a cell has no quotes, or just the two around it, so that the delimiter in no quotes divides it."""
    n_quotes = raw.count('"')
    return n_quotes == 0 or (n_quotes == 2 and raw[0] == raw[-1] == '"')


def _split_spaced(line: str) -> list[str]:
    cells = _SPACED_CELL.findall(line)
    if not cells:
        return [line]
    cells[-1] += line[sum(map(len, cells)) :]  # spaces at the end
    return cells


def _read_quoted(text: str, place: int, delimiter: str, number: int) -> tuple[RawRow, int]:
    """A row with quotes in it, from its place on, and the place after it."""
    cell = _cell_pattern(delimiter)
    cells: list[str] = []
    while True:
        found = cell.match(text, place)
        assert found is not None, "the pattern matches everywhere"
        raw, end = found.groups()
        if raw.lstrip(" \t" if delimiter == SPACES else "").startswith('"') and not _is_quoted(raw.strip(" \t")):
            raise ValueError(_explain_quote(text, place + raw.index('"'), number))
        place = found.end()
        if delimiter == SPACES and end is not None:  # spaces at the end belong to the last cell
            line_end = end.lstrip(" \t")
            cells.append(raw + end[: len(end) - len(line_end)])
            return (cells, line_end), place
        cells.append(raw)
        if delimiter != SPACES and end != delimiter:
            return (cells, end), place


def _cell_pattern(delimiter: str) -> re.Pattern[str]:
    if delimiter == SPACES:
        return _SPACED_OR_QUOTED
    barrier = re.escape(delimiter)
    return re.compile(rf"({_QUOTED}(?=[{barrier}\r\n]|\Z)|[^{barrier}\r\n]*)({barrier}|\r\n|\n|\r|\Z)")


def _is_quoted(raw: str) -> bool:
    return len(raw) >= 2 and raw.endswith('"') and raw[1:-1].replace('""', "").count('"') == 0


def _explain_quote(text: str, place: int, row: int) -> str:
    closed = _CLOSED.match(text, place)
    if closed is None:
        return f"row {row}: a quotation mark is never closed."
    shown = f"{closed.group()[:30]}{text[closed.end()][:1]}..."
    return f"row {row}: text follows the closing quotation mark of a cell ({shown})."


def _refuse_long(cells: Sequence[str], number: int) -> None:
    longest = max(map(len, cells))
    if longest > LONGEST_CELL:
        raise ValueError(f"row {number}: a cell has {longest:,} characters; at most {LONGEST_CELL:,} are allowed.")


def join_cells(cells: Sequence[str], delimiter: str) -> str:
    """The text of a row without its line end; `split_rows` turned back."""
    return ("" if delimiter == SPACES else delimiter).join(cells)


def cell_value(raw: str, delimiter: str) -> str:
    """The value of a raw cell. Spaces around an unquoted value are kept, unless they divide the cells.

    Example:
        >>> cell_value('"a ""b"" c"', ","), cell_value(" 1", ","), cell_value(" 1", SPACES)
        ('a "b" c', ' 1', '1')
    """
    text = raw.strip(" \t") if delimiter == SPACES else raw
    return text[1:-1].replace('""', '"') if text[:1] == '"' else text


def quote_like(value: str, raw: str, delimiter: str) -> str:
    """A value as a raw cell in the style of the one it replaces: same quoting, same spaces around it.

    Quotes are added where the value needs them.

    Example:
        >>> quote_like("3", " 0", ","), quote_like("3", '"0"', ","), quote_like("a,b", "0", ",")
        (' 3', '"3"', '"a,b"')
        >>> quote_like("red shirt", "  0", SPACES)
        '  "red shirt"'
    """
    is_spaced = delimiter == SPACES
    body = raw.strip(" \t")
    start = raw[: raw.index(body)]
    end = raw[len(start) + len(body) :]
    dividers = " \t\r\n" if is_spaced else delimiter + "\r\n"
    is_quoted = body[:1] == '"' and (is_spaced or not start)
    needs_quotes = value[:1] == '"' or any(mark in value for mark in dividers) or (is_spaced and not value)
    if is_quoted or needs_quotes:
        quoted = '"' + value.replace('"', '""') + '"'
        return start + quoted + end if is_spaced else quoted
    return start + value + end if body else value
