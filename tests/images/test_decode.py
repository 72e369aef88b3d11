"""Outcomes: every file gets one, and OK means the true pixels."""

from __future__ import annotations

import hashlib
import io
import os
import struct
import subprocess
import sys
import tarfile
import threading
import unicodedata
import warnings
import zlib
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFilter, features

from podium.errors import UsageError
from podium.images import Decoded, Limits, Outcome, decode_bytes, decode_file

FORMATS = ["JPEG", "PNG", "BMP", "GIF", "TIFF", "WEBP", *(["AVIF"] if features.check("avif") else [])]


def make_photo(height: int = 40, width: int = 60, seed: int = 0) -> Image.Image:
    noise = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(noise).filter(ImageFilter.GaussianBlur(2))


def encode(kind: str, image: Image.Image | None = None, **options: object) -> bytes:
    buffer = io.BytesIO()
    (image or make_photo()).save(buffer, kind, **options)
    return buffer.getvalue()


VARIANTS = {
    **{kind: encode(kind) for kind in FORMATS},
    "progressive": encode("JPEG", progressive=True),
    "restart": encode("JPEG", restart_marker_rows=1),
    "lzw": encode("TIFF", compression="tiff_lzw"),
    "deflate": encode("TIFF", compression="tiff_adobe_deflate"),
    "palette": encode("PNG", make_photo().quantize(16)),
    "lossless": encode("WEBP", lossless=True),
}


def assert_consistent(result: Decoded) -> None:
    assert isinstance(result, Decoded)
    if result.outcome is Outcome.OK:
        assert result.pixels is not None
        assert result.facts is not None
        assert result.pixels.dtype == np.uint8
        assert result.pixels.ndim == 3
        assert result.pixels.shape[2] == 3
        assert min(result.pixels.shape) >= 1
        assert result.reason == ""
    else:
        assert result.pixels is None
        assert result.facts is None
        assert result.reason
        assert "\n" not in result.reason


