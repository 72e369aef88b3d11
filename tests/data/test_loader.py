from __future__ import annotations

import gc
import threading
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from podium.data.augment import Augmentation
from podium.data.batch import Batch
from podium.data.colour import ColorJitter
from podium.data.geometric import HorizontalFlip, RandomResizedCrop, Rotate
from podium.data.loader import EvalLoader, TrainLoader
from podium.data.mixer import Mixer
from podium.data.mixing import CutMix, MixUp, PatchSwap
from podium.data.order import epoch_order
from podium.data.partners import Partners
from podium.data.randomness import sample_keys
from podium.data.views import eval_batch
from podium.errors import UsageError

N = 23
PIXELS = np.random.default_rng(0).integers(0, 256, (40, 12, 14, 3), dtype=np.uint8)
ROWS = np.random.default_rng(1).permutation(40)[:N]
KEYS = sample_keys([f"{i}.png" for i in range(40)])
LABELS = {
    "age": np.arange(N) % 3 - (np.arange(N) == 5),
    "tags": np.random.default_rng(2).integers(-1, 2, (N, 4)).astype(np.int8),
}
AUGMENTATIONS: tuple[Augmentation, ...] = (RandomResizedCrop(), HorizontalFlip(), Rotate(), ColorJitter())


def make_loader(**options: Any) -> TrainLoader:
    defaults: dict[str, Any] = {
        "keys": KEYS[ROWS],
        "batch_size": 5,
        "height": 8,
        "width": 9,
        "augmentations": AUGMENTATIONS,
        "seed": 3,
    }
    return TrainLoader(PIXELS, options.pop("rows", ROWS), options.pop("targets", LABELS), **(defaults | options))


def same(a: Batch, b: Batch) -> bool:
    return (
        torch.equal(a.images, b.images)
        and np.array_equal(a.rows, b.rows)
        and a.offset_after == b.offset_after
        and a.targets.keys() == b.targets.keys()
        and all(torch.equal(a.targets[name], b.targets[name]) for name in a.targets)
    )


def n_workers() -> int:
    return sum(thread.name.startswith("podium") for thread in threading.enumerate())


def test_an_epoch_visits_each_sample_once_with_its_own_labels() -> None:
    loader = make_loader()
    batches = list(loader.from_position(4))
    assert loader.n_batches == len(batches) == 5
    assert [len(batch) for batch in batches] == [5, 5, 5, 5, 3]
    assert [batch.offset_after for batch in batches] == [5, 10, 15, 20, 23]
    rows = np.concatenate([batch.rows for batch in batches])
    assert np.array_equal(rows, ROWS[epoch_order(3, 4, N)])
    place = {row: i for i, row in enumerate(ROWS.tolist())}
    for batch in batches:
        assert batch.images.dtype == torch.uint8
        assert batch.images.shape == (len(batch), 8, 9, 3)
        positions = [place[row] for row in batch.rows.tolist()]
        assert batch.targets["age"].dtype == torch.int64
        assert batch.targets["age"].tolist() == LABELS["age"][positions].tolist()
        assert batch.targets["tags"].dtype == torch.float32
        assert batch.targets["tags"].tolist() == LABELS["tags"][positions].astype(float).tolist()


RARE = Partners.of_rare_classes(LABELS["age"], np.array([2]))
MIXERS = (
    None,
    Mixer((MixUp(probability=0.7),), {"age": 3}),
    Mixer((CutMix(), CutMix(partner="rare"), PatchSwap(cells=2)), {"age": 3}, (None, RARE, None)),
)


@pytest.mark.parametrize("mixer", MIXERS)
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("batch_size", [5, 11])
def test_resume_at_every_offset_is_bit_identical(mixer: Mixer | None, weighted: bool, batch_size: int) -> None:
    options: dict[str, Any] = {"mixer": mixer, "batch_size": batch_size, "width": 10}
    options["weights"] = np.arange(1.0, N + 1) if weighted else None
    whole = list(make_loader(**options).from_position(2))
    for start in range(len(whole) + 1):
        offset = whole[start - 1].offset_after if start else 0
        rest = list(make_loader(**options).from_position(2, offset))
        assert len(rest) == len(whole) - start
        assert all(same(a, b) for a, b in zip(whole[start:], rest, strict=True))


