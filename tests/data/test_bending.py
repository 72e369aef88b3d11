"""Bent images: weights of points, what stays in place, and what a slow float64 loop reads."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from scipy.interpolate import CubicHermiteSpline, RegularGridInterpolator
from scipy.ndimage import map_coordinates

from podium.data.bending import Bend, Curve, ElasticDistortion, GridDistortion, spreading
from tiny.augmented import STORED, augment, draw


def uniforms_of(distortion: GridDistortion | ElasticDistortion, n: int = 64) -> np.ndarray:  # type: ignore[type-arg]
    return draw(distortion, n)  # type: ignore[arg-type]


@pytest.mark.parametrize("curve", ["straight", "smooth"])
@pytest.mark.parametrize("n_points", [2, 3, 6])
def test_weights_sum_to_one_and_reproduce_lines(n_points: int, curve: Curve) -> None:
    weights = spreading(n_points, 37, curve)
    assert weights.sum(axis=1) == pytest.approx(np.ones(37), abs=1e-5)
    place = (np.arange(37) + 0.5) / 37
    assert weights @ np.linspace(0, 1, n_points) == pytest.approx(place, abs=1e-5)


def test_smooth_curves_are_catmull_rom_splines() -> None:
    values = np.array([0.0, 3.0, -1.0, 2.0, 2.5])
    padded = np.concatenate([[2 * values[0] - values[1]], values, [2 * values[-1] - values[-2]]])
    slopes = (padded[2:] - padded[:-2]) / 2
    place = (np.arange(50) + 0.5) / 50 * 4
    assert spreading(5, 50, "smooth") @ values == pytest.approx(
        CubicHermiteSpline(np.arange(5), values, slopes)(place), abs=1e-4
    )


def test_straight_displacements_are_bilinear() -> None:
    points = np.random.default_rng(0).normal(size=(1, 4, 4, 2))
    found = Bend(points, "straight").displacement(0, 30, 50)
    y, x = np.meshgrid((np.arange(30) + 0.5) / 10, (np.arange(50) + 0.5) * 3 / 50, indexing="ij")
    for axis, side in ((0, 50), (1, 30)):
        wanted = RegularGridInterpolator((np.arange(4.0), np.arange(4.0)), points[0, ..., axis])(np.stack([y, x], -1))
        assert found[axis] == pytest.approx(wanted * side, abs=1e-4)


@pytest.mark.parametrize("distortion", [GridDistortion(probability=1), ElasticDistortion(probability=1)])
def test_each_pixel_is_read_where_the_displacement_says(distortion: GridDistortion | ElasticDistortion) -> None:
    bend = distortion.bend(uniforms_of(distortion))
    images = augment([distortion])
    for i in (0, 7, 33):
        dx, dy = bend.displacement(i, 24, 32)
        y, x = np.mgrid[:24, :32].astype(np.float64)
        wanted = [map_coordinates(STORED[i, ..., c] * 1.0, [y + dy, x + dx], order=1, mode="mirror") for c in range(3)]
        assert np.abs(np.stack(wanted, -1) - images[i]).max() < 3  # OpenCV reads at 1/32 of a pixel


def test_bent_and_moved_images_are_read_once() -> None:
    """Bending after a crop equals bending the image that the crop alone gives, but for a second interpolation."""
    from podium.data.geometric import CentreCrop

    distortion = ElasticDistortion(probability=1, strength=0.08)
    both = augment([CentreCrop(0.5), distortion])
    bend = distortion.bend(uniforms_of(distortion))
    y, x = np.mgrid[:24, :32].astype(np.float32)
    for i, cropped in enumerate(augment([CentreCrop(0.5)])):
        dx, dy = bend.displacement(i, 24, 32)
        inner = np.s_[6:-6, 6:-6]  # beyond the crop the stored image goes on, the cropped one is mirrored
        again = cv2.remap(cropped, x + dx, y + dy, cv2.INTER_LINEAR)
        assert np.percentile(np.abs(again[inner].astype(int) - both[i][inner]), 99) <= 6


def test_the_frame_of_a_grid_stays_and_lines_never_cross() -> None:
    distortion = GridDistortion(probability=1, strength=0.9)
    points = distortion.bend(uniforms_of(distortion)).points
    assert not points[:, :, [0, -1], 0].any()
    assert not points[:, [0, -1], :, 1].any()
    lines = points[:, 0, :, 0] + np.linspace(0, 1, 6)
    assert (np.diff(lines, axis=1) > 0).all()


@pytest.mark.parametrize("make", [GridDistortion, ElasticDistortion])
def test_without_strength_or_chance_nothing_changes(make: type[GridDistortion] | type[ElasticDistortion]) -> None:
    assert np.array_equal(augment([make(strength=0, probability=1)]), STORED)
    assert np.array_equal(augment([make(probability=0)]), STORED)
    changed = (augment([make(probability=0.5)]) != STORED).any(axis=(1, 2, 3))
    assert 0.3 < changed.mean() < 0.7
