"""Random erasing: its boxes, and what it paints."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from podium.data.erasing import FILL, Cutout, RandomErasing, erase
from podium.data.randomness import sample_keys, uniforms
from podium.errors import UsageError
from tiny.augmented import STORED, augment, draw


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


@pytest.mark.slow
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


def test_the_box_is_painted_in_the_mean_colour_up_to_its_last_pixel() -> None:
    image = np.zeros((6, 8, 3), np.uint8)
    erase(image, [2, 1, 5, 6])
    inside = np.zeros((6, 8), bool)
    inside[1:6, 2:5] = True
    assert (image[inside] == FILL).all()
    assert not image[~inside].any()


@pytest.mark.parametrize("box", [[0, 0, 0, 0], [3, 3, 3, 5], [3, 3, 5, 3]])
def test_an_empty_box_paints_nothing(box: list[int]) -> None:
    image = np.zeros((6, 8, 3), np.uint8)
    erase(image, box)
    assert not image.any()


def test_boxes_lie_inside_even_where_they_are_too_long() -> None:
    u = np.random.default_rng(0).random((1000, 5))
    boxes = RandomErasing(probability=1, area=(0.5, 1.0), ratio=(0.1, 10.0)).boxes(u, 30, 20)
    x0, y0, x1, y1 = boxes.T
    assert (boxes >= 0).all()
    assert ((x1 > x0) & (y1 > y0)).all()
    assert (x1.max(), y1.max()) == (20, 30)
    assert RandomErasing(probability=0).boxes(u, 30, 20).tolist() == [[0, 0, 0, 0]] * 1000


def test_cutout_paints_its_holes_inside_the_image() -> None:
    stored = np.zeros_like(STORED)
    cut = Cutout(n_holes=5, size=(0.1, 0.25), probability=0.5)
    got = augment([cut], (40, 60), stored)
    u = draw(cut)  # type: ignore[arg-type]
    for numbers, image, boxes in zip(u, got, cut.boxes(u, 40, 60), strict=True):
        wanted = np.zeros((40, 60, 3), np.uint8)
        for x0, y0, x1, y1 in boxes.tolist():
            wanted[y0:y1, x0:x1] = FILL
        assert np.array_equal(image, wanted)
        assert image.any() == (numbers[0] < 0.5)
    boxes = cut.boxes(u, 40, 60)[u[:, 0] < 0.5].reshape(-1, 4)
    assert boxes.min() >= 0
    assert (boxes[:, 2].max(), boxes[:, 3].max()) <= (60, 40)
    assert set(boxes[:, 2] - boxes[:, 0]) <= set(range(6, 16))
    assert set(boxes[:, 3] - boxes[:, 1]) <= set(range(4, 11))


@pytest.mark.parametrize("options", [{"n_holes": 0}, {"n_holes": 65}, {"size": 0.0}, {"size": (0.5, 1.5)}])
def test_impossible_holes_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(UsageError, match="expected"):
        Cutout(**options)  # type: ignore[arg-type]
