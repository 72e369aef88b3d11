"""A preview shows the very pixels of a training's epochs, with their targets, from shell and Python."""

from __future__ import annotations

import io
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import podium
from podium.cli import main
from podium.data import augment_batch, sample_keys
from podium.errors import UsageError
from podium.machine import Silent
from podium.recipe import apply_overrides, find_preset

SMALL = {"image.size_px": 24, "image.stored_px": 28, "model.name": "tiny"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three classes of four noise images, a broken one among them."""
    place, rng = tmp_path_factory.mktemp("data"), np.random.default_rng(0)
    for label in ("left", "right", "none"):
        (place / label).mkdir()
        for number in range(4):
            pixels = rng.integers(0, 256, (40, 50, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(place / label / f"{number}.png")
    (place / "left" / "0.png").write_bytes(b"no image")
    return place


def show(folder: Path, recipe: podium.Recipe, **options: int) -> podium.workflows.preview.Preview:  # type: ignore[name-defined]
    return podium.preview(folder, recipe=recipe, progress=Silent(), **options)


def test_versions_are_the_pixels_of_the_first_epochs(folder: Path) -> None:
    recipe = apply_overrides(find_preset("finetune"), SMALL | {"augmentations": "strong", "seed": 3})
    made = show(folder, recipe, images=5, versions=3)
    assert made.columns == ["epoch 1", "epoch 2", "epoch 3"]
    assert len(made.ids) == 5
    assert len(set(made.labels)) == 3
    assert made.shown == [[label] * 3 for label in made.labels]
    stored = podium.data.store_in_memory([folder / name for name in made.ids], 28, 28)  # type: ignore[attr-defined]
    for epoch in range(3):
        out = np.empty((5, 24, 24, 3), np.uint8)
        keys = sample_keys(made.ids)
        augment_batch(stored.pixels, np.arange(5), keys, recipe.augmentations, seed=3, epoch=epoch, out=out)
        assert np.array_equal(made.versions[:, epoch], out)
    assert made.changed_share == 1.0


def test_without_augmentation_nothing_changes_and_a_frozen_backbone_shows_its_views(folder: Path) -> None:
    plain = show(folder, apply_overrides(find_preset("finetune"), SMALL | {"augmentations": "none"}))
    assert plain.changed_share == 0.0
    frozen = show(folder, apply_overrides(find_preset("baseline"), SMALL))
    assert frozen.columns == ["view plain", "view hflip"]
    assert np.array_equal(frozen.versions[:, 0], frozen.originals)
    assert np.array_equal(frozen.versions[:, 1], frozen.originals[:, :, ::-1])
    assert "left and right" in frozen.cautions[0]


def test_the_sheet_is_a_picture_that_holds_the_pixels(folder: Path) -> None:
    recipe = apply_overrides(find_preset("finetune"), SMALL | {"image.size_px": 80, "image.stored_px": 80})
    made = show(folder, recipe, images=2, versions=2)
    sheet = np.asarray(Image.open(io.BytesIO(made.to_png())).convert("RGB"))
    windows = np.lib.stride_tricks.sliding_window_view(sheet, (80, 80, 3))[:, :, 0]
    for pixels in (made.originals[0], made.versions[1, 1]):
        corners = np.argwhere((sheet[: windows.shape[0], : windows.shape[1]] == pixels[0, 0]).all(axis=2))
        assert any(np.array_equal(windows[y, x], pixels) for y, x in corners)


@pytest.mark.slow
def test_the_command_writes_it_and_replaces_only_its_own(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "sheet.png"
    keys = ["--set", *(f"{key}={value}" for key, value in SMALL.items())]
    words = ["preview", "quick", str(folder), "--augment", "letters", "--images", "2", "--out", str(out), *keys]
    assert main([*words, "--json", "-q"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["augmentations"][0] == "rotate"
    assert facts["changed_share"] > 0.9
    assert len(facts["images"]) == 2
    assert main([*words, "-q"]) == 0
    assert "written to" in capsys.readouterr().out
    out.write_bytes(b"a letter")
    assert main(words) == 2
    assert "no sheet that Podium wrote" in capsys.readouterr().err
    assert out.read_bytes() == b"a letter"


def test_impossible_numbers_are_refused(folder: Path) -> None:
    with pytest.raises(UsageError, match="at least 1"):
        show(folder, find_preset("quick"), images=0)


def test_mixed_images_come_with_the_share_of_each_label(folder: Path) -> None:
    lines = SMALL | {
        "image.stored_px": 24,
        "augmentations": "none",
        "mixing": [{"kind": "cutmix", "shape": "left_right"}],
    }
    made = show(folder, apply_overrides(find_preset("finetune"), lines), images=4, versions=3)
    assert made.to_dict()["mixing"] == ["cutmix"]
    for i, own in enumerate(made.labels):
        for version, words in zip(made.versions[i], made.shown[i], strict=True):
            halves = [
                [j for j in range(4) if np.array_equal(version[:, half], made.originals[j][:, half])]
                for half in (slice(12), slice(12, None))
            ]
            (left,), (right,) = halves  # each half is of one of the images
            assert i in (left, right)
            classes = {made.labels[left], made.labels[right]}
            wanted = {own} if len(classes) == 1 else {f"{name} 50%" for name in classes}
            assert set(words.split(", ")) == wanted


@pytest.mark.slow
def test_extra_images_and_crops_larger_than_images_are_shown(folder: Path, tmp_path: Path) -> None:
    crop = {"image.preprocessing": [{"kind": "centre_crop", "size_px": [45, 30]}]}
    recipe = apply_overrides(find_preset("finetune"), SMALL | crop)
    web = tmp_path / "web"
    shutil.copytree(folder, web)
    made = podium.preview(folder, recipe=recipe, images=23, extra={"web": web}, progress=Silent())
    assert sum(name.startswith("web:") for name in made.ids) == 11
    assert any("smaller than the centre crop of 45 x 30 px" in caution for caution in made.cautions)
    words = ["preview", "finetune", str(folder), "--extra", f"web={web}", "--out", str(tmp_path / "s.png"), "--json"]
    assert main([*words, "-q"]) == 0
