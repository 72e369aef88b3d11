"""Good image files of every kind, and damage done to them: the same number always gives the same file."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
from PIL import Image, ImageFilter, features

__all__ = ["good_files", "mutate"]

Rng = np.random.Generator
_PNG_HEAD = b"\x89PNG\r\n\x1a\n"


def _photo(mode: str, height: int = 48, width: int = 56) -> Image.Image:
    noise = np.random.default_rng(3).integers(0, 256, (height, width, 3), dtype=np.uint8)
    image = Image.fromarray(noise).filter(ImageFilter.GaussianBlur(1.5))
    if mode in ("I;16", "I", "F"):
        deep = np.asarray(image.convert("L")).astype({"I;16": np.uint16, "I": np.int32, "F": np.float32}[mode])
        return Image.fromarray(deep * (1 if mode == "F" else 257))
    if mode == "P":
        return image.quantize(32)
    return image.convert(mode)


def _encode(mode: str, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    _photo(mode).save(buffer, kind, **options)
    return buffer.getvalue()


@cache
def good_files() -> Mapping[str, bytes]:
    """Whole files by what they are."""
    exif = Image.Exif()
    exif[0x0112] = 6
    files = {
        "jpeg": _encode("RGB", "JPEG"),
        "jpeg grey": _encode("L", "JPEG", quality=30),
        "jpeg progressive": _encode("RGB", "JPEG", progressive=True),
        "jpeg restart": _encode("RGB", "JPEG", restart_marker_rows=1, subsampling=0),
        "jpeg cmyk": _encode("CMYK", "JPEG"),
        "jpeg turned": _encode("RGB", "JPEG", exif=exif),
        "mpo": _encode("RGB", "MPO", save_all=True, append_images=[_photo("RGB").rotate(90)]),
        **{f"png {mode}": _encode(mode, "PNG") for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")},
        "png transparent": _encode("P", "PNG", transparency=bytes(range(32))),
        "png turned": _encode("RGB", "PNG", exif=exif),
        "gif": _encode("P", "GIF"),
        "gif frames": _encode("P", "GIF", save_all=True, append_images=[_photo("L"), _photo("P")], transparency=1),
        **{f"bmp {mode}": _encode(mode, "BMP") for mode in ("1", "L", "P", "RGB", "RGBA")},
        **{f"tiff {mode}": _encode(mode, "TIFF") for mode in ("1", "L", "P", "RGBA", "CMYK", "I;16", "I", "F")},
        **{
            f"tiff {name}": _encode("1" if name == "group4" else "RGB", "TIFF", compression=name)
            for name in ("tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg", "group4")
        },
        "webp": _encode("RGB", "WEBP"),
        "webp lossless": _encode("RGBA", "WEBP", lossless=True),
        "webp frames": _encode("RGB", "WEBP", save_all=True, append_images=[_photo("L").convert("RGB")]),
    }
    if features.check("avif"):
        files |= {"avif": _encode("RGB", "AVIF", speed=10), "avif alpha": _encode("RGBA", "AVIF", speed=10)}
    return files


def mutate(number: int) -> tuple[str, bytes]:
    """A damaged file and what it is, by its number."""
    rng = np.random.default_rng([10, number])
    files = good_files()
    name = sorted(files)[rng.integers(len(files))]
    how = sorted(_DAMAGE)[rng.integers(len(_DAMAGE))]
    data = _DAMAGE[how](files[name], rng)
    if rng.random() < 0.15:  # damage seldom comes alone
        data = _flip(data, rng) if data else data
    return f"#{number} {name}, {how}", data


def _cut(data: bytes, rng: Rng) -> bytes:
    return data[: int(len(data) * rng.random())]


def _flip(data: bytes, rng: Rng) -> bytes:
    changed = bytearray(data)
    for _ in range(int(2 ** rng.integers(0, 7))):
        changed[rng.integers(len(changed))] ^= 1 << int(rng.integers(8))
    return bytes(changed)


def _flip_head(data: bytes, rng: Rng) -> bytes:
    changed = bytearray(data)
    for _ in range(int(rng.integers(1, 5))):
        changed[rng.integers(min(96, len(changed)))] = int(rng.choice([0, 1, 127, 128, 254, 255, rng.integers(256)]))
    return bytes(changed)


def _fill(data: bytes, rng: Rng) -> bytes:
    start = int(rng.integers(len(data)))
    length = int(rng.integers(1, len(data) - start + 1))
    return data[:start] + bytes([int(rng.choice([0, 0, 255]))]) * length + data[start + length :]


def _splice(data: bytes, rng: Rng) -> bytes:
    files = good_files()
    other = files[sorted(files)[rng.integers(len(files))]]
    return data[: int(rng.integers(len(data)))] + other[int(rng.integers(len(other))) :]


def _insert(data: bytes, rng: Rng) -> bytes:
    start = int(rng.integers(len(data)))
    return data[:start] + rng.bytes(int(2 ** rng.integers(0, 10))) + data[start:]


def _drop_piece(data: bytes, rng: Rng) -> bytes:
    pieces = _pieces(data)
    del pieces[rng.integers(len(pieces))]
    return b"".join(pieces)


def _double_piece(data: bytes, rng: Rng) -> bytes:
    pieces = _pieces(data)
    pieces.insert(int(rng.integers(len(pieces) + 1)), pieces[rng.integers(len(pieces))])
    return b"".join(pieces)


def _swap_pieces(data: bytes, rng: Rng) -> bytes:
    pieces = _pieces(data)
    one, two = rng.integers(len(pieces), size=2)
    pieces[one], pieces[two] = pieces[two], pieces[one]
    return b"".join(pieces)


def _repeat_piece(data: bytes, rng: Rng) -> bytes:
    pieces = _pieces(data)
    place = int(rng.integers(len(pieces)))
    return b"".join([*pieces[:place], *([pieces[place]] * int(rng.integers(10, 200))), *pieces[place + 1 :]])


def _pieces(data: bytes) -> list[bytes]:
    """The chunks, segments or boxes that a file is built of; slices of it where it is built of none."""
    cuts = {0, len(data), *(at for at in _borders(data) if 0 < at < len(data))}
    if len(cuts) == 2:
        cuts |= set(range(0, len(data), max(1, len(data) // 16)))
    edges = sorted(cuts)
    return [data[start:end] for start, end in pairwise(edges)]


def _borders(data: bytes) -> Iterator[int]:
    at = 8 if data.startswith(_PNG_HEAD) else 12 if data.startswith(b"RIFF") else 2 if data[:2] == b"\xff\xd8" else 0
    while at + 8 <= len(data):
        yield at
        if data.startswith(_PNG_HEAD):
            at += 12 + int.from_bytes(data[at : at + 4], "big")
        elif data.startswith(b"RIFF"):
            at += 8 + (int.from_bytes(data[at + 4 : at + 8], "little") + 1) // 2 * 2
        elif data[:2] == b"\xff\xd8" and data[at] == 0xFF and data[at + 1] != 0xDA:
            at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        elif data[4:8] == b"ftyp":
            at += max(8, int.from_bytes(data[at : at + 4], "big"))
        else:
            return


def _mended_png(data: bytes, rng: Rng) -> bytes:
    """Damage inside a PNG's chunks with their checksums made right; inside the compressed rows, too."""
    if not data.startswith(_PNG_HEAD):
        return _flip(data, rng)
    chunks = []
    for piece in _pieces(data)[1:]:
        kind, body = piece[4:8], piece[8:-4]
        if kind == b"IDAT" and rng.random() < 0.5:
            body = zlib.compress(_flip(zlib.decompress(body), rng))
        elif body and rng.random() < 0.5:
            body = _flip(body, rng)[: int(rng.integers(1, len(body) + 1)) if rng.random() < 0.2 else None]
        chunks.append(struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)))
    return _PNG_HEAD + b"".join(chunks)


