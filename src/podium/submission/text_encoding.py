"""Bytes of a sample submission to text and back, without a byte changed."""

from __future__ import annotations

import codecs
from pathlib import Path

from podium.errors import SubmissionError, UsageError

__all__ = ["decode_exactly"]

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it starts with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_NOT_TEXT = (
    (b"PK\x03\x04", "a zip archive or an Excel workbook", "Unpack it, or save the sheet as CSV."),
    (b"\x1f\x8b", "a gzip archive", "Unpack it first."),
    (b"PAR1", "a Parquet file", "Save it as CSV."),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook", "Save the sheet as CSV."),
    (b"%PDF", "a PDF", "Give the sample submission."),
    (b"\x89PNG", "an image", "Give the sample submission."),
    (b"\xff\xd8\xff", "an image", "Give the sample submission."),
)


def decode_exactly(data: bytes, *, where: Path, encoding: str | None = None) -> tuple[str, str, bytes]:
    """The text of a file, its encoding, and the byte order mark before it.

    A mark decides; then UTF-8; then UTF-16 without a mark; then CP949, if what comes out is mostly Hangul; then
    Windows-1252 and Latin-1. All of these give the same bytes when written again; an encoding that was named and does
    not is refused.

    Raises:
        SubmissionError: If it is no text, or does not fit the encoding that was given; names the row.
        UsageError: If there is no such encoding.
    """
    for start, what, fix in _NOT_TEXT:
        if data.startswith(start):
            raise SubmissionError(f"this is {what}, not a text table.", where=where, fix=fix)
    mark, marked = next(((mark, name) for mark, name in _MARKS if data.startswith(mark)), (b"", ""))
    body = data[len(mark) :]
    if encoding is not None:
        name = _without_mark(encoding)
        name = marked if marked[:6] == name[:6] else name  # "utf-16" leaves the byte order to the mark
        return _decode_as(body, name, where), name, mark
    if marked:
        return _decode_as(body, marked, where), marked, mark
    for name in ("utf-8", "utf-16-le", "utf-16-be", "cp949", "cp1252", "latin-1"):
        text = _try(body, name)
        if text is not None and _is_likely(text, name, body):
            return text, name, b""
    raise SubmissionError(
        "the file holds zero bytes: it is not a text table.", where=where, fix="Save it as CSV in UTF-8."
    )


def _is_likely(text: str, encoding: str, data: bytes) -> bool:
    if encoding.startswith("utf-16"):
        return data.count(b"\x00") * 4 > len(data) and ("\n" in text or "\r" in text)
    if b"\x00" in data:
        return False
    return _is_korean(text) if encoding == "cp949" else True


def _is_korean(text: str) -> bool:
    foreign = [character for character in text if ord(character) > 127]
    return 2 * sum("\uac00" <= character <= "\ud7a3" for character in foreign) > len(foreign)


def _try(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except UnicodeError:
        return None


def _without_mark(encoding: str) -> str:
    """The encoding that adds no mark of its own when it writes."""
    try:
        name = codecs.lookup(encoding).name
    except LookupError as error:
        raise UsageError(f"there is no encoding {encoding!r}.", fix="Try utf-8 or cp949.") from error
    return {"utf-8-sig": "utf-8", "utf-16": "utf-16-le", "utf-32": "utf-32-le"}.get(name, name)


def _decode_as(data: bytes, encoding: str, where: Path) -> str:
    try:
        text = data.decode(encoding)
    except UnicodeError as error:
        row = data[: getattr(error, "start", 0)].count(b"\n") + 1
        raise SubmissionError(
            f"row {row} is not {encoding}.", where=where, fix="Name the right encoding, such as cp949."
        ) from error
    if text.encode(encoding) != data:
        raise SubmissionError(
            f"the bytes do not survive {encoding}: the file could not be written back as it is.",
            where=where,
            fix="Name the right encoding, or save the sample as UTF-8.",
        )
    return text
