"""E9: corruptions are those of the papers, belong to the image alone, and grow with the severity."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

from podium.corruptions import CORRUPTIONS, FAMILIES, SEVERITIES, Corruption, Frame, find_corruptions, random_for
from podium.corruptions.blur import disk
from podium.errors import UnknownNameError
from podium.images import resize_to

FRAME = Frame(64, 64)


def photo(side: int = 224) -> np.ndarray:
    """Smooth blobs with sharp edges, uint8 (side, side + 32, 3)."""
    rng = np.random.default_rng(0)
    smooth = ndimage.gaussian_filter(rng.random((side, side + 32, 3)), (6, 6, 0))
    smooth = (smooth - smooth.min()) / np.ptp(smooth)
    smooth[side // 4 : side // 2, side // 4 : side // 2] = (0.9, 0.2, 0.1)
    return np.asarray(smooth * 255, dtype=np.uint8)


def spoil(name: str, severity: int, *, image_id: str = "a.jpg", seed: int = 0, frame: Frame = FRAME) -> np.ndarray:
    return CORRUPTIONS[name].apply(photo(), severity, seed=seed, image_id=image_id, frame=frame)


@pytest.mark.parametrize("one", list(CORRUPTIONS.values()), ids=list(CORRUPTIONS))
def test_the_same_image_is_spoiled_alike_and_more_with_each_severity(one: Corruption) -> None:
    clean = photo()
    before = clean.copy()
    reference = resize_to(clean, 64, 64) if one.resizes else clean
    damage = []
    for severity in SEVERITIES:
        made = one.apply(clean, severity, seed=0, image_id="a.jpg", frame=FRAME)
        assert made.dtype == np.uint8
        assert made.shape == reference.shape
        again = one.apply(clean, severity, seed=0, image_id="a.jpg", frame=FRAME)
        np.testing.assert_array_equal(made, again)
        damage.append(np.abs(made.astype(float) - reference).mean())
    np.testing.assert_array_equal(clean, before)  # the image itself stays
    assert damage[0] > 0
    assert damage[-1] > damage[0]
    if not one.resizes:
        assert damage == sorted(damage)


@pytest.mark.slow
def test_random_ones_differ_by_image_and_seed() -> None:
    for name in ("gaussian_noise", "shot_noise", "motion_blur", "occlusion"):
        assert not np.array_equal(spoil(name, 3), spoil(name, 3, image_id="b.jpg"))
        assert not np.array_equal(spoil(name, 3), spoil(name, 3, seed=1))


@pytest.mark.slow
def test_the_formulas_of_imagenet_c() -> None:
    x = photo() / 255.0
    noise = random_for(0, "gaussian_noise", "a.jpg").standard_normal(x.shape, dtype=np.float32)
    np.testing.assert_allclose(spoil("gaussian_noise", 2), np.clip(x + 0.12 * noise, 0, 1) * 255, atol=0.51)
    counts = random_for(0, "shot_noise", "a.jpg").poisson(x * 12)
    np.testing.assert_allclose(spoil("shot_noise", 3), np.clip(counts / 12, 0, 1) * 255, atol=0.51)
    mean = x.mean(axis=(0, 1), keepdims=True)
    np.testing.assert_allclose(spoil("contrast", 4), np.clip((x - mean) * 0.1 + mean, 0, 1) * 255, atol=0.51)
    value = cv2.cvtColor(spoil("brightness", 1), cv2.COLOR_RGB2HSV)[..., 2] / 255
    np.testing.assert_allclose(value, np.clip(x.max(axis=2) + 0.1, 0, 1), atol=0.005)
    blurred = ndimage.gaussian_filter(photo().astype(float), (2, 2, 0), mode="mirror")
    assert np.abs(spoil("gaussian_blur", 2) - blurred).mean() < 0.6  # 224 px: sigma is that of the paper
    small = Image.fromarray(photo()).resize((128, 112), Image.Resampling.BOX)
    np.testing.assert_array_equal(spoil("downscale_box", 2), np.array(small.resize((256, 224), Image.Resampling.BOX)))


def test_lengths_scale_with_the_image() -> None:
    large = cv2.resize(photo(), None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
    for name in ("gaussian_blur", "defocus_blur"):
        spoiled = CORRUPTIONS[name].apply(large, 3, seed=0, image_id="a.jpg", frame=FRAME)
        back = cv2.resize(spoiled, (256, 224), interpolation=cv2.INTER_AREA)
        assert np.abs(back.astype(float) - spoil(name, 3)).mean() < 1.0


def test_a_disk_has_its_area_and_sums_to_one() -> None:
    for radius in (0.4, 3.0, 7.5):
        kernel = disk(radius)
        assert kernel.sum() == pytest.approx(1)
        assert 1 / kernel.max() == pytest.approx(max(1, np.pi * radius**2), rel=0.25 if radius > 1 else 1)


@pytest.mark.parametrize("fit", ["stretch", "crop", "pad"])
def test_another_kernel_stands_in_the_place_of_the_runs_resizing(fit: str) -> None:
    frame = Frame(48, 32, fit)  # type: ignore[arg-type]
    made = spoil("resize_kernel", 4, frame=frame)
    done = resize_to(made, 48, 32, frame.fit)
    if fit == "stretch":
        np.testing.assert_array_equal(made, done)
    usual = resize_to(photo(), 48, 32, frame.fit)
    assert done.shape == usual.shape
    assert np.abs(done.astype(float) - usual).mean() < 12  # the same frame, other pixels
    assert not np.array_equal(done, usual)


def test_hidden_share_and_angle() -> None:
    hidden = (spoil("occlusion", 3) == 127).all(axis=2).mean()
    assert hidden == pytest.approx(0.2, abs=0.02)
    tiny = CORRUPTIONS["rotation"].apply(np.full((5, 7, 3), 9, np.uint8), 5, seed=0, image_id="x", frame=FRAME)
    assert (tiny == 9).all()


@pytest.mark.parametrize("shape", [(1, 1, 3), (2, 300, 3), (17, 5, 3)])
def test_any_size(shape: tuple[int, int, int]) -> None:
    image = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    for one in CORRUPTIONS.values():
        made = one.apply(image, 5, seed=0, image_id="x", frame=FRAME)
        assert made.shape == ((64, 64, 3) if one.resizes else shape)


def test_names_and_families() -> None:
    assert len(find_corruptions([])) == len(CORRUPTIONS) == sum(map(len, FAMILIES.values()))
    assert [one.name for one in find_corruptions(["blur"])] == ["gaussian_blur", "defocus_blur", "motion_blur"]
    with pytest.raises(UnknownNameError, match="jpeg"):
        find_corruptions(["jpg"])