def _other_size(data: bytes, rng: Rng) -> bytes:
    """Another width and height in the header, often enormous ones."""
    sides = [int(side) for side in rng.choice([0, 1, 2, 47, 57, 64, 255, 4096, 16383, 40000, 65535, 2**31 - 1], 2)]
    changed = bytearray(data)
    if data.startswith(_PNG_HEAD):
        changed[16:24] = struct.pack(">II", *sides)
        changed[29:33] = struct.pack(">I", zlib.crc32(bytes(changed[12:29])))
    elif data[:2] == b"\xff\xd8":
        at = next((at for at in _borders(data) if 0xC0 <= data[at + 1] <= 0xC2), None)
        if at is not None:
            changed[at + 5 : at + 9] = struct.pack(">HH", *(side & 0xFFFF for side in sides))
    elif data[:3] == b"GIF":
        changed[6:10] = struct.pack("<HH", *(side & 0xFFFF for side in sides))
        at = data.find(b"\x2c", 13)
        if at > 0 and rng.random() < 0.5:
            changed[at + 5 : at + 9] = changed[6:10]
    elif data[:2] == b"BM":
        changed[18:26] = struct.pack("<ii", sides[0], -sides[1] if rng.random() < 0.3 else sides[1])
    elif data[:4] == b"II\x2a\x00":
        _set_tiff_size(changed, sides)
    elif data[12:16] == b"VP8X":
        changed[24:30] = b"".join((side & 0xFFFFFF).to_bytes(3, "little") for side in sides)
    elif b"ispe" in data:
        at = data.index(b"ispe") + 8
        changed[at : at + 8] = struct.pack(">II", *sides)
    else:
        return _flip_head(data, rng)
    return bytes(changed)


def _set_tiff_size(data: bytearray, sides: list[int]) -> None:
    (at,) = struct.unpack_from("<I", data, 4)
    (n_entries,) = struct.unpack_from("<H", data, at)
    for entry in range(at + 2, at + 2 + 12 * n_entries, 12):
        tag = struct.unpack_from("<H", data, entry)[0]
        if tag in (256, 257):
            data[entry + 2 : entry + 12] = struct.pack("<HII", 4, 1, sides[tag - 256])


_DAMAGE: dict[str, Callable[[bytes, Rng], bytes]] = {
    "cut": _cut,
    "bits flipped": _flip,
    "header bytes": _flip_head,
    "a run filled": _fill,
    "spliced": _splice,
    "bytes put in": _insert,
    "a chunk lost": _drop_piece,
    "a chunk twice": _double_piece,
    "chunks swapped": _swap_pieces,
    "a chunk many times": _repeat_piece,
    "damage under right checksums": _mended_png,
    "another size": _other_size,
}
