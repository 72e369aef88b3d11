"""Geometric augmentations against slow loops in float64 and against torchvision."""

from __future__ import annotations

import typing

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from podium.data.augment import Augmentation
from podium.data.frames import whole_frames
from podium.data.geometric import (
    CentreCrop,
    HorizontalFlip,
    RandomCrop,
    RandomResizedCrop,
    RandomShift,
    Rotate,
    Rotate90,
    Shear,
    VerticalFlip,
)
from podium.data.randomness import sample_keys, uniforms
from podium.errors import UsageError
from tiny.augmented import STORED, Images, augment, draw, smooth_images


def sample_bilinear(image: Images, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    """Values at continuous points; outside the image is mirrored about its border pixels."""
    height, width = image.shape[:2]

    def mirror(index: NDArray[np.int64], side: int) -> NDArray[np.int64]:
        period = 2 * (side - 1)
        index = np.abs(index) % period
        return np.where(index >= side, period - index, index)

    x, y = x - 0.5, y - 0.5
    x0, y0 = np.floor(x).astype(int), np.floor(y).astype(int)
    fx, fy = (x - x0)[..., None], (y - y0)[..., None]
    value = np.zeros((*x.shape, 3))
    for dx, wx in ((0, 1 - fx), (1, fx)):
        for dy, wy in ((0, 1 - fy), (1, fy)):
            value += wx * wy * image[mirror(y0 + dy, height), mirror(x0 + dx, width)]
    return value


def grid(height: int, width: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    y, x = np.mgrid[0:height, 0:width] + 0.5
    return x, y


@pytest.mark.parametrize(
    ("augmentation", "reference"),
    [
        (HorizontalFlip(probability=1), lambda image, u: image[:, ::-1]),
        (VerticalFlip(probability=1), lambda image, u: image[::-1]),
        (HorizontalFlip(probability=0.3), lambda image, u: image[:, ::-1] if u[0] < 0.3 else image),
    ],
)
def test_flips_are_exact(augmentation: Augmentation, reference: typing.Any) -> None:
    expected = [reference(image, u) for image, u in zip(STORED, draw(type(augmentation)), strict=True)]
    assert np.array_equal(augment([augmentation]), expected)


def test_quarter_turns_are_exact() -> None:
    square = smooth_images(64, 20, 20)
    u = draw(Rotate90)
    turns = [1 + int(3 * b) if a < 0.75 else 0 for a, b in u]
    assert set(turns) == {0, 1, 2, 3}
    expected = [np.rot90(image, k) for image, k in zip(square, turns, strict=True)]
    assert np.array_equal(augment([Rotate90()], (20, 20), square), expected)
    flipped = [np.rot90(image[:, ::-1], k) for image, k in zip(square, turns, strict=True)]
    assert np.array_equal(augment([HorizontalFlip(probability=1), Rotate90()], (20, 20), square), flipped)


def test_quarter_turn_of_a_wide_image_is_stretched_to_the_output() -> None:
    got = augment([Rotate90(probability=1)], (32, 24))
    for image, (_, b), picture in zip(STORED, draw(Rotate90), got, strict=True):
        turned = np.ascontiguousarray(np.rot90(image, 1 + int(3 * b)))
        assert np.abs(cv2.resize(turned, (24, 32)).astype(int) - picture).max() <= 1


def test_resized_crop_is_a_resize_of_its_box() -> None:
    crop = RandomResizedCrop(scale=(0.2, 0.8), ratio=(0.5, 2.0))
    got = augment([crop], (40, 36))
    for image, u, picture in zip(STORED, draw(RandomResizedCrop), got, strict=True):
        for i in range(10):
            area = 24 * 32 * (0.2 + 0.6 * u[2 + i])
            ratio = 32 / 24 * 0.5 * 4 ** u[12 + i]
            width, height = round((area * ratio) ** 0.5), round((area / ratio) ** 0.5)
            if width <= 32 and height <= 24:
                break
        x0, y0 = int(u[0] * (32 - width + 1)), int(u[1] * (24 - height + 1))
        box = image[y0 : y0 + height, x0 : x0 + width]
        assert np.array_equal(cv2.resize(box, (36, 40)), picture)


def test_resized_crop_that_never_fits_takes_the_largest_central_part() -> None:
    got = augment([RandomResizedCrop(scale=(1.0, 1.0), ratio=(0.25, 0.25))], (24, 8))
    assert np.array_equal(got, STORED[:, :, 12:20])


def test_a_crop_of_ratio_1_keeps_the_shape_of_wide_and_tall_images_turned_or_not() -> None:
    for height, width in ((240, 320), (320, 240), (600, 200), (200, 200)):
        frames = whole_frames(64, height, width)
        for turned in (frames, frames.quarter_turn(np.arange(64) % 4)):
            cut = RandomResizedCrop(scale=(0.3, 0.9), ratio=(1.0, 1.0)).move(turned, draw(RandomResizedCrop))
            assert (cut.size < turned.size).all()
            np.testing.assert_allclose(
                cut.size / turned.size, np.sqrt(0.3 + 0.6 * draw(RandomResizedCrop)[:, 2:3]) @ [[1, 1]], atol=0.006
            )


def test_a_crop_of_a_crop_is_as_wide_as_the_whole_image_and_not_as_the_first_crop() -> None:
    """Which is what it always was for squares."""
    crop = RandomResizedCrop(scale=(0.5, 0.5), ratio=(2.0, 2.0))
    again = RandomResizedCrop(scale=(0.1, 0.1), ratio=(1.0, 1.0))
    u = draw(RandomResizedCrop)
    square = again.move(crop.move(whole_frames(64, 400, 400), u), u).size
    assert np.abs(square[:, 0] - square[:, 1]).max() <= 1
    wide = again.move(crop.move(whole_frames(64, 400, 800), u), u).size
    assert np.abs(wide[:, 0] - 2 * wide[:, 1]).max() <= 1


@pytest.mark.slow
@pytest.mark.parametrize(("height", "width"), [(112, 112), (96, 128), (210, 90)])
def test_resized_crop_areas_follow_torchvision(height: int, width: int) -> None:
    import torch
    from torchvision.transforms import RandomResizedCrop as Peer

    torch.manual_seed(0)
    blank = torch.empty(3, height, width)
    shape = width / height  # theirs counts in pixels, ours in the image's own shape
    theirs = np.array([Peer.get_params(blank, [0.08, 1.0], [3 / 4 * shape, 4 / 3 * shape]) for _ in range(3000)])
    keys = sample_keys([str(i) for i in range(3000)])
    crop = RandomResizedCrop(scale=(0.08, 1.0))
    frames = crop.move(whole_frames(3000, height, width), uniforms(0, 0, keys, crop.stream, crop.n_uniforms))
    ours = np.column_stack([frames.matrix[:, 1, 2], frames.matrix[:, 0, 2], frames.size[:, ::-1]])
    for column in range(4):
        assert stats.ks_2samp(ours[:, column], theirs[:, column]).pvalue > 1e-4
    assert (ours >= 0).all()
    assert (ours[:, 0] + ours[:, 2] <= height).all()
    assert (ours[:, 1] + ours[:, 3] <= width).all()


def test_centre_crop() -> None:
    assert np.array_equal(augment([CentreCrop(0.5)], (12, 16)), STORED[:, 6:18, 8:24])


def test_centre_crop_is_torchvisions_on_tall_images() -> None:
    import torch
    from torchvision.transforms import functional

    tall = smooth_images(64, 40, 24)
    theirs = functional.center_crop(torch.from_numpy(tall).permute(0, 3, 1, 2), [30, 18]).permute(0, 2, 3, 1)
    assert np.array_equal(augment([CentreCrop(0.75)], (30, 18), tall), theirs.numpy())


def test_shift_moves_whole_pixels_and_mirrors() -> None:
    got = augment([RandomShift(0.25)])
    for image, u, picture in zip(STORED, draw(RandomShift), got, strict=True):
        dx, dy = round((2 * u[1] - 1) * 0.25 * 32), round((2 * u[2] - 1) * 0.25 * 24)
        padded = np.pad(image, ((24, 24), (32, 32), (0, 0)), mode="reflect")
        assert np.abs(padded[24 - dy : 48 - dy, 32 - dx : 64 - dx].astype(int) - picture).max() <= 1


def test_rotation_equals_bilinear_sampling() -> None:
    got = augment([Rotate(degrees=40, probability=0.8)])
    x, y = grid(24, 32)
    for image, u, picture in zip(STORED, draw(Rotate), got, strict=True):
        angle = np.deg2rad((2 * u[1] - 1) * 40) if u[0] < 0.8 else 0.0
        # Counter-clockwise as seen: the content at the right goes up.
        old_x = 16 + np.cos(angle) * (x - 16) - np.sin(angle) * (y - 12)
        old_y = 12 + np.sin(angle) * (x - 16) + np.cos(angle) * (y - 12)
        assert np.abs(sample_bilinear(image, old_x, old_y) - picture).max() <= 2.5


def test_crop_flip_turn_and_rotation_are_one_read() -> None:
    """The composed map, evaluated once, is within rounding of sampling the definition once."""
    augmentations: list[Augmentation] = [CentreCrop(0.75), HorizontalFlip(1.0)]
    augmentations += [Rotate(degrees=30, probability=1)]
    got = augment(augmentations, (30, 40))
    x, y = grid(30, 40)
    x, y = x * 24 / 40, y * 18 / 30
    for image, u, picture in zip(STORED, draw(Rotate), got, strict=True):
        angle = np.deg2rad((2 * u[1] - 1) * 30)
        turned_x = 12 + np.cos(angle) * (x - 12) - np.sin(angle) * (y - 9)
        turned_y = 9 + np.sin(angle) * (x - 12) + np.cos(angle) * (y - 9)
        expected = sample_bilinear(image, 24 - turned_x + 4, turned_y + 3)
        assert np.abs(expected - picture).max() <= 2.5


def test_rotation_of_a_tall_image_is_torchvisions_away_from_the_corners() -> None:
    import torch
    from torchvision.transforms import InterpolationMode, functional

    tall = smooth_images(64, 48, 30)
    got = augment([Rotate(degrees=25, probability=1)], (48, 30), tall)
    for image, u, picture in zip(tall, draw(Rotate), got, strict=True):
        tensor = torch.from_numpy(image).permute(2, 0, 1).double()
        turned = functional.rotate(tensor, (2 * u[1] - 1) * 25, InterpolationMode.BILINEAR).permute(1, 2, 0).numpy()
        assert np.abs(turned - picture)[14:34, 9:21].max() <= 2.5


def test_a_flip_happens_where_the_number_is_below_its_probability() -> None:
    frames = whole_frames(4, 24, 32)
    u = np.array([[0.0], [0.29], [0.3], [0.99]])
    for flip, axis in ((HorizontalFlip(0.3), 0), (VerticalFlip(0.3), 1)):
        moved = flip.move(frames, u)
        assert moved.matrix[:, axis, axis].tolist() == [-1, -1, 1, 1]
        assert (moved.matrix[:, 1 - axis, 1 - axis] == 1).all()
    assert np.array_equal(HorizontalFlip(0.0).move(frames, u).matrix, frames.matrix)


def test_probability_0_leaves_every_image() -> None:
    for never in (HorizontalFlip(0), VerticalFlip(0), Rotate90(0), RandomShift(0.3, 0), Rotate(30, 0)):
        assert np.array_equal(augment([never]), STORED), never


def test_every_crop_lies_inside_with_its_area_and_its_ratio() -> None:
    u = np.random.default_rng(0).random((2000, RandomResizedCrop.n_uniforms))
    frames = RandomResizedCrop(scale=(0.2, 0.6), ratio=(0.5, 2.0)).move(whole_frames(2000, 300, 400), u)
    corner, size = frames.matrix[:, :, 2], frames.size
    assert (corner >= 0).all()
    assert (corner + size <= [400, 300]).all()
    share = size.prod(axis=1) / (300 * 400)
    assert share.min() == pytest.approx(0.2, abs=0.01)
    assert share.max() == pytest.approx(0.6, abs=0.01)
    ratio = size[:, 0] / size[:, 1] / (400 / 300)
    assert ratio.min() == pytest.approx(0.5, abs=0.02)
    assert ratio.max() == pytest.approx(2.0, abs=0.04)


def test_a_shift_stays_within_its_fraction_in_both_directions() -> None:
    u = np.random.default_rng(1).random((500, 3))
    moved = RandomShift(0.1).move(whole_frames(500, 200, 400), u).matrix[:, :, 2]
    assert moved.min(axis=0).tolist() == [-40, -20]
    assert moved.max(axis=0).tolist() == [40, 20]


def test_a_random_crop_is_a_part_of_the_padded_image_and_uniform() -> None:
    padded = np.pad(STORED, ((0, 0), (2, 2), (2, 2), (0, 0)), mode="reflect")
    crop = RandomCrop((16, 20), padding_px=2)
    places = []
    for image, u, whole in zip(augment([crop], (16, 20)), draw(RandomCrop), padded, strict=True):
        x, y = int(u[0] * (32 + 4 - 20 + 1)), int(u[1] * (24 + 4 - 16 + 1))
        assert np.array_equal(image, whole[y : y + 16, x : x + 20])
        places.append((x, y))
    xs, ys = np.array(places).T
    assert set(xs) <= set(range(17))
    assert xs.min() <= 1
    assert xs.max() >= 15
    assert ys.max() >= 11


def test_crops_in_pixels_never_exceed_what_is_left() -> None:
    small = CentreCrop(0.25)
    for crop in (RandomCrop(20), CentreCrop(size_px=20)):
        assert np.array_equal(augment([small, crop]), augment([small]))
    assert np.array_equal(augment([CentreCrop(size_px=(12, 20))], (12, 20)), STORED[:, 6:18, 6:26])


def test_shear_is_torchvisions_about_the_centre() -> None:
    import torch
    from torchvision.transforms import v2

    shear = Shear(degrees=25, probability=0.8)
    got = augment([shear], stored=smooth_images(64, 40, 40), size=(40, 40))
    for image, u, stored in zip(got, draw(Shear), smooth_images(64, 40, 40), strict=True):
        angle = (2 * u[1] - 1) * 25 if u[0] < 0.8 else 0.0
        angles = [angle, 0.0] if u[2] < 0.5 else [0.0, angle]
        wanted = v2.functional.affine(
            torch.from_numpy(stored.transpose(2, 0, 1).copy()),
            angle=0,
            translate=[0, 0],
            scale=1,
            shear=angles,
            interpolation=v2.InterpolationMode.BILINEAR,
        )
        difference = np.abs(wanted.numpy().transpose(1, 2, 0)[12:-12, 12:-12].astype(int) - image[12:-12, 12:-12])
        assert np.percentile(difference, 98) <= 4


def test_without_strength_or_chance_nothing_moves() -> None:
    for how in (Shear(degrees=0, probability=1), Shear(probability=0), RandomCrop((24, 32)), CentreCrop(1.0)):
        assert np.array_equal(augment([how]), STORED)


def test_a_crop_has_one_size() -> None:
    with pytest.raises(UsageError, match="fraction has no effect beside size_px"):
        CentreCrop(0.5, size_px=20)
    for make in (lambda: RandomCrop(0), lambda: RandomCrop((10, 5000)), lambda: RandomCrop(8, padding_px=-1)):
        with pytest.raises(UsageError, match="expected"):
            make()