def test_resume_at_an_odd_offset_gives_the_same_images() -> None:
    whole = torch.cat([batch.images for batch in make_loader().from_position(0)])
    for offset in range(N + 1):
        rest = list(make_loader(batch_size=4).from_position(0, offset))
        assert torch.equal(torch.cat([batch.images for batch in rest] or [whole[:0]]), whole[offset:])


@pytest.mark.parametrize("n_threads", [0, 1, 2, 7])
def test_bits_do_not_depend_on_threads(n_threads: int) -> None:
    options: dict[str, Any] = {"mixer": MIXERS[2], "width": 10}
    expected = list(make_loader(n_threads=1, **options).from_position(1))
    got = list(make_loader(n_threads=n_threads, **options).from_position(1))
    assert all(same(a, b) for a, b in zip(expected, got, strict=True))


def test_mixing_gives_soft_targets() -> None:
    for batch in make_loader(mixer=Mixer((MixUp(),), {"age": 3})).from_position(0):
        age = batch.targets["age"]
        assert age.shape == (len(batch), 3)
        assert age.dtype == torch.float32
        known = (age >= 0).all(dim=1)
        assert torch.allclose(age[known].sum(dim=1), torch.ones(int(known.sum())))


def test_a_rare_partner_is_in_every_image_and_target() -> None:
    # Stored images of one value each, the row's; CutMix halves take their second half from a sample of class 2.
    stored = np.broadcast_to(np.arange(40, dtype=np.uint8)[:, None, None, None], PIXELS.shape).copy()
    mixer = Mixer((CutMix(shape="left_right", partner="rare"),), {"age": 3}, (RARE,))
    loader = TrainLoader(
        stored, ROWS, {"age": LABELS["age"]}, keys=KEYS[ROWS], batch_size=5, height=8, width=8, mixer=mixer
    )
    age_of = dict(zip(ROWS.tolist(), LABELS["age"].tolist(), strict=True))
    for batch in loader.from_position(0):
        for image, row, target in zip(batch.images.numpy(), batch.rows.tolist(), batch.targets["age"], strict=True):
            left, right = int(image[0, 0, 0]), int(image[0, -1, 0])
            partner = right if left == row else left
            assert row in (left, right)
            assert age_of[partner] == 2
            expected = np.full(3, -1.0) if age_of[row] < 0 else (np.eye(3)[age_of[row]] + np.eye(3)[2]) / 2
            assert target.tolist() == expected.tolist()


def test_weights_draw_with_replacement() -> None:
    weights = np.zeros(N)
    weights[[2, 7]] = 1
    rows = np.concatenate([batch.rows for batch in make_loader(weights=weights).from_position(0)])
    assert len(rows) == N
    assert set(rows.tolist()) == set(ROWS[[2, 7]].tolist())


@pytest.mark.parametrize("weighted", [False, True])
def test_a_sample_that_is_drawn_again_is_augmented_anew(weighted: bool) -> None:
    """The first time as always, so that a sampler changes no image but adds others."""
    weights = np.zeros(N)
    weights[[2, 7]] = 1
    drawn: dict[int, list[torch.Tensor]] = {}
    for batch in make_loader(weights=weights if weighted else None).from_position(0):
        for row, image in zip(batch.rows.tolist(), batch.images, strict=True):
            drawn.setdefault(row, []).append(image.clone())
    if weighted:
        once = {row: images[0] for row, images in drawn.items()}
        for images in drawn.values():
            assert len({image.numpy().tobytes() for image in images}) == len(images) > 5
        for batch in make_loader().from_position(0):
            for row, image in zip(batch.rows.tolist(), batch.images, strict=True):
                assert row not in once or torch.equal(image, once[row])
    else:
        assert {len(images) for images in drawn.values()} == {1}


