"""Where stickers go, and what they leave alone."""

from __future__ import annotations

import numpy as np
import pytest

from podium.regions.own_stickers import OWN_STICKERS, draw_mask
from podium.regions.sticker import _UPRIGHT, PLACES, Sticker, fit_sticker, paste

BOX = np.array([20.0, 30, 80, 120])


def _corners(affine: np.ndarray, width: int, height: int) -> np.ndarray:
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], dtype=float)
    return corners @ affine[:, :2].T + affine[:, 2]


@pytest.mark.parametrize("place", PLACES)
def test_the_sticker_moves_turns_and_grows_with_the_face(place: str) -> None:
    points = _UPRIGHT * [60, 90] + [20, 30]
    upright = fit_sticker((24, 18), BOX, points, PLACES[place])
    np.testing.assert_allclose(upright, fit_sticker((24, 18), BOX, np.full((5, 2), np.nan), PLACES[place]), atol=1e-9)
    turn = np.array([[0.8, -0.6], [0.6, 0.8]]) * 1.5
    turned = fit_sticker((24, 18), BOX, points @ turn.T + [7, -3], PLACES[place])
    np.testing.assert_allclose(_corners(turned, 24, 18), _corners(upright, 24, 18) @ turn.T + [7, -3], atol=1e-6)


def test_jitter_moves_it_by_no_more_than_it_may() -> None:
    unknown = np.full((5, 2), np.nan)
    still = fit_sticker((24, 18), BOX, unknown, PLACES["face"])
    moved = fit_sticker((24, 18), BOX, unknown, PLACES["face"], jitter=0.1, u=(0.0, 1.0, 0.5, 0.5))
    np.testing.assert_allclose(_corners(moved, 24, 18) - _corners(still, 24, 18), [[-6, 9]] * 4, atol=1e-9)
    same = fit_sticker((24, 18), BOX, unknown, PLACES["face"], jitter=0.1)
    np.testing.assert_allclose(same, still, atol=1e-12)


def test_alpha_decides_what_is_covered() -> None:
    image = np.random.default_rng(0).integers(0, 256, (40, 30, 3), dtype=np.uint8)
    pixels = np.zeros((10, 10, 4), np.uint8)
    pixels[..., 0], pixels[:, :5, 3], pixels[:, 5:, 3] = 200, 255, 0
    made = paste(image, Sticker("half", pixels), np.array([[1.0, 0, 8], [0, 1, 6]]))
    assert (made[6:16, 8:13] == [200, 0, 0]).all()
    made[6:16, 8:13] = image[6:16, 8:13]
    np.testing.assert_array_equal(made, image)
    pixels[..., 3] = 51  # a fifth
    faint = paste(image, Sticker("faint", pixels), np.array([[1.0, 0, 8], [0, 1, 6]]))
    wanted = 0.8 * image[6:16, 8:18].astype(float) + 0.2 * np.array([200, 0, 0])
    np.testing.assert_allclose(faint[6:16, 8:18], wanted, atol=0.51)


@pytest.mark.parametrize("name", OWN_STICKERS)
def test_own_masks_are_opaque_in_the_middle_and_clear_in_the_corners_below(name: str) -> None:
    alpha = draw_mask(name).pixels[..., 3]
    assert alpha[90, 120] == 255
    assert alpha[-1, 0] == alpha[-1, -1] == 0
