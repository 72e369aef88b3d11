"""What the first bytes of a file say it is, and whether it ends before it should.

Nothing here decodes: it walks the segments, chunks or boxes that each format is built of.
"""

from __future__ import annotations

import re
import struct

__all__ = ["is_cut_short", "sniff_foreign_format", "sniff_format"]

_FOREIGN = (
    (b"8BPS", "Photoshop"),
    (b"\x00\x00\x01\x00", "ICO"),
    (b"\x00\x00\x00\x0cjP  ", "JPEG 2000"),
    (b"\xff\x4f\xff\x51", "JPEG 2000"),
    (b"\xff\x0a", "JPEG XL"),
    (b"\x00\x00\x00\x0cJXL ", "JPEG XL"),
    (b"v/1\x01", "OpenEXR"),
    (b"DDS ", "DDS"),
    (b"qoif", "QOI"),
    (b"SIMPLE  =", "FITS"),
    (b"%PDF-", "PDF"),
    (b"#?RADIANCE", "Radiance HDR"),
    (b"%!PS", "PostScript"),
)
_BLANK = rb"(?:\s|#[^\r\n]*[\r\n])+"
_PPM = re.compile(rb"P([1-6])" + _BLANK + rb"(\d+)" + _BLANK + rb"(\d+)(?=\s|#)")
_PPM_MAXIMUM = re.compile(_BLANK + rb"(\d+)\s")
_FTYP_BRANDS = {
    b"avif": "AVIF",
    b"avis": "AVIF",
    b"heic": "HEIC",
    b"heix": "HEIC",
    b"hevc": "HEIC",
    b"heim": "HEIC",
    b"heis": "HEIC",
}


_TIFF_TYPE_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8}
_TIFF_PLACE_TAGS = (273, 279, 324, 325)  # offsets and byte counts, of strips and of tiles


def sniff_format(data: bytes) -> str | None:
    """The name of the format that `data` begins as, of those that are decoded; None for anything else.

    Example:
        >>> sniff_format(b"GIF89a...........")
        'GIF'
    """
    if data.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "GIF"
    if data.startswith(b"BM"):
        return "BMP"
    if data.startswith((b"II\x2a\x00", b"MM\x00\x2a", b"II\x2b\x00", b"MM\x00\x2b", b"MM\x2a\x00", b"II\x00\x2a")):
        return "TIFF"
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "WEBP"
    if _PPM.match(data):
        return "PPM"
    return "AVIF" if _ftyp_format(data) == "AVIF" else None


def sniff_foreign_format(data: bytes) -> str | None:
    """The name of a known image format that is not decoded here; None for anything else.

    Example:
        >>> sniff_foreign_format(b"8BPS" + bytes(20))
        'Photoshop'
    """
    for magic, name in _FOREIGN:
        if data.startswith(magic):
            return name
    if re.match(rb"P[7Ff]\s", data):
        return "PNM"
    if re.match(rb"\s*(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)?(<!DOCTYPE svg[^>]*>\s*)?<svg[\s>]", data[:2048], re.DOTALL):
        return "SVG"
    found = _ftyp_format(data)
    return found if found != "AVIF" else None


def _ftyp_format(data: bytes) -> str | None:
    if data[4:8] != b"ftyp" or len(data) < 12:
        return None
    size = int.from_bytes(data[:4], "big")
    brands = [data[8:12], *(data[i : i + 4] for i in range(16, min(size, len(data), 256), 4))]
    return next((_FTYP_BRANDS[brand] for brand in brands if brand in _FTYP_BRANDS), None)


def is_cut_short(data: bytes) -> bool:
    """Whether the parts that `data` declares reach past its end. False where the format cannot tell."""
    walker = {
        "JPEG": _jpeg_ends_early,
        "PNG": _png_ends_early,
        "GIF": _gif_ends_early,
        "BMP": _bmp_ends_early,
        "TIFF": _tiff_ends_early,
        "WEBP": _webp_ends_early,
        "AVIF": _avif_ends_early,
        "PPM": _ppm_ends_early,
    }.get(sniff_format(data) or "")
    try:
        return walker is not None and walker(data)
    except (struct.error, IndexError):
        return True