@pytest.mark.parametrize("name", VARIANTS)
def test_whole_file_is_ok_and_cut_file_never_shows_other_pixels(name: str) -> None:
    data = VARIANTS[name]
    whole = decode_bytes(data)
    assert_consistent(whole)
    assert whole.pixels is not None
    for length in {*range(1, len(data), max(1, len(data) // 60)), len(data) - 1, len(data) - 2, len(data) - 3}:
        cut = decode_bytes(data[:length])
        assert_consistent(cut)
        if cut.is_ok:
            np.testing.assert_array_equal(cut.pixels, whole.pixels, err_msg=f"cut to {length} of {len(data)}")
        elif length > 16:
            assert cut.outcome is Outcome.TRUNCATED, (length, cut.outcome, cut.reason)


@pytest.mark.parametrize("tail", [b"", b"\xff\xd9", b"\xff\xd9\0\0\0"])
@pytest.mark.parametrize("name", ["JPEG", "restart"])
@pytest.mark.parametrize("kept", [0.5, 0.8, 0.95])
def test_jpeg_that_ends_early_is_never_filled_with_grey(name: str, kept: float, tail: bytes) -> None:
    data = VARIANTS[name]
    assert decode_bytes(data[: int(len(data) * kept)] + tail).outcome is Outcome.TRUNCATED


@pytest.mark.parametrize("name", ["JPEG", "progressive", "restart", "PNG", "palette"])
@pytest.mark.parametrize("kept", [0.5, 0.8, 0.95])
def test_interrupted_copy_that_ends_in_zeros_is_truncated(name: str, kept: float) -> None:
    data = VARIANTS[name]
    length = int(len(data) * kept)
    assert decode_bytes(data[:length] + bytes(len(data) - length)).outcome is Outcome.TRUNCATED
    assert decode_bytes(data + bytes(512)).is_ok


@pytest.mark.parametrize("mode", ["L", "RGB"])
@pytest.mark.parametrize("level", [127, 128])
def test_jpeg_with_a_grey_corner_is_not_taken_for_a_cut_one(mode: str, level: int) -> None:
    image = make_photo(64, 64)
    image.paste((level,) * 3, (10, 10, 64, 64))
    assert decode_bytes(encode("JPEG", image.convert(mode))).is_ok
    assert decode_bytes(encode("JPEG", Image.new(mode, (64, 64), (level,) * 3 if mode == "RGB" else level))).is_ok


def write_png(width: int, height: int, stream: bytes) -> bytes:
    """An RGB PNG around a given zlib stream."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", stream) + chunk(b"IEND", b"")


def test_png_whose_stream_ends_early_is_truncated() -> None:
    full = b"".join(b"\0" + bytes([row % 251] * 30) for row in range(20))
    assert decode_bytes(write_png(10, 20, zlib.compress(full))).is_ok
    assert decode_bytes(write_png(10, 20, zlib.compress(full[: 31 * 12]))).outcome is Outcome.TRUNCATED


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_png_with_a_black_corner_is_not_taken_for_a_cut_one(mode: str) -> None:
    assert decode_bytes(encode("PNG", Image.new(mode, (13, 7)))).is_ok


@pytest.mark.long
@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(sorted(VARIANTS)),
    st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=8),
    st.floats(0, 1),
)
def test_mutated_files_get_an_outcome(name: str, changes: list[tuple[float, int]], kept: float) -> None:
    data = bytearray(VARIANTS[name])
    for where, value in changes:
        data[int(where * len(data))] = value
    if kept > 0.5:
        del data[int(kept * len(data)) :]
    assert_consistent(decode_bytes(bytes(data), limits=Limits(max_pixels=10_000_000)))


@pytest.mark.slow
@settings(max_examples=100, deadline=None)
@given(st.sampled_from([b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"BM", b"II*\0", b"RIFF"]), st.binary())
def test_noise_gets_an_outcome(magic: bytes, noise: bytes) -> None:
    assert_consistent(decode_bytes(magic + noise, limits=Limits(max_pixels=10_000_000)))


@pytest.mark.parametrize(
    ("data", "outcome"),
    [
        (b"", Outcome.EMPTY),
        (b"<html>404</html>", Outcome.NOT_AN_IMAGE),
        (b"x", Outcome.NOT_AN_IMAGE),
        (b"8BPS" + bytes(30), Outcome.UNSUPPORTED_FORMAT),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(50), Outcome.UNSUPPORTED_FORMAT),
        (b"<?xml version='1.0'?>\n<svg xmlns='http://www.w3.org/2000/svg'/>", Outcome.UNSUPPORTED_FORMAT),
        (b"P7 2 2 255 " + bytes(12), Outcome.UNSUPPORTED_FORMAT),
        (b"\xff\xd8\xff", Outcome.TRUNCATED),
        (b"\x89PNG\r\n\x1a\n", Outcome.TRUNCATED),
    ],
)
def test_named_outcomes(data: bytes, outcome: Outcome) -> None:
    result = decode_bytes(data)
    assert_consistent(result)
    assert result.outcome is outcome


def test_png_with_a_wrong_checksum_is_broken() -> None:
    data = bytearray(VARIANTS["PNG"])
    data[data.index(b"IDAT") + 20] ^= 255
    assert decode_bytes(bytes(data)).outcome is Outcome.BROKEN


def test_tiny_gif_of_four_gigapixels_is_refused_by_its_header() -> None:
    data = (
        b"GIF89a"
        + b"\xff\xff\xff\xff"
        + bytes(3)
        + b","
        + bytes(4)
        + b"\xff\xff\xff\xff"
        + bytes([0, 8, 1, 0, 0, 0, 59])
    )
    assert len(data) == 29
    assert decode_bytes(data).outcome is Outcome.TOO_LARGE


def test_limits() -> None:
    assert decode_bytes(VARIANTS["PNG"], limits=Limits(max_pixels=2399)).outcome is Outcome.TOO_LARGE
    assert decode_bytes(VARIANTS["PNG"], limits=Limits(max_pixels=2400)).is_ok
    size = len(VARIANTS["PNG"])
    assert decode_bytes(VARIANTS["PNG"], limits=Limits(max_bytes=size - 1)).outcome is Outcome.TOO_MANY_BYTES
    assert decode_bytes(VARIANTS["PNG"], limits=Limits(max_bytes=size)).is_ok
    with pytest.raises(UsageError):
        Limits(max_pixels=10**9)
    with pytest.raises(UsageError):
        Limits(max_bytes=0)


def test_file_outcomes(tmp_path: Path) -> None:
    good = tmp_path / "good.png"
    good.write_bytes(VARIANTS["PNG"])
    assert decode_file(good).is_ok
    assert decode_file(str(good)).is_ok
    assert decode_file(good, limits=Limits(max_bytes=10)).outcome is Outcome.TOO_MANY_BYTES
    assert decode_file(tmp_path / "no.png").outcome is Outcome.MISSING
    assert decode_file(good / "inside.png").outcome is Outcome.MISSING
    assert decode_file("a\0b.png").outcome is Outcome.MISSING
    assert decode_file(tmp_path).outcome is Outcome.UNREADABLE
    assert decode_file(tmp_path / ("x" * 300)).outcome is Outcome.UNREADABLE
    empty = tmp_path / "empty.jpg"
    empty.touch()
    assert decode_file(empty).outcome is Outcome.EMPTY
    pipe = tmp_path / "pipe.png"
    os.mkfifo(pipe)
    assert decode_file(pipe).outcome is Outcome.UNREADABLE
    loop = tmp_path / "loop.png"
    loop.symlink_to(loop)
    assert decode_file(loop).outcome is Outcome.UNREADABLE


NAMES = [
    unicodedata.normalize("NFD", "한글 사진.png"),
    unicodedata.normalize("NFC", "한글 사진.png"),
    "comma, 'quote\" \n newline.png",
    "🐙.png",
    os.fsdecode(b"latin-\xe9\xff.png"),
    "x" * 251 + ".png",
]


@pytest.mark.parametrize("name", NAMES)
def test_odd_names(tmp_path: Path, name: str) -> None:
    try:
        (tmp_path / name).write_bytes(VARIANTS["PNG"])
    except OSError:
        pytest.skip("this file system refuses the name")
    assert decode_file(tmp_path / name).is_ok
    assert decode_file(os.path.join(tmp_path, name)).is_ok  # noqa: PTH118 - a plain string is the point


def test_facts() -> None:
    data = encode("PNG", make_photo().convert("RGBA"))
    facts = decode_bytes(data).facts
    assert facts is not None
    assert facts.sha256 == hashlib.sha256(data).hexdigest()
    assert (facts.n_bytes, facts.width, facts.height) == (len(data), 60, 40)
    assert (facts.mode, facts.format, facts.orientation, facts.n_frames) == ("RGBA", "PNG", 1, 1)
    assert facts.has_alpha
    luma = np.asarray(make_photo(), dtype=np.float64) @ [0.299, 0.587, 0.114]
    assert facts.brightness == pytest.approx(luma.mean() / 255, abs=0.5 / 255)  # grey levels are whole numbers
    assert decode_bytes(data, with_facts=False).facts is None
    assert decode_bytes(encode("PNG", Image.new("RGB", (3, 3)))).facts.brightness == 0  # type: ignore[union-attr]
    white = decode_bytes(encode("PNG", Image.new("RGB", (3, 3), "white"))).facts
    assert white is not None
    assert white.brightness == 1


@pytest.mark.slow
@pytest.mark.parametrize(("size", "target"), [((1100, 1300), 200), ((2100, 2500), 300), ((2100, 2500), 100)])
def test_facts_and_outcome_do_not_depend_on_target(size: tuple[int, int], target: int) -> None:
    data = encode("JPEG", make_photo(*size))
    full, small = decode_bytes(data), decode_bytes(data, target_px=target)
    assert full.pixels is not None
    assert small.pixels is not None
    assert asdict(full.facts) == asdict(small.facts)  # type: ignore[call-overload]
    assert full.pixels.shape[:2] == size
    assert small.pixels.shape < full.pixels.shape
    assert min(small.pixels.shape[:2]) >= max(512, 2 * target)
    cut = data[: len(data) // 2]
    assert decode_bytes(cut, target_px=target).outcome is decode_bytes(cut).outcome is Outcome.TRUNCATED
    filled = cut + b"\xff\xd9"
    assert decode_bytes(filled, target_px=target).outcome is decode_bytes(filled).outcome is Outcome.TRUNCATED


def test_target_changes_nothing_below_twice_its_size() -> None:
    data = encode("JPEG", make_photo(500, 700))
    np.testing.assert_array_equal(decode_bytes(data, target_px=64).pixels, decode_bytes(data).pixels)


def test_pillows_warnings_stay_inside() -> None:
    # Damaged EXIF makes Pillow warn; the test run turns warnings that escape into errors.
    data = encode("JPEG", exif=b"Exif\0\0II*\0\x08\0\0\0\x05\0\x12\x01\x03\0\xff\xff\0\0")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert decode_bytes(data).is_ok
    assert caught == []


def test_decoding_in_many_threads_gives_the_same() -> None:
    expected = {name: decode_bytes(data).pixels for name, data in VARIANTS.items()}
    wrong: list[str] = []

    def work() -> None:
        for name, data in VARIANTS.items():
            if not np.array_equal(decode_bytes(data).pixels, expected[name]):  # type: ignore[arg-type]
                wrong.append(name)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


@pytest.mark.slow
def test_a_worker_imports_neither_torch_nor_pandas() -> None:
    code = "import sys, podium.images.worker; print([m for m in ('torch', 'pandas', 'scipy') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.long
@pytest.mark.shared
@pytest.mark.parametrize("every", [20, pytest.param(1, marks=pytest.mark.slow)])
def test_hostile_files_get_an_outcome_and_print_nothing(
    shared_data: Callable[[str], Path], capfd: pytest.CaptureFixture[str], every: int
) -> None:
    outcomes: Counter[Outcome] = Counter()
    with tarfile.open(shared_data("broken_images") / "broken_images.tar.xz") as archive:
        for number, member in enumerate(m for m in archive if m.isfile()):
            if number % every == 0:
                stream = archive.extractfile(member)
                assert stream is not None
                result = decode_bytes(stream.read())
                assert_consistent(result)
                outcomes[result.outcome] += 1
    assert sum(outcomes.values()) == (9015 if every == 1 else 451)
    assert outcomes[Outcome.OK] > 0.1 * outcomes.total()
    assert outcomes[Outcome.TRUNCATED] > 0.1 * outcomes.total()
    assert capfd.readouterr() == ("", "")


PPM = {
    "P1": b"P1\n# a comment\n3 2\n1 0 1\n0 1 0\n",
    "P2": b"P2\n3 2\n255\n0 50 100\n150 200 255\n",
    "P3": b"P3 3 2 15\n" + b"0 7 15 " * 6,
    "P4": b"P4\n3 2\n" + bytes([0b10100000, 0b01000000]),
    "P5": b"P5 3 2 255\n" + bytes(range(6)),
    "P5 of 16 bits": b"P5 3 2 65535\n" + struct.pack(">6H", 0, 256, 512, 40000, 65000, 65535),
    "P6": b"P6\n#c\n3 2\n255\n" + bytes(range(18)),
}
PIXELS = {  # the samples as written above, scaled to 255
    "P1": [0, 255, 0, 255, 0, 255],
    "P2": [0, 50, 100, 150, 200, 255],
    "P3": [0, 119, 255] * 6,
    "P4": [0, 255, 0, 255, 0, 255],
    "P5": list(range(6)),
    "P5 of 16 bits": [0, 1, 2, 156, 253, 255],
    "P6": list(range(18)),
}


@pytest.mark.parametrize("kind", PPM)
def test_ppm_gives_its_samples(kind: str) -> None:
    result = decode_bytes(PPM[kind])
    assert_consistent(result)
    assert result.pixels is not None
    samples = result.pixels.reshape(-1) if len(PIXELS[kind]) == 18 else result.pixels[:, :, 0].reshape(-1)
    assert samples.tolist() == PIXELS[kind]


@pytest.mark.parametrize("kind", PPM)
def test_ppm_that_ends_early_is_truncated(kind: str) -> None:
    cut = {"P1": 4, "P2": 4, "P3": 4}.get(kind, 1)
    result = decode_bytes(PPM[kind][:-cut])
    assert_consistent(result)
    assert result.outcome is Outcome.TRUNCATED
