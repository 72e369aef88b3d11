"""Bytes of a table to text, and the same text back to the same bytes."""

from __future__ import annotations

import codecs
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from podium.advice import option, options
from podium.errors import TableError, UsageError
from podium.listing import count_of
from podium.texttable.east_asian import EAST_ASIAN, guess_east_asian, is_ordinary
from podium.texttable.signatures import refuse_other_formats

__all__ = ["Decoded", "decode_table"]

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it starts with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_ALPHABETS = ("cp1251", "cp1253", "cp1252")
"""What charset-normalizer may choose from: Cyrillic, Greek and Western. In short tables it mistakes the others."""

_SNIFFED = 65536
_NO_LETTERS = re.compile("[\uf8f0-\uf8f3]")
"""What Python's cp932 makes of bytes that mean nothing."""

_ALPHABETS_OF_TWO_BYTES = {"LATIN", "GREEK", "CYRILLIC", "ARMENIAN", "HEBREW"}
_UNWRITTEN = re.compile("[\u0370-\u0373\u0376\u0377\u037b-\u037d]")
"""Greek letters of inscriptions."""


@dataclass(frozen=True)
class Decoded:
    """The text of a file.

    Args:
        text: The text, without the byte order mark.
        encoding: Its encoding, which adds no mark when it writes.
        mark: The byte order mark before it, or b"".
        is_sure: Whether the encoding was named, marked, or is one that other bytes would not fit.
    """

    text: str
    encoding: str
    mark: bytes = b""
    is_sure: bool = True


def decode_table(data: bytes, *, where: Path, encoding: str | None = None) -> Decoded:
    """The text of a table and its encoding; written again, the text gives the same bytes.

    A byte order mark decides. Then UTF-8, if every byte fits and no word mixes alphabets; UTF-16 or UTF-32 without a
    mark, if there are zero bytes;
    Korean, Chinese and Japanese encodings, if the letters are ordinary ones; Cyrillic and Greek, if charset-normalizer
    finds them; then Windows-1252, which reads anything, so look at the names. Text that fits an encoding but for a few
    bytes is damaged, not of another encoding.

    Args:
        data: The file.
        where: Its path, for messages.
        encoding: The encoding, if it is known.

    Raises:
        TableError: If this is no text, the bytes do not fit the encoding that was given, or one fits but for a few
            bytes; names the row.
        UsageError: If there is no such encoding.
    """
    refuse_other_formats(data, where)
    mark, marked = _read_mark(data)
    body = data[len(mark) :]
    if encoding is not None:
        name = _without_mark(encoding)
        name = marked if marked[:6] == name[:6] else name  # "utf-16" leaves the byte order to the mark
        return Decoded(_decode_as(body, name, where), name, mark)
    if marked:
        return Decoded(_decode_as(body, marked, where), marked, mark)
    name, is_sure = _guess_wide(body, where) if b"\x00" in body else _guess_narrow(body, where)
    return Decoded(body.decode(name), name, b"", is_sure)


def _read_mark(data: bytes) -> tuple[bytes, str]:
    """The mark, once or several times as careless programs write it, and the encoding that it means."""
    for mark, name in _MARKS:
        if data.startswith(mark):
            n_times = 1
            while data.startswith(mark, n_times * len(mark)):
                n_times += 1
            return mark * n_times, name
    return b"", ""


def _without_mark(encoding: str) -> str:
    """The encoding that adds no mark of its own when it writes."""
    try:
        name = codecs.lookup(encoding).name
        b"a".decode(name)
    except UnicodeDecodeError:  # half a letter
        pass
    except (LookupError, UnicodeError) as error:  # no codec, or one that is not of text
        raise UsageError(f"there is no encoding {encoding!r}.", field="encoding", fix="Try utf-8 or cp949.") from error
    return {"utf-8-sig": "utf-8", "utf-16": "utf-16-le", "utf-32": "utf-32-le"}.get(name, name)


def _decode_as(data: bytes, encoding: str, where: Path) -> str:
    try:
        text = data.decode(encoding)
    except UnicodeError as error:
        row = _count_lines(data[: getattr(error, "start", 0)].decode(encoding, errors="replace"))
        raise TableError(
            f"row {row} is not {encoding}.",
            where=where,
            fix=f"Name the right one, such as {options(encoding='cp949')}.",
        ) from error
    if not _comes_back(text, encoding, data):
        raise TableError(
            f"{encoding} does not keep every byte, so the file could not be written back unchanged.",
            where=where,
            fix=f"Name the right {option('encoding')}, or save the table as UTF-8.",
        )
    return text


