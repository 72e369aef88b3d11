"""Which outcome an exception of a decoder means."""

from __future__ import annotations

import errno
import io
import struct

import numpy as np
import pytest
from PIL import Image, UnidentifiedImageError

from podium.errors import PodiumError
from podium.images.failure import SHORTAGES, ShortageError, name_failure, shortage_of
from podium.images.outcome import Outcome


def encode(kind: str) -> bytes:
    noise = np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(noise).save(buffer, kind)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (MemoryError(), Outcome.OUT_OF_MEMORY),
        (Image.DecompressionBombError("too many pixels"), Outcome.TOO_LARGE),
        (OSError("image file is truncated (7 bytes not processed)"), Outcome.TRUNCATED),
        (OSError("Truncated File Read"), Outcome.TRUNCATED),
        (OSError("Unsupported BMP bitfields layout"), Outcome.UNSUPPORTED_FORMAT),
        (OSError("cannot handle this compression"), Outcome.UNSUPPORTED_FORMAT),
        (SyntaxError("unknown pixel mode"), Outcome.UNSUPPORTED_FORMAT),
        (OSError("decoder jpeg not available"), Outcome.UNSUPPORTED_FORMAT),
        (OSError("broken data stream when reading image file"), Outcome.BROKEN),
        (ValueError("anything else"), Outcome.BROKEN),
        (struct.error("unpack requires 4 bytes"), Outcome.BROKEN),
        (KeyError(259), Outcome.BROKEN),
    ],
)
def test_the_words_of_an_error_decide_for_a_whole_file(error: Exception, outcome: Outcome) -> None:
    found, reason = name_failure(encode("PNG"), error)
    assert found is outcome
    assert reason.startswith("PNG: ")
    assert "\n" not in reason


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP"])
@pytest.mark.parametrize("words", ["broken data stream", "unknown pixel mode"])
def test_a_file_that_ends_early_is_truncated_whatever_the_words(kind: str, words: str) -> None:
    data = encode(kind)
    assert name_failure(data[: len(data) // 2], OSError(words))[0] is Outcome.TRUNCATED
    assert name_failure(data, OSError(words))[0] is not Outcome.TRUNCATED


def test_what_cannot_be_is_unsupported_even_where_the_file_ends_early() -> None:
    data = encode("PNG")
    assert name_failure(data[:60], OSError("unsupported"))[0] is Outcome.UNSUPPORTED_FORMAT


def test_the_reason_is_one_short_line() -> None:
    _, reason = name_failure(b"\xff\xd8\xff", OSError("a\nb\t  c" + "x" * 500))
    assert reason.startswith("JPEG: a b cx")
    assert len(reason) <= 210
    assert name_failure(b"\xff\xd8\xff", ValueError())[1] == "JPEG: ValueError"
    assert name_failure(b"no image", ValueError("why"))[1] == "image: why"


def test_the_plugin_is_asked_why_it_refused_a_header() -> None:
    buffer = io.BytesIO()
    Image.new("L", (8, 8)).save(buffer, "TIFF")
    bits_per_sample = struct.pack("<HHII", 258, 3, 1, 8)
    data = buffer.getvalue().replace(bits_per_sample, bits_per_sample[:8] + b"\7\0\0\0")
    with pytest.raises(UnidentifiedImageError) as caught:
        Image.open(io.BytesIO(data), formats=["TIFF"])
    outcome, reason = name_failure(data, caught.value)
    assert (outcome, reason) == (Outcome.UNSUPPORTED_FORMAT, "TIFF: unknown pixel mode")


@pytest.mark.parametrize("code", sorted(SHORTAGES))
def test_a_shortage_is_told_with_a_remedy_and_blames_no_file(code: int) -> None:
    error = shortage_of(OSError(code, "Too many of something", "secret.png"))
    assert isinstance(error, ShortageError)
    assert isinstance(error, PodiumError)
    assert "too many of something" in error.what
    assert "secret.png" not in str(error)
    assert error.fix
    assert errno.ENOENT not in SHORTAGES
