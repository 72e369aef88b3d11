"""Text of a CSV to raw cells and back: quotes, padding and line ends are kept as they stand."""

from __future__ import annotations

import re
from collections.abc import Iterator

__all__ = ["RawRow", "quote_like", "split_rows", "unquote"]

RawRow = tuple[list[str], str]
"""The raw cells of a row, and its line end ("" where the file ends without one)."""

_LINE = re.compile(r"([^\r\n]*)(\r\n|\n|\r|\Z)")


def split_rows(text: str, delimiter: str) -> Iterator[RawRow]:
    r"""The rows of a CSV as raw cells, quotes included.

    Joining every row's cells by the delimiter, and adding its line end, gives the text again. A cell is quoted if its
    first character is a quote; it may then hold delimiters, line ends and doubled quotes.

    Raises:
        ValueError: If a quote is never closed, or text follows a closing quote. The message names the row.

    Example:
        >>> list(split_rows('id,ans\r\n"a,b.jpg",0', ","))
        [(['id', 'ans'], '\r\n'), (['"a,b.jpg"', '0'], '')]
    """
    return _split_quoted(text, delimiter) if '"' in text else _split_plain(text, delimiter)


def _split_plain(text: str, delimiter: str) -> Iterator[RawRow]:
    for found in _LINE.finditer(text):
        line, end = found.groups()
        if line or end:
            yield line.split(delimiter), end


def _split_quoted(text: str, delimiter: str) -> Iterator[RawRow]:
    barrier = re.escape(delimiter)
    cell = re.compile(rf'("(?:[^"]|"")*"(?=[{barrier}\r\n]|\Z)|[^{barrier}\r\n]*)({barrier}|\r\n|\n|\r|\Z)')
    cells: list[str] = []
    place, number = 0, 1
    while place < len(text) or cells:
        found = cell.match(text, place)
        assert found is not None, "the pattern matches everywhere"
        raw, end = found.groups()
        if raw.startswith('"') and not _is_quoted(raw):
            raise ValueError(_explain_quote(text, place, number))
        cells.append(raw)
        place = found.end()
        if end != delimiter:
            yield cells, end
            cells, number = [], number + 1


def _is_quoted(raw: str) -> bool:
    return len(raw) >= 2 and raw.endswith('"') and raw[1:-1].replace('""', "").count('"') == 0


def _explain_quote(text: str, place: int, row: int) -> str:
    closed = re.compile(r'"(?:[^"]|"")*"').match(text, place)
    if closed is None:
        return f"row {row}: a quote is opened and never closed."
    return f"row {row}: text follows the closing quote of a cell ({closed.group()[:30]}{text[closed.end()][:1]}...)."


def unquote(raw: str) -> str:
    """The value of a raw cell.

    Example:
        >>> unquote('"a ""b"" c"')
        'a "b" c'
    """
    return raw[1:-1].replace('""', '"') if raw.startswith('"') else raw


def quote_like(value: str, raw: str, delimiter: str) -> str:
    """A value as a raw cell in the style of the one it replaces: same quoting, same blanks around it.

    Quotes are added where the value needs them.

    Example:
        >>> quote_like("3", " 0", ","), quote_like("3", '"0"', ","), quote_like("a,b", "0", ",")
        (' 3', '"3"', '"a,b"')
    """
    if raw[:1] == '"' or value[:1] == '"' or delimiter in value or "\n" in value or "\r" in value:
        return '"' + value.replace('"', '""') + '"'
    body = raw.strip(" \t")
    if not body or len(body) == len(raw):
        return value
    start = raw.index(body)
    return raw[:start] + value + raw[start + len(body) :]