def _comes_back(text: str, encoding: str, data: bytes) -> bool:
    try:
        return text.encode(encoding) == data
    except UnicodeError:
        return False


def _guess_wide(data: bytes, where: Path) -> tuple[str, bool]:
    for name in ("utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be"):
        text = _try(data, name)
        if text is not None and _is_written(text):
            return name, True
    raise TableError(
        "the file contains zero bytes, so it is not a text table.",
        where=where,
        fix="Save it as CSV in UTF-8, or as Parquet.",
    )


def _guess_narrow(data: bytes, where: Path) -> tuple[str, bool]:
    text = _try(data, "utf-8")
    if text is not None:
        name = guess_east_asian(data, decode=_try) if _mixes_alphabets(text) else None
        return ("utf-8", True) if name is None else (name, False)
    _refuse_damaged(data, "utf-8", where)
    name = guess_east_asian(data, decode=_try)
    if name is not None:
        return name, False
    for name in EAST_ASIAN:
        _refuse_damaged(data, name, where)
    name = _ask_charset_normalizer(data)
    if name is None:
        name = "cp1252" if _try(data, "cp1252") is not None else "latin-1"
    return name, False


def _try(data: bytes, encoding: str) -> str | None:
    """The text, if the bytes fit and come back."""
    try:
        text = data.decode(encoding)
    except UnicodeError:
        return None
    return text if _comes_back(text, encoding, data) and not _NO_LETTERS.search(text) else None


def _ask_charset_normalizer(data: bytes) -> str | None:
    """Cyrillic or Greek, where whole words are of it; accents alone, in words of ASCII letters, are Western."""
    import charset_normalizer  # not imported for tables that are read without it

    best = charset_normalizer.from_bytes(data[:_SNIFFED], cp_isolation=list(_ALPHABETS)).best()
    text = None if best is None or best.encoding == "cp1252" else _try(data, best.encoding)
    if best is None or text is None:
        return None
    words = [word for word in _words(text) if not word.isascii()]
    whole = [word for word in words if all(letter > "\x7f" for letter in word)]
    is_of_words = 2 * len(whole) > len(words) and any(len(word) > 1 for word in whole)
    return best.encoding if is_of_words else None


def _words(text: str) -> list[str]:
    return "".join(letter if letter.isalpha() else " " for letter in text).split()


def _mixes_alphabets(text: str) -> bool:
    """Whether letters outside ASCII are of two alphabets within one word, or ones that nobody writes.

    No language does, but words of some other encodings happen to be UTF-8: the GB18030 of 图片, after which many
    Chinese image files are called, is that of a Greek letter and a Latin one.
    """
    if text.isascii() or max(text) > "\u07ff":  # three bytes a letter: by chance of no other encoding's common letters
        return False
    words = (re.sub("[\x00-\x7f]", "", word) for word in set(_words(text)))
    return any(
        _UNWRITTEN.search(word) or len(set(map(_alphabet, word)) & _ALPHABETS_OF_TWO_BYTES) > 1 for word in words
    )


def _alphabet(letter: str) -> str:
    return unicodedata.name(letter, "").partition(" ")[0]


def _refuse_damaged(data: bytes, encoding: str, where: Path) -> None:
    """Refuse text of which all but a few bytes are of an encoding that leaves bytes unused."""
    text = _NO_LETTERS.sub("\ufffd", data.decode(encoding, errors="replace"))
    n_bad = text.count("\ufffd")
    known = text.replace("\ufffd", "")
    n_good = sum(letter > "\x7f" for letter in known)
    if not 0 < n_bad * 4 <= n_good:
        return
    if encoding == "utf-8" or is_ordinary(known, encoding):
        row = _count_lines(text[: text.index("\ufffd")])
        shown = encoding.upper()
        raise TableError(
            f"row {row} is not {shown}, though the rest of the table is ({count_of(n_bad, 'place')}).",
            where=where,
            fix=f"Correct the row and save the table again; if the table has another {option('encoding')}, name it.",
        )


def _count_lines(text: str) -> int:
    return text.replace("\r\n", "\n").replace("\r", "\n").count("\n") + 1


def _is_written(text: str) -> bool:
    """Whether all of it are characters that people write, in lines."""
    kinds = {unicodedata.category(character) for character in set(text) - set("\t\r\n")}
    return not kinds & {"Cc", "Cn", "Co", "Cs"} and ("\n" in text or "\r" in text)