def test_batches_that_are_kept_are_not_overwritten() -> None:
    loader = make_loader()
    kept = list(loader.from_position(0)) + list(loader.from_position(1))
    copies = [batch.images.clone() for batch in make_loader().from_position(0)]
    assert all(torch.equal(a.images, b) for a, b in zip(kept, copies, strict=False))


def test_buffers_are_used_again() -> None:
    loader = make_loader()
    for epoch in range(4):
        for batch in loader.from_position(epoch):
            assert len(batch)
    # Two ready, one being made, one at the caller, one on its way.
    assert loader._buffers.n_made <= 5


@pytest.mark.slow
@pytest.mark.parametrize("n_threads", [1, 3])
def test_leaving_early_leaves_no_thread(n_threads: int) -> None:
    stream = make_loader(n_threads=n_threads).from_position(0)
    next(stream)
    assert n_workers() > 0
    stream.close()
    assert n_workers() == 0
    for batch in make_loader(n_threads=n_threads).from_position(0):
        assert len(batch)
        break
    gc.collect()
    assert n_workers() == 0
    make_loader(n_threads=n_threads).from_position(0)
    assert n_workers() == 0


@pytest.mark.parametrize("n_threads", [0, 1, 3])
def test_an_error_in_the_thread_reaches_the_caller(n_threads: int) -> None:
    rows = ROWS.copy()
    rows[epoch_order(3, 0, N)[12]] = 999
    stream = make_loader(rows=rows, n_threads=n_threads).from_position(0)
    assert [next(stream).offset_after, next(stream).offset_after] == [5, 10]
    with pytest.raises(IndexError):
        next(stream)
    assert n_workers() == 0


def test_eval_loader_goes_in_order() -> None:
    loader = EvalLoader(PIXELS, ROWS, 5, 8, 9, "hflip", targets=LABELS, n_threads=2)
    for _ in range(2):
        batches = list(loader)
        assert len(loader) == len(batches) == 5
        assert np.array_equal(np.concatenate([batch.rows for batch in batches]), ROWS)
        expected = eval_batch(PIXELS, ROWS, np.empty((N, 8, 9, 3), np.uint8), "hflip")
        assert np.array_equal(torch.cat([batch.images for batch in batches]), expected)
        assert torch.cat([batch.targets["age"] for batch in batches]).tolist() == LABELS["age"].tolist()
    assert next(iter(EvalLoader(PIXELS, ROWS, 5, 8, 9))).targets == {}
    assert list(EvalLoader(PIXELS, ROWS[:0], 5, 8, 9)) == []


def test_wrong_lengths_are_refused() -> None:
    with pytest.raises(UsageError, match="keys has 40 entries, the loader has 23 rows"):
        make_loader(keys=KEYS)
    with pytest.raises(UsageError, match="age"):
        make_loader(targets={"age": np.zeros(40, np.int64)})
    with pytest.raises(UsageError, match="batch size is 0"):
        make_loader(batch_size=0)
    with pytest.raises(UsageError, match="number of classes of head 'age'"):
        make_loader(mixer=Mixer((MixUp(),)))


def test_a_memory_map_is_read_like_an_array(tmp_path: Any) -> None:
    mapped: NDArray[np.uint8] = np.memmap(tmp_path / "pixels", np.uint8, "w+", shape=PIXELS.shape)
    mapped[:] = PIXELS
    mapped.flush()
    readonly = np.memmap(tmp_path / "pixels", np.uint8, "r", shape=PIXELS.shape)
    loader = TrainLoader(
        readonly,
        ROWS,
        LABELS,
        keys=KEYS[ROWS],
        batch_size=5,
        height=8,
        width=9,
        augmentations=AUGMENTATIONS,
        seed=3,
    )
    assert all(same(a, b) for a, b in zip(loader.from_position(0), make_loader().from_position(0), strict=True))
