"""Colour augmentations against their definition in float64 and against torchvision."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from podium.data.colour import ColorJitter, ColourMaps, Grayscale, recolour
from podium.errors import UsageError
from tiny.augmented import STORED, Images, augment, draw


def slow_colour(image: Images, brightness: float, contrast: float, saturation: float) -> NDArray[np.float64]:
    """Brightness, then contrast, then saturation, as defined by torchvision but without clipping in between."""
    luma = np.array([0.299, 0.587, 0.114])
    value = image.astype(np.float64) * brightness
    value = contrast * value + (1 - contrast) * (value @ luma).mean()
    return (saturation * value + (1 - saturation) * (value @ luma)[..., None]).clip(0, 255)


@pytest.mark.parametrize("strengths", [(0.4, 0.4, 0.4), (0.3, 0, 0), (0, 0.5, 0), (0, 0, 1.0), (0.4, 0.4, 0)])
def test_colour_jitter_equals_its_definition(strengths: tuple[float, float, float]) -> None:
    got = augment([ColorJitter(*strengths)])
    for image, u, picture in zip(STORED, draw(ColorJitter), got, strict=True):
        factors = [
            max(0, 1 - s) + (1 + s - max(0, 1 - s)) * v if s else 1.0 for s, v in zip(strengths, u[1:4], strict=True)
        ]
        error = slow_colour(image, *factors) - picture
        assert np.abs(error).max() < 1
        # Rounding alone gives a mean of 1/4.
        assert np.abs(error).mean() < 0.32


def test_colour_jitter_is_torchvisions_where_nothing_clips() -> None:
    import torch
    from torchvision.transforms import functional

    pale = (STORED // 2 + 40).astype(np.uint8)
    got = augment([ColorJitter(brightness=0.2, contrast=0.2, saturation=0.2)], stored=pale)
    for image, u, picture in zip(pale, draw(ColorJitter), got, strict=True):
        tensor = torch.from_numpy(image).permute(2, 0, 1).double() / 255
        tensor = functional.adjust_brightness(tensor, 0.8 + 0.4 * u[1])
        tensor = functional.adjust_contrast(tensor, 0.8 + 0.4 * u[2])
        tensor = functional.adjust_saturation(tensor, 0.8 + 0.4 * u[3])
        assert np.abs(tensor.permute(1, 2, 0).numpy() * 255 - picture).max() < 1


def test_grayscale() -> None:
    got = augment([Grayscale(probability=0.5)])
    for image, u, picture in zip(STORED, draw(Grayscale), got, strict=True):
        grey = cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
        assert np.abs((grey if u[0] < 0.5 else image).astype(int) - picture).max() <= (1 if u[0] < 0.5 else 0)


def test_no_change_asked_for_leaves_each_bit() -> None:
    assert np.array_equal(augment([ColorJitter(0.4, 0.4, 0.4, probability=0)]), STORED)
    assert np.array_equal(augment([ColorJitter(0, 0, 0), Grayscale(0)]), STORED)
    image = STORED[0].copy()
    recolour(image, ColourMaps.unchanged(2), 1)
    assert np.array_equal(image, STORED[0])


def test_maps_in_a_row_are_their_steps_in_a_row() -> None:
    rng = np.random.default_rng(0)
    image = rng.uniform(60, 120, (9, 7, 3))
    bright, contrast, saturation = (np.array([1.1]), np.array([0.7]), np.array([1.3]))
    maps = ColourMaps.unchanged(1).stretch(contrast).saturate(saturation).scale(bright).stretch(contrast)
    luma = np.array([0.299, 0.587, 0.114])
    value = 0.7 * image + 0.3 * (image @ luma).mean()
    value = 1.3 * value - 0.3 * (value @ luma)[..., None]
    value = 1.1 * value
    value = 0.7 * value + 0.3 * (value @ luma).mean()
    got = image @ maps.pixel[0].T + maps.mean[0] @ image.mean(axis=(0, 1))
    np.testing.assert_allclose(got, value)


def test_grey_stays_grey_and_colours_are_clipped_not_wrapped() -> None:
    grey = np.full((4, 4, 3), 100, np.uint8)
    recolour(grey, ColourMaps.unchanged(1).saturate(np.array([5.0])), 0)
    assert np.abs(grey.astype(int) - 100).max() <= 1
    bright = np.full((4, 4, 3), 200, np.uint8)
    recolour(bright, ColourMaps.unchanged(1).scale(np.array([2.0])), 0)
    assert (bright == 255).all()


def test_two_sided_ranges_are_drawn_from_end_to_end() -> None:
    dark = (STORED // 8 + 20).astype(np.uint8)
    got = augment([ColorJitter(brightness=(0.2, 3.0), contrast=0, saturation=0)], stored=dark)
    for image, picture, u in zip(dark, got, draw(ColorJitter), strict=True):
        assert np.abs(image * (0.2 + 2.8 * u[1]) - picture).max() < 1


def test_hue_is_torchvisions() -> None:
    import torch
    from torchvision.transforms.v2 import functional

    got = augment([ColorJitter(0.0, 0.0, 0.0, hue=(0.1, 0.4))])
    for image, picture, u in zip(STORED, got, draw(ColorJitter), strict=True):
        wanted = functional.adjust_hue(torch.from_numpy(image.transpose(2, 0, 1).copy()), 0.1 + 0.3 * u[4])
        assert np.abs(wanted.numpy().transpose(1, 2, 0).astype(int) - picture).max() <= 1
    assert np.array_equal(augment([ColorJitter(0.0, 0.0, 0.0, hue=0.0)]), STORED)


def test_hue_adds_nothing_to_the_draws_of_the_others() -> None:
    without, beside = ColorJitter(0.2, 0.3, 0.4), ColorJitter(0.2, 0.3, 0.4, hue=1e-9)
    assert np.abs(augment([without]).astype(int) - augment([beside])).max() <= 1


@pytest.mark.parametrize("options", [{"hue": 0.6}, {"hue": -0.1}, {"hue": (-0.6, 0.1)}, {"brightness": (2.0, 1.0)}])
def test_impossible_jitter_is_refused(options: dict[str, object]) -> None:
    with pytest.raises(UsageError, match=r"expected|above"):
        ColorJitter(**options)  # type: ignore[arg-type]
