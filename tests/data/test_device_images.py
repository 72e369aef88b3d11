"""Images made on a device are those that the CPU makes, but for rounding, and no image depends on another."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from podium.data import device_images
from podium.data.augment import CPU_ONLY, Augmentation, augment_batch, draw_batch
from podium.data.automatic import AutoAugment, RandAugment, TrivialAugmentWide
from podium.data.bending import ElasticDistortion, GridDistortion
from podium.data.colour import ColorJitter, Grayscale
from podium.data.device_images import DeviceImages
from podium.data.device_operations import DEVICE_OPERATIONS
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
from podium.data.loader import TrainLoader
from podium.data.mixer import Mixer
from podium.data.mixing import CutMix, Mixing, MixUp, PatchSwap
from podium.data.operations import OPERATIONS
from podium.data.order import epoch_order
from podium.data.partners import Partners
from podium.data.randomness import sample_keys
from podium.data.textures import GaussianBlur, GaussianNoise, Sharpen
from podium.data.tones import AutoContrast, Equalize, Invert, Posterize, Solarize

Images = NDArray[np.uint8]
N = 64
KEYS = sample_keys([f"{i}.png" for i in range(N)])
ROWS = np.random.default_rng(1).permutation(N)
CPU = torch.device("cpu")
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
    Invert(),
    GaussianBlur(),
    GaussianNoise(),
    Sharpen(),
]

STEEP: list[Augmentation] = [
    Posterize(),
    Solarize((100, 200)),
    AutoContrast(),
    Equalize(),
    RandAugment(),
    TrivialAugmentWide(),
    AutoAugment(),
]
"""They make a difference of one level large, or choose what does."""


def smooth_images(height: int, width: int) -> Images:
    coarse = np.random.default_rng(0).uniform(0, 255, (N, 4, 5, 3)).astype(np.float32)
    large = [cv2.resize(c, (width, height), interpolation=cv2.INTER_CUBIC).clip(0, 255) for c in coarse]
    return np.stack(large).astype(np.uint8)


STORED = smooth_images(24, 32)


def on_cpu(how: list[Augmentation], size: tuple[int, int], stored: Images = STORED) -> Images:
    out = np.empty((N, *size, 3), np.uint8)
    return augment_batch(stored, ROWS, KEYS[ROWS], how, seed=5, epoch=1, out=out)


def on_device(
    how: list[Augmentation],
    size: tuple[int, int],
    stored: Images = STORED,
    rows: NDArray[np.int64] = ROWS,
    stored_bytes: int = 0,
) -> Images:
    drawn = draw_batch(how, KEYS[rows], seed=5, epoch=1, stored=stored.shape[1:3], output=size)
    made = DeviceImages(stored, CPU, stored_bytes=stored_bytes).make(rows, drawn, *size)
    assert made.dtype == torch.uint8
    assert made.is_contiguous()
    return made.numpy()


def differences(one: Images, other: Images) -> Images:
    assert one.shape == other.shape
    return np.abs(one.astype(np.int16) - other)


@pytest.mark.parametrize("how", [HorizontalFlip(), VerticalFlip(), CentreCrop(0.5), RandomErasing(0.5), RandomShift()])
def test_where_nothing_is_interpolated_they_are_equal(how: Augmentation) -> None:
    size = (12, 16) if isinstance(how, CentreCrop) else (24, 32)
    assert np.array_equal(on_device([how], size), on_cpu([how], size))


def test_quarter_turns_are_equal() -> None:
    square = smooth_images(20, 20)
    how: list[Augmentation] = [HorizontalFlip(), Rotate90()]
    assert np.array_equal(on_device(how, (20, 20), square), on_cpu(how, (20, 20), square))


@pytest.mark.parametrize("size", [(24, 32), (20, 28), (48, 40), (17, 32)])
@pytest.mark.parametrize("how", [[item] for item in EVERYTHING] + [[], EVERYTHING], ids=str)
def test_they_are_the_processors_but_for_rounding(how: list[Augmentation], size: tuple[int, int]) -> None:
    found = differences(on_device(how, size), on_cpu(how, size))
    # A warp of OpenCV reads at 1/32 of a pixel; colours are multiplied after that.
    assert np.percentile(found, 99.9) <= 4
    assert found.mean() < 0.6


@pytest.mark.parametrize("how", STEEP[:4], ids=str)
def test_steep_ones_are_equal_where_nothing_is_interpolated(how: Augmentation) -> None:
    both: list[Augmentation] = [HorizontalFlip(), how]
    assert np.array_equal(on_device(both, (24, 32)), on_cpu(both, (24, 32)))


@pytest.mark.parametrize("how", STEEP, ids=str)
def test_steep_ones_nearly_agree_on_nearly_all_images(how: Augmentation) -> None:
    found = differences(on_device([how], (20, 28)), on_cpu([how], (20, 28)))
    assert np.mean(np.percentile(found, 90, axis=(1, 2, 3)) <= 3) > 0.9


def test_noise_is_the_same_on_every_device() -> None:
    how: list[Augmentation] = [GaussianNoise(std=0.2, probability=1)]
    assert differences(on_device(how, (24, 32)), on_cpu(how, (24, 32))).max() == 0


def test_what_no_device_makes_is_named() -> None:
    lacking = set(OPERATIONS) - set(DEVICE_OPERATIONS)
    assert lacking == {"clahe", "jpeg", "mix_chains", "shear_x", "shear_y", "translate_x", "translate_y", "rotate"}
    assert CPU_ONLY == ("clahe", "jpeg_compression", "aug_mix")


@pytest.mark.parametrize("how", [[item] for item in EVERYTHING] + [EVERYTHING], ids=str)
def test_tall_images_are_the_processors_but_for_rounding(how: list[Augmentation]) -> None:
    tall = smooth_images(40, 24)
    found = differences(on_device(how, (35, 21), tall), on_cpu(how, (35, 21), tall))
    assert np.percentile(found, 99.9) <= 4
    assert found.mean() < 0.6


@pytest.mark.parametrize("size", [(12, 16), (9, 16), (8, 40), (7, 9)])
def test_where_they_shrink_much_they_are_averaged(size: tuple[int, int]) -> None:
    noise = np.random.default_rng(2).integers(0, 256, STORED.shape, dtype=np.uint8)
    how: list[Augmentation] = [HorizontalFlip(), Rotate90(0.5)]
    found = differences(on_device(how, size, noise), on_cpu(how, size, noise))
    aliased = differences(noise[ROWS][:, : size[0], :32][:, :, : size[1]], on_cpu([], size, noise)[:, :, :32])
    assert found.mean() < 8  # levels, of noise from 0 to 255 whose averages differ by dozens
    assert aliased.mean() > 40
    assert differences(on_device(how, size), on_cpu(how, size)).mean() < 1.5


@pytest.mark.slow
def test_no_image_depends_on_another_or_on_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    for size in ((24, 32), (9, 11)):
        whole = on_device(EVERYTHING, size)
        assert np.array_equal(on_device(EVERYTHING, size, stored_bytes=2**30), whole)
        assert np.array_equal(on_device(EVERYTHING, size, rows=ROWS[7:9]), whole[7:9])
        assert np.array_equal(on_device(EVERYTHING, size, rows=ROWS[7:8]), whole[7:8])
        with monkeypatch.context() as patch:
            patch.setattr(device_images, "_PIECE_BYTES", 4 * 3 * 24 * 32 * 5)
            assert np.array_equal(on_device(EVERYTHING, size), whole)


def test_all_images_move_only_if_they_fit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device_images, "_UPLOAD_BYTES", STORED[:5].nbytes)
    np.save(tmp_path / "stored.npy", STORED)
    mapped = np.load(tmp_path / "stored.npy", mmap_mode="r")
    drawn = draw_batch([], KEYS, seed=0, epoch=0, stored=(24, 32), output=(24, 32))
    for n_bytes, fits in ((STORED.nbytes, True), (STORED.nbytes - 1, False), (None, False)):
        made = DeviceImages(mapped, CPU, stored_bytes=n_bytes)
        assert not made.is_resident
        assert np.array_equal(made.make(np.arange(N), drawn, 24, 32).numpy(), STORED)
        assert made.is_resident == fits


def test_memory_that_runs_out_costs_time_and_no_image(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = on_device(EVERYTHING, (20, 28))
    drawn = draw_batch(EVERYTHING, KEYS[ROWS], seed=5, epoch=1, stored=(24, 32), output=(20, 28))
    make, sizes = DeviceImages._make, []

    def run(self: DeviceImages, rows: NDArray[np.int64], *how: object) -> torch.Tensor:
        sizes.append((len(rows), self.is_resident))
        if self.is_resident or len(rows) > most:
            raise torch.OutOfMemoryError
        return make(self, rows, *how)  # type: ignore[arg-type]

    monkeypatch.setattr(DeviceImages, "_make", run)
    most = 20
    device_images = DeviceImages(STORED, CPU, stored_bytes=2**30)
    assert np.array_equal(device_images.make(ROWS, drawn, 20, 28).numpy(), whole)
    assert sizes[:3] == [(64, True), (32, False), (16, False)]
    most = 0
    with pytest.raises(torch.OutOfMemoryError):
        device_images.make(ROWS, drawn, 20, 28)


def test_pages_that_were_read_go_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    np.save(tmp_path / "stored.npy", STORED)
    counted: list[tuple[int, int]] = []
    monkeypatch.setattr("podium.durable.PageBudget.count", lambda _self, n, n_places: counted.append((n, n_places)))
    mapped = np.load(tmp_path / "stored.npy", mmap_mode="r")
    drawn = draw_batch([], KEYS[:9], seed=0, epoch=0, stored=(24, 32), output=(24, 32))
    DeviceImages(mapped, CPU).make(np.arange(9), drawn, 24, 32)
    assert counted == [(9 * 24 * 32 * 3, 9)]


@pytest.mark.parametrize("mixing", [None, MixUp(alpha=1.0), CutMix(), CutMix(partner="same_class"), PatchSwap()])
def test_a_loader_gives_the_same_batches(mixing: Mixing | None) -> None:
    labels = {"age": np.arange(N) % 3}
    pools = None if getattr(mixing, "partner", "any") == "any" else Partners.of_same_class(labels["age"])
    mixer = None if mixing is None else Mixer((mixing,), {"age": 3}, (pools,))

    def load(device: torch.device | None, offset: int = 0) -> list[tuple[torch.Tensor, torch.Tensor]]:
        loader = TrainLoader(
            STORED,
            ROWS,
            labels,
            keys=KEYS[ROWS],
            batch_size=20,
            height=20,
            width=24,
            augmentations=(RandomResizedCrop(), HorizontalFlip()),
            seed=3,
            mixer=mixer,
            device_images=None if device is None else DeviceImages(STORED, device),
        )
        return [(batch.images, batch.targets["age"]) for batch in loader.from_position(2, offset)]

    made, wanted = load(CPU), load(None)
    assert [len(images) for images, _ in made] == [20, 20, 20, 4]
    for (images, targets), (others, theirs) in zip(made, wanted, strict=True):
        assert torch.equal(targets, theirs)
        assert int((images.int() - others.int()).abs().max()) <= 2
    assert all(torch.equal(a, b) for (a, _), (b, _) in zip(load(CPU, 40), made[2:], strict=True))
    assert len(set(epoch_order(3, 2, N).tolist())) == N
