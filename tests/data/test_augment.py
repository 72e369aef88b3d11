"""Each augmentation against a slow loop that evaluates the definition pixel by pixel in float64."""

from __future__ import annotations

import typing
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from pydantic import Field, TypeAdapter, ValidationError
from scipy import stats

from podium.data.augment import Augmentation, augment_batch
from podium.data.colour import ColorJitter, Grayscale
from podium.data.erasing import RandomErasing
from podium.data.frames import whole_frames
from podium.data.geometric import (
    CentreCrop,
    HorizontalFlip,
    RandomResizedCrop,
    RandomShift,
    Rotate,
    Rotate90,
    VerticalFlip,
)
from podium.data.randomness import sample_keys, uniforms
from podium.data.views import eval_batch
from podium.errors import UnknownNameError, UsageError

Images = NDArray[np.uint8]
KEYS = sample_keys([f"{i}.png" for i in range(64)])
EVERYTHING: list[Augmentation] = [
    RandomResizedCrop(scale=(0.1, 1.0)),
    HorizontalFlip(),
    VerticalFlip(),
    Rotate90(),
    RandomShift(0.2, 0.5),
    Rotate(20, 0.5),
    ColorJitter(0.3, 0.3, 0.3),
    Grayscale(0.3),
    RandomErasing(0.5),
]


def smooth_images(n: int, height: int, width: int) -> Images:
    """Smooth random images, so that a quarter of a pixel of misplacement changes few levels."""
    coarse = np.random.default_rng(0).uniform(0, 255, (n, 4, 5, 3)).astype(np.float32)
    return np.stack(
        [cv2.resize(c, (width, height), interpolation=cv2.INTER_CUBIC).clip(0, 255) for c in coarse]
    ).astype(np.uint8)


STORED = smooth_images(64, 24, 32)


def augment(
    augmentations: list[Augmentation], size: tuple[int, int] = (24, 32), stored: Images = STORED, epoch: int = 0
) -> Images:
    rows = np.arange(len(stored))
    out = np.full((len(stored), *size, 3), 77, np.uint8)
    return augment_batch(stored, rows, KEYS[: len(stored)], augmentations, seed=5, epoch=epoch, out=out)


def draw(kind: type, n: int = 64) -> NDArray[np.float64]:
    return uniforms(5, 0, KEYS[:n], kind.stream, kind.n_uniforms)  # type: ignore[attr-defined]


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


def test_without_augmentation_it_is_a_plain_resize() -> None:
    assert np.array_equal(augment([]), STORED)
    for size in ((48, 40), (20, 24)):
        expected = [cv2.resize(image, size[::-1], interpolation=cv2.INTER_LINEAR) for image in STORED]
        assert np.array_equal(augment([], size), expected)
    halves = STORED.reshape(64, 12, 2, 16, 2, 3).mean(axis=(2, 4))
    assert np.abs(augment([], (12, 16)) - halves).max() <= 0.5


def test_one_side_shrinks_while_the_other_grows() -> None:
    # Averaging along x only, then stretching along y: stripes vanish, they do not alias.
    stripes = np.zeros((1, 8, 32, 3), np.uint8)
    stripes[:, :, ::2] = 200
    assert (augment([], (16, 8), stripes) == 100).all()


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


def test_rotation_is_counter_clockwise() -> None:
    image = np.zeros((1, 21, 21, 3), np.uint8)
    image[0, 10, 18] = 255
    from podium.data.resample import plan_resampling, resample

    frames = whole_frames(1, 21, 21).rotate(np.array([89.9999]))
    out = np.empty((21, 21, 3), np.uint8)
    resample(image[0], plan_resampling(frames, (21, 21), (21, 21)), 0, out)
    assert out[2, 10, 0] > 200


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


def test_warp_that_shrinks_much_averages() -> None:
    stripes = np.zeros((1, 128, 128, 3), np.uint8)
    stripes[:, :, ::2] = 200
    got = augment([Rotate(degrees=10, probability=1)], (16, 16), stripes)
    assert np.abs(got.astype(int) - 100).max() <= 3


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
            max(0, 1 - s) + (1 + s - max(0, 1 - s)) * v if s else 1.0 for s, v in zip(strengths, u[1:], strict=True)
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


