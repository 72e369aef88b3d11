"""Images of more than 8 bits, scaled by one range for all of them: compared with a formula in float64."""

from __future__ import annotations

import io
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from podium.errors import UsageError
from podium.images import Decoded, Limits, decode_bytes

RNG = np.random.default_rng(0)
TWELVE = RNG.integers(0, 4096, (9, 11)).astype(np.uint16)
COLOUR = RNG.integers(0, 4096, (9, 11, 3)).astype(np.uint16)


def encode(values: NDArray[Any], kind: str) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(values).save(buffer, kind)
    return buffer.getvalue()


def encode_colour(values: NDArray[Any], kind: str) -> bytes:
    done, data = cv2.imencode(kind, np.ascontiguousarray(values[:, :, ::-1]))
    assert done
    return bytes(data)


def decode(data: bytes, value_range: tuple[float, float] | None = None) -> Decoded:
    return decode_bytes(data, limits=Limits(value_range=value_range))


def scaled(values: NDArray[Any], low: float, high: float) -> NDArray[np.float64]:
    return np.clip((values.astype(np.float64) - low) / (high - low), 0, 1) * 255


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
@pytest.mark.parametrize("value_range", [(0, 4095), (100, 3000), (-1000, 60000)])
def test_grey_is_scaled_by_the_range(kind: str, value_range: tuple[float, float]) -> None:
    found = decode(encode(TWELVE, kind), value_range).pixels
    assert found is not None
    assert np.abs(found - scaled(TWELVE, *value_range)[:, :, None]).max() <= 0.5001


def test_floats_are_scaled_by_the_range_and_not_by_their_own_values() -> None:
    for top in (0.5, 200.0, 3000.0):
        values = np.linspace(-1000, top, 99, dtype=np.float32).reshape(9, 11)
        values[0, 0] = np.nan
        found = decode(encode(values, "TIFF"), (-1000, 3000)).pixels
        assert found is not None
        wanted = scaled(np.where(np.isnan(values), 0, values), -1000, 3000)
        assert np.abs(found[:, :, 0] - wanted).max() <= 0.5001


@pytest.mark.parametrize("kind", [".png", ".tiff"])
def test_colour_of_16_bits_is_scaled_by_the_range(kind: str) -> None:
    data = encode_colour(COLOUR, kind)
    found, plain = decode(data, (0, 4095)).pixels, decode(data).pixels
    assert found is not None
    assert plain is not None
    assert np.abs(found - scaled(COLOUR, 0, 4095)).max() <= 0.5001
    assert plain.max() <= 16, "the upper byte alone"


def test_alpha_beside_16_bit_colour_keeps_its_own_range() -> None:
    alpha = np.zeros((9, 11, 1), np.uint16)
    alpha[:, 5:] = 65535
    bgra = np.dstack([COLOUR[:, :, ::-1], alpha])
    found = decode(bytes(cv2.imencode(".png", bgra)[1]), (0, 4095)).pixels
    assert found is not None
    assert (found[:, :5] == 255).all()
    assert np.abs(found[:, 5:] - scaled(COLOUR, 0, 4095)[:, 5:]).max() <= 0.5001


def test_images_of_8_bits_stay_as_they_are() -> None:
    grey = RNG.integers(0, 256, (9, 11)).astype(np.uint8)
    for values in (grey, np.dstack([grey] * 3)):
        found = decode(encode(values, "PNG"), (0, 4095)).pixels
        assert found is not None
        assert np.array_equal(found[:, :, 0], grey)


def test_the_values_are_measured() -> None:
    facts = decode(encode(TWELVE, "PNG")).facts
    assert facts is not None
    assert (facts.value_low, facts.value_high) == (TWELVE.min(), TWELVE.max())
    assert (facts.range_low, facts.range_high) == (0, 65535)
    facts = decode(encode(TWELVE, "PNG"), (0, 4095)).facts
    assert facts is not None
    assert (facts.range_low, facts.range_high) == (0, 4095)
    facts = decode(encode_colour(COLOUR, ".png")).facts
    assert facts is not None
    assert abs(facts.value_high - float(COLOUR.max())) < 257
    facts = decode(encode(np.zeros((3, 3), np.uint8), "PNG")).facts
    assert facts is not None
    assert facts.range_high == 0


@pytest.mark.parametrize("value_range", [(5, 5), (7, 3), (float("nan"), 3)])
def test_a_range_without_extent_is_refused(value_range: tuple[float, float]) -> None:
    with pytest.raises(UsageError, match="value_range"):
        Limits(value_range=value_range)
