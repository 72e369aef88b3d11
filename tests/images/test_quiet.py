"""Nothing that a file makes the libraries say reaches the terminal."""

from __future__ import annotations

import struct
import subprocess
import sys
import warnings

import pytest

from podium.images.quiet import silence_decoders


def encode_tiff(entries: list[tuple[int, int, int]]) -> bytes:
    """A TIFF of 4x4 zeros whose directory is the given (tag, type, value)."""
    directory = struct.pack("<H", len(entries)) + b"".join(struct.pack("<HHII", t, k, 1, v) for t, k, v in entries)
    return b"II\x2a\x00" + struct.pack("<I", 24) + bytes(16) + directory + bytes(4)


PLAIN = {256: 4, 257: 4, 258: 8, 259: 1, 262: 1, 273: 8, 277: 1, 278: 4, 279: 16}
NOISY = {
    "log message of Pillow": PLAIN | {277: 136},
    "warning of libtiff": PLAIN | {259: 32773, 57160: 1},
    "error of libtiff": PLAIN | {259: 8},
}


@pytest.mark.slow
@pytest.mark.parametrize("name", NOISY)
def test_a_fresh_process_stays_silent(name: str) -> None:
    data = encode_tiff([(tag, 3, value) for tag, value in sorted(NOISY[name].items())])
    code = f"from podium.images import decode_bytes; decode_bytes({data!r})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert (done.stdout, done.stderr) == (b"", b"")


@pytest.mark.slow
def test_the_files_would_be_noisy() -> None:
    for entries in NOISY.values():
        data = encode_tiff([(tag, 3, value) for tag, value in sorted(entries.items())])
        code = (
            "import io; from PIL import Image\n"
            f"try:\n    Image.open(io.BytesIO({data!r})).load()\nexcept Exception:\n    pass\n"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
        assert done.stderr


def test_a_filter_that_came_later_does_not_turn_pillows_warnings_into_errors() -> None:
    silence_decoders()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        silence_decoders()
        warnings.warn_explicit("odd EXIF", UserWarning, "Image.py", 1, module="PIL.Image")
        with pytest.raises(UserWarning, match="ours"):
            warnings.warn_explicit("ours", UserWarning, "x.py", 1, module="podium.images.decode")