@pytest.mark.parametrize("size", [(64, 64), (96, 48), (40, 100)])
def test_erasing_paints_its_box_and_nothing_else(size: tuple[int, int]) -> None:
    stored = np.zeros_like(STORED)
    got = augment([RandomErasing(probability=0.5, area=(0.1, 0.3), ratio=(0.9, 1.1))], size, stored)
    painted = (got != 0).any(axis=3)
    for u, mask in zip(draw(RandomErasing), painted, strict=True):
        assert mask.any() == (u[0] < 0.5)
        rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
        assert mask.sum() == len(rows) * len(columns)
        if mask.any():
            assert np.ptp(rows) + 1 == len(rows)
            assert abs(mask.mean() - (0.1 + 0.2 * u[1])) < 0.03


def test_the_boxes_of_erasing_follow_torchvision_on_rectangles() -> None:
    import torch
    from torchvision.transforms import RandomErasing as Peer

    torch.manual_seed(0)
    blank = torch.empty(3, 120, 80)
    theirs = np.array([Peer.get_params(blank, (0.02, 0.2), (0.5, 2.0))[:4] for _ in range(3000)])  # y, x, h, w
    keys = sample_keys([str(i) for i in range(3000)])
    erasing = RandomErasing(probability=1, area=(0.02, 0.2), ratio=(0.5, 2.0))
    x0, y0, x1, y1 = erasing.boxes(uniforms(0, 0, keys, erasing.stream, erasing.n_uniforms), 120, 80).T
    for ours, column in zip((y0, x0, y1 - y0, x1 - x0), theirs.T, strict=True):
        assert stats.ks_2samp(ours, column).pvalue > 1e-4


def test_rotation_of_a_tall_image_is_torchvisions_away_from_the_corners() -> None:
    import torch
    from torchvision.transforms import InterpolationMode, functional

    tall = smooth_images(64, 48, 30)
    got = augment([Rotate(degrees=25, probability=1)], (48, 30), tall)
    for image, u, picture in zip(tall, draw(Rotate), got, strict=True):
        tensor = torch.from_numpy(image).permute(2, 0, 1).double()
        turned = functional.rotate(tensor, (2 * u[1] - 1) * 25, InterpolationMode.BILINEAR).permute(1, 2, 0).numpy()
        assert np.abs(turned - picture)[14:34, 9:21].max() <= 2.5


def test_independent_of_batch_threads_and_place() -> None:
    whole = augment(EVERYTHING, (20, 28))
    rows = np.random.default_rng(1).permutation(64)[:37]
    for n_parts in (1, 2, 5, 64):
        out = np.empty((37, 20, 28, 3), np.uint8)
        with ThreadPoolExecutor(4) as pool:
            augment_batch(STORED, rows, KEYS[rows], EVERYTHING, seed=5, epoch=0, out=out, pool=pool, n_parts=n_parts)
        assert np.array_equal(out, whole[rows])


def test_epoch_seed_and_repetition_draw_anew() -> None:
    crop: list[Augmentation] = [RandomResizedCrop()]
    assert not np.array_equal(augment(crop), augment(crop, epoch=1))
    # Two flips of probability 1/2 are not the same flip twice, which would undo itself.
    assert not np.array_equal(augment([HorizontalFlip(), HorizontalFlip()]), STORED)


def test_adding_one_augmentation_leaves_the_draws_of_the_others() -> None:
    only = augment([HorizontalFlip()])
    both = augment([RandomErasing(probability=0), HorizontalFlip()])
    assert np.array_equal(only, both)


def test_stored_images_are_never_written() -> None:
    before = STORED.copy()
    readonly = STORED.copy()
    readonly.setflags(write=False)
    augment(EVERYTHING, stored=readonly)
    augment(EVERYTHING, (24, 32))
    assert np.array_equal(STORED, before)


def test_an_exception_in_a_thread_reaches_the_caller() -> None:
    out = np.empty((2, 8, 8, 3), np.uint8)
    with ThreadPoolExecutor(2) as pool, pytest.raises(IndexError):
        augment_batch(STORED, np.array([0, 999]), KEYS[:2], [], seed=0, epoch=0, out=out, pool=pool, n_parts=2)


