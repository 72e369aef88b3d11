"""Bytes of a table to text, and how sure that is."""

from __future__ import annotations

import codecs
import unicodedata
from pathlib import Path

from podium.errors import SourceError

__all__ = ["decode_text"]

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def decode_text(data: bytes, *, where: Path, encoding: str | None = None) -> tuple[str, str]:
    """The text of a table and its encoding.

    A byte order mark decides; then UTF-8, if every byte fits; then UTF-16 without a mark; then CP949, if what comes
    out is mostly Hangul; then Windows-1252, which reads anything, so look at the names. Text that is UTF-8 or CP949 but
    for a few bytes is damaged, not of another encoding.

    Args:
        data: The file.
        where: Its path, for messages.
        encoding: The encoding, if it is known.

    Raises:
        SourceError: If the bytes do not fit the encoding that was given, no encoding fits, or one fits but for a few
            bytes; names the row.
    """
    if encoding is not None:
        return _decode_as(data, encoding, where), encoding
    for mark, name in _MARKS:
        if data.startswith(mark):
            return _decode_as(data, name, where), name
    if b"\x00" not in data:
        for name, is_likely in (("utf-8", None), ("cp949", _is_korean), ("cp1252", None), ("latin-1", None)):
            text = _try(data, name)
            if text is not None and (is_likely is None or is_likely(text)):
                return text, name
            _refuse_damaged(data, name, where)
    for name in ("utf-16-le", "utf-16-be"):
        text = _try(data, name)
        if text is not None and _is_written(text):
            return text, name
    raise SourceError(
        "the file holds zero bytes: it is not a text table.", where=where, fix="Save it as CSV in UTF-8, or as Parquet."
    )


def _try(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return None


def _decode_as(data: bytes, encoding: str, where: Path) -> str:
    try:
        return data.decode(encoding).removeprefix("\ufeff")
    except LookupError as error:
        raise SourceError(f"there is no encoding {encoding!r}.", where=where, fix="Try utf-8 or cp949.") from error
    except UnicodeError as error:
        row = _count_lines(data[: getattr(error, "start", 0)].decode(encoding, errors="replace"))
        raise SourceError(
            f"row {row} is not {encoding}.", where=where, fix="Name the encoding with --encoding, such as cp949."
        ) from error


def _refuse_damaged(data: bytes, encoding: str, where: Path) -> None:
    """Refuse text of which all but a few bytes are of an encoding that leaves bytes unused."""
    if encoding not in ("utf-8", "cp949"):
        return
    text = data.decode(encoding, errors="replace")
    n_bad = text.count("\ufffd")
    known = text.replace("\ufffd", "")
    n_good = sum(ord(character) > 127 for character in known)
    if 0 < n_bad * 4 <= n_good and (encoding == "utf-8" or _is_korean(known)):
        row = _count_lines(text[: text.index("\ufffd")])
        shown = encoding.upper()
        raise SourceError(
            f"row {row} is not {shown}, though the rest of the table is ({n_bad} places).",
            where=where,
            fix="Correct the row and save the table again; if it is of another encoding, name that with --encoding.",
        )


def _count_lines(text: str) -> int:
    return text.replace("\r\n", "\n").replace("\r", "\n").count("\n") + 1


def _is_written(text: str) -> bool:
    """Whether all of it are characters that people write, in lines."""
    kinds = {unicodedata.category(character) for character in set(text) - set("\t\r\n")}
    return not kinds & {"Cc", "Cn", "Co", "Cs"} and ("\n" in text or "\r" in text)


def _is_korean(text: str) -> bool:
    foreign = [character for character in text if ord(character) > 127]
    hangul = sum("\uac00" <= character <= "\ud7a3" for character in foreign)
    return 2 * hangul > len(foreign)
