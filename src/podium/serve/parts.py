"""The images of a request: one raw image, or the files of a multipart form, with their names."""

from __future__ import annotations

from typing import Any, cast

from podium.serve.refusal import Refusal

__all__ = ["Part", "check_type", "split_body"]

Part = tuple[str, bytes]
"""Name of an image, and the content of its file."""

_RAW = ("application/octet-stream", "application/x-www-form-urlencoded", "")
"""Types beside image/* that a raw image may come as; the second is what curl calls any data."""


def check_type(content_type: str) -> None:
    """Refuse a body of another type, before it is read.

    Raises:
        Refusal: If it is neither an image nor a form with files.
    """
    kind = content_type.partition(";")[0].strip().lower()
    if not (kind.startswith("image/") or kind in (*_RAW, "multipart/form-data")):
        raise Refusal(
            415, "unsupported_type", "send an image as image/* or application/octet-stream, or several as a form."
        )


def split_body(content_type: str, body: bytes, *, max_images: int, name: str = "") -> list[Part]:
    """The images of a body.

    Args:
        content_type: Its type.
        body: All of it.
        max_images: Images of a request at most.
        name: Name of a raw image.

    Raises:
        Refusal: If there are none, too many, or the form is broken.
    """
    if content_type.partition(";")[0].strip().lower() != "multipart/form-data":
        return [(name or "0", body)]
    parts = _Form(content_type, max_images).split(body)
    if not parts:
        raise Refusal(400, "no_images", "the form has no files.")
    return parts


class _Form:
    """Reads a form of files from memory; nothing is written to a disk."""

    def __init__(self, content_type: str, max_images: int) -> None:
        from python_multipart.multipart import MultipartParser, parse_options_header

        self._options = parse_options_header
        boundary = parse_options_header(content_type)[1].get(b"boundary", b"")
        if not 1 <= len(boundary) <= 200:
            raise Refusal(400, "broken_form", "the form has no boundary.")
        self._max_images = max_images
        self._parts: list[Part] = []
        self._pieces: list[bytes] = []
        self._header, self._value, self._disposition = b"", b"", b""
        self._is_whole = False
        callbacks: dict[str, Any] = {
            "on_part_begin": self._begin,
            "on_header_field": self._read_field,
            "on_header_value": self._read_value,
            "on_header_end": self._end_header,
            "on_part_data": self._read_data,
            "on_part_end": self._end,
            "on_end": self._finish,
        }
        self._parser = MultipartParser(boundary, cast(Any, callbacks))

    def split(self, body: bytes) -> list[Part]:
        """The files, in their order."""
        from python_multipart.exceptions import FormParserError

        try:
            self._parser.write(body)
            self._parser.finalize()
        except FormParserError:
            raise Refusal(400, "broken_form", "the form cannot be read.") from None
        if not self._is_whole:
            raise Refusal(400, "broken_form", "the form ends too early.")
        return self._parts

    def _begin(self) -> None:
        if len(self._parts) >= self._max_images:
            raise Refusal(413, "too_many_images", f"the limit of a request is {self._max_images} images.")
        self._pieces, self._disposition = [], b""

    def _read_field(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _read_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _end_header(self) -> None:
        if self._header.lower() == b"content-disposition":
            self._disposition = self._value
        self._header, self._value = b"", b""

    def _read_data(self, data: bytes, start: int, end: int) -> None:
        self._pieces.append(data[start:end])

    def _end(self) -> None:
        options = self._options(self._disposition)[1]
        name = options.get(b"filename") or options.get(b"name") or str(len(self._parts)).encode()
        self._parts.append((name.decode("utf-8", errors="replace"), b"".join(self._pieces)))

    def _finish(self) -> None:
        self._is_whole = True
