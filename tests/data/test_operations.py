"""Operations on pixels against torchvision's, on fixed numbers; what changes nothing; and that all work in place."""

from __future__ import annotations

import io
import math
from collections.abc import Callable

import cv2
import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from torchvision.transforms.v2 import functional

from podium.data.operations import CODES, KEEP, OPERATIONS, Step, operate
from tiny.augmented import STORED, Images

NOISE = np.random.default_rng(3).integers(0, 256, (40, 56, 3), dtype=np.uint8)
PHOTO = cv2.resize(STORED[3], (56, 40))


def done(image: Images, name: str, *numbers: float) -> NDArray[np.int16]:
    changed = image.copy()
    operate(changed, CODES[name], list(numbers) or [0.0])
    return changed.astype(np.int16)


def torchvisions(image: Images, function: Callable[[torch.Tensor], torch.Tensor]) -> NDArray[np.int16]:
    tensor = torch.from_numpy(image.transpose(2, 0, 1).copy())
    return function(tensor).numpy().transpose(1, 2, 0).astype(np.int16)


@pytest.mark.parametrize("image", [NOISE, PHOTO], ids=["noise", "photo"])
@pytest.mark.parametrize(
    ("name", "number", "reference", "most"),
    [
        ("brightness", 0.3, lambda x: functional.adjust_brightness(x, 0.3), 1),
        ("brightness", 1.9, lambda x: functional.adjust_brightness(x, 1.9), 1),
        ("contrast", 0.1, lambda x: functional.adjust_contrast(x, 0.1), 2),
        ("contrast", 1.9, lambda x: functional.adjust_contrast(x, 1.9), 2),
        ("saturation", 0.2, lambda x: functional.adjust_saturation(x, 0.2), 2),
        ("saturation", 1.9, lambda x: functional.adjust_saturation(x, 1.9), 2),
        ("sharpness", 0.1, lambda x: functional.adjust_sharpness(x, 0.1), 1),
        ("sharpness", 1.9, lambda x: functional.adjust_sharpness(x, 1.9), 2),
        ("posterize", 3, lambda x: functional.posterize(x, 3), 0),
        ("solarize", 100, lambda x: functional.solarize(x, 100), 0),
        ("invert", 0, functional.invert, 0),
        ("auto_contrast", 0, functional.autocontrast, 1),
        ("equalize", 0, functional.equalize, 0),
        ("hue", 0.2, lambda x: functional.adjust_hue(x, 0.2), 1),
        ("hue", -0.4, lambda x: functional.adjust_hue(x, -0.4), 1),
        ("blur", 0.7, lambda x: functional.gaussian_blur(x, [7, 7], [0.7, 0.7]), 1),
        ("blur", 2.0, lambda x: functional.gaussian_blur(x, [13, 13], [2.0, 2.0]), 1),
    ],
)
def test_they_are_torchvisions(
    image: Images, name: str, number: float, reference: Callable[[torch.Tensor], torch.Tensor], most: int
) -> None:
    assert np.abs(done(image, name, number) - torchvisions(image, reference)).max() <= most


@pytest.mark.parametrize(
    ("name", "number", "options"),
    [
        ("shear_x", 0.3, {"shear": [math.degrees(math.atan(0.3)), 0.0], "center": [0.0, 0.0]}),
        ("shear_y", -0.2, {"shear": [0.0, -math.degrees(math.atan(0.2))], "center": [0.0, 0.0]}),
        ("translate_x", 0.125, {"translate": [7, 0]}),
        ("translate_y", -0.2, {"translate": [0, -8]}),
        ("rotate", 30.0, {"angle": -30.0}),
    ],
)
def test_moves_are_torchvisions_away_from_the_border(name: str, number: float, options: dict[str, object]) -> None:
    usual: dict[str, object] = {"angle": 0.0, "translate": [0, 0], "scale": 1.0, "shear": [0.0, 0.0]}
    kind = functional.InterpolationMode.BILINEAR

    def move(tensor: torch.Tensor, fill: float) -> torch.Tensor:
        return functional.affine(tensor, interpolation=kind, fill=[fill] * 3, **(usual | options))  # type: ignore[arg-type]

    black, white = (torchvisions(PHOTO, lambda x, fill=fill: move(x, fill)) for fill in (0.0, 255.0))
    is_inside = (black == white).all(axis=2)
    assert is_inside.mean() > 0.6
    # OpenCV reads at 1/32 of a pixel, and the two set the corner of a shear half a pixel apart.
    assert np.percentile(np.abs(done(PHOTO, name, number) - black)[is_inside], 99) <= 4