@pytest.mark.parametrize(
    ("view", "reference"),
    [
        ("plain", lambda image: image),
        ("hflip", lambda image: image[:, ::-1]),
        ("vflip", lambda image: image[::-1]),
        ("rot90", lambda image: np.rot90(image, 1)),
        ("rot180", lambda image: np.rot90(image, 2)),
        ("rot270", lambda image: np.rot90(image, 3)),
    ],
)
def test_views(view: typing.Any, reference: typing.Any) -> None:
    square = smooth_images(5, 20, 20)
    out = np.empty((2, 20, 20, 3), np.uint8)
    assert np.array_equal(eval_batch(square, np.array([4, 1]), out, view), [reference(square[4]), reference(square[1])])


@pytest.mark.parametrize(
    ("view", "turn"),
    [
        ("plain", None),
        ("hflip", Image.Transpose.FLIP_LEFT_RIGHT),
        ("vflip", Image.Transpose.FLIP_TOP_BOTTOM),
        ("rot90", Image.Transpose.ROTATE_90),
        ("rot180", Image.Transpose.ROTATE_180),
        ("rot270", Image.Transpose.ROTATE_270),
    ],
)
@pytest.mark.parametrize("size", [(28, 20), (20, 28)])
def test_views_of_rectangles_are_turned_by_pillow_and_stretched_back(
    view: typing.Any, turn: typing.Any, size: tuple[int, int]
) -> None:
    stored = smooth_images(3, *size)
    out = np.empty((3, *size, 3), np.uint8)
    eval_batch(stored, np.arange(3), out, view)
    for image, got in zip(stored, out, strict=True):
        turned = Image.fromarray(image) if turn is None else Image.fromarray(image).transpose(turn)
        wanted = np.asarray(turned.resize(size[::-1], Image.Resampling.BILINEAR)).astype(int)
        difference = np.abs(wanted - got)
        assert difference.max() <= 12  # Pillow averages where a side shrinks, we read bilinearly up to 1.5 times
        assert difference.mean() <= 1.5
        if turn not in (Image.Transpose.ROTATE_90, Image.Transpose.ROTATE_270):
            assert np.array_equal(wanted, got)


def test_plain_view_is_training_without_augmentation() -> None:
    out = np.empty((64, 15, 18, 3), np.uint8)
    assert np.array_equal(eval_batch(STORED, np.arange(64), out), augment([], (15, 18)))


def test_unknown_view_names_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="hflip"):
        eval_batch(STORED, np.arange(1), np.empty((1, 4, 4, 3), np.uint8), "hfilp")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "make",
    [
        lambda: HorizontalFlip(probability=1.5),
        lambda: VerticalFlip(probability=-0.1),
        lambda: Rotate90(probability=float("nan")),
        lambda: RandomResizedCrop(scale=(0.0, 1.0)),
        lambda: RandomResizedCrop(scale=(0.9, 0.5)),
        lambda: RandomResizedCrop(scale=(0.5, 1.5)),
        lambda: RandomResizedCrop(ratio=(0.0, 1.0)),
        lambda: CentreCrop(fraction=0.0),
        lambda: RandomShift(fraction=-0.1),
        lambda: Rotate(degrees=200),
        lambda: ColorJitter(brightness=-1),
        lambda: Grayscale(probability=2),
        lambda: RandomErasing(area=(0.0, 0.1)),
    ],
)
def test_impossible_settings_are_refused(make: typing.Any) -> None:
    with pytest.raises(UsageError, match=r"expected|above"):
        make()


def test_kinds_tell_them_apart_in_a_pydantic_union() -> None:
    adapter: TypeAdapter[typing.Any] = TypeAdapter(
        list[typing.Annotated[Augmentation, Field(discriminator="kind")]]  # type: ignore[valid-type]
    )
    assert adapter.validate_python(adapter.dump_python(EVERYTHING, mode="json")) == EVERYTHING
    read = adapter.validate_json('[{"kind": "random_resized_crop", "scale": [0.5, 1.0]}, {"kind": "rotate90"}]')
    assert read == [RandomResizedCrop(scale=(0.5, 1.0)), Rotate90()]
    with pytest.raises(ValidationError):
        adapter.validate_python([{"kind": "rotate91"}])
    streams = [kind.stream for kind in typing.get_args(Augmentation)]
    assert len(set(streams)) == len(streams)
