"""A list of augmentations: one result whatever the batch, the threads and the place in the list."""

from __future__ import annotations

import typing
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest
from pydantic import Field, TypeAdapter, ValidationError

from podium.data.aug_mix import AugMix
from podium.data.augment import Augmentation, augment_batch
from podium.data.automatic import AutoAugment, RandAugment, TrivialAugmentWide
from podium.data.bending import ElasticDistortion, GridDistortion
from podium.data.colour import ColorJitter, Grayscale
from podium.data.erasing import Cutout, RandomErasing
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
from podium.data.textures import GaussianBlur, GaussianNoise, JpegCompression, Sharpen
from podium.data.tones import AutoContrast, Clahe, Equalize, Invert, Posterize, Solarize
from podium.errors import UsageError
from tiny.augmented import KEYS, STORED, augment

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
    Cutout(),
    Shear(),
    RandomCrop((20, 24), 2),
    CentreCrop(size_px=20),
    GridDistortion(),
    ElasticDistortion(),
    ColorJitter(0.0, (0.5, 2.0), 0.2, hue=0.1),
    Posterize(),
    Solarize((100, 200)),
    Invert(),
    AutoContrast(),
    Equalize(),
    GaussianBlur(),
    GaussianNoise(),
    Sharpen(),
    RandAugment(),
    TrivialAugmentWide(),
    AutoAugment(),
    Clahe(),
    JpegCompression(),
    AugMix(),
]


def test_without_augmentation_it_is_a_plain_resize() -> None:
    assert np.array_equal(augment([]), STORED)
    for size in ((48, 40), (20, 24)):
        expected = [cv2.resize(image, size[::-1], interpolation=cv2.INTER_LINEAR) for image in STORED]
        assert np.array_equal(augment([], size), expected)
    halves = STORED.reshape(64, 12, 2, 16, 2, 3).mean(axis=(2, 4))
    assert np.abs(augment([], (12, 16)) - halves).max() <= 0.5


@pytest.mark.slow
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


@pytest.mark.slow
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