@pytest.mark.parametrize(
    ("name", "numbers"),
    [
        ("brightness", [1.0]),
        ("contrast", [1.0]),
        ("saturation", [1.0]),
        ("sharpness", [1.0]),
        ("posterize", [8.0]),
        ("solarize", [256.0]),
        ("noise", [0.0, 9.0]),
        ("shear_x", [0.0]),
        ("translate_y", [0.0]),
        ("rotate", [0.0]),
        ("mix_chains", [1.0, 1.0, 0.0, CODES["invert"], 0.0]),
        ("mix_chains", [1.0, 0.25, 0.75, KEEP, 0.0]),
    ],
)
def test_without_strength_nothing_changes(name: str, numbers: list[float]) -> None:
    assert np.array_equal(done(NOISE, name, *numbers), NOISE)


def test_a_full_turn_of_the_hue_changes_nothing() -> None:
    assert np.abs(done(NOISE, "hue", 1.0) - NOISE).max() <= 1
    assert np.abs(done(NOISE, "hue", 0.5) - NOISE).max() > 100


def test_jpeg_is_pillows_but_for_the_decoder() -> None:
    for quality in (20, 90):
        file = io.BytesIO()
        Image.fromarray(PHOTO).save(file, "jpeg", quality=quality)
        wanted = np.asarray(Image.open(file))
        assert np.abs(done(PHOTO, "jpeg", quality) - wanted).mean() < 2
    assert np.abs(done(PHOTO, "jpeg", 5) - PHOTO).mean() > np.abs(done(PHOTO, "jpeg", 95) - PHOTO).mean()


def test_clahe_with_one_tile_and_no_limit_is_histogram_equalization() -> None:
    grey = np.repeat(NOISE[..., :1] // 3, 3, axis=2)
    counts = np.bincount(grey[..., 0].ravel(), minlength=256)
    wanted = np.rint(np.cumsum(counts) * 255 / counts.sum())[grey]
    assert np.abs(done(grey, "clahe", 256.0, 1.0) - wanted).max() <= 1


def test_clahe_lifts_the_contrast_and_keeps_greys_grey() -> None:
    dull = (100 + STORED[2] // 16).astype(np.uint8)
    assert done(dull, "clahe", 3.0, 4.0).std() > 1.3 * dull.std()
    grey = done(np.repeat(dull[..., :1], 3, axis=2), "clahe", 3.0, 4.0)
    assert (grey == grey[..., :1]).all()


def test_noise_has_its_deviation_and_differs_by_key() -> None:
    flat = np.full((64, 64, 3), 128, np.uint8)
    noisy = done(flat, "noise", 10.0, 5.0)
    assert noisy.std() == pytest.approx(10, rel=0.03)
    assert abs(noisy.mean() - 128) < 0.3
    assert not np.array_equal(noisy, done(flat, "noise", 10.0, 6.0))


@pytest.mark.parametrize("name", OPERATIONS)
def test_they_work_in_place_on_a_slice_of_a_batch(name: str) -> None:
    numbers = {"blur": [1.0], "posterize": [3.0], "clahe": [2.0, 4.0], "jpeg": [50.0], "noise": [9.0, 1.0]}
    numbers["mix_chains"] = [1.0, 0.5, 0.5, CODES["invert"], 0.0]
    batch = np.stack([PHOTO, PHOTO, PHOTO])
    operate(batch[1], CODES[name], numbers.get(name, [0.3]))
    assert np.array_equal(batch[[0, 2]], [PHOTO, PHOTO])
    assert not np.array_equal(batch[1], PHOTO)


def test_a_step_keeps_what_does_not_happen() -> None:
    step = Step.of("invert", np.array([True, False, True]))
    assert step.codes.tolist() == [CODES["invert"], KEEP, CODES["invert"]]
    assert step.part(slice(1, 3)).codes.tolist() == [KEEP, CODES["invert"]]
    image = NOISE.copy()
    operate(image, KEEP, [])
    assert np.array_equal(image, NOISE)