def _jpeg_ends_early(data: bytes) -> bool:
    at = 2
    while at + 4 <= len(data):
        if data[at] != 0xFF:
            return not data[at:].strip(b"\0")  # an interrupted copy may end in zeros
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
        elif marker == 0xD9:
            return False
        elif marker == 0xDA:
            return data.find(b"\xff\xd9", at) < 0
        elif marker == 0x01 or 0xD0 <= marker <= 0xD8:
            at += 2
        else:
            at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return True


def _png_ends_early(data: bytes) -> bool:
    at = 8
    while at + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        if not kind.isalpha():
            return not data[at:].strip(b"\0")  # an interrupted copy may end in zeros
        if kind == b"IEND":
            return False
        at += 12 + length
    return True


def _gif_ends_early(data: bytes) -> bool:
    at = 13 + (3 << ((data[10] & 7) + 1) if data[10] & 0x80 else 0)
    while True:
        introducer = data[at]
        if introducer == 0x3B:
            return False
        if introducer == 0x21:
            at += 2
        elif introducer == 0x2C:
            packed = data[at + 9]
            at += 11 + (3 << ((packed & 7) + 1) if packed & 0x80 else 0)
        else:
            return False
        while data[at]:
            at += 1 + data[at]
        at += 1


def _bmp_ends_early(data: bytes) -> bool:
    declared, _, pixel_offset = struct.unpack_from("<III", data, 2)
    return bool(declared > len(data) or pixel_offset > len(data))


def _tiff_ends_early(data: bytes) -> bool:
    order = "<" if data.startswith(b"II") else ">"
    if data[2:4] in (b"\x2b\x00", b"\x00\x2b"):
        return bool(struct.unpack_from(order + "Q", data, 8)[0] + 8 > len(data))
    (directory,) = struct.unpack_from(order + "I", data, 4)
    (n_entries,) = struct.unpack_from(order + "H", data, directory)
    entries = [struct.unpack_from(order + "HHI", data, directory + 2 + 12 * i) for i in range(n_entries)]
    values: dict[int, list[int]] = {}
    for i, (tag, kind, count) in enumerate(entries):
        size = _TIFF_TYPE_SIZES.get(kind, 0) * count
        at = directory + 10 + 12 * i
        if size > 4:
            (at,) = struct.unpack_from(order + "I", data, at)
        if at + size > len(data):
            return True
        if tag in _TIFF_PLACE_TAGS and kind in (3, 4):
            values[tag] = list(struct.unpack_from(f"{order}{count}{'H' if kind == 3 else 'I'}", data, at))
    return any(
        offset + count > len(data)
        for offsets, counts in ((273, 279), (324, 325))
        for offset, count in zip(values.get(offsets, []), values.get(counts, []), strict=False)
    )


def _webp_ends_early(data: bytes) -> bool:
    return bool(struct.unpack_from("<I", data, 4)[0] + 8 > len(data))


def _ppm_ends_early(data: bytes) -> bool:
    """Whether samples are missing: of a bitmap (P1, P4), grey (P2, P5) or colour (P3, P6), in digits or in bytes."""
    header = _PPM.match(data)
    assert header is not None, "sniffed"
    kind, width, height = (int(part) for part in header.groups())
    n_samples, start, n_bytes = width * height * (3 if kind in (3, 6) else 1), header.end(), 1
    if kind not in (1, 4):
        maximum = _PPM_MAXIMUM.match(data, start)
        if maximum is None:
            return True
        start, n_bytes = maximum.end(), 1 if int(maximum[1]) < 256 else 2
    body = re.sub(rb"#[^\r\n]*", b"", data[start:]) if kind < 4 else data[start + (kind == 4) :]
    if kind == 1:
        return len(re.findall(rb"[01]", body)) < n_samples
    if kind in (2, 3):
        return len(body.split()) < n_samples
    return len(body) < (height * -(-width // 8) if kind == 4 else n_samples * n_bytes)


def _avif_ends_early(data: bytes) -> bool:
    at = 0
    while at < len(data):
        (size,) = struct.unpack_from(">I", data, at)
        if size == 1:
            (size,) = struct.unpack_from(">Q", data, at + 8)
        if size == 0:
            return False
        if size < 8:
            return False
        at += size
    return at > len(data)
